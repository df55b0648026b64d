"""Agents that each break one promise, and one that breaks none."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np

FORMAT = {"format": "lexigym-checkpoint", "version": 1, "environment": None}


class Sound:
    """Learns one number, by chance; it and the observation determine what it does."""

    name = "broken/sound"

    def __init__(self, env: Any, *, seed: int | None = None) -> None:
        single = getattr(env, "single_observation_space", env.observation_space)
        self.dimensions = len(single.shape)
        self.actions = int(getattr(env, "single_action_space", env.action_space).n)
        self.generator = np.random.default_rng(seed)
        self.offset = self.num_timesteps = 0

    def predict(
        self,
        observation: Any,
        state: Any = None,
        episode_start: Any = None,
        deterministic: bool = False,
        action_masks: Any = None,
    ) -> Any:
        if observation.ndim == self.dimensions:
            return self.choose(observation, action_masks), state
        masks = [None] * len(observation) if action_masks is None else action_masks
        chosen = [self.choose(*each) for each in zip(observation, masks, strict=True)]
        return self.batch(chosen), state

    def choose(self, observation: Any, mask: Any) -> Any:
        legal = np.arange(self.actions) if mask is None else np.flatnonzero(mask)
        seen = zlib.crc32(observation.tobytes())
        return int(np.random.default_rng((self.offset, seen)).choice(legal))

    def batch(self, actions: list[Any]) -> Any:
        return np.array(actions)

    def learn(self, total_timesteps: int, callback: Any = None, progress_bar: bool = False) -> Any:
        self.num_timesteps += total_timesteps
        self.offset = int(self.generator.integers(10**6))
        return self

    def save(self, path: str | Path) -> None:
        Path(path).mkdir()
        config = {**FORMAT, "agent": self.name, "offset": self.offset}
        (Path(path) / "config.json").write_text(json.dumps(config))

    @classmethod
    def load(cls, path: str | Path, env: Any = None) -> Any:
        agent = cls(env)
        agent.offset = json.loads((Path(path) / "config.json").read_text())["offset"]
        return agent


class RefusesAll(Sound):
    def __init__(self, env: Any, *, seed: int | None = None) -> None:
        raise RuntimeError("not for anyone")


class LearnsInSecret(Sound):
    def learn(self, total_timesteps: int, callback: Any = None, progress_bar: bool = False) -> Any:
        super().learn(total_timesteps)


class StopsEarly(Sound):
    def learn(self, total_timesteps: int, callback: Any = None, progress_bar: bool = False) -> Any:
        return super().learn(total_timesteps - 1)


class CannotSave(Sound):
    save = None


class TakesAnything(Sound):
    def __init__(self, env: Any, *, seed: int | None = None, **others: Any) -> None:
        super().__init__(env, seed=seed)


class AnswersInNumPy(Sound):
    def choose(self, observation: Any, mask: Any) -> Any:
        return np.int64(super().choose(observation, mask))


class AnswersInInt32(Sound):
    def batch(self, actions: list[Any]) -> Any:
        return np.array(actions, np.int32)


class ForgetsTheMask(Sound):
    def choose(self, observation: Any, mask: Any) -> Any:
        return super().choose(observation, None)


class NeverDecides(Sound):
    def choose(self, observation: Any, mask: Any) -> Any:
        self.offset += 1
        return super().choose(observation, mask)


class DrawsFromNumPy(Sound):
    def learn(self, total_timesteps: int, callback: Any = None, progress_bar: bool = False) -> Any:
        np.random.random()  # noqa: NPY002
        return super().learn(total_timesteps)


class LearnsByLuck(Sound):
    def __init__(self, env: Any, *, seed: int | None = None) -> None:
        super().__init__(env)


class LoadsNothing(Sound):
    @classmethod
    def load(cls, path: str | Path, env: Any = None) -> Any:
        return cls(env)


class SavesNothing(Sound):
    def save(self, path: str | Path) -> None:
        pass


class LearnsAlone(Sound):
    def learn(self, total_timesteps: int, callback: Any = None, progress_bar: bool = False) -> Any:
        assert not self.several, "one environment, please"
        return super().learn(total_timesteps)

    def __init__(self, env: Any, *, seed: int | None = None) -> None:
        super().__init__(env, seed=seed)
        self.several = hasattr(env, "num_envs")


class WritesToObservations(Sound):
    def choose(self, observation: Any, mask: Any) -> Any:
        action = super().choose(observation, mask)
        observation[...] = 0
        return action
