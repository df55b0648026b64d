"""A process that loads every half-trained agent of a group, and trains it to its end."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gymnasium
import torch
from gymnasium.vector import AutoresetMode

import lexigym

DQN: dict[str, Any] = {
    "net_arch": (16,),
    "buffer_size": 400,
    "learning_starts": 50,
    "batch_size": 16,
    "target_update_interval": 40,
    "seed": 3,
    "device": "cpu",
}
TRANSFORMER = {"transformer_width": 16, "transformer_depth": 1, "batch_size": 4}
LM = {"learning_starts": 20, "buffer_size": 500, "batch_size": 4, "seed": 3, "device": "cpu"}
# Every switch, each away from its default.
SWITCHES: dict[str, dict[str, Any]] = {
    "plain": {"munchausen": False},
    "double": {"munchausen": False, "double": True},
    "dueling": {"dueling": True},
    "prioritized": {"prioritized": True},
    "n-steps": {"n_steps": 3},
    "munchausen": {"munchausen": True},
    "autograd": {"closed_form": False},
    "conservative": {"conservative_weight": 0.5},
    "smooth-target": {"tau": 0.1, "target_update_interval": 7},
    "softly-exploring": {"exploration_temperature": 0.5},
    "updated-rarely": {"train_freq": 4, "gradient_steps": -1},
    "constant-rate": {"learning_rate_decay": False, "max_grad_norm": float("inf")},
    "everything": {
        "dueling": True,
        "prioritized": True,
        "n_steps": 3,
        "exploration_temperature": 0.5,
        "train_freq": 2,
        "gradient_steps": 2,
        "tau": 0.5,
    },
}


@dataclass(frozen=True)
class Case:
    """An agent that learns in an environment: one, or `num_envs` together."""

    environment: str
    hyperparameters: dict[str, Any]
    num_envs: int = 0
    arguments: dict[str, Any] = field(default_factory=dict)
    agent: str = "dqn"
    # No multiple of any frequency, so that what is counted counts.
    steps: int = 157

    def make_env(self) -> Any:
        if not self.num_envs:
            return gymnasium.make(self.environment, **self.arguments)
        return gymnasium.make_vec(
            self.environment,
            self.num_envs,
            vectorization_mode="vector_entry_point",
            **self.arguments,
        )

    def make_agent(self) -> Any:
        defaults = DQN if self.agent == "dqn" else LM
        return lexigym.make_agent(self.agent, self.make_env(), **defaults | self.hyperparameters)


def _text(num_envs: int, agent: str = "lm-dqn", **hyperparameters: Any) -> Case:
    network = TRANSFORMER if agent == "dqn" else {}
    steps = 101 if agent == "dqn" else 47
    return Case(
        "QA-v0", network | hyperparameters, num_envs, {"level": "small"}, agent=agent, steps=steps
    )


def _grid(num_envs: int, **hyperparameters: Any) -> Case:
    arguments = hyperparameters.pop("arguments", {})
    return Case("GridRobot-v0", hyperparameters, num_envs, arguments)


GROUPS: dict[str, dict[str, Case]] = {
    "switches": {name: Case("CartPole-v1", switches) for name, switches in SWITCHES.items()},
    "grids": {
        "single": _grid(0),
        "random maps": _grid(0, arguments={"layout": "random", "size": 4}),
        "image": _grid(0, arguments={"observation": "image"}),
        "demonstrated": _grid(0, demonstrations=5),
        **{
            f"vector {mode.name}": _grid(
                4, n_steps=3, prioritized=True, arguments={"autoreset_mode": mode}
            )
            for mode in AutoresetMode
        },
        "vector of random maps": _grid(3, arguments={"layout": "random", "size": 4}),
        "vector, demonstrated": _grid(4, demonstrations=5),
    },
    "texts": {
        "single": _text(0, "dqn"),
        "transitions": _text(0, "dqn", memory="transitions"),
        "vector": _text(3, "dqn", prioritized=True, demonstrations=4, n_steps=2),
        "vector of transitions": _text(3, "dqn", memory="transitions", dueling=True),
    },
    "language models": {
        "full, single": _text(0),
        "full": _text(3),
        "full, of transitions": _text(3, memory="transitions", candidates=None),
        "full, dropout": _text(3, dropout=0.2, demonstrations=10, pretrain_updates=3),
        "full, fixed data": _text(3, munchausen=False, expectile=0.7, n_steps=2),
        "head, single": _text(0, train="head"),
        "head": _text(3, train="head"),
        "head, candidates": _text(
            3, train="head", candidates=3, demonstrations=10, imitation_weight=0.5
        ),
        "lora": _text(3, train="lora"),
    },
}


def path_of(folder: Path, name: str, stage: str) -> Path:
    return folder / f"{name.replace(' ', '-')}-{stage}.zip"


def resume(group: str, folder: Path) -> None:
    for name, case in GROUPS[group].items():
        agent = lexigym.load_agent(path_of(folder, name, "half"), case.make_env())
        agent.learn(2 * case.steps - agent.num_timesteps)
        agent.save(path_of(folder, name, "resumed"), training_state=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    resume(sys.argv[1], Path(sys.argv[2]))
