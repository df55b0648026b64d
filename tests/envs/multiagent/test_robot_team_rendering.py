"""Pictures and texts of robot_team."""

import pickle

import gymnasium
import numpy as np
import pytest

from lexigym.envs.grid.picture import FREE, OBSTACLE_TOP
from lexigym.envs.multiagent import robot_team_v0
from lexigym.envs.multiagent.robot_team.picture import (
    COLOURS,
    draw_picture,
    draw_team_tile,
    draw_text,
)


def test_the_text_shows_robots_and_goals_by_number():
    obstacles = np.array([0, 1, 0, 0, 0, 0, 0, 0, 0], np.uint8)
    text = draw_text(obstacles, goals=[2, 6, 7], robots=[(0, 1), (2, 0), None])
    assert text.splitlines() == [
        "┌──────────┐",
        "│ ▶0 ██ ▲1 │",
        "│  ·  ·  · │",
        "│ ★1  ·  · │",
        "└──────────┘",
    ]


@pytest.mark.parametrize("size", [3, 8, 64])
def test_the_picture_shows_robots_and_goals_by_colour(size):
    obstacles = np.zeros(size * size, np.uint8)
    obstacles[1] = 1
    last = size * size - 1
    picture = draw_picture(obstacles, goals=[last, 0, 5], robots=[(0, 1), (3, 2), None])
    side = picture.shape[0] // size
    assert picture.shape == (size * side, size * side, 3)
    assert picture.dtype == np.uint8
    assert picture.flags.c_contiguous
    if side > 20:
        middles = picture[side // 2 :: side, side // 2 :: side].reshape(-1, 3)
        assert tuple(middles[0]) == tuple(middles[last]) == COLOURS[0]
        assert tuple(middles[3]) == COLOURS[1]
        assert tuple(middles[1]) == OBSTACLE_TOP
        assert tuple(middles[5]) == FREE
        # A frame says that robot 0 is on the goal of robot 1.
        assert tuple(picture[side // 2, round(side * 0.055)]) == COLOURS[1]


def lightness_and_hues(colour, kind):
    """Project a colour as seen with a red-blind or green-blind eye (Viénot et al. 1999)."""
    red, green, blue = (np.array(colour) / 255) ** 2.2
    weights = {"protan": (0.1124, 0.8876), "deutan": (0.2927, 0.7073)}[kind]
    yellow = weights[0] * red + weights[1] * green
    return np.array([yellow, blue]) ** (1 / 2.2)


@pytest.mark.parametrize("kind", ["protan", "deutan"])
def test_the_colours_stay_apart_for_colour_blind_eyes(kind):
    seen = [lightness_and_hues(colour, kind) for colour in COLOURS]
    distances = [np.linalg.norm(one - other) for i, one in enumerate(seen) for other in seen[:i]]
    assert len(set(COLOURS)) == 8
    assert min(distances) > 0.08


def test_robots_look_where_they_moved():
    up, right, down, left = (draw_team_tile(60, None, 3, facing) for facing in range(4))
    np.testing.assert_array_equal(np.rot90(up, 2), down)
    np.testing.assert_array_equal(np.rot90(up, -1), right)
    np.testing.assert_array_equal(np.rot90(up, 1), left)


@pytest.mark.parametrize("robots", [2, 8])
def test_an_episode_renders_in_both_modes(robots):
    text, picture = (
        robot_team_v0.parallel_env(mode, num_robots=robots, size=6)
        for mode in ("ansi", "rgb_array")
    )
    for env in (text, picture):
        env.reset(seed=0)
    while text.agents:
        shown = text.render()
        on_grid = robots - int(text._robots[1].sum())
        assert sum(symbol in "▲▶▼◀" for symbol in shown) == on_grid
        assert picture.render().shape == (480, 480, 3)
        for env in (text, picture):
            env.step({player: env.oracle_action(player) for player in env.agents})
    assert not set(text.render()) & set("▲▶▼◀★")
    text.close()


def test_the_window_follows_and_closes(monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    pygame = pytest.importorskip("pygame")
    env = robot_team_v0.parallel_env("human")
    env.reset(seed=0)
    assert env.render() is None
    before = pygame.surfarray.array3d(pygame.display.get_surface())
    env.step({player: env.oracle_action(player) for player in env.agents})
    after = pygame.surfarray.array3d(pygame.display.get_surface())
    assert (before != after).any()
    pickle.loads(pickle.dumps(env))
    env.close()
    env.close()
    assert not pygame.display.get_init()


def test_without_a_mode_render_warns():
    env = robot_team_v0.parallel_env()
    env.reset(seed=0)
    with pytest.warns(UserWarning, match="render_mode"):
        assert env.render() is None


def test_rendering_before_the_first_reset_is_refused():
    with pytest.raises(gymnasium.error.ResetNeeded):
        robot_team_v0.parallel_env("ansi").render()
