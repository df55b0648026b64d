"""A process that trains every agent that learns, and prints a digest of what each has become.

trainings.py          one after the other
trainings.py mixed    the last one first, with draws of global generators in between

The agents are saved in the working directory.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import sys
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import torch

import lexigym

SEED = {"seed": 3, "device": "cpu"}
DQN: dict[str, Any] = SEED | {
    "net_arch": (16,),
    "buffer_size": 200,
    "learning_starts": 20,
    "batch_size": 16,
    "target_update_interval": 40,
}
# Their seeds follow from the one of all.
OF_EACH = {key: value for key, value in DQN.items() if key != "seed"}
EVERYTHING = {
    "dueling": True,
    "double": True,
    "munchausen": False,
    "prioritized": True,
    "n_steps": 3,
    "conservative_weight": 0.5,
    "exploration_temperature": 0.5,
    "tau": 0.5,
}
TRANSFORMER = {"transformer_width": 16, "transformer_depth": 1, "batch_size": 4}
LM = SEED | {"learning_starts": 10, "buffer_size": 200, "batch_size": 4, "candidates": 3}
SB3 = {"seed": 3, "device": "cpu", "learning_starts": 20, "policy_kwargs": {"net_arch": [16]}}
TEXTS = {"level": "small"}

# By name: the agent, its hyperparameters, the environment, its arguments, and the steps.
CASES: dict[str, tuple[str, dict[str, Any], str, dict[str, Any], int]] = {
    "dqn": ("dqn", DQN, "GridRobot-v0", {"layout": "random", "size": 4}, 300),
    "dqn, everything": ("dqn", DQN | EVERYTHING, "GridRobot-v0", {"slip": 0.3}, 200),
    "dqn, munchausen": ("dqn", DQN | {"munchausen": True}, "CartPole-v1", {}, 200),
    "dqn, autograd": ("dqn", DQN | {"closed_form": False}, "CartPole-v1", {}, 100),
    "dqn, of texts": ("dqn", DQN | TRANSFORMER, "QA-v0", TEXTS, 60),
    "lm-dqn": ("lm-dqn", LM | {"dropout": 0.2}, "QA-v0", TEXTS, 25),
    "lm-dqn, head": ("lm-dqn", LM | {"train": "head", "demonstrations": 3}, "QA-v0", TEXTS, 25),
    "sb3/dqn": ("sb3/dqn", SB3, "GridRobot-v0", {}, 150),
    "independent": (
        "independent",
        {"agent": "dqn", "hyperparameters": OF_EACH, "seed": 3},
        "robot_team_v0",
        {},
        60,
    ),
}
FAULTY = ("hashed", "of the global generator", "threaded")


def trained(name: str) -> str:
    """Return the SHA-256 of what an agent saves, its weights and its configuration."""
    if name == "hashed":
        return " ".join({"some", "words", "in", "a", "set"})
    if name == "of the global generator":
        return str(torch.rand(()).item())
    if name == "threaded":
        return str(torch.get_num_threads())
    agent, hyperparameters, environment, arguments, steps = CASES[name]
    env = gymnasium.make(environment, **arguments)
    path = Path(f"{name.replace('/', '-')}.zip")
    lexigym.make_agent(agent, env, **hyperparameters).learn(steps).save(path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main(mixed: bool) -> dict[str, str]:
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    names = [*CASES, *FAULTY]
    digests = {}
    for index, name in enumerate(names[::-1] if mixed else names):
        if mixed:
            random.seed(index)
            np.random.seed(index)  # noqa: NPY002, nobody may use it
            torch.manual_seed(index)
        digests[name] = trained(name)
    return digests


if __name__ == "__main__":
    print(json.dumps(main(mixed="mixed" in sys.argv)))
