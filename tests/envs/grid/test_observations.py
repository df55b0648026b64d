"""Observations show the truth, and nothing that a caller does to them comes back."""

import numpy as np
import pytest

from lexigym.envs.grid.single import GridRobot
from lexigym.envs.grid.vector import GridRobotVector

KINDS = ("position", "index", "map", "image")


def walk(env, steps=60):
    observation, _ = env.reset(seed=4)
    for action in np.random.default_rng(0).integers(4, size=steps).tolist():
        yield observation
        observation, _, terminated, truncated, _ = env.step(action)
        if terminated or truncated:
            yield observation
            observation, _ = env.reset()


def truth(env):
    size = env.arguments.size
    return env._grid.obstacles.reshape(size, size), divmod(env._grid.goal, size)


def test_an_image_decodes_to_map_goal_and_robot():
    env = GridRobot(layout="random", observation="image")
    for image in walk(env):
        obstacles, goal = truth(env)
        np.testing.assert_array_equal(image[0], obstacles * 255)
        assert set(np.unique(image)) <= {0, 255}
        assert np.argwhere(image[1]).tolist() == [list(goal)]
        assert np.argwhere(image[2]).tolist() == [list(divmod(env._cell, 8))]


@pytest.mark.parametrize("size", [2, 5, 8])
def test_a_map_decodes_to_map_goal_and_robot(size):
    env = GridRobot(layout="random", observation="map", size=size, density=0.3)
    span = 2 * size - 1
    for observation in walk(env):
        obstacles, goal = truth(env)
        window = observation[: span**2].reshape(span, span)
        offset_row, offset_column = (
            int(np.flatnonzero(part).item()) - (size - 1)
            for part in np.split(observation[span**2 :], 2)
        )
        inside = np.argwhere(window == 0) - (size - 1)
        row, column = divmod(env._cell, size)
        assert (row + offset_row, column + offset_column) == goal
        free = {(row + r, column + c) for r, c in inside.tolist()}
        assert free == {tuple(cell) for cell in np.argwhere(obstacles == 0).tolist()}


def test_a_position_decodes_to_the_cell():
    env = GridRobot(size=5)
    for observation in walk(env):
        row, column = (int(np.flatnonzero(part).item()) for part in np.split(observation, 2))
        assert row * 5 + column == env._cell


def test_an_index_is_the_cell_as_a_plain_int():
    env = GridRobot(observation="index")
    for observation in walk(env):
        assert type(observation) is int
        assert observation == env._cell


@pytest.mark.parametrize("layout", ["fixed", "random"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_observation_is_in_the_space_and_is_the_callers_own(kind, layout):
    env = GridRobot(observation=kind, layout=layout)
    untouched = GridRobot(observation=kind, layout=layout)
    for mine, other in zip(walk(env), walk(untouched), strict=True):
        assert mine in env.observation_space
        np.testing.assert_array_equal(mine, other)
        if isinstance(mine, np.ndarray):
            mine[...] = 7


@pytest.mark.parametrize("mode", ["NextStep", "SameStep"])
@pytest.mark.parametrize("layout", ["fixed", "random"])
@pytest.mark.parametrize("kind", KINDS)
def test_batches_are_the_callers_own(kind, layout, mode):
    arguments = {"observation": kind, "layout": layout, "autoreset_mode": mode, "size": 3}
    envs, untouched = GridRobotVector(4, **arguments), GridRobotVector(4, **arguments)
    actions = np.random.default_rng(0).integers(4, size=(30, 4))
    mine, other = envs.reset(seed=0)[0], untouched.reset(seed=0)[0]
    for each in actions:
        np.testing.assert_array_equal(mine, other)
        assert mine in envs.observation_space
        mine[...] = 1
        mine, rewards, terminated, truncated, infos = envs.step(each)
        rewards[:], terminated[:], truncated[:] = 9, True, True
        for final in infos.get("final_obs", ()):
            if isinstance(final, np.ndarray):
                assert not np.shares_memory(final, mine)
        other = untouched.step(each)[0]
