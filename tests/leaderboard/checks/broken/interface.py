"""What returns something else than Gymnasium defines."""

from __future__ import annotations

from typing import Any

import numpy as np

from .sound import Sound


class RefusesToBeMade(Sound):
    def __init__(self, render_mode: str | None = None) -> None:
        raise RuntimeError("not today")


class ReturnsFour(Sound):
    def step(self, action: Any) -> Any:
        observation, reward, terminated, truncated, info = super().step(action)
        return observation, reward, terminated or truncated, info


class ForgetsTheInfo(Sound):
    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        return super().reset(seed=seed)[0]


class ListsItsInfo(Sound):
    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        observation, info = super().reset(seed=seed)
        return observation, list(info)


class RaisesInStepThree(Sound):
    def step(self, action: Any) -> Any:
        if self.steps == 2:
            raise ZeroDivisionError("in step 3")
        return super().step(action)


class KnowsNoOptions(Sound):
    def reset(self, *, seed: int | None = None) -> Any:
        return super().reset(seed=seed)


class KeepsItsOwnGenerator(Sound):
    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        if seed is not None or not hasattr(self, "generator"):
            self.generator = np.random.default_rng(seed)
        return super().reset()

    def draw_target(self) -> int:
        return int(self.generator.integers(3, 7))


class PaysFloat32(Sound):
    def pay(self, reached: bool) -> Any:
        return np.float32(1) if reached else super().pay(reached)


class EndsInNumPy(Sound):
    def step(self, action: Any) -> Any:
        observation, reward, terminated, truncated, info = super().step(action)
        return observation, reward, np.bool_(terminated), truncated, info


class NumbersItsInfo(Sound):
    def inform(self) -> Any:
        return {**super().inform(), 0: self.position}


class ShowsInt32(Sound):
    def observe(self) -> Any:
        return super().observe().astype(np.int32)


class LeavesTheSpace(Sound):
    def observe(self) -> Any:
        return super().observe() + 10 * (self.position == 2)


class GoesOn(Sound):
    def step(self, action: Any) -> Any:
        observation, reward, terminated, _, info = super().step(action)
        return observation, reward, terminated, self.steps >= self.max_steps + 5, info
