"""Environments watched while they are played: what breaks Gymnasium's contract is told in one line.

Where an environment keeps it, nothing else changes: spaces, spec, `unwrapped` and results are the
same with and without. What neither agent nor environment would notice, a number outside of its
space or a reward that is NaN, would otherwise be learned from.
"""

from __future__ import annotations

import math
from collections.abc import MutableSequence
from typing import Any, NoReturn

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.envs.registration import EnvSpec
from gymnasium.vector import SyncVectorEnv, VectorEnv, VectorWrapper
from gymnasium.wrappers import OrderEnforcing, PassiveEnvChecker, TimeLimit

from ..registry.errors import EnvironmentFaultError, shortened
from .membership import membership, misfit

Environment = gymnasium.Env[Any, Any] | VectorEnv[Any, Any, Any]

# What `gymnasium.make` puts around an environment, and what trips over its faults in other words.
OF_GYMNASIUM = (TimeLimit, OrderEnforcing, PassiveEnvChecker)
FLAGS = (bool, np.bool_)
FINITE = "rewards must be finite numbers: mend its reward, or wrap it to replace the value"


def guarded(env: Environment, name: str, place: MutableSequence[int] | None = None) -> Environment:
    """Return an environment that raises an `EnvironmentFaultError` once it breaks its contract.

    Args:
        env: A single environment, or a vector.
        name: What the errors call it.
        place: Its first item is kept at the step of the episode that is next, and 0 in a reset.
            Whoever shares it can tell where an environment hangs that is a single one.
    """
    if isinstance(env, SyncVectorEnv):
        # What its environments return is mixed before it could be seen from outside.
        env.envs = [_guarded_single(each, name, None) for each in env.envs]
        return env
    if isinstance(env, VectorEnv):
        return VectorGuard(env, name)
    return _guarded_single(env, name, place)


def _guarded_single(
    env: gymnasium.Env[Any, Any], name: str, place: MutableSequence[int] | None
) -> gymnasium.Env[Any, Any]:
    outer, inner = None, env
    while isinstance(inner, OF_GYMNASIUM):
        outer, inner = inner, inner.env
    guard = Guard(inner, name, [0] if place is None else place)
    if outer is None:
        return guard
    outer.env = guard
    return env


class Guard(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Checks what a single environment returns; see `guarded`."""

    def __init__(
        self, env: gymnasium.Env[Any, Any], name: str, place: MutableSequence[int]
    ) -> None:
        super().__init__(env)
        self._name, self._place = name, place
        self._step = 0
        self._fits = membership(env.observation_space)
        discrete = isinstance(env.action_space, spaces.Discrete)
        self._mask_shape = (int(env.action_space.n),) if discrete else None  # type: ignore[attr-defined]

    @property
    def spec(self) -> EnvSpec | None:  # type: ignore[override]
        """The spec of the environment, which tells nothing of this wrapper."""
        return self.env.spec

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        """Reset, and check what is returned."""
        self._step = self._place[0] = 0
        result: Any = self.env.reset(seed=seed, options=options)
        if not isinstance(result, tuple) or len(result) != 2:
            self._raise(f"returned {_told(result)}", "the pair (observation, info) is due")
        self._check(*result)
        self._step = self._place[0] = 1
        return result

    def step(self, action: Any) -> Any:
        """Step, and check what is returned."""
        result: Any = self.env.step(action)
        if not isinstance(result, tuple) or len(result) != 5:
            self._raise(
                f"returned {_told(result)}",
                "the five (observation, reward, terminated, truncated, info) are due",
            )
        observation, reward, terminated, truncated, info = result
        try:
            finite = math.isfinite(reward)
        except (TypeError, ValueError, OverflowError):
            finite = False
        if not finite:
            self._raise(f"paid a reward of {_value(reward)}", FINITE)
        if type(terminated) not in FLAGS or type(truncated) not in FLAGS:
            self._raise(
                f"returned terminated={_value(terminated)}, truncated={_value(truncated)}",
                "both must be True or False",
            )
        self._check(observation, info)
        self._step += 1
        self._place[0] = self._step
        return result

    def _check(self, observation: Any, info: Any) -> None:
        if not self._fits(observation):
            why = misfit(self.observation_space, observation)
            self._raise(f"returned an observation that {why}", "it must be of the space")
        if not isinstance(info, dict):
            self._raise(f"returned an info of type {type(info).__name__}", "a dict is due")
        mask = info.get("action_mask")
        if mask is not None and self._mask_shape is not None:
            shape = np.shape(mask)
            if shape != self._mask_shape:
                self._raise(
                    f"gave an action mask of shape {shape}",
                    f"it must have shape {self._mask_shape}, an entry for each action",
                )
            if not np.count_nonzero(mask):
                self._raise("gave an action mask that allows nothing", "one action must be legal")

    def _raise(self, fault: str, due: str) -> NoReturn:
        where = f"step {self._step}" if self._step else "reset"
        raise EnvironmentFaultError(f"the environment {self._name!r} {fault} in {where}: {due}.")


class VectorGuard(VectorWrapper[Any, Any, Any, Any, Any]):
    """Checks what an environment's own vector form returns; see `guarded`."""

    def __init__(self, env: VectorEnv[Any, Any, Any], name: str) -> None:
        super().__init__(env)
        self._name = name
        self._step = 0
        self._fits = membership(env.observation_space)
        space = env.single_action_space
        discrete = isinstance(space, spaces.Discrete)
        self._mask_shape = (env.num_envs, int(space.n)) if discrete else None  # type: ignore[attr-defined]

    def __getattr__(self, name: str) -> Any:
        """Return what else the vector has, such as `call`."""
        # Copies and pickles ask before there is a vector.
        if name.startswith("_") or name == "env":
            raise AttributeError(name)
        return getattr(self.env, name)

    def reset(self, *, seed: Any = None, options: dict[str, Any] | None = None) -> Any:
        """Reset, and check what is returned."""
        result: Any = self.env.reset(seed=seed, options=options)
        if not isinstance(result, tuple) or len(result) != 2:
            self._raise(f"returned {_told(result)} in reset", "(observations, infos) are due")
        self._check(*result, "reset")
        return result

    def step(self, actions: Any) -> Any:
        """Step, and check what is returned."""
        self._step += 1
        where = f"step {self._step}"
        result: Any = self.env.step(actions)
        if not isinstance(result, tuple) or len(result) != 5:
            self._raise(
                f"returned {_told(result)} in {where}",
                "the five (observations, rewards, terminations, truncations, infos) are due",
            )
        observations, rewards, *flags, infos = result
        self._check_rewards(rewards, where)
        for name, flag in zip(("terminations", "truncations"), flags, strict=True):
            shape, dtype = np.shape(flag), getattr(flag, "dtype", type(flag).__name__)
            if shape != (self.num_envs,) or dtype != np.bool_:
                self._raise(
                    f"returned {name} of shape {shape} and dtype {dtype} in {where}",
                    f"they must be {self.num_envs} times True or False",
                )
        self._check(observations, infos, where)
        return result

    def _check_rewards(self, rewards: Any, where: str) -> None:
        if np.shape(rewards) != (self.num_envs,):
            self._raise(
                f"paid rewards of shape {np.shape(rewards)} in {where}",
                f"they must have shape ({self.num_envs},)",
            )
        try:
            finite = np.isfinite(rewards)
        except TypeError:
            self._raise(f"paid rewards of {_value(rewards)} in {where}", FINITE)
        if np.count_nonzero(finite) != self.num_envs:
            index = int(np.argmin(finite))
            self._raise(
                f"paid a reward of {rewards[index]} in {where} of environment {index}", FINITE
            )

    def _check(self, observations: Any, infos: Any, where: str) -> None:
        if not self._fits(observations):
            why = misfit(self.observation_space, observations)
            self._raise(
                f"returned a batch of observations in {where} that {why}", "it must be of the space"
            )
        if not isinstance(infos, dict):
            self._raise(
                f"returned infos of type {type(infos).__name__} in {where}", "a dict is due"
            )
        masks = infos.get("action_mask")
        if masks is not None and self._mask_shape is not None:
            if np.shape(masks) != self._mask_shape:
                self._raise(
                    f"gave action masks of shape {np.shape(masks)} in {where}",
                    f"they must have shape {self._mask_shape}",
                )
            legal = np.any(masks, axis=1) | ~np.asarray(infos.get("_action_mask", True), bool)
            if not legal.all():
                index = int(np.argmin(legal))
                self._raise(
                    f"gave an action mask that allows nothing in {where} of environment {index}",
                    "one action must be legal",
                )

    def _raise(self, fault: str, due: str) -> NoReturn:
        vector = f"the vector of {self.num_envs} environments {self._name!r}"
        raise EnvironmentFaultError(f"{vector} {fault}: {due}.")


def _value(value: Any) -> str:
    return str(value) if isinstance(value, (float, np.floating)) else shortened(value)


def _told(result: Any) -> str:
    if isinstance(result, tuple):
        return f"{len(result)} values"
    return f"{shortened(result)} of type {type(result).__name__}"
