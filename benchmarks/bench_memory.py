"""Whether the memory of `lexigym bench` grows while it goes through thousands of short runs.

One driver with one worker process makes runs of two agents on three environments in turn, for as
long as is asked. The resident memory of the driver and of its processes is read each second; what
is told is the median of each tenth of the time. The first is that of warming up: the first run of
each kind imports its libraries and fills caches of bounded size.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import psutil

SUITE = """
seeds = [0]
evaluation_episodes = 5
curve_points = 1
[[environments]]
id = "GridRobot-v0"
arguments = { layout = "random" }
steps = 400
[[environments]]
id = "QA-v0"
arguments = { level = "small" }
steps = 400
num_envs = 8
[[environments]]
id = "TextGen-v0"
arguments = { level = "small" }
steps = 400
num_envs = 8
"""
# Each time another, or it would be found in the store.
AGENTS = """
[[agents]]
name = "dqn {number}"
agent = "dqn"
hyperparameters = {{ learning_starts = {learning_starts} }}
[[agents]]
name = "sb3/dqn {number}"
agent = "sb3/dqn"
hyperparameters = {{ learning_starts = {learning_starts}, buffer_size = 10_000 }}
"""
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
PARTS = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    arguments = parser.parse_args()
    seconds = 60 * arguments.minutes
    with tempfile.TemporaryDirectory() as folder:
        suite, store = Path(folder, "suite.toml"), Path(folder, "store.sqlite")
        # More of them than can be made in the time.
        rows = (AGENTS.format(number=each, learning_starts=100 + each) for each in range(2_000))
        suite.write_text(SUITE + "".join(rows))
        command = [sys.executable, "-m", "lexigym", "bench", str(suite), "--jobs", "1"]
        driver = subprocess.Popen(
            [*command, "--store", str(store)],
            env=os.environ | THREADS,
            stdout=subprocess.DEVNULL,
        )
        readings: list[tuple[float, float, float]] = []
        started = time.perf_counter()
        while (passed := time.perf_counter() - started) < seconds:
            time.sleep(1)
            if driver.poll() is not None:
                print(f"the bench ended with {driver.returncode} after {passed:.0f} s")
                break
            process = psutil.Process(driver.pid)
            workers = sum(each.memory_info().rss for each in process.children(recursive=True))
            readings.append((passed, process.memory_info().rss / 2**20, workers / 2**20))
        driver.terminate()
        driver.wait()
    for part in range(PARTS):
        ours = [each for each in readings if int(PARTS * each[0] / seconds) == part]
        if not ours:
            break
        _, driving, working = (median(column) for column in zip(*ours, strict=True))
        end = (part + 1) * arguments.minutes / PARTS
        print(f"until minute {end:4.1f}: driver {driving:6.1f} MiB, workers {working:7.1f} MiB")


if __name__ == "__main__":
    main()
