"""Environments behind DeepMind's interface: time steps, discounts and specs."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

from ...registry.errors import InvalidArgumentError
from ...registry.requirements import require
from .masked_observations import MaskedObservations

require("dm_env", "adapt(env, to='dm_env')", "lexigym[integrations]")

import dm_env  # noqa: E402, after the error that tells how to install it
from dm_env import specs  # noqa: E402


def adapt(
    env: gymnasium.Env[Any, Any], *, action_mask: bool = False, seed: int | None = None
) -> DmEnvironment:
    """Return a view of an environment as a `dm_env.Environment`.

    Args:
        env: A single environment.
        action_mask: Whether observations are a dict of `observation`, as they were, and
            `action_mask`, `(A,) bool`, true where an action is legal.
        seed: The seed of the first episode; the others follow from it. None draws one.

    Returns:
        The view. Its discount is 0 where an episode is terminated and 1 elsewhere, also where it is
        truncated: an agent multiplies it by its own.

    Raises:
        InvalidArgumentError: If it isn't a single environment, a space has no spec, or there are no
            `Discrete` actions to mask.
        MissingDependencyError: If dm_env is not installed.
    """
    if not isinstance(env, gymnasium.Env):
        raise InvalidArgumentError(
            f"env must be a single Gymnasium Env, got {env!r}: make one with gymnasium.make."
        )
    shown = MaskedObservations(env, "observation", "action_mask") if action_mask else env
    return DmEnvironment(shown, seed)


class DmEnvironment(dm_env.Environment):  # type: ignore[misc]  # dm_env has no type stubs.
    """An environment of Gymnasium as one of dm_env; see `adapt`.

    Attributes:
        env: The environment of Gymnasium.
    """

    def __init__(self, env: gymnasium.Env[Any, Any], seed: int | None) -> None:
        self.env = env
        self._seed = seed
        self._observation_spec = _spec(env.observation_space, "observation")
        self._action_spec = _spec(env.action_space, "action")
        self._running = False

    def reset(self) -> dm_env.TimeStep:
        """Begin an episode."""
        observation, _ = self.env.reset(seed=self._seed)
        self._seed, self._running = None, True
        return dm_env.restart(observation)

    def step(self, action: Any) -> dm_env.TimeStep:
        """Step; after an episode's end, and before the first, begin one and ignore the action."""
        if not self._running:
            return self.reset()
        observation, reward, terminated, truncated, _ = self.env.step(action)
        self._running = not (terminated or truncated)
        if terminated:
            return dm_env.termination(float(reward), observation)
        if truncated:
            return dm_env.truncation(float(reward), observation)
        return dm_env.transition(float(reward), observation)

    def observation_spec(self) -> Any:
        """Return the spec of an observation, nested as the observation is."""
        return self._observation_spec

    def action_spec(self) -> Any:
        """Return the spec of an action."""
        return self._action_spec

    def close(self) -> None:
        """Close the environment."""
        self.env.close()


def _spec(space: gymnasium.Space[Any], name: str) -> Any:
    """Return the spec of a space; of a space with parts, as many specs, nested as they are."""
    match space:
        case spaces.Box():
            return specs.BoundedArray(space.shape, space.dtype, space.low, space.high, name)
        case spaces.Discrete() if space.start == 0:
            return specs.DiscreteArray(int(space.n), space.dtype, name)
        case spaces.Discrete():
            return specs.BoundedArray((), space.dtype, space.start, space.start + space.n - 1, name)
        case spaces.MultiDiscrete():
            last = space.start + space.nvec - 1
            return specs.BoundedArray(space.shape, space.dtype, space.start, last, name)
        case spaces.MultiBinary():
            return specs.BoundedArray(space.shape, np.int8, 0, 1, name)
        case spaces.Text():
            return specs.StringArray((), name=name)
        case spaces.Dict():
            return {key: _spec(part, key) for key, part in space.items()}
        case spaces.Tuple():
            return tuple(_spec(part, f"{name}_{index}") for index, part in enumerate(space))
    raise InvalidArgumentError(
        f"dm_env has no spec for {space}: encode the environment's {name}s as numbers."
    )
