"""Whole episodes as arrays: played by an agent, and checked against the spaces."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from ..registry.errors import EnvironmentFaultError, InvalidArgumentError
from .actions import chosen_action
from .protocol import Agent, episode_seeds, require_finite_rewards, takes_action_masks
from .spaces import Spaces

MASK = "action_mask"


@dataclass(frozen=True)
class RecordedEpisode:
    """An episode of L steps; what is said of arrays holds for each part of a Dict or Tuple space.

    Attributes:
        observations: `(L + 1, ...)`, from the reset to the last one; a list of str for a Text.
        actions: `(L, ...)`, `(L,) int64` where they are Discrete.
        rewards: `(L,) float64`.
        terminated: `(L,) bool`, true at most in the last step.
        truncated: `(L,) bool`, true at most in the last step.
        action_masks: `(L + 1, A) bool`, true where an action was legal, all false in a game where a
            player wasn't to move; None if there were none.
        seed: What the environment was reset with; None if that isn't known.
    """

    observations: Any
    actions: Any
    rewards: npt.NDArray[np.float64]
    terminated: npt.NDArray[np.bool_]
    truncated: npt.NDArray[np.bool_]
    action_masks: Any = None
    seed: int | None = None

    def __len__(self) -> int:
        return len(self.rewards)


def play_episodes(
    agent: Agent,
    env: Any,
    episodes: int,
    *,
    seed: int = 0,
    deterministic: bool = True,
) -> Iterator[RecordedEpisode]:
    """Play the episodes that `evaluate` plays for the same seed, and yield each when it is over.

    Args:
        agent: Any agent of the protocol; masks in the environment's info are passed to it.
        env: A single `gymnasium.Env`. Its masks are recorded from its info, else from the part
            "action_mask" of its observation, else from its method `action_masks()`.
        episodes: How many, at least 1.
        seed: The root of the episodes' seeds.
        deterministic: Greedy actions if true.

    Raises:
        InvalidArgumentError: If `env` is no such thing, such as a vector, or `episodes` is
            below 1.
        EnvironmentFaultError: If a reward is not a finite number, or the first mask comes after the
            reset.
        AgentFaultError: If the agent chooses what is no action of the environment.
    """
    if not isinstance(env, gymnasium.Env):
        raise InvalidArgumentError(
            f"episodes are recorded from a single gymnasium.Env, got {type(env).__name__}: make "
            "one with gymnasium.make."
        )
    if episodes < 1:
        raise InvalidArgumentError(f"episodes must be at least 1, got {episodes}.")
    seeds = episode_seeds(seed)
    return (_play(agent, env, next(seeds), deterministic) for _ in range(episodes))


def checked_episode(episode: RecordedEpisode, of: Spaces) -> RecordedEpisode:
    """Return an episode as arrays of the documented dtypes; integers must be in their space.

    Raises:
        ValueError: If it isn't a whole episode of these spaces.
    """
    rewards = np.asarray(episode.rewards, np.float64)
    terminated = np.asarray(episode.terminated, np.bool_)
    truncated = np.asarray(episode.truncated, np.bool_)
    steps = len(rewards)
    if not steps:
        raise ValueError("it has no steps")
    for name, array in (("rewards", rewards), ("ends", terminated), ("truncations", truncated)):
        if array.shape != (steps,):
            raise ValueError(f"its {name} have shape {array.shape} instead of {(steps,)}")
    if not np.isfinite(rewards).all():
        raise ValueError("a reward is not finite")
    if (terminated | truncated)[:-1].any():
        end = int((terminated | truncated).argmax()) + 1
        raise ValueError(f"it goes on after its end in step {end} of {steps}")
    masks = episode.action_masks
    if masks is not None:
        masks = _checked_masks("action masks", of.action_space, masks, steps + 1)
    return RecordedEpisode(
        observations=_checked_values(
            "observations", of.observation_space, episode.observations, steps + 1
        ),
        actions=_checked_values("actions", of.action_space, episode.actions, steps),
        rewards=rewards,
        terminated=terminated,
        truncated=truncated,
        action_masks=masks,
        seed=episode.seed,
    )


def _play(
    agent: Agent, env: gymnasium.Env[Any, Any], seed: int, deterministic: bool
) -> RecordedEpisode:
    masked = takes_action_masks(agent)
    observation, info = env.reset(seed=seed)
    # Copies, since an environment may write its next observation over the last one.
    observations, masks = [copy.deepcopy(observation)], [_mask(env, observation, info)]
    actions, rewards, terminations, truncations = [], [], [], []
    state, episode_start, done = None, np.ones(1, dtype=bool), False
    while not done:
        mask = info.get(MASK) if masked else None
        keywords = {} if mask is None else {"action_masks": mask}
        answer = agent.predict(
            observation, state, episode_start, deterministic=deterministic, **keywords
        )
        action, state = chosen_action(agent, env, answer)
        actions.append(copy.deepcopy(action))
        observation, reward, terminated, truncated, info = env.step(action)
        require_finite_rewards(reward)
        observations.append(copy.deepcopy(observation))
        masks.append(_mask(env, observation, info))
        rewards.append(float(reward))
        terminations.append(bool(terminated))
        truncations.append(bool(truncated))
        episode_start, done = np.zeros(1, dtype=bool), terminated or truncated
    return RecordedEpisode(
        observations=_stack(env.observation_space, observations),
        actions=_stack(env.action_space, actions),
        rewards=np.array(rewards, np.float64),
        terminated=np.array(terminations, np.bool_),
        truncated=np.array(truncations, np.bool_),
        action_masks=_stack_masks(masks),
        seed=seed,
    )


def _mask(env: gymnasium.Env[Any, Any], observation: Any, info: dict[str, Any]) -> Any:
    mask = info.get(MASK)
    if mask is None and isinstance(observation, dict):
        mask = observation.get(MASK)
    if mask is None:
        method: Callable[[], Any] | None = getattr(env.unwrapped, "action_masks", None)
        mask = None if method is None else method()
    if isinstance(mask, dict):
        return {part: np.array(each, dtype=bool) for part, each in mask.items()}
    return None if mask is None else np.array(mask, dtype=bool)


def _stack_masks(masks: list[Any]) -> Any:
    first = masks[0]
    if isinstance(first, dict):
        stacked = {
            part: _stack_masks([None if mask is None else mask.get(part) for mask in masks])
            for part in first
        }
        return stacked or None
    if first is not None:
        # Many environments leave the mask out once an episode has ended.
        return np.stack([np.ones_like(first) if mask is None else mask for mask in masks])
    if any(mask is not None for mask in masks):
        raise EnvironmentFaultError(
            "the environment gives an action mask in step but gave none in reset: give one in both."
        )
    return None


def _stack(space: gymnasium.Space[Any], values: list[Any]) -> Any:
    match space:
        case spaces.Dict():
            return {
                key: _stack(part, [each[key] for each in values]) for key, part in space.items()
            }
        case spaces.Tuple():
            return tuple(
                _stack(part, [each[index] for each in values]) for index, part in enumerate(space)
            )
        case spaces.Text():
            return list(values)
    return np.stack([np.asarray(each, space.dtype) for each in values])


def _checked_values(name: str, space: gymnasium.Space[Any], values: Any, length: int) -> Any:
    match space:
        case spaces.Dict():
            if not isinstance(values, dict) or set(values) != set(space):
                raise ValueError(f"its {name} don't have the parts {', '.join(space)}")
            return {
                key: _checked_values(f"{name} {key!r}", part, values[key], length)
                for key, part in space.items()
            }
        case spaces.Tuple():
            if not isinstance(values, tuple) or len(values) != len(space):
                raise ValueError(f"its {name} don't have {len(space)} parts")
            return tuple(
                _checked_values(f"{name} {index}", part, values[index], length)
                for index, part in enumerate(space)
            )
        case spaces.Text():
            texts = list(values)
            if len(texts) != length:
                raise ValueError(f"its {name} are {len(texts)} texts instead of {length}")
            foreign = next((text for text in texts if text not in space), None)
            if foreign is not None:
                raise ValueError(f"its {name} hold {foreign!r}, which is not in {space}")
            return texts
    array = np.asarray(values)
    dtype = np.dtype(space.dtype)
    shape = (length, *(space.shape or ()))
    if array.shape != shape:
        raise ValueError(f"its {name} have shape {array.shape} instead of {shape}")
    if not np.can_cast(array.dtype, dtype, "same_kind"):
        raise ValueError(f"its {name} are {array.dtype} instead of {dtype}")
    _require_bounds(name, space, array)
    return array.astype(dtype, copy=False)


def _checked_masks(name: str, space: gymnasium.Space[Any], masks: Any, length: int) -> Any:
    if isinstance(space, spaces.Dict) and isinstance(masks, dict):
        foreign = next((part for part in masks if part not in space.spaces), None)
        if foreign is not None:
            raise ValueError(f"its {name} are for {foreign!r}, which is not in {space}")
        return {
            part: _checked_masks(f"{name} {part!r}", space[part], each, length)
            for part, each in masks.items()
        }
    array = np.asarray(masks).astype(np.bool_)
    shape = (space.n,) if isinstance(space, spaces.Discrete) else array.shape[1:]
    if array.shape != (length, *shape):
        raise ValueError(f"its {name} have shape {array.shape} instead of {(length, *shape)}")
    return array


def _require_bounds(name: str, space: gymnasium.Space[Any], array: npt.NDArray[Any]) -> None:
    """Refuse integers outside a space, with which whoever looks something up would fail."""
    low: Any
    high: Any
    match space:
        case spaces.Box() if np.issubdtype(array.dtype, np.integer):
            low, high = space.low, space.high
        case spaces.Discrete():
            low, high = space.start, space.start + space.n - 1
        case spaces.MultiDiscrete():
            low, high = space.start, space.start + space.nvec - 1
        case spaces.MultiBinary():
            low, high = 0, 1
        case _:
            return
    outside = (array < low) | (array > high)
    if outside.any():
        raise ValueError(f"its {name} hold {array[outside][0]}, which is not in {space}")
