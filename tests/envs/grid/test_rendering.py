"""Pictures, texts and the window."""

import pickle
import sys

import gymnasium
import numpy as np
import pytest

import lexigym  # noqa: F401, registers the ids
from lexigym.envs.grid.picture import FREE, OBSTACLE_TOP, ROBOT_TOP, draw_picture, draw_tile
from lexigym.envs.grid.single import GridRobot
from lexigym.registry.errors import MissingDependencyError


def test_the_text_shows_the_map():
    env = gymnasium.make("GridRobot-v0", render_mode="ansi", size=3, density=0.3, layout_seed=1)
    env.reset(seed=0)
    text = env.render()
    cells = [line.strip("│ ").split() for line in text.splitlines()[1:-1]]
    grid = env.unwrapped._grid
    symbols = np.array(cells).ravel()
    assert (symbols == "█").tolist() == (grid.obstacles == 1).tolist()
    assert symbols[grid.goal] == "★"
    assert symbols[env.unwrapped._cell] == "▼"
    env.step(0)
    assert "▲" in env.render() or env.unwrapped._cell == grid.goal


@pytest.mark.parametrize("size", [2, 8, 11, 200])
def test_the_picture_shows_the_map(size):
    obstacles = np.zeros(size * size, np.uint8)
    obstacles[1] = 1
    picture = draw_picture(obstacles, goal=size * size - 1, robot=0, facing=1)
    side = picture.shape[0] // size
    assert picture.shape == (size * side, size * side, 3)
    assert picture.dtype == np.uint8
    assert picture.flags.c_contiguous
    middles = picture[side // 2 :: side, side // 2 :: side]
    if side > 20:
        assert tuple(middles[0, 0]) == ROBOT_TOP
        assert tuple(middles[0, 1]) == OBSTACLE_TOP
        assert tuple(middles[1, 0]) == FREE


def test_the_robot_looks_where_it_moved():
    up, right, down, left = (draw_tile("free", 60, facing) for facing in range(4))
    # A turn of the tile by a quarter is a turn of the face; the body has no other mark.
    np.testing.assert_array_equal(np.rot90(up, 2), down)
    np.testing.assert_array_equal(np.rot90(up, -1), right)
    np.testing.assert_array_equal(np.rot90(up, 1), left)


def test_without_a_mode_render_warns():
    env = GridRobot()
    env.reset(seed=0)
    with pytest.warns(UserWarning, match="render_mode"):
        assert env.render() is None


def test_rendering_before_the_first_reset_is_refused():
    with pytest.raises(gymnasium.error.ResetNeeded):
        GridRobot(render_mode="ansi").render()


def test_the_window_opens_follows_and_closes(monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    pygame = pytest.importorskip("pygame")
    env = gymnasium.make("GridRobot-v0", render_mode="human")
    env.reset(seed=0)
    assert env.render() is None
    before = pygame.surfarray.array3d(pygame.display.get_surface())
    env.step(env.unwrapped.oracle_action())
    after = pygame.surfarray.array3d(pygame.display.get_surface())
    assert before.shape == (480, 480, 3)
    assert (before != after).any()
    pickle.loads(pickle.dumps(env.unwrapped))
    env.close()
    env.close()
    assert not pygame.display.get_init()


def test_without_pygame_the_window_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "pygame", None)
    with pytest.raises(MissingDependencyError, match=r"lexigym\[window\]"):
        GridRobot(render_mode="human")
