"""Demonstrations: what the oracle played, and its share of each batch."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium.vector import AutoresetMode

import lexigym
from lexigym.agents.dqn.demonstrations import DemonstratedMemory, joined
from lexigym.agents.dqn.prefixes import Prefixes
from lexigym.registry.errors import InvalidArgumentError

SMALL = {"transformer_width": 16, "transformer_depth": 1, "batch_size": 8, "learning_starts": 10}


def demonstrated(env: Any, **hyperparameters: Any) -> Any:
    given = SMALL | {"demonstrations": 6, "gamma": 1.0, "reward_scale": 1.0} | hyperparameters
    return lexigym.make_agent("dqn", env, seed=0, **given).learn(40)


def vector(name: str, mode: AutoresetMode) -> Any:
    return gymnasium.make_vec(
        name, 2, vectorization_mode="vector_entry_point", autoreset_mode=mode, level="small"
    )


@pytest.mark.parametrize("mode", AutoresetMode)
@pytest.mark.parametrize("prioritized", [False, True])
def test_the_oracle_plays_whole_episodes(mode: AutoresetMode, prioritized: bool) -> None:
    agent = demonstrated(vector("Translation-v0", mode), prioritized=prioritized)
    memory = agent.demonstrations
    assert memory.size in (6, 7)
    returns = memory.rewards[: memory.size].sum(axis=1)
    np.testing.assert_allclose(returns, 1, rtol=1e-6)
    assert agent.num_timesteps == 40


def test_none_is_lost() -> None:
    """However little fits into the replay memory."""
    env = vector("QA-v0", AutoresetMode.SAME_STEP)
    agent = demonstrated(env, demonstrations=60, buffer_size=50)
    assert agent.demonstrations.size in (60, 61)
    single = gymnasium.make("GridRobot-v0")
    with pytest.raises(InvalidArgumentError, match="more transitions than buffer_size=50: raise"):
        demonstrated(single, demonstrations=60, buffer_size=50)


def test_transitions_are_shown_as_well() -> None:
    agent = demonstrated(gymnasium.make("GridRobot-v0"), n_steps=2)
    assert agent.demonstrations.rows["return_"][: len(agent.demonstrations)].max() > 0
    assert len(agent.memory) < 40


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
@pytest.mark.parametrize("prioritized", [False, True])
def test_a_batch_holds_the_share(share: float, prioritized: bool) -> None:
    agent = demonstrated(gymnasium.make("GridRobot-v0"), prioritized=prioritized)
    memory = DemonstratedMemory(agent.memory, agent.demonstrations, share)
    batch = memory.sample(64)
    assert np.count_nonzero(batch.indices < 0) == share * 64
    assert len(batch.action) == 64
    assert (batch.weights is not None) == prioritized
    before = agent.demonstrations.state()
    memory.update_priorities(batch.indices, torch.full((64,), 9.0))
    after = agent.demonstrations.state()
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_joined_batches_are_valued_as_apart() -> None:
    agent = demonstrated(vector("QA-v0", AutoresetMode.SAME_STEP))
    own, shown = agent.memory.sample(3), agent.demonstrations.sample(2)
    both = joined(own, shown)
    assert isinstance(both.observation, Prefixes)
    expected = torch.cat([agent.learner.bootstrap(own), agent.learner.bootstrap(shown)])
    torch.testing.assert_close(agent.learner.bootstrap(both), expected)
    values = [agent.q_network(batch.observation) for batch in (own, shown, both)]
    torch.testing.assert_close(values[2], torch.cat(values[:2]))


def test_an_environment_without_oracle_is_named() -> None:
    agent = lexigym.make_agent("dqn", gymnasium.make("CartPole-v1"), demonstrations=1)
    with pytest.raises(InvalidArgumentError, match="oracle_action"):
        agent.learn(1)
