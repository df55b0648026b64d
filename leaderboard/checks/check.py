"""What a check is, and what comes of it."""

from __future__ import annotations

import enum
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


class Status(enum.StrEnum):
    """How a check ended; only `FAILED` says that a promise is broken."""

    PASSED = "passed"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


class BrokenPromiseError(Exception):
    """What a check raises, with what was expected and what was seen.

    Args:
        sentence: That, without a full stop.
        place: The seed and the step; by default where the check is.
    """

    def __init__(self, sentence: str, place: object = "") -> None:
        super().__init__(sentence)
        self.place = str(place)


class NotApplicableError(Exception):
    """What a check raises where there is nothing to check, with the reason."""


@dataclass(frozen=True)
class Check:
    """One promise, and the function that puts it to the test.

    Attributes:
        name: What it is called in the table, after `--only`, and in tests.
        function: Takes what is checked; returns nothing, or a warning, and raises
            `BrokenPromiseError` or `NotApplicableError`. What else it raises is a fault of what is
            checked. Its docstring is the promise.
        needs: Checks without which this one would only find their faults again.
    """

    name: str
    function: Callable[[Any], str | None]
    needs: tuple[str, ...] = ()

    @property
    def promise(self) -> str:
        """What is promised, in one sentence."""
        return inspect.getdoc(self.function) or ""


@dataclass(frozen=True)
class Outcome:
    """What came of a check.

    Attributes:
        check: Its name.
        promise: What it puts to the test.
        status: How it ended.
        detail: If it didn't simply pass: what was expected and seen, with the seed and the step to
            see it again, or why it was skipped.
    """

    check: str
    promise: str
    status: Status
    detail: str = ""
