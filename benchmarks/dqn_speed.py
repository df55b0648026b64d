"""Environment steps per second of `dqn` against Stable-Baselines3's DQN, in turn in one process.

Both train on CartPole-v1 with the same hyperparameters, on the CPU with one thread; `dqn` steps
Gymnasium's own vector form of CartPole, Stable-Baselines3 its vector of single environments.
"""

from __future__ import annotations

import argparse
import time
from statistics import median
from typing import Any

import gymnasium
import stable_baselines3
import torch
from stable_baselines3.common.env_util import make_vec_env

import lexigym

HYPERPARAMETERS = {
    "learning_rate": 1e-3,
    "batch_size": 64,
    "train_freq": 4,
    "learning_starts": 100,
    "buffer_size": 50_000,
    "target_update_interval": 500,
    "exploration_fraction": 0.1,
    "exploration_final_eps": 0.05,
    "max_grad_norm": 10,
    "device": "cpu",
    "seed": 0,
}
# Widths, environments, environment steps of a measurement.
SETTINGS = [([64, 64], 1, 10_000), ([64, 64], 64, 25_600), ([256, 256], 1, 5_000)]


def make_ours(widths: list[int], num_envs: int) -> Any:
    env: Any = gymnasium.make("CartPole-v1")
    if num_envs > 1:
        env = gymnasium.make_vec("CartPole-v1", num_envs, vectorization_mode="vector_entry_point")
    return lexigym.make_agent(
        "dqn",
        env,
        net_arch=widths,
        munchausen=False,
        learning_rate_decay=False,
        gradient_steps=num_envs,
        **HYPERPARAMETERS,
    )


def make_theirs(widths: list[int], num_envs: int) -> Any:
    return stable_baselines3.DQN(
        "MlpPolicy",
        make_vec_env("CartPole-v1", num_envs),
        policy_kwargs={"net_arch": widths},
        gradient_steps=num_envs,
        **HYPERPARAMETERS,  # type: ignore[arg-type]
    )


def steps_per_second(agent: Any, steps: int) -> float:
    start = time.perf_counter()
    agent.learn(steps)
    return steps / (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    print("net        envs   dqn steps/s   sb3 steps/s   ratio (median of rounds)")
    for widths, num_envs, steps in SETTINGS:
        pairs = [
            (
                steps_per_second(make_ours(widths, num_envs), steps),
                steps_per_second(make_theirs(widths, num_envs), steps),
            )
            for _ in range(rounds)
        ]
        ours, theirs = (median(column) for column in zip(*pairs, strict=True))
        ratio = median(a / b for a, b in pairs)
        print(f"{widths!s:10} {num_envs:4} {ours:13,.0f} {theirs:13,.0f} {ratio:7.2f}")


if __name__ == "__main__":
    main()
