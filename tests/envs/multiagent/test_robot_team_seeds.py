"""What is drawn follows from the seed: episodes, splits, copies, other processes."""

import copy
import multiprocessing
import pickle

import numpy as np
import pytest

from lexigym.envs.multiagent import robot_team_v0

from ..equality import assert_equal
from .teams import BLOCKED, STAY, UP, play


def rollout(env, seed=None, episodes=3):
    """Everything that comes back from playing at random."""
    rng = np.random.default_rng(0)
    trace = [env.reset(seed=seed), env.state()]
    for _ in range(episodes):
        while env.agents:
            moves = rng.integers(5, size=len(env.agents)).tolist()
            trace.append(env.step(dict(zip(env.agents, moves, strict=True))))
        trace.append(env.reset())
    return tuple(trace)


@pytest.mark.parametrize("view", ["full", "local"])
def test_the_same_seed_plays_the_same_episodes(view):
    twins = [robot_team_v0.parallel_env(num_robots=4, view=view) for _ in range(2)]
    one, other = (rollout(env, seed=0) for env in twins)
    assert_equal(one, other)
    assert_equal(rollout(twins[0], seed=0), one)
    first, second = (twins[0].reset(seed=seed)[0]["robot_0"] for seed in (0, 1))
    assert (first != second).any()


def test_without_a_seed_the_generator_goes_on():
    env, twin = robot_team_v0.parallel_env(), robot_team_v0.parallel_env()
    env.reset(seed=3)
    twin.reset(seed=3)
    generator = env.np_random
    for _ in range(3):
        assert_equal(env.reset(), twin.reset())
    assert env.np_random is generator
    assert robot_team_v0.parallel_env().reset()[0]["robot_0"].any()


def test_no_global_generator_is_read_or_written():
    before = np.random.get_state()  # noqa: NPY002, the one that must stay as it is
    env = robot_team_v0.parallel_env(num_robots=5, size=6)
    rollout(env, seed=0)
    env.oracle_return()
    after = np.random.get_state()  # noqa: NPY002
    np.testing.assert_array_equal(before[1], after[1])
    assert before[2:] == after[2:]


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda env: pickle.loads(pickle.dumps(env))])
@pytest.mark.parametrize("robots", [2, 4])
def test_a_copy_goes_on_exactly_and_apart(clone, robots):
    env = robot_team_v0.parallel_env(num_robots=robots)
    env.reset(seed=9)
    for _ in range(3):
        env.step({player: env.oracle_action(player) for player in env.agents})
    twin = clone(env)
    for each in (twin, env):
        assert each.oracle_return() == env.oracle_return()
    outcomes = [
        each.step({player: each.oracle_action(player) for player in each.agents})
        for each in (twin, env)
    ]
    assert_equal(*outcomes)
    assert_equal(rollout(twin), rollout(env))


def test_a_spawned_process_plays_the_same():
    env = robot_team_v0.parallel_env(num_robots=3)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        seen = pool.apply(env.reset, (), {"seed": 5})
    assert_equal(seen, env.reset(seed=5))


def test_what_was_returned_stays_as_it_is():
    env = robot_team_v0.parallel_env(num_robots=3)
    returned = [env.reset(seed=0)]
    returned += [env.step(dict.fromkeys(env.agents, action)) for action in (STAY, STAY, UP)]
    returned = tuple(returned)
    before = copy.deepcopy(returned)
    while env.agents:
        env.step({player: env.oracle_action(player) for player in env.agents})
    env.reset()
    assert_equal(returned, before)


def drawn(split, episodes, **arguments):
    env = robot_team_v0.parallel_env(split=split, **arguments)
    layouts = []
    for episode in range(episodes):
        env.reset(seed=3 if episode == 0 else None)
        layouts.append(env._layout)
    return layouts


def test_no_layout_is_in_two_splits_even_with_the_robots_renamed():
    # 3 by 3 with 1 obstacle and 2 goals: 252 layouts.
    held = []
    for split in ("train", "validation", "test"):
        layouts = drawn(split, 3000, size=3, density=0.1)
        held.append({(each.obstacles.tobytes(), *sorted(each.goals.tolist())) for each in layouts})
    assert len(set.union(*held)) == sum(map(len, held)) > 200
    assert all(len(each) > 5 for each in held)


def test_starts_and_goals_are_different_free_cells_spread_evenly():
    starts, goals, episodes = np.zeros(16), np.zeros(16), 3000
    for layout in drawn("train", episodes, size=4, density=0.2, num_robots=3):
        places = np.concatenate([layout.starts, layout.goals])
        assert len(set(places.tolist())) == 6
        assert not layout.obstacles[places].any()
        assert layout.obstacles.sum() == 3
        starts[layout.starts] += 1
        goals[layout.goals] += 1
    assert np.abs(starts / episodes - 3 / 16).max() < 0.05
    assert np.abs(goals / episodes - 3 / 16).max() < 0.05


def test_an_episode_is_what_it_was():
    env = robot_team_v0.parallel_env()
    env.reset(seed=2)
    layout = env._layout
    assert np.flatnonzero(layout.obstacles).tolist() == [5, 12, 14, 16, 18]
    assert (layout.starts.tolist(), layout.goals.tolist()) == ([19, 20], [13, 4])
    actions = [int(action) for action in "30012304112340211022401132142202"]
    pairs = zip(actions[::2], actions[1::2], strict=True)
    cells, paid = (
        np.array(each).T for each in zip(*(play(env, *pair) for pair in pairs), strict=True)
    )
    assert " ".join(map(str, cells[0])) == "19 19 24 19 19 24 24 24 24 24 24 24 23 24 24 19"
    assert " ".join(map(str, cells[1])) == "15 15 15 15 15 15 10 11 6 11 6 7 7 7 7 7"
    assert "".join(np.where(paid[0] == BLOCKED, "x", ".")) == "xx..x..xxx.x..x."
    assert "".join(np.where(paid[1] == BLOCKED, "x", ".")) == ".xx.xx......x.xx"
