"""Checks of what a checkpoint gives back: arrays would stretch what has another shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def require_shape(state: Mapping[str, Any], name: str, shape: Sequence[int]) -> None:
    """Raise a `ValueError` unless an array of a state has a shape."""
    found = tuple(state[name].shape)
    if found != tuple(shape):
        raise ValueError(f"{name!r} has the shape {found}, not {tuple(shape)}")


def require_place(position: int, size: int, capacity: int) -> None:
    """Raise a `ValueError` unless a ring of a capacity can hold `size` and go on at `position`."""
    if not (0 <= position < capacity and 0 <= size <= capacity):
        raise ValueError(f"a memory of {capacity} can't hold {size} and go on at {position}")
