"""Tokens per second of language models: acting against `transformers`, and what learns in updates.

Both write the same greedy texts of the model that ships, 16 at a time, with caches; the texts are
compared first. Updates are those of `lm-dqn` on the same episodes, its heads alone or all of the
model. They take turns, and the median of the rounds counts.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
import torch
from token_speed import Turn, medians

import lexigym
from lexigym.agents.lm.playing import TextPlayer
from lexigym.registry.environments import make_vector_environment

TEXTS = 16


def play(player: TextPlayer, observations: np.ndarray[Any, Any], legal: Any) -> torch.Tensor:
    """Return greedy texts, `(n, T)`, padded after their end."""
    texts = player.policy.network.reader.texts
    pages, start = observations.copy(), texts.prompt_tokens
    tokens, running = torch.from_numpy(pages), np.ones(len(pages), bool)
    player.forget()
    for slot in range(start, start + texts.new_tokens):
        chosen = player.act(tokens, legal, deterministic=True, epsilon=0.0, beams=1)
        pages[running, slot] = chosen[running]
        running &= chosen != texts.eos
        if not running.any():
            break
    return tokens[:, start:]


def generate(agent: Any, observations: np.ndarray[Any, Any]) -> torch.Tensor:
    """Return the same by transformers."""
    reader, texts = agent.policy.network.reader, agent.texts
    prompts = torch.from_numpy(observations[:, : texts.prompt_tokens])
    ids = torch.cat([prompts, torch.full((len(prompts), 1), texts.eos)], dim=1)
    unwritten = sorted(set(range(len(texts.tokens))) - set(texts.written))
    output = reader.model.generate(
        ids,
        attention_mask=(ids != texts.pad).long(),
        max_new_tokens=texts.new_tokens,
        do_sample=False,
        suppress_tokens=unwritten,
        eos_token_id=texts.eos,
        pad_token_id=texts.pad,
    )
    written: torch.Tensor = output[:, ids.shape[1] :]
    return written


def acting(rounds: int) -> None:
    env = make_vector_environment("TextGen-v0", TEXTS)
    agent = lexigym.make_agent("lm", env)
    observations, info = env.reset(seed=0)
    legal = info["action_mask"].astype(bool)
    player = TextPlayer(agent.policy)
    ours, theirs = play(player, observations, legal), generate(agent, observations)
    assert torch.equal(ours[:, : theirs.shape[1]], theirs), "the texts differ"
    count = int((ours != agent.texts.pad).sum())

    def timed(write: Any, *arguments: Any) -> Turn:
        def turn() -> tuple[int, float]:
            start = time.perf_counter()
            for _ in range(20):
                write(*arguments)
            return 20 * count, time.perf_counter() - start

        return turn

    speeds = medians(
        {
            "lm": timed(play, player, observations, legal),
            "transformers.generate": timed(generate, agent, observations),
        },
        rounds,
    )
    report("tokens written a second", speeds)


def updates(model: str, tokenizer: str, rounds: int) -> None:
    turns: dict[str, Turn] = {}
    for train in ("head", "full"):
        env = make_vector_environment("QA-v0", TEXTS, tokenizer=tokenizer)
        agent = lexigym.make_agent(
            "lm-dqn", env, model=model, train=train, seed=0, learning_starts=200, batch_size=16
        )
        agent.learn(400)

        def turn(agent: Any = agent) -> tuple[int, float]:
            start = time.perf_counter()
            agent.learner.update(agent.memory, 3)
            return 3, time.perf_counter() - start

        turns[f'train="{train}"'] = turn
    report(f"updates a second, {model}", medians(turns, rounds))


def report(what: str, speeds: dict[str, float]) -> None:
    """Print speeds, and the first over the second."""
    first, second = speeds.values()
    print(f"{what}: " + ", ".join(f"{name} {speed:,.1f}" for name, speed in speeds.items()))
    print(f"ratio {first / second:.2f}\n", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="turns of each")
    parser.add_argument("--smollm2", action="store_true", help="updates of SmolLM2 as well")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    acting(arguments.rounds)
    updates("shipped", "words", arguments.rounds)
    if arguments.smollm2:
        updates("smollm2", "smollm2", arguments.rounds)


if __name__ == "__main__":
    main()
