"""The ids that ship pass every check, and those of others pass or fail rightly."""

from __future__ import annotations

import pytest

import lexigym  # noqa: F401, registers the ids
from lexigym.envs.catalog import ENVIRONMENTS
from lexigym.leaderboard.checks import Status, check_environment

# Small, so that they are quickly made.
ARGUMENTS = {name: {"level": "small"} for name in ("QA-v0", "TextGen-v0", "Translation-v0")}
NO_MASKS, NO_ORACLE = {"masks", "legality"}, {"oracle", "oracle-return"}
NO_VECTOR = {"vector-next-step", "vector-same-step", "vector-disabled"}
GAMES = {"robot_team_v0", "translation_relay_v0", "twenty_questions_v0"}


@pytest.fixture(autouse=True)
def _draw_to_memory(monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")


def found(environment, status, **keywords):
    outcomes = check_environment(
        environment, ARGUMENTS.get(environment), isolated=False, **keywords
    )
    return {outcome.check for outcome in outcomes if outcome.status is status}, outcomes


@pytest.mark.slow
@pytest.mark.parametrize("environment", [each["id"] for each in ENVIRONMENTS])
def test_ours_pass(environment):
    """Skipped is what they don't have: games no vector form, the grid no masks."""
    skipped, outcomes = found(environment, Status.SKIPPED)
    missing = {"GridRobot-v0": NO_MASKS} | dict.fromkeys(GAMES, NO_VECTOR)
    assert skipped == missing.get(environment, set())
    kept = {outcome.status for outcome in outcomes} - {Status.SKIPPED}
    assert kept == {Status.PASSED}, outcomes


@pytest.mark.parametrize("arguments", [{"slip": 0.3}, {"layout": "random", "size": 4}], ids=str)
def test_ours_pass_where_chance_rules(arguments):
    outcomes = check_environment(
        "GridRobot-v0", arguments, only=["determinism", "oracle", "oracle-return"], isolated=False
    )
    assert [outcome.status for outcome in outcomes] == [Status.PASSED] * 3


@pytest.mark.parametrize("environment", ["FrozenLake-v1", "minigrid:MiniGrid-Empty-5x5-v0"])
def test_others_pass(environment):
    pytest.importorskip(environment.partition(":")[0] if ":" in environment else "gymnasium")
    skipped, outcomes = found(environment, Status.SKIPPED)
    assert (
        NO_MASKS | NO_ORACLE | NO_VECTOR
        <= skipped
        <= (NO_MASKS | NO_ORACLE | NO_VECTOR | {"reward-bounds"})
    )
    assert {outcome.status for outcome in outcomes} == {Status.SKIPPED, Status.PASSED}, outcomes


@pytest.mark.parametrize(
    ("environment", "name", "message"),
    [
        # All environments of its vector form draw from one generator.
        ("CartPole-v1", "vector-next-step", "what single environments give, but observation"),
        # It returns the array that holds its state.
        ("MountainCarContinuous-v0", "overwriting", "must change nothing, but observation"),
    ],
)
def test_others_fail_rightly(environment, name, message):
    only = ["types", "determinism", "pickling", "buffers", name]
    failed, outcomes = found(environment, Status.FAILED, only=only)
    assert failed == {name}
    assert any(message in outcome.detail for outcome in outcomes)


def test_a_limit_that_is_known_after_the_reset_only():
    pytest.importorskip("minigrid")
    passed, outcomes = found("minigrid:BabyAI-GoToLocal-v0", Status.PASSED, only=["horizon"])
    assert passed == {"horizon"}, outcomes
