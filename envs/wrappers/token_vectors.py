"""Token ids as vectors, for agents that take numbers only: one-hot, or from an embedding table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from gymnasium.utils import RecordConstructorArgs
from gymnasium.vector import VectorEnv, VectorWrapper
from gymnasium.vector.utils import batch_space

from ...registry.errors import InvalidArgumentError
from .token_spaces import require_vocabulary_size, token_keys

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]


class OneHotTokens(gymnasium.ObservationWrapper[Any, Any, Any], RecordConstructorArgs):
    """Token observations `(L,) int64` become `(L, V) float32` in {0, 1}, one 1 in each row.

    In `Dict` observations each entry of tokens does, `tokens` and `prompt`; the others stay. The
    bounds of the new `Box` are 0 and 1.

    Args:
        env: An environment with token observations.

    Raises:
        InvalidArgumentError: If there are no tokens in its observations.
    """

    def __init__(self, env: gymnasium.Env[Any, Any]) -> None:
        RecordConstructorArgs.__init__(self)
        super().__init__(env)
        size = require_vocabulary_size("OneHotTokens", env.observation_space)
        self._encoder = _Encoder(env.observation_space, _OneHot(size))
        self.observation_space = self._encoder.space

    def observation(self, observation: Any) -> Any:
        """Return the observation with vectors in place of ids."""
        return self._encoder.encode(observation)


class OneHotTokensVector(VectorWrapper):
    """`OneHotTokens` of a vector environment: `(n, L) int64` become `(n, L, V) float32`.

    So do the last observations in `infos["final_obs"]`, which there are in SAME_STEP mode; the
    other two modes show them as observations.

    Args:
        env: A vector environment with token observations.

    Raises:
        InvalidArgumentError: If there are no tokens in its observations.
    """

    def __init__(self, env: VectorEnv[Any, Any, Any]) -> None:
        super().__init__(env)
        space = env.single_observation_space
        size = require_vocabulary_size("OneHotTokensVector", space)
        self._encoder = _Encoder(space, _OneHot(size))
        self.single_observation_space = self._encoder.space
        self.observation_space = batch_space(self._encoder.space, self.num_envs)

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Any, dict[str, Any]]:
        """Reset, and return vectors in place of ids."""
        observations, infos = self.env.reset(seed=seed, options=options)  # type: ignore[arg-type]
        return self._encoder.encode(observations), infos

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Step, and return vectors in place of ids."""
        observations, rewards, terminated, truncated, infos = self.env.step(actions)
        encoded = self._encoder.encode(observations)
        return encoded, rewards, terminated, truncated, self._encoder.encode_final(infos)


class EmbeddedTokens(gymnasium.ObservationWrapper[Any, Any, Any], RecordConstructorArgs):
    """Token observations `(L,) int64` become `(L, D) float32`, the rows of a table.

    In `Dict` observations each entry of tokens does, `tokens` and `prompt`; the others stay. The
    bounds of the new `Box` are those of the table's columns.

    Args:
        env: An environment with token observations.
        table: `(V, D)`, a vector for each token, such as a language model's input embeddings; it is
            copied to float32. Row 0 stands for padding.

    Raises:
        InvalidArgumentError: If there are no tokens in the observations, or the table is not one
            of V rows of finite numbers.
    """

    def __init__(self, env: gymnasium.Env[Any, Any], table: npt.ArrayLike) -> None:
        RecordConstructorArgs.__init__(self, table=table)
        super().__init__(env)
        size = require_vocabulary_size("EmbeddedTokens", env.observation_space)
        self._encoder = _Encoder(env.observation_space, _Table(table, size))
        self.observation_space = self._encoder.space

    def observation(self, observation: Any) -> Any:
        """Return the observation with vectors in place of ids."""
        return self._encoder.encode(observation)


class EmbeddedTokensVector(VectorWrapper):
    """`EmbeddedTokens` of a vector environment: `(n, L) int64` become `(n, L, D) float32`.

    So do the last observations in `infos["final_obs"]`, which there are in SAME_STEP mode; the
    other two modes show them as observations.

    Args:
        env: A vector environment with token observations.
        table: `(V, D)`; see `EmbeddedTokens`.

    Raises:
        InvalidArgumentError: If there are no tokens in the observations, or the table is not one
            of V rows of finite numbers.
    """

    def __init__(self, env: VectorEnv[Any, Any, Any], table: npt.ArrayLike) -> None:
        super().__init__(env)
        space = env.single_observation_space
        size = require_vocabulary_size("EmbeddedTokensVector", space)
        self._encoder = _Encoder(space, _Table(table, size))
        self.single_observation_space = self._encoder.space
        self.observation_space = batch_space(self._encoder.space, self.num_envs)

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Any, dict[str, Any]]:
        """Reset, and return vectors in place of ids."""
        observations, infos = self.env.reset(seed=seed, options=options)  # type: ignore[arg-type]
        return self._encoder.encode(observations), infos

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Step, and return vectors in place of ids."""
        observations, rewards, terminated, truncated, infos = self.env.step(actions)
        encoded = self._encoder.encode(observations)
        return encoded, rewards, terminated, truncated, self._encoder.encode_final(infos)


class _Vectors(Protocol):
    """A vector of D numbers for each token, its entries from `low` to `high`, both `(D,)`."""

    low: Floats
    high: Floats

    def of(self, tokens: Integers) -> Floats:
        """Return the vectors of tokens, `(..., L)` to `(..., L, D)`."""
        ...


class _OneHot:
    def __init__(self, size: int) -> None:
        self.low = np.zeros(size, np.float32)
        self.high = np.ones(size, np.float32)

    def of(self, tokens: Integers) -> Floats:
        vectors = np.zeros((*tokens.shape, len(self.low)), np.float32)
        np.put_along_axis(vectors, tokens[..., None], 1, axis=-1)
        return vectors


class _Table:
    def __init__(self, table: npt.ArrayLike, size: int) -> None:
        try:
            self.rows: Floats = np.array(table, np.float32)
        except (TypeError, ValueError):
            self.rows = np.zeros(0, np.float32)
        if self.rows.ndim != 2 or len(self.rows) != size or not self.rows.size:
            raise InvalidArgumentError(
                f"table must be an array of shape ({size}, D), a vector for each token, got shape "
                f"{np.shape(table) if hasattr(table, 'shape') else type(table).__name__}."
            )
        wrong = np.flatnonzero(~np.isfinite(self.rows).all(axis=1))
        if len(wrong):
            raise InvalidArgumentError(
                f"table must hold finite float32 numbers, got {self.rows[wrong[0]]} for token "
                f"{wrong[0]}: replace what is missing."
            )
        self.low, self.high = self.rows.min(axis=0), self.rows.max(axis=0)

    def of(self, tokens: Integers) -> Floats:
        return self.rows[tokens]


class _Encoder:
    """Puts vectors in the place of tokens, in one observation or a batch."""

    def __init__(self, space: gymnasium.Space[Any], vectors: _Vectors) -> None:
        self._vectors = vectors
        self._keys = token_keys(space)
        if isinstance(space, spaces.Dict):
            parts = [
                (key, self._box(part) if key in self._keys else part) for key, part in space.items()
            ]
            self.space: gymnasium.Space[Any] = spaces.Dict(parts)
        else:
            self.space = self._box(space)

    def _box(self, tokens: gymnasium.Space[Any]) -> spaces.Box:
        assert tokens.shape is not None
        shape = (*tokens.shape, len(self._vectors.low))
        low, high = (
            np.broadcast_to(each, shape) for each in (self._vectors.low, self._vectors.high)
        )
        return spaces.Box(low, high, shape, np.float32)

    def encode(self, observation: Any) -> Any:
        if not self._keys:
            return self._vectors.of(observation)
        return {
            key: self._vectors.of(part) if key in self._keys else part
            for key, part in observation.items()
        }

    def encode_final(self, infos: dict[str, Any]) -> dict[str, Any]:
        """Return infos whose last observations are encoded; others are returned as they are."""
        if "final_obs" not in infos:
            return infos
        final = np.full_like(infos["final_obs"], None)
        for env, observation in enumerate(infos["final_obs"]):
            if observation is not None:
                final[env] = self.encode(observation)
        return {**infos, "final_obs": final}
