"""Tiny environments whose best play is known."""

from __future__ import annotations

from typing import Any, ClassVar

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, SyncVectorEnv, VectorEnv

N_ACTIONS = 4
LENGTH = 8


class Match(gymnasium.Env[npt.NDArray[np.float32], int]):
    """Pays `reward` for the action that the observation shows, else nothing; 8 steps an episode.

    Args:
        reward: What a match pays.
        masked: Whether a random half of the other actions is illegal in each step; an illegal one
            raises, so that a test fails of it.
        truncates: Whether the end is a time limit.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": []}

    def __init__(
        self, reward: float = 1.0, *, masked: bool = False, truncates: bool = False
    ) -> None:
        self.observation_space = spaces.Box(0, 1, (N_ACTIONS,), np.float32)
        self.action_space = spaces.Discrete(N_ACTIONS)
        self.reward = reward
        self.masked = masked
        self.truncates = truncates
        self.reward_bounds = (0.0, reward)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.steps = 0
        return self._draw()

    def step(self, action: int) -> Any:
        if self.masked and not self.mask[action]:
            raise AssertionError(f"{action} is illegal")
        reward = self.reward * float(action == self.target)
        self.steps += 1
        ends = self.steps == LENGTH
        observation, info = self._draw()
        return observation, reward, ends and not self.truncates, ends and self.truncates, info

    def oracle_action(self) -> int:
        return self.target

    def action_masks(self) -> npt.NDArray[np.bool_]:
        return self.mask.astype(bool)

    def _draw(self) -> tuple[npt.NDArray[np.float32], dict[str, Any]]:
        self.target = int(self.np_random.integers(N_ACTIONS))
        self.mask = np.ones(N_ACTIONS, np.int8)
        if self.masked:
            self.mask = self.np_random.integers(0, 2, N_ACTIONS, np.int8)
            self.mask[self.target] = 1
        observation = np.eye(N_ACTIONS, dtype=np.float32)[self.target]
        return observation, {"action_mask": self.mask.copy()} if self.masked else {}


def match_vector(
    n: int, mode: AutoresetMode = AutoresetMode.SAME_STEP, **arguments: Any
) -> SyncVectorEnv:
    return SyncVectorEnv([lambda: Match(**arguments)] * n, autoreset_mode=mode)


class CustomVector(VectorEnv[Any, Any, Any]):
    """A vector environment that is not made of single ones, as `vector_entry_point` makes them."""

    def __init__(self, n: int, mode: AutoresetMode, **arguments: Any) -> None:
        self.inner = match_vector(n, mode, **arguments)
        self.num_envs = n
        self.metadata = {"autoreset_mode": mode}
        self.single_observation_space = self.inner.single_observation_space
        self.single_action_space = self.inner.single_action_space
        self.observation_space = self.inner.observation_space
        self.action_space = self.inner.action_space
        self.reward_bounds = (0.0, self.inner.envs[0].unwrapped.reward)

    def reset(self, *, seed: Any = None, options: Any = None) -> Any:
        return self.inner.reset(seed=seed, options=options)

    def step(self, actions: Any) -> Any:
        return self.inner.step(actions)

    def oracle_action(self) -> npt.NDArray[np.int64]:
        return np.array(self.inner.call("oracle_action"))
