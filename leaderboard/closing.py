"""An environment in use: closed in the end, and if it lost a worker, the worker is named."""

from __future__ import annotations

import contextlib
import multiprocessing.connection
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
    workers = [
        each for each in getattr(env.unwrapped, "processes", ()) if isinstance(each, BaseProcess)
    ]
    try:
        yield
    except BaseException as error:
        lost = _lost(workers) if isinstance(error, (EOFError, ConnectionError)) else None
        for worker in workers:
            worker.kill()
        if workers:
            # To close it might wait for one that hangs, and nothing of it is left.
            env.unwrapped.closed = True
        else:
            with contextlib.suppress(Exception):
                env.close()
        if lost is None:
            raise
        raise EnvironmentFaultError(
            f"the environment {name!r} lost its worker {lost.name!r}, which "
            f"{told_end(lost.exitcode)}."
        ) from error
    env.close()


def _lost(workers: list[BaseProcess]) -> BaseProcess | None:
    ended = multiprocessing.connection.wait([each.sentinel for each in workers], SECONDS_TO_END)
    lost = next((each for each in workers if each.sentinel in ended), None)
    if lost is not None:
        # Its exit code comes a moment later.
        lost.join()
    return lost
