"""The spaces of robot_team: what robots see, and the state of all."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from .arguments import TeamArguments
from .kernels import Features, Integers, observation_length


def window_radius(arguments: TeamArguments) -> int:
    """Return how far robots see."""
    return arguments.grid.size - 1 if arguments.view == "full" else arguments.radius


def observation_space(arguments: TeamArguments) -> spaces.Box:
    """Return the space of what one robot sees."""
    full = arguments.view == "full"
    span = 2 * window_radius(arguments) + 1
    length = observation_length(arguments.num_robots, full, span)
    low = np.zeros(length, np.float32)
    if not full:
        # The two offsets of the goal.
        low[length - 3 : length - 1] = -1.0
    return spaces.Box(low, np.ones(length, np.float32), dtype=np.float32)


def surround(obstacles: npt.NDArray[np.uint8], radius: int) -> Features:
    """Return `(cells,)` obstacles in a margin of obstacles, `(n + 2 * radius,) * 2 float32`."""
    size = round(len(obstacles) ** 0.5)
    surroundings = np.ones((size + 2 * radius, size + 2 * radius), np.float32)
    inside = slice(radius, radius + size)
    surroundings[inside, inside] = obstacles.reshape(size, size)
    return surroundings


def state_space(arguments: TeamArguments) -> spaces.Box:
    """Return the space of the state of all."""
    length = arguments.grid.cells + 4 * arguments.grid.size * arguments.num_robots
    return spaces.Box(0.0, 1.0, (length,), np.float32)


def encode_state(
    obstacles: npt.NDArray[np.uint8],
    cells: Integers,
    goals: Integers,
    on_grid: npt.NDArray[np.bool_],
) -> Features:
    """Return the state of all, `(n^2 + 4nK,) float32`; see `RobotTeam`."""
    size = round(len(obstacles) ** 0.5)
    one_hot = np.eye(size, dtype=np.float32)
    rows, columns = np.divmod(cells, size)
    goal_rows, goal_columns = np.divmod(goals, size)
    present = on_grid[:, None]
    robots = [
        one_hot[rows] * present,
        one_hot[columns] * present,
        one_hot[goal_rows],
        one_hot[goal_columns],
    ]
    features = [obstacles.astype(np.float32), np.concatenate(robots, axis=1).ravel()]
    return np.concatenate(features)
