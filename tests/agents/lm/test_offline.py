"""Learning from recorded texts alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
import torch

import lexigym
from lexigym.agents.protocol import evaluate
from lexigym.agents.recordings import play_episodes, read_recording, write_recording
from lexigym.registry.errors import InvalidArgumentError

from .texts_to_write import copy_env, tiny_model

SETTINGS: dict[str, Any] = {
    "model": tiny_model(),
    "seed": 0,
    "munchausen": False,
    "learning_rate": 3e-3,
    "target_update_interval": 50,
    "batch_size": 32,
}


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a recording of which a third is right and the rest is chance."""
    env = copy_env()
    oracle, random = lexigym.make_agent("oracle", env), lexigym.make_agent("random", env, seed=0)
    path = tmp_path_factory.mktemp("recordings") / "copies-v0"
    episodes = [
        *play_episodes(oracle, env, 100, seed=0, deterministic=True),
        *play_episodes(random, env, 200, seed=1, deterministic=False),
    ]
    write_recording(path, env, episodes)
    return path


@pytest.mark.slow
@pytest.mark.parametrize(
    "switches",
    [{"expectile": 0.7, "conservative_weight": 0.5}, {"conservative_weight": 0.5, "n_steps": 3}],
    ids=str,
)
def test_it_becomes_better_than_what_it_saw(recording: Path, switches: dict[str, Any]) -> None:
    env = copy_env()
    agent = lexigym.make_agent("lm-dqn", env, **SETTINGS, beta=3.0, **switches)
    seen = float(np.mean([each.rewards.sum() for each in read_recording(recording)]))
    assert agent.learn_offline(recording, 2_500) is agent
    assert agent.num_timesteps == 0
    assert evaluate(agent, env, 40).mean() > 0.9 > seen + 0.3


@pytest.mark.parametrize("switches", [{"train": "head"}, {"candidates": 3}], ids=str)
def test_what_is_found_on_the_way_is_found_offline(
    recording: Path, switches: dict[str, Any]
) -> None:
    agent = lexigym.make_agent("lm-dqn", copy_env(), **SETTINGS, **switches)
    agent.learn_offline(read_recording(recording), 3)
    assert agent.learner.updates == 3
    assert np.isfinite(agent.learner.loss)


def test_it_is_the_same_again(recording: Path) -> None:
    first, second = (
        lexigym.make_agent("lm-dqn", copy_env(), **SETTINGS).learn_offline(recording, 5)
        for _ in range(2)
    )
    for mine, theirs in zip(
        first.q_network.parameters(), second.q_network.parameters(), strict=True
    ):
        assert torch.equal(mine, theirs)


def test_callbacks_end_it(recording: Path) -> None:
    agent = lexigym.make_agent("lm-dqn", copy_env(), **SETTINGS)
    agent.learn_offline(recording, 50, callback=lambda each: each.learner.updates < 4)
    assert agent.learner.updates == 4


def test_what_does_not_fit_is_named(recording: Path, tmp_path: Path) -> None:
    agent = lexigym.make_agent("lm-dqn", copy_env(), **SETTINGS)
    with pytest.raises(InvalidArgumentError, match="updates must be at least 1, got 0"):
        agent.learn_offline(recording, 0)
    env = gymnasium.make("CartPole-v1")
    random = lexigym.make_agent("random", env, seed=0)
    other = write_recording(tmp_path / "poles", env, play_episodes(random, env, 2))
    with pytest.raises(InvalidArgumentError, match="record the same environment"):
        agent.learn_offline(other, 5)
