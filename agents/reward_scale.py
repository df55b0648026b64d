"""By how much an agent scales the rewards that it learns from; reported returns stay unscaled."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from ..registry.errors import EnvironmentFaultError, InvalidArgumentError


def resolve_reward_scale(reward_scale: float | str, env: Any) -> float:
    """Return the factor that `reward_scale` stands for on an environment.

    "auto" brings one-step rewards into [-1, 1]: 1 / max(|low|, |high|) of the `reward_bounds` that
    `env.unwrapped` declares, a pair of the smallest and the largest reward of one step, and 1.0 if
    it declares none. A wrapper that changes rewards goes unseen: then pass a number.

    Args:
        reward_scale: A positive number, or "auto".
        env: A Gymnasium environment, a Gymnasium vector environment or a Stable-Baselines3 one.

    Raises:
        InvalidArgumentError: If `reward_scale` is neither.
        EnvironmentFaultError: If the declared bounds are not an ordered pair of finite numbers.
    """
    if reward_scale != "auto":
        if isinstance(reward_scale, str) or not 0 < reward_scale < math.inf:
            raise InvalidArgumentError(
                f"reward_scale must be a positive number or 'auto', got {reward_scale!r}."
            )
        return float(reward_scale)
    bounds = _declared_bounds(env)
    if bounds is None:
        return 1.0
    low, high = bounds[:, 0].min(), bounds[:, 1].max()
    if not -math.inf < low <= high < math.inf:
        raise EnvironmentFaultError(
            f"the environment declares reward_bounds ({low}, {high}): they must be finite, the "
            "smaller first; or pass reward_scale as a number."
        )
    return 1.0 / (float(max(abs(low), abs(high))) or 1.0)


def _declared_bounds(env: Any) -> npt.NDArray[np.float64] | None:
    """Return `(n, 2)`, a row for each environment that has bounds of its own, or None."""
    if hasattr(env.unwrapped, "reward_bounds"):
        return np.array([env.unwrapped.reward_bounds], dtype=np.float64)
    # Separate environments are asked through their vector, and first whether there is such a thing,
    # since a worker process dies of the question for an attribute that it lacks.
    if hasattr(env, "env_method"):
        found = all(env.env_method("has_wrapper_attr", "reward_bounds"))
        return np.array(env.get_attr("reward_bounds"), dtype=np.float64) if found else None
    if hasattr(env.unwrapped, "call"):
        found = all(env.unwrapped.call("has_wrapper_attr", "reward_bounds"))
        bounds = env.unwrapped.call("reward_bounds") if found else None
        return None if bounds is None else np.array(bounds, dtype=np.float64)
    return None
