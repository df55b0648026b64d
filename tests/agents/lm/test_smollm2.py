"""A real language model learns to answer: in a minute or two, where its package is installed."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest

import lexigym
from lexigym.agents.lm.models import SmolLM2
from lexigym.registry.environments import make_vector_environment

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(SmolLM2.missing() is not None, reason="SmolLM2 isn't installed"),
]

ARGUMENTS = {"tokenizer": "smollm2", "template": "Question: {prompt}\nAnswer: "}
QUESTIONS = 32


@pytest.fixture(scope="module", autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LEXIGYM_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


def exact_match(agent: Any) -> float:
    """The share of right greedy answers to held-out questions from all over the split."""
    env: Any = gymnasium.make("QA-v0", split="test", **ARGUMENTS)
    total = 0.0
    for example in np.linspace(0, env.unwrapped.num_examples - 1, QUESTIONS, dtype=int):
        observation, info = env.reset(options={"example": int(example)})
        terminated = False
        while not terminated:
            masks = {"action_masks": info["action_mask"]}
            action, _ = agent.predict(observation, deterministic=True, **masks)
            observation, reward, terminated, _, info = env.step(action)
            total += float(reward)
    return total / QUESTIONS


def test_its_heads_learn_from_a_plain_prompt() -> None:
    agent = lexigym.make_agent(
        "lm-dqn",
        make_vector_environment("QA-v0", 32, **ARGUMENTS),
        model="smollm2",
        train="head",
        seed=0,
        learning_rate=1e-3,
        candidates=64,
        munchausen=False,
        n_steps=32,
        demonstrations=400,
        pretrain_updates=400,
        imitation_weight=1.0,
    )
    before = exact_match(agent)
    agent.learn(320)
    assert exact_match(agent) > before + 0.05
