"""Observations of any supported space as one array, and as the float features a network takes."""

from __future__ import annotations

import math
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from gymnasium import spaces
from torch import Tensor, nn

from ...registry.errors import InvalidArgumentError
from ..spaces import tokens_in


class ObservationEncoder:
    """Turns batches of observations into arrays that the replay memory holds.

    Box, Discrete, MultiDiscrete and MultiBinary observations are kept as they are, floats in single
    precision. The parts of a Dict or Tuple become one row of features; a part named "action_mask"
    is left out, since masks travel by themselves.

    Args:
        space: The space of a single observation.

    Attributes:
        shape: The shape of one encoded observation.
        dtype: Its dtype.

    Raises:
        InvalidArgumentError: If the agent can't use the space.
    """

    def __init__(self, space: gymnasium.Space[Any]) -> None:
        self.space = space
        self.is_composite = isinstance(space, (spaces.Dict, spaces.Tuple))
        if self.is_composite:
            self.shape: tuple[int, ...] = (_feature_count(space),)
            self.dtype: npt.DTypeLike = np.float32
        else:
            _feature_count(space)
            self.shape = space.shape or ()
            is_float = space.dtype is not None and np.issubdtype(space.dtype, np.floating)
            self.dtype = np.float32 if is_float or space.dtype is None else space.dtype

    def encode(self, observations: Any) -> npt.NDArray[Any]:
        """Return n observations, batched as a vector environment batches them, as `(n, *shape)`.

        The array is new, since an environment may write its next observation over the last one.
        """
        if self.is_composite:
            return _features(self.space, observations)
        return np.array(observations, dtype=self.dtype)


class Features(nn.Module):
    """Float features of encoded observations: `(B, *shape)` in, `(B, D) float32` out.

    Discrete values and tokens become one-hot, bytes are scaled to [0, 1], all else is taken as it
    is.

    Args:
        space: The space of a single observation.
    """

    def __init__(self, space: gymnasium.Space[Any]) -> None:
        super().__init__()
        self.space = space
        self.size = _feature_count(space)
        self.is_identity = isinstance(space, (spaces.Dict, spaces.Tuple)) or (
            isinstance(space, spaces.Box)
            and len(space.shape) == 1
            and np.issubdtype(space.dtype, np.floating)
        )

    def forward(self, observations: Tensor) -> Tensor:
        """Return the features."""
        if self.is_identity:
            return observations
        if isinstance(self.space, spaces.Discrete):
            return F.one_hot(observations - int(self.space.start), int(self.space.n)).float()
        if isinstance(self.space, spaces.MultiDiscrete):
            values = observations.flatten(1).unbind(1)
            widths = self.space.nvec.flatten().tolist()
            starts = self.space.start.flatten().tolist()
            columns = zip(values, starts, widths, strict=True)
            return torch.cat([F.one_hot(v - start, w).float() for v, start, w in columns], dim=1)
        if (vocabulary_size := tokens_in(self.space)) is not None:
            return F.one_hot(observations, vocabulary_size).flatten(1).float()
        features = observations.reshape(len(observations), -1).float()
        if observations.dtype == torch.uint8 and isinstance(self.space, spaces.Box):
            return features / 255
        return features


def _feature_count(space: gymnasium.Space[Any]) -> int:
    if isinstance(space, (spaces.Dict, spaces.Tuple)):
        return sum(_feature_count(part) for part in _parts(space).values())
    if isinstance(space, spaces.Discrete):
        return int(space.n)
    if isinstance(space, spaces.MultiDiscrete):
        return int(space.nvec.sum())
    if (vocabulary_size := tokens_in(space)) is not None:
        return _length(space) * vocabulary_size
    if isinstance(space, (spaces.Box, spaces.MultiBinary)):
        return _length(space)
    raise InvalidArgumentError(
        f"dqn can't use the observation space {space}; it takes Box, Discrete, MultiDiscrete, "
        "MultiBinary, and Dict or Tuple of these: wrap the environment to observe one of them."
    )


def _length(space: gymnasium.Space[Any]) -> int:
    return math.prod(space.shape or ())


def _parts(space: spaces.Dict | spaces.Tuple[Any]) -> dict[Any, gymnasium.Space[Any]]:
    if isinstance(space, spaces.Dict):
        return {key: part for key, part in space.spaces.items() if key != "action_mask"}
    return dict(enumerate(space.spaces))


def _features(space: gymnasium.Space[Any], observations: Any) -> npt.NDArray[np.float32]:
    if isinstance(space, (spaces.Dict, spaces.Tuple)):
        parts = [_features(part, observations[key]) for key, part in _parts(space).items()]
        return np.concatenate(parts, axis=1)
    with torch.no_grad():
        features: npt.NDArray[np.float32] = (
            Features(space)(torch.from_numpy(np.array(observations))).float().numpy()
        )
    return features


def batch_of_one(observation: Any) -> Any:
    """Return one observation as a batch of one, part by part."""
    if isinstance(observation, dict):
        return {key: batch_of_one(part) for key, part in observation.items()}
    if isinstance(observation, tuple):
        return tuple(batch_of_one(part) for part in observation)
    return np.asarray(observation)[None]
