"""Pictures that are none, or that change what they show."""

from __future__ import annotations

from typing import Any

import numpy as np

from .sound import Sound


class ShowsNothing(Sound):
    def render(self) -> Any:
        return None if self.render_mode == "ansi" else super().render()


class ShowsFloats(Sound):
    def render(self) -> Any:
        picture = super().render()
        return picture.astype(float) if self.render_mode == "rgb_array" else picture


class ReturnsToPeople(Sound):
    def render(self) -> Any:
        return "seen" if self.render_mode == "human" else super().render()


class StepsWhenSeen(Sound):
    def render(self) -> Any:
        self.steps += 1
        return super().render()


class DrawsOver(Sound):
    canvas = np.zeros((4, 40, 3), np.uint8)

    def render(self) -> Any:
        if self.render_mode != "rgb_array":
            return super().render()
        self.canvas[:, self.position] = 255
        return self.canvas
