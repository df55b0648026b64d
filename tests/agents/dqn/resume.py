"""A process that loads every half-trained agent of a folder, and trains it to its end."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import gymnasium
import torch

import lexigym

N_STEPS = 300
SWITCHES: dict[str, dict[str, Any]] = {
    "plain": {"munchausen": False, "double": False},
    "double": {"munchausen": False, "double": True},
    "dueling": {"dueling": True},
    "prioritized": {"prioritized": True},
    "n-steps": {"n_steps": 3},
    "munchausen": {"munchausen": True},
}
CASES: dict[str, tuple[str, int, dict[str, Any]]] = {
    **{f"cartpole-{name}": ("CartPole-v1", 0, s) for name, s in SWITCHES.items()},
    "grid": ("GridRobot-v0", 0, {}),
    "grid-vector": ("GridRobot-v0", 4, {"n_steps": 3, "prioritized": True}),
    "grid-demonstrated": ("GridRobot-v0", 4, {"demonstrations": 5, "batch_size": 8}),
    "text": ("QA-v0", 0, {"transformer_width": 16, "transformer_depth": 1, "batch_size": 4}),
    "text-vector": (
        "QA-v0",
        3,
        {"transformer_width": 16, "batch_size": 4, "prioritized": True, "demonstrations": 4},
    ),
}


def make_env(case: str) -> Any:
    name, n, _ = CASES[case]
    arguments = {"level": "small"} if name == "QA-v0" else {}
    if n:
        return gymnasium.make_vec(name, n, vectorization_mode="vector_entry_point", **arguments)
    return gymnasium.make(name, **arguments)


if __name__ == "__main__":
    torch.set_num_threads(1)
    folder = Path(sys.argv[1])
    for case in CASES:
        agent = lexigym.load_agent(folder / f"{case}-half", env=make_env(case))
        agent.learn(2 * N_STEPS - agent.num_timesteps)
        agent.save(folder / f"{case}-resumed", training_state=True)
