"""What a caller may ask of GridRobot, constructor and reset, in both forms: checked here."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any

from ...registry.errors import InvalidArgumentError
from ..arguments import choice, integer, number

LAYOUTS = ("fixed", "random")
SPLITS = ("train", "validation", "test")
OBSERVATIONS = ("position", "index", "map", "image")

MAX_SIZE = 256
MAX_DENSITY = 0.9


@dataclass(frozen=True)
class GridArguments:
    """The arguments of `GridRobot`, which documents them, checked and as plain Python numbers."""

    size: int
    density: float
    slip: float
    goal_reward: float
    step_reward: float
    collision_reward: float
    layout: str
    layout_seed: int
    split: str
    observation: str
    max_steps: int

    @property
    def cells(self) -> int:
        """Cells of the grid; cell `row * size + column` counts from the top left."""
        return self.size * self.size

    @property
    def obstacle_count(self) -> int:
        """Obstacles of every map: the density of all cells, rounded."""
        return round(self.density * self.cells)

    @property
    def rewards(self) -> tuple[float, float, float]:
        """What one step pays: on a free cell, when blocked, on the goal."""
        return (
            self.step_reward,
            self.step_reward + self.collision_reward,
            self.step_reward + self.goal_reward,
        )

    @property
    def reward_bounds(self) -> tuple[float, float]:
        """The smallest and the largest reward of one step."""
        return self.step_reward + self.collision_reward, self.step_reward + self.goal_reward


def check_arguments(
    *,
    size: Any,
    density: Any,
    slip: Any,
    goal_reward: Any,
    step_reward: Any,
    collision_reward: Any,
    layout: Any,
    layout_seed: Any,
    split: Any,
    observation: Any,
    max_steps: Any,
) -> GridArguments:
    """Check every argument and replace the defaults that depend on others.

    Raises:
        InvalidArgumentError: If a value has the wrong type or is outside its range.
    """
    size = integer("size", size, 2, MAX_SIZE)
    layout = choice("layout", layout, LAYOUTS)
    if observation is None:
        observation = "position" if layout == "fixed" else "map"
    arguments = GridArguments(
        size=size,
        density=number(
            "density", density, f"in [0, {MAX_DENSITY}]", lambda x: 0 <= x <= MAX_DENSITY
        ),
        slip=number("slip", slip, "in [0, 1)", lambda x: 0 <= x < 1),
        goal_reward=number(
            "goal_reward", goal_reward, "of at least 0, so that reaching it pays", lambda x: x >= 0
        ),
        step_reward=number(
            "step_reward",
            step_reward,
            "below 0, so that the shortest path is optimal",
            lambda x: x < 0,
        ),
        collision_reward=number(
            "collision_reward",
            collision_reward,
            "of at most 0, so that walking into obstacles never pays",
            lambda x: x <= 0,
        ),
        layout=layout,
        layout_seed=integer("layout_seed", layout_seed, 0),
        split=choice("split", split, SPLITS),
        observation=choice("observation", observation, OBSERVATIONS),
        max_steps=integer("max_steps", size * size if max_steps is None else max_steps, 1, 2**62),
    )
    if arguments.cells - arguments.obstacle_count < 2:
        raise InvalidArgumentError(
            f"density={arguments.density} leaves fewer than 2 free cells of a grid of size {size}; "
            "lower the density or raise the size."
        )
    return arguments


def check_start(start: Any, size: int) -> int | None:
    """Return the cell of a `(row, column)` start, None for None.

    Raises:
        InvalidArgumentError: If it isn't a cell of the grid.
    """
    if start is None:
        return None
    try:
        row, column = (operator.index(number) for number in start)
    except (TypeError, ValueError):
        row = column = -1
    if not (0 <= row < size and 0 <= column < size):
        raise InvalidArgumentError(
            f"the start must be a (row, column) with both in [0, {size - 1}], got {start!r}."
        )
    return row * size + column


def invalid_start(cell: int, size: int) -> InvalidArgumentError:
    """Return the error for a start from where no episode can begin."""
    return InvalidArgumentError(
        f"the start {divmod(cell, size)} is an obstacle, the goal, or cut off from the goal on "
        "this map; choose a cell that reaches the goal."
    )
