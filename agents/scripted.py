"""Agents that learn nothing and bound those that do: random play and the environment's oracle."""

# ruff: noqa: ARG002 - the protocol's arguments, not all of which mean something here.

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, Self

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.vector import VectorEnv

from ..registry.checkpoint import fitting, read_config
from ..registry.errors import InvalidArgumentError
from .batches import batch_size, legal_actions, movers, sample_legal
from .callbacks import as_callback
from .spaces import Spaces, environment_spec_json

Environment = gymnasium.Env[Any, Any] | VectorEnv[Any, Any, Any]


class RandomAgent:
    """Draws actions uniformly, from the legal ones where masks are passed.

    `deterministic` has no effect: a random agent that repeats one action is another agent.

    Args:
        env: A single or vector environment, or anything else with its spaces.
        seed: The seed of the agent's own generator; None takes one from the operating system.

    Attributes:
        num_timesteps: The steps that `learn` was asked for.
    """

    name = "random"

    def __init__(self, env: Environment | Spaces, *, seed: int | None = None) -> None:
        self.seed = seed
        self.num_timesteps = 0
        self.spaces = Spaces.of(env)
        self._environment = environment_spec_json(env)
        # A copy, so that drawing from it leaves the environment's own space alone.
        self._action_space = deepcopy(self.spaces.action_space)
        self._action_space.seed(seed)

    @classmethod
    def hyperparameters(cls) -> dict[str, Any]:
        """Return each hyperparameter with its default."""
        return {"seed": None}

    @property
    def config(self) -> dict[str, Any]:
        """What a checkpoint's `config.json` holds."""
        return {
            "agent": self.name,
            "hyperparameters": {"seed": self.seed},
            "environment": self._environment,
            **self.spaces.to_json(),
            "num_timesteps": self.num_timesteps,
            "generator": self._action_space.np_random.bit_generator.state,
        }

    def predict(
        self,
        observation: Any,
        state: Any = None,
        episode_start: Any = None,
        deterministic: bool = False,
        action_masks: Any = None,
    ) -> tuple[Any, Any]:
        """Draw an action, or n of them; see `Agent.predict`."""
        size = batch_size(observation, self.spaces.observation_space)
        return _draw(self._action_space, size, action_masks), state

    def learn(self, total_timesteps: int, callback: Any = None, progress_bar: bool = False) -> Self:
        """Count the steps and call the callback once, but play none: nothing is learnt."""
        count_timesteps(self, total_timesteps, callback)
        return self

    def save(self, path: str | Path) -> None:
        """Write a checkpoint; what is loaded from it draws on where this agent stands.

        A composed action space (Dict, Tuple) is drawn from anew.
        """
        _write(path, self.config)

    @classmethod
    def load(cls, path: str | Path, env: Environment | None = None) -> Self:
        """Read a checkpoint; `env` isn't needed, but if given must have the same spaces."""
        config = read_config(path, cls.name)
        given = None if env is None else Spaces.of(env)
        with fitting(path):
            saved = Spaces.from_json(config)
            if given is not None:
                saved.require(given, path)
            agent = cls(saved, **config["hyperparameters"])
            agent._environment = config["environment"]
            agent.num_timesteps = int(config["num_timesteps"])
            agent._action_space.np_random.bit_generator.state = config["generator"]
        return agent


class OracleAgent:
    """Plays what the environment's `oracle_action()` says: the best there is, to compare with.

    It reads the environment, not the observation, so it must play the one it was made with.

    Args:
        env: A single or vector environment whose `unwrapped` has `oracle_action()`, or a vector of
            such environments.

    Attributes:
        num_timesteps: The steps that `learn` was asked for.

    Raises:
        InvalidArgumentError: If the environment has no `oracle_action()`.
    """

    name = "oracle"

    def __init__(self, env: Environment) -> None:
        self.env = env
        self.num_timesteps = 0
        unwrapped: Any = env.unwrapped
        self._asks_each = not hasattr(unwrapped, "oracle_action") and hasattr(unwrapped, "call")
        if not (
            all(unwrapped.call("has_wrapper_attr", "oracle_action"))
            if self._asks_each
            else hasattr(unwrapped, "oracle_action")
        ):
            raise InvalidArgumentError(
                f"the environment {unwrapped} has no oracle_action(): add the method, or choose "
                "another agent."
            )

    @classmethod
    def hyperparameters(cls) -> dict[str, Any]:
        """Return each hyperparameter with its default: there is none."""
        return {}

    @property
    def config(self) -> dict[str, Any]:
        """What a checkpoint's `config.json` holds."""
        return {
            "agent": self.name,
            "hyperparameters": {},
            "environment": environment_spec_json(self.env),
            "num_timesteps": self.num_timesteps,
        }

    def predict(
        self,
        observation: Any,
        state: Any = None,
        episode_start: Any = None,
        deterministic: bool = False,
        action_masks: Any = None,
    ) -> tuple[Any, Any]:
        """Ask the environment; the oracle's actions are legal, so masks change nothing.

        Raises:
            InvalidArgumentError: If there are not as many observations as environments.
        """
        size = batch_size(observation, Spaces.of(self.env).observation_space)
        unwrapped: Any = self.env.unwrapped
        answer = unwrapped.call("oracle_action") if self._asks_each else unwrapped.oracle_action()
        if isinstance(answer, dict):
            # The players of a game.
            return answer, state
        actions = np.atleast_1d(np.asarray(answer, dtype=np.int64))
        if len(actions) != (size or 1):
            raise InvalidArgumentError(
                f"the oracle of {len(actions)} environments can't answer {size or 1} observations: "
                "make the agent with the environment it plays."
            )
        return (int(actions[0]) if size is None else actions), state

    def learn(self, total_timesteps: int, callback: Any = None, progress_bar: bool = False) -> Self:
        """Count the steps and call the callback once, but play none: nothing is learnt."""
        count_timesteps(self, total_timesteps, callback)
        return self

    def save(self, path: str | Path) -> None:
        """Write a checkpoint, which holds no more than the agent's name."""
        _write(path, self.config)

    @classmethod
    def load(cls, path: str | Path, env: Environment | None = None) -> Self:
        """Read a checkpoint.

        Raises:
            InvalidArgumentError: If `env` is missing, since it is the one who knows.
        """
        config = read_config(path, cls.name)
        if env is None:
            raise InvalidArgumentError(
                f"the oracle in {str(path)!r} asks its environment: pass env to load."
            )
        agent = cls(env)
        with fitting(path):
            agent.num_timesteps = int(config["num_timesteps"])
        return agent


def _draw(space: spaces.Space[Any], size: int | None, masks: Any) -> Any:
    """Draw one action, or n of them, from those that a mask leaves, or each by its own mask."""
    if isinstance(space, spaces.Dict) and isinstance(masks, Mapping):
        drawn = {}
        for player, part in space.items():
            mask = masks.get(player)
            drawn[player] = _draw(part, size, None if mask is None else movers(mask)[1])
        return drawn
    if not isinstance(space, spaces.Discrete):
        if masks is not None:
            raise InvalidArgumentError(
                f"action_masks are for Discrete actions, not for {space}: leave them out."
            )
        if size is None:
            return space.sample()
        return np.stack([space.sample() for _ in range(size)])
    if masks is None:
        actions = space.np_random.integers(int(space.n), size=size or 1)
    else:
        legal = legal_actions(masks, size or 1, int(space.n))
        actions = sample_legal(legal, space.np_random)
    actions += int(space.start)
    return int(actions[0]) if size is None else actions


def count_timesteps(agent: Any, total_timesteps: int, callback: Any) -> None:
    """Be the `learn` of an agent that learns nothing: count the steps, and call the callback."""
    hooks = as_callback(callback)
    hooks.on_training_start(agent)
    agent.num_timesteps += total_timesteps
    hooks.on_step(agent)
    hooks.on_training_end(agent)


def _write(path: str | Path, config: dict[str, Any]) -> None:
    # Imported here because it imports torch, which playing doesn't need.
    from .checkpoint import write_checkpoint

    write_checkpoint(path, config, {})
