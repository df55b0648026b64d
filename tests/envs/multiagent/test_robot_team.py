"""The rules of robot_team: moves at once, rewards, ends, what is seen, seeds, splits, copies."""

import copy
import itertools
import multiprocessing
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexigym.envs.multiagent import robot_team_v0
from lexigym.envs.multiagent.robot_team.kernels import resolve
from lexigym.envs.multiagent.robot_team.layouts import TeamLayout

from ..equality import assert_equal

UP, RIGHT, DOWN, LEFT, STAY = range(5)
MOVES = [(-1, 0), (0, 1), (1, 0), (0, -1), (0, 0)]


def next_cells_of(obstacles, size):
    """Where each action leads from every cell, by the definition."""
    free = {cell for cell in range(size * size) if not obstacles[cell]}
    table = np.empty((size * size, 5), np.int32)
    for cell, (action, (down, right)) in itertools.product(range(size * size), enumerate(MOVES)):
        row, column = cell // size + down, cell % size + right
        inside = 0 <= row < size and 0 <= column < size
        target = row * size + column
        table[cell, action] = target if inside and target in free else cell
    return table


def begin(text, **arguments):
    """Begin an episode on a drawn layout: # obstacle, capitals robots, their small letters goals.

    A cell may hold a robot and another's goal: two characters for each, dots for nothing.
    """
    rows = [line.split() for line in text.strip().splitlines()]
    size, tokens = len(rows), [token for row in rows for token in row]
    robots = sorted(letter for token in tokens for letter in token if letter.isupper())

    def find(letter):
        return next(cell for cell, token in enumerate(tokens) if letter in token)

    env = robot_team_v0.parallel_env(size=size, num_robots=len(robots), density=0, **arguments)
    env.reset(seed=0)
    obstacles = np.array([token == "#" for token in tokens], np.uint8)
    starts = np.array([find(letter) for letter in robots])
    goals = np.array([find(letter.lower()) for letter in robots])
    nothing = np.zeros((len(robots), 1), np.int32), np.zeros(len(robots), np.int64)
    env._enter(
        TeamLayout(
            obstacles,
            starts,
            goals,
            next_cells_of(obstacles, size),
            np.zeros((len(robots), size * size), np.int32),
            *nothing,
        )
    )
    return env


def play(env, *actions):
    """Take one action for each player; return the cells and the rewards."""
    paid = env.step(dict(zip(env.agents, actions, strict=True)))[1]
    return env._robots[0].tolist(), [round(reward, 3) for reward in paid.values()]


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


FREE, BLOCKED, GOAL = -0.01, -0.06, 0.99


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


def decode(seen, size, robots):
    """Read the layout back from the full view of one robot, relative to the window's corner."""
    span = 2 * size - 1
    parts = [span * span] * 2 + [span] * (2 + 4 * (robots - 1)) + [1]
    windows, others, row, column, *rest, left = np.split(seen, np.cumsum(parts)[:-1])
    where = [int(part.argmax()) if part.any() else None for part in (row, column, *rest)]
    places = list(zip(where[::2], where[1::2], strict=True))
    return windows.reshape(span, span), others.reshape(span, span), places, bool(left[0])


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), robots=st.integers(2, 4), moves=st.integers(0, 12))
def test_the_full_view_shows_everything(seed, robots, moves):
    env = robot_team_v0.parallel_env(size=5, num_robots=robots)
    seen, _ = env.reset(seed=seed)
    rng = np.random.default_rng(seed)
    for _ in range(moves):
        if env.agents:
            actions = {p: env.oracle_action(p) if rng.random() < 0.5 else STAY for p in env.agents}
            seen = env.step(actions)[0]
    cells, arrived, _ = env._robots
    goals, obstacles = env._layout.goals, env._layout.obstacles.reshape(5, 5)
    for i, player in enumerate(env.possible_agents):
        top, left = cells[i] // 5 - 4, cells[i] % 5 - 4
        window, others, (goal, *places), gone = decode(seen[player], 5, robots)
        inside = (slice(-top, 5 - top), slice(-left, 5 - left))
        np.testing.assert_array_equal(window[inside], obstacles)
        assert window.sum() == 81 - 25 + obstacles.sum()
        assert gone == arrived[i]
        assert goal == (goals[i] // 5 - top, goals[i] % 5 - left)
        expected = set()
        for at, other in enumerate((i + step) % robots for step in range(1, robots)):
            place, target = places[2 * at : 2 * at + 2]
            if arrived[other]:
                assert place == target == (None, None)
            else:
                assert place == (cells[other] // 5 - top, cells[other] % 5 - left)
                assert target == (goals[other] // 5 - top, goals[other] % 5 - left)
                expected.add(place)
        assert set(zip(*(axis.tolist() for axis in others.nonzero()), strict=True)) == expected


def test_the_local_view_is_a_window_and_where_the_goal_lies():
    env = begin("A B .\n# . b\n. . a", view="local", radius=1)
    seen = env.step({"robot_0": STAY, "robot_1": STAY})[0]["robot_0"]
    assert seen[:9].tolist() == [1, 1, 1, 1, 0, 0, 1, 1, 0]
    assert seen[9:18].tolist() == [0, 0, 0, 0, 0, 1, 0, 0, 0]
    assert seen[18:27].tolist() == [0] * 9
    assert seen[27:].tolist() == [1, 1, 0]
    seen = env.step({"robot_0": STAY, "robot_1": DOWN})[0]["robot_1"]
    assert seen[:9].tolist() == [0, 0, 0, 1, 0, 0, 0, 0, 0]
    assert seen[9:18].tolist() == [1, 0, 0, 0, 0, 0, 0, 0, 0]
    assert seen[18:27].tolist() == [0, 0, 0, 0, 0, 1, 0, 0, 0]
    assert seen[27:].tolist() == [0, 0.5, 0]


def test_the_state_shows_all():
    env = begin("A . b\n# . B\n. . a")
    play(env, STAY, UP)
    state = env.state()
    assert state.dtype == np.float32
    assert env.state_space.contains(state)
    assert state[:9].tolist() == [0, 0, 0, 1, 0, 0, 0, 0, 0]
    assert state[9:21].tolist() == [1, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 1]
    assert state[21:].tolist() == [0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]


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
