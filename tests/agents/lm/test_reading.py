"""Reading texts: whatever stands beside a text, and whatever was read before, changes nothing."""

from __future__ import annotations

import dataclasses
import logging
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lexigym.agents.dqn.prefixes import Prefixes
from lexigym.agents.lm import cached_reader, reader
from lexigym.agents.lm.building import build_network
from lexigym.agents.lm.cached_reader import CachedReaders
from lexigym.agents.lm.config import LanguageModelConfig
from lexigym.agents.lm.q_network import LanguageModelQNetwork
from lexigym.agents.lm.texts import Texts

from .texts_to_write import copy_env, copy_vector, tiny_model

P, T, PAD, EOS = 5, 4, 0, 1
TEXTS = Texts(P, T, PAD, EOS, ("<pad>", "<eos>", *"abcdefgh"), (1, 2, 3, 4, 5))


def network(kind: str = "gpt2", texts: Texts = TEXTS, **settings: Any) -> LanguageModelQNetwork:
    config = LanguageModelConfig(model=tiny_model(kind), **settings)
    return build_network(config, texts, seed=0)


NETWORKS = {kind: network(kind) for kind in ("gpt2", "llama")}
kinds = st.sampled_from(sorted(NETWORKS))


@st.composite
def observations(draw: st.DrawFn, count: int | None = None) -> torch.Tensor:
    """Draw observations: prompts of 1 to P tokens and texts of 0 to T - 1."""
    rows = []
    for _ in range(draw(st.integers(1, 5)) if count is None else count):
        prompt = draw(st.lists(st.integers(2, 9), min_size=1, max_size=P))
        text = draw(st.lists(st.integers(2, 5), max_size=T - 1))
        rows.append([0] * (P - len(prompt)) + prompt + text + [0] * (T - len(text)))
    return torch.tensor(rows)


def read_plainly(net: LanguageModelQNetwork, observation: torch.Tensor) -> torch.Tensor:
    """Return the hidden state of one text, read by itself, without padding or cache."""
    prompt = [token for token in observation[:P].tolist() if token != PAD]
    text = [token for token in observation[P:].tolist() if token != PAD]
    ids = torch.tensor([[*prompt, EOS, *text]])
    output = net.reader.model(ids, output_hidden_states=True, use_cache=False)
    return output.hidden_states[-1][0, -1]


@settings(deadline=None, max_examples=200)
@given(kinds, observations())
@torch.no_grad()
def test_batching_and_padding_change_nothing(kind: str, tokens: torch.Tensor) -> None:
    net = NETWORKS[kind]
    together = net.read(tokens).learning
    for row, observation in enumerate(tokens):
        torch.testing.assert_close(
            together[row], read_plainly(net, observation), rtol=1e-5, atol=1e-5
        )


def test_padding_that_no_text_sees_is_warned_of_by_nobody(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    logger = logging.getLogger("transformers")
    monkeypatch.setattr(logger, "propagate", True)
    logging.Logger.warning_once.cache_clear()  # type: ignore[attr-defined]
    net = network()
    for model in (net.reader.model, net.reader.model.base_model):
        model.config.pad_token_id = PAD
    net.read(torch.tensor([[0, 0, 0, 2, 3, 2, 0, 0, 0], [4, 5, 6, 7, 8, 2, 3, 0, 0]]))
    assert not caplog.records


@settings(deadline=None, max_examples=100)
@given(kinds, observations())
@torch.no_grad()
def test_one_pass_reads_every_beginning(kind: str, tokens: torch.Tensor) -> None:
    net = NETWORKS[kind]
    last = net.reader.last_slots(tokens)
    rows = torch.cat([torch.full((int(end) - P + 2,), row) for row, end in enumerate(last)])
    slots = torch.cat([torch.arange(P - 1, int(end) + 1) for end in last])
    hidden = net.read(Prefixes(tokens, rows, slots)).learning
    places = torch.arange(P + T)
    for each, row, slot in zip(hidden, rows, slots, strict=True):
        beginning = torch.where(places <= slot, tokens[row], PAD)
        torch.testing.assert_close(each, read_plainly(net, beginning), rtol=1e-5, atol=1e-5)


@settings(deadline=None, max_examples=100)
@given(kinds, st.data())
@torch.no_grad()
def test_a_cache_changes_nothing(kind: str, data: st.DataObject) -> None:
    """Texts grow, begin anew, jump back and stand still, each at its own pace."""
    net, count = NETWORKS[kind], data.draw(st.integers(1, 4))
    readers = CachedReaders(net)
    tokens = data.draw(observations(count))
    for _ in range(data.draw(st.integers(1, 8))):
        torch.testing.assert_close(readers.read(tokens), net.read(tokens), rtol=1e-5, atol=1e-5)
        fresh, tokens = data.draw(observations(count)), tokens.clone()
        for row, slot in enumerate((net.reader.last_slots(tokens) + 1).tolist()):
            move = data.draw(st.sampled_from(["grow", "grow", "grow", "new", "stay", "back"]))
            if move == "grow" and slot < P + T - 1:
                tokens[row, slot] = data.draw(st.integers(2, 5))
            elif move == "back" and slot > P:
                tokens[row, slot - 1] = PAD
            elif move != "stay":
                tokens[row] = fresh[row]


@settings(deadline=None, max_examples=100)
@given(kinds, st.data())
@torch.no_grad()
def test_a_shared_beginning_is_read_once(kind: str, data: st.DataObject) -> None:
    net, count = NETWORKS[kind], data.draw(st.integers(2, 4))
    beginning = torch.tensor(data.draw(st.lists(st.integers(2, 9), min_size=2, max_size=P - 1)))
    readers = CachedReaders(net)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "SHARED", 2)
        patch.setattr(cached_reader, "SHARED", 2)
        for _ in range(3):
            tokens = data.draw(observations(count))
            tokens[:, :P] = PAD
            tokens[:, P - 1 - len(beginning) : P - 1] = beginning
            tokens[:, P - 1] = torch.tensor(data.draw(st.lists(st.integers(2, 9), min_size=count)))[
                :count
            ]
            alone = torch.stack([read_plainly(net, each) for each in tokens])
            for read in (net.read, readers.read):
                torch.testing.assert_close(read(tokens).learning, alone, rtol=1e-5, atol=1e-5)


@torch.no_grad()
def test_examples_in_front_of_every_question_are_not_read_again() -> None:
    texts = dataclasses.replace(TEXTS, prompt_tokens=30)
    net = network(texts=texts, train="head")
    count, own = 8, 4
    tokens = torch.full((count, 30 + T), PAD)
    tokens[:, : 30 - own] = 7
    reading: list[int] = []

    def read_anew() -> Any:
        tokens[:, 30 - own : 30] = torch.randint(2, 9, (count, own))
        # Else one more might be the same in all.
        tokens[0, 30 - own], tokens[1, 30 - own] = 2, 3
        reading.clear()
        return tokens

    def counted(ids: torch.Tensor | None = None, *rest: Any, **named: Any) -> Any:
        reading.append(ids.numel() if ids is not None else named["inputs_embeds"][..., 0].numel())
        return forward(ids, *rest, **named)

    model, readers = net.reader.model.base_model, CachedReaders(net)
    forward = model.forward
    readers.read(read_anew())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model, "forward", counted)
        patch.setattr(readers.prior, "_plain", None)
        net.read(read_anew())
        # The separator is read as well.
        assert sum(reading) == (30 - own) + count * (own + 1)
        readers.read(read_anew())
        assert count * own <= sum(reading) <= count * (own + 1)


@torch.no_grad()
def test_a_cache_reads_a_vector_environment() -> None:
    envs = copy_vector(8)
    net = network(texts=Texts.of(envs))
    readers, generator = CachedReaders(net), np.random.default_rng(0)
    observation, info = envs.reset(seed=0)
    for _ in range(40):
        tokens = torch.from_numpy(observation)
        torch.testing.assert_close(readers.read(tokens), net.read(tokens), rtol=1e-5, atol=1e-5)
        legal = [generator.choice(np.flatnonzero(mask)) for mask in info["action_mask"]]
        observation, *_, info = envs.step(np.array(legal))


def test_texts_are_what_the_environment_writes() -> None:
    env = copy_env()
    texts = Texts.of(env)
    assert (texts.prompt_tokens, texts.new_tokens, texts.pad, texts.eos) == (2, 3, 0, 1)
    assert texts.tokens == ("<pad>", "<eos>", "a", "b", "c", "d")
    assert texts.written == (1, 2, 3, 4, 5)
    assert Texts.of(copy_vector(2)) == texts
    assert Texts.from_json(texts.to_json()) == texts


@pytest.mark.parametrize("kind", sorted(NETWORKS))
@torch.no_grad()
def test_before_the_first_update_it_is_the_language_model(kind: str) -> None:
    net = NETWORKS[kind]
    tokens = torch.tensor([[0, 0, 0, 3, 4, 2, 0, 0, 0], [2, 3, 4, 5, 6, 0, 0, 0, 0]])
    ids = [[3, 4, EOS, 2], [2, 3, 4, 5, 6, EOS]]
    for row, sequence in enumerate(ids):
        logits = net.reader.model(torch.tensor([sequence]), use_cache=False).logits[0, -1]
        legal = list(TEXTS.written)
        expected = torch.log_softmax(logits[legal], 0)
        q_values = net(tokens)[row]
        torch.testing.assert_close(q_values[legal], expected, rtol=1e-5, atol=1e-5)
        assert (q_values[[0, 6, 7, 8, 9]] < -1e8).all()
