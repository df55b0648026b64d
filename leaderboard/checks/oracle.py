"""Checks of the oracle: nothing is better, and it earns what it says."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import islice
from numbers import Real
from typing import Any

import numpy as np

from ...agents.protocol import episode_seeds
from .check import BrokenPromiseError, NotApplicableError
from .environment import CheckedEnvironment, Environment

# For rounding, of sums of many rewards.
TOLERANCE = 1e-6
# Where chance, or what the oracle doesn't see, may explain single episodes, the mean of so many
# counts: it must be so many standard errors off.
EPISODES, STANDARD_ERRORS = 100, 4

Return = Callable[[int], float]


def oracle(subject: CheckedEnvironment) -> None:
    """Random play of the same episodes earns no more than what `oracle_action()` plays."""
    with subject.make() as env:
        best = _best(subject, env)
        told = _told(env) if hasattr(env.unwrapped, "oracle_return") else None
        knows = told is not None and all(
            math.isclose(told(seed), best(seed), abs_tol=TOLERANCE) for seed in subject.seeds
        )
        _require_at_most(
            subject,
            lambda seed: _return(subject, env, seed, None),
            best,
            "oracle_action() must earn as much as random play",
            in_each=knows,
        )


def oracle_return(subject: CheckedEnvironment) -> None:
    """At the reset `oracle_return()` tells what `oracle_action()` earns."""
    with subject.make() as env:
        best, told = _best(subject, env), _told(env)
        _require_at_most(subject, best, told, "oracle_return() must be the best return")
        _require_at_most(subject, told, best, "oracle_action() must earn oracle_return()")


def _best(subject: CheckedEnvironment, env: Environment) -> Return:
    act = _method(env, "oracle_action")
    return lambda seed: _return(subject, env, seed, lambda _: act())


def _told(env: Environment) -> Return:
    tell = _method(env, "oracle_return")

    def told(seed: int) -> float:
        env.reset(seed=seed)
        value = tell()
        if not isinstance(value, Real):
            raise NotApplicableError(f"oracle_return() returns {value!r}, which is no number")
        return float(value)

    return told


def _method(env: Environment, name: str) -> Any:
    if not hasattr(env.unwrapped, name):
        raise NotApplicableError(f"it has no {name}()")
    return getattr(env.unwrapped, name)


def _return(subject: CheckedEnvironment, env: Environment, seed: int, choose: Any) -> float:
    return math.fsum(step.reward for step in subject.play(env, seed, choose))


def _require_at_most(
    subject: CheckedEnvironment,
    lower: Return,
    higher: Return,
    sentence: str,
    *,
    in_each: bool = False,
) -> None:
    """Refuse a lower return that is higher: in each episode, or on average."""
    for seed in subject.seeds:
        low, high = lower(seed), higher(seed)
        if low > high + TOLERANCE:
            break
    else:
        return
    example = f"they are {high:.6g} and {low:.6g}"
    if not in_each:
        seeds = islice(episode_seeds(subject.seed), EPISODES)
        excess = np.array([lower(seed) - higher(seed) for seed in seeds])
        error = excess.std(ddof=1) / math.sqrt(EPISODES)
        if excess.mean() <= TOLERANCE + STANDARD_ERRORS * error:
            return
        example += f", and of {EPISODES} episodes the mean difference is {excess.mean():.3g}"
    raise BrokenPromiseError(f"{sentence}, but {example}", f"seed {seed}")
