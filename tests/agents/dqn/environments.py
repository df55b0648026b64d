"""Tiny environments that bring out one thing each."""

from __future__ import annotations

from typing import Any, ClassVar

import gymnasium
import numpy as np
from gymnasium import spaces

N_ACTIONS = 3


class Diary(gymnasium.Env[Any, int]):
    """Observes (its number, episode, step); ends after a random number of steps, in a random way.

    Its masks forbid one action, which tells the step: so a transition shows where it comes from.

    Args:
        kind: The observation: "box" in an array that every step overwrites, "dict" or "tuple".
        masks: Where the masks are: "info", "observation", "method", "missing" (in the info, but not
            at the end of an episode), or "none".
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": []}

    def __init__(self, kind: str = "box", masks: str = "info") -> None:
        box = spaces.Box(-np.inf, np.inf, (3,), np.float32)
        space: dict[str, gymnasium.Space[Any]] = {"diary": box, "step": spaces.Discrete(99)}
        if masks == "observation":
            space["action_mask"] = spaces.MultiBinary(N_ACTIONS)
        self.observation_space = {
            "box": box,
            "dict": spaces.Dict(space),
            "tuple": spaces.Tuple((box, spaces.Discrete(99))),
        }[kind]
        self.action_space = spaces.Discrete(N_ACTIONS)
        self.kind = kind
        self.masks = masks
        self.page = np.zeros(3, np.float32)
        if masks == "method":
            self.action_masks = self._mask

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        if seed is not None:
            self.page[:] = seed, -1, 0
        self.page[1:] = self.page[1] + 1, 0
        self.length = int(self.np_random.integers(1, 6))
        self.truncates = bool(self.np_random.integers(2))
        return self._observe(), self._info(ends=False)

    def step(self, action: int) -> Any:
        self.page[2] += 1
        ends = self.page[2] == self.length
        reward = float(self.np_random.normal()) + 10 * action
        terminated, truncated = bool(ends and not self.truncates), bool(ends and self.truncates)
        return self._observe(), reward, terminated, truncated, self._info(ends=bool(ends))

    def _mask(self) -> Any:
        mask = np.ones(N_ACTIONS, np.int8)
        mask[int(self.page[2]) % N_ACTIONS] = 0
        return mask

    def _observe(self) -> Any:
        if self.kind == "box":
            return self.page
        parts = {"diary": self.page.copy(), "step": np.int64(self.page[2])}
        if self.masks == "observation":
            parts["action_mask"] = self._mask()
        return parts if self.kind == "dict" else tuple(parts.values())

    def _info(self, *, ends: bool) -> dict[str, Any]:
        if self.masks == "info" or (self.masks == "missing" and not ends):
            return {"action_mask": self._mask()}
        return {}


class Trap(gymnasium.Env[Any, int]):
    """Two steps; in the second the action that would pay most is illegal, and never taken.

    State 0 leads to state 1 with action 0 (pays 0), or ends with action 1 (pays 1); in state 1 the
    legal action 0 pays 0.5, and ends the episode. So action 1 is best in state 0, unless action 1
    of state 1 is believed.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": []}

    def __init__(self) -> None:
        self.observation_space = spaces.Discrete(2)
        self.action_space = spaces.Discrete(2)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.state = 0
        return 0, {"action_mask": np.array([1, 1], np.int8)}

    def step(self, action: int) -> Any:
        if self.state == 1:
            assert action == 0
            return 1, 0.5, True, False, {"action_mask": np.array([1, 0], np.int8)}
        self.state = 1
        return 1, float(action), action == 1, False, {"action_mask": np.array([1, 0], np.int8)}


class Paying(gymnasium.Env[Any, int]):
    """Pays `reward`, whatever it is, on the third step; its spaces are the arguments."""

    metadata: ClassVar[dict[str, Any]] = {"render_modes": []}

    def __init__(
        self, reward: Any, observation_space: Any = None, action_space: Any = None
    ) -> None:
        self.observation_space = observation_space or spaces.Box(0, 1, (2,), np.float32)
        self.action_space = action_space or spaces.Discrete(2)
        self.reward = reward
        self.steps = 0

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        return self.observation_space.sample(), {}

    def step(self, action: int) -> Any:
        self.steps += 1
        reward = self.reward if self.steps == 3 else 0.0
        return self.observation_space.sample(), reward, False, self.steps % 5 == 0, {}
