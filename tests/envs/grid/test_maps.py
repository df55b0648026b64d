"""Maps: solvable, of the density asked for, in one split only, and well spread."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexigym.envs.grid.maps import draw_fixed_map
from lexigym.envs.grid.single import GridRobot


def flood(obstacles, goal):
    """Distances by repeated relaxation over all edges: slow, and unlike a queue."""
    size = obstacles.shape[0]
    distances = np.full((size, size), np.inf)
    distances[goal] = 0
    for _ in range(size * size):
        padded = np.pad(distances, 1, constant_values=np.inf)
        nearest = np.minimum.reduce(
            [padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:]]
        )
        distances = np.where(obstacles == 1, np.inf, np.minimum(distances, nearest + 1))
    return distances


def check_solved(env):
    grid, size = env._grid, env.arguments.size
    expected = flood(grid.obstacles.reshape(size, size), divmod(grid.goal, size)).ravel()
    np.testing.assert_array_equal(np.where(np.isinf(expected), -1, expected), grid.distances)
    np.testing.assert_array_equal(np.sort(grid.starts), np.flatnonzero(grid.distances > 0))
    assert grid.obstacles.sum() == env.arguments.obstacle_count
    assert grid.obstacles[grid.goal] == 0
    assert env._cell in grid.starts


@settings(max_examples=60, deadline=None)
@given(
    size=st.integers(2, 9),
    density=st.floats(0, 0.5),
    layout=st.sampled_from(["fixed", "random"]),
    seed=st.integers(0, 2**40),
)
def test_every_episode_can_be_solved(size, density, layout, seed):
    env = GridRobot(size=size, density=density, layout=layout, layout_seed=seed)
    env.reset(seed=seed)
    check_solved(env)


def test_dense_and_large_grids_are_solvable_too():
    for arguments in ({"density": 0.9, "size": 12}, {"size": 64, "density": 0.3}):
        env = GridRobot(layout="random", observation="index", **arguments)
        env.reset(seed=0)
        check_solved(env)


def drawn_maps(split, episodes, **arguments):
    env = GridRobot(layout="random", split=split, observation="index", **arguments)
    maps = set()
    for episode in range(episodes):
        env.reset(seed=3 if episode == 0 else None)
        maps.add((env._grid.obstacles.tobytes(), env._grid.goal))
    return maps


def test_no_map_is_in_two_splits_and_every_map_is_in_one():
    # 3 by 3 with 1 obstacle: 72 maps, all of them solvable.
    splits = [
        drawn_maps(split, 3000, size=3, density=0.1) for split in ("train", "validation", "test")
    ]
    assert len(set.union(*splits)) == sum(map(len, splits)) == 72
    assert all(splits)


def test_splits_hold_eight_one_and_one_tenths():
    from lexigym.envs.grid.kernels import tenth_of

    rng = np.random.default_rng(0)
    maps = (rng.random((20_000, 64)) < 0.2).astype(np.uint8)
    tenths = np.bincount([tenth_of(each, 5) for each in maps], minlength=10) / len(maps)
    np.testing.assert_allclose(tenths, 0.1, atol=0.012)


def test_obstacles_goals_and_starts_are_spread_evenly():
    env = GridRobot(layout="random", size=4, density=0.25, observation="index")
    obstacles, goals = np.zeros(16), np.zeros(16)
    episodes = 8000
    for episode in range(episodes):
        env.reset(seed=1 if episode == 0 else None)
        obstacles += env._grid.obstacles
        goals[env._grid.goal] += 1
    # Redrawing unsolvable maps moves obstacles a little away from where they cut off.
    assert np.abs(obstacles / episodes - 0.25).max() < 0.03
    assert np.abs(goals / episodes - 1 / 16).max() < 0.015


def test_starts_of_the_fixed_map_are_uniform():
    env = GridRobot(observation="index")
    episodes = 20_000
    starts = [env.reset(seed=0 if i == 0 else None)[0] for i in range(episodes)]
    counts = np.bincount(starts, minlength=64)
    reached = np.flatnonzero(env._grid.distances > 0)
    assert set(np.flatnonzero(counts)) == set(reached)
    assert np.abs(counts[reached] / episodes * len(reached) - 1).max() < 0.25


def test_layout_seeds_are_different_maps_and_the_same_one_every_time():
    maps = {draw_fixed_map(8, 13, seed).obstacles.tobytes() for seed in range(20)}
    assert len(maps) == 20
    again = draw_fixed_map.__wrapped__(8, 13, 7)
    assert again.obstacles.tobytes() == draw_fixed_map(8, 13, 7).obstacles.tobytes()


def test_the_interpreted_and_the_compiled_functions_agree():
    from lexigym.envs.grid import kernels, maps

    rng = np.random.default_rng(0)
    for size in (2, 3, 8, 13):
        cells, uniforms = size * size, rng.random(size)
        results = []
        for module in (maps, kernels):
            obstacles, order = np.empty(cells, np.uint8), np.empty(cells, np.int32)
            distances, next_cells = np.empty(cells, np.int32), np.empty((cells, 4), np.int32)
            goal = module.place(uniforms, obstacles, order)
            module.connect(obstacles, next_cells)
            reached = module.search(goal, next_cells, distances, order)
            results.append((goal, reached, obstacles, distances, next_cells, order[: reached + 1]))
        for one, other in zip(*results, strict=True):
            np.testing.assert_array_equal(one, other)


def test_the_fixed_map_of_an_environment_cannot_be_changed_by_accident():
    grid = GridRobot()._grid
    with pytest.raises(ValueError, match="read-only"):
        grid.obstacles[0] = 1
