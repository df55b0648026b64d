"""Checks of what is paid."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from .check import BrokenPromiseError, NotApplicableError
from .environment import CheckedEnvironment, Environment
from .episode import Step

NAMES = ("reward_bounds", "reward_range")


def finite_rewards(subject: CheckedEnvironment) -> None:
    """Every reward is a finite number."""
    with subject.make() as env:
        for step in subject.play_all(env):
            if not math.isfinite(step.reward):
                raise BrokenPromiseError(f"the reward must be finite, got {step.reward}")


def reward_bounds(subject: CheckedEnvironment) -> None:
    """Every reward is within the declared bounds, also where the oracle plays."""
    with subject.make() as env:
        name, bounds = _declared(env)
        try:
            low, high = map(float, bounds)
        except (TypeError, ValueError):
            raise BrokenPromiseError(f"{name} must be two numbers, got {bounds!r}") from None
        if not low <= high:
            raise BrokenPromiseError(f"{name} must be the lowest, then the highest, got {bounds!r}")
        if math.isinf(low) and math.isinf(high):
            raise NotApplicableError(f"{name} is {bounds!r}, which bounds nothing")
        for step in _random_and_best(subject, env):
            if step.number and not low <= step.reward <= high:
                raise BrokenPromiseError(
                    f"the reward must be within {name} ({low}, {high}), got {step.reward}"
                )


def _declared(env: Environment) -> tuple[str, Any]:
    for name in NAMES:
        if hasattr(env.unwrapped, name):
            return name, getattr(env.unwrapped, name)
    raise NotApplicableError("it declares no reward_bounds")


def _random_and_best(subject: CheckedEnvironment, env: Environment) -> Iterator[Step]:
    yield from subject.play_all(env)
    oracle = getattr(env.unwrapped, "oracle_action", None)
    if oracle is not None:
        for seed in subject.seeds:
            yield from subject.play(env, seed, lambda _: oracle())
