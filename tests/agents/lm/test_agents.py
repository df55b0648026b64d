"""The agents `lm` and `lm-dqn` keep the protocol, and refuse what they can't use."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from unittest import mock

import gymnasium
import numpy as np
import pytest
import torch
from stable_baselines3.common.evaluation import evaluate_policy

import lexigym
from lexigym.agents.checkpoint import read_tensors
from lexigym.agents.protocol import Agent, evaluate
from lexigym.registry.errors import (
    CheckpointError,
    InvalidArgumentError,
    MissingDependencyError,
)

from .texts_to_write import copy_env, copy_vector, copying, tiny_model

NAMES = ["lm", "lm-dqn"]
SMALL: dict[str, dict[str, Any]] = {
    "lm": {},
    "lm-dqn": {"learning_starts": 20, "batch_size": 4, "buffer_size": 500},
}


def make(name: str, env: Any, **hyperparameters: Any) -> Any:
    return lexigym.make_agent(
        name, env, **{"model": tiny_model(), "seed": 0, **SMALL[name], **hyperparameters}
    )


def batch_of(count: int) -> tuple[np.ndarray, np.ndarray]:
    envs = copy_vector(count)
    observations, info = envs.reset(seed=1)
    return observations, info["action_mask"]


@pytest.mark.parametrize("name", NAMES)
def test_learns_and_predicts(name: str) -> None:
    env = copy_env()
    agent = make(name, env)
    assert isinstance(agent, Agent)
    assert agent.learn(60) is agent
    assert agent.num_timesteps >= 60
    observation, info = env.reset(seed=0)
    action, _ = agent.predict(observation, action_masks=info["action_mask"])
    assert type(action) is int
    assert info["action_mask"][action]
    observations, masks = batch_of(5)
    actions, _ = agent.predict(observations, action_masks=masks)
    assert actions.shape == (5,)
    assert actions.dtype == np.int64
    assert np.isfinite(evaluate_policy(agent, env, 2, warn=False)).all()


@pytest.mark.parametrize("beams", [1, 3])
@pytest.mark.parametrize("name", NAMES)
def test_a_batch_is_its_parts_and_deterministic(name: str, beams: int) -> None:
    agent = make(name, copy_env(), beams=beams).learn(60)
    observations, masks = batch_of(6)
    choose = {"deterministic": True}
    batch, _ = agent.predict(observations, action_masks=masks, **choose)
    again, _ = agent.predict(observations, action_masks=masks, **choose)
    each = [
        agent.predict(one, action_masks=mask, **choose)[0]
        for one, mask in zip(observations, masks, strict=True)
    ]
    assert batch.tolist() == again.tolist() == each


@pytest.mark.parametrize("deterministic", [False, True])
@pytest.mark.parametrize("switches", [{}, {"candidates": 3}, {"beams": 2}], ids=str)
def test_masks_are_honoured(switches: dict[str, Any], deterministic: bool) -> None:
    agent = make("lm-dqn", copy_env(), **switches)
    observations, _ = batch_of(8)
    generator = np.random.default_rng(0)
    for _ in range(20):
        legal = generator.random((8, 6)) < 0.5
        legal[:, 0] = False
        legal[np.arange(8), generator.integers(1, 6, size=8)] = True
        actions, _ = agent.predict(observations, deterministic=deterministic, action_masks=legal)
        assert legal[np.arange(8), actions].all()


@pytest.mark.parametrize("train", ["full", "head", "lora"])
def test_saved_and_loaded_is_the_same(train: str, tmp_path: Path) -> None:
    settings = {"model": "shipped"} if train != "full" else {}
    agent = make("lm-dqn", copy_env(), train=train, **settings).learn(60)
    agent.save(tmp_path / "agent")
    loaded = lexigym.load_agent(tmp_path / "agent")
    assert loaded.config == agent.config
    observations, _ = batch_of(5)
    np.testing.assert_array_equal(loaded.q_values(observations), agent.q_values(observations))
    weights = read_tensors(tmp_path / "agent", "model")
    assert weights is not None
    # What did not learn is not written again.
    learns = {n for n, p in agent.q_network.named_parameters() if p.requires_grad}
    assert learns <= set(weights)
    frozen = {n for n, p in agent.q_network.named_parameters() if not p.requires_grad}
    assert not frozen & set(weights)
    assert frozen


def test_the_language_model_is_saved_by_name(tmp_path: Path) -> None:
    agent = make("lm", copy_env(), model="shipped")
    agent.save(tmp_path / "agent")
    loaded = lexigym.load_agent(tmp_path / "agent", env=copy_env())
    assert loaded.config == agent.config
    observations, masks = batch_of(5)
    expected, _ = agent.predict(observations, deterministic=True, action_masks=masks)
    actions, _ = loaded.predict(observations, deterministic=True, action_masks=masks)
    np.testing.assert_array_equal(actions, expected)


@pytest.mark.parametrize("name", NAMES)
def test_loading_for_other_spaces_is_refused(name: str, tmp_path: Path) -> None:
    make(name, copy_env(), model="shipped").save(tmp_path / "agent")
    with pytest.raises(CheckpointError, match="spaces"):
        lexigym.load_agent(tmp_path / "agent", env=copy_env(max_new_tokens=7))


@pytest.mark.parametrize("name", NAMES)
def test_loading_for_other_tokens_is_refused(name: str, tmp_path: Path) -> None:
    make(name, copy_env(), model="shipped").save(tmp_path / "agent")
    other = gymnasium.make("QA-v0", dataset=copying("wxyz"))
    assert other.observation_space == copy_env().observation_space
    with pytest.raises(CheckpointError, match="agent' was saved for other tokens"):
        lexigym.load_agent(tmp_path / "agent", env=other)


def test_candidates_are_the_likeliest_and_the_end() -> None:
    agent = make("lm-dqn", copy_env(), candidates=3)
    observations, masks = batch_of(8)
    tokens = torch.from_numpy(observations)
    few = agent.policy.outlook(tokens, masks.astype(bool))
    agent.policy.candidates = 0
    everything = agent.policy.outlook(tokens, masks.astype(bool))
    assert few.candidates is not None
    for row in range(8):
        ranked = everything.log_prior[row].argsort(descending=True).tolist()
        chosen = few.candidates[row].tolist()
        expected = ranked[:3] if 1 in ranked[:3] else [*ranked[:2], 1]
        assert chosen == expected
        # Among the candidates alone: the same but for what all have in common.
        shift = few.scores[row] - everything.scores[row][chosen]
        torch.testing.assert_close(shift, shift[:1].expand(3), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("env", "settings", "message"),
    [
        (lambda: gymnasium.make("CartPole-v1"), {}, "needs an environment with a tokenizer"),
        (lambda: copy_env(observation="dict"), {}, 'observation="tokens"'),
        (copy_env, {"model": "no/such-model"}, "'no/such-model' can't be loaded"),
        (copy_env, {"model": {"model_type": "gtp2"}}, "is no configuration of transformers"),
        (copy_env, {"model": 3}, "model must be a name"),
        (copy_env, {"model": {**tiny_model(), "n_positions": 4}}, "reads at most 4 tokens"),
    ],
)
def test_what_can_not_be_used_is_named(
    env: Any, settings: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Set by the environment variable of the same name, which is read on import.
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    for name in NAMES:
        with pytest.raises(InvalidArgumentError, match=message):
            make(name, env(), **settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"train": "heads"}, "did you mean 'head'"),
        ({"precision": "half"}, "precision='half' is unknown"),
        ({"prior_temperature": 0.0}, "the language model would not count"),
        ({"candidates": 1}, "candidates must be at least 2, got 1"),
        ({"beams": 0}, "beams must be at least 1"),
        ({"expectile": 1.5}, "expectile must be in"),
        ({"dropout": 1.0}, "dropout must be in"),
        ({"dropout": 0.1, "train": "head"}, "needs a language model that learns"),
        ({"imitation_weight": 1.0}, "say how many, such as demonstrations=1000"),
        ({"train": "head", "memory": "transitions"}, "keeps neither hidden states"),
        ({"candidates": 3, "memory": "transitions"}, "keeps neither hidden states"),
    ],
    ids=str,
)
def test_wrong_settings_are_named(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidArgumentError, match=message):
        make("lm-dqn", copy_env(), **settings)


def test_logits_that_would_fill_the_memory_are_refused() -> None:
    fits = 2**28 // (4 * 3 * 6)
    message = rf"batch_size={fits + 1} gives up to .* states with 6 logits each, 256 MiB where 256"
    with pytest.raises(InvalidArgumentError, match=message):
        make("lm-dqn", copy_env(), batch_size=fits + 1, candidates=None)
    for settings in ({"batch_size": fits}, {"batch_size": fits + 1, "candidates": 3}):
        make("lm-dqn", copy_env(), **settings)


@pytest.mark.parametrize("name", NAMES)
def test_unknown_hyperparameters_are_named(name: str) -> None:
    with pytest.raises(InvalidArgumentError, match="'modle': did you mean 'model'"):
        make(name, copy_env(), modle="shipped")


@pytest.mark.parametrize(
    ("package", "settings"),
    [("transformers", {}), ("peft", {"model": "shipped", "train": "lora"})],
)
def test_a_missing_package_is_named(
    package: str, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'lexigym\[lm\]'"):
        make("lm-dqn", copy_env(), **settings)


def test_pretraining_needs_something_to_imitate() -> None:
    with pytest.raises(InvalidArgumentError, match="nothing was shown"):
        make("lm-dqn", copy_env()).pretrain(3)


def test_a_truncated_text_is_refused_where_its_end_must_be_known() -> None:
    env = gymnasium.wrappers.TimeLimit(copy_env(), 1)
    with pytest.raises(lexigym.registry.errors.EnvironmentFaultError, match="was truncated"):
        make("lm-dqn", env).learn(60)


@pytest.mark.parametrize("train", ["full", "head", "lora"])
def test_half_precision_computes_what_single_does(train: str) -> None:
    half, single = (
        make("lm-dqn", copy_env(), train=train, precision=precision, learning_starts=20).learn(20)
        for precision in ("bfloat16", "float32")
    )
    batch = single.memory.sample(32)
    gradients = []
    for agent in (half, single):
        agent.q_network.load_state_dict(single.q_network.state_dict())
        agent.learner.target_network.load_state_dict(single.q_network.state_dict())
        with torch.no_grad():
            agent.learner.gradient.accumulate(batch, agent.learner.bootstrap(batch))
        gradients.append(agent.learner.parameters.gradients)
    assert {each.dtype for each in half.q_network.parameters()} == {torch.float32}
    coarse, fine = gradients
    assert not torch.equal(coarse, fine)
    # Eight bits of mantissa.
    assert float((coarse - fine).norm() / fine.norm()) < 0.05


@pytest.mark.parametrize(("does", "settings"), [("update", {}), ("imitate", {"demonstrations": 8})])
def test_out_of_memory_names_what_to_lower(does: str, settings: dict[str, int]) -> None:
    agent = make("lm-dqn", copy_env(), candidates=3, **settings, pretrain_updates=len(settings))
    failing = mock.Mock(side_effect=torch.OutOfMemoryError("CUDA out of memory."))
    remedy = "lower batch_size=4, or lower candidates=3.* or choose train='head' for train='full'"
    with (
        mock.patch.object(agent.learner, does, failing),
        pytest.raises(lexigym.registry.errors.OutOfMemoryError, match=remedy),
    ):
        agent.learn(60)


def learned(steps: int, **switches: Any) -> float:
    """Return the mean return after learning, of a model that begins with random weights."""
    defaults = {"batch_size": 32, "learning_rate": 3e-3, "buffer_size": 10_000}
    agent = make("lm-dqn", copy_vector(8), **defaults, **switches)
    assert evaluate(agent, copy_env(), 40).mean() < 0.3
    return float(evaluate(agent.learn(steps), copy_env(), 40).mean())


@pytest.mark.slow
def test_it_learns_to_copy() -> None:
    assert learned(10_000) > 0.9


@pytest.mark.slow
@pytest.mark.parametrize(
    "switches",
    [
        {"munchausen": False, "n_steps": 4},
        {"munchausen": False, "expectile": 0.8},
        {"candidates": 4},
    ],
    ids=str,
)
def test_it_learns_with_every_switch(switches: dict[str, Any]) -> None:
    # The returns of texts that are drawn, and not of the best, are learned from at first.
    assert learned(20_000, **switches) > 0.7
