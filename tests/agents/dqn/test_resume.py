"""A training saved, loaded in a new process and continued is the training without a break."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import gymnasium
import pytest
import torch
from gymnasium.vector import AutoresetMode

import lexigym
from lexigym.agents.checkpoint import read_config, read_tensors

HALF = 400
SMALL = {"learning_starts": 64, "net_arch": (16,), "buffer_size": 500, "seed": 3, "device": "cpu"}

ENVIRONMENTS = {
    "cartpole": lambda: gymnasium.make("CartPole-v1"),
    "grid": lambda: gymnasium.make("GridRobot-v0", slip=0.2),
    "maps": lambda: gymnasium.make("GridRobot-v0", layout="random", size=4),
    "vector": lambda: gymnasium.make_vec(
        "GridRobot-v0", 4, vectorization_mode="vector_entry_point", slip=0.2
    ),
    "same-step": lambda: gymnasium.make_vec(
        "GridRobot-v0",
        4,
        vectorization_mode="vector_entry_point",
        autoreset_mode=AutoresetMode.SAME_STEP,
    ),
}
SWITCHES: dict[str, dict[str, Any]] = {
    "default": {},
    "double": {"munchausen": False, "double": True},
    "dueling": {"dueling": True},
    "prioritized": {"prioritized": True},
    "n-step": {"n_steps": 3},
    "polyak": {"tau": 0.1, "target_update_interval": 20},
}
CASES = [(env, "default") for env in ENVIRONMENTS]
CASES += [("cartpole", switch) for switch in SWITCHES if switch != "default"]


def interrupt(agent: Any) -> bool:
    return agent.num_timesteps < HALF


def new_process() -> None:
    """Continue every training of the folder that the command line names."""
    folder = Path(sys.argv[1])
    torch.set_num_threads(1)
    for env, switch in CASES:
        agent = lexigym.load_agent(folder / f"{env}-{switch}-half.zip", env=ENVIRONMENTS[env]())
        agent.learn(2 * HALF - agent.num_timesteps)
        agent.save(folder / f"{env}-{switch}-resumed.zip", training_state=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trainings")
    for env, switch in CASES:
        for name, callback in (("whole", None), ("half", interrupt)):
            agent = lexigym.make_agent("dqn", ENVIRONMENTS[env](), **SMALL, **SWITCHES[switch])
            agent.learn(2 * HALF, callback=callback)
            agent.save(folder / f"{env}-{switch}-{name}.zip", training_state=True)
    subprocess.run([sys.executable, __file__, folder], check=True)
    return folder


@pytest.mark.parametrize(("env", "switch"), CASES)
def test_resumed_is_whole(env: str, switch: str, folder: Path) -> None:
    whole, resumed = (folder / f"{env}-{switch}-{name}.zip" for name in ("whole", "resumed"))
    assert read_config(resumed) == read_config(whole)
    for member in ("model", "target", "optimizer", "replay", "window", "episodes", "position"):
        expected, found = read_tensors(whole, member), read_tensors(resumed, member)
        assert expected is not None
        assert found is not None
        assert expected.keys() == found.keys()
        for name, tensor in expected.items():
            assert torch.equal(found[name], tensor), f"{member}: {name}"


if __name__ == "__main__":
    new_process()
