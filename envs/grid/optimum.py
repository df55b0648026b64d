"""What the best policy earns on a map: action values, and returns within the steps that are left.

Without slip both follow from the distances in closed form; with slip, from Bellman's equation.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .maps import GridMap

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

TOLERANCE = 1e-13


def optimal_q_values(
    grid: GridMap, rewards: tuple[float, float, float], slip: float, gamma: float
) -> Floats:
    """Return the optimal action values of the task without a time limit, `(cells, 4) float64`.

    Rows of obstacles and of cells that can't reach the goal are NaN; the goal's row is 0. With slip
    they are the fixed point of value iteration (Bellman 1957), to about 1e-10.

    Args:
        grid: The map.
        rewards: What a step pays on a free cell, when blocked and on the goal.
        slip: Probability of a perpendicular move, in [0, 1).
        gamma: The discount, in [0, 1].
    """
    paid = expected_rewards(grid, rewards)
    reaches = grid.distances > 0
    steps = np.maximum(grid.distances, 1)
    discounted_steps = steps if gamma == 1 else (1 - gamma**steps) / (1 - gamma)
    walked = rewards[0] * discounted_steps + (rewards[2] - rewards[0]) * gamma ** (steps - 1.0)
    values = np.where(reaches, walked, 0.0)
    while True:
        q_values = mix_slips(paid + gamma * values[grid.next_cells], slip)
        if slip == 0:
            break
        improved = np.where(reaches, q_values.max(axis=1), 0.0)
        change = np.abs(improved - values).max()
        values = improved
        if change <= TOLERANCE * max(1.0, np.abs(values).max()):
            break
    q_values[~reaches] = np.nan
    q_values[grid.goal] = 0.0
    return q_values


def optimal_returns(
    grid: GridMap, rewards: tuple[float, float, float], slip: float, max_steps: int
) -> Floats:
    """Return the best expected returns, `(levels, cells) float64`, by backward induction.

    Row k is for k steps left; fewer rows than `max_steps + 1` mean that further steps no longer
    change anything, so that the last row holds for all of them. Cells from which the goal can't be
    reached are 0.
    """
    paid = expected_rewards(grid, rewards)
    reaches = grid.distances > 0
    levels = [np.zeros(len(reaches))]
    while len(levels) <= max_steps:
        q_values = mix_slips(paid + levels[-1][grid.next_cells], slip)
        levels.append(np.where(reaches, q_values.max(axis=1), 0.0))
        if np.abs(levels[-1] - levels[-2]).max() <= TOLERANCE * max(1.0, np.abs(levels[-1]).max()):
            break
    return np.stack(levels)


def walking_returns(
    distances: npt.NDArray[np.integer], steps_left: Integers, rewards: tuple[float, float, float]
) -> Floats:
    """Return what the shortest path pays without slip, `(k,)`, if it fits into the steps left.

    Args:
        distances: `(k,)`, moves to the goal; 0 on the goal, where nothing more is paid.
        steps_left: `(k,)`.
        rewards: What a step pays on a free cell, when blocked and on the goal.
    """
    arrives = (distances > 0) & (distances <= steps_left)
    free_steps = np.where(arrives, distances - 1, np.where(distances > 0, steps_left, 0))
    return rewards[0] * free_steps + np.where(arrives, rewards[2], 0.0)


def walking_actions(
    distances: npt.NDArray[np.int32], next_cells: npt.NDArray[np.int32]
) -> Integers:
    """Return the first action of a shortest path, `(k,) int64`, the lowest number among equals.

    Args:
        distances: `(k, cells)`, moves to the goal from every cell of each map.
        next_cells: `(k, 4)`, where the actions lead from where each robot stands.
    """
    neighbours = np.take_along_axis(distances, next_cells.astype(np.int64), axis=1)
    return np.asarray(neighbours.argmin(axis=1))


def slipping_action(
    grid: GridMap,
    rewards: tuple[float, float, float],
    slip: float,
    returns: Floats,
    cell: int,
    steps_left: int,
) -> int:
    """Return the action of the best expected return, given the `optimal_returns` of the map."""
    after = returns[min(max(steps_left - 1, 0), len(returns) - 1)]
    moves = expected_rewards(grid, rewards) + after[grid.next_cells]
    return int(mix_slips(moves, slip)[cell].argmax())


def expected_rewards(grid: GridMap, rewards: tuple[float, float, float]) -> Floats:
    """Return what each move pays if it happens, `(cells, 4) float64`."""
    blocked = grid.next_cells == np.arange(len(grid.obstacles))[:, None]
    reached = grid.next_cells == grid.goal
    return np.where(reached, rewards[2], np.where(blocked, rewards[1], rewards[0]))


def mix_slips(moves: Floats, slip: float) -> Floats:
    """Turn values of moves that happen into values of actions chosen, `(cells, 4)` both."""
    if slip == 0:
        return moves
    sideways = np.roll(moves, 1, axis=1) + np.roll(moves, -1, axis=1)
    return (1 - slip) * moves + 0.5 * slip * sideways
