"""A process that loads an agent of each kind, and prints what Python's audit events tell of it."""

from __future__ import annotations

import json
import pickle
import sys
import tempfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import gymnasium
import torch

import lexigym

# What it takes to execute something that was in a file.
EXECUTES = ("pickle.find_class", "marshal.loads", "compile", "exec", "import", "ctypes.dlopen")
EXECUTES += ("os.system", "os.exec", "os.spawn", "os.posix_spawn", "os.fork", "subprocess.Popen")
TEXTS = {"level": "small"}
DQN: dict[str, Any] = {"learning_starts": 10, "batch_size": 4, "buffer_size": 200}
AGENTS: dict[str, tuple[str, dict[str, Any]]] = {
    "random": ("GridRobot-v0", {}),
    "dqn": ("GridRobot-v0", DQN),
    "lm": ("QA-v0", {}),
    "lm-dqn": ("QA-v0", DQN | {"train": "head"}),
    "sb3/dqn": ("GridRobot-v0", DQN),
    "sb3/ppo": ("GridRobot-v0", {"n_steps": 16, "batch_size": 16}),
    "independent": ("robot_team_v0", {"agent": "dqn", "hyperparameters": DQN}),
}


def make_env(name: str) -> Any:
    return gymnasium.make(name, **(TEXTS if name == "QA-v0" else {}))


def main(folder: Path) -> list[tuple[str, list[str]]]:
    seen: set[str] = set()
    watching = False

    def note(event: str, _: tuple[Any, ...]) -> None:
        if watching and event in EXECUTES:
            seen.add(event)

    sys.addaudithook(note)
    found = []
    for name, (environment, hyperparameters) in AGENTS.items():
        agent = lexigym.make_agent(name, make_env(environment), seed=0, **hyperparameters)
        path = folder / f"{name.replace('/', '-')}.zip"
        with_training = name in ("dqn", "lm-dqn", "independent")
        agent.learn(40).save(path, **({"training_state": True} if with_training else {}))
        # Modules that are imported when they are first needed are ours, and not what is asked.
        for watched in (False, True):
            env = make_env(environment)
            watching = watched
            lexigym.load_agent(path, env)
            watching = False
        found.append((name, sorted(seen)))
        seen.clear()
    content = pickle.dumps(OrderedDict())
    watching = True
    pickle.loads(content)
    watching = False
    return [*found, ("a pickle", sorted(seen))]


if __name__ == "__main__":
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(main(Path(folder))))
