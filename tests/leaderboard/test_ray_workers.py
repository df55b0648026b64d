"""Runs on Ray clusters of this machine, some with the corridor of `tests/registry/plugin`."""

from __future__ import annotations

import dataclasses
import signal
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from lexigym.leaderboard.ray_workers import execute_all_on_ray
from lexigym.leaderboard.run import Result, Run
from lexigym.leaderboard.workers import execute_all
from lexigym.registry.errors import InvalidArgumentError, MissingDependencyError

ray = pytest.importorskip("ray")
cluster_utils = pytest.importorskip("ray.cluster_utils")

ROBOT = Run(
    environment="robot",
    environment_id="GridRobot-v0",
    arguments={"size": 4},
    evaluation_arguments={"size": 4},
    agent="random",
    agent_name="random",
    hyperparameters={},
    seed=3,
    steps=0,
    num_envs=1,
    evaluation_episodes=5,
    evaluation_seed=0,
)
CORRIDOR = dataclasses.replace(
    ROBOT,
    environment_id="Corridor-v0",
    arguments={},
    evaluation_arguments={"length": 4},
    agent_name="corridor/slow",
    hyperparameters={"laziness": 1.0},
    steps=7,
)


class Record:
    """A watcher that counts what it is told, and may meddle with the runs under way."""

    def __init__(self) -> None:
        self.events: list[tuple[str, int]] = []
        self.steps: dict[int, list[int]] = {}
        self.results: dict[int, Result] = {}

    def started(self, index: int) -> None:
        self.events.append(("started", index))

    def stepped(self, index: int, steps: int) -> None:
        self.steps.setdefault(index, []).append(steps)

    def finished(self, index: int, result: Result) -> None:
        self.events.append(("finished", index))
        self.results[index] = result

    def counts(self, event: str) -> Counter[int]:
        return Counter(index for each, index in self.events if each == event)


class Unreadable:
    def __reduce__(self) -> tuple[Any, ...]:
        return int, ("no number",)


def processes_of_runs() -> list[psutil.Process]:
    """The processes in which clusters that this one started execute a run now."""
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            if process.cmdline()[:1] == ["ray::_work"]:
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return found


def anything(run: Run) -> bool:
    return True


def results_on_ray(runs: list[Run], jobs: int | None, record: Record, **options: Any) -> Any:
    """Execute runs, and return what the watcher was told, in the order of the runs."""
    options.setdefault("take", anything)
    taken = execute_all_on_ray(runs, jobs, record, **options)
    assert taken == set(record.results)
    return dict(sorted(record.results.items()))


@pytest.fixture(scope="module")
def cluster(plugin_folder: Path) -> Iterator[Any]:
    """A machine that knows the corridor, and starts no runs: machines to do so are added."""
    with pytest.MonkeyPatch.context() as patch:
        # Workers get this path, and find the package as an installed one.
        patch.setenv("PYTHONPATH", str(plugin_folder))
        cluster = cluster_utils.Cluster(True, head_node_args={"num_cpus": 0})
        yield cluster
        cluster.shutdown()


@pytest.fixture
def machines(cluster: Any) -> Iterator[Any]:
    """The cluster with a machine of two cores."""
    cluster.add_node(num_cpus=2)
    yield cluster
    for node in list(cluster.worker_nodes):
        cluster.remove_node(node)


@pytest.mark.slow
def test_results_are_those_of_local_processes(
    machines: Any, plugin_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [str(plugin_folder), *sys.path])
    learner = dataclasses.replace(
        ROBOT,
        agent_name="dqn",
        hyperparameters={"learning_starts": 100},
        steps=600,
        curve_points=2,
        curve_episodes=2,
    )
    runs = [
        ROBOT,
        dataclasses.replace(ROBOT, agent_name="nobody"),
        dataclasses.replace(ROBOT, agent_name="oracle"),
        dataclasses.replace(ROBOT, seed=4),
        learner,
    ]
    record = Record()

    def take(run: Run) -> bool:
        return run.seed != 4

    results = results_on_ray(runs, None, record, take=take, address=machines.address)
    locally = Record()
    assert execute_all(runs, 2, locally, take) == set(results) == {0, 1, 2, 4}
    local = locally.results
    for index, result in results.items():
        assert result.run == runs[index]
        assert result.returns == local[index].returns
        assert result.episodes == local[index].episodes
        assert [point[::2] for point in result.curve] == [p[::2] for p in local[index].curve]
        assert result.error == local[index].error
    assert "Traceback" in results[1].traceback
    assert results[4].curve
    assert record.counts("started") == record.counts("finished") == Counter(list(results))
    assert record.steps[4] == sorted(record.steps[4])


@pytest.mark.slow
def test_a_run_whose_process_is_killed_is_done_again_once(machines: Any) -> None:
    dying = dataclasses.replace(CORRIDOR, agent_name="corridor/dying", hyperparameters={})
    needy = dataclasses.replace(ROBOT, agent_name="dqn", hyperparameters={"device": "cuda"})
    unreadable = dataclasses.replace(ROBOT, hyperparameters={"policy": Unreadable()})
    killed: list[int] = []

    class Killer(Record):
        def stepped(self, index: int, steps: int) -> None:
            if not killed and (running := processes_of_runs()):
                running[0].send_signal(signal.SIGKILL)
                killed.append(index)

    record = Killer()
    slow = dataclasses.replace(CORRIDOR, hyperparameters={"laziness": 2.0})
    runs = [slow, needy, dying, unreadable]
    results = results_on_ray(runs, 1, record, address=machines.address)
    assert {index: result.error for index, result in results.items()} == {
        0: None,
        1: "no machine of the cluster has a GPU: add one, or choose device='cpu'",
        2: "its process was killed, twice: 0 of 7 steps learned",
        3: "a worker couldn't begin it (ValueError: invalid literal for int() with base 10: "
        "'no number'): install on each machine what is installed here",
    }
    assert results[0].returns == (-3.0,) * 5
    assert killed == [0]
    # One at a time, and what was lost after the others.
    assert record.events == [
        ("started", 0),
        ("started", 1),
        ("finished", 1),
        ("started", 2),
        ("started", 3),
        ("finished", 3),
        ("started", 0),
        ("finished", 0),
        ("started", 2),
        ("finished", 2),
    ]


@pytest.mark.slow
def test_a_run_that_takes_too_long_is_ended_and_the_others_go_on(machines: Any) -> None:
    endless = dataclasses.replace(CORRIDOR, hyperparameters={"laziness": 1000.0})
    runs = [ROBOT, endless, dataclasses.replace(ROBOT, seed=4)]
    record = Record()
    results = results_on_ray(
        runs,
        1,
        record,
        timeout=lambda run: 2.0 if run == endless else 300.0,
        address=machines.address,
    )
    assert {index: result.error for index, result in results.items()} == {
        0: None,
        1: "it took longer than its 2 s (timeout): 0 of 7 steps learned",
        2: None,
    }
    assert record.counts("started") == record.counts("finished") == Counter(range(3))
    until = time.monotonic() + 20
    while processes_of_runs() and time.monotonic() < until:
        time.sleep(0.1)
    assert not processes_of_runs()


@pytest.mark.slow
def test_runs_of_a_lost_machine_are_done_on_another(machines: Any) -> None:
    machines.add_node(num_cpus=1)
    lost: list[int] = []

    class Killer(Record):
        def stepped(self, index: int, steps: int) -> None:
            if not lost and self.counts("finished") and (running := processes_of_runs()):
                for node in list(machines.worker_nodes):
                    machines.remove_node(node, allow_graceful=False)
                lost.extend(process.pid for process in running)
                machines.add_node(num_cpus=2)

    record = Killer()
    runs = [dataclasses.replace(CORRIDOR, seed=seed) for seed in range(5)]
    results = results_on_ray(runs, None, record, address=machines.address)
    assert sorted(results) == list(range(5))
    assert [result.error for result in results.values()] == [None] * 5
    assert all(results[index].run == run for index, run in enumerate(runs))
    assert record.counts("finished") == Counter(range(5))
    assert lost
    assert record.counts("started").total() > 5


@pytest.mark.slow
def test_an_interrupt_ends_the_runs_and_leaves_the_cluster(machines: Any) -> None:
    class Interrupter(Record):
        def stepped(self, index: int, steps: int) -> None:
            if processes_of_runs():
                raise KeyboardInterrupt

    endless = dataclasses.replace(CORRIDOR, hyperparameters={"laziness": 1000.0})
    ray.init(machines.address, log_to_driver=False)
    try:
        with pytest.raises(KeyboardInterrupt):
            execute_all_on_ray([endless] * 3, None, Interrupter(), anything)
        assert ray.is_initialized()
        until = time.monotonic() + 20
        while processes_of_runs() and time.monotonic() < until:
            time.sleep(0.1)
        assert not processes_of_runs()
    finally:
        ray.shutdown()


@pytest.mark.slow
def test_without_an_address_the_cluster_ends_with_the_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    others = set(psutil.Process().children(recursive=True))
    results = results_on_ray([ROBOT, ROBOT], 2, Record())
    assert results[0].error is None
    assert results[0].returns == results[1].returns
    assert not ray.is_initialized()
    started = set(psutil.Process().children(recursive=True)) - others
    assert not psutil.wait_procs(started, timeout=20)[1]


def test_where_no_run_is_taken_nothing_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    assert execute_all_on_ray([ROBOT], 1, Record(), lambda run: False) == set()


@pytest.mark.parametrize(
    "address", ["127.0.0.1:{port}", "ray://127.0.0.1:{port}", "nowhere", "a:b"]
)
def test_an_address_without_a_cluster_is_an_error_at_once(address: str) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        free = address.format(port=listener.getsockname()[1])
        started = time.monotonic()
        with pytest.raises(InvalidArgumentError, match=f"the Ray cluster at '{free}'") as error:
            execute_all_on_ray([ROBOT], 1, Record(), anything, address=free)
    assert "\n" not in str(error.value)
    assert time.monotonic() - started < 20
    assert not ray.is_initialized()


def test_ray_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    message = r"needs ray \(.*\): pip install 'lexigym\[ray\]'"
    with pytest.raises(MissingDependencyError, match=message):
        execute_all_on_ray([ROBOT], 1, Record(), anything)
