"""What the game refuses, and how it says so."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.utils.env_checker import data_equivalence

from lexigym.envs.multiagent.twenty_questions_v0 import env as checked_env
from lexigym.envs.multiagent.twenty_questions_v0 import parallel_env, raw_env
from lexigym.registry.errors import InvalidArgumentError

from .questions import ANSWERER, GUESSER, PLAYERS, begun


def test_a_question_may_not_be_repeated():
    env = begun()
    env.step(3)
    env.step(1)
    before = copy.deepcopy(env.infos), env.state(), env.agent_selection
    with pytest.raises(InvalidArgumentError, match="guesser_0 may not take action 3 now"):
        env.step(3)
    assert data_equivalence(before, (env.infos, env.state(), env.agent_selection))


@pytest.mark.parametrize("action", [-1, 28, 1.0, "0", None, [0], np.array([1, 2]), math.nan])
def test_an_action_that_does_not_exist_is_refused(action):
    env = begun()
    with pytest.raises(InvalidArgumentError, match=r"guesser_0 must be an integer from 0 to 27"):
        env.step(action)
    env.step(0)
    with pytest.raises(InvalidArgumentError, match=r"answerer_0 must be an integer from 0 to 1"):
        env.step(action)
    assert env.agent_selection == ANSWERER


def test_a_finished_player_does_nothing_but_leave():
    env = begun()
    env.step(27)
    with pytest.raises(ValueError, match="finished, so its only action is None"):
        env.step(0)
    env.step(None)
    env.step(None)
    with pytest.raises(ResetNeeded, match=r"call reset\(\) before step"):
        env.step(None)


def test_before_the_first_reset_there_is_no_game():
    env = raw_env(level="small", render_mode="ansi")
    for call in (
        lambda: env.step(0),
        lambda: env.observe(GUESSER),
        env.state,
        env.render,
        env.oracle_return,
        lambda: env.oracle_action(GUESSER),
        lambda: env.text,
        lambda: env.entity,
        lambda: parallel_env(level="small").step(dict.fromkeys(PLAYERS, 0)),
    ):
        with pytest.raises(ResetNeeded, match=r"call reset\(\)"):
            call()
    with pytest.raises(AssertionError, match=r"reset\(\) needs to be called"):
        checked_env(level="small").step(0)


@pytest.mark.parametrize(
    "method", ["observe", "observation_space", "action_space", "oracle_action"]
)
@pytest.mark.parametrize("player", ["guesser", "robot_0", 0, None])
def test_an_unknown_player_is_refused(method, player):
    with pytest.raises(InvalidArgumentError, match=f"there is no player {player!r}"):
        getattr(begun(), method)(player)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("category", "cities"),
        ("category", None),
        ("level", "smal"),
        ("level", 1),
        ("max_questions", 0),
        ("max_questions", 101),
        ("max_questions", 2.0),
        ("max_questions", True),
        ("question_cost", -0.1),
        ("question_cost", 1.1),
        ("question_cost", math.nan),
        ("question_cost", "0.1"),
        ("render_mode", "rgb"),
        ("entities", {"cat": {}}),
    ],
)
@pytest.mark.parametrize("form", [raw_env, checked_env, parallel_env])
def test_a_bad_argument_is_refused_by_name_and_value(form, name, value):
    with pytest.raises(InvalidArgumentError) as caught:
        form(**{name: value})
    assert name in str(caught.value)
    assert repr(value) in str(caught.value)


@pytest.mark.parametrize(
    "options", [{"exampel": 1}, {"example": -1}, {"example": 16}, {"example": "a"}]
)
def test_a_bad_option_of_reset_is_refused(options):
    with pytest.raises(InvalidArgumentError):
        raw_env(level="small").reset(options=options)
