"""Runs spread over processes, one per core: a run that fails, or dies, leaves the others alone."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, Protocol

from .execution import execute
from .run import Result, Run

# Small networks lose more by several threads than they gain, and runs already fill the cores.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
SECONDS_BETWEEN_REPORTS = 0.2


class Watcher(Protocol):
    """Who is told how the runs go; a run is named by its position among the runs."""

    def started(self, index: int) -> None:
        """Be told that a run begins, perhaps for the second time."""

    def stepped(self, index: int, steps: int) -> None:
        """Be told how many steps a run has done so far; called a few times a second."""

    def finished(self, index: int, result: Result) -> None:
        """Be told that a run ended, well or not."""


def execute_all(
    runs: Sequence[Run],
    jobs: int,
    watcher: Watcher,
    take: Callable[[Run], bool],
    check: Callable[[Run], None] | None = None,
    tensorboard: str | None = None,
) -> dict[int, Result]:
    """Execute runs in `jobs` processes and return their results, by the position of the run.

    Runs that were under way when a process was killed are done again one by one, at the end; a run
    whose process is killed then too is marked as failed. On an interrupt, the processes are ended
    at once.

    Args:
        runs: The runs.
        jobs: How many at a time.
        watcher: Is told how they go.
        take: Asked before each; a run that isn't taken is left out, and has no result.
        check: Called in a process with each run before any is executed; what it raises is raised.
        tensorboard: As in `execute`.
    """
    driver = _Driver(runs, watcher, take, check, tensorboard)
    waiting = deque(range(len(runs)))
    lost: list[int] = []
    with _single_threaded():
        while waiting:
            lost += driver.execute(waiting, jobs)
        for index in lost:
            if driver.execute(deque([index]), 1):
                driver.finish(index, Result(runs[index], error="its process was killed, twice"))
    return driver.results


class _Driver:
    def __init__(
        self,
        runs: Sequence[Run],
        watcher: Watcher,
        take: Callable[[Run], bool],
        check: Callable[[Run], None] | None,
        tensorboard: str | None,
    ) -> None:
        self.runs = runs
        self.watcher = watcher
        self.take = take
        self.check = check
        self.tensorboard = tensorboard
        self.taken: set[int] = set()
        self.results: dict[int, Result] = {}
        self.context = multiprocessing.get_context("spawn")
        # Without a lock, which a killed process could take with it; each run writes its own number.
        self.steps = self.context.RawArray("q", len(runs))

    def execute(self, waiting: deque[int], jobs: int) -> list[int]:
        """Execute runs until none is waiting or a process dies; return those lost by that."""
        running: dict[Future[Result], int] = {}
        lost: list[int] = []
        with self._pool(min(jobs, len(waiting))) as pool:
            check, self.check = self.check, None
            if check is not None:
                # Not in this process, which would import for it all that a run imports.
                checked = pool.submit(_check_all, check, self.runs)
                # If it dies of that, so will the runs, which tell it.
                if isinstance(checked.exception(), BrokenProcessPool):
                    return []
                checked.result()
            while not lost and (waiting or running):
                while waiting and len(running) < jobs:
                    index = waiting.popleft()
                    if not self._takes(index):
                        continue
                    self.watcher.started(index)
                    running[pool.submit(_work, index, self.runs[index], self.tensorboard)] = index
                done, _ = wait(running, SECONDS_BETWEEN_REPORTS, FIRST_COMPLETED)
                for index in running.values():
                    self.watcher.stepped(index, self.steps[index])
                for future in done:
                    index = running.pop(future)
                    if isinstance(future.exception(), BrokenProcessPool):
                        lost.append(index)
                    else:
                        self.finish(index, future.result())
        return lost + list(running.values())

    def _takes(self, index: int) -> bool:
        if index not in self.taken and not self.take(self.runs[index]):
            return False
        self.taken.add(index)
        return True

    def finish(self, index: int, result: Result) -> None:
        self.results[index] = result
        self.watcher.finished(index, result)

    @contextmanager
    def _pool(self, jobs: int) -> Iterator[ProcessPoolExecutor]:
        bystanders = set(multiprocessing.active_children())
        pool = ProcessPoolExecutor(
            jobs, mp_context=self.context, initializer=_start_work, initargs=(self.steps,)
        )
        try:
            yield pool
        except BaseException:
            for process in set(multiprocessing.active_children()) - bystanders:
                process.terminate()
            raise
        finally:
            pool.shutdown(cancel_futures=True)


def _check_all(check: Callable[[Run], None], runs: Sequence[Run]) -> None:
    for run in runs:
        check(run)


_steps: Any = None


def _start_work(steps: Any) -> None:
    global _steps
    _steps = steps
    live_with_the_parent()


def live_with_the_parent() -> None:
    """Let this process end when its parent does, a killed one too, and not by an interrupt.

    Nobody would take its result; and an interrupt from the keyboard, which reaches all processes,
    is the parent's to answer.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()


def _end_with_the_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    multiprocessing.connection.wait([parent.sentinel])
    os._exit(1)


def _work(index: int, run: Run, tensorboard: str | None) -> Result:
    def report(steps: int) -> None:
        _steps[index] = steps

    return execute(run, report, tensorboard=tensorboard)


@contextmanager
def _single_threaded() -> Iterator[None]:
    """Let the processes started meanwhile compute in one thread each; libraries read this once."""
    before = {name: os.environ.get(name) for name in THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
