"""Beam search: with room for all texts it finds the best one there is."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch

import lexigym
from lexigym.agents.lm.beams import BeamSearch
from lexigym.agents.lm.policy import TextPolicy

from .texts_to_write import copy_env, tiny_model

EOS, LEGAL = 1, (1, 2, 3, 4, 5)


def policy_and_start(seed: int, sharpness: float = 4.0) -> tuple[TextPolicy, torch.Tensor, Any]:
    env = copy_env()
    agent = lexigym.make_agent("lm-dqn", env, model=tiny_model("llama"), seed=seed)
    # The weights that a model begins with tell little apart.
    with torch.no_grad():
        for parameter in agent.q_network.reader.parameters():
            parameter.mul_(sharpness)
    observation, info = env.reset(seed=seed)
    return agent.policy, torch.from_numpy(observation), info["action_mask"].astype(bool)


def mean_score(policy: TextPolicy, start: torch.Tensor, text: tuple[int, ...], legal: Any) -> float:
    """Return the mean log-probability of a text's tokens under softmax(scores)."""
    state, total, first = start.clone(), 0.0, 2
    for place, token in enumerate(text):
        outlook = policy.outlook(state[None], legal[None])
        total += float(outlook.scores.log_softmax(dim=1)[0, token])
        state[first + place] = token
    return total / len(text)


def texts() -> list[tuple[int, ...]]:
    """Return all texts of at most three tokens, `<eos>` included."""
    words = [token for token in LEGAL if token != EOS]
    whole = [(*start, EOS) for n in range(3) for start in itertools.product(words, repeat=n)]
    return whole + list(itertools.product(words, repeat=3))


@pytest.mark.parametrize("seed", range(5))
def test_with_room_for_all_it_finds_the_best(seed: int) -> None:
    policy, start, legal = policy_and_start(seed)
    best = max(texts(), key=lambda text: mean_score(policy, start, text, legal))
    assert tuple(BeamSearch(policy).search(start, legal, 100)) == best


@pytest.mark.parametrize("seed", range(5))
def test_one_beam_is_never_better_than_many(seed: int) -> None:
    policy, start, legal = policy_and_start(seed)
    narrow, wide = (
        mean_score(policy, start, tuple(BeamSearch(policy).search(start, legal, beams)), legal)
        for beams in (1, 100)
    )
    assert narrow <= wide + 1e-6


def test_it_beats_greedy_somewhere() -> None:
    """Else it would be of no use: the first token of the best text is not always the best token."""
    differ = 0
    for seed in range(20):
        policy, start, legal = policy_and_start(seed)
        greedy = int(policy.best(policy.outlook(start[None], legal[None]))[0])
        differ += greedy != BeamSearch(policy).search(start, legal, 100)[0]
    assert 0 < differ < 20


def test_a_plan_is_followed_and_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    env = copy_env()
    agent = lexigym.make_agent("lm-dqn", env, model=tiny_model(), seed=3, beams=4)
    searches = 0
    search = BeamSearch.search

    def counted(*arguments: Any) -> list[int]:
        nonlocal searches
        searches += 1
        return search(*arguments)

    monkeypatch.setattr(BeamSearch, "search", counted)
    for _ in range(2):
        observation, info = env.reset(options={"example": 0})
        done = False
        while not done:
            action, _ = agent.predict(
                observation, deterministic=True, action_masks=info["action_mask"]
            )
            observation, _, done, _, info = env.step(action)
        assert searches == 1
    agent._forget()
    agent.predict(env.reset(options={"example": 0})[0], deterministic=True, action_masks=np.ones(6))
    assert searches == 2
