"""Small games of PettingZoo's two forms, whose best play is known."""

from __future__ import annotations

from typing import Any, ClassVar

import gymnasium
import numpy as np
from gymnasium import spaces
from pettingzoo import AECEnv, ParallelEnv

MESSAGES = 2


class Signals(AECEnv):
    """A speaker sees a number and sends a symbol; a listener sees the symbol and names the number.

    The last symbol, and the last number, are forbidden; both are paid 1 for the right number.
    """

    metadata: ClassVar[dict[str, Any]] = {
        "name": "signals",
        "render_modes": [],
        "is_parallelizable": False,
    }
    reward_bounds = (0.0, 1.0)

    def __init__(self) -> None:
        self.possible_agents = ["speaker", "listener"]
        self.render_mode = None
        space = spaces.Box(0, 1, (MESSAGES + 1,), np.float32)
        self._observation_spaces = dict.fromkeys(self.possible_agents, space)
        self._action_spaces = {
            "speaker": spaces.Discrete(MESSAGES + 1),
            "listener": spaces.Discrete(MESSAGES + 1),
        }
        self._generator: np.random.Generator | None = None

    def observation_space(self, agent: str) -> Any:
        return self._observation_spaces[agent]

    def action_space(self, agent: str) -> Any:
        return self._action_spaces[agent]

    def reset(self, seed: int | None = None, options: Any = None) -> None:
        if seed is not None or self._generator is None:
            self._generator = np.random.default_rng(seed)
        self.number = int(self._generator.integers(MESSAGES))
        self.symbol = MESSAGES
        self.agents = list(self.possible_agents)
        self.agent_selection = "speaker"
        self.rewards = dict.fromkeys(self.agents, 0.0)
        self._cumulative_rewards = dict.fromkeys(self.agents, 0.0)
        self.terminations = dict.fromkeys(self.agents, False)
        self.truncations = dict.fromkeys(self.agents, False)
        mask = np.array([1] * MESSAGES + [0], np.int8)
        self.infos = {player: {"action_mask": mask.copy()} for player in self.agents}

    def observe(self, agent: str) -> Any:
        shown = self.number if agent == "speaker" else self.symbol
        return np.eye(MESSAGES + 1, dtype=np.float32)[shown]

    def step(self, action: Any) -> None:
        if self.terminations[self.agent_selection]:
            self._was_dead_step(action)
            return
        assert action != MESSAGES, "a forbidden action was played"
        self._cumulative_rewards[self.agent_selection] = 0.0
        self._clear_rewards()
        if self.agent_selection == "speaker":
            self.symbol = int(action)
            self.agent_selection = "listener"
        else:
            reward = float(action == self.number)
            self.rewards = dict.fromkeys(self.agents, reward)
            self.terminations = dict.fromkeys(self.agents, True)
            self.agent_selection = "speaker"
        self._accumulate_rewards()

    def oracle_action(self, player: str) -> int:
        """The symbol of a number is the number."""
        return self.number

    def oracle_return(self) -> float:
        return 0.0 if any(self.terminations.values()) else 1.0


class Meeting(ParallelEnv):
    """Two walkers on a line of five places are paid, each as the other, when they meet."""

    metadata: ClassVar[dict[str, Any]] = {"name": "meeting", "render_modes": []}
    reward_bounds = (-0.1, 0.9)
    limit = 8

    def __init__(self) -> None:
        self.possible_agents = ["left", "right"]
        self.render_mode = None
        space = spaces.Box(-1, 1, (2,), np.float32)
        self._spaces = dict.fromkeys(self.possible_agents, space)
        self._moves = {player: spaces.Discrete(3) for player in self.possible_agents}
        self._generator: np.random.Generator | None = None

    def observation_space(self, agent: str) -> gymnasium.Space[Any]:
        return self._spaces[agent]

    def action_space(self, agent: str) -> gymnasium.Space[Any]:
        return self._moves[agent]

    def reset(self, seed: int | None = None, options: Any = None) -> Any:
        if seed is not None or self._generator is None:
            self._generator = np.random.default_rng(seed)
        places = self._generator.permutation(5)[:2]
        self.places = {"left": int(places.min()), "right": int(places.max())}
        self.agents = list(self.possible_agents)
        self.steps = 0
        return self._observations(), {player: {} for player in self.agents}

    def step(self, actions: dict[str, int]) -> Any:
        assert set(actions) == set(self.agents)
        self.steps += 1
        for player, action in actions.items():
            self.places[player] = min(max(self.places[player] + int(action) - 1, 0), 4)
        met = self.places["left"] >= self.places["right"]
        reward = 0.9 if met else -0.1
        late = self.steps == self.limit and not met
        players, self.agents = self.agents, [] if met or late else self.agents
        return (
            self._observations(),
            dict.fromkeys(players, reward),
            dict.fromkeys(players, met),
            dict.fromkeys(players, late),
            {player: {} for player in players},
        )

    def _observations(self) -> dict[str, Any]:
        left, right = self.places["left"], self.places["right"]
        return {
            "left": np.array([left / 4, (right - left) / 4], np.float32),
            "right": np.array([right / 4, (left - right) / 4], np.float32),
        }

    def oracle_action(self, player: str) -> int:
        return 2 if player == "left" else 0
