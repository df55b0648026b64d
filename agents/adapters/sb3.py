"""Environments as Stable-Baselines3 and sb3-contrib take them."""

from __future__ import annotations

from typing import Any

import gymnasium
from gymnasium.vector import VectorEnv
from stable_baselines3.common.vec_env import VecMonitor

from ...registry.errors import InvalidArgumentError
from ..sb3_environments import GymnasiumVecEnv, InfoActionMasks


def adapt(
    env: gymnasium.Env[Any, Any] | VectorEnv[Any, Any, Any],
) -> gymnasium.Env[Any, Any] | VecMonitor:
    """Return an environment that Stable-Baselines3 learns on, with `action_masks()`.

    Only sb3-contrib's `MaskablePPO` asks for the masks; all other algorithms ignore them.

    Args:
        env: A single environment or a vector; one that resets an ended episode in the next step
            only if it is Gymnasium's own.

    Returns:
        A single environment as it is, but with `action_masks()`, `(A,) bool`, if it hasn't got it:
        it answers with the last `info["action_mask"]`. A vector as a `VecEnv` of
        Stable-Baselines3, monitored, which steps all environments in one call.

    Raises:
        InvalidArgumentError: If it is neither, or such a vector.
    """
    if isinstance(env, VectorEnv):
        return VecMonitor(GymnasiumVecEnv(env))
    if not isinstance(env, gymnasium.Env):
        raise InvalidArgumentError(
            f"env must be a Gymnasium Env or VectorEnv, got {env!r}: make one with gymnasium.make "
            "or gymnasium.make_vec."
        )
    return env if env.has_wrapper_attr("action_masks") else InfoActionMasks(env)
