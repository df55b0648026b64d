"""What Gymnasium's and Stable-Baselines3's checkers say, with every warning an error."""

from __future__ import annotations

import gymnasium
import pytest
from gymnasium.utils.env_checker import check_env

import lexigym  # noqa: F401, registers the ids

from .test_episode import LEVELS

levels = pytest.mark.parametrize(("name", "arguments"), LEVELS, ids=str)


@levels
@pytest.mark.parametrize("observation", ["tokens", "dict", "text"])
def test_gymnasium_accepts_it(name, arguments, observation):
    env = gymnasium.make(name, observation=observation, **arguments)
    check_env(env.unwrapped, skip_render_check=True)


@pytest.mark.parametrize("mode", ["ansi", "rgb_array", "human"])
def test_gymnasium_accepts_its_renderings(mode):
    check_env(gymnasium.make("QA-v0", level="small", render_mode=mode).unwrapped)


def test_a_person_sees_the_text_grow(capsys):
    env = gymnasium.make("QA-v0", level="small", render_mode="human")
    env.reset(seed=0)
    env.step(env.unwrapped.oracle_action())
    printed = capsys.readouterr().out
    assert printed.count("prompt") == 2
    assert env.unwrapped.text in printed


@levels
@pytest.mark.parametrize("observation", ["tokens", "dict"])
def test_stable_baselines3_accepts_it(name, arguments, observation):
    env_checker = pytest.importorskip("stable_baselines3.common.env_checker")
    env_checker.check_env(gymnasium.make(name, observation=observation, **arguments))
