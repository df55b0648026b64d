"""What an agent says of its own thoughts."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import lexigym

from .texts_to_write import copy_env, tiny_model


def agent_and_env(**settings: object) -> tuple[lexigym.agents.lm.agent.LanguageModelDQN, object]:
    env = copy_env()
    defaults = {"model": tiny_model(), "seed": 0, "learning_starts": 20, "batch_size": 4}
    return lexigym.make_agent("lm-dqn", env, **(defaults | settings)), env


@pytest.mark.parametrize("train", ["full", "head"])
@pytest.mark.parametrize("candidates", [None, 3])
def test_before_and_now_stand_side_by_side(train: str, candidates: int | None) -> None:
    agent, env = agent_and_env(train=train, candidates=candidates, beta=5.0)
    observation, info = env.reset(seed=0)
    mask = info["action_mask"]
    untrained = agent.explain(observation, mask)
    agent.learn(200)
    trained = agent.explain(observation, mask)
    # Before is before, whatever was learned since.
    assert [line[:24] for line in untrained.splitlines()] == [
        line[:24] for line in trained.splitlines()
    ]
    assert [line[27:51] for line in untrained.splitlines()] != [
        line[27:51] for line in trained.splitlines()
    ]
    best, _ = agent.predict(observation, deterministic=True, action_masks=mask)
    assert trained.splitlines()[1][27:].split()[0] == agent.texts.tokens[best]


def test_values_stand_along_the_text() -> None:
    agent, env = agent_and_env()
    agent.learn(100)
    observation, info = env.reset(options={"example": 0})
    assert agent.explain_text(observation) == "nothing is written yet"
    states, tokens = [], []
    for _ in range(2):
        states.append(observation)
        tokens.append(env.unwrapped.oracle_action())
        observation, *_ = env.step(tokens[-1])
    lines = agent.explain_text(observation, info["action_mask"]).splitlines()[1:]
    for line, state, token in zip(lines, states, tokens, strict=True):
        q_values = agent.q_values(state)
        words = line.split()
        assert words[0] == agent.texts.tokens[token]
        assert float(words[1]) == pytest.approx(q_values[token], abs=1e-3)
        legal = np.where(info["action_mask"], q_values, -np.inf)
        assert words[2] == agent.texts.tokens[int(legal.argmax())]
        assert float(words[3]) == pytest.approx(legal.max(), abs=1e-3)


def test_nothing_changes_by_explaining() -> None:
    agent, env = agent_and_env()
    observation, info = env.reset(seed=0)
    before = torch.random.get_rng_state(), agent.policy.generator.bit_generator.state
    agent.explain(observation, info["action_mask"])
    assert torch.equal(torch.random.get_rng_state(), before[0])
    assert agent.policy.generator.bit_generator.state == before[1]
