"""Bad input: one sentence that names the value and what would be right."""

import math

import gymnasium
import numpy as np
import pytest

import lexigym  # noqa: F401, registers the ids
from lexigym.envs.grid.single import GridRobot
from lexigym.envs.grid.vector import GridRobotVector
from lexigym.registry.errors import InvalidArgumentError

BAD = [
    ("size", 1),
    ("size", 257),
    ("size", "8"),
    ("size", True),
    ("size", 8.0),
    ("size", None),
    ("density", 1),
    ("density", 1.0),
    ("density", -0.1),
    ("density", "0.2"),
    ("density", math.nan),
    ("density", None),
    ("slip", -0.1),
    ("slip", 1),
    ("slip", math.nan),
    ("slip", True),
    ("goal_reward", -1),
    ("goal_reward", math.inf),
    ("goal_reward", "1"),
    ("step_reward", 0),
    ("step_reward", 0.01),
    ("step_reward", -math.inf),
    ("collision_reward", 0.05),
    ("collision_reward", math.nan),
    ("layout", "fixd"),
    ("layout", 3),
    ("layout_seed", -1),
    ("layout_seed", 0.5),
    ("split", "tset"),
    ("split", None),
    ("observation", "images"),
    ("observation", 1),
    ("max_steps", 0),
    ("max_steps", 1.5),
    ("max_steps", False),
    ("render_mode", "rgb"),
]


@pytest.mark.parametrize(("name", "value"), BAD)
@pytest.mark.parametrize("form", [GridRobot, GridRobotVector])
def test_a_bad_argument_is_refused_by_name_and_value(form, name, value):
    with pytest.raises(InvalidArgumentError) as caught:
        form(**{name: value})
    message = str(caught.value)
    assert name in message
    assert repr(value) in message
    assert "\n" not in message


def test_a_misspelt_choice_suggests_the_nearest():
    with pytest.raises(InvalidArgumentError, match="did you mean 'fixed'"):
        GridRobot(layout="fixd")


def test_two_free_cells_are_the_least():
    GridRobot(size=2, density=0.5)
    with pytest.raises(InvalidArgumentError, match="fewer than 2 free cells"):
        GridRobot(size=2, density=0.8)


def test_numpy_numbers_are_numbers():
    env = GridRobot(size=np.int64(5), slip=np.float32(0.5), max_steps=np.int32(7))
    assert (env.arguments.size, env.arguments.slip, env.arguments.max_steps) == (5, 0.5, 7)
    assert type(env.arguments.size) is int


def test_the_default_of_the_observation_follows_the_layout():
    assert GridRobot().arguments.observation == "position"
    assert GridRobot(layout="random").arguments.observation == "map"
    assert GridRobot(size=5).arguments.max_steps == 25


@pytest.mark.parametrize("action", [-1, 4, -5, 1.0, "up", None, np.int64(-2), np.array([1, 2])])
def test_an_action_that_does_not_exist_changes_nothing(action):
    env = GridRobot()
    env.reset(seed=0)
    before = env.state()
    with pytest.raises(InvalidArgumentError, match="action must be 0"):
        env.step(action)
    assert env.state() == before


@pytest.mark.parametrize("actions", [[0, 4, 0], [0, -1, 0], [0, 1], [0.0, 1.0, 2.0], 1, [True] * 3])
def test_actions_that_do_not_exist_change_nothing(actions):
    envs = GridRobotVector(3)
    envs.reset(seed=0)
    before = envs.state()
    with pytest.raises(InvalidArgumentError, match="actions must be"):
        envs.step(actions)
    assert envs.state() == before


def test_stepping_needs_a_running_episode():
    env, envs = GridRobot(max_steps=1), GridRobotVector(2, max_steps=1, autoreset_mode="Disabled")
    for each, action in ((env, 0), (envs, [0, 0])):
        with pytest.raises(gymnasium.error.ResetNeeded, match="reset"):
            each.step(action)
        with pytest.raises(gymnasium.error.ResetNeeded, match="reset"):
            each.oracle_return()
        each.reset(seed=0)
        each.step(action)
        with pytest.raises(gymnasium.error.ResetNeeded, match="reset"):
            each.step(action)


@pytest.mark.parametrize("form", [GridRobot, lambda: GridRobotVector(2)])
@pytest.mark.parametrize(
    "options",
    [{"strt": (0, 0)}, {"start": (8, 0)}, {"start": 3}, {"start": ("0", "1")}, {"start": (0, -1)}],
)
def test_a_bad_option_of_reset_is_refused(form, options):
    with pytest.raises(InvalidArgumentError):
        form().reset(seed=0, options=options)


@pytest.mark.parametrize("form", [GridRobot, lambda: GridRobotVector(2)])
def test_an_episode_cannot_begin_on_an_obstacle(form):
    with pytest.raises(InvalidArgumentError, match="obstacle"):
        form().reset(seed=0, options={"start": (0, 2)})


@pytest.mark.parametrize(
    "mask", [[True, False], np.array([1, 0]), np.array([False, False]), np.array([True])]
)
def test_a_bad_mask_is_refused(mask):
    envs = GridRobotVector(2, autoreset_mode="Disabled")
    envs.reset(seed=0)
    with pytest.raises(InvalidArgumentError, match="reset_mask"):
        envs.reset(options={"reset_mask": mask})


def test_the_vector_form_checks_its_own_arguments():
    with pytest.raises(InvalidArgumentError, match="num_envs"):
        GridRobotVector(0)
    with pytest.raises(InvalidArgumentError, match="autoreset_mode"):
        GridRobotVector(2, autoreset_mode="sometimes")
    with pytest.raises(InvalidArgumentError, match="3 entries"):
        GridRobotVector(2).reset(seed=[1, 2, 3])


@pytest.mark.parametrize("gamma", [-0.1, 1.1, math.nan])
def test_a_discount_outside_its_range_is_refused(gamma):
    with pytest.raises(InvalidArgumentError, match="gamma"):
        GridRobot().optimal_q_values(gamma)


@pytest.mark.parametrize("form", [GridRobot, lambda **a: GridRobotVector(2, **a)])
def test_a_split_without_maps_says_so(form):
    # Two cells stay free: 8 of the 12 maps are solvable, and none of them is of this split.
    env = form(size=2, density=0.5, layout="random", split="test")
    with pytest.raises(InvalidArgumentError, match="too few such maps"):
        env.reset(seed=0)
