"""The keyword arguments that something takes, so that a misspelt one is caught by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

from .errors import InvalidArgumentError, did_you_mean

NAMED = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def keyword_arguments(function: Callable[..., Any]) -> dict[str, Any] | None:
    """Return the arguments of a function or class and their defaults, or None if it takes any.

    An argument without a default has `inspect.Parameter.empty`.
    """
    parameters = inspect.signature(function).parameters.values()
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters):
        return None
    return {each.name: each.default for each in parameters if each.kind in NAMED}


def require_known(what: str, given: Iterable[str], known: Iterable[str], where: str) -> None:
    """Refuse names that are not known.

    Args:
        what: What the names are, in the singular, such as "hyperparameter".
        given: The names to check.
        known: The names that exist.
        where: Whose they are, such as "agent 'dqn'".

    Raises:
        InvalidArgumentError: Naming the first unknown one, the nearest known and all of them.
    """
    names = sorted(known)
    for name in given:
        if name not in names:
            suggestion = did_you_mean(name, names)
            listing = f" (known: {', '.join(names)})" if not suggestion.startswith("known") else ""
            raise InvalidArgumentError(f"{where} has no {what} {name!r}: {suggestion}{listing}")
