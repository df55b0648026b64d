"""What Stable-Baselines3 and sb3-contrib need of an environment, and what they do without."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AsyncVectorEnv, AutoresetMode
from sb3_contrib import MaskablePPO
from stable_baselines3 import DQN
from stable_baselines3.common.env_checker import check_env
from stable_baselines3.common.vec_env import VecEnv

import lexigym
from lexigym.registry.errors import InvalidArgumentError

from ..environments import LENGTH, CustomVector, Match, match_vector
from .masks import Recorded


class InfoMasks(Match):
    """Tells its masks in the info alone."""

    def __getattribute__(self, name: str) -> object:
        if name == "action_masks":
            raise AttributeError(name)
        return super().__getattribute__(name)


def test_masks_are_int8_and_those_of_the_method_bool() -> None:
    """Gymnasium and PettingZoo sample with int8 alone, sb3-contrib calls `action_masks()`."""
    env = gymnasium.make("QA-v0", level="small")
    _, info = env.reset(seed=0)
    assert info["action_mask"].dtype == np.int8
    assert env.unwrapped.action_masks().dtype == bool
    env.action_space.sample(info["action_mask"])
    with pytest.raises(AssertionError, match="int8"):
        env.action_space.sample(info["action_mask"].astype(bool))


def test_masks_of_the_info_become_a_method() -> None:
    assert lexigym.adapt(env := Match(), to="sb3") is env
    env = lexigym.adapt(InfoMasks(masked=True), to="sb3")
    _, info = env.reset(seed=0)
    np.testing.assert_array_equal(env.action_masks(), info["action_mask"] == 1)
    assert env.action_masks().dtype == bool
    MaskablePPO("MlpPolicy", env, n_steps=32, seed=0).learn(64)  # An illegal action would raise.


def test_a_vector_becomes_one_of_theirs() -> None:
    venv = lexigym.adapt(match_vector(3, masked=True), to="sb3")
    assert isinstance(venv, VecEnv)
    assert venv.num_envs == 3
    MaskablePPO("MlpPolicy", venv, n_steps=32, seed=0).learn(96)
    assert venv.env_method("action_masks")[0].dtype == bool
    with pytest.raises(InvalidArgumentError, match=r"AutoresetMode\.SAME_STEP"):
        lexigym.adapt(CustomVector(2, AutoresetMode.NEXT_STEP), to="sb3")
    with pytest.raises(InvalidArgumentError, match=r"gymnasium\.make"):
        lexigym.adapt(3, to="sb3")


def test_dqn_knows_no_masks() -> None:
    allowed: list[bool] = []
    env = Recorded(gymnasium.make("QA-v0", level="small"), allowed)
    DQN("MlpPolicy", lexigym.adapt(env, to="sb3"), buffer_size=1_000, seed=0).learn(60)
    assert not all(allowed)


def test_predict_returns_an_array_of_no_dimensions() -> None:
    """Environments of the suite take it."""
    env = gymnasium.make("QA-v0", level="small")
    observation, _ = env.reset(seed=0)
    action, _ = DQN("MlpPolicy", env, buffer_size=1_000).predict(observation)
    assert isinstance(action, np.ndarray)
    assert action.shape == ()
    env.step(action)


@pytest.mark.parametrize("id", ["GridRobot-v0", "TextGen-v0", "Translation-v0", "QA-v0"])
def test_their_checker_passes(id: str) -> None:  # noqa: A002
    env = gymnasium.make(id, **({} if id == "GridRobot-v0" else {"level": "small"}))
    check_env(env if id == "GridRobot-v0" else lexigym.adapt(env, to="sb3"))


@pytest.mark.slow
def test_spawned_workers_know_ids_with_a_module_alone() -> None:
    def make(id: str) -> AsyncVectorEnv:  # noqa: A002
        return AsyncVectorEnv([lambda: gymnasium.make(id)] * 2, context="spawn")

    envs = make("lexigym:GridRobot-v0")
    envs.reset(seed=0)
    assert envs.step(np.zeros(2, np.int64))[0].shape[0] == 2
    envs.close()
    with pytest.raises((OSError, EOFError)):  # The worker is dead.
        make("GridRobot-v0").reset()


def test_episodes_are_whole() -> None:
    venv = lexigym.adapt(match_vector(2), to="sb3")
    venv.reset()
    for _ in range(LENGTH):
        _, _, dones, infos = venv.step(np.zeros(2, np.int64))
    assert dones.all()
    assert infos[0]["episode"]["l"] == LENGTH
