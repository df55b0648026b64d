"""What `dqn` learns: normalised scores on GridRobot and returns on CartPole, seed by seed.

Each line is one training: its greedy final policy on 200 episodes that no training saw, beside the
random agent (0) and the oracle (1) on the same episodes; for CartPole the mean return itself.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import gymnasium
import torch
from gymnasium.vector import AutoresetMode

import lexigym
from lexigym.agents.protocol import evaluate

EPISODES = 200
# The hyperparameters of DQN on CartPole-v1 in the RL Zoo.
CARTPOLE = {
    "learning_rate": 2.3e-3,
    "batch_size": 64,
    "buffer_size": 100_000,
    "learning_starts": 1_000,
    "gamma": 0.99,
    "target_update_interval": 10,
    "train_freq": 256,
    "gradient_steps": 128,
    "exploration_fraction": 0.16,
    "exploration_final_eps": 0.04,
}
NEW_MAPS = {
    "net_arch": (256, 256),
    "batch_size": 128,
    "gradient_steps": 4,
    "learning_rate": 5e-4,
    "target_update_interval": 1_000,
}


def fixed_map(seed: int) -> tuple[str, float]:
    env = gymnasium.make("GridRobot-v0")
    agent = lexigym.make_agent("dqn", env, seed=seed).learn(20_000)
    return "GridRobot-v0", normalised(agent, gymnasium.make("GridRobot-v0"))


def new_maps(seed: int) -> tuple[str, float]:
    arguments: dict[str, Any] = {"layout": "random", "density": 0.2}
    env = gymnasium.make_vec(
        "GridRobot-v0",
        16,
        vectorization_mode="vector_entry_point",
        autoreset_mode=AutoresetMode.SAME_STEP,
        **arguments,
    )
    agent = lexigym.make_agent("dqn", env, seed=seed, **NEW_MAPS).learn(300_000)
    held_out = gymnasium.make("GridRobot-v0", split="test", **arguments)
    return "GridRobot-v0, maps never seen", normalised(agent, held_out)


def cartpole(seed: int, agent: str = "dqn") -> tuple[str, float]:
    env = gymnasium.make("CartPole-v1")
    widths: dict[str, Any] = {"net_arch": (256, 256)}
    arguments = widths if agent == "dqn" else {"policy_kwargs": widths}
    made = lexigym.make_agent(agent, env, seed=seed, **CARTPOLE, **arguments).learn(50_000)
    return f"CartPole-v1, {agent}", float(evaluate(made, env, EPISODES).mean())


def cartpole_sb3(seed: int) -> tuple[str, float]:
    return cartpole(seed, "sb3/dqn")


def normalised(agent: Any, env: gymnasium.Env[Any, Any]) -> float:
    random = evaluate(lexigym.make_agent("random", env, seed=0), env, EPISODES).mean()
    oracle = evaluate(lexigym.make_agent("oracle", env), env, EPISODES).mean()
    return float((evaluate(agent, env, EPISODES).mean() - random) / (oracle - random))


EXPERIMENTS = {
    "fixed-map": fixed_map,
    "new-maps": new_maps,
    "cartpole": cartpole,
    "cartpole-sb3": cartpole_sb3,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("experiments", nargs="+", choices=sorted(EXPERIMENTS))
    parser.add_argument("--seeds", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    # Seed by seed, so that experiments named together take turns.
    for seed in range(arguments.seeds):
        for name in arguments.experiments:
            start = time.perf_counter()
            title, score = EXPERIMENTS[name](seed)
            print(f"{title:32} seed {seed}  {score:8.3f}  {time.perf_counter() - start:6.1f} s")


if __name__ == "__main__":
    main()
