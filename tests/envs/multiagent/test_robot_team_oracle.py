"""The oracle of robot_team: the best there is for two robots, and what it says it earns."""

import functools
import itertools

import gymnasium
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexigym.envs.multiagent import robot_team_v0
from lexigym.envs.multiagent.robot_team import oracle as oracles
from lexigym.envs.multiagent.robot_team.plans import MAX_HORIZON, plan
from lexigym.registry.errors import InvalidArgumentError

STAY = 4


def best_sum(env):
    """The best sum of returns, by looking at all joint actions, collisions too, recursively."""
    layout, (free, blocked, arrived) = env._layout, env.arguments.grid.rewards
    table, goals = layout.next_cells.tolist(), layout.goals.tolist()

    def outcome(cells, actions):
        """Where two robots end up, and whose move doesn't happen; None is a robot that has left."""
        targets = [
            None if cell is None else table[cell][action]
            for cell, action in zip(cells, actions, strict=True)
        ]
        stays = [target == cell for target, cell in zip(targets, cells, strict=True)]
        if None not in cells and (targets[0] == targets[1] or targets == [cells[1], cells[0]]):
            return cells, [action != STAY for action in actions]
        return targets, [
            action != STAY and cell is not None and stay
            for action, cell, stay in zip(actions, cells, stays, strict=True)
        ]

    @functools.cache
    def value(cells, steps_left):
        if steps_left == 0 or cells == (None, None):
            return 0.0
        best = -np.inf
        for actions in itertools.product(range(5), repeat=2):
            targets, collided = outcome(cells, actions)
            total, after = 0.0, []
            for i in range(2):
                there = cells[i] is not None and targets[i] == goals[i]
                after.append(None if there else targets[i])
                if cells[i] is not None:
                    total += arrived if there else blocked if collided[i] else free
            best = max(best, total + value(tuple(after), steps_left - 1))
        return best

    cells, left, _ = env._robots
    now = tuple(
        None if gone else cell for cell, gone in zip(cells.tolist(), left.tolist(), strict=True)
    )
    return value(now, env._steps_left)


def earned(env):
    """The mean return of following the oracle to the end."""
    total = 0.0
    while env.agents:
        actions = {player: env.oracle_action(player) for player in env.agents}
        total += sum(env.step(actions)[1].values()) / len(env.possible_agents)
    return total


def seed_moves(env, seed):
    for i, player in enumerate(env.possible_agents):
        env.action_space(player).seed(seed + i)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    size=st.integers(2, 3),
    density=st.sampled_from([0.0, 0.2, 0.4]),
    max_steps=st.integers(3, 9),
    goal_reward=st.sampled_from([0.0, 0.03, 1.0]),
    collision_reward=st.sampled_from([0.0, -0.05]),
    moves=st.integers(0, 6),
)
def test_two_robots_play_the_best_there_is(
    seed, size, density, max_steps, goal_reward, collision_reward, moves
):
    env = robot_team_v0.parallel_env(
        size=size,
        density=0.0 if size == 2 else density,
        max_steps=max_steps,
        goal_reward=goal_reward,
        collision_reward=collision_reward,
    )
    env.reset(seed=seed)
    seed_moves(env, seed)
    for _ in range(moves + 1):
        if env.agents:
            assert env.oracle_return() == pytest.approx(best_sum(env) / 2, abs=1e-9)
            env.step({player: env.action_space(player).sample() for player in env.agents})


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    robots=st.integers(2, 8),
    density=st.sampled_from([0.1, 0.3]),
    shared_reward=st.booleans(),
    max_steps=st.sampled_from([20, 60]),
    moves=st.integers(0, 25),
)
def test_the_oracle_earns_what_it_says_from_wherever_it_is(
    seed, robots, density, shared_reward, max_steps, moves
):
    env = robot_team_v0.parallel_env(
        num_robots=robots,
        size=6,
        density=density,
        shared_reward=shared_reward,
        max_steps=max_steps,
    )
    env.reset(seed=seed)
    seed_moves(env, seed)
    for step in range(moves):
        if not env.agents:
            break
        if step % 3 == 0:
            env.oracle_return()
        env.step({player: env.action_space(player).sample() for player in env.agents})
    told = env.oracle_return()
    assert earned(env) == pytest.approx(told, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    robots=st.integers(2, 8),
    size=st.integers(5, 8),
    density=st.floats(0, 0.35),
)
def test_every_layout_is_solved_within_the_time(seed, robots, size, density):
    env = robot_team_v0.parallel_env(num_robots=robots, size=size, density=density)
    env.reset(seed=seed)
    while env.agents:
        actions = {player: env.oracle_action(player) for player in env.agents}
        _, paid, terminated, truncated, _ = env.step(actions)
        # It has no reason to collide.
        assert min(paid.values()) > env.reward_bounds[0]
    assert set(terminated.values()) == {True}
    assert set(truncated.values()) == {False}


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), moves=st.integers(0, 60))
def test_crowds_find_a_way_wherever_they_went(seed, moves):
    env = robot_team_v0.parallel_env(num_robots=8, size=6, density=0.4, max_steps=400)
    env.reset(seed=seed)
    seed_moves(env, seed)
    for _ in range(moves):
        if env.agents:
            env.step({player: env.action_space(player).sample() for player in env.agents})
    if env.agents:
        earned(env)
        assert env._robots[1].all()


def test_a_crowd_without_a_plan_goes_back_to_where_it_had_one(monkeypatch):
    env = robot_team_v0.parallel_env(num_robots=4, size=5, max_steps=60)
    env.reset(seed=0)
    seed_moves(env, 0)
    for _ in range(6):
        env.step({player: env.action_space(player).sample() for player in env.agents})
    gone = env._robots[1].sum()

    def no_plan(cells, goals, team, next_cells, distances, horizon, *, first=False):
        paths, times = plan(cells, goals, team, next_cells, distances, horizon, first=first)
        paths[:], times[:] = cells[:, None], -1
        return paths, times

    monkeypatch.setattr(oracles, "plan", no_plan)
    told = env.oracle_return()
    assert earned(env) == pytest.approx(told, abs=1e-9)
    assert gone < 4
    assert env._robots[1].all()


def test_a_short_end_leaves_some_on_the_way():
    env = robot_team_v0.parallel_env(num_robots=4, size=6, max_steps=12)
    env.reset(seed=1)
    for _ in range(11):
        env.step(dict.fromkeys(env.agents, STAY))
    layout = env._layout
    near = sum(layout.distances[i, layout.starts[i]] == 1 for i in range(4))
    assert env.oracle_return() == pytest.approx((near - 4 * 0.01) / 4)
    told = env.oracle_return()
    assert earned(env) == pytest.approx(told)


def test_a_plan_is_never_better_than_the_best_there_is():
    env = robot_team_v0.parallel_env(size=5, density=0.4)
    same = 0
    for episode in range(100):
        env.reset(seed=0 if episode == 0 else None)
        layout, told = env._layout, env.oracle_return()
        _, times = plan(
            layout.starts,
            layout.goals,
            np.arange(2),
            layout.next_cells,
            layout.distances,
            env.arguments.grid.max_steps,
        )
        planned = sum(0.99 - 0.01 * (time - 1) for time in times.tolist()) / 2
        assert planned <= told + 1e-9
        same += planned > told - 1e-9
    assert same > 90


def test_a_long_limit_costs_nothing():
    env = robot_team_v0.parallel_env(max_steps=2**62)
    env.reset(seed=0)
    short = robot_team_v0.parallel_env(max_steps=MAX_HORIZON)
    short.reset(seed=0)
    assert env.oracle_return() == short.oracle_return()
    crowd = robot_team_v0.parallel_env(num_robots=5, max_steps=2**62)
    crowd.reset(seed=0)
    told = crowd.oracle_return()
    assert earned(crowd) == pytest.approx(told)


def test_a_large_grid_is_planned():
    env = robot_team_v0.parallel_env(num_robots=8, size=40, density=0.3, view="local")
    env.reset(seed=0)
    told = env.oracle_return()
    assert earned(env) == pytest.approx(told)
    assert env._robots[1].all()


def test_the_oracle_is_deterministic_and_draws_nothing():
    traces = []
    for asked in (1, 3):
        env = robot_team_v0.parallel_env(num_robots=6, size=6)
        env.reset(seed=4)
        state = env.np_random.bit_generator.state
        told = [env.oracle_return() for _ in range(asked)][-1]
        trace = []
        while env.agents:
            for _ in range(asked):
                actions = {player: env.oracle_action(player) for player in env.agents}
            trace.append(tuple(actions.values()))
            env.step(actions)
        assert env.np_random.bit_generator.state == state
        traces.append((told, trace))
    assert traces[0] == traces[1]


def test_after_the_end_there_is_nothing_to_earn():
    env = robot_team_v0.parallel_env()
    with pytest.raises(gymnasium.error.ResetNeeded, match="reset"):
        env.oracle_return()
    with pytest.raises(gymnasium.error.ResetNeeded, match="reset"):
        env.oracle_action("robot_0")
    env.reset(seed=0)
    with pytest.raises(InvalidArgumentError, match="robot_7"):
        env.oracle_action("robot_7")
    earned(env)
    assert env.oracle_return() == 0.0
    with pytest.raises(gymnasium.error.ResetNeeded, match="over"):
        env.oracle_action("robot_0")
