"""Checks of what a caller may pass to an environment, each with an error that names the value."""

from __future__ import annotations

import math
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any

from ..registry.errors import InvalidArgumentError, did_you_mean


def integer(name: str, value: Any, low: int, high: int | None = None) -> int:
    """Return an integer in [low, high], or raise an `InvalidArgumentError`."""
    if (
        isinstance(value, bool)
        or not isinstance(value, Integral)
        or int(value) < low
        or (high is not None and int(value) > high)
    ):
        wanted = f"of at least {low}" if high is None else f"in [{low}, {high}]"
        raise InvalidArgumentError(f"{name} must be an integer {wanted}, got {value!r}.")
    return int(value)


def number(name: str, value: Any, wanted: str, fits: Callable[[float], bool]) -> float:
    """Return a finite number that fits, or raise an `InvalidArgumentError`."""
    if (
        isinstance(value, bool)
        or not isinstance(value, Real)
        or not math.isfinite(value)
        or not fits(float(value))
    ):
        raise InvalidArgumentError(f"{name} must be a finite number {wanted}, got {value!r}.")
    return float(value)


def choice(name: str, value: Any, known: tuple[str, ...]) -> str:
    """Return a value that is one of the known, or raise an `InvalidArgumentError`."""
    if not isinstance(value, str) or value not in known:
        raise InvalidArgumentError(
            f"{name}={value!r} is unknown; {did_you_mean(str(value), known)}"
        )
    return value


def check_render_mode(render_mode: Any, known: tuple[str, ...]) -> None:
    """Raise an `InvalidArgumentError` if the mode is neither None nor known."""
    if render_mode is not None:
        choice("render_mode", render_mode, known)


def check_options(options: dict[str, Any] | None, known: tuple[str, ...]) -> dict[str, Any]:
    """Return the options of a reset, none as an empty dictionary.

    Raises:
        InvalidArgumentError: If there is one that `reset` doesn't know.
    """
    for name in options or {}:
        if name not in known:
            raise InvalidArgumentError(
                f"reset has no option {name!r}; {did_you_mean(str(name), known)}"
            )
    return options or {}
