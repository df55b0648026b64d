"""What is wrong is refused in one sentence that names it."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium import spaces
from gymnasium.vector import SyncVectorEnv

import lexigym
from lexigym.agents import checkpoint
from lexigym.agents.dqn.config import DQNConfig
from lexigym.registry.errors import (
    CheckpointError,
    EnvironmentFaultError,
    InvalidArgumentError,
    OutOfMemoryError,
)

from ..environments import Match
from .environments import Paying


@pytest.mark.parametrize("is_vector", [False, True])
@pytest.mark.parametrize("reward", [np.nan, np.inf, -np.inf])
def test_a_reward_that_is_not_finite(reward: float, is_vector: bool) -> None:
    env: Any = SyncVectorEnv([lambda: Paying(reward)] * 2) if is_vector else Paying(reward)
    with pytest.raises(EnvironmentFaultError, match=r"reward.*(nan|inf).*finite"):
        lexigym.make_agent("dqn", env, seed=0).learn(10)


@pytest.mark.parametrize("reward", ["much", None])
def test_a_reward_that_is_no_number(reward: Any) -> None:
    with pytest.raises(EnvironmentFaultError, match=f"{reward!r}.*finite numbers"):
        lexigym.make_agent("dqn", Paying(reward), seed=0).learn(10)


@pytest.mark.parametrize("space", [spaces.Text(5), spaces.Sequence(spaces.Discrete(2))], ids=str)
def test_an_observation_space_of_no_use(space: Any) -> None:
    with pytest.raises(InvalidArgumentError, match=r"can't use the observation space.*Box"):
        lexigym.make_agent("dqn", Paying(0.0, observation_space=space))


def test_an_action_space_of_no_use() -> None:
    env = Paying(0.0, action_space=spaces.Box(-1, 1, (1,), np.float32))
    with pytest.raises(InvalidArgumentError, match=r"Discrete actions.*Box"):
        lexigym.make_agent("dqn", env)


BAD: list[tuple[str, Any]] = [
    *[("learning_rate", value) for value in (-1e-3, np.nan, np.inf, "fast")],
    *[("buffer_size", value) for value in (0, 1.5, True)],
    *[("learning_starts", value) for value in (-1, 10**9)],
    ("batch_size", 0),
    *[("gamma", value) for value in (-0.1, 1.1)],
    ("train_freq", 0),
    *[("gradient_steps", value) for value in (0, -2)],
    ("target_update_interval", 0),
    *[("tau", value) for value in (0.0, 1.5)],
    *[(f"exploration_{name}", 2.0) for name in ("fraction", "initial_eps", "final_eps")],
    ("max_grad_norm", -1.0),
    *[("net_arch", value) for value in (64, [0], [1.5], "64")],
    *[(name, 1) for name in ("double", "dueling", "prioritized", "munchausen", "closed_form")],
    *[("prioritized_alpha", value) for value in (-1, 2)],
    ("prioritized_beta", 1.5),
    *[("huber_threshold", value) for value in (0, -1.0, "inf")],
    *[("demonstrations", value) for value in (-1, 0.5)],
    ("demonstration_share", 1.5),
    ("n_steps", 0),
    ("munchausen_alpha", 2),
    ("munchausen_temperature", 0),
    ("munchausen_clip", 1),
    *[("reward_scale", value) for value in (0, -1, np.inf, "big")],
    ("device", "abacus"),
    *[("seed", value) for value in (-1, 1.5)],
    ("tensorboard_log", 5),
]


@pytest.mark.parametrize(("name", "value"), BAD, ids=str)
def test_a_bad_hyperparameter_is_named(name: str, value: Any) -> None:
    with pytest.raises(InvalidArgumentError, match=name) as error:
        lexigym.make_agent("dqn", Match(), **{name: value})
    assert "\n" not in str(error.value)


def test_dueling_needs_a_layer() -> None:
    with pytest.raises(InvalidArgumentError, match="dueling needs a hidden layer"):
        lexigym.make_agent("dqn", Match(), dueling=True, net_arch=[])


def test_learning_needs_an_environment(tmp_path: Path) -> None:
    lexigym.make_agent("dqn", Match()).save(tmp_path / "agent")
    with pytest.raises(InvalidArgumentError, match="no environment to learn on"):
        lexigym.load_agent(tmp_path / "agent").learn(10)
    with pytest.raises(InvalidArgumentError, match="total_timesteps"):
        lexigym.make_agent("dqn", Match()).learn(0)


def test_a_checkpoint_of_other_spaces(tmp_path: Path) -> None:
    lexigym.make_agent("dqn", Match()).save(tmp_path / "agent")
    with pytest.raises(CheckpointError, match="spaces"):
        lexigym.load_agent(tmp_path / "agent", env=gymnasium.make("CartPole-v1"))


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04"])
def test_a_foreign_file(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "agent.zip").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"agent\.zip"):
        lexigym.load_agent(tmp_path / "agent.zip")


def test_weights_of_another_network(tmp_path: Path) -> None:
    agent = lexigym.make_agent("dqn", Match(), net_arch=(8,))
    tensors = {"model": lexigym.make_agent("dqn", Match(), net_arch=(9,)).q_network.state_dict()}
    checkpoint.write_checkpoint(tmp_path / "agent", agent.config, tensors)
    with pytest.raises(CheckpointError, match="another network") as error:
        lexigym.load_agent(tmp_path / "agent")
    assert "\n" not in str(error.value)


def test_a_training_on_another_number_of_environments(tmp_path: Path) -> None:
    agent = lexigym.make_agent("dqn", SyncVectorEnv([Match] * 2)).learn(10)
    agent.save(tmp_path / "agent", training_state=True)
    with pytest.raises(CheckpointError, match="2 environments"):
        lexigym.load_agent(tmp_path / "agent", env=Match())


def test_a_full_disk_keeps_the_old_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = lexigym.make_agent("dqn", Match(), seed=0, learning_starts=10).learn(50)
    agent.save(tmp_path / "agent", training_state=True)
    before = (tmp_path / "agent.zip").read_bytes()

    def fail(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoint, "write_tensor_file", fail)
    with pytest.raises(CheckpointError, match="No space left"):
        agent.learn(50).save(tmp_path / "agent", training_state=True)
    assert (tmp_path / "agent.zip").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["agent.zip"]


def test_a_training_without_transitions_is_saved(tmp_path: Path) -> None:
    lexigym.make_agent("dqn", Match(), n_steps=5).learn(2).save(
        tmp_path / "agent", training_state=True
    )
    lexigym.load_agent(tmp_path / "agent", env=Match()).learn(20)


def test_infinite_hyperparameters_are_plain_json() -> None:
    infinite = {"max_grad_norm": float("inf"), "huber_threshold": float("inf")}
    config = DQNConfig(munchausen_clip=-float("inf"), **infinite)
    written = json.loads(json.dumps(config.to_json(), allow_nan=False))
    assert DQNConfig.from_json(written) == config


@pytest.mark.parametrize(
    "allocate",
    [
        lambda: torch.empty(10**16),
        lambda: np.empty(10**16),
        lambda: (_ for _ in ()).throw(torch.OutOfMemoryError("CUDA out of memory.")),
    ],
    ids=["cpu", "numpy", "cuda"],
)
def test_out_of_memory_names_what_to_lower(allocate: Callable[[], Any]) -> None:
    agent = lexigym.make_agent("dqn", Paying(0.0), seed=0, batch_size=48, learning_starts=10)
    failing = mock.Mock(side_effect=lambda *_: allocate())
    with (
        mock.patch.object(agent.learner, "update", failing),
        pytest.raises(OutOfMemoryError, match=r"for an update \(.+\): lower batch_size=48\."),
    ):
        agent.learn(50)


def test_a_replay_memory_beyond_all_memory_names_its_size() -> None:
    agent = lexigym.make_agent("dqn", Paying(0.0), seed=0, buffer_size=10**15)
    with pytest.raises(OutOfMemoryError, match="lower buffer_size=1000000000000000"):
        agent.learn(50)


def test_other_errors_of_an_update_stay_what_they_are() -> None:
    agent = lexigym.make_agent("dqn", Paying(0.0), seed=0, learning_starts=10)
    failing = mock.Mock(side_effect=RuntimeError("shapes differ"))
    with (
        mock.patch.object(agent.learner, "update", failing),
        pytest.raises(RuntimeError, match=r"^shapes differ$"),
    ):
        agent.learn(50)
