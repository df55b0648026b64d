"""Environments as Tianshou takes them: masks in the observation."""

from __future__ import annotations

from typing import Any

import gymnasium

from .masked_observations import MaskedObservations


def adapt(env: gymnasium.Env[Any, Any]) -> MaskedObservations:
    """Return an environment whose observations hold its action masks, as Tianshou reads them.

    Args:
        env: A single environment with A `Discrete` actions from 0 on. For several give
            `tianshou.env.DummyVectorEnv` or `SubprocVectorEnv` a function that adapts one.

    Returns:
        The same environment, with observations in a `Dict` of just `obs`, as they were, and `mask`,
        `(A,) bool`, true where an action is legal: from the info, else from `action_masks()`, else
        true everywhere.

    Raises:
        InvalidArgumentError: If it is a vector environment, or its actions are others.
    """
    return MaskedObservations(env, "obs", "mask")
