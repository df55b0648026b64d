"""The project's exceptions: each is one sentence that names the value and the remedy."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

# Characters of what others wrote.
MAX_SHOWN = 300


class LexigymError(Exception):
    """Anything that lexigym refuses; the command line prints it in one line and exits with 2."""


class UnknownNameError(LexigymError, LookupError):
    """A name that no table holds."""


class DuplicateNameError(LexigymError, ValueError):
    """A second, different thing under a name that is taken."""


class InvalidArgumentError(LexigymError, ValueError):
    """An argument outside what is documented."""


class PluginError(LexigymError, ImportError):
    """A third-party package whose entry point can't be loaded."""


class MissingDependencyError(LexigymError, ImportError):
    """An optional package that is not installed."""


class CheckpointError(LexigymError, ValueError):
    """A checkpoint that is truncated, foreign, or made for something else."""


class EnvironmentFaultError(LexigymError, RuntimeError):
    """An environment that breaks its contract, such as one that pays NaN."""


class AgentFaultError(LexigymError, RuntimeError):
    """An agent that breaks its contract, such as one that chooses what is no action."""


class OutOfMemoryError(LexigymError, MemoryError):
    """A computation that needs more memory than there is."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the end of an error sentence: the nearest known name, or all of them.

    >>> did_you_mean("dnq", ["dqn", "random"])
    "did you mean 'dqn'?"
    >>> did_you_mean("xyz", ["dqn", "random"])
    'known: dqn, random.'
    """
    names = sorted(known)
    # A name may be a stranger's, and of any length.
    nearest = difflib.get_close_matches(name[:MAX_SHOWN], names, n=1)
    if nearest:
        return f"did you mean {nearest[0]!r}?"
    return f"known: {', '.join(names) or 'none'}."


def shortened(value: Any) -> str:
    """Return, in one line, what a message shows of an error or of what a file holds."""
    says = isinstance(value, Exception) and not isinstance(value, KeyError) and str(value)
    try:
        text = says or repr(value)
    except RecursionError:
        text = f"a {type(value).__name__} that is nested too deeply"
    # Of a text its spaces are shown as they are.
    text = text if isinstance(value, str) else " ".join(text.split())
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."
