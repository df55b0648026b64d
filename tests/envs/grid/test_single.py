"""The rules of one environment: moves, rewards, ends, seeds, snapshots."""

import copy
import json
import pickle
import subprocess
import sys

import gymnasium
import numpy as np
import pytest

import lexigym  # noqa: F401, registers the ids
from lexigym.envs.grid.single import GridRobot
from lexigym.registry.errors import InvalidArgumentError

MOVES = [(-1, 0), (0, 1), (1, 0), (0, -1)]


def rollout(env, actions, seed=None):
    """Everything that comes back from playing `actions`, resetting where an episode ends."""
    trace = [env.reset(seed=seed)]
    for action in actions:
        outcome = env.step(action)
        trace.append(outcome)
        if outcome[2] or outcome[3]:
            trace.append(env.reset())
    return trace


def assert_same(one, other):
    assert len(one) == len(other)
    for mine, theirs in zip(one, other, strict=True):
        assert mine[1:] == theirs[1:]
        np.testing.assert_array_equal(mine[0], theirs[0])


def random_actions(n=200, seed=0):
    return np.random.default_rng(seed).integers(4, size=n).tolist()


@pytest.mark.parametrize("layout", ["fixed", "random"])
def test_moves_rewards_and_ends_follow_the_rules(layout):
    env = GridRobot(layout=layout, size=4, observation="index")
    cell, _ = env.reset(seed=0)
    steps = 0
    for action in random_actions(2000):
        obstacles, goal = env._grid.obstacles.reshape(4, 4), env._grid.goal
        row, column = cell // 4 + MOVES[action][0], cell % 4 + MOVES[action][1]
        blocked = not (0 <= row < 4 and 0 <= column < 4) or obstacles[row, column] == 1
        expected = cell if blocked else row * 4 + column
        cell, reward, terminated, truncated, info = env.step(action)
        steps += 1
        assert cell == expected
        assert reward == pytest.approx(-0.01 - 0.05 * blocked + 1.0 * (cell == goal))
        assert terminated is (cell == goal)
        assert truncated is (steps == 16 and cell != goal)
        assert info == {}
        assert env.reward_bounds[0] <= reward <= env.reward_bounds[1]
        if terminated or truncated:
            cell, _ = env.reset()
            steps = 0


def test_slips_happen_as_often_as_promised_and_to_both_sides():
    env = GridRobot(size=9, density=0.0, slip=0.3, observation="index")
    env.reset(seed=0)
    moved = {-9: 0, 1: 0, -1: 0}
    n = 20_000
    for _ in range(n):
        before = env.reset(options={"start": (4, 4) if env._goal != 40 else (4, 3)})[0]
        moved[env.step(0)[0] - before] += 1
    assert moved[-9] / n == pytest.approx(0.7, abs=0.015)
    assert moved[1] / n == pytest.approx(0.15, abs=0.012)
    assert moved[-1] / n == pytest.approx(0.15, abs=0.012)


@pytest.mark.parametrize("layout", ["fixed", "random"])
@pytest.mark.parametrize("slip", [0.0, 0.3])
def test_the_same_seed_plays_the_same_episodes(layout, slip):
    twins = [GridRobot(layout=layout, slip=slip) for _ in range(2)]
    assert_same(*(rollout(env, random_actions(), seed=0) for env in twins))
    assert twins[0].state() == twins[1].state()


def test_seed_zero_is_a_seed():
    env = GridRobot(observation="index", layout="random")
    first, again = (rollout(env, random_actions(), seed=0) for _ in range(2))
    assert_same(first, again)
    assert env.np_random_seed == 0


def test_a_start_can_be_asked_for_and_changes_nothing_that_follows():
    env, twin = GridRobot(observation="index"), GridRobot(observation="index")
    env.reset(seed=1)
    twin.reset(seed=1)
    assert env.reset(options={"start": (0, 0)})[0] == 0
    twin.reset()
    assert env.reset() == twin.reset()


@pytest.mark.parametrize("layout", ["fixed", "random"])
@pytest.mark.parametrize("slip", [0.0, 0.3])
def test_a_snapshot_in_mid_episode_goes_on_exactly(layout, slip):
    env = GridRobot(layout=layout, slip=slip)
    rollout(env, random_actions(37), seed=5)
    env.step(0)
    snapshot = json.loads(json.dumps(env.state()))
    fresh = GridRobot(layout=layout, slip=slip)
    fresh.restore(snapshot)
    expected = [env.step(1), *rollout(env, random_actions(100, seed=1))]
    assert_same(expected, [fresh.step(1), *rollout(fresh, random_actions(100, seed=1))])


@pytest.mark.parametrize("state", [{}, {"cell": 3}, {"generator": {}}, []])
def test_a_foreign_state_is_refused(state):
    with pytest.raises(InvalidArgumentError, match="state"):
        GridRobot().restore(state)


@pytest.mark.parametrize("number", [-2, 10**9, 2**70, 1.5, None])
@pytest.mark.parametrize("name", ["cell", "steps_left", "facing", "goal"])
def test_a_state_of_numbers_that_there_are_not_is_refused(name, number):
    env = GridRobot(layout="random", size=4)
    env.reset(seed=0)
    other = GridRobot(layout="random", size=4)
    other.reset(seed=1)
    before = env.state()
    with pytest.raises(InvalidArgumentError, match=f"{name} must be an integer"):
        env.restore(other.state() | {name: number})
    assert env.state() == before


def test_a_state_of_another_size_is_refused():
    env = GridRobot(layout="random", size=4)
    env.reset(seed=0)
    with pytest.raises(InvalidArgumentError, match="16 cells"):
        GridRobot(layout="random", size=5).restore(env.state())


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda env: pickle.loads(pickle.dumps(env))])
@pytest.mark.parametrize("layout", ["fixed", "random"])
@pytest.mark.parametrize("observation", ["position", "index", "map", "image"])
def test_a_copy_goes_on_exactly_and_apart(clone, layout, observation):
    env = GridRobot(layout=layout, observation=observation, slip=0.2)
    env.reset(seed=9)
    env.step(0)
    twin = clone(env)
    played = rollout(twin, random_actions(100))
    assert_same(played, rollout(env, random_actions(100)))


def test_no_global_generator_is_read_or_written():
    before = np.random.get_state()  # noqa: NPY002, the one that must stay as it is
    rollout(GridRobot(layout="random", slip=0.2), random_actions(), seed=0)
    after = np.random.get_state()  # noqa: NPY002
    np.testing.assert_array_equal(before[1], after[1])
    assert before[2:] == after[2:]


def test_gymnasium_makes_the_bare_environment():
    env = gymnasium.make("GridRobot-v0")
    assert env is env.unwrapped
    assert env.spec.id == "GridRobot-v0"


def test_a_fixed_map_needs_no_compiler():
    program = (
        "import sys, gymnasium, lexigym; env = gymnasium.make('GridRobot-v0', slip=0.1);"
        "env.reset(seed=0); env.step(0); env.oracle_return(); assert 'numba' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


ACTIONS = [int(action) for action in "300003320011211022001132112202"]


def played(**arguments):
    """Obstacles, goal, cells and rewards of the first episode after seed 0."""
    env = gymnasium.make("GridRobot-v0", observation="index", **arguments)
    cells, rewards = [env.reset(seed=0)[0]], []
    for action in ACTIONS:
        cell, reward, terminated, _, _ = env.step(action)
        cells.append(cell)
        rewards.append(round(reward, 2))
        if terminated:
            break
    grid = env.unwrapped._grid
    return np.flatnonzero(grid.obstacles).tolist(), grid.goal, cells, rewards


def test_the_default_environment_is_what_it_was():
    obstacles, goal, cells, rewards = played()
    assert obstacles == [2, 4, 11, 17, 38, 40, 41, 48, 52, 54, 56, 58, 60]
    assert goal == 14
    assert cells == [
        43,
        42,
        34,
        26,
        18,
        10,
        9,
        8,
        16,
        8,
        0,
        1,
        1,
        9,
        10,
        10,
        10,
        18,
        26,
        18,
        10,
        10,
        10,
        9,
        9,
        10,
        10,
        18,
        26,
        18,
        26,
    ]
    assert rewards == [
        -0.01,
        -0.01,
        -0.01,
        -0.01,
        -0.01,
        -0.01,
        -0.01,
        -0.01,
        -0.01,
        -0.01,
        -0.01,
        -0.06,
        -0.01,
        -0.01,
        -0.06,
        -0.06,
        -0.01,
        -0.01,
        -0.01,
        -0.01,
        -0.06,
        -0.06,
        -0.01,
        -0.06,
        -0.01,
        -0.06,
        -0.01,
        -0.01,
        -0.01,
        -0.01,
    ]


def test_a_held_out_slippery_map_is_what_it_was():
    obstacles, goal, cells, rewards = played(layout="random", slip=0.5, split="test")
    assert obstacles == [12, 15, 22, 23, 32, 33, 36, 40, 41, 44, 47, 52, 55]
    assert goal == 54
    assert cells == [
        5,
        4,
        5,
        5,
        5,
        4,
        3,
        2,
        10,
        2,
        3,
        4,
        4,
        5,
        6,
        7,
        6,
        7,
        7,
        7,
        7,
        7,
        7,
        7,
        7,
        7,
        7,
        7,
        7,
        7,
        7,
    ]
    assert rewards == [
        -0.01,
        -0.01,
        -0.06,
        -0.06,
        -0.01,
        -0.01,
        -0.01,
        -0.01,
        -0.01,
        -0.01,
        -0.01,
        -0.06,
        -0.01,
        -0.01,
        -0.01,
        -0.01,
        -0.01,
        -0.06,
        -0.06,
        -0.06,
        -0.06,
        -0.06,
        -0.06,
        -0.06,
        -0.06,
        -0.06,
        -0.06,
        -0.06,
        -0.06,
        -0.06,
    ]
