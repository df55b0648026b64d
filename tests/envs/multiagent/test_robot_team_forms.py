"""The forms of robot_team: all at once, in turns, and converted into each other."""

import pytest
from gymnasium import spaces
from pettingzoo.utils.conversions import aec_to_parallel

from lexigym.envs.multiagent import robot_team_v0

from ..equality import assert_equal
from .cases import GAMES


@pytest.mark.parametrize("arguments", GAMES[robot_team_v0], ids=str)
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


def test_players_have_equal_spaces_of_their_own():
    env = robot_team_v0.parallel_env(num_robots=3)
    assert env.possible_agents == ["robot_0", "robot_1", "robot_2"]
    assert env.unwrapped is env
    for player in env.possible_agents:
        assert env.observation_space(player) == env.observation_space("robot_0")
        assert env.action_space(player) == spaces.Discrete(5)
        assert env.action_space(player) is not env.action_space(
            env.possible_agents[player == "robot_0"]
        )
