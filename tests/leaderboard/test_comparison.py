"""What is the same bit for bit, and how is told what isn't."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import pytest

from lexigym.leaderboard.comparison import different_manifest, different_outcome
from lexigym.leaderboard.run import Episode, Point, Result

from .test_store import FAILED, RESULT


def changed(**fields: Any) -> Result:
    return dataclasses.replace(RESULT, **fields)


def test_times_and_makers_are_no_outcome() -> None:
    slower = tuple(point._replace(seconds=99.0) for point in RESULT.curve)
    later = changed(curve=slower, learning_seconds=9.0, evaluation_seconds=9.0, manifest={})
    assert different_outcome(RESULT, later) == ""
    assert different_outcome(FAILED, dataclasses.replace(FAILED, traceback="elsewhere")) == ""


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (changed(returns=(-3.0, 0.3)), "1 of 2 returns differ, by up to 5.55e-17"),
        (changed(returns=(-4.5, 0.0)), "2 of 2 returns differ, by up to 1.5"),
        (changed(returns=(-3.0,)), "there were 2 returns, and are 1"),
        (
            changed(curve=(Point(0, 0.0, -9.5), Point(7, 1.5, -2.0))),
            "the curve differs from -3.0 at step 7 on: now -2.0 at step 7",
        ),
        (changed(curve=RESULT.curve[:1]), "the curve had 2 points, and has 1"),
        (changed(episodes=RESULT.episodes[1:]), "there were 2 episodes to look at, and are 1"),
        (
            changed(episodes=(RESULT.episodes[0], Episode(2**31, ([0.5, 1.0],), 0.25, ""))),
            "1 of 2 episodes to look at differ",
        ),
        (FAILED, "it ended well then, and it failed ('ValueError: no') now"),
    ],
)
def test_an_outcome_that_differs_is_told(now: Result, told: str) -> None:
    assert different_outcome(RESULT, now) == told
    assert different_outcome(now, RESULT)


def test_the_sign_of_zero_is_a_bit_and_nan_equals_itself() -> None:
    zero, negative, nan = (changed(returns=(value,)) for value in (0.0, -0.0, math.nan))
    assert different_outcome(zero, negative) == "1 of 1 returns differ, by up to 0"
    assert different_outcome(nan, nan) == ""


def test_manifests_are_compared_by_the_names_of_what_is_nested() -> None:
    then = {"time": "then", "dataset": "a", "versions": {"torch": "2.7", "numpy": "2.1"}}
    now = {"time": "now", "versions": {"torch": "2.8", "numpy": "2.1", "numba": "0.61"}}
    assert different_manifest(then, now) == {
        "dataset": ("a", None),
        "versions numba": (None, "0.61"),
        "versions torch": ("2.7", "2.8"),
    }
    assert different_manifest(then, then) == {}
