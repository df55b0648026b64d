"""Episodes as they are played to be recorded: of whom, with which masks, and what is refused."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.vector import SyncVectorEnv

import lexigym
from lexigym.agents.protocol import evaluate
from lexigym.agents.recordings import play_episodes
from lexigym.registry.errors import EnvironmentFaultError, InvalidArgumentError

from ..environments import LENGTH, Match
from .helpers import Script, episodes_of


@pytest.mark.parametrize("deterministic", [True, False])
def test_the_episodes_are_those_of_the_evaluation(deterministic):
    env = Match(masked=True)
    keywords = {"seed": 3, "deterministic": deterministic}
    recorded = episodes_of(env, 4, **keywords)
    returns = evaluate(lexigym.make_agent("random", env, seed=1), env, 4, **keywords)
    np.testing.assert_array_equal([episode.rewards.sum() for episode in recorded], returns)


class TestMasks:
    def test_of_the_info(self):
        for episode in episodes_of(Match(masked=True)):
            assert episode.action_masks is not None
            assert episode.action_masks.shape == (LENGTH + 1, 4)
            assert episode.action_masks[np.arange(LENGTH), episode.actions].all()

    def test_of_the_observation(self, tmp_path):
        env = gymnasium.wrappers.TransformObservation(
            Match(masked=True),
            lambda observation: {"x": observation, "action_mask": np.eye(4, dtype=np.int8)[0]},
            spaces.Dict({"x": Match().observation_space, "action_mask": spaces.MultiBinary(4)}),
        )
        env = Without(env, "action_mask")
        (episode,) = play_episodes(Oracle(env), env, 1)
        assert (episode.action_masks == [True, False, False, False]).all()

    def test_of_the_method(self):
        env = Without(Match(masked=True), "action_mask")
        (episode,) = play_episodes(Oracle(env), env, 1)
        assert not episode.action_masks.all()
        assert episode.action_masks.any(axis=1).all()

    def test_none(self):
        env = gymnasium.make("CartPole-v1")
        assert next(episodes_of(env)).action_masks is None

    def test_left_out_at_the_end_all_are_legal(self):
        env = Without(Masked(), "action_mask", at=(1,))
        (episode,) = play_episodes(Script(0), env, 1)
        assert episode.action_masks.tolist() == [[True, False], [True, True]]

    def test_left_out_at_the_reset_is_a_fault(self):
        env = Without(Masked(), "action_mask", at=(0,))
        with pytest.raises(EnvironmentFaultError, match="none in reset"):
            list(play_episodes(Script(0), env, 1))


class TestRefusalToPlay:
    def test_a_vector(self):
        env = SyncVectorEnv([Match])
        with pytest.raises(
            InvalidArgumentError, match=r"a single gymnasium\.Env, got SyncVectorEnv"
        ):
            play_episodes(Script(0), env, 1)

    def test_no_episodes(self):
        with pytest.raises(InvalidArgumentError, match="at least 1, got 0"):
            play_episodes(Script(0), Match(), 0)

    def test_a_reward_that_is_not_finite(self):
        with pytest.raises(EnvironmentFaultError, match="reward of nan"):
            list(play_episodes(Script(0), Match(reward=np.nan), 1))


class Masked(gymnasium.Env[Any, Any]):
    observation_space = spaces.Discrete(2)
    action_space = spaces.Discrete(2)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        return 0, {"action_mask": np.array([1, 0], np.int8)}

    def step(self, action: Any) -> Any:
        return 1, 1, True, False, {"action_mask": np.array([1, 0], np.int8)}


class Without(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Leaves out an info, in all steps or in some."""

    def __init__(self, env: Any, key: str, at: tuple[int, ...] | None = None) -> None:
        super().__init__(env)
        self.key = key
        self.at = at

    def reset(self, **keywords: Any) -> Any:
        self.steps = 0
        observation, info = self.env.reset(**keywords)
        return observation, self._cut(info)

    def step(self, action: Any) -> Any:
        self.steps += 1
        *rest, info = self.env.step(action)
        return *rest, self._cut(info)

    def _cut(self, info: dict[str, Any]) -> dict[str, Any]:
        if self.at is None or self.steps in self.at:
            info = {key: value for key, value in info.items() if key != self.key}
        return info


class Oracle(Script):
    def __init__(self, env: Any) -> None:
        self.env = env

    def predict(self, observation: Any, state: Any = None, *rest: Any, **keywords: Any) -> Any:
        return self.env.unwrapped.oracle_action(), state
