"""What shares its memory with whoever it tells something."""

from __future__ import annotations

from typing import Any

import numpy as np

from .sound import Sound


class ReusesItsBuffer(Sound):
    def __init__(self, render_mode: str | None = None) -> None:
        super().__init__(render_mode)
        self.buffer = np.zeros(2, np.int64)

    def observe(self) -> Any:
        self.buffer[:] = super().observe()
        return self.buffer


class ReusesItsInfo(Sound):
    def __init__(self, render_mode: str | None = None) -> None:
        super().__init__(render_mode)
        self.info: dict[str, Any] = {}

    def inform(self) -> Any:
        self.info.update(super().inform())
        return self.info


class HandsOutItsState(Sound):
    """In a new array after each step, so that what it gave stays as it was."""

    def observe(self) -> Any:
        self.state = np.array([self.position, self.target])
        return self.state

    def step(self, action: Any) -> Any:
        self.position, self.target = self.state.tolist()
        return super().step(action)


class HandsOutItsMask(Sound):
    def __init__(self, render_mode: str | None = None) -> None:
        super().__init__(render_mode)
        self.masks = [np.array([1, 1, left], np.int8) for left in (0, 1)]

    def action_masks(self) -> Any:
        return self.masks[self.position > 0].astype(bool)

    def inform(self) -> Any:
        return {**super().inform(), "action_mask": self.masks[self.position > 0]}
