"""Dropout works while an update reads, and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

import lexigym
from lexigym.agents.lm.dropout import dropping_out
from lexigym.registry.errors import InvalidArgumentError

from .texts_to_write import copy_env, copy_vector, tiny_model


def made(**settings: Any) -> Any:
    small = {"model": tiny_model(), "learning_starts": 20, "batch_size": 4, "seed": 0}
    return lexigym.make_agent("lm-dqn", copy_vector(4), **small | settings)


def rates(model: nn.Module) -> dict[str, float]:
    return {n: m.p for n, m in model.named_modules() if isinstance(m, nn.Dropout)}


def test_the_rate_is_that_of_all_layers_but_those_within_attention() -> None:
    network = made(dropout=0.3).q_network
    learning = rates(network.reader.model)
    assert {rate for name, rate in learning.items() if "attn_dropout" in name} == {0.0}
    assert {rate for name, rate in learning.items() if "attn_dropout" not in name} == {0.3}
    assert len(learning) == 1 + 3 * 2
    assert not network.prior.model.training


@torch.no_grad()
def test_it_acts_without() -> None:
    """And what reads while learning draws from its seed alone, never from the global generator."""
    network = made(dropout=0.5).q_network
    observation, _ = copy_vector(4).reset(seed=0)
    tokens = torch.from_numpy(observation)
    acting = network(tokens)
    torch.testing.assert_close(network(tokens), acting, rtol=0, atol=0)
    state = torch.random.get_rng_state()
    found = []
    for seed in (1, 1, 2):
        with dropping_out(network.reader, 0.5, seed):
            found.append(network(tokens))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])
    assert not torch.equal(found[0], acting)
    torch.testing.assert_close(network(tokens), acting, rtol=0, atol=0)


@pytest.mark.parametrize("train", ["full", "lora"])
def test_what_is_learned_depends_on_it(train: str) -> None:
    without, with_dropout, again = (
        made(train=train, dropout=rate).learn(80).q_network.state_dict() for rate in (0, 0.2, 0.2)
    )
    assert all(torch.equal(with_dropout[name], again[name]) for name in again)
    assert not all(torch.equal(with_dropout[name], without[name]) for name in without)


def test_a_model_without_such_layers_is_refused() -> None:
    message = "LlamaForCausalLM has no dropout layers: leave dropout at 0, got 0.1"
    with pytest.raises(InvalidArgumentError, match=message):
        lexigym.make_agent("lm-dqn", copy_env(), model=tiny_model("llama"), dropout=0.1)
