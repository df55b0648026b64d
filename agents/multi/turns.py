"""Several agents that learn at once, one step after the other: always in the same order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any


class Turns:
    """Runs functions, each in a thread of its own, of which one goes on while the others wait.

    An agent's `learn` returns when all is learned. Here several go on together, without changing
    any of them: each passes its turn on after a step. The order is that of the functions, so that
    what is drawn and learned is always the same.
    """

    def __init__(self) -> None:
        self._turn = threading.Condition()
        self._waiting: list[str] = []
        self._failure: BaseException | None = None
        self._stopped = False

    def run(self, functions: Mapping[str, Callable[[], Any]]) -> None:
        """Run functions by name, until all return.

        Raises:
            Exception: What the first to fail raised; the others end with their next turn.
        """
        self._waiting = list(functions)
        self._failure, self._stopped = None, False
        threads = [
            threading.Thread(target=self._run, args=(name, function), name=name, daemon=True)
            for name, function in functions.items()
        ]
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                thread.join()
        except BaseException:
            # An interrupt reaches this thread alone.
            self._stop(None)
            for thread in threads:
                thread.join()
            raise
        if self._failure is not None:
            raise self._failure

    def pass_on(self, name: str) -> None:
        """Let the others go on, and wait for the next turn; alone, or outside `run`, go on."""
        with self._turn:
            if len(self._waiting) < 2:
                self._raise_if_stopped()
                return
            self._waiting.append(self._waiting.pop(0))
            self._turn.notify_all()
            self._wait(name)

    def _run(self, name: str, function: Callable[[], Any]) -> None:
        try:
            with self._turn:
                self._wait(name)
            function()
        except _StoppedError:
            pass
        except BaseException as failure:
            self._stop(failure)
        finally:
            with self._turn:
                self._waiting.remove(name)
                self._turn.notify_all()

    def _wait(self, name: str) -> None:
        self._turn.wait_for(lambda: self._stopped or self._waiting[0] == name)
        self._raise_if_stopped()

    def _raise_if_stopped(self) -> None:
        if self._stopped:
            raise _StoppedError

    def _stop(self, failure: BaseException | None) -> None:
        with self._turn:
            self._failure = self._failure or failure
            self._stopped = True
            self._turn.notify_all()


class _StoppedError(Exception):
    """Ends a function whose turn doesn't come any more."""
