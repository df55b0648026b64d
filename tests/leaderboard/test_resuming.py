"""Benchmarks that are interrupted, killed or shared: nothing is lost, and nothing is done twice."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

SEEDS = 12
SUITE = f"""
seeds = {list(range(SEEDS))}
evaluation_episodes = 2
[[agents]]
name = "corridor/slow"
hyperparameters = {{ laziness = 0.3 }}
[[environments]]
id = "Corridor-v0"
steps = 7
"""
FOUND = "found in runs/leaderboard.sqlite"
RUNS = 3 * SEEDS  # With those of the random agent and the oracle.


class Benchmark:
    """`lexigym bench` in processes of its own, in a folder, with the package of the corridor."""

    def __init__(self, folder: Path, plugin: Path) -> None:
        self.folder = folder
        (folder / "suite.toml").write_text(SUITE)
        self.environment = os.environ | {"PYTHONPATH": str(plugin), "COLUMNS": "200"}

    def start(self, *options: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "lexigym", "bench", "suite.toml", "--jobs", "2", *options]
        # Tests that run in the background ignore interrupts, and so would what they start.
        handler = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            return subprocess.Popen(
                command,
                cwd=self.folder,
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        finally:
            signal.signal(signal.SIGINT, handler)

    def run(self) -> str:
        process = self.start()
        output, error = process.communicate(timeout=120)
        assert process.returncode == 0, error
        return output

    def rows(self) -> list[tuple[str, str, str | None]]:
        """What the store holds, in the order in which it was added."""
        connection = sqlite3.connect(self.folder / "runs" / "leaderboard.sqlite")
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        rows = connection.execute("SELECT key, returns, error FROM results ORDER BY rowid")
        found = rows.fetchall()
        connection.close()
        return found


@pytest.fixture
def benchmark(tmp_path: Path, plugin_folder: Path) -> Benchmark:
    return Benchmark(tmp_path, plugin_folder)


def test_what_was_run_is_not_run_again(benchmark: Benchmark) -> None:
    assert FOUND not in benchmark.run()
    rows = benchmark.rows()
    assert len(rows) == RUNS
    assert f"{RUNS} of them {FOUND}" in benchmark.run()
    assert benchmark.rows() == rows
    # Another seed is one run of each agent more.
    path = benchmark.folder / "suite.toml"
    path.write_text(SUITE.replace("[0,", "[99, 0,"))
    assert f"{RUNS} of them {FOUND}" in benchmark.run()
    assert len(benchmark.rows()) == RUNS + 3
    assert benchmark.rows()[:RUNS] == rows


def test_an_interrupt_loses_the_runs_under_way_alone(benchmark: Benchmark) -> None:
    path = benchmark.folder / "suite.toml"
    # So that many runs are left when the interrupt comes, however busy the machine is.
    path.write_text(SUITE.replace("laziness = 0.3", "laziness = 1.0"))
    process = benchmark.start()
    # The first lines tell of finished runs, which are kept by then.
    seen = [process.stdout.readline() for _ in range(2 * SEEDS + 2)] if process.stdout else []
    process.send_signal(signal.SIGINT)
    output, error = process.communicate(timeout=60)
    assert process.returncode == 130, error
    assert error.endswith("lexigym: interrupted\n")
    finished = [line for line in (*seen, *output.splitlines()) if line.strip().endswith("done")]
    kept = benchmark.rows()
    assert len(finished) <= len(kept) < RUNS
    benchmark.run()
    assert benchmark.rows()[: len(kept)] == kept
    assert len(benchmark.rows()) == RUNS


def test_two_drivers_share_a_store(benchmark: Benchmark) -> None:
    drivers = [benchmark.start(), benchmark.start()]
    for driver in drivers:
        output, error = driver.communicate(timeout=120)
        assert driver.returncode == 0, error
        # Each shows all results, whoever ran what.
        assert f"{RUNS} runs in" in output
    assert len(benchmark.rows()) == RUNS


@pytest.mark.slow
def test_killed_drivers_and_workers_lose_and_spoil_nothing(benchmark: Benchmark) -> None:
    choose = random.Random(0)
    kept: list[tuple[str, str, str | None]] = []
    kills = 0
    while kills < 20:
        driver = benchmark.start()
        time.sleep(choose.uniform(0.5, 4.0))
        children: list[psutil.Process] = []
        if driver.poll() is None:
            children = psutil.Process(driver.pid).children(recursive=True)
            if children and choose.random() < 0.5:
                kills += _kill(choose.choice(children).pid)
                time.sleep(choose.uniform(0.0, 1.0))
            kills += driver.poll() is None and _kill(driver.pid)
        driver.communicate(timeout=60)
        # No worker outlives its driver.
        _, alive = psutil.wait_procs(children, timeout=20)
        assert not alive
        if (benchmark.folder / "runs" / "leaderboard.sqlite").exists():
            rows = benchmark.rows()
            assert rows[: len(kept)] == kept
            kept = rows
        if len(kept) == RUNS:
            # Begin again, so that all kills hit something.
            for path in (benchmark.folder / "runs").iterdir():
                path.unlink()
            kept = []
    benchmark.run()
    rows = benchmark.rows()
    assert len({key for key, _, _ in rows}) == len(rows) == RUNS
    assert not any(error for _, _, error in rows)
    assert sum(returns == "[-4.0, -4.0]" for _, returns, _ in rows) >= 2 * SEEDS


def _kill(process: int) -> bool:
    """Kill a process, and return whether it still was one."""
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True
