"""Which replay memory an agent has, by its hyperparameters."""

from __future__ import annotations

import numpy as np
import torch

from .config import DQNConfig
from .observations import ObservationEncoder
from .replay import PrioritizedMemory, TransitionMemory
from .sequences import PrioritizedSequenceMemory, SequenceMemory

Memory = TransitionMemory | SequenceMemory


def make_memory(
    config: DQNConfig,
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
        encoder: What encodes the observations.
        n_actions: The width of the action masks; 0 where the environment has none.
        n_envs: Environments that step together.
        generator: The source of the draws.
        device: Where batches go.
        sequences: Whether to remember whole episodes.
    """
    alpha, drawn_by = config.prioritized_alpha, (generator, device)
    if sequences:
        of = config.buffer_size, encoder.shape[0], n_actions, config.n_steps, config.gamma, n_envs
        if config.prioritized:
            return PrioritizedSequenceMemory(*of, *drawn_by, alpha=alpha)
        return SequenceMemory(*of, *drawn_by)
    shape = config.buffer_size, encoder.shape, encoder.dtype, n_actions
    if config.prioritized:
        return PrioritizedMemory(*shape, *drawn_by, alpha=alpha)
    return TransitionMemory(*shape, *drawn_by)
