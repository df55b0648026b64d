"""What `dqn` learns: normalised scores on GridRobot and returns on CartPole, seed by seed.

Each line is one training and the seconds that it took: its greedy final policy on 200 episodes that
no training saw, beside the random agent (0) and the oracle (1) on the same episodes; for CartPole
the mean return itself.
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
# The hyperparameters of DQN on CartPole-v1 in the RL Zoo. `dqn` adds switches of its own to them,
# chosen on seeds 10 to 19: with its defaults three of these ten stayed below 475.
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
CARTPOLE_SWITCHES = {"n_steps": 10, "munchausen": False}
NEW_MAPS = {
    "net_arch": (256, 256),
    "batch_size": 128,
    "gradient_steps": 4,
    "learning_rate": 5e-4,
    "target_update_interval": 1_000,
}


Result = tuple[str, float, float]


def fixed_map(seed: int) -> Result:
    env = gymnasium.make("GridRobot-v0")
    agent, seconds = learned("dqn", env, 20_000, seed=seed)
    return "GridRobot-v0", normalised(agent, gymnasium.make("GridRobot-v0")), seconds


def new_maps(seed: int) -> Result:
    arguments: dict[str, Any] = {"layout": "random", "density": 0.2}
    env = gymnasium.make_vec(
        "GridRobot-v0",
        16,
        vectorization_mode="vector_entry_point",
        autoreset_mode=AutoresetMode.SAME_STEP,
        **arguments,
    )
    agent, seconds = learned("dqn", env, 300_000, seed=seed, **NEW_MAPS)
    held_out = gymnasium.make("GridRobot-v0", split="test", **arguments)
    return "GridRobot-v0, maps never seen", normalised(agent, held_out), seconds


def cartpole(seed: int, name: str = "dqn") -> Result:
    env = gymnasium.make("CartPole-v1")
    widths: dict[str, Any] = {"net_arch": (256, 256)}
    own = {**widths, **CARTPOLE_SWITCHES} if name == "dqn" else {"policy_kwargs": widths}
    agent, seconds = learned(name, env, 50_000, seed=seed, **CARTPOLE, **own)
    return f"CartPole-v1, {name}", float(evaluate(agent, env, EPISODES).mean()), seconds


def cartpole_sb3(seed: int) -> Result:
    return cartpole(seed, "sb3/dqn")


def learned(name: str, env: Any, steps: int, **hyperparameters: Any) -> tuple[Any, float]:
    """Return the agent after its training, and how many seconds that took."""
    agent = lexigym.make_agent(name, env, **hyperparameters)
    start = time.perf_counter()
    agent.learn(steps)
    return agent, time.perf_counter() - start


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
            title, score, seconds = EXPERIMENTS[name](seed)
            print(f"{title:32} seed {seed}  {score:8.3f}  {seconds:6.1f} s", flush=True)


if __name__ == "__main__":
    main()
