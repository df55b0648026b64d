"""Who plays what is recorded, and how recordings are compared and damaged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

import lexigym
from lexigym.agents.recordings import RecordedEpisode, play_episodes

ENVIRONMENTS = [
    ("QA-v0", {"level": "small"}),
    ("QA-v0", {"level": "small", "observation": "dict"}),
    ("TextGen-v0", {"level": "small", "observation": "text"}),
    ("GridRobot-v0", {"layout": "random"}),
    ("GridRobot-v0", {"observation": "image"}),
    ("CartPole-v1", {"max_episode_steps": 5}),
    ("Pendulum-v1", {"max_episode_steps": 5}),
]


class Samples(gymnasium.Env[Any, Any]):
    """Samples of a space, for three steps."""

    def __init__(self, space: spaces.Space[Any]) -> None:
        self.observation_space = space
        self.action_space = space

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.observation_space.seed(seed)
        self.steps = 0
        return self.observation_space.sample(), {}

    def step(self, action: Any) -> Any:
        self.steps += 1
        return self.observation_space.sample(), 0.5, self.steps == 3, False, {}


class Script:
    """Plays the same actions in every episode; an exception among them is raised."""

    def __init__(self, *actions: Any) -> None:
        self.actions = actions
        self.step = 0

    def predict(self, observation: Any, state: Any = None, *rest: Any, **keywords: Any) -> Any:
        action = self.actions[self.step % len(self.actions)]
        self.step += 1
        if isinstance(action, Exception):
            raise action
        return action, state


def episodes_of(env: gymnasium.Env[Any, Any], count: int = 3, **options: Any) -> Any:
    return play_episodes(lexigym.make_agent("random", env, seed=1), env, count, **options)


def same(left: Any, right: Any) -> bool:
    if isinstance(left, dict):
        return set(left) == set(right) and all(same(left[key], right[key]) for key in left)
    if isinstance(left, (tuple, list)):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, str) or left is None:
        return left == right
    return left.dtype == right.dtype and np.array_equal(left, right)


def same_episode(left: RecordedEpisode, right: RecordedEpisode) -> bool:
    return all(
        left.seed == right.seed
        if name == "seed"
        else same(getattr(left, name), getattr(right, name))
        for name in RecordedEpisode.__dataclass_fields__
    )


def change_metadata(path: Path, key: str, value: Any) -> None:
    file = path / "data" / "metadata.json"
    metadata = json.loads(file.read_text()) | {key: value}
    if value is None:
        del metadata[key]
    file.write_text(json.dumps(metadata))


def assert_one_line(error: Exception) -> None:
    assert "\n" not in str(error)
    assert str(error).endswith(".")
