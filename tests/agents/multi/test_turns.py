"""Functions that go on in turn: always in one order, and ended together if one fails."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from lexigym.agents.multi.turns import Turns


def test_the_order_is_that_of_the_functions() -> None:
    turns, done = Turns(), []

    def work(name: str, steps: int) -> None:
        for step in range(steps):
            done.append((name, step))
            turns.pass_on(name)

    turns.run({name: partial(work, name, steps) for name, steps in (("a", 3), ("b", 1), ("c", 2))})
    assert done == [("a", 0), ("b", 0), ("c", 0), ("a", 1), ("c", 1), ("a", 2)]
    # And again.
    turns.run({"a": partial(work, "a", 1)})
    assert done[-1] == ("a", 0)


def test_what_fails_ends_all() -> None:
    turns, done = Turns(), []

    def endless() -> None:
        try:
            while True:
                turns.pass_on("endless")
        finally:
            done.append("ended")

    def fail() -> None:
        turns.pass_on("failing")
        raise ValueError("no")

    before = threading.active_count()
    with pytest.raises(ValueError, match="no"):
        turns.run({"endless": endless, "failing": fail})
    assert done == ["ended"]
    assert threading.active_count() == before


def test_only_one_goes_on_at_a_time() -> None:
    turns, within, most = Turns(), 0, 0

    def work(name: str) -> None:
        nonlocal within, most
        for _ in range(50):
            within += 1
            most = max(most, within)
            sum(range(1000))
            within -= 1
            turns.pass_on(name)

    turns.run({name: partial(work, name) for name in "abcd"})
    assert most == 1
