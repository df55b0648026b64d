"""robot_team: the environment, in which all players move at once."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import error, logger, spaces
from gymnasium.utils.seeding import np_random
from pettingzoo.utils.env import ParallelEnv

from ...arguments import check_options, check_render_mode
from ...grid.maps import START_FACING
from ...grid.window import Window
from ..players import known_player
from .arguments import ACTION_NAMES, STAY, check_arguments, read_actions
from .kernels import Integers, Layout, Robots, advance, observe
from .layouts import TeamLayout, draw_layout
from .oracle import Situation, TeamOracle
from .picture import draw_picture, draw_text
from .plans import MAX_HORIZON
from .spaces import encode_state, observation_space, state_space, surround, window_radius

RENDER_MODES = ("ansi", "rgb_array", "human")

Observation = npt.NDArray[np.float32]
Infos = dict[str, dict[str, Any]]
Outcome = tuple[dict[str, Observation], dict[str, float], dict[str, bool], dict[str, bool], Infos]


class RobotTeam(ParallelEnv[str, Observation, int]):  # type: ignore[misc]
    """Robots walk to their goals on one n by n grid, in each other's way.

    Task:
        All robots are to arrive, soon and without collisions. Obstacles, starts and goals are drawn
        anew each episode. A robot that arrives leaves the grid, so that it never blocks the others.
        Every layout drawn is one that the planner below solves within `max_steps`, and within 1024
        steps, and it belongs to one split only.

    Players:
        `"robot_0"` to `"robot_{K-1}"`, K being `num_robots`. All move at once, and all live until
        the episode ends, so that they stay in step.

    Observation:
        `Box(float32)`, flat and centred on the robot; one that has arrived watches from its goal.
        Rows and columns are relative to the robot. In this order:
        `view="full"`: with w = 2n-1, the w by w window of obstacles, in which outside counts as
        obstacle; the same window of the other robots; row and column of the own goal, each one-hot;
        for each other robot (i+1, i+2, ... modulo K) row and column of where it is, then those of
        its goal, each one-hot, all zero once it has arrived; 1 if the robot itself has arrived,
        else 0. It determines everything but the steps left; `2w^2 + 2w + 4w(K-1) + 1` features.
        `view="local"`: with w = 2 `radius` + 1, the windows of obstacles, other robots and the own
        goal; the goal's row and column, divided by n-1; 1 if the robot has arrived, else 0.
        `3w^2 + 3` features, in [0, 1], and in [-1, 1] the goal's row and column.
        `state()` is `Box(0, 1, (n^2 + 4nK,), float32)`: the obstacles; for each robot row and
        column of where it is, all zero once it has arrived, and of its goal, each one-hot.

    Actions:
        `Discrete(5)`: 0 up, 1 right, 2 down, 3 left, 4 stay. A robot collides if it moves into an
        obstacle or the edge, if it claims a cell that another robot claims too, if it would swap
        cells with another, and if it claims the cell of a robot that stays, be it by choice or
        because it collides itself. Who collides stays where it is. So a robot may follow another
        that leaves its cell, and robots may move in a circle; the order of the players changes
        nothing. A robot that arrives holds its goal during that step and is gone from the next on:
        then any of its actions does nothing.

    Reward:
        `step_reward` for every step of a robot on the grid, plus `collision_reward` if it collides,
        plus `goal_reward` if it arrives; 0 once it has arrived. Who is bumped into pays nothing.
        With `shared_reward` each player is paid the mean of all. `reward_bounds` is `(step_reward +
        collision_reward, step_reward + goal_reward)`, the latter at least 0, by default (-0.06,
        0.99).

    Episode end:
        For all players at once: `terminated` when all have arrived, else `truncated` after
        `max_steps` steps: a time limit, which observations don't show.

    Info:
        Empty, at reset and at every step.

    Arguments:
        render_mode: `"ansi"`, `"rgb_array"`, `"human"` (a window) or None.
        num_robots: K, in [2, 8]; they need 2K free cells.
        size: Rows and columns n, in [2, 64].
        density: Fraction of cells with an obstacle, rounded to whole obstacles, in [0, 0.9].
        goal_reward: Paid on arrival; at least 0.
        step_reward: Paid for every step on the grid; below 0, so that arriving early pays.
        collision_reward: Paid on collision; at most 0.
        shared_reward: Whether each is paid the mean of all instead of its own.
        view: `"full"` or `"local"`.
        radius: How far a robot sees in the local view, in [1, n-1]; None is 2, or 1 if n is 2.
        split: `"train"`, `"validation"` or `"test"`: eight, one and one tenth of all layouts, by a
            hash of where obstacles and goals are.
        max_steps: Steps until truncation, at least 1; None is n * n.

    Best return:
        `oracle_return()` is the mean over the players of what the joint play of `oracle_action`
        earns from now on. For 2 robots on grids up to 16 by 16 it is the best there is, by backward
        induction over pairs of cells within the steps left. Otherwise it comes from a plan: robots
        planned one after another in space and time (Silver 2005), in up to 62 orders; the most
        arrivals count, then the least sum of times. That is the best there is where every robot
        walks a shortest path, and a lower bound that is hard to beat elsewhere. A plan is kept as
        long as all follow it, and made anew after other moves.

    Version history:
        v0: first version.

    Raises:
        InvalidArgumentError: If an argument is outside its documented range.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012, PettingZoo's way
        "name": "robot_team_v0",
        "render_modes": list(RENDER_MODES),
        "is_parallelizable": True,
        "render_fps": 8,
    }

    def __init__(
        self,
        render_mode: str | None = None,
        *,
        num_robots: int = 2,
        size: int = 5,
        density: float = 0.2,
        goal_reward: float = 1.0,
        step_reward: float = -0.01,
        collision_reward: float = -0.05,
        shared_reward: bool = False,
        view: str = "full",
        radius: int | None = None,
        split: str = "train",
        max_steps: int | None = None,
    ) -> None:
        check_render_mode(render_mode, RENDER_MODES)
        self.render_mode = render_mode
        self.arguments = check_arguments(
            num_robots=num_robots,
            size=size,
            density=density,
            goal_reward=goal_reward,
            step_reward=step_reward,
            collision_reward=collision_reward,
            shared_reward=shared_reward,
            view=view,
            radius=radius,
            split=split,
            max_steps=max_steps,
        )
        self.reward_bounds = self.arguments.reward_bounds
        self.max_steps = self.arguments.grid.max_steps
        k = self.arguments.num_robots
        self.possible_agents = [f"robot_{i}" for i in range(k)]
        self.agents: list[str] = []
        self.state_space = state_space(self.arguments)
        self._observation_spaces = {
            player: observation_space(self.arguments) for player in self.possible_agents
        }
        self._moves = {
            player: spaces.Discrete(len(ACTION_NAMES)) for player in self.possible_agents
        }
        self._shape = k, *self._observation_spaces["robot_0"].shape
        self._rewards = self.arguments.grid.rewards
        self._full = self.arguments.view == "full"
        self._window = Window(self.metadata["render_fps"]) if render_mode == "human" else None
        self._generator: np.random.Generator | None = None
        self._steps_left = 0
        self._layout: TeamLayout | None = None
        self._oracle: TeamOracle | None = None
        self._trail: deque[Integers] = deque(maxlen=MAX_HORIZON)
        self._actions = np.full(k, STAY, np.int64)
        self._robots: Robots
        self._scene: Layout

    @property
    def np_random(self) -> np.random.Generator:
        """The generator of layouts; made from the system's entropy if no reset had a seed."""
        if self._generator is None:
            self._generator, _ = np_random()
        return self._generator

    def observation_space(self, agent: str) -> spaces.Box:
        """Return the space of what a player sees, always the same object.

        Raises:
            InvalidArgumentError: If there is no such player.
        """
        return self._observation_spaces[known_player(agent, self.possible_agents)]

    def action_space(self, agent: str) -> spaces.Discrete:
        """Return the space of a player's moves, always the same object.

        Raises:
            InvalidArgumentError: If there is no such player.
        """
        return self._moves[known_player(agent, self.possible_agents)]

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Observation], Infos]:
        """Begin an episode.

        Args:
            seed: Seeds the generator of layouts; None goes on with the one there is.
            options: There are none; `{"options": ...}`, which PettingZoo's tests pass, is ignored.

        Raises:
            InvalidArgumentError: If an option is unknown or the split holds no layout.
        """
        check_options({name: None for name in options or {} if name != "options"}, ())
        if seed is not None:
            self._generator, _ = np_random(seed)
        self.agents = []
        layout = draw_layout(self.arguments, self.np_random)
        self._enter(layout)
        self.agents = self.possible_agents[:]
        observations = np.zeros(self._shape, np.float32)
        observe(self._full, self._robots, self._scene, observations)
        if self._window is not None:
            self.render()
        return dict(zip(self.agents, observations, strict=True)), self._infos()

    def step(self, actions: dict[str, int]) -> Outcome:
        """Move all robots at once; the class documents actions, rewards and the end.

        Args:
            actions: An action for every player.

        Raises:
            InvalidArgumentError: If the actions aren't one for each player or an action doesn't
                exist; then nothing happens at all.
            gymnasium.error.ResetNeeded: Before the first reset, and after an episode's end.
        """
        players = self.agents
        if not players:
            raise self._not_running()
        self._actions[:] = read_actions(actions, players)
        observations = np.zeros(self._shape, np.float32)
        paid = np.empty(len(players))
        self._trail.append(self._robots[0].copy())
        arrived = advance(
            self._actions,
            self._rewards,
            self.arguments.shared_reward,
            self._full,
            self._robots,
            self._scene,
            observations,
            paid,
        )
        self._steps_left -= 1
        terminated = bool(arrived == len(players))
        truncated = not terminated and self._steps_left == 0
        outcome = (
            dict(zip(players, observations, strict=True)),
            dict(zip(players, paid.tolist(), strict=True)),
            dict.fromkeys(players, terminated),
            dict.fromkeys(players, truncated),
            self._infos(),
        )
        if terminated or truncated:
            self.agents = []
        if self._window is not None:
            self.render()
        return outcome

    def state(self) -> Observation:
        """Return the state of all, `(n^2 + 4nK,) float32`; see the class.

        Raises:
            gymnasium.error.ResetNeeded: Before the first reset.
        """
        layout = self._known_layout()
        cells, arrived, _ = self._robots
        return encode_state(layout.obstacles, cells, layout.goals, arrived == 0)

    def render(self) -> Any:
        """Return a text or a `(height, width, 3) uint8` picture, or show the window.

        Raises:
            gymnasium.error.ResetNeeded: Before the first reset.
        """
        if self.render_mode is None:
            logger.warn("render() shows nothing: make the environment with a render_mode.")
            return None
        layout = self._known_layout()
        cells, arrived, facing = (array.tolist() for array in self._robots)
        robots = [
            None if left else (cell, way)
            for cell, left, way in zip(cells, arrived, facing, strict=True)
        ]
        scene = layout.obstacles, layout.goals.tolist(), robots
        if self.render_mode == "ansi":
            return draw_text(*scene)
        if self._window is None:
            return draw_picture(*scene)
        self._window.show(draw_picture(*scene))
        return None

    def close(self) -> None:
        """Close the window, if there is one."""
        if self._window is not None:
            self._window.close()

    def oracle_action(self, player: str) -> int:
        """Return what a player does now in the best joint play known, all others following theirs.

        Raises:
            InvalidArgumentError: If there is no such player.
            gymnasium.error.ResetNeeded: Before the first reset, and after an episode's end.
        """
        place = self.possible_agents.index(known_player(player, self.possible_agents))
        if not self.agents:
            raise self._not_running()
        actions = self._known_oracle().actions(self._situation())
        return actions[place]

    def oracle_return(self) -> float:
        """Return the mean over the players of what that joint play earns from now on.

        It counts the steps that are left, and is 0 once the episode is over.

        Raises:
            gymnasium.error.ResetNeeded: Before the first reset.
        """
        oracle = self._known_oracle()
        if not self.agents:
            return 0.0
        return oracle.total(self._situation()) / len(self.agents)

    def _enter(self, layout: TeamLayout) -> None:
        """Begin an episode on a layout."""
        k, surroundings = self._shape[0], surround(layout.obstacles, window_radius(self.arguments))
        self._layout = layout
        self._scene = layout.goals, layout.next_cells, surroundings
        self._robots = (
            layout.starts.copy(),
            np.zeros(k, np.int64),
            np.full(k, START_FACING, np.int64),
        )
        self._oracle = TeamOracle(self.arguments, layout)
        self._steps_left = self.arguments.grid.max_steps
        self._trail.clear()

    def _situation(self) -> Situation:
        cells, arrived, _ = self._robots
        return Situation(cells, arrived, self._steps_left, self._trail)

    def _infos(self) -> Infos:
        return {player: {} for player in self.possible_agents}

    def _known_layout(self) -> TeamLayout:
        if self._layout is None:
            raise self._not_running()
        return self._layout

    def _known_oracle(self) -> TeamOracle:
        if self._oracle is None:
            raise self._not_running()
        return self._oracle

    def _not_running(self) -> error.ResetNeeded:
        if self._layout is None:
            return error.ResetNeeded("the robots are nowhere yet; call reset() first.")
        return error.ResetNeeded(
            "the episode is over and its players are finished; call reset() before acting."
        )
