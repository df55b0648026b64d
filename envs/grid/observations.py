"""What the robot sees: one class per kind, each encoding one cell or a batch of them.

All have the same four members: `space`, `look(obstacles, goal)` when the map of a single
environment changes, `encode(cell)` on that map, and `encode_batch(cells, goals, obstacles)`, which
gives row by row what `encode` gives. Every observation is a fresh array, if the cells passed are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

Obstacles = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]
Observation = Any


class Encoder(Protocol):
    """How a cell on a map becomes an observation."""

    @property
    def space(self) -> spaces.Space[Any]:
        """The space of the observations."""
        ...

    def look(self, obstacles: Obstacles, goal: int) -> None:
        """Take notice of the map: `(cells,)` obstacles and the goal's cell."""
        ...

    def encode(self, cell: int) -> Observation:
        """Observe from `cell` of that map."""
        ...

    def encode_batch(self, cells: Integers, goals: Integers, obstacles: Obstacles) -> Observation:
        """Observe from `(k,)` cells, `(k,)` goals and `(k, cells)` obstacles.

        Goals `(1,)` and obstacles `(1, cells)` are those of one map for all.
        """
        ...


class IndexEncoder:
    """The cell's number, for tables."""

    def __init__(self, size: int) -> None:
        self.space = spaces.Discrete(size * size)

    def look(self, obstacles: Obstacles, goal: int) -> None:
        """Nothing: the number says nothing of the map."""

    def encode(self, cell: int) -> int:
        """Return the cell itself."""
        return cell

    def encode_batch(
        self,
        cells: Integers,
        goals: Integers,  # noqa: ARG002
        obstacles: Obstacles,  # noqa: ARG002
    ) -> Integers:
        """Return `cells` itself, `(k,) int64`."""
        return cells


class PositionEncoder:
    """Row and column, each one-hot: `(2 * size,) float32`.

    Not two coordinates: across an obstacle the values of neighbouring cells jump, which a smooth
    function of coordinates can't follow, whereas a small network on one-hots is exact.
    """

    def __init__(self, size: int) -> None:
        self.space = spaces.Box(0.0, 1.0, (2 * size,), np.float32)
        rows, columns = np.divmod(np.arange(size * size), size)
        one_hot = np.eye(size, dtype=np.float32)
        self._encodings = np.concatenate([one_hot[rows], one_hot[columns]], axis=1)
        self._rows: list[npt.NDArray[np.float32]] = list(self._encodings)

    def look(self, obstacles: Obstacles, goal: int) -> None:
        """Nothing: the position says nothing of the map."""

    def encode(self, cell: int) -> npt.NDArray[np.float32]:
        """Return `(2 * size,) float32`."""
        return self._rows[cell].copy()

    def encode_batch(
        self,
        cells: Integers,
        goals: Integers,  # noqa: ARG002
        obstacles: Obstacles,  # noqa: ARG002
    ) -> npt.NDArray[np.float32]:
        """Return `(k, 2 * size) float32`."""
        return np.asarray(self._encodings[cells])


class MapEncoder:
    """The map as the robot sees it around itself, flat: `((2n-1)^2 + 2(2n-1),) float32`.

    First the window of obstacles centred on the robot, row by row, in which outside counts as
    obstacle; then the goal's row and its column relative to the robot, each one-hot, from -(n-1) to
    n-1. It determines map, robot and goal, so it is Markov; being egocentric, the same surroundings
    look the same wherever they are, which carries over to maps never seen.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.span = 2 * size - 1
        length = self.span * self.span + 2 * self.span
        self.space = spaces.Box(0.0, 1.0, (length,), np.float32)
        self._surroundings = self._surround(np.zeros((1, size * size), np.uint8))[0]
        self._goal = 0

    def look(self, obstacles: Obstacles, goal: int) -> None:
        """Surround the map with obstacles, once for all windows on it."""
        self._surroundings = self._surround(obstacles[None])[0]
        self._goal = goal

    def encode(self, cell: int) -> npt.NDArray[np.float32]:
        """Return `((2n-1)^2 + 2(2n-1),) float32`."""
        size, span = self.size, self.span
        row, column = divmod(cell, size)
        goal_row, goal_column = divmod(self._goal, size)
        observation = np.zeros(span * span + 2 * span, np.float32)
        window = observation[: span * span].reshape(span, span)
        # The window's corner in the surroundings is the robot's cell: the margin is size - 1 wide.
        window[:] = self._surroundings[row : row + span, column : column + span]
        observation[span * span + goal_row - row + size - 1] = 1.0
        observation[span * span + span + goal_column - column + size - 1] = 1.0
        return observation

    def encode_batch(
        self, cells: Integers, goals: Integers, obstacles: Obstacles
    ) -> npt.NDArray[np.float32]:
        """Return `(k, (2n-1)^2 + 2(2n-1)) float32`."""
        size, span, k = self.size, self.span, len(cells)
        every = np.arange(k)
        rows, columns = np.divmod(cells, size)
        goal_rows, goal_columns = np.divmod(goals, size)
        windows = np.lib.stride_tricks.sliding_window_view(
            self._surround(obstacles), (span, span), axis=(1, 2)
        )
        observations = np.zeros((k, span * span + 2 * span), np.float32)
        maps = every if len(obstacles) > 1 else np.zeros(k, np.int64)
        observations[:, : span * span] = windows[maps, rows, columns].reshape(k, -1)
        observations[every, span * span + goal_rows - rows + size - 1] = 1.0
        observations[every, span * span + span + goal_columns - columns + size - 1] = 1.0
        return observations

    def _surround(self, obstacles: Obstacles) -> npt.NDArray[np.float32]:
        """Return `(k, 3n-2, 3n-2) float32`: `(k, cells)` obstacles in a margin of obstacles."""
        size = self.size
        surroundings = np.ones((len(obstacles), 3 * size - 2, 3 * size - 2), np.float32)
        surroundings[:, size - 1 : 2 * size - 1, size - 1 : 2 * size - 1] = obstacles.reshape(
            -1, size, size
        )
        return surroundings


class ImageEncoder:
    """Three planes, `(3, size, size) uint8`: obstacles, goal, robot; 255 where there is one."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.space = spaces.Box(0, 255, (3, size, size), np.uint8)
        self._planes = np.zeros((3, size, size), np.uint8)
        self._places = [divmod(cell, size) for cell in range(size * size)]

    def look(self, obstacles: Obstacles, goal: int) -> None:
        """Draw the two planes that stay the same on this map."""
        planes = np.zeros((3, self.size * self.size), np.uint8)
        planes[0] = obstacles * np.uint8(255)
        planes[1, goal] = 255
        self._planes = planes.reshape(3, self.size, self.size)

    def encode(self, cell: int) -> npt.NDArray[np.uint8]:
        """Return `(3, size, size) uint8`."""
        image = self._planes.copy()
        row, column = self._places[cell]
        image[2, row, column] = 255
        return image

    def encode_batch(
        self, cells: Integers, goals: Integers, obstacles: Obstacles
    ) -> npt.NDArray[np.uint8]:
        """Return `(k, 3, size, size) uint8`."""
        k, every = len(cells), np.arange(len(cells))
        planes = np.zeros((k, 3, self.size * self.size), np.uint8)
        planes[:, 0] = obstacles * np.uint8(255)
        planes[every, 1, goals] = 255
        planes[every, 2, cells] = 255
        return planes.reshape(k, 3, self.size, self.size)


ENCODERS: dict[str, Callable[[int], Encoder]] = {
    "position": PositionEncoder,
    "index": IndexEncoder,
    "map": MapEncoder,
    "image": ImageEncoder,
}


def make_encoder(kind: str, size: int) -> Encoder:
    """Return the encoder of one of the four kinds of observation for grids of `size`."""
    return ENCODERS[kind](size)
