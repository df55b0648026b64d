"""The compiled loops of robot_team: moving robots at once, and what they see.

Two tuples of arrays travel through them:

- `robots`: `(cells, arrived, facing)`, each `(K,) int64`: where they are, which of them have left
  the grid (1), and their last moves. One that has left keeps the cell of its goal.
- `layout`: `(goals, next_cells, surroundings)`: `(K,) int64`; `(cells, 5) int32`, where each action
  leads, the cell itself if blocked; and the obstacles in a margin of obstacles as wide as robots
  see, `(size + 2 * radius, size + 2 * radius) float32`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ....registry.compiler import compiled

Integers = npt.NDArray[np.int64]
Cells = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Features = npt.NDArray[np.float32]

Robots = tuple[Integers, Integers, Integers]
Layout = tuple[Integers, Cells, Features]

STAY = 4


@compiled
def resolve(
    actions: Integers,
    cells: Integers,
    arrived: Integers,
    next_cells: Cells,
    targets: Integers,
    collided: Integers,
) -> None:
    """Find out where robots that move at once end up, and which of them collide.

    Who moves into an obstacle or the edge, claims a cell that another claims too, or would swap
    cells with another stays; so does, again and again, who claims the cell of one that stays. This
    only ever adds robots that stay, so that the order in which they are looked at changes nothing.

    Args:
        actions: `(K,)`, 0 to 4.
        cells: `(K,)`, distinct among robots on the grid.
        arrived: `(K,)`, 1 for robots that are not on the grid.
        next_cells: `(cells, 5)`.
        targets: `(K,)`, overwritten with where each ends up.
        collided: `(K,)`, overwritten with 1 for each whose move didn't happen.
    """
    k = len(cells)
    for i in range(k):
        targets[i] = cells[i] if arrived[i] else next_cells[cells[i], actions[i]]
        collided[i] = 0 if arrived[i] or actions[i] == STAY else targets[i] == cells[i]
    for i in range(k):
        for j in range(i):
            if arrived[i] or arrived[j] or targets[i] == cells[i] or targets[j] == cells[j]:
                continue
            swapped = targets[i] == cells[j] and targets[j] == cells[i]
            if swapped or targets[i] == targets[j]:
                collided[i] = 1
                collided[j] = 1
    changed = True
    while changed:
        changed = False
        for i in range(k):
            if collided[i] or arrived[i] or targets[i] == cells[i]:
                continue
            for j in range(k):
                stays = collided[j] or targets[j] == cells[j]
                if j != i and not arrived[j] and stays and cells[j] == targets[i]:
                    collided[i] = 1
                    changed = True
                    break
    for i in range(k):
        if collided[i]:
            targets[i] = cells[i]


@compiled
def observe(full: bool, robots: Robots, layout: Layout, observations: Features) -> None:
    """Write what every robot sees into `observations`, `(K, length)` of zeros.

    The order of the features is that of `RobotTeam`'s docstring.
    """
    cells, arrived, _ = robots
    goals, _, surroundings = layout
    k, length = observations.shape
    width = surroundings.shape[0]
    size = round(len(layout[1]) ** 0.5)
    radius = (width - size) // 2
    span = 2 * radius + 1
    window = span * span
    for i in range(k):
        seen = observations[i]
        row, column = cells[i] // size, cells[i] % size
        at = 0
        for y in range(row, row + span):
            for x in range(column, column + span):
                seen[at] = surroundings[y, x]
                at += 1
        # Differences of rows and columns count from the window's corner.
        top, left = row - radius, column - radius
        goal_y, goal_x = goals[i] // size - top, goals[i] % size - left
        for j in range(k):
            y, x = cells[j] // size - top, cells[j] % size - left
            if j != i and not arrived[j] and 0 <= y < span and 0 <= x < span:
                seen[window + y * span + x] = 1.0
        at = 2 * window
        if full:
            seen[at + goal_y] = 1.0
            seen[at + span + goal_x] = 1.0
            for other in range(1, k):
                at += 2 * span
                j = (i + other) % k
                if not arrived[j]:
                    seen[at + cells[j] // size - top] = 1.0
                    seen[at + span + cells[j] % size - left] = 1.0
                at += 2 * span
                if not arrived[j]:
                    seen[at + goals[j] // size - top] = 1.0
                    seen[at + span + goals[j] % size - left] = 1.0
        else:
            if 0 <= goal_y < span and 0 <= goal_x < span:
                seen[at + goal_y * span + goal_x] = 1.0
            at += window
            seen[at] = (goal_y - radius) / (size - 1)
            seen[at + 1] = (goal_x - radius) / (size - 1)
        seen[length - 1] = arrived[i]


@compiled
def advance(
    actions: Integers,
    rewards: tuple[float, float, float],
    shared: bool,
    full: bool,
    robots: Robots,
    layout: Layout,
    observations: Features,
    paid: Floats,
) -> int:
    """Move all robots by one step; return how many have left the grid.

    Args:
        actions: `(K,)`, 0 to 4; those of robots that have left do nothing.
        rewards: Of one robot, when nothing happens, on collision, on arrival.
        shared: Whether each is paid the mean of all.
        full: Whether robots see the whole map.
        robots: Of this module, changed.
        layout: Of this module.
        observations: `(K, length)` of zeros, written.
        paid: `(K,)`, overwritten with the rewards.
    """
    cells, arrived, facing = robots
    goals, next_cells, _ = layout
    k = len(cells)
    targets = np.empty(k, np.int64)
    collided = np.empty(k, np.int64)
    resolve(actions, cells, arrived, next_cells, targets, collided)
    left = 0
    total = 0.0
    for i in range(k):
        if arrived[i]:
            paid[i] = 0.0
        else:
            cells[i] = targets[i]
            if actions[i] != STAY:
                facing[i] = actions[i]
            arrived[i] = targets[i] == goals[i]
            paid[i] = rewards[2] if arrived[i] else rewards[collided[i]]
        left += arrived[i]
        total += paid[i]
    if shared:
        for i in range(k):
            paid[i] = total / k
    observe(full, robots, layout, observations)
    return left


def observation_length(num_robots: int, full: bool, span: int) -> int:
    """Return how many features a robot sees through a window `span` wide."""
    if full:
        return 2 * span * span + 2 * span + 4 * span * (num_robots - 1) + 1
    return 3 * span * span + 3
