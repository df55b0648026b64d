"""What pays wrongly."""

from __future__ import annotations

from typing import Any

from .sound import Sound


class PaysNothingKnown(Sound):
    def pay(self, reached: bool) -> Any:
        return float("nan") if self.steps == 3 else super().pay(reached)


class PaysTooMuch(Sound):
    """Seldom: only who plays well sees it."""

    def pay(self, reached: bool) -> Any:
        return 1.01 if reached and self.steps == self.target else super().pay(reached)

    def oracle_return(self) -> float:
        return super().oracle_return() + 0.01


class DeclaresOneBound(Sound):
    reward_bounds = (1.0,)  # type: ignore[assignment]


class IsAllThumbs(Sound):
    def oracle_action(self) -> int:
        return 1

    def oracle_return(self) -> float:
        return -0.1 * (self.max_steps - self.steps)


class Boasts(Sound):
    def oracle_return(self) -> float:
        return super().oracle_return() + 0.01


class IsModest(Sound):
    def oracle_return(self) -> float:
        return super().oracle_return() - 0.01
