"""What a caller may ask of robot_team, constructor and step: checked here."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ....registry.errors import InvalidArgumentError, did_you_mean
from ...arguments import choice, integer, number
from ...grid.arguments import MAX_DENSITY, SPLITS
from ...grid.maps import MAX_ATTEMPTS

VIEWS = ("full", "local")
ACTION_NAMES = ("up", "right", "down", "left", "stay")
STAY = 4

MIN_ROBOTS, MAX_ROBOTS = 2, 8
MAX_SIZE = 64


@dataclass(frozen=True)
class TeamArguments:
    """The arguments of `RobotTeam`, which documents them, checked and as plain Python numbers."""

    num_robots: int
    size: int
    density: float
    goal_reward: float
    step_reward: float
    collision_reward: float
    shared_reward: bool
    view: str
    radius: int
    split: str
    max_steps: int

    @property
    def cells(self) -> int:
        """Cells of the grid; cell `row * size + column` counts from the top left."""
        return self.size * self.size

    @property
    def obstacle_count(self) -> int:
        """Obstacles of every layout: the density of all cells, rounded."""
        return round(self.density * self.cells)

    @property
    def rewards(self) -> tuple[float, float, float]:
        """What one step pays one robot: when nothing happens, on collision, on arrival."""
        return (
            self.step_reward,
            self.step_reward + self.collision_reward,
            self.step_reward + self.goal_reward,
        )

    @property
    def reward_bounds(self) -> tuple[float, float]:
        """The smallest and the largest reward of one step of one robot."""
        _, collided, arrived = self.rewards
        return collided, max(arrived, 0.0)


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
    arguments = TeamArguments(
        num_robots=integer("num_robots", num_robots, MIN_ROBOTS, MAX_ROBOTS),
        size=size,
        density=number(
            "density", density, f"in [0, {MAX_DENSITY}]", lambda x: 0 <= x <= MAX_DENSITY
        ),
        goal_reward=number(
            "goal_reward", goal_reward, "of at least 0, so that arriving pays", lambda x: x >= 0
        ),
        step_reward=number(
            "step_reward", step_reward, "below 0, so that arriving early pays", lambda x: x < 0
        ),
        collision_reward=number(
            "collision_reward",
            collision_reward,
            "of at most 0, so that collisions never pay",
            lambda x: x <= 0,
        ),
        shared_reward=shared_reward,
        view=choice("view", view, VIEWS),
        radius=integer("radius", min(2, size - 1) if radius is None else radius, 1, size - 1),
        split=choice("split", split, SPLITS),
        max_steps=integer("max_steps", size * size if max_steps is None else max_steps, 1, 2**62),
    )
    free, needed = arguments.cells - arguments.obstacle_count, 2 * arguments.num_robots
    if free < needed:
        raise InvalidArgumentError(
            f"num_robots={arguments.num_robots} need {needed} free cells, a start and a goal each, "
            f"but size={size} with density={arguments.density} leaves {free}; lower the number of "
            "robots or the density, or raise the size."
        )
    return arguments


def too_few_layouts(arguments: TeamArguments) -> InvalidArgumentError:
    """Return the error for a split in which no solvable layout turned up."""
    return InvalidArgumentError(
        f"split={arguments.split!r} gave no layout of size={arguments.size}, "
        f"density={arguments.density} that num_robots={arguments.num_robots} solve within "
        f"max_steps={arguments.max_steps} in {MAX_ATTEMPTS} draws, because too few such layouts "
        "exist; raise the size or max_steps, or lower the density."
    )


def unknown_player(player: Any, players: Sequence[str]) -> InvalidArgumentError:
    """Return the error for a name that no player has."""
    return InvalidArgumentError(
        f"there is no player {player!r}; {did_you_mean(str(player), players)}"
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
    if not isinstance(actions, Mapping):
        raise InvalidArgumentError(
            f"the actions must be a dictionary from player to action, got {actions!r}."
        )
    for player in actions:
        if player not in players:
            raise unknown_player(player, players)
    for player in players:
        if player not in actions:
            raise InvalidArgumentError(
                f"{player!r} has no action; give every player one: {', '.join(players)}."
            )
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
