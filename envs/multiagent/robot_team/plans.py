"""Joint plans: robots planned one after another in space and time, in several orders.

Cooperative A* of Silver (2005), "Cooperative Pathfinding": a robot takes the path that arrives
first among those that keep clear of the robots planned before it. Here the search is breadth-first
over (time, cell), which is exact for one robot, since every step costs the same. Robots planned
early ignore the others, so that the order matters: several are tried, and a robot that finds no way
is moved to the front, as in Andreychuk and Yakovlev (2018), "Two Techniques That Enhance the
Performance of Multi-robot Prioritized Path Planning". Loops write single numbers where slices would
do, because slices take a compiler seconds.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import permutations

import numpy as np
import numpy.typing as npt

from ....registry.compiler import compiled
from .kernels import Cells, Integers

Bytes = npt.NDArray[np.int8]

STAY = 4
NEVER = -1
STUCK = -2
MAX_HORIZON = 1024
SAMPLED_ORDERS = 60


def horizon_of(steps_left: int) -> int:
    """Return how many steps are planned ahead."""
    return min(steps_left, MAX_HORIZON)


def plan(
    cells: Integers,
    goals: Integers,
    team: Integers,
    next_cells: Cells,
    distances: Cells,
    horizon: int,
    *,
    first: bool = False,
) -> tuple[Cells, Integers]:
    """Return the best joint plan found: the most arrivals, among those the least sum of times.

    Args:
        cells: `(K,)`, where the robots are.
        goals: `(K,)`.
        team: `(active,)`, the robots that are on the grid, at least one.
        next_cells: `(cells, 5)`.
        distances: `(K, cells)`.
        horizon: Steps to plan ahead.
        first: Whether the first plan by which all arrive is good enough.

    Returns:
        paths: `(K, horizon + 1) int32`, where each robot is at each time; after its arrival its
            goal.
        times: `(K,) int64`, when each arrives, `NEVER` if it doesn't.
    """
    paths = np.empty((len(cells), horizon + 1), np.int32)
    times = np.empty(len(cells), np.int64)
    improve(orders_of(len(team)), team, cells, goals, next_cells, distances, first, paths, times)
    return paths, times


@lru_cache(maxsize=16)
def orders_of(k: int) -> Integers:
    """Return the orders that are tried, `(orders, k)`: all of up to 4 robots, else a sample."""
    if k <= 4:
        orders = np.array(list(permutations(range(k))), np.int64)
    else:
        forwards = np.arange(k, dtype=np.int64)
        generator = np.random.default_rng(np.random.SeedSequence([k]))
        sampled = generator.permuted(np.tile(forwards, (SAMPLED_ORDERS, 1)), axis=1)
        orders = np.concatenate([forwards[None], forwards[None, ::-1], sampled])
    orders.flags.writeable = False
    return orders


@compiled
def improve(
    orders: Integers,
    team: Integers,
    cells: Integers,
    goals: Integers,
    next_cells: Cells,
    distances: Cells,
    first: bool,
    paths: Cells,
    times: Integers,
) -> bool:
    """Write the best plan of all orders into `paths` and `times`; return whether all arrive.

    If no order gives one, it is that all stay where they are. `orders` counts robots of the team
    from the one nearest to its goal; the other arguments are those of `plan`.
    """
    shape = paths.shape[1], len(next_cells)
    k = len(team)
    robots = nearest_first(team, cells, distances)
    bound = 0
    for i in robots:
        bound += distances[i, cells[i]]
    for i in range(len(cells)):
        times[i] = NEVER
        for t in range(shape[0]):
            paths[i, t] = cells[i]
    most, least = 0, 0
    order = np.empty(k, np.int64)
    found, arrivals = np.empty_like(paths), np.empty_like(times)
    taken, came = np.zeros(shape, np.int8), np.empty(shape, np.int8)
    frontiers = np.empty((2, shape[1]), np.int32)
    for row in range(len(orders)):
        for rank in range(k):
            order[rank] = robots[orders[row, rank]]
        for _ in range(k):
            late, all_clear = plan_in_order(
                order, cells, goals, next_cells, distances, taken, came, frontiers, found, arrivals
            )
            if all_clear:
                count, total = 0, 0
                for i in order:
                    if arrivals[i] != NEVER:
                        count += 1
                        total += arrivals[i]
                if count > most or (count == most and total < least):
                    most, least = count, total
                    for i in order:
                        times[i] = arrivals[i]
                        for t in range(shape[0]):
                            paths[i, t] = found[i, t]
            if late == 0 or late == k:
                break
            failed = order[late]
            for rank in range(late, 0, -1):
                order[rank] = order[rank - 1]
            order[0] = failed
        if most == k and (first or least == bound):
            break
    return most == k


@compiled
def nearest_first(team: Integers, cells: Integers, distances: Cells) -> Integers:
    """Return the team sorted by how far each is from its goal, those as far as others in order."""
    robots = team.copy()
    for end in range(1, len(robots)):
        i, rank = robots[end], end
        while rank > 0:
            before = robots[rank - 1]
            if distances[before, cells[before]] <= distances[i, cells[i]]:
                break
            robots[rank] = before
            rank -= 1
        robots[rank] = i
    return robots


@compiled
def plan_in_order(
    order: Integers,
    cells: Integers,
    goals: Integers,
    next_cells: Cells,
    distances: Cells,
    taken: Bytes,
    came: Bytes,
    frontiers: Cells,
    paths: Cells,
    times: Integers,
) -> tuple[int, bool]:
    """Plan robots one after another, each clear of those before.

    Args:
        order: `(k,)`, the robots.
        cells: Of `plan`, as are the arrays up to `distances`.
        goals: Likewise.
        next_cells: Likewise.
        distances: Likewise.
        taken: `(horizon + 1, cells)` of zeros, which it leaves as they were.
        came: Of `find_path`.
        frontiers: Likewise.
        paths: `(K, horizon + 1)`, written where the order has robots.
        times: `(K,)`, likewise.

    Returns:
        The rank of the first robot that doesn't arrive, k if all do; and whether all robots have a
        path that keeps clear, without which there is no plan.
    """
    k = len(order)
    late, planned = k, 0
    while planned < k:
        i = order[planned]
        times[i] = find_path(
            cells[i], goals[i], next_cells, distances[i], taken, came, frontiers, paths[i]
        )
        if times[i] < 0 and late == k:
            late = planned
        if times[i] == STUCK:
            break
        take(i + 1, times[i], paths[i], taken)
        planned += 1
    for rank in range(planned):
        take(0, times[order[rank]], paths[order[rank]], taken)
    return late, planned == k


@compiled
def take(mark: int, time: int, path: Cells, taken: Bytes) -> None:
    """Mark where a path is at each time, until it arrives or to the end."""
    for t in range((time if time >= 0 else len(taken) - 1) + 1):
        taken[t, path[t]] = mark


@compiled
def find_path(
    start: int,
    goal: int,
    next_cells: Cells,
    distances: Cells,
    taken: Bytes,
    came: Bytes,
    frontiers: Cells,
    path: Cells,
) -> int:
    """Find the path that arrives first; return when it does, and write it.

    If none arrives within the horizon, the path is one that keeps clear until then and ends as near
    to the goal as possible, and the number returned is `NEVER`; if there is none either, `STUCK`.

    Args:
        start: The robot's cell.
        goal: Its goal.
        next_cells: `(cells, 5)`.
        distances: `(cells,)`, to the goal.
        taken: `(horizon + 1, cells)`, which robot is where when, from 1, and 0 for none.
        came: `(horizon + 1, cells)`, scratch: by which action a cell is reached at a time.
        frontiers: `(2, cells)`, scratch.
        path: `(horizon + 1,)`, overwritten.
    """
    horizon = len(taken) - 1
    frontiers[0, 0] = start
    found = 1
    for t in range(horizon):
        here, there = frontiers[t % 2], frontiers[(t + 1) % 2]
        for cell in range(len(next_cells)):
            came[t + 1, cell] = -1
        reached = 0
        for at in range(found):
            cell = here[at]
            for action in range(5):
                target = next_cells[cell, action]
                if (action != STAY and target == cell) or came[t + 1, target] >= 0:
                    continue
                other = taken[t, target]
                if taken[t + 1, target] or (other and other == taken[t + 1, cell]):
                    continue
                came[t + 1, target] = action
                there[reached] = target
                reached += 1
                if target == goal:
                    trace(goal, t + 1, next_cells, came, path)
                    for after in range(t + 2, horizon + 1):
                        path[after] = goal
                    return t + 1
        found = reached
        if found == 0:
            return STUCK
    nearest = frontiers[horizon % 2, 0]
    for at in range(found):
        cell = frontiers[horizon % 2, at]
        if distances[cell] < distances[nearest]:
            nearest = cell
    trace(nearest, horizon, next_cells, came, path)
    return NEVER


@compiled
def trace(end: int, time: int, next_cells: Cells, came: Bytes, path: Cells) -> None:
    """Write the path that ends there and then, following back by which actions it came."""
    cell = end
    for t in range(time, 0, -1):
        path[t] = cell
        action = came[t, cell]
        if action != STAY:
            cell = next_cells[cell, (action + 2) % 4]
    path[0] = cell
