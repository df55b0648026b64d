"""Whether a value is of a space, exactly, at a cost that each step can bear; and if not, why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from ..registry.errors import shortened

Test = Callable[[Any], bool]

ARRAYS = (spaces.Box, spaces.MultiDiscrete, spaces.MultiBinary)


def membership(space: gymnasium.Space[Any]) -> Test:
    """Return what tells whether a value is of a space; it can be pickled.

    Unlike `space.contains`, which may cost more than a step, it takes arrays of the very dtype of
    the space only, not those that could be cast. Spaces of other kinds answer by `contains`.
    """
    kind = type(space)
    if kind in ARRAYS:
        return _InArray(space)
    if isinstance(space, spaces.Discrete) and kind is spaces.Discrete:
        return _InDiscrete(space)
    if isinstance(space, spaces.Dict) and kind is spaces.Dict:
        return _InDict(space)
    if isinstance(space, spaces.Tuple) and kind is spaces.Tuple:
        return _InTuple(space)
    return space.contains


class _InArray:
    def __init__(self, space: gymnasium.Space[Any]) -> None:
        assert space.dtype is not None
        self.dtype, self.shape = space.dtype, space.shape
        self.size = int(np.prod(self.shape or (), dtype=np.int64))
        low, high = bounds(space)
        # Numbers below 0 are large where the sign is taken for a digit: one comparison for both.
        self.unsigned: Any = None
        if np.issubdtype(self.dtype, np.signedinteger) and not low.any():
            self.unsigned = np.dtype(f"u{self.dtype.itemsize}")
            low, high = np.zeros_like(low, self.unsigned), high.astype(self.unsigned)
        least, most = _range(self.unsigned or self.dtype)
        # What the dtype can't hold anyway needs no comparison; one is left, which finds NaN.
        self.low = None if (low == least).all() else low
        self.high = None if (high == most).all() and self._needs_none(low, least) else high

    def _needs_none(self, low: npt.NDArray[Any], least: Any) -> bool:
        return not np.issubdtype(self.dtype, np.floating) or bool((low != least).any())

    def __call__(self, value: Any) -> bool:
        if (
            not isinstance(value, (np.ndarray, np.generic))
            or value.dtype != self.dtype
            or value.shape != self.shape
        ):
            return False
        numbers = value if self.unsigned is None else value.view(self.unsigned)
        return (self.high is None or np.count_nonzero(numbers <= self.high) == self.size) and (
            self.low is None or np.count_nonzero(numbers >= self.low) == self.size
        )


class _InDiscrete:
    def __init__(self, space: spaces.Discrete) -> None:
        self.space = space
        self.start, self.end = int(space.start), int(space.start + space.n)

    def __call__(self, value: Any) -> bool:
        if isinstance(value, (int, np.integer)):
            return bool(self.start <= value < self.end)
        return self.space.contains(value)


class _InDict:
    def __init__(self, space: spaces.Dict) -> None:
        self.parts = {key: membership(part) for key, part in space.spaces.items()}

    def __call__(self, value: Any) -> bool:
        return (
            isinstance(value, Mapping)
            and value.keys() == self.parts.keys()
            and all(test(value[key]) for key, test in self.parts.items())
        )


class _InTuple:
    def __init__(self, space: spaces.Tuple[Any]) -> None:
        self.parts = [membership(part) for part in space.spaces]

    def __call__(self, value: Any) -> bool:
        return (
            isinstance(value, tuple)
            and len(value) == len(self.parts)
            and all(test(part) for test, part in zip(self.parts, value, strict=True))
        )


def misfit(space: gymnasium.Space[Any], value: Any) -> str:
    """Return why a value that isn't of a space isn't, as the end of "it ..."."""
    # Others, those that derive from these among them, have reasons of their own.
    kind = type(space)
    if kind in ARRAYS and isinstance(value, (np.ndarray, np.generic)):
        return _misfit_of_array(space, value)
    if isinstance(space, spaces.Dict) and kind is spaces.Dict and isinstance(value, Mapping):
        if value.keys() != space.spaces.keys():
            return f"has the parts {[*value]} instead of {[*space.spaces]}"
        return _misfit_of_part(space.spaces, value)
    if isinstance(space, spaces.Tuple) and kind is spaces.Tuple and isinstance(value, tuple):
        if len(value) != len(space.spaces):
            return f"has {len(value)} parts instead of {len(space.spaces)}"
        return _misfit_of_part(dict(enumerate(space.spaces)), dict(enumerate(value)))
    told = "None" if value is None else f"{shortened(value)} of type {type(value).__name__}"
    return f"is {told}, which is not in {shortened(space)}"


def _misfit_of_part(parts: Mapping[Any, gymnasium.Space[Any]], values: Mapping[Any, Any]) -> str:
    key = next(key for key, part in parts.items() if not membership(part)(values[key]))
    return f"has a part {key!r} that {misfit(parts[key], values[key])}"


def _misfit_of_array(space: gymnasium.Space[Any], array: Any) -> str:
    if array.dtype != space.dtype:
        return f"has dtype {array.dtype} instead of {space.dtype}"
    if array.shape != space.shape:
        return f"has shape {array.shape} instead of {space.shape}"
    low, high = bounds(space)
    outside = np.argwhere(~((array >= low) & (array <= high)))[0]
    place = tuple(outside.tolist())
    where = f" at {place}" if place else ""
    return f"holds {array[place]}{where}, which is not in [{low[place]}, {high[place]}]"


def bounds(space: Any) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return the least and the largest elements of a space of arrays."""
    if isinstance(space, spaces.MultiBinary):
        return np.zeros(space.shape, space.dtype), np.ones(space.shape, space.dtype)
    if isinstance(space, spaces.MultiDiscrete):
        return np.asarray(space.start), np.asarray(space.start + space.nvec - 1)
    return space.low, space.high


def _range(dtype: np.dtype[Any]) -> tuple[Any, Any]:
    if np.issubdtype(dtype, np.integer):
        limits = np.iinfo(dtype)
        return limits.min, limits.max
    return (False, True) if dtype == np.bool_ else (-np.inf, np.inf)
