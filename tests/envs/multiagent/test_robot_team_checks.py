"""What PettingZoo's own tests say of both forms and their conversions; warnings are errors."""

import warnings
from functools import partial
from types import SimpleNamespace

import pytest
from gymnasium import spaces
from pettingzoo.utils.conversions import aec_to_parallel, parallel_to_aec

from lexigym.envs.multiagent import robot_team_v0

from ..equality import assert_equal

with warnings.catch_warnings():
    # It imports an environment of its own in a way that it warns of.
    warnings.simplefilter("ignore")
    from pettingzoo.test import (
        api_test,
        max_cycles_test,
        parallel_api_test,
        parallel_seed_test,
        render_test,
        seed_test,
    )
    from pettingzoo.test.state_test import state_test

CASES = [
    {},
    {"view": "local", "shared_reward": True},
    {"num_robots": 5, "size": 6, "density": 0.3},
    {"num_robots": 8, "size": 6, "view": "local", "radius": 1},
]
cases = pytest.mark.parametrize("arguments", CASES)


@cases
def test_the_parallel_form(arguments):
    parallel_api_test(robot_team_v0.parallel_env(**arguments), num_cycles=200)
    parallel_seed_test(partial(robot_team_v0.parallel_env, **arguments))


@cases
@pytest.mark.parametrize("form", ["env", "raw_env"])
def test_the_form_in_turns(arguments, form):
    make = partial(getattr(robot_team_v0, form), **arguments)
    api_test(make(), num_cycles=200)
    seed_test(make, num_cycles=50)


@cases
def test_converted_there_and_back(arguments):
    def make():
        return aec_to_parallel(robot_team_v0.env(**arguments))

    parallel_api_test(make(), num_cycles=200)
    parallel_seed_test(make)
    api_test(parallel_to_aec(make()), num_cycles=200)


@cases
def test_a_conversion_there_and_back_changes_nothing(arguments):
    env = robot_team_v0.parallel_env(**arguments)
    converted = aec_to_parallel(robot_team_v0.env(**arguments))
    for episode in range(4):
        seed = 0 if episode == 0 else None
        assert_equal(env.reset(seed=seed), converted.reset(seed=seed))
        while env.agents:
            # Robot 0 arrives, and acts on.
            actions = {player: env.action_space(player).sample() for player in env.agents}
            if not env._robots[1][0]:
                actions["robot_0"] = env.oracle_action("robot_0")
            mine, theirs = env.step(actions), converted.step(actions)
            assert_equal(mine, tuple(dict(each) for each in theirs))
            assert_equal(env.state(), converted.state())
            assert env.agents == converted.agents


def test_the_number_of_cycles():
    # On a larger grid, so that not all arrive within 4 steps by accident.
    crowd = {"num_robots": 8, "size": 7}
    max_cycles_test(
        SimpleNamespace(
            env=lambda max_cycles: robot_team_v0.env(max_steps=max_cycles, **crowd),
            parallel_env=lambda max_cycles: robot_team_v0.parallel_env(
                max_steps=max_cycles, **crowd
            ),
        )
    )


def test_rendering(monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    pytest.importorskip("pygame")
    render_test(robot_team_v0.env)


@cases
def test_the_state(arguments):
    state_test(robot_team_v0.env(**arguments), robot_team_v0.parallel_env(**arguments), 50)


def test_what_pettingzoo_asks_of_names_and_metadata():
    env = robot_team_v0.parallel_env(num_robots=3)
    assert str(env) == env.metadata["name"] == "robot_team_v0"
    assert env.metadata["render_modes"] == ["ansi", "rgb_array", "human"]
    assert env.metadata["is_parallelizable"] is True
    assert env.possible_agents == ["robot_0", "robot_1", "robot_2"]
    assert env.agents == []
    assert env.unwrapped is env
    assert robot_team_v0.env().unwrapped.oracle_return
    for player in env.possible_agents:
        assert env.observation_space(player) == env.observation_space("robot_0")
        assert env.action_space(player) == spaces.Discrete(5)
        assert env.action_space(player) is not env.action_space(
            env.possible_agents[player == "robot_0"]
        )


@cases
def test_spaces_hold_what_comes(arguments):
    env = robot_team_v0.parallel_env(**arguments)
    low, high = env.reward_bounds
    for episode in range(5):
        observations, infos = env.reset(seed=episode)
        while env.agents:
            assert infos == {player: {} for player in env.agents}
            # What wraps the environment may write into them.
            assert infos["robot_0"] is not infos["robot_1"]
            for player in env.agents:
                assert env.observation_space(player).contains(observations[player])
            assert env.state_space.contains(env.state())
            actions = {player: env.action_space(player).sample() for player in env.agents}
            observations, paid, *_, infos = env.step(actions)
            assert all(low <= reward <= high for reward in paid.values())
        assert infos == {player: {} for player in env.possible_agents}
