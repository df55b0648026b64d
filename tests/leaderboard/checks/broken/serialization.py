"""What can't be written, or isn't the same when it is read."""

from __future__ import annotations

from typing import Any

from .sound import Sound


class HoldsAFunction(Sound):
    def __init__(self, render_mode: str | None = None) -> None:
        super().__init__(render_mode)
        self.function = lambda: None


class LosesItsPlace(Sound):
    def __getstate__(self) -> Any:
        return {**self.__dict__, "steps": 0, "position": 0}


class TakesASet(Sound):
    def __init__(self, render_mode: str | None = None, *, words: Any = ()) -> None:
        super().__init__(render_mode)


class ReadsTuples(Sound):
    """In JSON there are only lists."""

    def __init__(self, render_mode: str | None = None, *, bonus: Any = ()) -> None:
        super().__init__(render_mode)
        self.bonus = isinstance(bonus, tuple)

    def draw_target(self) -> int:
        return min(6, super().draw_target() + self.bonus)
