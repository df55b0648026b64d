"""The best joint play known from the present state on: exact for two robots, else a plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .arguments import STAY, TeamArguments
from .joint import JointValues, alone
from .kernels import Cells, Integers
from .layouts import TeamLayout
from .plans import NEVER, horizon_of, plan

EXACT_SIZE = 16


@dataclass(frozen=True, eq=False)
class Situation:
    """Where an episode is.

    Attributes:
        cells: `(K,) int64`, where the robots are.
        arrived: `(K,) int64`, 1 for robots that have left the grid.
        steps_left: Steps until truncation.
        trail: Where they were before each of the last steps, the latest last.
    """

    cells: Integers
    arrived: Integers
    steps_left: int
    trail: Sequence[Integers]


class TeamOracle:
    """What all robots do together, and what it earns; asked again, it stays with its plan.

    Args:
        arguments: Those of the environment.
        layout: The episode's.
    """

    def __init__(self, arguments: TeamArguments, layout: TeamLayout) -> None:
        self._arguments = arguments
        self._layout = layout
        self._exact = arguments.num_robots == 2 and arguments.grid.size <= EXACT_SIZE
        self._joint: JointValues | None = None
        self._paths, self._times = layout.paths, layout.times
        self._planned_with = -1

    def actions(self, now: Situation) -> list[int]:
        """Return what each robot does, at least one step being left; stay if it has arrived."""
        if self._exact and not now.arrived.any():
            return list(self._joint_values(now).actions(now.cells, now.steps_left))
        time = self._follow(now)
        here, there = self._paths[:, [min(t, self._paths.shape[1] - 1) for t in (time, time + 1)]].T
        moves = self._layout.next_cells[here, :STAY] == there[:, None]
        return [int(action) for action in np.where(here == there, STAY, moves.argmax(axis=1))]

    def total(self, now: Situation) -> float:
        """Return the sum of all robots' returns from now on."""
        if self._exact and not now.arrived.any():
            return self._joint_values(now).value(now.cells, now.steps_left)
        time, steps_left = self._follow(now), now.steps_left
        return float(
            sum(
                alone(
                    steps_left + 1 if at == NEVER else at - time,
                    steps_left,
                    self._arguments.grid.rewards,
                )
                for at, left in zip(self._times.tolist(), now.arrived, strict=True)
                if not left
            )
        )

    def _joint_values(self, now: Situation) -> JointValues:
        if self._joint is None:
            layout = self._layout
            self._joint = JointValues(
                now.cells,
                layout.goals,
                layout.next_cells,
                layout.distances,
                self._arguments.grid.rewards,
                self._arguments.grid.max_steps,
            )
        return self._joint

    def _follow(self, now: Situation) -> int:
        """Return the present time of the plan, a new one if robots aren't where it has them."""
        on_grid = now.arrived == 0
        time = self._planned_with - now.steps_left
        if self._planned_with >= 0 and time >= 0:
            at = min(time, self._paths.shape[1] - 1)
            on_the_way = (self._times == NEVER) | (self._times > time)
            if np.array_equal(self._paths[:, at], now.cells) and np.array_equal(
                on_the_way, on_grid
            ):
                return time
        team = np.flatnonzero(on_grid)
        self._paths, self._times = self._plan(now, team)
        # Of who has arrived it is only asked whether that was before.
        self._times[~on_grid] = 0
        self._planned_with = now.steps_left
        return 0

    def _plan(self, now: Situation, team: Integers) -> tuple[Cells, Integers]:
        """Return the best plan from now on, in which the team goes back where no other is found.

        Robots can always take their moves back, since who has left in between is in nobody's way;
        so a way out is known as far as they can go back to where one was, at the latest the start.
        """
        layout, horizon = self._layout, horizon_of(now.steps_left)
        scene = layout.goals, team, layout.next_cells, layout.distances
        found = plan(now.cells, *scene, horizon)
        if (found[1][team] != NEVER).all():
            return found
        way_back = [now.cells]
        for steps, past in enumerate(reversed(now.trail), start=1):
            cells = now.cells.copy()
            cells[team] = past[team]
            left = horizon - steps
            if left <= 0:
                break
            if layout.distances[team, cells[team]].max() <= left:
                paths, times = plan(cells, *scene, left, first=True)
                if now.steps_left + steps == self._arguments.grid.max_steps:
                    paths, times = layout.paths[:, : left + 1].copy(), layout.times.copy()
                    paths[now.arrived == 1] = now.cells[now.arrived == 1, None]
                if (times[team] != NEVER).all() and times[team].max() <= left:
                    return np.concatenate(
                        [np.stack(way_back, axis=1), paths], axis=1
                    ), times + steps
            way_back.append(cells)
        return found
