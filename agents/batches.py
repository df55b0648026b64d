"""Whether an observation is one or a batch, and action masks to match."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from ..registry.errors import InvalidArgumentError


def batch_size(observation: Any, space: gymnasium.Space[Any]) -> int | None:
    """Return how many observations of a space a batch holds, or None for a single one.

    Args:
        observation: A single observation, or n of them batched as vector environments do.
        space: The space of a single observation.

    Raises:
        InvalidArgumentError: If it is neither.
    """
    if isinstance(space, (spaces.Dict, spaces.Tuple)):
        first: Any = next(iter(space.keys())) if isinstance(space, spaces.Dict) else 0
        return batch_size(observation[first], space[first])
    shape, single_shape = np.shape(observation), space.shape or ()
    if shape == single_shape:
        return None
    if shape[1:] == single_shape:
        return int(shape[0])
    raise InvalidArgumentError(
        f"an observation of shape {shape} is neither of shape {single_shape} nor a batch of such: "
        "pass what the environment returned."
    )


def legal_actions(action_masks: Any, size: int, n_actions: int) -> npt.NDArray[np.bool_]:
    """Return action masks as `(size, n_actions) bool`, true where an action is legal.

    Args:
        action_masks: `(n_actions,)` or `(size, n_actions)`, of bool or of zeros and ones.
        size: Observations in the batch.
        n_actions: Actions of the environment.

    Raises:
        InvalidArgumentError: If the shape is another, or if an observation has no legal action.
    """
    legal = np.asarray(action_masks, dtype=bool)
    if legal.shape not in {(n_actions,), (size, n_actions)}:
        raise InvalidArgumentError(
            f"action_masks have shape {legal.shape}: pass ({n_actions},) or ({size}, {n_actions})."
        )
    legal = np.broadcast_to(legal, (size, n_actions))
    if not legal.any(axis=1).all():
        raise InvalidArgumentError(
            "action_masks leave no legal action in some observation: at least one must be true."
        )
    return legal


def movers(action_masks: Any) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Tell in which games a player is to move, which it isn't where its mask is all false.

    Args:
        action_masks: `(A,)` or `(n, A)`, of bool or of zeros and ones.

    Returns:
        Where it is to move, `(n,) bool`, and the masks, all true where it isn't.
    """
    masks = np.asarray(action_masks, dtype=bool)
    moves = masks.any(axis=-1, keepdims=True)
    return moves.reshape(-1), masks | ~moves


def sample_legal(
    legal: npt.NDArray[np.bool_], generator: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Draw one legal action per row, uniformly: `(n, A) bool` in, `(n,) int64` out."""
    scores = np.where(legal, generator.random(legal.shape), -1)
    actions: npt.NDArray[np.int64] = scores.argmax(axis=1)
    return actions
