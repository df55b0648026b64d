"""The rules of robot_team: moves at once, rewards, ends."""

import copy
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexigym.envs.multiagent import robot_team_v0
from lexigym.envs.multiagent.robot_team.kernels import resolve

from ..equality import assert_equal
from .teams import BLOCKED, DOWN, FREE, GOAL, LEFT, RIGHT, STAY, UP, begin, next_cells_of, play


def reference_moves(cells, actions, table):
    """The largest set of robots that can move together, and those that wanted to and don't."""
    k = len(cells)
    targets = [int(table[cell, action]) for cell, action in zip(cells, actions, strict=True)]
    wants = [i for i in range(k) if actions[i] != STAY]
    able = []
    for i in wants:
        others = [j for j in wants if j != i and targets[j] != cells[j]]
        claimed = any(targets[j] == targets[i] for j in others)
        swapped = any(targets[j] == cells[i] and targets[i] == cells[j] for j in others)
        if targets[i] != cells[i] and not claimed and not swapped:
            able.append(i)
    for size in range(len(able), -1, -1):
        for movers in itertools.combinations(able, size):
            staying = {cells[i] for i in range(k) if i not in movers}
            if not any(targets[i] in staying for i in movers):
                after = [targets[i] if i in movers else cells[i] for i in range(k)]
                return after, [int(i in wants and i not in movers) for i in range(k)]
    raise AssertionError


@st.composite
def scenes(draw):
    """A 3 by 3 grid with obstacles and robots that want to move."""
    cells = draw(st.permutations(range(9)))
    robots = draw(st.integers(2, 6))
    obstacles = np.zeros(9, np.uint8)
    obstacles[cells[robots : robots + draw(st.integers(0, 3))]] = 1
    actions = draw(st.lists(st.integers(0, 4), min_size=robots, max_size=robots))
    return list(cells[:robots]), actions, next_cells_of(obstacles, 3)


def resolved(cells, actions, table):
    targets, collided = np.empty(len(cells), np.int64), np.empty(len(cells), np.int64)
    nobody = np.zeros(len(cells), np.int64)
    resolve(np.array(actions), np.array(cells), nobody, table, targets, collided)
    return targets.tolist(), collided.tolist()


@settings(max_examples=400, deadline=None)
@given(scene=scenes())
def test_as_many_move_as_can_together(scene):
    assert resolved(*scene) == reference_moves(*scene)


@settings(max_examples=200, deadline=None)
@given(scene=scenes(), order=st.randoms(use_true_random=False))
def test_the_order_of_the_players_changes_nothing(scene, order):
    cells, actions, table = scene
    shuffled = list(range(len(cells)))
    order.shuffle(shuffled)
    targets, collided = resolved(cells, actions, table)
    other_targets, other_collided = resolved(
        [cells[i] for i in shuffled], [actions[i] for i in shuffled], table
    )
    assert other_targets == [targets[i] for i in shuffled]
    assert other_collided == [collided[i] for i in shuffled]


def test_edges_and_obstacles_block_and_cost():
    env = begin(". A .\n. # b\na B .")
    assert play(env, DOWN, UP) == ([1, 7], [BLOCKED, BLOCKED])
    assert play(env, UP, DOWN) == ([1, 7], [BLOCKED, BLOCKED])
    assert play(env, LEFT, STAY) == ([0, 7], [FREE, FREE])
    assert play(env, LEFT, RIGHT) == ([0, 8], [BLOCKED, FREE])


def test_who_claims_the_same_cell_stays():
    env = begin("A . B\n. . .\na . b")
    assert play(env, RIGHT, LEFT) == ([0, 2], [BLOCKED, BLOCKED])


def test_robots_dont_swap():
    env = begin("A B .\n. . .\na . b")
    assert play(env, RIGHT, LEFT) == ([0, 1], [BLOCKED, BLOCKED])


def test_who_is_bumped_into_pays_nothing():
    env = begin("A B .\n. . .\na . b")
    assert play(env, RIGHT, STAY) == ([0, 1], [BLOCKED, FREE])


def test_robots_follow_each_other_and_stop_together():
    env = begin("A B C .\n. . . .\n. . . .\na b . c")
    assert play(env, RIGHT, RIGHT, RIGHT) == ([1, 2, 3], [FREE] * 3)
    assert play(env, RIGHT, RIGHT, RIGHT) == ([1, 2, 3], [BLOCKED] * 3)


def test_robots_move_in_a_circle():
    env = begin("A B .\nD C .\nab c d")
    assert play(env, RIGHT, DOWN, LEFT, UP) == ([1, 4, 3, 0], [FREE] * 4)


def test_a_robot_that_arrives_holds_its_goal_for_that_step_and_leaves():
    env = begin("A a B\n. . .\n. . b")
    assert play(env, RIGHT, LEFT) == ([0, 2], [BLOCKED, BLOCKED])
    assert play(env, RIGHT, STAY) == ([1, 2], [GOAL, FREE])
    assert play(env, STAY, LEFT) == ([1, 1], [0.0, FREE])
    _, paid, terminated, truncated, infos = env.step({"robot_0": STAY, "robot_1": DOWN})
    assert paid == {"robot_0": 0.0, "robot_1": FREE}
    assert terminated == truncated == {"robot_0": False, "robot_1": False}
    assert infos == {"robot_0": {}, "robot_1": {}}
    play(env, STAY, DOWN)
    _, paid, terminated, truncated, infos = env.step({"robot_0": STAY, "robot_1": RIGHT})
    assert paid == {"robot_0": 0.0, "robot_1": GOAL}
    assert terminated == {"robot_0": True, "robot_1": True}
    assert truncated == {"robot_0": False, "robot_1": False}
    assert list(infos) == ["robot_0", "robot_1"]
    assert env.agents == []


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    robots=st.integers(2, 6),
    view=st.sampled_from(["full", "local"]),
    shared_reward=st.booleans(),
)
def test_what_a_robot_does_that_has_arrived_changes_nothing(seed, robots, view, shared_reward):
    env = robot_team_v0.parallel_env(
        "ansi", num_robots=robots, size=6, view=view, shared_reward=shared_reward
    )
    env.reset(seed=seed)
    while not env._robots[1].any():
        env.step({player: env.oracle_action(player) for player in env.agents})
    twin = copy.deepcopy(env)
    rng = np.random.default_rng(seed)
    while env.agents:
        gone = [player for player, left in zip(env.agents, env._robots[1], strict=True) if left]
        actions = {
            player: env.oracle_action(player) if rng.random() < 0.5 else int(rng.integers(5))
            for player in env.agents
        }
        staying = actions | dict.fromkeys(gone, STAY)
        moving = actions | {player: int(rng.integers(STAY)) for player in gone}
        outcome = env.step(staying)
        assert_equal(outcome, twin.step(moving))
        assert_equal((env.state(), *env._robots), (twin.state(), *twin._robots))
        assert env.render() == twin.render()
        assert env.agents == twin.agents
        assert env.oracle_return() == twin.oracle_return()
        for player in env.agents:
            assert env.oracle_action(player) == twin.oracle_action(player)
        for player in gone:
            mean = sum(outcome[1].values()) / robots
            assert outcome[1][player] == (pytest.approx(mean) if shared_reward else 0.0)
            assert not env.agents or env.oracle_action(player) == STAY


def test_shared_reward_is_the_mean_of_all():
    env = begin("A a .\n. . B\n. . b", shared_reward=True, goal_reward=2.0)
    assert play(env, UP, STAY)[1] == [-0.035, -0.035]
    assert play(env, RIGHT, STAY)[1] == [0.99, 0.99]
    assert play(env, STAY, STAY)[1] == [-0.005, -0.005]


def test_the_time_limit_truncates_for_all():
    env = robot_team_v0.parallel_env(num_robots=3, max_steps=7)
    env.reset(seed=0)
    for step in range(1, 8):
        players = env.agents
        _, _, terminated, truncated, infos = env.step(dict.fromkeys(players, STAY))
        assert terminated == dict.fromkeys(players, False)
        assert truncated == dict.fromkeys(players, step == 7)
        assert infos == {player: {} for player in players}
    assert env.agents == []
