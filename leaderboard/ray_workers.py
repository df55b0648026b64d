"""Runs spread over a Ray cluster: what is lost with a process or a machine is done again."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import Any

from ..registry.errors import InvalidArgumentError
from ..registry.requirements import require
from .execution import execute, failure
from .run import Result, Run
from .workers import (
    SECONDS_BETWEEN_REPORTS,
    THREAD_VARIABLES,
    Timeout,
    Watcher,
    progress,
    took_too_long,
    unlimited,
)

CPUS_OF_A_RUN = 1
MOST_LOSSES = 4
SECONDS_TO_REACH_A_CLUSTER = 10.0
# Ray would print pages about each machine that is lost, and tell its makers how it is used.
QUIET = {"RAY_DEDUP_LOGS_SKIP_REGEX": ".", "RAY_USAGE_STATS_ENABLED": "0"}


def execute_all_on_ray(
    runs: Sequence[Run],
    jobs: int | None,
    watcher: Watcher,
    take: Callable[[Run], bool],
    check: Callable[[Run], None] | None = None,
    tensorboard: str | None = None,
    timeout: Timeout = unlimited,
    *,
    address: str | None = None,
) -> set[int]:
    """Execute runs on a Ray cluster and return the positions of those that were taken.

    Ray places each run where a core is free, and where a GPU is free too if the run's
    hyperparameter `device` begins with "cuda"; other runs see no GPU. A run that is lost is done
    again, after the others: it is marked as failed when its process was killed twice, or when it
    was lost four times in all, with its process or with its machine. One that takes too long is
    ended, and marked as failed. Where no machine is left, runs wait for one to join. On an
    interrupt, the runs under way are ended at once.

    Args:
        runs: The runs.
        jobs: How many are handed to Ray at a time. None makes it the cores of the cluster, as
            machines come and go; more than these lets an autoscaling cluster grow.
        watcher: Is told how they go; a run starts when it is handed to Ray.
        take: Asked before each; a run that isn't taken is left out, and has no result. Where none
            is taken, Ray isn't used.
        check: Called with each run before any is executed; what it raises is raised.
        tensorboard: As in `execute`; on a cluster, a folder that its machines share.
        timeout: As in `execute_all`; what a run waits for a machine is no part of it.
        address: As in `ray.init`: "host:port", "ray://host:port", or "auto" for the cluster that
            this machine belongs to. None is the cluster that this process is connected to, else
            the one that the variable RAY_ADDRESS names, else one of this machine alone for as long
            as the runs take.

    Raises:
        MissingDependencyError: If Ray isn't installed.
        InvalidArgumentError: If the cluster can't be reached or used.
    """
    if check is not None:
        for run in runs:
            check(run)
    taken = (index for index, run in enumerate(runs) if take(run))
    first = next(taken, None)
    if first is None:
        return set()
    with _connected(address) as ray:
        return _Driver(ray, runs, watcher, tensorboard, timeout).execute(
            chain([first], taken), jobs
        )


class _Driver:
    def __init__(
        self,
        ray: Any,
        runs: Sequence[Run],
        watcher: Watcher,
        tensorboard: str | None,
        timeout: Timeout,
    ) -> None:
        self.ray = ray
        self.runs = runs
        self.watcher = watcher
        self.timeout = timeout
        # Relative paths are those of this process, wherever a worker was started.
        self.folder = Path.cwd()
        self.tensorboard = None if tensorboard is None else str(Path(tensorboard).resolve())
        self.finished: set[int] = set()
        self.running: dict[Any, int] = {}
        self.lost: deque[int] = deque()
        self.kills: Counter[int] = Counter()
        self.losses: Counter[int] = Counter()
        self.board = _make_board(ray)
        self.steps: dict[int, int] = {}
        self.began: dict[int, float] = {}
        self.reading = self.board.read.remote()

    def execute(self, waiting: Iterator[int], jobs: int | None) -> set[int]:
        try:
            while True:
                self._submit(waiting, jobs or self._cluster_has("CPU") or 1)
                if not self.running:
                    return self.finished
                done, _ = self.ray.wait(list(self.running), timeout=SECONDS_BETWEEN_REPORTS)
                self._report()
                for reference in done:
                    self._collect(reference)
                self._end_the_slow()
        finally:
            for reference in self.running:
                self.ray.cancel(reference, force=True)

    def _submit(self, waiting: Iterator[int], jobs: int) -> None:
        while len(self.running) < jobs:
            index = next(waiting, None)
            if index is None:
                if not self.lost:
                    return
                index = self.lost.popleft()
            self.steps[index] = 0
            self.began.pop(index, None)
            self.watcher.started(index)
            gpus = _gpus(self.runs[index])
            if gpus and not self._cluster_has("GPU"):
                # Ray would wait for one, without a word.
                self._fail(
                    index, "no machine of the cluster has a GPU: add one, or choose device='cpu'"
                )
                continue
            reference = (
                self.ray.remote(_work)
                .options(
                    num_cpus=CPUS_OF_A_RUN,
                    num_gpus=gpus,
                    max_retries=0,
                    runtime_env={"env_vars": _variables(gpus)},
                )
                .remote(
                    self.board,
                    index,
                    self.losses[index],
                    self.runs[index],
                    self.tensorboard,
                    self.folder,
                )
            )
            self.running[reference] = index

    def _cluster_has(self, resource: str) -> int:
        return int(self.ray.cluster_resources().get(resource, 0))

    def _report(self) -> None:
        if self.ray.wait([self.reading], timeout=0)[0]:
            # A board that was killed comes back empty, and is told again.
            with suppress(self.ray.exceptions.RayActorError):
                self._read(self.ray.get(self.reading))
            self.reading = self.board.read.remote()
        for index in self.running.values():
            self.watcher.stepped(index, self.steps[index])

    def _read(self, board: dict[int, tuple[int, int]]) -> None:
        for index in self.running.values():
            attempt, steps = board.get(index, (None, 0))
            # What an earlier try left is not of this one.
            if attempt == self.losses[index]:
                self.steps[index] = steps
                self.began.setdefault(index, time.monotonic())

    def _end_the_slow(self) -> None:
        now = time.monotonic()
        for reference, index in list(self.running.items()):
            run = self.runs[index]
            limit = self.timeout(run)
            if limit is not None and now - self.began.get(index, now) > limit:
                self.ray.cancel(reference, force=True)
                del self.running[reference]
                self._finish(index, took_too_long(run, limit, progress(run, self.steps[index])))

    def _collect(self, reference: Any) -> None:
        index = self.running.pop(reference)
        errors = self.ray.exceptions
        try:
            self._finish(index, self.ray.get(reference))
        except (errors.WorkerCrashedError, errors.OutOfMemoryError):
            self.kills[index] += 1
            self._lose(index)
        except (errors.NodeDiedError, errors.ObjectLostError):
            self._lose(index)
        except (errors.RayTaskError, errors.RuntimeEnvSetupError) as error:
            # What goes wrong within a run is in its result; this one never began.
            self._fail(
                index,
                f"a worker couldn't begin it ({_last_line(error)}): install on each machine what "
                "is installed here",
            )

    def _lose(self, index: int) -> None:
        self.losses[index] += 1
        # Its own fault, say by its memory; that a machine is lost is not.
        if self.kills[index] == 2:
            far = progress(self.runs[index], self.steps[index])
            self._fail(index, f"its process was killed, twice{far}")
        elif self.losses[index] == MOST_LOSSES:
            self._fail(index, f"it was lost with its machine or its process, {MOST_LOSSES} times")
        else:
            self.lost.append(index)

    def _fail(self, index: int, error: str) -> None:
        self._finish(index, Result(self.runs[index], error=error))

    def _finish(self, index: int, result: Result) -> None:
        self.finished.add(index)
        self.watcher.finished(index, result)


class _Board:
    """An actor that workers tell their steps, and that the driver reads."""

    def __init__(self) -> None:
        self.steps: dict[int, tuple[int, int]] = {}

    def write(self, index: int, attempt: int, steps: int) -> None:
        self.steps[index] = attempt, steps

    def read(self) -> dict[int, tuple[int, int]]:
        return self.steps


def _make_board(ray: Any) -> Any:
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    # Beside the driver, so that no machine takes it along that the driver outlives.
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    options = {"num_cpus": 0, "max_restarts": -1, "scheduling_strategy": here}
    return ray.remote(_Board).options(**options).remote()


def _work(
    board: Any, index: int, attempt: int, run: Run, tensorboard: str | None, folder: Path
) -> Result:
    if folder.is_dir():
        os.chdir(folder)
    due = 0.0

    def report(steps: int) -> None:
        nonlocal due
        now = time.monotonic()
        if now >= due:
            due = now + SECONDS_BETWEEN_REPORTS
            board.write.remote(index, attempt, steps)

    # From now on it counts as begun.
    report(0)
    try:
        return execute(run, report, tensorboard=tensorboard)
    except KeyboardInterrupt as error:
        # Of the run's own: Ray ends runs by force.
        return failure(run, error)


def _gpus(run: Run) -> int:
    return int(str(run.hyperparameters.get("device")).startswith("cuda"))


def _variables(gpus: int) -> dict[str, str]:
    variables = dict.fromkeys(THREAD_VARIABLES, "1")
    # Or else device="auto" would take one that Ray gave to another run.
    return variables if gpus else variables | {"CUDA_VISIBLE_DEVICES": ""}


@contextmanager
def _connected(address: str | None) -> Iterator[Any]:
    """Connect to a cluster for a while, where this process isn't connected already."""
    # Some of this is read while Ray is imported; whoever did that before has chosen.
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    ray = require("ray", "running on a cluster", "lexigym[ray]")
    if address is None and ray.is_initialized():
        yield ray
        return
    address = address or os.environ.get("RAY_ADDRESS") or "local"
    try:
        _knock(address)
        ray.init(address, log_to_driver=False, logging_level=logging.ERROR, include_dashboard=False)
    except (OSError, OverflowError, RuntimeError, ValueError) as error:
        raise InvalidArgumentError(
            f"the Ray cluster at {address!r} can't be used ({_last_line(error)}): pass the address "
            "that `ray start --head` prints, such as '10.0.0.1:6379'."
        ) from error
    try:
        yield ray
    finally:
        ray.shutdown()


def _knock(address: str) -> None:
    """Raise an error if nobody listens there; Ray goes on trying for many minutes."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if colon:
        place = (host.strip("[]"), int(port))
        socket.create_connection(place, SECONDS_TO_REACH_A_CLUSTER).close()


def _last_line(error: Exception) -> str:
    return str(error).strip().rpartition("\n")[2] or type(error).__name__
