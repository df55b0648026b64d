"""How checks are made: in a process of their own, which may hang or die of what is checked."""

from __future__ import annotations

import contextlib
import dataclasses
import multiprocessing
import os
import signal
from collections.abc import Iterator, Sequence
from typing import Any

import psutil

from ...registry.errors import LexigymError
from ..workers import THREAD_VARIABLES, live_with_the_parent
from .check import BrokenPromiseError, Check, NotApplicableError, Outcome, Status
from .episode import NOWHERE, Place, told_place

SECONDS_TO_END = 5
# Windows are drawn to memory, since nobody looks at them, and small networks use one thread.
VARIABLES = {"SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy"} | dict.fromkeys(
    THREAD_VARIABLES, "1"
)

Verdict = tuple[Status, str]


def run_checks(
    subject: Any, checks: Sequence[Check], timeout: float, *, isolated: bool = True
) -> Iterator[Outcome]:
    """Make the checks, one after the other, and yield what comes of each.

    Args:
        subject: What is checked; it has an attribute `place`, and goes to other processes by
            pickle.
        checks: The checks; one is skipped if another that it needs has failed.
        timeout: Seconds that each may take.
        isolated: Whether they run in a process of their own; in this one, nothing limits the time,
            and a crash is a crash.
    """
    failed: set[str] = set()
    process = _Process() if isolated else None
    try:
        for check in checks:
            missing = next(filter(failed.__contains__, check.needs), None)
            if missing is not None:
                verdict = Status.SKIPPED, f"it needs {missing}, which failed"
            elif process is None:
                verdict = judge(subject, check)
            else:
                verdict = process.judge(subject, check, timeout)
            if verdict[0] is Status.FAILED:
                failed.add(check.name)
            yield Outcome(check.name, check.promise, *verdict)
    finally:
        if process is not None:
            process.end()


def judge(subject: Any, check: Check) -> Verdict:
    """Make a check in this process."""
    subject.place[:] = [NOWHERE, 0]
    try:
        warning = check.function(subject)
    except NotApplicableError as reason:
        return Status.SKIPPED, str(reason)
    except BrokenPromiseError as fault:
        return Status.FAILED, _sentence(str(fault), fault.place or told_place(subject.place))
    except (Exception, SystemExit) as error:
        return Status.FAILED, _sentence(f"it raised {_told(error)}", told_place(subject.place))
    return (Status.WARNING, warning) if warning else (Status.PASSED, "")


class _Process:
    """A spawned process that makes checks; another takes its place after a failure."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._place: Any = self._context.RawArray("q", 2)
        self._process: Any = None
        self._connection: Any = None

    def judge(self, subject: Any, check: Check, timeout: float) -> Verdict:
        """Make a check there, and tell what became of the process if it doesn't answer."""
        if self._process is None:
            self._begin()
        self._place[:] = [NOWHERE, 0]
        try:
            self._connection.send((subject, check))
        except Exception as error:
            verdict = Status.FAILED, f"it can't be sent to a spawned process ({_told(error)})"
        else:
            verdict = self._answer(timeout)
        if verdict[0] is Status.FAILED:
            # It may have left anything behind.
            self.end()
        return verdict

    def _answer(self, timeout: float) -> Verdict:
        if not self._connection.poll(timeout):
            seconds = f"it hangs: it didn't end within {timeout:g} s"
            return Status.FAILED, _sentence(seconds, told_place(self._place))
        try:
            verdict: Verdict = self._connection.recv()
        except (EOFError, OSError):
            self._process.join(SECONDS_TO_END)
            ended = f"its process {_told_end(self._process.exitcode)}"
            return Status.FAILED, _sentence(ended, told_place(self._place))
        return verdict

    def _begin(self) -> None:
        self._connection, theirs = self._context.Pipe()
        self._process = self._context.Process(target=_work, args=(theirs, self._place))
        self._process.start()
        theirs.close()
        try:
            # What it takes to import everything is no check's time.
            self._connection.recv()
        except EOFError:
            self.end()
            raise LexigymError(
                "the process that was to make the checks died before it began: in a script, call "
                'this below `if __name__ == "__main__":`, or pass isolated=False.'
            ) from None

    def end(self) -> None:
        """End the process, and those that it started."""
        if self._process is None:
            return
        self._connection.close()
        with contextlib.suppress(psutil.NoSuchProcess):
            root = psutil.Process(self._process.pid)
            for each in (*root.children(recursive=True), root):
                with contextlib.suppress(psutil.NoSuchProcess):
                    each.kill()
        self._process.join()
        self._process = None


def _work(connection: Any, place: Place) -> None:
    """Make the checks that are asked for, until nobody asks."""
    live_with_the_parent()
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123, it has no path
        # What environments print would tear the table apart.
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
    os.environ.update(VARIABLES)
    connection.send("ready")
    while True:
        try:
            subject, check = connection.recv()
            verdict = judge(dataclasses.replace(subject, place=place), check)
        except EOFError:
            return
        except Exception as error:
            verdict = Status.FAILED, f"a spawned process can't read it ({_told(error)})"
        connection.send(verdict)


def _sentence(text: str, place: str) -> str:
    return f"{text} ({place})" if place else text


def _told(error: BaseException) -> str:
    message = " ".join(str(error).split())
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def _told_end(exitcode: int | None) -> str:
    if exitcode is not None and exitcode < 0:
        return f"was ended by {signal.Signals(-exitcode).name}"
    return f"ended itself with exit code {exitcode}"
