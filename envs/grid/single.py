"""GridRobot, one environment."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium import error, logger, spaces

from ...registry.errors import InvalidArgumentError
from ..arguments import check_options, check_render_mode, integer
from .arguments import check_arguments, check_start, invalid_start
from .maps import (
    MAX_ATTEMPTS,
    START_FACING,
    TENTHS,
    GridMap,
    draw_fixed_map,
    make_map,
    too_few_maps,
)
from .observations import make_encoder
from .optimum import (
    optimal_q_values,
    optimal_returns,
    slipping_action,
    walking_actions,
    walking_returns,
)
from .picture import draw_picture, draw_text
from .window import Window

RENDER_MODES = ("ansi", "rgb_array", "human")


class GridRobot(gymnasium.Env[Any, Any]):
    """A robot walks to its goal on an n by n grid with obstacles.

    Task:
        Reach the goal in as few steps as possible. Obstacles and the grid's edge block and cost.
        On the fixed layout the map stays and the start is drawn anew each episode, uniformly among
        the cells that reach the goal. On random layouts map, goal and start are all drawn anew; a
        search makes sure that every map is solvable, and a map belongs to one split only.

    Observation:
        `"position"`: `Box(0, 1, (2n,), float32)`, row and column of the robot, each one-hot.
        `"index"`: `Discrete(n * n)`, the cell `row * n + column`.
        `"map"`: `Box(0, 1, ((2n-1)^2 + 2(2n-1),), float32)`, the obstacles around the robot and
        where the goal lies from it; enough on random maps.
        `"image"`: `Box(0, 255, (3, n, n), uint8)`, planes of obstacles, goal and robot.
        `"position"` and `"index"` don't show the map, so they suffice on the fixed layout only.

    Actions:
        `Discrete(4)`: 0 up, 1 right, 2 down, 3 left. With probability `slip` one of the two
        perpendicular moves happens instead, half each. A blocked robot stays where it is.

    Reward:
        `step_reward`, plus `collision_reward` if the move is blocked, plus `goal_reward` if it ends
        on the goal. `reward_bounds` is `(step_reward + collision_reward, step_reward +
        goal_reward)`, by default (-0.06, 0.99).

    Episode end:
        `terminated` on the goal. `truncated` after `max_steps` steps elsewhere: a time limit, which
        the observation doesn't show.

    Info:
        Empty, at reset and at every step.

    Arguments:
        render_mode: `"ansi"`, `"rgb_array"`, `"human"` (a window) or None.
        size: Rows and columns n, in [2, 256].
        density: Fraction of cells with an obstacle, rounded to whole obstacles, in [0, 0.9]; at
            least 2 cells stay free.
        slip: Probability of a perpendicular move, in [0, 1).
        goal_reward: Paid on reaching the goal; at least 0.
        step_reward: Paid for every step; below 0, so that the shortest path is optimal.
        collision_reward: Paid when blocked; at most 0.
        layout: `"fixed"` or `"random"`.
        layout_seed: Which fixed map; random layouts don't use it.
        split: `"train"`, `"validation"` or `"test"`: eight, one and one tenth of all random maps,
            by a hash of the map. A fixed map is the same in each.
        observation: One of the four; None is `"position"` on the fixed layout, `"map"` on random
            ones.
        max_steps: Steps until truncation, at least 1; None is n * n.
        `reset(options={"start": (row, column)})` begins an episode there.

    Best return:
        Without slip, from d moves away, `d * step_reward + goal_reward` if d moves are left;
        `oracle_return()` knows it for every state and slip, `oracle_action()` earns it, and
        `optimal_q_values()` is exact.

    Version history:
        v0: first version.

    Raises:
        InvalidArgumentError: If an argument is outside its documented range.
    """

    metadata = {"render_modes": list(RENDER_MODES), "render_fps": 8}  # noqa: RUF012, Gymnasium's way
    action_names = ("up", "right", "down", "left")

    def __init__(
        self,
        render_mode: str | None = None,
        *,
        size: int = 8,
        density: float = 0.2,
        slip: float = 0.0,
        goal_reward: float = 1.0,
        step_reward: float = -0.01,
        collision_reward: float = -0.05,
        layout: str = "fixed",
        layout_seed: int = 0,
        split: str = "train",
        observation: str | None = None,
        max_steps: int | None = None,
    ) -> None:
        check_render_mode(render_mode, RENDER_MODES)
        self.render_mode = render_mode
        self.arguments = check_arguments(
            size=size,
            density=density,
            slip=slip,
            goal_reward=goal_reward,
            step_reward=step_reward,
            collision_reward=collision_reward,
            layout=layout,
            layout_seed=layout_seed,
            split=split,
            observation=observation,
            max_steps=max_steps,
        )
        self.reward_bounds = self.arguments.reward_bounds
        self.max_steps = self.arguments.max_steps
        self.action_space = spaces.Discrete(4)
        self._encoder = make_encoder(self.arguments.observation, self.arguments.size)
        self.observation_space = self._encoder.space
        self._slip = self.arguments.slip
        self._free_reward, self._blocked_reward, self._goal_reward = self.arguments.rewards
        self._window = Window(self.metadata["render_fps"]) if render_mode == "human" else None
        self._grid: GridMap | None = None
        self._returns: npt.NDArray[np.float64] | None = None
        self._moves: list[list[int]] = []
        self._goal = -1
        self._cell = -1
        self._steps_left = 0
        self._facing = START_FACING
        if self.arguments.layout == "fixed":
            self._enter(
                draw_fixed_map(
                    self.arguments.size, self.arguments.obstacle_count, self.arguments.layout_seed
                )
            )

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin an episode; `options={"start": (row, column)}` says where.

        Raises:
            InvalidArgumentError: If an option is unknown, no episode can begin at the start, or the
                split holds no map.
        """
        asked = check_start(check_options(options, ("start",)).get("start"), self.arguments.size)
        # Without a seed the base class does nothing, at the price of a call.
        if seed is not None:
            super().reset(seed=seed)
        self._steps_left = 0
        if self.arguments.layout == "random":
            self._enter(self._draw_map())
        grid = self._known_grid()
        # Drawn even if a start is asked for, so that later episodes don't depend on the option.
        start = int(grid.starts[int(self.np_random.random() * len(grid.starts))])
        if asked is not None:
            if grid.distances[asked] <= 0:
                raise invalid_start(asked, self.arguments.size)
            start = asked
        self._cell = start
        self._steps_left = self.arguments.max_steps
        self._facing = START_FACING
        if self._window is not None:
            self.render()
        return self._encoder.encode(start), {}

    def step(self, action: int) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Move; the class documents actions, rewards and both ends.

        Raises:
            InvalidArgumentError: If the action is not 0, 1, 2 or 3.
            gymnasium.error.ResetNeeded: Before the first reset, and after an episode's end.
        """
        steps_left = self._steps_left
        if not steps_left:
            raise error.ResetNeeded("no episode is running; call reset() before step().")
        cell = self._cell
        moves = self._moves[cell]
        try:
            next_cell = moves[action]
        except (IndexError, TypeError):
            raise _invalid_action(action) from None
        if action < 0:
            raise _invalid_action(action)
        if self._slip:
            uniform = self.np_random.random()
            if uniform < self._slip:
                action = (int(action) + (1 if uniform < 0.5 * self._slip else 3)) % 4
                next_cell = moves[action]
        reached = next_cell == self._goal
        self._cell = next_cell
        self._facing = action
        self._steps_left = steps_left = 0 if reached else steps_left - 1
        if self._window is not None:
            self.render()
        observation = self._encoder.encode(next_cell)
        if reached:
            return observation, self._goal_reward, True, False, {}
        reward = self._blocked_reward if next_cell == cell else self._free_reward
        return observation, reward, False, steps_left == 0, {}

    def render(self) -> Any:
        """Return a `(height, width, 3) uint8` picture or a text, or show the window."""
        if self.render_mode is None:
            logger.warn("render() shows nothing: make the environment with a render_mode.")
            return None
        grid = self._present_grid()
        scene = (grid.obstacles, grid.goal, self._cell, int(self._facing))
        if self.render_mode == "ansi":
            return draw_text(*scene)
        picture = draw_picture(*scene)
        if self._window is None:
            return picture
        self._window.show(picture)
        return None

    def close(self) -> None:
        """Close the window, if there is one."""
        if self._window is not None:
            self._window.close()

    def oracle_action(self) -> int:
        """Return an action that is optimal now, given the steps that are left.

        Raises:
            gymnasium.error.ResetNeeded: Before the first reset.
        """
        grid = self._present_grid()
        if self._slip:
            return slipping_action(
                grid,
                self.arguments.rewards,
                self._slip,
                self._optimal_returns(grid),
                self._cell,
                self._steps_left,
            )
        return int(walking_actions(grid.distances[None], grid.next_cells[[self._cell]])[0])

    def oracle_return(self) -> float:
        """Return the best expected undiscounted return from now to the episode's end.

        It counts the steps that are left, and is 0 once the episode is over.

        Raises:
            gymnasium.error.ResetNeeded: Before the first reset.
        """
        grid = self._present_grid()
        if self._slip:
            returns = self._optimal_returns(grid)
            return float(returns[min(self._steps_left, len(returns) - 1), self._cell])
        steps_left = np.array([self._steps_left])
        distances = grid.distances[[self._cell]]
        return float(walking_returns(distances, steps_left, self.arguments.rewards)[0])

    def optimal_q_values(self, gamma: float = 1.0) -> npt.NDArray[np.float64]:
        """Return Q* on the present map without the time limit, `(n * n, 4) float64`.

        Rows of obstacles and of cells that can't reach the goal are NaN; the goal's row is 0.

        Raises:
            InvalidArgumentError: If `gamma` is not in [0, 1].
            gymnasium.error.ResetNeeded: Before the first reset, if the layout is random.
        """
        if not 0 <= gamma <= 1:
            raise InvalidArgumentError(f"gamma must be a number in [0, 1], got {gamma!r}.")
        return optimal_q_values(self._known_grid(), self.arguments.rewards, self._slip, gamma)

    def state(self) -> dict[str, Any]:
        """Return a snapshot of plain Python values, from which `restore` goes on exactly."""
        snapshot: dict[str, Any] = {
            "cell": self._cell,
            "steps_left": self._steps_left,
            "facing": int(self._facing),
            "generator": self.np_random.bit_generator.state,
        }
        if self.arguments.layout == "random" and self._grid is not None:
            snapshot["obstacles"] = self._grid.obstacles.tolist()
            snapshot["goal"] = self._grid.goal
        return snapshot

    def restore(self, state: dict[str, Any]) -> None:
        """Go back to a snapshot of an environment with the same arguments.

        Raises:
            InvalidArgumentError: If it is not such a snapshot.
        """
        grid = self._grid
        try:
            if "obstacles" in state:
                obstacles = np.array(state["obstacles"], np.uint8)
                if len(obstacles) != self.arguments.cells:
                    raise InvalidArgumentError(
                        f"the state is of a grid of {len(obstacles)} cells, this one has "
                        f"{self.arguments.cells}; restore it where the size is the same."
                    )
                goal = integer("goal", state["goal"], 0, self.arguments.cells - 1)
                grid = make_map(obstacles, goal)
            bit_generator = np.random.PCG64()
            bit_generator.state = state["generator"]
            # Before the first reset the robot is at -1.
            cell = integer("cell", state["cell"], -1, self.arguments.cells - 1)
            steps_left = integer("steps_left", state["steps_left"], 0, self.max_steps)
            facing = integer("facing", state["facing"], 0, 3)
            if steps_left and (grid is None or cell in (-1, grid.goal)):
                raise ValueError("a robot goes on that is nowhere, or at its goal")
        except (KeyError, OverflowError, TypeError, ValueError) as problem:
            if isinstance(problem, InvalidArgumentError):
                raise
            raise InvalidArgumentError(
                f"this is no state of a GridRobot ({problem!r}); pass what state() returned."
            ) from None
        if grid is not None and grid is not self._grid:
            self._enter(grid)
        self._cell, self._steps_left, self._facing = cell, steps_left, facing
        self.np_random = np.random.Generator(bit_generator)

    def _draw_map(self) -> GridMap:
        """Draw maps until one is solvable and of the split."""
        # Imported here because a fixed map needs no compiler, which takes longer to load than all
        # else.
        from .kernels import attempt

        cells, uniforms = self.arguments.cells, self.arguments.obstacle_count + 1
        obstacles, distances = np.empty(cells, np.uint8), np.empty(cells, np.int32)
        order, next_cells = np.empty(cells, np.int32), np.empty((cells, 4), np.int32)
        first, last = TENTHS[self.arguments.split]
        for _ in range(MAX_ATTEMPTS):
            goal, reached = attempt(
                self.np_random.random(uniforms),
                first,
                last,
                obstacles,
                distances,
                order,
                next_cells,
            )
            if reached:
                return GridMap(obstacles, goal, distances, order[1 : reached + 1], next_cells)
        raise too_few_maps(self.arguments)

    def _enter(self, grid: GridMap) -> None:
        """Make `grid` the present map."""
        self._grid = grid
        self._returns = None
        self._goal = grid.goal
        self._moves = grid.next_cells.tolist()
        self._encoder.look(grid.obstacles, grid.goal)

    def _known_grid(self) -> GridMap:
        if self._grid is None:
            raise error.ResetNeeded("no map is drawn yet; call reset() first.")
        return self._grid

    def _present_grid(self) -> GridMap:
        if self._cell < 0:
            raise error.ResetNeeded("the robot is nowhere yet; call reset() first.")
        return self._known_grid()

    def _optimal_returns(self, grid: GridMap) -> npt.NDArray[np.float64]:
        if self._returns is None:
            self._returns = optimal_returns(
                grid, self.arguments.rewards, self._slip, self.arguments.max_steps
            )
        return self._returns


def _invalid_action(action: Any) -> InvalidArgumentError:
    return InvalidArgumentError(
        f"the action must be 0 (up), 1 (right), 2 (down) or 3 (left), got {action!r}."
    )
