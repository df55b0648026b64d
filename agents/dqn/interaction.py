"""Playing an environment, single or vector, as one stream of transitions."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode, VectorEnv

from ...registry.errors import EnvironmentFaultError, InvalidArgumentError
from ..protocol import require_finite_rewards
from .observations import batch_of_one


@dataclass(frozen=True)
class Step:
    """What one step of n environments brought; observations are batched as the space batches them.

    Attributes:
        reward: `(n,) float64`, unscaled.
        next_observation: Where the step led; the last observation of an episode that ended.
        next_action_mask: `(n, A) bool` there; None where the environment has no masks.
        terminated: `(n,) bool`.
        truncated: `(n,) bool`.
        valid: `(n,) bool`, false where the environment was merely reset.
        observation: Where to act next: the first observation of a new episode.
        action_mask: `(n, A) bool` there.
    """

    reward: npt.NDArray[np.float64]
    next_observation: npt.NDArray[Any]
    next_action_mask: npt.NDArray[np.bool_] | None
    terminated: npt.NDArray[np.bool_]
    truncated: npt.NDArray[np.bool_]
    valid: npt.NDArray[np.bool_]
    observation: npt.NDArray[Any]
    action_mask: npt.NDArray[np.bool_] | None


class SingleInteraction:
    """One Gymnasium environment as a batch of one; it is reset at once when an episode ends."""

    n_envs = 1

    def __init__(self, env: gymnasium.Env[Any, Any]) -> None:
        self.env = env
        self.episode_actions: list[int] = []
        self.episode_generator_state: Any = None
        self._masks = MaskReader(env)
        self._valid = np.ones(1, dtype=bool)

    def reset(self, seed: int | None) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_] | None]:
        """Begin an episode; return the observations and the action masks."""
        if seed is not None:
            self.env.reset(seed=seed)
        return self._begin_episode()

    def _begin_episode(self) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_] | None]:
        self.episode_actions = []
        self.episode_generator_state = self.env.unwrapped.np_random.bit_generator.state
        observation, info = self.env.reset()
        return batch_of_one(observation), self._masks.read(observation, info)

    def step(self, actions: npt.NDArray[np.int64]) -> Step:
        """Step, and begin the next episode if this one ended."""
        action = int(actions[0])
        next_observation, reward, terminated, truncated, info = self.env.step(action)
        try:
            finite = math.isfinite(reward)
        except TypeError as error:
            raise EnvironmentFaultError(
                f"the environment paid {reward!r} as a reward; rewards must be finite numbers."
            ) from error
        if not finite:
            require_finite_rewards(reward)
        self.episode_actions.append(action)
        next_observations = batch_of_one(next_observation)
        next_masks = self._masks.read(next_observation, info)
        observations, masks = next_observations, next_masks
        if terminated or truncated:
            # The reset may write over what the step returned.
            next_observations = copy.deepcopy(next_observations)
            observations, masks = self._begin_episode()
        return Step(
            reward=np.array([reward], dtype=np.float64),
            next_observation=next_observations,
            next_action_mask=next_masks,
            terminated=np.array([terminated], dtype=bool),
            truncated=np.array([truncated], dtype=bool),
            valid=self._valid,
            observation=observations,
            action_mask=masks,
        )

    def state(self) -> dict[str, Any] | None:
        """Return how the unfinished episode came about: its generator's state and its actions.

        To play the same actions again from the same generator restores any environment that draws
        from `np_random` alone, wrappers included, and needs nothing that executes on load.
        """
        return {"generator": self.episode_generator_state, "actions": self.episode_actions}

    def restore(self, state: dict[str, Any]) -> None:
        """Play the unfinished episode again, up to where it stood.

        Raises:
            ValueError: If it can't be played; the environment is as it was then.
        """
        # Tried out first, so that what is damaged leaves the environment alone.
        type(self.env.unwrapped.np_random.bit_generator)().state = state["generator"]
        actions = [np.array([action], dtype=np.int64) for action in state["actions"]]
        if not all(self.env.action_space.contains(action[0]) for action in actions):
            raise ValueError("its unfinished episode has actions that the environment doesn't take")
        self.env.reset(seed=0)
        self.env.unwrapped.np_random.bit_generator.state = state["generator"]
        self._begin_episode()
        for action in actions:
            self.step(action)


class VectorInteraction:
    """A Gymnasium vector environment, in any of its three autoreset modes."""

    def __init__(self, env: VectorEnv[Any, Any, Any]) -> None:
        self.env = env
        self.n_envs = env.num_envs
        mode = env.metadata.get("autoreset_mode", AutoresetMode.NEXT_STEP)
        self.autoreset_mode = AutoresetMode(mode)
        self._masks = MaskReader(env)
        self._all_valid = np.ones(self.n_envs, dtype=bool)
        self._valid = self._all_valid

    def reset(self, seed: int | None) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_] | None]:
        """Begin an episode everywhere; return the observations and the action masks."""
        self._valid = self._all_valid
        observations, info = self.env.reset(seed=seed)
        return observations, self._masks.read(observations, info)

    def step(self, actions: npt.NDArray[np.int64]) -> Step:
        """Step all environments; ended episodes begin anew as the autoreset mode says."""
        valid = self._valid
        observations, rewards, terminated, truncated, info = self.env.step(actions)
        require_finite_rewards(rewards)
        masks = self._masks.read(observations, info)
        next_observations, next_masks = observations, masks
        done = terminated | truncated
        if self.autoreset_mode is AutoresetMode.NEXT_STEP:
            self._valid = ~done
        elif done.any():
            if self.autoreset_mode is AutoresetMode.SAME_STEP:
                next_observations, next_masks = self._final(observations, masks, info, done)
            else:
                next_observations = copy.deepcopy(observations)
                observations, info = self.env.reset(options={"reset_mask": done})
                masks = _where(done, self._masks.read(observations, info), masks)
        return Step(
            reward=rewards,
            next_observation=next_observations,
            next_action_mask=next_masks,
            terminated=terminated,
            truncated=truncated,
            valid=valid,
            observation=observations,
            action_mask=masks,
        )

    def _final(
        self,
        observations: npt.NDArray[Any],
        masks: npt.NDArray[np.bool_] | None,
        info: dict[str, Any],
        done: npt.NDArray[np.bool_],
    ) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_] | None]:
        next_observations = _with_final(observations, info["final_obs"], done)
        if masks is not None:
            final_masks = self._masks.find(next_observations, info.get("final_info", {}))
            masks = _where(done, np.ones_like(masks) if final_masks is None else final_masks, masks)
        return next_observations, masks

    def state(self) -> dict[str, Any] | None:
        """Return the environment's own snapshot, or None where it offers none."""
        restorable: Any = self.env.unwrapped
        # Some have a `state` that is an array, and no way back to it.
        if not all(callable(getattr(restorable, name, None)) for name in ("state", "restore")):
            return None
        return {"environment": restorable.state(), "valid": self._valid.tolist()}

    def restore(self, state: dict[str, Any]) -> None:
        """Take back what `state` returned; where that fails, the environment is as it was."""
        valid = np.array(state["valid"], dtype=bool).reshape(self.n_envs)
        restorable: Any = self.env.unwrapped
        try:
            before = restorable.state()
        except gymnasium.error.ResetNeeded:
            before = None
        try:
            restorable.restore(state["environment"])
        except Exception:
            if before is not None:
                restorable.restore(before)
            raise
        self._valid = valid


Interaction = SingleInteraction | VectorInteraction


def interaction_with(env: Any) -> Interaction:
    """Return the interaction that fits the environment.

    Raises:
        InvalidArgumentError: If it is no Gymnasium environment.
    """
    if isinstance(env, VectorEnv):
        return VectorInteraction(env)
    if isinstance(env, gymnasium.Env):
        return SingleInteraction(env)
    raise InvalidArgumentError(
        f"env must be a gymnasium.Env or a gymnasium.vector.VectorEnv, got {type(env).__name__}; "
        "make one with gymnasium.make or gymnasium.make_vec."
    )


class MaskReader:
    """Finds the action masks wherever the environment puts them.

    In order: `info["action_mask"]`, `observation["action_mask"]`, and the method `action_masks()`
    that sb3-contrib asks for.
    """

    def __init__(self, env: Any) -> None:
        self.batched = isinstance(env, VectorEnv)
        self._method = getattr(env.unwrapped, "action_masks", None)
        self._shape: tuple[int, ...] | None = None
        self._has_read = False

    def read(self, observation: Any, info: dict[str, Any]) -> npt.NDArray[np.bool_] | None:
        """Return the masks as `(n, A) bool`, or None from an environment that has none.

        Where an environment that has masks leaves one out, as many do once an episode has ended,
        all actions count as legal.

        Raises:
            EnvironmentFaultError: If the first masks come after the first observations.
        """
        masks = self.find(observation, info)
        if masks is None and self._method is not None:
            masks = self._as_batch(self._method())
        if masks is None:
            self._has_read = True
            return None if self._shape is None else np.ones(self._shape, dtype=bool)
        if self._has_read and self._shape is None:
            raise EnvironmentFaultError(
                "the environment gives an action mask in step but gave none in reset: give one in "
                "both."
            )
        self._shape = masks.shape
        return masks

    def find(self, observation: Any, info: dict[str, Any]) -> npt.NDArray[np.bool_] | None:
        """Return the masks that stand in an info or in an observation, as `(n, A) bool`."""
        if info.get("action_mask") is not None:
            masks = self._as_batch(info["action_mask"])
            # A vector environment tells which of its environments gave one.
            given = info.get("_action_mask")
            return masks if given is None else _where(given, masks, np.ones_like(masks))
        if isinstance(observation, dict) and observation.get("action_mask") is not None:
            return self._as_batch(observation["action_mask"])
        return None

    def _as_batch(self, mask: Any) -> npt.NDArray[np.bool_]:
        # New, since an environment may write its next mask over the last one.
        masks = np.array(mask, dtype=bool)
        return masks if self.batched else masks[None]


def _with_final(observations: Any, finals: Any, done: npt.NDArray[np.bool_]) -> Any:
    """Return a copy of batched observations with the final ones where episodes ended.

    `finals` holds an observation for each environment, or is batched as the observations are.
    """
    if isinstance(observations, dict):
        return {k: _with_final(part, _part(finals, k), done) for k, part in observations.items()}
    if isinstance(observations, tuple):
        parts = enumerate(observations)
        return tuple(_with_final(part, _part(finals, index), done) for index, part in parts)
    replaced = observations.copy()
    for index in np.flatnonzero(done):
        replaced[index] = finals[index]
    return replaced


def _part(finals: Any, key: Any) -> Any:
    if isinstance(finals, (dict, tuple)):
        return finals[key]
    return [None if final is None else final[key] for final in finals]


def _where(
    chosen: npt.NDArray[np.bool_],
    these: npt.NDArray[np.bool_] | None,
    others: npt.NDArray[np.bool_] | None,
) -> npt.NDArray[np.bool_] | None:
    if these is None or others is None:
        return others
    return np.where(chosen[:, None], these, others)
