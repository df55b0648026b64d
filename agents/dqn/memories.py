"""Which replay memory an agent has, by its hyperparameters."""

from __future__ import annotations

import numpy as np
import torch

from .config import DQNConfig
from .observations import ObservationEncoder
from .priorities import Priorities
from .replay import TransitionMemory
from .sequences import SequenceMemory

Memory = TransitionMemory | SequenceMemory


def make_memory(
    config: DQNConfig,
    capacity: int,
    encoder: ObservationEncoder,
    n_actions: int,
    n_envs: int,
    generator: np.random.Generator,
    device: torch.device,
    *,
    sequences: bool,
) -> Memory:
    """Return an empty replay memory.

    Args:
        config: The hyperparameters.
        capacity: How many transitions it holds, or episodes where it remembers whole ones.
        encoder: What encodes the observations.
        n_actions: The width of the action masks; 0 where the environment has none.
        n_envs: Environments that step together.
        generator: The source of the draws.
        device: Where batches go.
        sequences: Whether to remember whole episodes.
    """
    drawn_by = generator, device, make_priorities(config, capacity, generator)
    if sequences:
        slots, n_steps, gamma = encoder.shape[0], config.n_steps, config.gamma
        return SequenceMemory(capacity, slots, n_actions, n_steps, gamma, n_envs, *drawn_by)
    return TransitionMemory(capacity, encoder.shape, encoder.dtype, n_actions, *drawn_by)


def make_priorities(
    config: DQNConfig, capacity: int, generator: np.random.Generator
) -> Priorities | None:
    """Return the priorities of a memory; None where draws are uniform."""
    if not config.prioritized:
        return None
    return Priorities(capacity, config.prioritized_alpha, generator)
