"""Runs in other processes, on the corridor of the package in `tests/registry/plugin`."""

import dataclasses
import os
import sys
import weakref

import pytest

from lexigym.leaderboard.run import Result, Run
from lexigym.leaderboard.workers import execute_all


class Record:
    def __init__(self) -> None:
        self.events: list[tuple[str, int]] = []
        self.results: dict[int, Result] = {}

    def started(self, index):
        self.events.append(("started", index))

    def stepped(self, index, steps):
        assert 0 <= steps <= 7

    def finished(self, index, result):
        self.events.append(("finished", index))
        self.results[index] = result


RUN = Run(
    environment="corridor",
    environment_id="Corridor-v0",
    arguments={},
    evaluation_arguments={"length": 4},
    agent="right",
    agent_name="corridor/right",
    hyperparameters={},
    seed=0,
    steps=7,
    num_envs=1,
    evaluation_episodes=2,
    evaluation_seed=0,
)


@pytest.fixture
def execute(plugin_folder, monkeypatch):
    # Worker processes get this path, and find the package as an installed one.
    monkeypatch.setattr(sys, "path", [str(plugin_folder), *sys.path])

    def execute(agents: list[str], jobs: int):
        record = Record()
        runs = [dataclasses.replace(RUN, agent_name=f"corridor/{agent}") for agent in agents]
        threads = os.environ.get("OMP_NUM_THREADS")
        taken = execute_all(runs, jobs, record, lambda run: run.agent_name != "corridor/not")
        assert taken == set(record.results)
        results = [record.results[index] for index in sorted(taken)]
        runs = [run for run in runs if run.agent_name != "corridor/not"]
        assert os.environ.get("OMP_NUM_THREADS") == threads
        assert [result.run for result in results] == runs
        return results, record.events

    return execute


def test_a_run_that_fails_leaves_the_others_alone(execute):
    (first, failed, last), events = execute(["right", "failing", "right"], 1)
    assert first.returns == last.returns == (-3.0, -3.0)
    assert failed.error == "ValueError: it doesn't want to learn"
    assert "Traceback" in failed.traceback
    assert failed.returns == ()
    assert events == [(event, index) for index in range(3) for event in ("started", "finished")]


def test_a_run_that_kills_its_process_leaves_the_others_alone(execute):
    results, events = execute(["right", "dying", "right", "right"], 2)
    assert [result.error for result in results] == [
        None,
        "its process ended itself with exit code 9, twice: 0 of 7 steps learned",
        None,
        None,
    ]
    finished = [index for event, index in events if event == "finished"]
    assert sorted(finished) == [0, 1, 2, 3]


def test_a_run_that_is_not_taken_is_left_out(execute):
    results, events = execute(["right", "not", "right"], 2)
    assert len(results) == 2
    assert {index for _, index in events} == {0, 2}


@pytest.mark.parametrize("jobs", [1, 2])
def test_no_result_is_held(plugin_folder, monkeypatch, jobs):
    monkeypatch.setattr(sys, "path", [str(plugin_folder), *sys.path])
    told = []

    class Forgetful(Record):
        def started(self, index):
            # The latest may still be at hand.
            assert sum(each() is not None for each in told) <= 1

        def finished(self, index, result):
            told.append(weakref.ref(result))

    assert execute_all([RUN] * 6, jobs, Forgetful(), lambda _: True) == {*range(6)}
    assert len(told) == 6
    assert all(each() is None for each in told)
