"""Recorders of the actions that an environment is given, to see whether masks are honoured."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium.utils import RecordConstructorArgs
from gymnasium.vector import VectorEnv, VectorWrapper


class Recorded(gymnasium.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
    """Notes of each action whether the mask allowed it."""

    def __init__(self, env: gymnasium.Env[Any, Any], allowed: list[bool]) -> None:
        RecordConstructorArgs.__init__(self, allowed=allowed)
        super().__init__(env)
        self.allowed = allowed

    def reset(self, **arguments: Any) -> Any:
        observation, self.info = self.env.reset(**arguments)
        return observation, self.info

    def step(self, action: Any) -> Any:
        self.allowed.append("action_mask" not in self.info or self.info["action_mask"][action] == 1)
        *rest, self.info = self.env.step(action)
        return *rest, self.info


class RecordedVector(VectorWrapper):
    """`Recorded` of a vector in SAME_STEP mode."""

    def __init__(self, env: VectorEnv[Any, Any, Any], allowed: list[bool]) -> None:
        super().__init__(env)
        self.allowed = allowed

    def reset(self, **arguments: Any) -> Any:
        observations, infos = self.env.reset(**arguments)
        self.masks = infos.get("action_mask")
        return observations, infos

    def step(self, actions: Any) -> Any:
        every = np.ones((self.num_envs, self.single_action_space.n))
        masks = every if self.masks is None else self.masks
        self.allowed += (masks[np.arange(self.num_envs), actions] == 1).tolist()
        *rest, infos = self.env.step(actions)
        self.masks = infos.get("action_mask")
        return *rest, infos
