"""A third-party package: an environment, agents that work, and agents that don't."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np

LENGTH = 5


class Corridor(gymnasium.Env[np.int64, np.int64]):
    """Walk right to the end; each step costs 1, and 20 steps are all there are."""

    metadata = {"render_modes": ["ansi", "rgb_array"], "render_fps": 50}  # noqa: RUF012

    def __init__(self, length: int = LENGTH, render_mode: str | None = None) -> None:
        self.length = length
        self.render_mode = render_mode
        self.observation_space = gymnasium.spaces.Discrete(length)
        self.action_space = gymnasium.spaces.Discrete(2)

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[np.int64, Any]:
        super().reset(seed=seed)
        self.position, self.elapsed = 0, 0
        return np.int64(0), {}

    def step(self, action: Any) -> tuple[np.int64, float, bool, bool, Any]:
        self.position = max(0, self.position + (1 if action == 1 else -1))
        self.elapsed += 1
        ended = self.position == self.length - 1 or self.elapsed == 20
        return np.int64(self.position), -1.0, ended, False, {}

    def render(self) -> Any:
        if self.render_mode == "ansi":
            return "." * self.position + "R" + "." * (self.length - 1 - self.position)
        picture = np.zeros((16, 16 * self.length, 3), dtype=np.uint8)
        picture[:, 16 * self.position : 16 * (self.position + 1)] = 255
        return picture

    def oracle_action(self) -> int:
        return 1


class Right:
    """Always goes right; it has no `hyperparameters()`, so its signature tells them."""

    def __init__(self, env: Any, laziness: float = 0.0, seed: int | None = None) -> None:
        self.environment = env.spec.to_json() if env is not None and env.spec else None
        self.laziness = laziness
        self.num_timesteps = 0

    def predict(
        self, observation: Any, state: Any = None, *_: Any, deterministic: bool = False
    ) -> tuple[int, None]:
        return 1, None

    def learn(self, total_timesteps: int, callback: Any = None, progress_bar: bool = False) -> Any:
        self.num_timesteps += total_timesteps
        if callback is not None:
            callback(self)
        return self

    def save(self, path: str | Path) -> None:
        Path(path).mkdir(parents=True)
        config = {
            "format": "lexigym-checkpoint",
            "version": 1,
            "agent": "corridor/right",
            "environment": self.environment,
        }
        (Path(path) / "config.json").write_text(json.dumps(config))

    @classmethod
    def load(cls, path: str | Path, env: Any = None) -> Right:
        return cls(env)


class Failing(Right):
    """Raises while it learns."""

    def learn(self, total_timesteps: int, callback: Any = None, progress_bar: bool = False) -> Any:
        raise ValueError("it doesn't want to learn")


class Dying(Right):
    """Takes its process with it."""

    def learn(self, total_timesteps: int, callback: Any = None, progress_bar: bool = False) -> Any:
        os._exit(9)


class Slow(Right):
    """Takes `laziness` seconds to learn."""

    def learn(self, total_timesteps: int, callback: Any = None, progress_bar: bool = False) -> Any:
        time.sleep(self.laziness)
        return super().learn(total_timesteps, callback)
