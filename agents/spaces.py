"""What an agent knows of its environment without holding it: the spaces, and the id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.vector import VectorEnv

from ..registry.errors import CheckpointError, InvalidArgumentError, shortened
from .spaces_json import space_from_json, space_to_json


@dataclass(frozen=True)
class Spaces:
    """The spaces of a single environment, under the names that an environment has them by."""

    observation_space: gymnasium.Space[Any]
    action_space: gymnasium.Space[Any]

    @classmethod
    def of(cls, env: Any) -> Self:
        """Return the spaces of an environment, of one of them if it is a vector.

        Raises:
            InvalidArgumentError: If it has none.
        """
        if isinstance(env, VectorEnv):
            return cls(env.single_observation_space, env.single_action_space)
        if not hasattr(env, "observation_space"):
            raise InvalidArgumentError(
                f"{env!r} has no spaces: pass an environment, as gymnasium.make returns it."
            )
        return cls(env.observation_space, env.action_space)

    @property
    def vocabulary_size(self) -> int | None:
        """V where an observation is a sequence of the tokens that actions write; None elsewhere.

        That is a `Box(0, V - 1, (L,), int64)` beside V Discrete actions.
        """
        size, actions = tokens_in(self.observation_space), self.action_space
        writes = isinstance(actions, spaces.Discrete) and actions.start == 0 and actions.n == size
        return size if writes else None

    def to_json(self) -> dict[str, Any]:
        """Return both as plain JSON data; see `space_to_json`."""
        return {
            "observation_space": space_to_json(self.observation_space),
            "action_space": space_to_json(self.action_space),
        }

    @classmethod
    def from_json(cls, config: Mapping[str, Any]) -> Self:
        """Return what `to_json` wrote, found among other keys; see `space_from_json`."""
        return cls(
            space_from_json(config.get("observation_space")),
            space_from_json(config.get("action_space")),
        )

    def require(self, given: Spaces, path: str | Path) -> None:
        """Refuse an environment with other spaces than these, of a checkpoint.

        Raises:
            CheckpointError: If they are others.
        """
        if given != self:
            raise CheckpointError(
                f"{str(path)!r} is for the spaces {shortened(self)}, the environment has "
                f"{shortened(given)}: load it with the environment that it learned on."
            )


def tokens_in(space: gymnasium.Space[Any]) -> int | None:
    """Return V of a `Box(0, V - 1, (L,), int64)` with V >= 2, None for any other space."""
    if not isinstance(space, spaces.Box) or len(space.shape) != 1 or space.dtype != np.int64:
        return None
    highest = int(space.high[0])
    fits = (space.low == 0).all() and (space.high == highest).all() and highest >= 1
    return highest + 1 if fits else None


def environment_spec_json(env: Any) -> str | None:
    """Return the spec of an environment as Gymnasium writes it to JSON, None where it can't."""
    spec = getattr(env, "spec", None)
    try:
        return None if spec is None else str(spec.to_json())
    except (TypeError, ValueError):
        return None
