"""What a caller may ask of robot_team, constructor and step: checked here."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ....registry.errors import InvalidArgumentError
from ...arguments import choice, integer
from ...grid.arguments import GridArguments
from ...grid.arguments import check_arguments as check_grid_arguments
from ...grid.maps import MAX_ATTEMPTS
from ..players import require_actions_of_all

VIEWS = ("full", "local")
ACTION_NAMES = ("up", "right", "down", "left", "stay")
STAY = 4

MIN_ROBOTS, MAX_ROBOTS = 2, 8
MAX_SIZE = 64


@dataclass(frozen=True)
class TeamArguments:
    """The arguments of `RobotTeam`, which documents them, checked and as plain Python numbers.

    Attributes:
        grid: What GridRobot has as well: alone on random maps, a robot's task is that of GridRobot.
    """

    grid: GridArguments
    num_robots: int
    shared_reward: bool
    view: str
    radius: int

    @property
    def reward_bounds(self) -> tuple[float, float]:
        """The smallest and the largest reward of one step of one robot, 0 once it has arrived."""
        low, high = self.grid.reward_bounds
        return low, max(high, 0.0)


def check_arguments(
    *,
    num_robots: Any,
    size: Any,
    density: Any,
    goal_reward: Any,
    step_reward: Any,
    collision_reward: Any,
    shared_reward: Any,
    view: Any,
    radius: Any,
    split: Any,
    max_steps: Any,
) -> TeamArguments:
    """Check every argument and replace the defaults that depend on others.

    Raises:
        InvalidArgumentError: If a value has the wrong type or is outside its range.
    """
    size = integer("size", size, 2, MAX_SIZE)
    if not isinstance(shared_reward, bool):
        raise InvalidArgumentError(f"shared_reward must be True or False, got {shared_reward!r}.")
    grid = check_grid_arguments(
        size=size,
        density=density,
        slip=0,
        goal_reward=goal_reward,
        step_reward=step_reward,
        collision_reward=collision_reward,
        layout="random",
        layout_seed=0,
        split=split,
        observation="map",
        max_steps=max_steps,
    )
    arguments = TeamArguments(
        grid=grid,
        num_robots=integer("num_robots", num_robots, MIN_ROBOTS, MAX_ROBOTS),
        shared_reward=shared_reward,
        view=choice("view", view, VIEWS),
        radius=integer("radius", min(2, size - 1) if radius is None else radius, 1, size - 1),
    )
    free, needed = grid.cells - grid.obstacle_count, 2 * arguments.num_robots
    if free < needed:
        raise InvalidArgumentError(
            f"num_robots={arguments.num_robots} need {needed} free cells, a start and a goal each, "
            f"but size={size} with density={grid.density} leaves {free}; lower the number of "
            "robots or the density, or raise the size."
        )
    return arguments


def too_few_layouts(arguments: TeamArguments) -> InvalidArgumentError:
    """Return the error for a split in which no solvable layout turned up."""
    grid = arguments.grid
    return InvalidArgumentError(
        f"split={grid.split!r} gave no layout of size={grid.size}, density={grid.density} that "
        f"num_robots={arguments.num_robots} solve within max_steps={grid.max_steps} in "
        f"{MAX_ATTEMPTS} draws, because too few such layouts exist; raise the size or max_steps, "
        "or lower the density."
    )


def read_actions(actions: Any, players: Sequence[str]) -> list[int]:
    """Return the players' actions in order.

    Raises:
        InvalidArgumentError: If a player has no action, someone else has one, or one doesn't exist.
    """
    chosen = []
    try:
        if len(actions) == len(players):
            chosen = [operator.index(actions[player]) for player in players]
    except (KeyError, TypeError):
        chosen = []
    if chosen and min(chosen) >= 0 and max(chosen) <= STAY:
        return chosen
    require_actions_of_all(actions, players)
    wrong = next(player for player in players if not exists(actions[player]))
    raise invalid_action(wrong, actions[wrong])


def exists(action: Any) -> bool:
    """Whether this is the number of an action."""
    try:
        return 0 <= operator.index(action) <= STAY
    except TypeError:
        return False


def invalid_action(player: str, action: Any) -> InvalidArgumentError:
    """Return the error for an action that doesn't exist."""
    names = [f"{number} ({name})" for number, name in enumerate(ACTION_NAMES)]
    return InvalidArgumentError(
        f"the action of {player} must be {', '.join(names[:-1])} or {names[-1]}, got {action!r}."
    )
