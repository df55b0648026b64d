"""The reward fine-tunes a language model: what it answers before and after learning by score."""

import argparse
from typing import Any

import gymnasium
import numpy as np

import lexigym


def answers(agent: Any, env: Any, questions: int) -> list[tuple[str, str, float]]:
    """Return question, answer and score of some questions, from all over the split."""
    written = []
    for example in np.linspace(0, env.unwrapped.num_examples - 1, questions, dtype=int):
        observation, info = env.reset(options={"example": example})
        terminated = False
        while not terminated:
            action, _ = agent.predict(
                observation, deterministic=True, action_masks=info["action_mask"]
            )
            observation, _, terminated, _, info = env.step(action)
        written.append((env.unwrapped.prompt, env.unwrapped.text, float(info["score"])))
    return written


def main(steps: int, questions: int) -> None:
    envs = gymnasium.make_vec("QA-v0", 64, "vector_entry_point", autoreset_mode="SameStep")
    # Its questions are never learned from.
    test = gymnasium.make("QA-v0", split="test")
    agent = lexigym.make_agent(
        "lm-dqn",
        envs,
        seed=0,
        # The heads alone learn, on what the model thinks; its own weights stay.
        train="head",
        # Returns to the end of the text: no bootstrap from values that are still wrong.
        munchausen=False,
        n_steps=10,
        learning_rate=1e-3,
        beta=3.0,
    )
    before = answers(agent, test, questions)
    agent.learn(steps)
    after = answers(agent, test, questions)
    for name, written in (("before", before), ("after", after)):
        print(f"{name}: mean return {np.mean([score for *_, score in written]):.3f}")
    for (question, old, _), (_, new, score) in zip(before, after, strict=True):
        if old != new:
            print(f"{question} {old or '-'} -> {new or '-'} ({'right' if score else 'wrong'})")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=15_000, help="tokens to learn from")
    parser.add_argument("--questions", type=int, default=300, help="questions to judge by")
    main(**vars(parser.parse_args()))
