"""The agents that ship keep the protocol, but for what is documented."""

from __future__ import annotations

import pytest

import lexigym  # noqa: F401, registers the agents
from lexigym.leaderboard.checks import Status, check_agent

# What each is rejected for, and what it has no part in.
EXPECTED = {
    "oracle": ((), ("training",)),
    # It is documented to draw, whatever it is asked for.
    "random": (("deterministic",), ()),
    "dqn": ((), ()),
    "independent": ((), ()),
    "sb3/dqn": ((), ()),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPECTED)
def test_ours(name):
    failed, skipped = EXPECTED[name]
    outcomes = check_agent(name, isolated=False)
    found = {outcome.check: outcome.status for outcome in outcomes}
    expected = dict.fromkeys(failed, Status.FAILED) | dict.fromkeys(skipped, Status.SKIPPED)
    assert found == dict.fromkeys(found, Status.PASSED) | expected, outcomes
