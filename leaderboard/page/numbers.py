"""Numbers as JSON and JavaScript can hold them, and no longer than they are read."""

from __future__ import annotations

import math
from collections.abc import Iterable

# Far below what any interval leaves open.
DIGITS = 6
# JavaScript's numbers skip whole ones from here on.
LARGEST_WHOLE = 2**53 - 1


def rounded(value: float) -> float | int | None:
    """Return a number with few digits; None if it is NaN or infinite."""
    if not math.isfinite(value):
        return None
    short = float(f"{value:.{DIGITS}g}")
    return int(short) if short.is_integer() and abs(short) <= LARGEST_WHOLE else short


def rounded_all(values: Iterable[float]) -> list[float | int | None]:
    """Return `rounded` of each."""
    return [rounded(float(value)) for value in values]


def whole(value: int) -> int | str:
    """Return a whole number as it is, or as text if JavaScript would change it."""
    return value if abs(value) <= LARGEST_WHOLE else str(value)
