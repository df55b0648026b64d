"""Bad input of robot_team: one sentence that names the value and what would be right."""

import copy
import math

import gymnasium
import numpy as np
import pytest

from lexigym.envs.multiagent import robot_team_v0
from lexigym.registry.errors import InvalidArgumentError

from ..equality import assert_equal

STAY = 4

BAD = [
    ("num_robots", 1),
    ("num_robots", 0),
    ("num_robots", 9),
    ("num_robots", 2.0),
    ("num_robots", None),
    ("size", 1),
    ("size", 65),
    ("size", "5"),
    ("size", True),
    ("density", 0.95),
    ("density", -0.1),
    ("density", math.nan),
    ("goal_reward", -1),
    ("goal_reward", math.inf),
    ("step_reward", 0),
    ("step_reward", "x"),
    ("collision_reward", 0.1),
    ("shared_reward", 1),
    ("shared_reward", None),
    ("view", "fulll"),
    ("view", None),
    ("radius", 0),
    ("radius", 5),
    ("radius", 1.5),
    ("split", "tset"),
    ("max_steps", 0),
    ("max_steps", 2.5),
    ("render_mode", "rgb"),
]


@pytest.mark.parametrize(("name", "value"), BAD)
@pytest.mark.parametrize("form", ["parallel_env", "env", "raw_env"])
def test_a_bad_argument_is_refused_by_name_and_value(form, name, value):
    with pytest.raises(InvalidArgumentError) as caught:
        getattr(robot_team_v0, form)(**{name: value})
    message = str(caught.value)
    assert name in message
    assert repr(value) in message
    assert "\n" not in message


def test_more_robots_than_fit_are_refused():
    robot_team_v0.parallel_env(num_robots=2, size=2, density=0).reset(seed=0)
    with pytest.raises(InvalidArgumentError, match=r"num_robots=3 need 6 free cells.*leaves 4"):
        robot_team_v0.parallel_env(num_robots=3, size=2, density=0)
    with pytest.raises(InvalidArgumentError, match="leaves 15"):
        robot_team_v0.parallel_env(num_robots=8, size=5, density=0.4)


def test_a_split_without_layouts_says_so():
    # Four free cells and two goals on them: 6 layouts, of which the split has none.
    env = robot_team_v0.parallel_env(size=2, density=0, split="validation")
    with pytest.raises(InvalidArgumentError, match="too few such layouts"):
        env.reset(seed=0)
    assert env.agents == []


def test_the_defaults_follow_the_size():
    arguments = robot_team_v0.parallel_env(size=np.int64(7)).arguments
    assert (arguments.grid.max_steps, arguments.radius) == (49, 2)
    assert type(arguments.grid.size) is int
    assert robot_team_v0.parallel_env(size=2, density=0).arguments.radius == 1


@pytest.fixture
def env():
    environment = robot_team_v0.parallel_env(num_robots=3)
    environment.reset(seed=0)
    return environment


def actions_with(**changed):
    return {"robot_0": STAY, "robot_1": STAY, "robot_2": STAY} | changed


WRONG = [
    (actions_with(robot_3=0), "robot_3"),
    (actions_with(robt_1=0), "did you mean"),
    ({"robot_0": 0, "robot_1": 0}, "the action of 'robot_2' is missing"),
    ({"robot_0": 0, "robot_1": 0, "robot_9": 0}, "robot_9"),
    ({}, "the action of 'robot_0' is missing"),
    ([0, 0, 0], "dictionary"),
    (None, "dictionary"),
    *[
        (actions_with(robot_1=action), "action of robot_1 must be 0 .up.")
        for action in (5, -1, 2**70, 1.0, "up", None, np.int64(-2), np.array([1, 2]))
    ],
]


@pytest.mark.parametrize(("actions", "message"), WRONG)
def test_wrong_actions_are_refused_and_change_nothing(env, actions, message):
    before = copy.deepcopy(env)
    with pytest.raises(InvalidArgumentError, match=message) as caught:
        env.step(actions)
    assert "\n" not in str(caught.value)
    assert_equal(env.step(actions_with()), before.step(actions_with()))


@pytest.mark.parametrize("action", [np.int64(1), np.uint8(1), np.array(1)])
def test_numpy_integers_are_actions(env, action):
    assert env.step(actions_with(robot_0=action))


def until_one_arrives(env):
    while not env._robots[1].any():
        env.step({player: env.oracle_action(player) for player in env.agents})
    return env.possible_agents[int(env._robots[1].argmax())]


@pytest.mark.parametrize("action", [5, -1, None])
def test_a_robot_that_has_arrived_needs_an_action_that_exists(env, action):
    player = until_one_arrives(env)
    before = copy.deepcopy(env)
    with pytest.raises(InvalidArgumentError, match=f"action of {player} must be"):
        env.step(actions_with(**{player: action}))
    others = actions_with()
    del others[player]
    with pytest.raises(InvalidArgumentError, match=f"the action of '{player}' is missing"):
        env.step(others)
    assert_equal(env.step(actions_with()), before.step(actions_with()))


def test_in_turns_a_finished_player_takes_only_none():
    env = robot_team_v0.raw_env(max_steps=1, num_robots=2, goal_reward=0, density=0, size=2)
    env.reset(seed=0)
    for _ in range(2):
        env.step(STAY)
    assert env.terminations[env.agent_selection] or env.truncations[env.agent_selection]
    with pytest.raises((AssertionError, ValueError)):
        env.step(STAY)


def test_in_turns_a_player_must_act():
    env = robot_team_v0.env()
    env.reset(seed=0)
    env.step(STAY)
    with pytest.raises(InvalidArgumentError, match="action of robot_1 must be"):
        env.step(None)


def test_stepping_needs_a_running_episode(env):
    fresh = robot_team_v0.parallel_env()
    for call in (fresh.state, lambda: fresh.step({}), fresh.oracle_return):
        with pytest.raises(gymnasium.error.ResetNeeded, match="nowhere yet"):
            call()
    while env.agents:
        env.step({player: env.oracle_action(player) for player in env.agents})
    for actions in ({}, actions_with()):
        with pytest.raises(gymnasium.error.ResetNeeded, match="finished"):
            env.step(actions)
    env.reset()
    assert env.agents == env.possible_agents


@pytest.mark.parametrize("call", ["observation_space", "action_space", "oracle_action"])
def test_an_unknown_player_is_refused(env, call):
    with pytest.raises(InvalidArgumentError, match=r"no player 'robot_3'; did you mean"):
        getattr(env, call)("robot_3")


def test_a_bad_option_of_reset_is_refused():
    env = robot_team_v0.parallel_env()
    with pytest.raises(InvalidArgumentError, match="start"):
        env.reset(seed=0, options={"start": (0, 0)})
    env.reset(seed=0, options={"options": 1})
