"""Token positions that a transformer learns from, a second: whole texts against transitions.

One GPT-2 of one configuration is the Q-network of `lm-dqn`, which reads a text once and values
every beginning of it, and the features extractor of Stable-Baselines3's DQN, which reads every
beginning by itself. Both make one-step targets with a target network, from texts of T = 32 tokens,
512 positions an update. They take turns, and the median of the rounds counts.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import gymnasium
import torch
from language_model_speed import report
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from token_speed import medians
from torch import Tensor
from transformers import AutoModel, GPT2Config

import lexigym
from lexigym.registry.environments import make_vector_environment

TOKENS = 32
TEXTS = 16
UPDATES = 3
GPT2 = {"n_embd": 128, "n_layer": 3, "n_head": 4, "n_positions": 96}


class LastState(BaseFeaturesExtractor):
    """The hidden state of the last token of each observation, `(B, P + T)` to `(B, D)`."""

    def __init__(self, space: gymnasium.spaces.Box, vocabulary: int, prompt_tokens: int) -> None:
        super().__init__(space, features_dim=GPT2["n_embd"])
        self.prompt_tokens = prompt_tokens
        self.model = AutoModel.from_config(GPT2Config(vocab_size=vocabulary, **GPT2))

    def forward(self, observations: Tensor) -> Tensor:
        """Read each text by itself."""
        tokens = observations.long()
        last = self.prompt_tokens - 1 + (tokens[:, self.prompt_tokens :] != 0).sum(dim=1)
        hidden: Tensor = self.model(tokens, use_cache=False).last_hidden_state
        return hidden[torch.arange(len(tokens)), last]


def whole_texts() -> Any:
    """Return an `lm-dqn` that has written a few hundred texts."""
    envs = make_vector_environment("TextGen-v0", TEXTS, max_new_tokens=TOKENS)
    agent = lexigym.make_agent(
        "lm-dqn",
        envs,
        model={"model_type": "gpt2", **GPT2},
        seed=0,
        batch_size=TEXTS,
        buffer_size=20_000,
        learning_starts=10_000,
        munchausen=False,
        prioritized=False,
    )
    return agent.learn(10_000)


def transitions() -> Any:
    """Return an `sb3/dqn` on the same transformer that has as many transitions."""
    env = gymnasium.make("TextGen-v0", max_new_tokens=TOKENS)
    task = env.unwrapped.task
    extractor = {"vocabulary": task.tokenizer.size, "prompt_tokens": task.prompt_tokens}
    agent = lexigym.make_agent(
        "sb3/dqn",
        env,
        seed=0,
        batch_size=TEXTS * TOKENS,
        buffer_size=20_000,
        learning_starts=10_000,
        exploration_fraction=1.0,
        exploration_final_eps=1.0,
        policy_kwargs={
            "net_arch": [],
            "features_extractor_class": LastState,
            "features_extractor_kwargs": extractor,
        },
    )
    return agent.learn(10_000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="turns of each")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    ours, theirs = whole_texts(), transitions()
    positions = len(ours.memory.sample(1_000).indices) / 1_000
    assert positions > TOKENS - 1, "the texts end early"

    def update_ours() -> tuple[int, float]:
        start = time.perf_counter()
        ours.learner.update(ours.memory, UPDATES)
        return round(UPDATES * TEXTS * positions), time.perf_counter() - start

    def update_theirs() -> tuple[int, float]:
        start = time.perf_counter()
        theirs.model.train(gradient_steps=UPDATES, batch_size=TEXTS * TOKENS)
        return UPDATES * TEXTS * TOKENS, time.perf_counter() - start

    turns = {"lm-dqn": update_ours, "sb3/dqn": update_theirs}
    report("token positions learned from a second", medians(turns, arguments.rounds))


if __name__ == "__main__":
    main()
