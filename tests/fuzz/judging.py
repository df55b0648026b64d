"""What every parser and loader owes to whatever it is given."""

from __future__ import annotations

import resource
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

MOST_SECONDS = 1.0
MOST_BYTES = 256_000_000


class FaultError(AssertionError):
    """An input that is neither taken nor refused as it should be."""


@contextmanager
def refusing(*errors: type[Exception]) -> Iterator[None]:
    """Require that an input is taken, or refused by one of the errors, soon and in little memory.

    The message must be one line. The seconds are the processor's, which other programs don't
    change; anything else that is raised goes through.

    Raises:
        FaultError: If it isn't so.
    """
    seconds, size = time.process_time(), _peak()
    try:
        with warnings.catch_warnings():
            # Libraries warn of bounds that lose digits, and the like.
            warnings.simplefilter("ignore")
            yield
    except errors as error:
        require_one_line(str(error))
    seconds, size = time.process_time() - seconds, _peak() - size
    if seconds > MOST_SECONDS:
        raise FaultError(f"it took {seconds:.1f} seconds")
    if size > MOST_BYTES:
        raise FaultError(f"it took {size:,} bytes")


def require_one_line(message: str) -> None:
    """Refuse a message of no line, or of several.

    Raises:
        FaultError: If it is one.
    """
    if len(message.splitlines()) != 1:
        raise FaultError(f"its message is not one line: {message!r}")


def _peak() -> int:
    """Return the most bytes that this process has had in memory."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
