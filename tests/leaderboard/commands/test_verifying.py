"""`lexigym verify`: what real runs gave comes out again, and what was altered is noticed."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from lexigym.leaderboard.commands.verifying import verify
from lexigym.leaderboard.progress import ProgressBars
from lexigym.leaderboard.resuming import execute_missing
from lexigym.leaderboard.run import Result, Run
from lexigym.leaderboard.store import Store
from lexigym.leaderboard.workers import execute_all
from lexigym.registry.errors import UnknownNameError

from ..test_execution import RUN as ROBOT
from ..test_store import RUN as CORRIDOR

REFERENCE = dataclasses.replace(ROBOT, hyperparameters={}, steps=0, curve_points=0)
RUNS = [
    *(dataclasses.replace(REFERENCE, agent=name, agent_name=name) for name in ("random", "oracle")),
    dataclasses.replace(ROBOT, steps=300),
]


def unchecked(run: Run) -> None:
    """Take any run."""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> list[Result]:
    """What the runs gave, as `lexigym bench` executes them."""
    path = tmp_path_factory.mktemp("verified") / "results.sqlite"
    with Store(path) as store, ProgressBars(RUNS, 1, Console(quiet=True)) as bars:
        executor = partial(execute_all, jobs=1)
        results = execute_missing(RUNS, executor, bars, store, unchecked)
    assert [result.error for result in results] == [None] * len(RUNS)
    return results


Verify = Callable[..., tuple[int, str]]


@pytest.fixture
def verified(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Verify:
    """Keep results, verify them, and return the exit code and what was printed."""
    monkeypatch.setenv("COLUMNS", "200")
    path = tmp_path / "kept.sqlite"

    def verified(*results: Result, runs: Any = None) -> tuple[int, str]:
        with Store(path) as store:
            store.enter("mine", [result.run for result in results])
            for result in results:
                store.add(result)
            before = store.entries()
        keys = runs or [result.run.key[:8] for result in results]
        code = verify(argparse.Namespace(runs=keys, store=str(path)))
        with Store(path) as store:
            assert store.entries() == before
        return code, capsys.readouterr().out

    return verified


@pytest.mark.slow
def test_what_real_runs_gave_comes_out_again(results: list[Result], verified: Verify) -> None:
    code, printed = verified(*results)
    assert code == 0
    for result in results:
        run = result.run
        assert f"{run.key[:12]}, {run.agent!r} on 'robot', seed 3: bit-equal" in printed
    assert printed.count("versions, machine and dataset are the same") == len(RUNS)


@pytest.mark.slow
def test_what_was_altered_is_noticed(results: list[Result], verified: Verify) -> None:
    random, oracle, learned = results
    returns = (random.returns[0] + 0.5, *random.returns[1:])
    curve = (*learned.curve[:2], learned.curve[2]._replace(mean_return=7.5), *learned.curve[3:])
    versions = random.manifest["versions"] | {"numpy": "1.0", "a[red]b": "\x1b[31m" + "9" * 500}
    code, printed = verified(
        dataclasses.replace(
            random,
            returns=returns,
            manifest=random.manifest | {"versions": versions, "dataset": "another"},
        ),
        oracle,
        dataclasses.replace(learned, curve=curve),
    )
    assert code == 1
    assert "seed 3: NOT the same: 1 of 5 returns differ, by up to 0.5" in printed
    assert "'oracle' on 'robot', seed 3: bit-equal" in printed
    assert "NOT the same: the curve differs from 7.5 at step 150 on: now " in printed
    (numpy,) = (line for line in printed.splitlines() if "versions numpy" in line)
    assert f"'{random.manifest['versions']['numpy']}'" in numpy
    assert "'1.0'" in numpy
    (dataset,) = (line for line in printed.splitlines() if "dataset " in line and "│" in line)
    assert "'another'" in dataset
    # A manifest may be a stranger's.
    assert "versions a[red]b" in printed
    assert "\x1b" not in printed
    assert "9" * 100 not in printed


class TestCorridor:
    """Failures, of the package in `tests/registry/plugin`."""

    @pytest.fixture(autouse=True)
    def _plugin(self, plugin_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "path", [str(plugin_folder), *sys.path])

    def test_a_failure_comes_out_again_too(self, verified: Verify) -> None:
        error = "ValueError: it doesn't want to learn"
        failed = Result(run("corridor/failing"), error=error, traceback="elsewhere")
        mended = Result(run("corridor/right"), error=error)
        code, printed = verified(failed, mended)
        assert code == 1
        assert f"'mine' on 'the corridor', seed 0: fails the same way, \"{error}\"" in printed
        assert f'NOT the same: it failed ("{error}") then, and it ended well now' in printed

    def test_a_run_is_done_once_however_often_it_is_named(self, verified: Verify) -> None:
        result = Result(run("corridor/failing"), error="ValueError: it doesn't want to learn")
        key = result.run.key
        code, printed = verified(result, runs=[key, key[:6]])
        assert (code, printed.count(key[:12])) == (0, 1)


def run(agent: str) -> Run:
    return dataclasses.replace(CORRIDOR, agent_name=agent, hyperparameters={})


def test_a_key_that_is_not_there_is_named(verified: Verify) -> None:
    with pytest.raises(UnknownNameError, match="no run whose key begins with 'abcdef'"):
        verified(runs=["abcdef"])
