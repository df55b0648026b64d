"""One-hot tokens by name, of a single environment or a vector."""

from __future__ import annotations

from typing import Any

import gymnasium
from gymnasium.vector import VectorEnv

from .token_vectors import OneHotTokens, OneHotTokensVector


def adapt(
    env: gymnasium.Env[Any, Any] | VectorEnv[Any, Any, Any],
) -> OneHotTokens | OneHotTokensVector:
    """Return an environment whose tokens are vectors with a single one, for networks of numbers.

    Args:
        env: A single environment or a vector with token observations, `(L,) int64`.

    Returns:
        `OneHotTokens`, or `OneHotTokensVector` of a vector: observations of shape `(L, V) float32`.

    Raises:
        InvalidArgumentError: If there are no tokens in its observations.
    """
    return OneHotTokensVector(env) if isinstance(env, VectorEnv) else OneHotTokens(env)
