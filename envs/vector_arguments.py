"""Checks of what a caller may pass to a vector environment, in words that name the value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode

from ..registry.compiler import compiled
from ..registry.errors import InvalidArgumentError
from .arguments import integer


def check_num_envs(num_envs: Any) -> int:
    """Return the number of environments, or raise an `InvalidArgumentError`."""
    return integer("num_envs", num_envs, 1)


def check_autoreset_mode(mode: Any) -> AutoresetMode:
    """Return an `AutoresetMode` given as such or as its value.

    Raises:
        InvalidArgumentError: If there is no such mode.
    """
    try:
        return AutoresetMode(mode)
    except ValueError:
        known = ", ".join(repr(each.value) for each in AutoresetMode)
        raise InvalidArgumentError(
            f"autoreset_mode={mode!r} is unknown; pass an AutoresetMode or one of {known}."
        ) from None


def check_reset_mask(mask: Any, num_envs: int) -> npt.NDArray[np.bool_]:
    """Return where a vector is reset, `(n,) bool`; None stands for everywhere.

    Raises:
        InvalidArgumentError: If the mask is no such array, or all false.
    """
    if mask is None:
        return np.ones(num_envs, np.bool_)
    if (
        not isinstance(mask, np.ndarray)
        or mask.dtype != np.bool_
        or mask.shape != (num_envs,)
        or not mask.any()
    ):
        raise InvalidArgumentError(
            f"reset_mask must be a NumPy array of {num_envs} booleans, one or more of "
            f"them true, got {mask!r}."
        )
    return mask


def check_seeds(seed: int | Sequence[int | None] | None, num_envs: int) -> Sequence[int | None]:
    """Return a seed for each of n environments: s stands for s to s + n - 1, None for n of it.

    Raises:
        InvalidArgumentError: If there are not n.
    """
    if seed is None:
        return [None] * num_envs
    if isinstance(seed, int):
        return range(seed, seed + num_envs)
    if len(seed) != num_envs:
        raise InvalidArgumentError(
            f"seed has {len(seed)} entries; pass one for each of the {num_envs} environments, or a "
            "single integer."
        )
    return seed


def check_actions(
    actions: npt.NDArray[Any], num_envs: int, size: int, names: str
) -> npt.NDArray[np.int64]:
    """Return the actions of n environments as int64.

    Args:
        actions: What was passed, as an array.
        num_envs: n.
        size: How many actions there are.
        names: What they are, for the error.

    Raises:
        InvalidArgumentError: If they are not n integers from 0 to `size` - 1.
    """
    if actions.shape != (num_envs,) or actions.dtype.kind not in "iu":
        raise InvalidArgumentError(
            f"actions must be {num_envs} integers, got shape {actions.shape} and dtype "
            f"{actions.dtype}."
        )
    chosen: npt.NDArray[np.int64] = actions.astype(np.int64)
    wrong = first_outside(chosen, size)
    if wrong >= 0:
        raise InvalidArgumentError(
            f"actions must be {names}, got {actions[wrong]} for environment {wrong}."
        )
    return chosen


@compiled
def first_outside(actions: npt.NDArray[np.int64], size: int) -> int:
    """Return where the first action that isn't in 0 to `size` - 1 stands, -1 if there is none."""
    for env in range(len(actions)):
        if actions[env] < 0 or actions[env] >= size:
            return env
    return -1
