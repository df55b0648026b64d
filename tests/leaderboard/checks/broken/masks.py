"""Masks that are malformed, or that lie."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces

from .sound import LEFT, RIGHT, STAY, Sound


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


class WithALamp(Sound):
    """Sound: the first number of an action moves by -1 to 1, the second lights a lamp, but in 0."""

    def __init__(self, render_mode: str | None = None) -> None:
        super().__init__(render_mode)
        self.action_space = spaces.MultiDiscrete([3, 2], start=[-1, 0])

    def step(self, action: Any) -> Any:
        dark, (move, lamp) = self.position == 0, np.asarray(action)
        step = super().step((STAY, RIGHT, LEFT)[move])
        if not (lamp and dark):
            return step
        self.invalid = 1
        return self.observe(), self.pay_for_light(), True, False, self.inform()

    def pay_for_light(self) -> float:
        return 0.0

    def moves(self) -> Any:
        return super().action_masks()[[LEFT, STAY, RIGHT]].astype(np.int8)

    def lamps(self) -> Any:
        return np.array([1, self.position > 0], np.int8)

    def action_masks(self) -> Any:
        return np.concatenate([self.moves(), self.lamps()]).astype(bool)

    def inform(self) -> Any:
        return {"action_mask": (self.moves(), self.lamps()), "invalid": self.invalid}

    def oracle_action(self) -> Any:
        return np.array([1, 0])


class LampInOneArray(WithALamp):
    """Sound as well, as sb3-contrib has its masks."""

    def inform(self) -> Any:
        return {**super().inform(), "action_mask": self.action_masks().astype(np.int8)}


class LampForgetsAPart(WithALamp):
    def inform(self) -> Any:
        return {**super().inform(), "action_mask": (self.moves(),)}


class LampGivesTuples(WithALamp):
    """From a method that only sb3-contrib calls."""

    def action_masks(self) -> Any:
        return self.moves(), self.lamps()


class LampHasTooMany(WithALamp):
    def inform(self) -> Any:
        return {**super().inform(), "action_mask": (self.moves(), self.moves())}


class LampAllowsNoMove(WithALamp):
    def moves(self) -> Any:
        return super().moves() * np.int8(self.position != 2)


class LampAllowsTheIllegal(WithALamp):
    def lamps(self) -> Any:
        return np.ones(2, np.int8)


class LampPaysTheIllegal(WithALamp):
    def pay_for_light(self) -> float:
        return 0.5
