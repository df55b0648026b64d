"""Checks of observations: that they are what the space says, to the dtype."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

from .check import BrokenPromiseError
from .environment import CheckedEnvironment


def observations(subject: CheckedEnvironment) -> None:
    """Every observation is in the space, with exactly its dtype and shape."""
    with subject.make() as env:
        for step in subject.play_all(env):
            fault = _fault(env.observation_space, step.observation, "the observation")
            if fault:
                raise BrokenPromiseError(fault)


def _fault(space: gymnasium.Space[Any], value: Any, where: str) -> str:
    """Return how a value is not one of the space, nothing if it is."""
    if isinstance(space, spaces.Dict):
        if not isinstance(value, Mapping) or value.keys() != space.keys():
            return f"{where} must be a dict with the keys {list(space)}, got {value!r}"
        return _first(_fault(each, value[key], f"{where}[{key!r}]") for key, each in space.items())
    if isinstance(space, spaces.Tuple):
        if not isinstance(value, tuple) or len(value) != len(space):
            return f"{where} must be a tuple of {len(space)}, got {value!r}"
        return _first(_fault(each, value[i], f"{where}[{i}]") for i, each in enumerate(space))
    if isinstance(space, (spaces.Box, spaces.MultiBinary, spaces.MultiDiscrete)):
        if not isinstance(value, np.ndarray):
            return f"{where} must be an array, got {type(value).__name__}"
        if (value.dtype, value.shape) != (space.dtype, space.shape):
            return (
                f"{where} must have dtype {space.dtype} and shape {space.shape}, got "
                f"{value.dtype} and {value.shape}"
            )
    return "" if space.contains(value) else f"{where} must be in {space}, got {value!r}"


def _first(faults: Iterator[str]) -> str:
    return next(filter(None, faults), "")
