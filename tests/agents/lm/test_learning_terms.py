"""Targets, losses and memories: against plain loops, and against each other."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import lexigym
from lexigym.agents.dqn.demonstrations import DemonstratedMemory
from lexigym.agents.dqn.replay import Batch
from lexigym.agents.lm.agent import LanguageModelDQN
from lexigym.agents.lm.config import TRAINED
from lexigym.agents.lm.learner import LanguageModelLearner, imitation_loss, judge
from lexigym.agents.lm.memory import TextMemory
from lexigym.agents.lm.states import TextStates

from .texts_to_write import copy_vector, tiny_model

SETTINGS: list[dict[str, Any]] = [
    {"munchausen": False},
    {"munchausen": False, "double": True, "gamma": 0.9},
    {"munchausen": True, "gamma": 0.9},
    {"munchausen": False, "n_steps": 2, "gamma": 0.9},
    {"munchausen": False, "n_steps": 9},
    {"munchausen": False, "expectile": 0.8, "gamma": 0.9},
    {"munchausen": False, "conservative_weight": 0.5},
    {"munchausen": False, "imitation_weight": 0.7, "demonstrations": 8},
    {"munchausen": False, "expectile": 0.9, "conservative_weight": 0.1, "candidates": 3},
]


def made(num_envs: int = 4, **settings: Any) -> LanguageModelDQN:
    """Return an agent that has played a little, and whose networks differ."""
    agent: LanguageModelDQN = lexigym.make_agent(
        "lm-dqn",
        copy_vector(num_envs),
        **{
            "model": tiny_model(),
            "seed": 0,
            "learning_starts": 20,
            "batch_size": 4,
            "learning_rate": 3e-3,
            "target_update_interval": 10**6,
            "prioritized": False,
            **settings,
        },
    )
    agent.learn(80)
    return agent


def q_plain(network: Any, states: TextStates, row: int) -> tuple[list[float], float]:
    """Return Q of each action and V of one state, read by itself."""
    tokens = states.tokens[states.rows[row]].clone()
    tokens[int(states.slots[row]) + 1 :] = 0
    candidates = None if states.candidates is None else states.candidates[row : row + 1]
    with torch.no_grad():
        judgement = network.judge(network.read(tokens[None]), candidates)
    return judgement.q_values[0].tolist(), float(judgement.value)


def target_plain(agent: LanguageModelDQN, batch: Batch, row: int) -> float:
    """Return the target of one transition from the definitions."""
    config, learner = agent._config, agent.learner
    assert isinstance(batch.next_observation, TextStates)
    assert isinstance(batch.observation, TextStates)
    target = float(batch.return_[row])
    if config.munchausen:
        values, _ = q_plain(learner.target_network, batch.observation, row)
        mask = batch.action_mask[row].tolist() if batch.action_mask is not None else None
        log_policy = log_softmax(values, mask, config.munchausen_temperature)
        scaled = config.munchausen_temperature * log_policy[int(batch.action[row])]
        target += config.munchausen_alpha * min(0.0, max(config.munchausen_clip, scaled))
    discount = float(batch.discount[row])
    if discount == 0:
        return target
    values, value = q_plain(learner.target_network, batch.next_observation, row)
    online, _ = q_plain(learner.network, batch.next_observation, row)
    assert batch.next_action_mask is not None
    legal = [a for a, is_legal in enumerate(batch.next_action_mask[row].tolist()) if is_legal]
    if config.expectile is not None:
        return target + discount * value
    if config.munchausen:
        tau = config.munchausen_temperature
        highest = max(values[a] for a in legal)
        total = sum(math.exp((values[a] - highest) / tau) for a in legal)
        return target + discount * (highest + tau * math.log(total))
    if config.double:
        return target + discount * values[max(legal, key=lambda a: online[a])]
    return target + discount * max(values[a] for a in legal)


def log_softmax(values: list[float], mask: list[bool] | None, tau: float) -> list[float]:
    legal = [v for a, v in enumerate(values) if mask is None or mask[a]]
    highest = max(legal)
    total = math.log(sum(math.exp((v - highest) / tau) for v in legal))
    return [(v - highest) / tau - total for v in values]


def huber(error: float, threshold: float) -> float:
    if abs(error) <= threshold:
        return error * error / 2
    return threshold * (abs(error) - threshold / 2)


def loss_plain(agent: LanguageModelDQN, batch: Batch, targets: list[float]) -> float:
    """Return the loss of a batch from the definitions."""
    config, learner, count = agent._config, agent.learner, len(batch.action)
    assert isinstance(batch.observation, TextStates)
    loss, imitated = 0.0, []
    for row, target in enumerate(targets):
        values, value = q_plain(learner.network, batch.observation, row)
        action = int(batch.action[row])
        mask = batch.action_mask[row].tolist() if batch.action_mask is not None else None
        loss += huber(values[action] - target, config.huber_threshold) / count
        legal = [v for a, v in enumerate(values) if mask is None or mask[a]]
        gap = math.log(sum(math.exp(v) for v in legal)) - values[action]
        loss += config.conservative_weight * gap / count
        if config.expectile is not None:
            error = q_plain(learner.target_network, batch.observation, row)[0][action] - value
            loss += abs(config.expectile - (error < 0)) * error**2 / count
        if batch.indices[row] < 0:
            imitated.append(-log_softmax(values, mask, config.prior_temperature)[action])
    if config.imitation_weight:
        loss += config.imitation_weight * float(np.mean(imitated))
    return loss


@pytest.mark.parametrize("switches", SETTINGS, ids=str)
@pytest.mark.parametrize("train", ["full", "head"])
def test_targets_and_loss_are_those_of_plain_loops(switches: dict[str, Any], train: str) -> None:
    agent = made(train=train, **switches)
    # What is left is the rounding of the values, not that of the model.
    for network in (agent.learner.network, agent.learner.target_network):
        network.double()
    for _ in range(5):
        memory: Any = agent.memory
        if agent.demonstrations is not None:
            memory = DemonstratedMemory(memory, agent.demonstrations, 0.5)
        batch = without_hidden_states(memory.sample(6))
        with torch.no_grad():
            targets = agent.learner.bootstrap(batch)
        expected = [target_plain(agent, batch, row) for row in range(len(batch.action))]
        np.testing.assert_allclose(targets.numpy(), expected, rtol=1e-6, atol=1e-6)
        gradient: Any = agent.learner.gradient
        loss, _ = gradient.loss(batch, targets)
        assert float(loss.detach()) == pytest.approx(loss_plain(agent, batch, expected), rel=1e-6)


def without_hidden_states(batch: Batch) -> Batch:
    """Return a batch whose states are read anew."""
    present, following = batch.observation, batch.next_observation
    assert isinstance(present, TextStates)
    assert isinstance(following, TextStates)
    return dataclasses.replace(
        batch,
        observation=dataclasses.replace(present, hidden=None),
        next_observation=dataclasses.replace(following, hidden=None),
    )


def gradients_of(agent: LanguageModelDQN, batch: Batch) -> torch.Tensor:
    with torch.no_grad():
        targets = agent.learner.bootstrap(batch)
        agent.learner.gradient.accumulate(batch, targets)
    return agent.learner.parameters.gradients.clone()


@pytest.mark.parametrize("candidates", [None, 3])
def test_hidden_states_of_the_memory_are_those_that_are_read(candidates: int | None) -> None:
    agent = made(train="head", candidates=candidates)
    batch = agent.memory.sample(8)
    assert isinstance(batch.observation, TextStates)
    assert batch.observation.hidden is not None
    kept = gradients_of(agent, batch)
    read = gradients_of(agent, without_hidden_states(batch))
    torch.testing.assert_close(read, kept, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("candidates", [None, 3])
def test_what_is_shown_is_found_out_as_on_the_way(candidates: int | None) -> None:
    """Each state as if it was met alone, and what was shown among its candidates."""
    agent = made(train="head", candidates=candidates, demonstrations=30, learning_starts=10**4)
    memory = agent.demonstrations
    assert isinstance(memory, TextMemory)
    batch = memory._gather(np.arange(memory.size), None)
    assert isinstance(batch.observation, TextStates)
    for row, (episode, slot) in enumerate(
        zip(batch.observation.rows, batch.observation.slots, strict=True)
    ):
        tokens = batch.observation.tokens[episode].clone()
        tokens[int(slot) + 1 :] = 0
        assert memory.masks is not None
        step = int(slot) + 1 - agent.texts.prompt_tokens
        legal = memory.masks.rows[memory.mask_rows[int(episode), step]]
        outlook = agent.policy.outlook(tokens[None], legal[None])
        assert batch.observation.hidden is not None
        torch.testing.assert_close(
            batch.observation.hidden[row], outlook.hidden[0], rtol=1e-5, atol=1e-5
        )
        if candidates is None:
            continue
        assert batch.observation.candidates is not None
        assert outlook.candidates is not None
        taken = int(batch.observation.tokens[episode, int(slot) + 1])
        kept = batch.observation.candidates[row].tolist()
        assert kept[int(batch.action[row])] == taken
        likeliest = outlook.candidates[0].tolist()
        assert kept == likeliest if taken in likeliest else len(set(kept) - {taken}) == 2


@pytest.mark.parametrize("switches", [{}, {"n_steps": 3}, {"munchausen": False}], ids=str)
def test_both_memories_give_the_same_gradients(switches: dict[str, Any]) -> None:
    """Of all transitions of some episodes, whole or one by one."""
    texts, transitions = (
        made(num_envs=1, memory=memory, learning_starts=70, buffer_size=10**4, **switches)
        for memory in ("sequences", "transitions")
    )
    whole = texts.memory._gather(np.arange(texts.memory.size), None)
    count = len(whole.action)
    single = transitions.memory._gather(np.arange(count), None)
    np.testing.assert_array_equal(whole.action, single.action)
    transitions.q_network.load_state_dict(texts.q_network.state_dict())
    transitions.learner.target_network.load_state_dict(texts.learner.target_network.state_dict())
    torch.testing.assert_close(
        gradients_of(transitions, single), gradients_of(texts, whole), rtol=1e-4, atol=1e-6
    )


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 10**6), st.sampled_from([0.5, 1.0, 3.0]))
def test_imitation_is_the_cross_entropy_of_the_legal(seed: int, tau: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    gain = torch.randn(5, 4, generator=generator)
    actions = torch.randint(4, (5,), generator=generator)
    mask = torch.rand(5, 4, generator=generator) < 0.5
    mask[torch.arange(5), actions] = True
    zeros = torch.zeros(5)
    batch = Batch(gain, actions, zeros, zeros, gain, mask, mask, np.arange(5), None)
    expected = -np.mean(
        [
            log_softmax(gain[row].tolist(), mask[row].tolist(), tau)[int(actions[row])]
            for row in range(5)
        ]
    )
    assert float(imitation_loss(gain, batch, tau)) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("train", TRAINED)
def test_the_prior_stays_and_what_is_frozen_is_shared(train: str) -> None:
    agent = made(train=train)
    learner = agent.learner
    assert isinstance(learner, LanguageModelLearner)
    networks = learner.own_network, learner.own_target_network
    mine, theirs = (
        {name: each for name, each in network.named_parameters() if not each.requires_grad}
        for network in networks
    )
    assert mine
    assert all(theirs[name] is each for name, each in mine.items())
    before = {name: each.clone() for name, each in learner.own_network.prior.named_parameters()}
    learner.update(agent.memory, 5)
    for name, parameter in learner.own_network.prior.named_parameters():
        torch.testing.assert_close(parameter, before[name], rtol=0, atol=0)
    learned = sum(p.numel() for p in learner.own_network.parameters() if p.requires_grad)
    assert learned == len(learner.parameters.values)


def test_corrections_share_the_weights_of_the_prior() -> None:
    network = made(train="lora").q_network
    prior = {id(each) for each in network.prior.parameters()}
    frozen = {id(each) for each in network.reader.parameters() if not each.requires_grad}
    assert frozen == prior


def test_pretraining_imitates_what_was_shown() -> None:
    agent = made(demonstrations=200, pretrain_updates=1_000, learning_starts=10**4)
    assert agent.demonstrations is not None
    batch = agent.demonstrations.sample(64)
    with torch.no_grad():
        judgement = judge(agent.q_network, batch.observation)
    assert float(imitation_loss(judgement.gain, batch, 1.0)) < 0.7
    # V learns what is earned by it, which is whole returns: learning by reward begins near them.
    assert not batch.discount.any()
    errors = judgement.q_values.gather(1, batch.action[:, None]).squeeze(1) - batch.return_
    assert float(errors.abs().mean()) < 0.5 * float(batch.return_.abs().mean())


def test_learning_by_reward_begins_with_steps_of_its_own_size() -> None:
    """Adam would divide by the gradients of what was imitated, which have become small."""
    agent = made(demonstrations=100, pretrain_updates=500, learning_starts=10**4)
    learner = agent.learner
    before = learner.parameters.values.clone()
    learner.optimizer.learning_rate = 1e-3
    learner.update(agent.memory, 1)
    moved = (learner.parameters.values - before).abs().max()
    assert 0 < float(moved) <= 1e-3 * (1 + 1e-4)


def test_what_is_shown_again_is_kept_once() -> None:
    """An oracle shows some examples many times before it has shown all."""
    agent = made(demonstrations=300, learning_starts=10**4)
    memory = agent.demonstrations
    assert isinstance(memory, TextMemory)
    texts = memory.tokens[: memory.size]
    assert 10 < len(texts) < 300
    assert len(np.unique(texts, axis=0)) == len(texts)
    assert (memory.lengths[: memory.size] > 0).all()
    _, first = np.unique(texts, axis=0, return_index=True)
    returns = memory.rewards[first].sum(axis=1)
    # Each is a whole right answer, also those that were played after one that was left out.
    np.testing.assert_allclose(returns, agent.reward_scale, rtol=1e-5)


def test_pretraining_has_a_step_size_of_its_own() -> None:
    """So small that nothing is learned, however large the other is."""
    settings: dict[str, Any] = {"demonstrations": 20, "learning_starts": 10**4}
    weights = [
        made(**settings, **more).q_network.state_dict()
        for more in (
            {},
            {"pretrain_updates": 5, "pretrain_learning_rate": 0.0},
            {"pretrain_updates": 5},
        )
    ]
    plain, still, moved = weights
    assert all(torch.equal(plain[name], still[name]) for name in plain)
    assert not all(torch.equal(plain[name], moved[name]) for name in plain)
