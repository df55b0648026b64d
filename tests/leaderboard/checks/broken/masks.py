"""Masks that are malformed, or that lie."""

from __future__ import annotations

from typing import Any

import numpy as np

from .sound import RIGHT, STAY, Sound


class GivesBooleans(Sound):
    def inform(self) -> Any:
        return {**super().inform(), "action_mask": self.action_masks()}


class GivesTooFew(Sound):
    def inform(self) -> Any:
        info = super().inform()
        return {**info, "action_mask": info["action_mask"][:2]}


class AllowsNothing(Sound):
    """In one state, where it takes actions all the same."""

    def action_masks(self) -> Any:
        return self.legal() & (self.position != 2)


class SaysOneAndTheOther(Sound):
    def inform(self) -> Any:
        return {**super().inform(), "action_mask": np.array([1, 1, self.position > 1], np.int8)}


class ForgetsTheMask(Sound):
    def inform(self) -> Any:
        info = super().inform()
        if self.steps:
            del info["action_mask"]
        return info


class AllowsTheIllegal(Sound):
    def action_masks(self) -> Any:
        return np.ones(3, bool)


class PaysTheIllegal(Sound):
    def pay(self, reached: bool) -> Any:
        return 0.5 if self.invalid else super().pay(reached)


class TakesTheIllegal(Sound):
    """Where nobody may stand still, who does walks on."""

    def action_masks(self) -> Any:
        return self.legal() & np.array([True, False, True])

    def step(self, action: Any) -> Any:
        return super().step(RIGHT if action == STAY else action)
