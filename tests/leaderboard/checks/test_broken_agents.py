"""Each agent of `broken.agents` is rejected by the one check that names what is wrong with it."""

from __future__ import annotations

import re

import pytest

import lexigym
from lexigym.leaderboard.checks import Status, check_agent
from lexigym.leaderboard.checks.catalog import AGENT_CHECKS
from lexigym.registry.tables import AGENTS

BROKEN = [
    ("RefusesAll", "making", "it raised RuntimeError: not for anyone"),
    ("LearnsInSecret", "protocol", "learn must return the agent itself, got None"),
    ("StopsEarly", "protocol", "it must learn 300 steps, but learned 299"),
    ("CannotSave", "protocol", r"but lacks \['save'\]"),
    ("TakesAnything", "hyperparameters", "'no_such_hyperparameter' must be refused"),
    ("AnswersInNumPy", "actions", r"must be an int of Discrete\(4\), got np.int64"),
    ("AnswersInInt32", "actions", r"for 3 observations must be one of MultiDiscrete.*int32"),
    ("ForgetsTheMask", "legality", "on QA-v0 it must play what the mask allows"),
    ("NeverDecides", "deterministic", r"the action is \d in one and \d in the other"),
    ("DrawsFromNumPy", "global-generators", "learning must leave the global generator of numpy"),
    ("LearnsByLuck", "training", "two that learned the same must play the same"),
    ("LoadsNothing", "saving", "what was loaded must play as what was saved"),
    ("SavesNothing", "saving", "must write there, but nothing is there"),
    ("LearnsAlone", "vectors", "it raised AssertionError: one environment, please"),
    ("WritesToObservations", "observations", "while it predicts it must leave observations alone"),
]
NAMES = [check.name for check in AGENT_CHECKS]


def check(agent, isolated=False):
    lexigym.register_agent("broken/sound", f"broken.agents:{agent}")
    try:
        outcomes = check_agent("broken/sound", isolated=isolated)
    finally:
        del AGENTS._entries["broken/sound"]
    return {outcome.check: outcome for outcome in outcomes}


@pytest.mark.parametrize(("broken", "name", "message"), BROKEN, ids=lambda value: value[:30])
def test_it_is_rejected_by_the_check_that_names_its_fault(broken, name, message):
    outcomes = check(broken)
    failed = [each for each, outcome in outcomes.items() if outcome.status is Status.FAILED]
    assert failed == [name]
    assert re.search(message, outcomes[name].detail), outcomes[name].detail


def test_every_check_rejects_something():
    assert {name for _, name, _ in BROKEN} == set(NAMES)


@pytest.mark.parametrize("isolated", [True, False])
def test_a_sound_one_passes_all(isolated):
    outcomes = check("Sound", isolated)
    assert {each: outcome.status for each, outcome in outcomes.items()} == dict.fromkeys(
        NAMES, Status.PASSED
    )
