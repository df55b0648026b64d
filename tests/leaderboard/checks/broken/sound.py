"""An environment that keeps every promise; the broken ones derive from it."""

from __future__ import annotations

from typing import Any, ClassVar

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, SyncVectorEnv

RIGHT, STAY, LEFT = range(3)
STEP_REWARD = -0.1


class Sound(gymnasium.Env[Any, Any]):
    """Walk right from 0 to a drawn target; whoever walks left of 0 has lost."""

    metadata: ClassVar[dict[str, Any]] = {
        "render_modes": ["ansi", "rgb_array", "human"],
        "render_fps": 4,
    }
    max_steps = 10
    reward_bounds = (STEP_REWARD, 1.0)

    def __init__(self, render_mode: str | None = None) -> None:
        self.render_mode = render_mode
        self.observation_space = spaces.Box(0, self.max_steps, (2,), np.int64)
        self.action_space = spaces.Discrete(3)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.target = self.draw_target()
        self.position = self.steps = self.invalid = 0
        return self.observe(), self.inform()

    def step(self, action: Any) -> Any:
        self.steps += 1
        self.invalid = int(not self.legal()[action])
        if not self.invalid:
            self.position += (1, 0, -1)[action]
        reached = self.position == self.target
        over = reached or bool(self.invalid)
        truncated = self.steps >= self.max_steps and not over
        return self.observe(), self.pay(reached), over, truncated, self.inform()

    def draw_target(self) -> int:
        return int(self.np_random.integers(3, 7))

    def observe(self) -> Any:
        return np.array([self.position, self.target])

    def pay(self, reached: bool) -> Any:
        return 1.0 if reached else 0.0 if self.invalid else STEP_REWARD

    def inform(self) -> dict[str, Any]:
        return {"action_mask": self.action_masks().astype(np.int8), "invalid": self.invalid}

    def legal(self) -> Any:
        return np.array([True, True, self.position > 0])

    def action_masks(self) -> Any:
        return self.legal()

    def oracle_action(self) -> int:
        return RIGHT

    def oracle_return(self) -> float:
        return 1 + STEP_REWARD * (self.target - self.position - 1)

    def render(self) -> Any:
        if self.render_mode == "ansi":
            return "." * self.position + "R"
        if self.render_mode == "human":
            return None
        picture = np.zeros((4, 4 * (self.target + 1), 3), np.uint8)
        picture[:, 4 * self.position : 4 * (self.position + 1)] = 255
        return picture


def sound_vector(
    num_envs: int, autoreset_mode: AutoresetMode = AutoresetMode.NEXT_STEP, **arguments: Any
) -> SyncVectorEnv:
    return SyncVectorEnv([lambda: Sound(**arguments)] * num_envs, autoreset_mode=autoreset_mode)
