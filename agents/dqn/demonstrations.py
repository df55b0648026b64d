"""Demonstrations: episodes of the environment's oracle, of which every batch holds a share."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ...registry.errors import InvalidArgumentError
from .memories import Memory
from .replay import Batch


def oracle_actions(env: Any) -> npt.NDArray[np.int64]:
    """Return the oracle's actions in the present states of an environment, `(n,) int64`.

    Raises:
        InvalidArgumentError: If the environment has no oracle.
    """
    if not hasattr(env.unwrapped, "oracle_action"):
        raise InvalidArgumentError(
            "demonstrations come from the environment's oracle_action(), which this one does not "
            "have: leave demonstrations at 0."
        )
    return np.atleast_1d(np.asarray(env.unwrapped.oracle_action(), np.int64))


class DemonstratedMemory:
    """Draws from the replay memory and from demonstrations, which are never overwritten.

    As in Hester et al. (2018), but of a fixed share of each batch.

    Args:
        memory: What the agent remembers of its own play.
        demonstrations: What it was shown.
        share: The share of demonstrations in a batch, in [0, 1].
    """

    batches_per_draw = 1

    def __init__(self, memory: Memory, demonstrations: Memory, share: float) -> None:
        self.memory, self.demonstrations, self.share = memory, demonstrations, share

    def sample(self, batch_size: int) -> Batch:
        """Draw a batch, the demonstrations last; these have no index, but -1."""
        shown = round(self.share * batch_size)
        drawn = []
        if shown < batch_size:
            drawn.append(self.memory.sample(batch_size - shown))
        if shown:
            batch = self.demonstrations.sample(shown)
            drawn.append(dataclasses.replace(batch, indices=np.full_like(batch.indices, -1)))
        return drawn[0] if len(drawn) == 1 else joined(*drawn)

    def update_priorities(self, indices: npt.NDArray[np.int64], errors: Tensor) -> None:
        """Pass on the errors of what the agent played itself."""
        own = indices >= 0
        if own.any():
            self.memory.update_priorities(indices[own], errors[torch.from_numpy(own)])


def joined(first: Batch, second: Batch) -> Batch:
    """Return the transitions of two batches as one."""
    observation, next_observation = _states(first, second)
    weights = None
    if first.weights is not None or second.weights is not None:
        weights = torch.cat([_weights(first), _weights(second)])
    return Batch(
        observation=observation,
        action=torch.cat([first.action, second.action]),
        return_=torch.cat([first.return_, second.return_]),
        discount=torch.cat([first.discount, second.discount]),
        next_observation=next_observation,
        action_mask=_masks(first.action_mask, second.action_mask),
        next_action_mask=_masks(first.next_action_mask, second.next_action_mask),
        indices=np.concatenate([first.indices, second.indices]),
        weights=weights,
    )


def _states(first: Batch, second: Batch) -> tuple[Any, ...]:
    pairs: Any = (
        (first.observation, second.observation),
        (first.next_observation, second.next_observation),
    )
    if isinstance(first.observation, Tensor):
        return tuple(map(torch.cat, pairs))
    # The two keep sharing their sequences.
    observation, next_observation = (a.beside(b) for a, b in pairs)
    return observation, dataclasses.replace(next_observation, tokens=observation.tokens)


def _weights(batch: Batch) -> Tensor:
    return torch.ones_like(batch.return_) if batch.weights is None else batch.weights


def _masks(first: Tensor | None, second: Tensor | None) -> Tensor | None:
    return None if first is None or second is None else torch.cat([first, second])
