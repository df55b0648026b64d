"""An environment is made, and closed in the end; if it lost a worker, the worker is named."""

from __future__ import annotations

import contextlib
import multiprocessing.connection
import traceback
from collections.abc import Iterator
from multiprocessing.process import BaseProcess
from typing import Any

from ..registry.errors import EnvironmentFaultError
from .process_ends import told_end

# To find out that a process ended, once it doesn't answer any more.
SECONDS_TO_END = 2


@contextlib.contextmanager
def closing(env: Any, name: str) -> Iterator[None]:
    """Close an environment in the end, after a failure with force and without a word.

    Args:
        env: A single environment, or a vector; workers are the `processes` of an `AsyncVectorEnv`.
        name: What an error calls it.

    Raises:
        EnvironmentFaultError: In place of what is raised where the environment has lost a worker.
    """
    workers = _workers_of(env.unwrapped)
    try:
        yield
    except BaseException as error:
        fault = _end(workers, error, name)
        if workers:
            # To close it might wait for one that hangs, and nothing of it is left.
            env.unwrapped.closed = True
        else:
            with contextlib.suppress(Exception):
                env.close()
        if fault is None:
            raise
        raise fault from error
    env.close()


@contextlib.contextmanager
def making(name: str) -> Iterator[None]:
    """Leave no worker behind where an environment can't be made.

    Raises:
        EnvironmentFaultError: In place of what is raised where it lost a worker.
    """
    try:
        yield
    except BaseException as error:
        # Nothing else knows what a constructor began that raised.
        frames = (frame for frame, _ in traceback.walk_tb(error.__traceback__))
        makers = {id(each): each for each in (frame.f_locals.get("self") for frame in frames)}
        workers = [worker for each in makers.values() for worker in _workers_of(each)]
        fault = _end(workers, error, name)
        if fault is None:
            raise
        raise fault from error


def _end(workers: list[BaseProcess], error: BaseException, name: str) -> Exception | None:
    """Kill the workers after an error; return one that names which was lost before, if one was."""
    cut = isinstance(error, (EOFError, ConnectionError))
    lost = _lost(workers) if workers and cut else None
    for worker in workers:
        worker.kill()
    if lost is None:
        return None
    return EnvironmentFaultError(
        f"the environment {name!r} lost its worker {lost.name!r}, which {told_end(lost.exitcode)}."
    )


def _workers_of(env: Any) -> list[BaseProcess]:
    processes = getattr(env, "processes", None)
    if not isinstance(processes, (list, tuple)):
        return []
    return [each for each in processes if isinstance(each, BaseProcess)]


def _lost(workers: list[BaseProcess]) -> BaseProcess | None:
    ended = multiprocessing.connection.wait([each.sentinel for each in workers], SECONDS_TO_END)
    lost = next((each for each in workers if each.sentinel in ended), None)
    if lost is not None:
        # Its exit code comes a moment later.
        lost.join()
    return lost
