"""What robots see, and what the state shows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexigym.envs.multiagent import robot_team_v0

from .cases import GAMES
from .teams import DOWN, STAY, UP, begin, play


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


@pytest.mark.parametrize("arguments", GAMES[robot_team_v0], ids=str)
def test_spaces_hold_what_comes(arguments):
    env = robot_team_v0.parallel_env(**arguments)
    low, high = env.reward_bounds
    for episode in range(5):
        observations, infos = env.reset(seed=episode)
        while env.agents:
            assert infos == {player: {} for player in env.agents}
            # What wraps the environment may write into them.
            assert infos["robot_0"] is not infos["robot_1"]
            for player in env.agents:
                assert env.observation_space(player).contains(observations[player])
            assert env.state_space.contains(env.state())
            actions = {player: env.action_space(player).sample() for player in env.agents}
            observations, paid, *_, infos = env.step(actions)
            assert all(low <= reward <= high for reward in paid.values())
        assert infos == {player: {} for player in env.possible_agents}
