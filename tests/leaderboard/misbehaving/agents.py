"""A calm agent, and those that differ from it in one fault each."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from gymnasium.vector import VectorEnv


class Calm:
    """Does the same always, and steps what it learns on."""

    choice: Any = 1

    def __init__(self, env: Any, seed: int | None = None) -> None:
        self.env = env
        self.num_timesteps = 0

    def predict(
        self, observation: Any, state: Any = None, *_: Any, deterministic: bool = False
    ) -> Any:
        return self.choice, state

    def learn(self, total_timesteps: int, callback: Any = None, progress_bar: bool = False) -> Any:
        vector = isinstance(self.env, VectorEnv)
        self.env.reset(seed=0)
        while self.num_timesteps < total_timesteps:
            actions = np.ones(self.env.num_envs, np.int64) if vector else 1
            _, _, terminated, truncated, _ = self.env.step(actions)
            if not vector and (terminated or truncated):
                self.env.reset()
            self.num_timesteps += self.env.num_envs if vector else 1
            callback(self)
        return self


class NumpyInt(Calm):
    """As the agents of Stable-Baselines3."""

    choice = np.array(1)


class Float(Calm):
    choice = 1.0


class FloatArray(Calm):
    choice = np.array(1, np.float32)


class Batch(Calm):
    choice = np.array([1])


class Nothing(Calm):
    choice = None


class Text(Calm):
    choice = "1"


class TooLarge(Calm):
    choice = 3


class Negative(Calm):
    choice = np.array(-1)


class Forbidden(Calm):
    choice = 2


class NoPair(Calm):
    def predict(self, *_: Any, **__: Any) -> Any:
        return 1


class Sleepy(Calm):
    """Goes to sleep after two steps."""

    def learn(self, total_timesteps: int, callback: Any = None, progress_bar: bool = False) -> Any:
        super().learn(2, callback)
        time.sleep(3600)


class Unwilling(Calm):
    def __init__(self, env: Any, seed: int | None = None) -> None:
        raise RuntimeError("it doesn't want to be")
