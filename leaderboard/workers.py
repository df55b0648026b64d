"""Runs spread over processes, one per core: a run that fails, dies or hangs harms no other."""

from __future__ import annotations

import gc
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, MutableSequence, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, Protocol, Self

from .execution import execute, failure
from .process_ends import kill_tree, told_end
from .run import Result, Run

# Small networks lose more by several threads than they gain, and runs already fill the cores.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
SECONDS_BETWEEN_REPORTS = 0.2
SECONDS_TO_END = 5
# Of the place of a run, before it begins, and where it isn't in an episode; see `guarded`.
UNBEGUN, NOWHERE = -2, -1

Cell = MutableSequence[int]
Timeout = Callable[[Run], float | None]


class Watcher(Protocol):
    """Who is told how the runs go; a run is named by its position among the runs."""

    def started(self, index: int) -> None:
        """Be told that a run begins, perhaps for the second time."""

    def stepped(self, index: int, steps: int) -> None:
        """Be told how many steps a run has done so far; called a few times a second."""

    def finished(self, index: int, result: Result) -> None:
        """Be told that a run ended, well or not."""


def unlimited(run: Run) -> None:
    """Let a run take as long as it takes."""


def execute_all(
    runs: Sequence[Run],
    jobs: int,
    watcher: Watcher,
    take: Callable[[Run], bool],
    check: Callable[[Run], None] | None = None,
    tensorboard: str | None = None,
    timeout: Timeout = unlimited,
) -> set[int]:
    """Execute runs in `jobs` processes and return the positions of those that were taken.

    Their results are the watcher's alone, since those of thousands of runs fill the memory.

    A run whose process dies is done again, after the others and alone, since it may have lacked
    memory; if its process dies then too, it is marked as failed. One that takes too long is ended
    with its process, and marked as failed. On an interrupt, the processes are ended at once.

    Args:
        runs: The runs.
        jobs: How many at a time.
        watcher: Is told how they go.
        take: Asked before each; a run that isn't taken is left out, and has no result.
        check: Called in a process with each run before any is executed; what it raises is raised.
        tensorboard: As in `execute`.
        timeout: Tells the seconds that a run may take from when its process begins it, or None.
    """
    with _single_threaded(), _Driver(runs, watcher, take, tensorboard, timeout) as driver:
        if check is not None and runs:
            driver.check(check)
        for index in driver.execute(deque(range(len(runs))), jobs):
            for error in driver.execute(deque([index]), 1).values():
                watcher.finished(index, Result(runs[index], error=error))
    return driver.taken


def progress(run: Run, steps: int, place: int = NOWHERE) -> str:
    """Return how far a run came, as the end of a sentence; nothing if that isn't known."""
    known = [f"{steps:,} of {run.steps:,} steps learned"] if run.steps else []
    if place >= 0:
        known.append(f"at step {place:,} of an episode" if place else "in a reset")
    return f": {', '.join(known)}" if known else ""


def took_too_long(run: Run, limit: float, far: str) -> Result:
    """Return the result of a run that was ended, having come as far as `progress` says."""
    return Result(run, error=f"it took longer than its {limit:g} s (timeout){far}")


class _Driver:
    def __init__(
        self,
        runs: Sequence[Run],
        watcher: Watcher,
        take: Callable[[Run], bool],
        tensorboard: str | None,
        timeout: Timeout,
    ) -> None:
        self.runs = runs
        self.watcher = watcher
        self.take = take
        self.tensorboard = tensorboard
        self.timeout = timeout
        self.taken: set[int] = set()
        self.idle: list[_Worker] = []
        self.busy: dict[_Worker, int] = {}

    def __enter__(self) -> Self:
        """Begin; workers are started when there is something to do."""
        return self

    def __exit__(self, error_type: type[BaseException] | None, *_: object) -> None:
        """End the workers, after an interrupt or an error whatever they are at."""
        workers = [*self.idle, *self.busy]
        for worker in workers:
            worker.connection.close()
        for worker in workers:
            worker.end(0 if error_type else SECONDS_TO_END)

    def check(self, check: Callable[[Run], None]) -> None:
        """Check the runs in a worker, which imports for it all that a run imports."""
        limits = [self.timeout(run) for run in self.runs]
        longest = max((limit for limit in limits if limit is not None), default=None)
        worker = self._idle_worker()
        self.idle.append(worker)
        worker.hand(partial(_check_all, check, self.runs))
        try:
            while (errors := worker.answer()) is None:
                multiprocessing.connection.wait([worker.connection], SECONDS_BETWEEN_REPORTS)
                if longest is not None and None not in limits and worker.seconds() > longest:
                    raise _LostError
        except _LostError:
            # If it hangs or dies of that, so will the runs, which tell it.
            self.idle.remove(worker)
            worker.end(0)
            return
        for error in errors:
            raise error

    def execute(self, waiting: deque[int], jobs: int) -> dict[int, str]:
        """Execute runs until none is left.

        Returns:
            Those whose process died, and the error of their results if that was the second time.
        """
        lost: dict[int, str] = {}
        while waiting or self.busy:
            while waiting and len(self.busy) < jobs:
                self._begin(waiting.popleft())
            if not self.busy:
                continue
            connections = [worker.connection for worker in self.busy]
            multiprocessing.connection.wait(connections, SECONDS_BETWEEN_REPORTS)
            for worker, index in list(self.busy.items()):
                self.watcher.stepped(index, worker.steps[0])
                try:
                    result = self._look(worker, self.runs[index])
                except _LostError as error:
                    lost[index] = f"its process {error}, twice{worker.progress(self.runs[index])}"
                    del self.busy[worker]
                else:
                    if result is not None:
                        self.watcher.finished(index, result)
        return lost

    def _begin(self, index: int) -> None:
        run = self.runs[index]
        if index not in self.taken and not self.take(run):
            return
        self.taken.add(index)
        self.watcher.started(index)
        worker = self._idle_worker()
        self.busy[worker] = index
        worker.hand(partial(_execute, run, self.tensorboard))

    def _idle_worker(self) -> _Worker:
        while self.idle:
            worker = self.idle.pop()
            if worker.process.is_alive():
                return worker
            worker.end(0)
        return _Worker()

    def _look(self, worker: _Worker, run: Run) -> Result | None:
        """Return the result of a run if there is one, and put its worker where it belongs then."""
        result: Result | None = worker.answer()
        if result is not None:
            del self.busy[worker]
            self.idle.append(worker)
            return result
        limit = self.timeout(run)
        if limit is None or worker.seconds() <= limit:
            return None
        del self.busy[worker]
        worker.end(0)
        return took_too_long(run, limit, worker.progress(run))


class _LostError(Exception):
    """A process that has ended; it tells how."""


class _Worker:
    """A spawned process that does one task after the other, and tells how far it is."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        # Without locks, which a killed process could take with it.
        self.steps: Cell = context.RawArray("q", 1)
        self.place: Cell = context.RawArray("q", 1)
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, self.steps, self.place))
        self.process.start()
        theirs.close()
        self._began: float | None = None

    def hand(self, task: Callable[[Cell, Cell], Any]) -> None:
        """Let it do a task."""
        self.steps[0], self.place[0], self._began = 0, UNBEGUN, None
        # If it isn't there any more, `answer` tells.
        with suppress(ConnectionError):
            self.connection.send(task)

    def seconds(self) -> float:
        """Return how long it has been at the task, without the time to start and to import."""
        if self._began is None and self.place[0] != UNBEGUN:
            self._began = time.monotonic()
        return 0.0 if self._began is None else time.monotonic() - self._began

    def progress(self, run: Run) -> str:
        """Return how far it came with a run; see `progress`."""
        return progress(run, self.steps[0], self.place[0])

    def answer(self) -> Any:
        """Return what the task returned, or None if it goes on.

        Raises:
            _LostError: If the process has ended.
        """
        # Asked first, so that an answer which it gave before is found.
        ended = not self.process.is_alive()
        try:
            if self.connection.poll():
                return self.connection.recv()
        except (EOFError, OSError):
            ended = True
        if ended:
            self.end(SECONDS_TO_END)
            raise _LostError(told_end(self.process.exitcode))
        return None

    def end(self, seconds: float) -> None:
        """Let it end, and after a while kill it, with the processes that it started."""
        self.connection.close()
        self.process.join(seconds)
        if self.process.is_alive():
            assert self.process.pid is not None
            kill_tree(self.process.pid)
            self.process.join()


def _serve(connection: Any, steps: Cell, place: Cell) -> None:
    """Do the tasks that come, until none can come any more."""
    live_with_the_parent()
    while True:
        try:
            task = connection.recv()
        except EOFError:
            # At its end Python would look through all that was imported for what can be freed.
            gc.freeze()
            return
        place[0] = NOWHERE
        connection.send(task(steps, place))


def _check_all(check: Callable[[Run], None], runs: Sequence[Run], *_: Cell) -> list[Exception]:
    """Return what the check raises, at most once."""
    try:
        for run in runs:
            check(run)
    except Exception as error:
        return [error]
    return []


def _execute(run: Run, tensorboard: str | None, steps: Cell, place: Cell) -> Result:
    def report(count: int) -> None:
        steps[0] = count

    try:
        return execute(run, report, tensorboard=tensorboard, place=place)
    except KeyboardInterrupt as error:
        # Of the run's own, since those of the keyboard are ignored here.
        return failure(run, error)


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
