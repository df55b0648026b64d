"""What `lexigym bench` costs over a script that calls the agent, and what two jobs gain over one.

The same runs of `dqn` on GridRobot-v0 are made by a script of the kind that everybody writes, by
`lexigym bench --jobs 1` and by `lexigym bench --jobs 2`, in turn, each as a process of its own with
one thread per run: imports, making the environments, learning, evaluating, and keeping the results.
What it costs is told in seconds of the clock and of the processors, of all processes together.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

SUITE = """
seeds = {seeds}
evaluation_episodes = {episodes}
[[agents]]
name = "dqn"
[[environments]]
id = "GridRobot-v0"
arguments = {{ layout = "random" }}
steps = {steps}
num_envs = 8
"""
SCRIPT = """
import lexigym
from lexigym.agents.protocol import evaluate
from lexigym.registry.environments import make_environment, make_vector_environment

for name in ("random", "oracle", "dqn"):
    for seed in {seeds}:
        with make_environment("GridRobot-v0", layout="random") as env:
            learns = name == "dqn"
            learning_env = make_vector_environment("GridRobot-v0", 8, layout="random")
            keywords = {{}} if name == "oracle" else {{"seed": seed}}
            agent = lexigym.make_agent(name, learning_env if learns else env, **keywords)
            if learns:
                agent.learn({steps})
            print(name, seed, evaluate(agent, env, {episodes}).mean())
"""
NAMES = ("by hand", "one job", "two jobs")
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


class Seconds(NamedTuple):
    """What a command took."""

    clock: float
    processors: float


def seconds_of(command: list[str]) -> Seconds:
    clock, processors = time.perf_counter(), processor_seconds()
    subprocess.run(command, check=True, capture_output=True, env=os.environ | THREADS)
    return Seconds(time.perf_counter() - clock, processor_seconds() - processors)


def processor_seconds() -> float:
    """Of the processes that were started here, and of those that these waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--steps", type=int, default=100_000)
    arguments = parser.parse_args()
    settings = {
        "seeds": list(range(arguments.seeds)),
        "steps": arguments.steps,
        "episodes": 100,
    }
    taken = []
    with tempfile.TemporaryDirectory() as folder:
        suite = Path(folder, "suite.toml")
        suite.write_text(SUITE.format(**settings))
        by_hand = [sys.executable, "-c", SCRIPT.format(**settings)]
        bench = [sys.executable, "-m", "lexigym", "bench", str(suite)]
        for number in range(arguments.rounds):
            store = str(Path(folder, f"{number}.sqlite"))
            taken.append(
                (
                    seconds_of(by_hand),
                    seconds_of([*bench, "--jobs", "1", "--store", store]),
                    seconds_of([*bench, "--jobs", "2", "--store", f"{store}2"]),
                )
            )
            print(
                *(
                    f"{name} {seconds.clock:.1f} s, {seconds.processors:.1f} s of processors"
                    for name, seconds in zip(NAMES, taken[-1], strict=True)
                ),
                sep="; ",
                flush=True,
            )
    clock = median(one.clock / hand.clock - 1 for hand, one, _ in taken)
    processors = median(one.processors / hand.processors - 1 for hand, one, _ in taken)
    gain = median(one.clock / two.clock for _, one, two in taken)
    print(f"bench over a script: {clock:+.1%} by the clock, {processors:+.1%} of processors")
    print(f"two jobs over one: {gain:.2f} (medians)")


if __name__ == "__main__":
    main()
