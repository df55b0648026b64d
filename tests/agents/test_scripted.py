"""Random play is uniform, legal and repeatable; the oracle asks the environment it plays."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.vector import AsyncVectorEnv, AutoresetMode

from lexigym.agents.checkpoint import write_checkpoint
from lexigym.agents.protocol import evaluate
from lexigym.agents.scripted import OracleAgent, RandomAgent
from lexigym.agents.spaces import Spaces
from lexigym.registry.errors import CheckpointError, InvalidArgumentError

from .environments import LENGTH, N_ACTIONS, CustomVector, Match, match_vector

OBSERVATION = spaces.Box(-1, 1, (2,), np.float32)


def test_random_is_uniform_over_legal_actions() -> None:
    agent = RandomAgent(Match(), seed=0)
    batch = np.zeros((30_000, N_ACTIONS), np.float32)
    counts = np.bincount(agent.predict(batch)[0], minlength=N_ACTIONS)
    assert (np.abs(counts / len(batch) - 1 / 4) < 0.015).all()
    masked, _ = agent.predict(batch, action_masks=np.array([1, 0, 1, 1]))
    counts = np.bincount(masked, minlength=N_ACTIONS)
    assert counts[1] == 0
    assert (np.abs(counts[[0, 2, 3]] / len(batch) - 1 / 3) < 0.015).all()


def test_random_repeats_itself_from_its_seed_alone() -> None:
    env = Match()
    batch = np.zeros((50, N_ACTIONS), np.float32)
    agents = [RandomAgent(env, seed=seed) for seed in (0, 0, 1)]
    env.action_space.sample()
    np.random.default_rng(0)
    first, second, other = (agent.predict(batch)[0] for agent in agents)
    np.testing.assert_array_equal(first, second)
    assert (first != other).any()


def test_random_starts_where_the_actions_do() -> None:
    agent = RandomAgent(Spaces(OBSERVATION, spaces.Discrete(2, start=5)), seed=0)
    actions, _ = agent.predict(np.zeros((100, 2)))
    assert set(actions) == {5, 6}
    assert agent.predict(np.zeros(2), action_masks=[False, True])[0] == 6


@pytest.mark.parametrize(
    "space",
    [
        spaces.Box(-2, 3, (3,), np.float32),
        spaces.MultiDiscrete([2, 3]),
        spaces.MultiBinary(3),
        spaces.Discrete(4),
    ],
)
def test_random_takes_any_action_space(space: spaces.Space[Any], tmp_path: Path) -> None:
    agent = RandomAgent(Spaces(OBSERVATION, space), seed=0)
    assert space.contains(agent.predict(np.zeros(2))[0])
    batch, _ = agent.predict(np.zeros((5, 2)))
    assert batch.shape == (5, *space.shape)
    assert all(space.contains(action) for action in batch)
    agent.save(tmp_path / "agent")
    loaded = RandomAgent.load(tmp_path / "agent")
    np.testing.assert_array_equal(
        loaded.predict(np.zeros((5, 2)))[0], agent.predict(np.zeros((5, 2)))[0]
    )


@pytest.mark.parametrize(
    ("masks", "named"),
    [
        (np.zeros(N_ACTIONS), "no legal action"),
        (np.ones(3), r"\(4,\) or \(1, 4\)"),
        (np.ones((2, 4)), r"\(4,\) or \(1, 4\)"),
    ],
)
def test_impossible_masks_are_refused(masks: np.ndarray, named: str) -> None:
    with pytest.raises(InvalidArgumentError, match=named):
        RandomAgent(Match()).predict(np.zeros(N_ACTIONS), action_masks=masks)


def test_masks_of_continuous_actions_are_refused() -> None:
    agent = RandomAgent(Spaces(OBSERVATION, OBSERVATION))
    with pytest.raises(InvalidArgumentError, match="Discrete"):
        agent.predict(np.zeros(2), action_masks=[True])


@pytest.mark.parametrize(
    ("space", "single", "batch"),
    [
        (spaces.Discrete(3), 1, np.array([1, 2])),
        (
            spaces.Dict(a=spaces.Discrete(3), b=OBSERVATION),
            {"a": 1, "b": np.zeros(2)},
            {"a": np.ones(2), "b": np.zeros((2, 2))},
        ),
        (spaces.Text(5), "ab", np.array(["ab", "c"])),
    ],
)
def test_one_observation_is_told_from_a_batch(
    space: spaces.Space[Any], single: Any, batch: Any
) -> None:
    agent = RandomAgent(Spaces(space, spaces.Discrete(2)))
    assert type(agent.predict(single)[0]) is int
    assert agent.predict(batch)[0].shape == (2,)


def test_a_foreign_observation_is_refused() -> None:
    with pytest.raises(InvalidArgumentError, match=r"shape \(7,\)"):
        RandomAgent(Match()).predict(np.zeros(7))


def test_oracle_is_best() -> None:
    env = gymnasium.wrappers.TimeLimit(Match(), 5)
    assert (evaluate(OracleAgent(env), env, 3) == 5).all()


def test_oracle_of_vectors() -> None:
    vectors: list[Any] = [match_vector(3), CustomVector(3, AutoresetMode.SAME_STEP)]
    vectors.append(AsyncVectorEnv([Match] * 3))
    for env in vectors:
        agent = OracleAgent(env)
        batch, _ = env.reset(seed=0)
        for _ in range(LENGTH - 1):
            actions, _ = agent.predict(batch)
            assert actions.dtype == np.int64
            batch, rewards, *_ = env.step(actions)
            assert (rewards == 1).all()
        env.close()


def test_oracle_without_an_answer_is_refused(tmp_path: Path) -> None:
    workers = AsyncVectorEnv([lambda: gymnasium.make("CartPole-v1")])
    vector = gymnasium.make_vec("CartPole-v1", 2, vectorization_mode="sync")
    for each in (gymnasium.make("CartPole-v1"), vector, workers):
        with pytest.raises(InvalidArgumentError, match="no oracle_action"):
            OracleAgent(each)
    workers.reset()
    workers.close()
    env = Match()
    env.reset()
    with pytest.raises(InvalidArgumentError, match="3 observations"):
        OracleAgent(env).predict(np.zeros((3, N_ACTIONS)))
    OracleAgent(env).save(tmp_path / "oracle")
    with pytest.raises(InvalidArgumentError, match="pass env"):
        OracleAgent.load(tmp_path / "oracle")


def test_checkpoints_of_others_are_refused(tmp_path: Path) -> None:
    RandomAgent(Match()).save(tmp_path / "random")
    with pytest.raises(CheckpointError, match=r"checkpoint of 'random'.*load_agent"):
        OracleAgent.load(tmp_path / "random", Match())
    write_checkpoint(tmp_path / "edited", {"agent": "random"}, {})
    with pytest.raises(CheckpointError, match="edited"):
        RandomAgent.load(tmp_path / "edited")


def test_playing_needs_no_torch() -> None:
    code = (
        "import sys, lexigym.agents.scripted, lexigym.agents.catalog;"
        "assert not {'torch', 'stable_baselines3'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
