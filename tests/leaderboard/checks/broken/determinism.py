"""What a seed doesn't fix."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from .sound import Sound


class DrawsFromRandom(Sound):
    def step(self, action: Any) -> Any:
        random.random()
        return super().step(action)


class SeedsNumPy(Sound):
    def draw_target(self) -> int:
        np.random.seed(int(self.np_random.integers(100)))  # noqa: NPY002
        return int(np.random.randint(3, 7))  # noqa: NPY002


class DoubtsZero(Sound):
    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        return super().reset(seed=seed or None)

    def draw_target(self) -> int:
        self.luck = self.np_random.random()
        return super().draw_target()

    def inform(self) -> Any:
        return {**super().inform(), "luck": self.luck}


class SeedsItself(Sound):
    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        if self._np_random is None and seed is None:
            seed = 42
        return super().reset(seed=seed)


class RemembersEpisodes(Sound):
    played = 0

    def draw_target(self) -> int:
        self.played += 1
        return min(6, super().draw_target() + (self.played > 5))


class DrawsFromTheSystem(Sound):
    def inform(self) -> Any:
        return {**super().inform(), "noise": np.random.default_rng().random()}


class HashesStrings(Sound):
    def inform(self) -> Any:
        return {**super().inform(), "hash": hash("lexigym")}
