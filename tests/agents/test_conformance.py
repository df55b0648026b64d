"""Every agent of the catalogue, and of its families some, keeps the protocol."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
import torch
from stable_baselines3.common.evaluation import evaluate_policy

import lexigym
from lexigym.agents.catalog import AGENTS
from lexigym.agents.checkpoint import read_tensors
from lexigym.agents.protocol import Agent, evaluate
from lexigym.registry.errors import CheckpointError, InvalidArgumentError

from .environments import LENGTH, N_ACTIONS, Match, match_vector

SB3_NAMES = ["dqn", "ppo", "a2c", "qrdqn", "maskable-ppo", "recurrent-ppo"]
# Language models read nothing but tokens: tests of their own play environments of texts.
LANGUAGE_MODELS = {"lm", "lm-dqn"}
# And what plays games of several players is tested on these.
GAMES = {"independent"}
NAMES = [
    name for name, _, _ in AGENTS if not name.endswith("*") and name not in LANGUAGE_MODELS | GAMES
]
NAMES += [f"sb3/{name}" for name in SB3_NAMES]
# The random agent never repeats itself, and the oracle reads the environment's one target.
LEARNERS = [name for name in NAMES if name not in {"random", "oracle"}]

# Smaller than the defaults, so that each learns something within a few hundred steps.
SMALL: dict[str, dict[str, Any]] = {
    "dqn": {"learning_starts": 32, "net_arch": (16,), "buffer_size": 500},
    "sb3/dqn": {"learning_starts": 32, "buffer_size": 500},
    "sb3/qrdqn": {"learning_starts": 32, "buffer_size": 500},
    "sb3/ppo": {"n_steps": 64},
    "sb3/maskable-ppo": {"n_steps": 64},
    "sb3/recurrent-ppo": {"n_steps": 64, "policy_kwargs": {"lstm_hidden_size": 8}},
}


def make(name: str, env: Any, **hyperparameters: Any) -> Any:
    seeded = {} if name == "oracle" else {"seed": 0}
    return lexigym.make_agent(name, env, **{**SMALL.get(name, {}), **seeded, **hyperparameters})


def observations(n: int) -> np.ndarray:
    return np.eye(N_ACTIONS, dtype=np.float32)[np.arange(n) % N_ACTIONS]


@pytest.mark.parametrize("name", NAMES)
def test_learns_and_predicts_one(name: str) -> None:
    env = Match()
    agent = make(name, env)
    assert isinstance(agent, Agent)
    assert agent.learn(200) is agent
    assert agent.num_timesteps >= 200
    observation, _ = env.reset(seed=0)
    action, _ = agent.predict(observation)
    assert type(action) is int
    assert env.action_space.contains(action)


@pytest.mark.parametrize("name", NAMES)
def test_learns_and_predicts_a_batch(name: str) -> None:
    env = match_vector(3)
    agent = make(name, env)
    agent.learn(200)
    batch, _ = env.reset(seed=0)
    actions, _ = agent.predict(batch)
    assert actions.shape == (3,)
    assert actions.dtype == np.int64
    assert env.action_space.contains(actions)


@pytest.mark.parametrize("name", LEARNERS)
def test_a_batch_is_its_parts_and_deterministic(name: str) -> None:
    agent = make(name, Match()).learn(100)
    batch, _ = agent.predict(observations(4), deterministic=True)
    again, _ = agent.predict(observations(4), deterministic=True)
    each = [agent.predict(one, deterministic=True)[0] for one in observations(4)]
    assert batch.tolist() == again.tolist() == each


@pytest.mark.parametrize("deterministic", [False, True])
@pytest.mark.parametrize("name", [name for name in NAMES if name != "oracle"])
def test_masks_are_honoured(name: str, deterministic: bool) -> None:
    agent = make(name, Match())
    generator = np.random.default_rng(0)
    for _ in range(50):
        legal = generator.integers(0, 2, (8, N_ACTIONS), dtype=np.int8)
        legal[np.arange(8), generator.integers(N_ACTIONS, size=8)] = 1
        actions, _ = agent.predict(observations(8), deterministic=deterministic, action_masks=legal)
        assert legal[np.arange(8), actions].all()
        action, _ = agent.predict(
            observations(1)[0], deterministic=deterministic, action_masks=legal[0].astype(bool)
        )
        assert type(action) is int
        assert legal[0, action]


@pytest.mark.parametrize("name", NAMES)
def test_a_masked_environment_is_played_legally(name: str) -> None:
    env = Match(masked=True)
    returns = evaluate(make(name, env), env, 5, deterministic=False)
    assert returns.shape == (5,)
    assert name != "oracle" or (returns == LENGTH).all()


@pytest.mark.parametrize("name", NAMES)
def test_saved_and_loaded_is_the_same(name: str, tmp_path: Path) -> None:
    env = Match()
    agent = make(name, env).learn(150)
    agent.save(tmp_path / "agent")
    loaded = lexigym.load_agent(tmp_path / "agent", env=env if name == "oracle" else None)
    assert type(loaded) is type(agent)
    assert loaded.config == agent.config
    assert loaded.num_timesteps == agent.num_timesteps
    env.reset(seed=0)
    deterministic = name in LEARNERS
    batch = observations(1 if name == "oracle" else 100)
    expected, _ = agent.predict(batch, deterministic=deterministic)
    actions, _ = loaded.predict(batch, deterministic=deterministic)
    np.testing.assert_array_equal(actions, expected)
    if hasattr(agent, "q_values") and "dqn" in name:
        np.testing.assert_array_equal(
            np.asarray(loaded.q_values(batch)), np.asarray(agent.q_values(batch))
        )


@pytest.mark.parametrize("name", NAMES)
def test_loaded_with_an_environment_learns_on(name: str, tmp_path: Path) -> None:
    agent = make(name, Match()).learn(100)
    agent.save(tmp_path / "agent")
    loaded = lexigym.load_agent(tmp_path / "agent", env=Match())
    loaded.learn(100)
    assert loaded.num_timesteps >= agent.num_timesteps + 100


@pytest.mark.parametrize("name", [name for name in NAMES if name != "oracle"])
def test_loading_for_other_spaces_is_refused(name: str, tmp_path: Path) -> None:
    make(name, Match()).save(tmp_path / "agent")
    with pytest.raises((CheckpointError, InvalidArgumentError), match="spaces"):
        lexigym.load_agent(tmp_path / "agent", env=gymnasium.make("CartPole-v1"))


@pytest.mark.parametrize("name", NAMES)
def test_stable_baselines3_evaluates_it(name: str) -> None:
    env = Match()
    mean, _ = evaluate_policy(make(name, env), env, n_eval_episodes=2, warn=False)
    assert 0 <= mean <= LENGTH


@pytest.mark.parametrize("name", NAMES)
def test_cartpole(name: str) -> None:
    env = gymnasium.make("CartPole-v1")
    if name == "oracle":
        with pytest.raises(InvalidArgumentError, match="oracle_action"):
            make(name, env)
        return
    assert (evaluate(make(name, env).learn(64), env, 2) >= 1).all()


@pytest.mark.parametrize("name", NAMES)
def test_grid_robot(name: str) -> None:
    env = gymnasium.make("GridRobot-v0")
    assert np.isfinite(evaluate(make(name, env).learn(64), env, 2)).all()


@pytest.mark.parametrize("name", NAMES)
def test_unknown_hyperparameters_are_named(name: str) -> None:
    with pytest.raises(InvalidArgumentError, match="learning_rat'") as error:
        lexigym.make_agent(name, Match(), learning_rat=1e-3)
    known = type(make(name, Match())).hyperparameters()
    assert all(hyperparameter in str(error.value) for hyperparameter in known)


@pytest.mark.parametrize("name", LEARNERS)
def test_hyperparameters_reach_the_agent(name: str) -> None:
    agent = make(name, Match(), gamma=0.5)
    assert agent.config["hyperparameters"]["gamma"] == 0.5


@pytest.mark.parametrize("name", NAMES)
def test_callbacks_are_called_and_end_learning(name: str) -> None:
    steps: list[int] = []

    def stop(agent: Any) -> bool:
        steps.append(agent.num_timesteps)
        return len(steps) < 10

    agent = make(name, Match()).learn(300, callback=stop)
    if name in LEARNERS:
        assert len(steps) == 10
        assert agent.num_timesteps < 300


@pytest.mark.parametrize("name", LEARNERS)
def test_same_seed_same_weights(name: str, tmp_path: Path) -> None:
    for path in ("a", "b"):
        make(name, Match(), device="cpu").learn(150).save(tmp_path / path)
    a, b = read_tensors(tmp_path / "a", "model"), read_tensors(tmp_path / "b", "model")
    assert a is not None
    assert b is not None
    assert all(torch.equal(a[key], b[key]) for key in a)
