"""What the reward adds to a language model on the standard tasks, seed by seed, on held-out data.

Each line is one training that begins with the model that ships: the greedy final policy on every
example of the test split. `lm` is that model as it is; `supervised` learns from the same
demonstrations as `lm-dqn`, and from no reward; `sb3/dqn` and `sb3/maskable-ppo` begin from nothing,
with as many steps. Three more numbers tell whether the reward was hacked: distinct-2, the share of
different pairs of words in all texts, and the bits per character of the texts and of the
references, by the model that ships and by what is judged.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import text_learning
import torch

import lexigym
from lexigym.agents.protocol import evaluate
from lexigym.registry.environments import make_vector_environment

NUM_ENVS = 64
# Whole returns: nothing is bootstrapped from values that are still wrong.
SHARED: dict[str, Any] = {
    "train": "full",
    "learning_rate": 3e-4,
    "munchausen": False,
}


@dataclass(frozen=True)
class Task:
    """What is learned, and how.

    Attributes:
        name: The id of the environment.
        steps: Tokens to write while learning.
        hyperparameters: Of `lm-dqn`, besides `SHARED`.
        arguments: Of the environment, wherever it is played.
        training: Of the environment to learn in, besides.
    """

    name: str
    steps: int
    hyperparameters: dict[str, Any]
    arguments: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)


# Five times as many as there are examples, so that nearly all are shown.
SHOWN = {
    "imitation_weight": 1.0,
    "pretrain_learning_rate": 1e-3,
    "prioritized": True,
    "beta": 2.0,
}
FACTS = SHOWN | {
    "learning_rate": 1e-4,
    "n_steps": 10,
    "batch_size": 64,
    "demonstrations": 40_000,
    "pretrain_updates": 2_500,
}
PHRASES = SHOWN | {
    "pretrain_updates": 1_500,
    "n_steps": 20,
    "batch_size": 32,
    "demonstrations": 4_000,
    "dropout": 0.2,
}
TASKS: dict[str, Task] = {
    "facts": Task("QA-v0", 20_000, FACTS),
    "french": Task("Translation-v0", 40_000, PHRASES),
    "chinese": Task("Translation-v0", 40_000, PHRASES, {"target": "zh"}),
    # The model knows its training prompts by heart: what it earns on them tells little of others.
    "stories": Task(
        "TextGen-v0",
        240_000,
        {
            "n_steps": 16,
            "batch_size": 48,
            "buffer_size": 60_000,
            "learning_rate": 5e-4,
            "beta": 3.0,
            "prioritized": False,
        },
        training={"dataset_arguments": {"recombined": 20_000}},
    ),
}
FROM_NOTHING: dict[str, dict[str, Any]] = {
    "sb3/dqn": text_learning.SHARED | text_learning.AGENTS["sb3/dqn"],
    # Rollouts of 2048 steps, its own length, though many environments play, and larger batches:
    # its networks read each token as one of V inputs.
    "sb3/maskable-ppo": {"n_steps": 2048 // text_learning.NUM_ENVS, "batch_size": 512},
}
UNTRAINED = ("random", "oracle", "lm")
AGENTS = (*UNTRAINED, "supervised", "lm-dqn", *FROM_NOTHING)


def learner(task: Task, name: str, seed: int, more: dict[str, Any]) -> tuple[Any, int]:
    """Return an agent that learns, and the steps that it is to learn."""
    if name in FROM_NOTHING:
        envs = make_vector_environment(task.name, text_learning.NUM_ENVS, **task.arguments)
        return lexigym.make_agent(name, envs, seed=seed, **FROM_NOTHING[name]), task.steps
    envs = make_vector_environment(task.name, NUM_ENVS, **task.arguments | task.training)
    hyperparameters = SHARED | task.hyperparameters | more
    # One step, for the demonstrations; updates by reward would begin later.
    steps = NUM_ENVS if name == "supervised" else task.steps
    return lexigym.make_agent("lm-dqn", envs, seed=seed, **hyperparameters), steps


def run(task: Task, name: str, seed: int, split: str, more: dict[str, Any]) -> dict[str, Any]:
    """Return what one training gives on the held-out split."""
    held_out = gymnasium.make(task.name, split=split, **task.arguments)
    seconds = 0.0
    if name in UNTRAINED:
        own = {} if name == "oracle" else {"seed": seed}
        agent = lexigym.make_agent(name, held_out, **own)
    else:
        start = time.perf_counter()
        agent, steps = learner(task, name, seed, more)
        agent.learn(steps)
        seconds = time.perf_counter() - start
    found = {"score": float(evaluate(agent, held_out).mean()), "seconds": seconds}
    if task.name == "TextGen-v0":
        found |= fluency(agent, held_out)
    return found


def fluency(agent: Any, env: Any) -> dict[str, float]:
    """Return distinct-2 of all texts, and the bits per character of texts and references."""
    shipped = lexigym.make_agent("lm", env)
    written = list(texts_of(agent, env))
    pairs = [pair for tokens, _ in written for pair in pairwise(tokens)]
    found = {
        "distinct-2": len(set(pairs)) / max(len(pairs), 1),
        "bits of texts": bits(shipped, env, written),
    }
    if hasattr(agent, "policy") and hasattr(agent, "texts"):
        references = [
            (env.unwrapped.task.examples.get(index).references[0], index)
            for index in range(env.unwrapped.num_examples)
        ]
        found["bits of references"] = bits(agent, env, references)
    return found


def texts_of(agent: Any, env: Any) -> Iterator[tuple[list[int], int]]:
    """Yield the greedy text of each example, as ids, and the example."""
    for index in range(env.unwrapped.num_examples):
        observation, info = env.reset(options={"example": index})
        tokens, done = [], False
        while not done:
            masks = {"action_masks": info["action_mask"]}
            action, _ = agent.predict(observation, deterministic=True, **masks)
            observation, _, done, _, info = env.step(action)
            tokens.append(int(action))
        yield [token for token in tokens if token != env.unwrapped.task.tokenizer.eos], index


def bits(judge: Any, env: Any, texts: list[tuple[list[int], int]]) -> float:
    """Return the bits per character of texts by what a language model's agent would write."""
    task = env.unwrapped.task
    total, characters = 0.0, 0
    for tokens, index in texts:
        page = np.tile(task.examples.get(index).blank, (len(tokens) + 1, 1))
        for place, token in enumerate(tokens):
            page[place + 1 :, task.prompt_tokens + place] = token
        ahead = [*tokens, task.tokenizer.eos][: task.new_tokens]
        legal = np.tile(task.mask.astype(bool), (len(ahead), 1))
        scores = judge.policy.outlook(torch.from_numpy(page[: len(ahead)]), legal).scores
        chosen = scores.log_softmax(dim=1)[torch.arange(len(ahead)), torch.tensor(ahead)]
        total -= float(chosen.sum()) / float(np.log(2))
        characters += len(task.decode(tokens))
    return total / max(characters, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tasks", nargs="+", choices=sorted(TASKS))
    parser.add_argument("--agents", nargs="+", default=["lm", "lm-dqn"], choices=AGENTS)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--split", default="test", help="validation, while settings are chosen")
    parser.add_argument("--steps", type=int, help="in place of the task's")
    parser.add_argument("--set", type=json.loads, default={}, help="hyperparameters, as JSON")
    parser.add_argument("--out", type=Path, help="a file of JSON lines to append to")
    arguments = parser.parse_args()
    if "supervised" in arguments.agents and "stories" in arguments.tasks:
        parser.error("nothing is shown in stories: leave out supervised, or stories")
    torch.set_num_threads(1)
    for seed in arguments.seeds:
        for name in arguments.tasks:
            task = TASKS[name]
            if arguments.steps is not None:
                task = Task(**{**vars(task), "steps": arguments.steps})
            for agent in arguments.agents:
                found = run(task, agent, seed, arguments.split, arguments.set)
                shown = "  ".join(f"{key} {value:.3f}" for key, value in found.items())
                print(f"{name:8} {agent:16} seed {seed}  {shown}", flush=True)
                if arguments.out is not None:
                    row = {"task": name, "agent": agent, "seed": seed, **found}
                    with arguments.out.open("a") as file:
                        file.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
