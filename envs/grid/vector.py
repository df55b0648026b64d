"""GridRobot, many environments stepped at once on arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import error, logger
from gymnasium.utils.seeding import np_random
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from ...registry.errors import InvalidArgumentError
from ..arguments import check_options, check_render_mode
from ..pcg64 import stream_of
from ..vector_arguments import (
    check_actions,
    check_autoreset_mode,
    check_num_envs,
    check_reset_mask,
    check_seeds,
)
from .arguments import check_start, invalid_start
from .kernels import (
    CELL,
    FACING,
    STEPS_LEFT,
    Maps,
    advance,
    begin_where,
    connect,
    empty_maps,
    search,
    stack_map,
)
from .maps import TENTHS, GridMap, draw_fixed_map, too_few_maps
from .observations import make_encoder
from .optimum import optimal_returns, slipping_action, walking_actions, walking_returns
from .picture import draw_picture, draw_text
from .single import GridRobot

RENDER_MODES = ("ansi", "rgb_array")
ACTION_NAMES = "0 (up), 1 (right), 2 (down) or 3 (left)"

Booleans = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class GridRobotVector(VectorEnv[Any, Any, Any]):
    """n environments of `GridRobot`, each with its own generator; on random layouts its own map.

    With seeds s to s+n-1 it gives bit for bit what a `SyncVectorEnv` of n single environments
    gives: observations, rewards, both ends and infos, in all three autoreset modes.

    Args:
        num_envs: Environments n, at least 1.
        autoreset_mode: A `gymnasium.vector.AutoresetMode` or its value: "NextStep", "SameStep" or
            "Disabled"; with the last, `reset(options={"reset_mask": mask})` begins episodes where
            `mask`, `(n,) bool`, is true.
        render_mode: "ansi", "rgb_array" or None.
        **arguments: The arguments of `GridRobot`.

    Attributes:
        reward_bounds: The smallest and the largest reward of one step.

    Raises:
        InvalidArgumentError: If an argument is outside its documented range.
    """

    def __init__(
        self,
        num_envs: int = 1,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        render_mode: str | None = None,
        **arguments: Any,
    ) -> None:
        check_render_mode(render_mode, RENDER_MODES)
        single = GridRobot(**arguments)
        self.num_envs = check_num_envs(num_envs)
        self.render_mode = render_mode
        self.arguments = single.arguments
        self.reward_bounds = single.reward_bounds
        self.autoreset_mode = check_autoreset_mode(autoreset_mode)
        self.metadata = {
            **GridRobot.metadata,
            "render_modes": list(RENDER_MODES),
            "autoreset_mode": self.autoreset_mode,
        }
        self.single_observation_space = single.observation_space
        self.single_action_space = single.action_space
        self.observation_space = batch_space(single.observation_space, self.num_envs)
        self.action_space = batch_space(single.action_space, self.num_envs)
        self._encoder = make_encoder(self.arguments.observation, self.arguments.size)
        self._rewards = np.array(self.arguments.rewards)
        self._random_layout = self.arguments.layout == "random"
        self._draws = (
            (self.arguments.obstacle_count, *TENTHS[self.arguments.split])
            if self._random_layout
            else None
        )
        self._seeded = np.zeros(self.num_envs, np.bool_)
        status = np.zeros((3, self.num_envs), np.int64)
        status[CELL] = -1
        self._robots = (np.zeros((self.num_envs, 4), np.uint64), status)
        self._maps = self._make_maps()
        self._begun = False
        self._fixed_returns: Floats | None = None

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Any, dict[str, Any]]:
        """Begin an episode in every environment, or in those of `options["reset_mask"]`.

        Args:
            seed: s for the seeds s to s+n-1, or a sequence of n; None goes on with the generators.
            options: `"reset_mask"`, `(n,) bool`, and `"start"`, a `(row, column)` for all of them.

        Raises:
            InvalidArgumentError: If an option or the number of seeds is wrong, no episode can begin
                at the start, or the split holds no map.
            gymnasium.error.ResetNeeded: If the mask leaves out an environment that never began.
        """
        options = check_options(options, ("reset_mask", "start"))
        mask = check_reset_mask(options.get("reset_mask"), self.num_envs)
        asked = check_start(options.get("start"), self.arguments.size)
        self._seed(seed, mask)
        status = self._robots[1]
        if not np.all(mask | (status[CELL] >= 0)):
            raise error.ResetNeeded("some environments never began; call reset() without a mask.")
        if not begin_where(mask, self._draws, self.arguments.max_steps, self._robots, self._maps):
            raise too_few_maps(self.arguments)
        if asked is not None:
            if np.any(self._rows(self._maps[2])[mask, asked] <= 0):
                status[STEPS_LEFT, mask] = 0
                raise invalid_start(asked, self.arguments.size)
            status[CELL, mask] = asked
        self._begun = True
        return self._observe(slice(None)), {}

    def step(
        self, actions: npt.ArrayLike
    ) -> tuple[Any, Floats, Booleans, Booleans, dict[str, Any]]:
        """Move every robot; `(n,)` integer actions in, fresh arrays out.

        Raises:
            InvalidArgumentError: If the actions are not n integers in 0 to 3; nothing moved then.
            gymnasium.error.ResetNeeded: Before the first reset; without autoreset, also if an
                episode is over.
        """
        mode = self.autoreset_mode
        if not self._begun or (mode is AutoresetMode.DISABLED and self._any_over()):
            raise error.ResetNeeded("some episode isn't running; call reset() before step().")
        chosen = np.ascontiguousarray(actions)
        if chosen.shape != (self.num_envs,) or chosen.dtype != np.int64:
            chosen = check_actions(chosen, self.num_envs, 4, ACTION_NAMES)
        well, cells, rewards, terminated, truncated = advance(
            chosen,
            self.arguments.slip,
            self._rewards,
            self._draws,
            self.arguments.max_steps,
            self._robots,
            self._maps,
        )
        if not well:
            check_actions(chosen, self.num_envs, 4, ACTION_NAMES)
            raise too_few_maps(self.arguments)
        targets, obstacles = self._maps[0], self._maps[1]
        observations = self._encoder.encode_batch(cells, targets[:, 0], obstacles)
        infos: dict[str, Any] = {}
        if mode is AutoresetMode.SAME_STEP:
            over = terminated | truncated
            if over.any():
                infos = self._begin_again(over, observations)
        return observations, rewards, terminated, truncated, infos

    def render(self) -> tuple[Any, ...] | None:
        """Return n `(height, width, 3) uint8` pictures, or n texts."""
        if self.render_mode is None:
            logger.warn("render() shows nothing: make the environment with a render_mode.")
            return None
        self._require_begun()
        draw = draw_text if self.render_mode == "ansi" else draw_picture
        goals, obstacles = self._rows(self._maps[0])[:, 0], self._rows(self._maps[1])
        status = self._robots[1]
        return tuple(
            draw(obstacles[env], int(goals[env]), int(status[CELL, env]), int(status[FACING, env]))
            for env in range(self.num_envs)
        )

    def oracle_action(self) -> Integers:
        """Return actions that are optimal now, `(n,) int64`; see `GridRobot.oracle_action`."""
        self._require_begun()
        cells, steps_left, _ = self._robots[1]
        if self.arguments.slip == 0:
            next_cells = self._rows(self._maps[4])[np.arange(self.num_envs), cells]
            return walking_actions(self._rows(self._maps[2]), next_cells)
        return np.array(
            [
                slipping_action(
                    self._grid(env),
                    self.arguments.rewards,
                    self.arguments.slip,
                    self._optimal_returns(env),
                    int(cells[env]),
                    int(steps_left[env]),
                )
                for env in range(self.num_envs)
            ]
        )

    def oracle_return(self) -> Floats:
        """Return the best expected returns from now, `(n,)`; see `GridRobot.oracle_return`."""
        self._require_begun()
        cells, steps_left, _ = self._robots[1]
        if self.arguments.slip == 0:
            distances = self._rows(self._maps[2])[np.arange(self.num_envs), cells]
            return walking_returns(distances, steps_left, self.arguments.rewards)
        best = np.empty(self.num_envs)
        for env in range(self.num_envs):
            returns = self._optimal_returns(env)
            best[env] = returns[min(int(steps_left[env]), len(returns) - 1), cells[env]]
        return best

    def state(self) -> dict[str, Any]:
        """Return a snapshot of plain Python values, from which `restore` goes on exactly.

        Raises:
            gymnasium.error.ResetNeeded: Before the first reset.
        """
        self._require_begun()
        streams, status = self._robots
        snapshot: dict[str, Any] = {"streams": streams.tolist(), "status": status.tolist()}
        if self._random_layout:
            snapshot["obstacles"] = self._maps[1].tolist()
            snapshot["goals"] = self._maps[0][:, 0].tolist()
        return snapshot

    def restore(self, state: dict[str, Any]) -> None:
        """Go back to a snapshot of an environment with the same arguments.

        Raises:
            InvalidArgumentError: If it is not such a snapshot.
        """
        try:
            streams = np.array(state["streams"], np.uint64).reshape(self.num_envs, 4)
            status = np.array(state["status"], np.int64).reshape(3, self.num_envs)
            # Compiled code doesn't look where it reads and writes.
            _require_within(status[CELL], self.arguments.cells)
            _require_within(status[STEPS_LEFT], self.arguments.max_steps + 1)
            _require_within(status[FACING], 4)
            goals = self._maps[0][:, 0]
            if self._random_layout:
                goals = np.array(state["goals"], np.int64).reshape(self.num_envs)
                _require_within(goals, self.arguments.cells)
                obstacles = np.array(state["obstacles"], np.uint8).reshape(self._maps[1].shape)
            if ((status[CELL] == goals) & (status[STEPS_LEFT] > 0)).any():
                raise ValueError("a robot goes on that is at its goal")
        except (KeyError, OverflowError, TypeError, ValueError) as problem:
            raise InvalidArgumentError(
                f"this is no state of {self.num_envs} environments of size {self.arguments.size} "
                f"({problem!r}); pass what state() of one with the same arguments returned."
            ) from None
        self._robots[0][:] = streams
        self._robots[1][:] = status
        self._seeded[:] = True
        self._begun = True
        if self._random_layout:
            targets, _, distances, orders, next_cells = self._maps
            self._maps[1][:] = obstacles
            for env, goal in enumerate(goals.tolist()):
                connect(obstacles[env], next_cells[env])
                reached = search(goal, next_cells[env], distances[env], orders[env])
                targets[env] = goal, reached

    def _make_maps(self) -> Maps:
        arguments = self.arguments
        if self._random_layout:
            return empty_maps(self.num_envs, arguments.cells)
        return stack_map(
            draw_fixed_map(arguments.size, arguments.obstacle_count, arguments.layout_seed)
        )

    def _seed(self, seed: int | Sequence[int | None] | None, mask: Booleans) -> None:
        """Set the generators of the masked environments as Gymnasium seeds single ones."""
        seeds = check_seeds(seed, self.num_envs)
        streams = self._robots[0]
        for env in np.flatnonzero(mask).tolist():
            if seeds[env] is not None or not self._seeded[env]:
                streams[env] = stream_of(np_random(seeds[env])[0])
                self._seeded[env] = True

    def _begin_again(self, over: Booleans, observations: Any) -> dict[str, Any]:
        """Begin the next episode where one is over; return the infos about its end.

        `observations` are of the ends; those of the beginnings replace them.
        """
        ended = np.flatnonzero(over)
        final_observations = np.full(self.num_envs, None, dtype=object)
        if observations.ndim == 1:
            final_observations[ended] = observations[ended]
        else:
            for env in ended:
                final_observations[env] = observations[env].copy()
        if not begin_where(over, self._draws, self.arguments.max_steps, self._robots, self._maps):
            raise too_few_maps(self.arguments)
        observations[ended] = self._observe(ended)
        return {
            "final_obs": final_observations,
            "_final_obs": over,
            "final_info": {},
            "_final_info": over.copy(),
        }

    def _observe(self, envs: Any) -> Any:
        """Return the present observations of some environments, fresh."""
        cells = self._robots[1][CELL, envs].copy()
        goals, obstacles = self._maps[0][:, 0], self._maps[1]
        if self._random_layout:
            goals, obstacles = goals[envs], obstacles[envs]
        return self._encoder.encode_batch(cells, goals, obstacles)

    def _rows(self, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """View an array of maps with one row per environment."""
        return np.broadcast_to(array, (self.num_envs, *array.shape[1:]))

    def _grid(self, env: int) -> GridMap:
        row = env if self._random_layout else 0
        (goal, reached), obstacles, distances, order, next_cells = (
            array[row] for array in self._maps
        )
        return GridMap(obstacles, int(goal), distances, order[1 : reached + 1], next_cells)

    def _optimal_returns(self, env: int) -> Floats:
        rewards, slip = self.arguments.rewards, self.arguments.slip
        if self._random_layout:
            return optimal_returns(self._grid(env), rewards, slip, self.arguments.max_steps)
        if self._fixed_returns is None:
            self._fixed_returns = optimal_returns(
                self._grid(0), rewards, slip, self.arguments.max_steps
            )
        return self._fixed_returns

    def _any_over(self) -> bool:
        return not self._robots[1][STEPS_LEFT].all()

    def _require_begun(self) -> None:
        if np.any(self._robots[1][CELL] < 0):
            raise error.ResetNeeded("the robots are nowhere yet; call reset() first.")


def _require_within(numbers: npt.NDArray[np.int64], size: int) -> None:
    if ((numbers < 0) | (numbers >= size)).any():
        raise ValueError(f"{numbers.tolist()} are not all in 0 to {size - 1}")
