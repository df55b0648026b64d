"""2N steps are N steps, a checkpoint, a new process and N steps: bit for bit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

import lexigym
from lexigym.agents.callbacks import CheckpointCallback
from lexigym.agents.checkpoint import read_config, read_tensors

from . import resume
from .resume import CASES, N_STEPS, make_env

MEMBERS = ("model", "target", "optimizer", "replay", "window", "episodes", "position")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every case's agent trained without a break, and resumed in a new process at half the way."""
    folder = tmp_path_factory.mktemp("resume")
    for case, (_, _, switches) in CASES.items():
        agent = lexigym.make_agent(
            "dqn",
            make_env(case),
            seed=3,
            device="cpu",
            net_arch=(16,),
            buffer_size=400,
            learning_starts=50,
            target_update_interval=40,
            **switches,
        )
        half = CheckpointCallback(folder / f"{case}-half", frequency=N_STEPS, training_state=True)
        stops = [half, lambda agent: agent.num_timesteps < N_STEPS]
        agent.learn(2 * N_STEPS, callback=stops)
        agent.learn(2 * N_STEPS - agent.num_timesteps)
        agent.save(folder / f"{case}-whole", training_state=True)
    subprocess.run([sys.executable, resume.__file__, folder], check=True)
    return folder


@pytest.mark.parametrize("case", CASES)
def test_resumed_is_the_same(case: str, folder: Path) -> None:
    whole, resumed = folder / f"{case}-whole", folder / f"{case}-resumed"
    for member in MEMBERS:
        expected, found = read_tensors(whole, member), read_tensors(resumed, member)
        assert expected is not None
        assert found is not None
        assert expected.keys() == found.keys()
        for name in expected:
            assert torch.equal(expected[name], found[name]), f"{member}: {name}"
    assert read_config(whole) == read_config(resumed)
    assert read_config(whole)["training"]["updates"] > 0
    env = make_env(case)
    observation, _ = env.reset(seed=0)
    values = [lexigym.load_agent(path).q_values(observation).tolist() for path in (whole, resumed)]
    assert values[0] == values[1]
