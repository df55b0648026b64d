"""The oracle: Bellman's equation holds, its rollouts earn what it says, and nobody beats it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexigym.envs.grid.single import GridRobot
from lexigym.envs.grid.vector import GridRobotVector

grids = st.fixed_dictionaries(
    {
        "size": st.integers(2, 6),
        "density": st.floats(0, 0.45),
        "layout": st.sampled_from(["fixed", "random"]),
        "layout_seed": st.integers(0, 1000),
        "goal_reward": st.floats(0, 2),
        "step_reward": st.floats(-0.5, -0.001),
        "collision_reward": st.floats(-0.5, 0),
    }
)
seeds = st.integers(0, 2**30)


def made(arguments, seed):
    env = GridRobot(**arguments)
    env.reset(seed=seed)
    return env


def outcomes(env, cell, action):
    """(probability, next cell, reward) of an action, from the rules alone."""
    size, slip = env.arguments.size, env.arguments.slip
    obstacles = env._grid.obstacles
    for move, probability in ((action, 1 - slip), (action + 1, slip / 2), (action + 3, slip / 2)):
        down, right = [(-1, 0), (0, 1), (1, 0), (0, -1)][move % 4]
        row, column = cell // size + down, cell % size + right
        blocked = not (0 <= row < size and 0 <= column < size) or obstacles[row * size + column]
        reached = cell if blocked else row * size + column
        reward = env.arguments.step_reward
        reward += env.arguments.collision_reward if blocked else 0
        reward += env.arguments.goal_reward if reached == env._grid.goal else 0
        yield probability, reached, reward


def backup(env, values, gamma):
    """Action values from state values in plain loops, `(cells, 4)`; NaN where no robot gets."""
    q_values = np.full((env.arguments.cells, 4), np.nan)
    q_values[env._grid.goal] = 0
    for cell in env._grid.starts.tolist():
        for action in range(4):
            q_values[cell, action] = sum(
                probability * (reward + gamma * values[reached])
                for probability, reached, reward in outcomes(env, cell, action)
            )
    return q_values


@settings(max_examples=40, deadline=None)
@given(
    grid=grids,
    seed=seeds,
    slip=st.sampled_from([0.0, 0.1, 0.5]),
    gamma=st.sampled_from([0.0, 0.5, 0.9, 1.0]),
)
def test_q_values_solve_bellmans_equation(grid, seed, slip, gamma):
    env = made({**grid, "slip": slip}, seed)
    q_values = env.optimal_q_values(gamma)
    expected = backup(env, np.nan_to_num(q_values.max(axis=1)), gamma)
    np.testing.assert_allclose(q_values, expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("slip", [0.0, 0.3])
def test_q_values_are_those_of_value_iteration_from_zero(slip):
    env = made({"size": 4, "layout": "random", "slip": slip}, 3)
    values = np.zeros(16)
    for _ in range(400):
        values = np.nan_to_num(backup(env, values, 0.95).max(axis=1))
    np.testing.assert_allclose(
        np.nan_to_num(env.optimal_q_values(0.95).max(axis=1)), values, atol=1e-7
    )


@settings(max_examples=60, deadline=None)
@given(grid=grids, seed=seeds, max_steps=st.one_of(st.none(), st.integers(1, 12)))
def test_without_slip_the_oracle_earns_what_it_says(grid, seed, max_steps):
    env = made({**grid, "max_steps": max_steps}, seed)
    promised, earned, over = env.oracle_return(), 0.0, False
    while not over:
        assert promised == pytest.approx(earned + env.oracle_return(), abs=1e-9)
        _, reward, terminated, truncated, _ = env.step(env.oracle_action())
        earned, over = earned + reward, terminated or truncated
    assert earned == pytest.approx(promised, abs=1e-9)
    assert env.oracle_return() == 0


@settings(max_examples=60, deadline=None)
@given(grid=grids, seed=seeds, actions=st.lists(st.integers(0, 3), min_size=40, max_size=40))
def test_without_slip_no_play_beats_the_oracle(grid, seed, actions):
    env = made({**grid, "max_steps": 30}, seed)
    bound, earned = env.oracle_return(), 0.0
    for action in actions:
        _, reward, terminated, truncated, _ = env.step(action)
        earned += reward
        if terminated or truncated:
            break
        assert earned + env.oracle_return() <= bound + 1e-9
    assert earned <= bound + 1e-9


@settings(max_examples=25, deadline=None)
@given(grid=grids, seed=seeds, max_steps=st.integers(1, 8))
def test_with_slip_the_return_is_that_of_the_best_play_in_the_steps_left(grid, seed, max_steps):
    env = made({**grid, "slip": 0.3, "max_steps": max_steps}, seed)
    values = np.zeros(env.arguments.cells)
    for _ in range(max_steps):
        q_values = backup(env, values, 1.0)
        values = np.nan_to_num(q_values.max(axis=1))
    assert env.oracle_return() == pytest.approx(values[env._cell], abs=1e-10)
    best = q_values[env._cell]
    assert best[env.oracle_action()] == pytest.approx(best.max(), abs=1e-10)


def test_with_slip_the_oracles_mean_return_is_what_it_says():
    env = GridRobot(slip=0.3, size=5)
    farthest = divmod(int(env._grid.starts[-1]), 5)
    returns = []
    for episode in range(3000):
        env.reset(seed=0 if episode == 0 else None, options={"start": farthest})
        promised, earned, over = env.oracle_return(), 0.0, False
        while not over:
            _, reward, terminated, truncated, _ = env.step(env.oracle_action())
            earned, over = earned + reward, terminated or truncated
        returns.append(earned)
    error = np.std(returns) / np.sqrt(len(returns))
    assert np.mean(returns) == pytest.approx(promised, abs=4 * error)


def test_far_from_a_time_limit_the_return_is_the_value_of_the_best_action():
    env = made({"slip": 0.2, "max_steps": 10_000}, 0)
    best = env.optimal_q_values()[env._cell]
    assert env.oracle_return() == pytest.approx(best.max(), abs=1e-10)
    assert best[env.oracle_action()] == pytest.approx(best.max(), abs=1e-10)


@pytest.mark.parametrize("layout", ["fixed", "random"])
@pytest.mark.parametrize("slip", [0.0, 0.3])
@pytest.mark.parametrize("mode", ["NextStep", "SameStep"])
def test_the_vector_oracle_is_that_of_each(layout, slip, mode):
    arguments = {"layout": layout, "slip": slip, "size": 5}
    envs = GridRobotVector(4, autoreset_mode=mode, **arguments)
    singles = [GridRobot(**arguments) for _ in range(4)]
    envs.reset(seed=2)
    for i, env in enumerate(singles):
        env.reset(seed=2 + i)
    for _ in range(30):
        actions = envs.oracle_action()
        assert actions.dtype == np.int64
        running = [i for i, env in enumerate(singles) if env._steps_left > 0]
        assert actions[running].tolist() == [singles[i].oracle_action() for i in running]
        assert envs.oracle_return().tolist() == [env.oracle_return() for env in singles]
        envs.step(actions)
        for i, env in enumerate(singles):
            if env._steps_left == 0:
                env.reset()
            else:
                env.step(int(actions[i]))
                if mode == "SameStep" and env._steps_left == 0:
                    env.reset()
