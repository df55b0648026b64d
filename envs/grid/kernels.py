"""The compiled loops of GridRobot: drawing maps of a split, beginning episodes, moving robots.

Three tuples travel through them, plain ones because Numba takes them apart fastest:

- `draws`: `(obstacle_count, first_tenth, last_tenth)`, how maps of random layouts are drawn; None
  on the fixed one, for which Numba then leaves out all that draws maps.
- `robots`: `(streams, status)`. `streams` is `(n, 4) uint64`, the generators of `pcg64`; `status`
  is `(3, n) int64`: cells, steps left (0 once an episode is over) and the last moves.
- `maps`: `(targets, obstacles, distances, orders, next_cells)`, with one row if all environments
  share a fixed map, else n. `targets` is `(rows, 2) int64`: the goal, and how many cells reach it;
  the others stack what `maps.place`, `maps.connect` and `maps.search` write.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...registry.compiler import compiled
from ..pcg64 import random
from . import maps as interpreted

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Cells = npt.NDArray[np.int32]
Booleans = npt.NDArray[np.bool_]
Obstacles = npt.NDArray[np.uint8]

Draws = tuple[int, int, int]
Robots = tuple[npt.NDArray[np.uint64], Integers]
Maps = tuple[Integers, Obstacles, Cells, Cells, Cells]

CELL, STEPS_LEFT, FACING = 0, 1, 2
MAX_ATTEMPTS = interpreted.MAX_ATTEMPTS
START_FACING = interpreted.START_FACING

FNV_OFFSET = np.uint64(14695981039346656037)
FNV_PRIME = np.uint64(1099511628211)

place = compiled(interpreted.place)
connect = compiled(interpreted.connect)
search = compiled(interpreted.search)


def empty_maps(rows: int, cells: int) -> Maps:
    """Return arrays for so many maps of so many cells."""
    return (
        np.zeros((rows, 2), np.int64),
        np.zeros((rows, cells), np.uint8),
        np.zeros((rows, cells), np.int32),
        np.zeros((rows, cells), np.int32),
        np.zeros((rows, cells, 4), np.int32),
    )


def stack_map(grid: interpreted.GridMap) -> Maps:
    """Return the arrays of a single map that all environments share."""
    maps = empty_maps(1, len(grid.obstacles))
    targets, obstacles, distances, orders, next_cells = maps
    reached = len(grid.starts)
    targets[0] = grid.goal, reached
    obstacles[0], distances[0], next_cells[0] = grid.obstacles, grid.distances, grid.next_cells
    orders[0, 0], orders[0, 1 : reached + 1] = grid.goal, grid.starts
    return maps


@compiled
def tenth_of(obstacles: Obstacles, goal: int) -> int:
    """Return the tenth of all maps, 0 to 9, that this one belongs to.

    FNV-1a over the obstacles and the goal, then the finaliser of SplitMix64: a map's split depends
    on nothing but the map, so that no map is in two splits.
    """
    value = FNV_OFFSET
    for obstacle in obstacles:
        value = (value ^ np.uint64(obstacle)) * FNV_PRIME
    value = (value ^ np.uint64(goal)) * FNV_PRIME
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    value = value ^ (value >> np.uint64(31))
    return int(value % np.uint64(10))


@compiled
def attempt(
    uniforms: Floats,
    first_tenth: int,
    last_tenth: int,
    obstacles: Obstacles,
    distances: Cells,
    order: Cells,
    next_cells: Cells,
) -> tuple[int, int]:
    """Draw one map from `uniforms`; return its goal and how many cells reach it.

    The second number is 0 if the map is of another split or nothing reaches its goal.
    """
    goal = place(uniforms, obstacles, order)
    tenth = tenth_of(obstacles, goal)
    if tenth < first_tenth or tenth > last_tenth:
        return goal, 0
    connect(obstacles, next_cells)
    return goal, search(goal, next_cells, distances, order)


@compiled
def begin(env: int, draws: Draws | None, max_steps: int, robots: Robots, maps: Maps) -> bool:
    """Begin an episode of one environment; False if no map of its split turned up."""
    streams, status = robots
    targets, obstacles, distances, orders, next_cells = maps
    row = 0
    if draws is not None:
        obstacle_count, first_tenth, last_tenth = draws
        row = env
        targets[row, 1] = 0
        uniforms = np.empty(obstacle_count + 1)
        for _ in range(MAX_ATTEMPTS):
            for i in range(len(uniforms)):
                uniforms[i] = random(streams, env)
            targets[row, 0], targets[row, 1] = attempt(
                uniforms,
                first_tenth,
                last_tenth,
                obstacles[row],
                distances[row],
                orders[row],
                next_cells[row],
            )
            if targets[row, 1] > 0:
                break
        if targets[row, 1] == 0:
            status[STEPS_LEFT, env] = 0
            return False
    status[CELL, env] = orders[row, 1 + int(random(streams, env) * targets[row, 1])]
    status[STEPS_LEFT, env] = max_steps
    status[FACING, env] = START_FACING
    return True


@compiled
def begin_where(
    mask: Booleans, draws: Draws | None, max_steps: int, robots: Robots, maps: Maps
) -> bool:
    """Begin an episode where `mask`, `(n,)`, is true; False if a map couldn't be drawn."""
    begun = True
    for env in range(len(mask)):
        if mask[env]:
            begun &= begin(env, draws, max_steps, robots, maps)
    return begun


@compiled
def advance(
    actions: Integers,
    slip: float,
    rewards: Floats,
    draws: Draws | None,
    max_steps: int,
    robots: Robots,
    maps: Maps,
) -> tuple[bool, Integers, Floats, Booleans, Booleans]:
    """Take one action in every environment; one whose episode is over begins the next instead.

    Args:
        actions: `(n,)`; if any is not in 0 to 3, nothing happens at all.
        slip: Probability of a perpendicular move.
        rewards: `(3,)`: on a free cell, when blocked, on the goal.
        draws: Of this module.
        max_steps: Steps until truncation.
        robots: Of this module, changed.
        maps: Of this module, changed on random layouts.

    Returns:
        Whether all went well, and fresh `(n,)` arrays: cells, rewards, terminated, truncated.
    """
    n = len(actions)
    cells = np.empty(n, np.int64)
    paid = np.empty(n, np.float64)
    terminated = np.empty(n, np.bool_)
    truncated = np.empty(n, np.bool_)
    well = True
    for env in range(n):
        well &= (actions[env] >= 0) & (actions[env] <= 3)
    if not well:
        return False, cells, paid, terminated, truncated
    streams, status = robots
    targets, next_cells = maps[0], maps[4]
    for env in range(n):
        left = status[STEPS_LEFT, env]
        if left == 0:
            well &= begin(env, draws, max_steps, robots, maps)
            cells[env] = status[CELL, env]
            paid[env] = 0.0
            terminated[env] = False
            truncated[env] = False
            continue
        action = actions[env]
        if slip > 0.0:
            uniform = random(streams, env)
            if uniform < slip:
                action = (action + (1 if uniform < 0.5 * slip else 3)) % 4
        row = 0 if draws is None else env
        cell = status[CELL, env]
        next_cell = np.int64(next_cells[row, cell, action])
        reached = next_cell == targets[row, 0]
        left = 0 if reached else left - 1
        status[CELL, env] = next_cell
        status[STEPS_LEFT, env] = left
        status[FACING, env] = action
        cells[env] = next_cell
        # An index instead of branches: whether a move is blocked is what no processor predicts.
        paid[env] = rewards[(next_cell == cell) + 2 * reached]
        terminated[env] = reached
        truncated[env] = (left == 0) & (not reached)
    return well, cells, paid, terminated, truncated
