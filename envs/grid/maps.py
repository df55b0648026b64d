"""What a map is and how one is drawn: obstacles and a goal, and from them distances and moves.

`place`, `search` and `connect` are plain loops on arrays: interpreted they make one fixed map
without the cost of a compiler, and `kernels` compiles the very same functions to make many.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ...registry.errors import InvalidArgumentError
from .arguments import GridArguments

MAX_ATTEMPTS = 100_000
START_FACING = 2

TENTHS = {"train": (0, 7), "validation": (8, 8), "test": (9, 9)}


@dataclass(frozen=True, eq=False)
class GridMap:
    """One map and what follows from it.

    Attributes:
        obstacles: `(cells,) uint8`, 1 where an obstacle stands.
        goal: The goal's cell.
        distances: `(cells,) int32`, moves of the shortest path to the goal; -1 where there is none.
        starts: `(reached,) int32`, the cells that reach the goal, without it, nearest first.
        next_cells: `(cells, 4) int32`, where each action leads; the cell itself if blocked.
    """

    obstacles: npt.NDArray[np.uint8]
    goal: int
    distances: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int32]
    next_cells: npt.NDArray[np.int32]


def place(
    uniforms: npt.NDArray[np.float64],
    obstacles: npt.NDArray[np.uint8],
    order: npt.NDArray[np.int32],
) -> int:
    """Place obstacles and the goal by a partial Fisher-Yates shuffle, and return the goal.

    Args:
        uniforms: `(obstacles + 1,)` in [0, 1): one for each obstacle, the last for the goal.
        obstacles: `(cells,)`, overwritten.
        order: `(cells,)`, scratch.
    """
    cells = len(order)
    for cell in range(cells):
        order[cell] = cell
        obstacles[cell] = 0
    last = len(uniforms) - 1
    for drawn in range(last + 1):
        other = drawn + int(uniforms[drawn] * (cells - drawn))
        cell = order[other]
        order[other] = order[drawn]
        order[drawn] = cell
        if drawn < last:
            obstacles[cell] = 1
    return int(order[last])


def connect(obstacles: npt.NDArray[np.uint8], next_cells: npt.NDArray[np.int32]) -> None:
    """Write where each action leads into `next_cells`, `(cells, 4)`: up, right, down, left."""
    cells = len(obstacles)
    size = round(cells**0.5)
    for cell in range(cells):
        row, column = cell // size, cell % size
        next_cells[cell, 0] = cell if row == 0 or obstacles[cell - size] else cell - size
        next_cells[cell, 1] = cell if column == size - 1 or obstacles[cell + 1] else cell + 1
        next_cells[cell, 2] = cell if row == size - 1 or obstacles[cell + size] else cell + size
        next_cells[cell, 3] = cell if column == 0 or obstacles[cell - 1] else cell - 1


def search(
    goal: int,
    next_cells: npt.NDArray[np.int32],
    distances: npt.NDArray[np.int32],
    order: npt.NDArray[np.int32],
) -> int:
    """Search breadth-first from the goal and return how many cells reach it, itself not counted.

    Moves between free cells go both ways, so that walking them from the goal finds what reaches it.

    Args:
        goal: A free cell.
        next_cells: `(cells, 4)`, of `connect`.
        distances: `(cells,)`, overwritten; -1 where the goal can't be reached from.
        order: `(cells,)`, overwritten with the goal and then the reached cells, nearest first.
    """
    for cell in range(len(distances)):
        distances[cell] = -1
    distances[goal] = 0
    order[0] = goal
    found = 1
    done = 0
    while done < found:
        cell = order[done]
        done += 1
        for action in range(4):
            neighbour = next_cells[cell, action]
            if distances[neighbour] < 0:
                distances[neighbour] = distances[cell] + 1
                order[found] = neighbour
                found += 1
    return found - 1


def make_map(obstacles: npt.NDArray[np.uint8], goal: int) -> GridMap:
    """Return the map of `(cells,)` obstacles and a goal; its arrays are read-only."""
    cells = len(obstacles)
    distances, order = np.empty(cells, np.int32), np.empty(cells, np.int32)
    next_cells = np.empty((cells, 4), np.int32)
    connect(obstacles, next_cells)
    reached = search(goal, next_cells, distances, order)
    for array in (obstacles, distances, order, next_cells):
        array.flags.writeable = False
    return GridMap(obstacles, goal, distances, order[1 : reached + 1], next_cells)


@lru_cache(maxsize=64)
def draw_fixed_map(size: int, obstacle_count: int, layout_seed: int) -> GridMap:
    """Draw the map that `layout_seed` stands for, the same on every platform.

    Maps whose goal nothing reaches are drawn again from the same stream.
    """
    generator = np.random.default_rng(np.random.SeedSequence([layout_seed]))
    order = np.empty(size * size, np.int32)
    while True:
        obstacles = np.empty(size * size, np.uint8)
        goal = place(generator.random(obstacle_count + 1), obstacles, order)
        grid = make_map(obstacles, goal)
        if len(grid.starts) > 0:
            return grid


def too_few_maps(arguments: GridArguments) -> InvalidArgumentError:
    """Return the error for a split in which no solvable map turned up."""
    return InvalidArgumentError(
        f"split={arguments.split!r} gave no solvable map of size={arguments.size}, "
        f"density={arguments.density} in {MAX_ATTEMPTS} draws, because too few such maps exist; "
        "raise the size or change the density."
    )
