"""What a layout is and how one is drawn: obstacles, and a start and a goal for every robot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ....registry.compiler import compiled
from ...grid.kernels import connect, place, search, tenth_of
from ...grid.maps import MAX_ATTEMPTS, TENTHS
from .arguments import STAY, TeamArguments, too_few_layouts
from .kernels import Cells, Floats, Integers
from .plans import horizon_of, improve, orders_of

Obstacles = npt.NDArray[np.uint8]

FREE, GOAL, START = 0, 2, 3


@dataclass(frozen=True, eq=False)
class TeamLayout:
    """One layout and what follows from it.

    Attributes:
        obstacles: `(cells,) uint8`, 1 where an obstacle stands.
        starts: `(K,) int64`, the robots' first cells.
        goals: `(K,) int64`, the robots' goals; all starts and goals are different free cells.
        next_cells: `(cells, 5) int32`, where each action leads; the cell itself if blocked.
        distances: `(K, cells) int32`, moves of the shortest path to each goal if no other robot
            is in the way; -1 where there is none.
        paths: `(K, horizon + 1) int32`, a plan that solves it, see `plans.plan`.
        times: `(K,) int64`, when each robot arrives by it.
    """

    obstacles: Obstacles
    starts: Integers
    goals: Integers
    next_cells: Cells
    distances: Cells
    paths: Cells
    times: Integers


def draw_layout(arguments: TeamArguments, generator: np.random.Generator) -> TeamLayout:
    """Draw layouts until one is of the split and solved by a plan.

    Raises:
        InvalidArgumentError: If none turned up.
    """
    grid, k = arguments.grid, arguments.num_robots
    cells = grid.cells
    layout = TeamLayout(
        np.empty(cells, np.uint8),
        np.empty(k, np.int64),
        np.empty(k, np.int64),
        np.empty((cells, 5), np.int32),
        np.empty((k, cells), np.int32),
        np.empty((k, horizon_of(grid.max_steps) + 1), np.int32),
        np.empty(k, np.int64),
    )
    layout.next_cells[:, STAY] = np.arange(cells)
    marks, order = np.empty(cells, np.uint8), np.empty(cells, np.int32)
    first, last = TENTHS[grid.split]
    for _ in range(MAX_ATTEMPTS):
        if attempt(
            generator.random(grid.obstacle_count + 2 * k),
            first,
            last,
            layout.obstacles,
            layout.starts,
            layout.goals,
            layout.next_cells,
            layout.distances,
            layout.paths,
            layout.times,
            orders_of(k),
            marks,
            order,
        ):
            return layout
    raise too_few_layouts(arguments)


@compiled
def attempt(
    uniforms: Floats,
    first_tenth: int,
    last_tenth: int,
    obstacles: Obstacles,
    starts: Integers,
    goals: Integers,
    next_cells: Cells,
    distances: Cells,
    paths: Cells,
    times: Integers,
    orders: Integers,
    marks: Obstacles,
    order: Cells,
) -> bool:
    """Draw one layout from `uniforms`: of obstacles, goals and starts, in this order.

    False if it is of another split, if no cell that reaches some goal is left for its robot, or if
    no plan is found by which all arrive. The split depends on the obstacles and on where goals are,
    not on whose they are: otherwise a held-out layout could be one of training with the robots
    renamed.

    Args:
        uniforms: `(obstacles + 2 * K,)` in [0, 1).
        first_tenth: Of the layouts of the split, see `tenth_of`.
        last_tenth: Likewise.
        obstacles: `(cells,)`, overwritten, as are the arrays up to `times`.
        starts: `(K,)`.
        goals: `(K,)`.
        next_cells: `(cells, 5)`, whose last column says that who stays, stays.
        distances: `(K, cells)`.
        paths: `(K, horizon + 1)`.
        times: `(K,)`.
        orders: Of `plans.orders_of`.
        marks: `(cells,)`, scratch.
        order: `(cells,)`, scratch.
    """
    k = len(goals)
    count = len(uniforms) - 2 * k
    place(uniforms[: count + k], obstacles, order)
    for i in range(k):
        goals[i] = order[count + i]
        obstacles[goals[i]] = 0
    for cell in range(len(obstacles)):
        marks[cell] = obstacles[cell]
    for i in range(k):
        marks[goals[i]] = GOAL
    tenth = tenth_of(marks, k)
    if tenth < first_tenth or tenth > last_tenth:
        return False
    connect(obstacles, next_cells)
    for i in range(k):
        reached = search(goals[i], next_cells, distances[i], order)
        fit = 0
        for at in range(1, reached + 1):
            cell = order[at]
            if marks[cell] == FREE:
                order[fit] = cell
                fit += 1
        if fit == 0:
            return False
        starts[i] = order[int(uniforms[count + k + i] * fit)]
        marks[starts[i]] = START
    return improve(orders, np.arange(k), starts, goals, next_cells, distances, True, paths, times)
