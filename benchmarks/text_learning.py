"""What agents learn from nothing on the small level of each language task, seed by seed.

Each line is one training: its greedy final policy on every example of the test split, which shares
no prompt with training, as a score between the random agent (0) and the oracle (1). `dqn` values
whole texts with a causal transformer; `sb3/dqn` reads them with an attention encoder of the same
size, and makes as many updates.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import gymnasium
import torch

import lexigym
from lexigym.agents.protocol import evaluate
from lexigym.registry.environments import make_vector_environment

FACTS = {"dataset": "facts", "dataset_arguments": {"level": "small"}}
# The id, its arguments, and the environment steps of a training.
TASKS: dict[str, tuple[str, dict[str, Any], int]] = {
    "arithmetic": ("QA-v0", {"level": "small"}, 500_000),
    "facts": ("QA-v0", FACTS, 200_000),
    "stories": ("TextGen-v0", {"level": "small"}, 200_000),
    "french": ("Translation-v0", {"level": "small"}, 200_000),
    "chinese": ("Translation-v0", {"level": "small", "target": "zh"}, 200_000),
}
NUM_ENVS = 16
SHARED = {
    "learning_rate": 1e-3,
    "gamma": 0.8,
    "learning_starts": 1_000,
    "target_update_interval": 500,
    "exploration_fraction": 0.2,
    "exploration_final_eps": 0.05,
    # Rewards that sum to 1 drown in a network's noise.
    "reward_scale": 10.0,
}
AGENTS: dict[str, dict[str, Any]] = {
    # Of so many episodes all transitions.
    "dqn": {
        "batch_size": 32,
        "prioritized": True,
        "exploration_temperature": 0.2,
        # Of a reward of 1, scaled.
        "huber_threshold": 10.0,
    },
    "sb3/dqn": {"batch_size": 192},
}
# Sums take the longest, and gain from larger batches.
OWN: dict[tuple[str, str], dict[str, Any]] = {
    ("arithmetic", "dqn"): {"batch_size": 64},
}


def learn(task: str, agent_name: str, seed: int) -> tuple[float, float]:
    """Return the score and the seconds of one training."""
    name, arguments, steps = TASKS[task]
    envs = make_vector_environment(name, NUM_ENVS, **arguments)
    hyperparameters = SHARED | AGENTS[agent_name] | OWN.get((task, agent_name), {})
    agent = lexigym.make_agent(agent_name, envs, seed=seed, **hyperparameters)
    start = time.perf_counter()
    agent.learn(steps)
    seconds = time.perf_counter() - start
    held_out = gymnasium.make(name, split="test", **arguments)
    players = agent, *(lexigym.make_agent(each, held_out) for each in ("random", "oracle"))
    mine, random, oracle = (evaluate(player, held_out).mean() for player in players)
    return float((mine - random) / (oracle - random)), seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tasks", nargs="+", choices=sorted(TASKS))
    parser.add_argument("--agents", nargs="+", default=["dqn"], choices=sorted(AGENTS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for seed in arguments.seeds:
        for task in arguments.tasks:
            for agent in arguments.agents:
                score, seconds = learn(task, agent, seed)
                print(
                    f"{task:10} {agent:8} seed {seed}  {score:6.3f}  {seconds:6.1f} s", flush=True
                )


if __name__ == "__main__":
    main()
