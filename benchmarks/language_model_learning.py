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
import dataclasses
import json
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import torch

import lexigym
from lexigym.agents.protocol import evaluate
from lexigym.leaderboard.experiment import load_experiment
from lexigym.leaderboard.run import Run
from lexigym.registry.environments import make_vector_environment

# Their columns in the suite `full`, which has their settings.
TASKS = {
    "facts": "QA-v0",
    "french": "Translation-v0",
    "chinese": "Translation-v0, Chinese",
    "stories": "TextGen-v0",
}
FROM_NOTHING = ("sb3/dqn", "sb3/maskable-ppo")
UNTRAINED = ("random", "oracle", "lm")
AGENTS = (*UNTRAINED, "supervised", "lm-dqn", *FROM_NOTHING)


def learner(run: Run) -> Any:
    """Return an agent on the environment that it is to learn on."""
    envs = make_vector_environment(run.environment_id, run.num_envs, **run.arguments)
    return lexigym.make_agent(run.agent_name, envs, seed=run.seed, **run.hyperparameters)


def trained(run: Run, name: str, split: str) -> dict[str, Any]:
    """Return what one training gives on the held-out split."""
    held_out = gymnasium.make(run.environment_id, **run.evaluation_arguments | {"split": split})
    seconds = 0.0
    if name in UNTRAINED:
        own = {} if name == "oracle" else {"seed": run.seed}
        agent = lexigym.make_agent(name, held_out, **own)
    else:
        start = time.perf_counter()
        agent = learner(run)
        # One step, for the demonstrations; updates by reward would begin later.
        agent.learn(run.num_envs if name == "supervised" else run.steps)
        seconds = time.perf_counter() - start
    found = {"score": float(evaluate(agent, held_out).mean()), "seconds": seconds}
    if run.environment_id == "TextGen-v0":
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
    runs = {(run.environment, run.agent): run for run in load_experiment("full").runs()}
    for seed in arguments.seeds:
        for task in arguments.tasks:
            for name in arguments.agents:
                agent = "lm-dqn" if name == "supervised" else name
                run = runs[TASKS[task], agent]
                run = dataclasses.replace(
                    run,
                    seed=seed,
                    steps=arguments.steps or run.steps,
                    hyperparameters=run.hyperparameters | arguments.set,
                )
                found = trained(run, name, arguments.split)
                shown = "  ".join(f"{key} {value:.3f}" for key, value in found.items())
                print(f"{task:8} {name:16} seed {seed}  {shown}", flush=True)
                if arguments.out is not None:
                    row = {"task": task, "agent": name, "seed": seed, **found}
                    with arguments.out.open("a") as file:
                        file.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
