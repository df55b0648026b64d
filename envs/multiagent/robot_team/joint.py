"""What two robots can earn together, exactly: backward induction over pairs of cells.

Row k of the values is for k steps left (Bellman 1957). A collision moves nobody and costs at least
as much as staying, so that plans without collisions are enough.
"""

from __future__ import annotations

import numpy as np

from ....registry.compiler import compiled
from .kernels import Cells, Floats, Integers

STAY = 4

Cell = int | np.int32


class JointValues:
    """The best sums of the returns of two robots, for all states that an episode can come to.

    Args:
        cells: `(2,) int64`, any state of the episode with both robots on the grid. From the layouts
            drawn both can arrive from everywhere they can come to: moves can be taken back.
        goals: `(2,) int64`.
        next_cells: `(cells, 5)`.
        distances: `(2, cells)`.
        rewards: Of one step of one robot, when nothing happens, on collision, on arrival.
        max_steps: The most steps that can be left.
    """

    def __init__(
        self,
        cells: Integers,
        goals: Integers,
        next_cells: Cells,
        distances: Cells,
        rewards: tuple[float, float, float],
        max_steps: int,
    ) -> None:
        count = len(next_cells)
        self._index = np.full((count, count), -1, np.int32)
        pairs = np.empty((count * count, 2), np.int32)
        self._pairs = pairs[: reach(cells, goals, next_cells, self._index, pairs)].copy()
        self._scene = (goals, next_cells, distances, rewards)
        self._levels = [np.zeros(len(self._pairs))]
        farthest = int(distances.max())
        # Once a level repeats and no single robot is short of time, all further ones repeat it.
        while len(self._levels) <= max_steps:
            level = np.empty(len(self._pairs))
            back_up(
                self._pairs, self._index, self._levels[-1], len(self._levels), *self._scene, level
            )
            self._levels.append(level)
            if len(self._levels) > farthest + 2 and np.array_equal(level, self._levels[-2]):
                break

    def value(self, cells: Integers, steps_left: int) -> float:
        """Return the best sum of both returns from here."""
        level = self._levels[min(steps_left, len(self._levels) - 1)]
        return float(level[self._index[cells[0], cells[1]]])

    def actions(self, cells: Integers, steps_left: int) -> tuple[int, int]:
        """Return actions that earn it, at least one step being left."""
        after = self._levels[min(steps_left, len(self._levels)) - 1]
        # Of the type of pairs, for which the function is compiled already.
        cell, other = np.int32(cells[0]), np.int32(cells[1])
        _, one, two = best_pair(cell, other, self._index, after, steps_left, *self._scene)
        return int(one), int(two)


@compiled
def apart(cell: Cell, other: Cell, target: Cell, other_target: Cell) -> bool:
    """Whether two robots can move like this at once."""
    return target != other_target and not (target == other and other_target == cell)


@compiled
def reach(cells: Integers, goals: Integers, next_cells: Cells, index: Cells, pairs: Cells) -> int:
    """Find all pairs of cells that two robots come to before one arrives; return how many.

    Args:
        cells: `(2,)`, where they begin.
        goals: `(2,)`.
        next_cells: `(cells, 5)`.
        index: `(cells, cells)` of -1, overwritten with the number of each pair found.
        pairs: `(most, 2)`, overwritten with the pairs.
    """
    pairs[0, 0], pairs[0, 1] = cells[0], cells[1]
    index[cells[0], cells[1]] = 0
    found = 1
    done = 0
    while done < found:
        cell, other = pairs[done]
        done += 1
        for action in range(5):
            target = next_cells[cell, action]
            for other_action in range(5):
                other_target = next_cells[other, other_action]
                if (
                    target != goals[0]
                    and other_target != goals[1]
                    and index[target, other_target] < 0
                    and apart(cell, other, target, other_target)
                ):
                    index[target, other_target] = found
                    pairs[found, 0], pairs[found, 1] = target, other_target
                    found += 1
    return found


@compiled
def alone(distance: int, steps_left: int, rewards: tuple[float, float, float]) -> float:
    """Return what the shortest path pays a robot that has the grid to itself."""
    if distance <= steps_left:
        return rewards[0] * (distance - 1) + rewards[2]
    return rewards[0] * steps_left


@compiled
def best_pair(
    cell: Cell,
    other: Cell,
    index: Cells,
    after: Floats,
    steps_left: int,
    goals: Integers,
    next_cells: Cells,
    distances: Cells,
    rewards: tuple[float, float, float],
) -> tuple[float, int, int]:
    """Return the best value of a pair of cells, and the actions that earn it.

    Args:
        cell: Where the first robot is.
        other: Where the second is.
        index: `(cells, cells)`, of `reach`.
        after: `(pairs,)`, the values with one step less.
        steps_left: At least 1.
        goals: `(2,)`.
        next_cells: `(cells, 5)`.
        distances: `(2, cells)`.
        rewards: Of one step of one robot, when nothing happens, on collision, on arrival.
    """
    best, best_action, best_other = -np.inf, STAY, STAY
    plain, arrived = rewards[0], rewards[2]
    for action in range(5):
        target = next_cells[cell, action]
        for other_action in range(5):
            other_target = next_cells[other, other_action]
            if (
                (target == cell and action != STAY)
                or (other_target == other and other_action != STAY)
                or not apart(cell, other, target, other_target)
            ):
                continue
            if target == goals[0] and other_target == goals[1]:
                value = arrived + arrived
            elif target == goals[0]:
                value = arrived + plain + alone(distances[1, other_target], steps_left - 1, rewards)
            elif other_target == goals[1]:
                value = plain + arrived + alone(distances[0, target], steps_left - 1, rewards)
            else:
                value = plain + plain + after[index[target, other_target]]
            if value > best:
                best, best_action, best_other = value, action, other_action
    return best, best_action, best_other


@compiled
def back_up(
    pairs: Cells,
    index: Cells,
    after: Floats,
    steps_left: int,
    goals: Integers,
    next_cells: Cells,
    distances: Cells,
    rewards: tuple[float, float, float],
    level: Floats,
) -> None:
    """Write the values with so many steps left into `level`, `(pairs,)`."""
    for at in range(len(pairs)):
        level[at] = best_pair(
            pairs[at, 0],
            pairs[at, 1],
            index,
            after,
            steps_left,
            goals,
            next_cells,
            distances,
            rewards,
        )[0]
