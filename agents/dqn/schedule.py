"""Quantities that change over the training."""

from __future__ import annotations

from .config import DQNConfig


def epsilon(config: DQNConfig, progress: float) -> float:
    """Return the probability of a random action after `progress`, in [0, 1], of the training."""
    if progress >= config.exploration_fraction:
        return config.exploration_final_eps
    fallen = progress / config.exploration_fraction
    initial, final = config.exploration_initial_eps, config.exploration_final_eps
    return initial + fallen * (final - initial)


def learning_rate(config: DQNConfig, progress: float, initial: float | None = None) -> float:
    """Return Adam's step size: it falls linearly to 0 where that is asked for.

    Args:
        config: The hyperparameters.
        progress: The part of the training that is done.
        initial: The step size at its start; None is the configured one.
    """
    initial = config.learning_rate if initial is None else initial
    return initial * (1 - progress if config.learning_rate_decay else 1)


def beta(config: DQNConfig, progress: float) -> float:
    """Return the exponent of the importance weights: it rises to 1 at the end."""
    return config.prioritized_beta + progress * (1 - config.prioritized_beta)
