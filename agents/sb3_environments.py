"""Gymnasium environments as Stable-Baselines3 learns on them: vectors, masks, scaled rewards."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv, VectorEnv
from gymnasium.wrappers.vector import DictInfoToList
from stable_baselines3.common.env_util import is_wrapped
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv, VecEnv, VecEnvWrapper, VecMonitor

from ..registry.errors import InvalidArgumentError
from .protocol import require_finite_rewards
from .reward_scale import resolve_reward_scale


def learning_environment(env: Any, reward_scale: float | str, *, masked: bool) -> VecEnv:
    """Return a `VecEnv` that pays scaled rewards, over a monitor that reports unscaled returns.

    Args:
        env: A Gymnasium environment or vector environment, or a Stable-Baselines3 one, whose
            monitor is its maker's business.
        reward_scale: See `resolve_reward_scale`.
        masked: Whether the algorithm asks for `action_masks()`, which is then also found in
            `info["action_mask"]`.

    Raises:
        InvalidArgumentError: If it is none of these, or a vector that can't reset one environment
            at once.
    """
    if isinstance(env, VecEnv):
        venv = env
    elif isinstance(env, VectorEnv):
        venv = VecMonitor(GymnasiumVecEnv(env))
    elif isinstance(env, gymnasium.Env):
        monitored = env if is_wrapped(env, Monitor) else Monitor(env)
        if masked and not monitored.has_wrapper_attr("action_masks"):
            monitored = InfoActionMasks(monitored)
        venv = DummyVecEnv([lambda: monitored])
    else:
        raise InvalidArgumentError(
            f"env must be a Gymnasium Env or VectorEnv or a Stable-Baselines3 VecEnv, got {env!r}: "
            "make one with gymnasium.make or gymnasium.make_vec."
        )
    return LearningRewards(venv, resolve_reward_scale(reward_scale, env))


class LearningRewards(VecEnvWrapper):
    """Multiplies rewards by a factor, and refuses those that are not finite."""

    def __init__(self, venv: VecEnv, scale: float) -> None:
        super().__init__(venv)
        self.scale = scale

    def reset(self) -> Any:
        """Reset all environments."""
        return self.venv.reset()

    def step_wait(self) -> tuple[Any, npt.NDArray[np.floating[Any]], Any, Any]:
        """Return what the environments return, their rewards multiplied."""
        observations, rewards, dones, infos = self.venv.step_wait()
        # A sum that is finite has finite terms, and costs less than to look at each.
        if not math.isfinite(rewards.sum()):
            require_finite_rewards(rewards)
        return observations, rewards * self.scale, dones, infos


class InfoActionMasks(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Answers `action_masks()` with the last `info["action_mask"]`; all are legal without one."""

    def reset(self, **arguments: Any) -> tuple[Any, dict[str, Any]]:
        """Reset, and note the mask."""
        observation, self._info = self.env.reset(**arguments)
        return observation, self._info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Step, and note the mask."""
        observation, reward, terminated, truncated, self._info = self.env.step(action)
        return observation, reward, terminated, truncated, self._info

    def action_masks(self) -> npt.NDArray[np.bool_]:
        """Return the mask of the state reached last, `(A,) bool`."""
        return _mask_of(self._info, self.action_space)


class GymnasiumVecEnv(VecEnv):
    """A Gymnasium vector environment as a `VecEnv`, which resets ended episodes within the step.

    Gymnasium's SAME_STEP mode does so too; in DISABLED mode ended environments are reset by mask.
    In NEXT_STEP mode, resetting by mask instead of by the next step is what `SyncVectorEnv` and
    `AsyncVectorEnv` can do; a custom vector promises no such thing, and its resetting step would
    enter the learner's memory as a step of the task, so it is refused.

    Raises:
        InvalidArgumentError: If `env` is such a vector.
    """

    def __init__(self, env: VectorEnv[Any, Any, Any]) -> None:
        self.env: Any = DictInfoToList(env)
        mode = AutoresetMode(env.metadata.get("autoreset_mode", AutoresetMode.NEXT_STEP))
        self._resets_itself = mode is AutoresetMode.SAME_STEP
        if mode is AutoresetMode.NEXT_STEP and not _resets_by_mask(env.unwrapped):
            raise InvalidArgumentError(
                f"{env.unwrapped} resets an ended episode in the next step, which "
                "Stable-Baselines3 can't learn from: make it with "
                "autoreset_mode=AutoresetMode.SAME_STEP."
            )
        self._envs_have_masks = hasattr(env.unwrapped, "call") and all(
            env.unwrapped.call("has_wrapper_attr", "action_masks")
        )
        super().__init__(env.num_envs, env.single_observation_space, env.single_action_space)
        self._infos = self.reset_infos

    def reset(self) -> Any:
        """Reset all environments, with the seed and the options that were set for it."""
        options = self._options[0] or None
        observations, self.reset_infos = self.env.reset(seed=self._seeds[0], options=options)
        self._infos = list(self.reset_infos)
        self._reset_seeds()
        self._reset_options()
        return observations

    def step_async(self, actions: npt.NDArray[Any]) -> None:
        """Keep the actions for `step_wait`."""
        self._actions = actions

    def step_wait(self) -> tuple[Any, Any, npt.NDArray[np.bool_], list[dict[str, Any]]]:
        """Step all; an ended episode's last observation is its `info["terminal_observation"]`."""
        observations, rewards, terminated, truncated, infos = self.env.step(self._actions)
        dones = terminated | truncated
        self._infos = list(infos)
        ended = np.flatnonzero(dones)
        if ended.size and self._resets_itself:
            for index in ended:
                final_info = dict(infos[index].pop("final_info", {}))
                final_info["terminal_observation"] = infos[index].pop("final_obs")
                infos[index] = final_info
        elif ended.size:
            for index in ended:
                infos[index]["terminal_observation"] = _row(observations, int(index))
            observations, first_infos = self.env.reset(options={"reset_mask": dones})
            for index in ended:
                self._infos[index] = first_infos[index]
        for index in ended:
            infos[index]["TimeLimit.truncated"] = bool(truncated[index] and not terminated[index])
            self.reset_infos[index] = self._infos[index]
        return observations, rewards, dones, infos

    def close(self) -> None:
        """Close the environments."""
        self.env.close()

    def has_attr(self, attr_name: str) -> bool:
        """Whether `get_attr` or, for the masks, `env_method` answers."""
        return attr_name == "action_masks" or super().has_attr(attr_name)

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """Return an attribute of each environment, or n times that of a vector with none inside."""
        unwrapped = self.env.unwrapped
        if hasattr(unwrapped, "get_attr"):
            values = unwrapped.get_attr(attr_name)
        else:
            values = [getattr(unwrapped, attr_name)] * self.num_envs
        return [values[index] for index in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Set an attribute of all environments; `indices` must be None."""
        if indices is not None:
            raise InvalidArgumentError(
                f"{attr_name!r} can be set in all environments only: leave indices={indices!r} out."
            )
        self.env.unwrapped.set_attr(attr_name, value)

    def env_method(
        self, method_name: str, *method_args: Any, indices: Any = None, **method_kwargs: Any
    ) -> list[Any]:
        """Call a method of each environment; `action_masks` is answered by any vector."""
        if method_name == "action_masks":
            values = self._action_masks()
        else:
            values = self.env.unwrapped.call(method_name, *method_args, **method_kwargs)
        return [values[index] for index in self._get_indices(indices)]

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:  # noqa: ARG002
        """Answer no: only this adapter's own wrappers matter to Stable-Baselines3."""
        return [False for _ in self._get_indices(indices)]

    def _action_masks(self) -> Sequence[npt.NDArray[np.bool_]]:
        unwrapped = self.env.unwrapped
        if hasattr(unwrapped, "action_masks"):
            masks: Sequence[npt.NDArray[np.bool_]] = unwrapped.action_masks()
        elif self._envs_have_masks:
            masks = unwrapped.call("action_masks")
        else:
            masks = [_mask_of(info, self.action_space) for info in self._infos]
        return masks


def _resets_by_mask(env: Any) -> bool:
    # Without shared memory, a worker resets a second time in the step after a reset by mask.
    return isinstance(env, SyncVectorEnv) or (
        isinstance(env, AsyncVectorEnv) and bool(env.shared_memory)
    )


def _mask_of(info: dict[str, Any], action_space: gymnasium.Space[Any]) -> npt.NDArray[np.bool_]:
    if "action_mask" in info:
        return np.asarray(info["action_mask"], dtype=bool)
    # sb3-contrib counts both values of each binary action.
    values = 2 if isinstance(action_space, spaces.MultiBinary) else 1
    return np.ones(values * spaces.flatdim(action_space), dtype=bool)


def _row(observations: Any, index: int) -> Any:
    if isinstance(observations, dict):
        return {key: part[index].copy() for key, part in observations.items()}
    return observations[index].copy()
