"""2N steps are N steps, a checkpoint, a new process and N steps: bit for bit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

import lexigym
from lexigym.agents.checkpoint import read_config, read_tensors

from . import resuming
from .resuming import GROUPS, Case, path_of

MEMBERS = ("model", "target", "optimizer", "replay", "demonstrations")
MEMBERS += ("window", "episodes", "position", "own")


def train_whole(case: Case, name: str, folder: Path) -> None:
    """Train without a break, with a checkpoint on the way."""
    half = path_of(folder, name, "half")

    def save_at_half(agent: Any) -> None:
        if agent.num_timesteps >= case.steps and not half.exists():
            agent.save(half, training_state=True)

    agent = case.make_agent().learn(2 * case.steps, callback=save_at_half)
    agent.save(path_of(folder, name, "whole"), training_state=True)


@pytest.mark.slow
@pytest.mark.parametrize("group", GROUPS)
def test_resumed_is_the_same(group: str, tmp_path: Path) -> None:
    for name, case in GROUPS[group].items():
        train_whole(case, name, tmp_path)
    subprocess.run([sys.executable, resuming.__file__, group, tmp_path], check=True)
    for name, case in GROUPS[group].items():
        half, whole, resumed = (
            path_of(tmp_path, name, stage) for stage in ("half", "whole", "resumed")
        )
        # Counters, schedules, generators and the state of the environment are in it.
        assert read_config(whole) == read_config(resumed), name
        updates = [read_config(path)["training"]["updates"] for path in (half, whole)]
        assert 0 < updates[0] < updates[1], name
        for member in MEMBERS:
            expected, found = read_tensors(whole, member), read_tensors(resumed, member)
            assert expected is not None
            assert found is not None
            assert expected.keys() == found.keys()
            for key, tensor in expected.items():
                assert torch.equal(tensor, found[key]), f"{name}: {key} of {member}"
        assert whole.read_bytes() == resumed.read_bytes(), name
        observation, _ = case.make_env().reset(seed=0)
        values = [lexigym.load_agent(path).q_values(observation) for path in (whole, resumed)]
        assert (values[0] == values[1]).all(), name


def test_a_vector_that_can_not_be_put_back_begins_new_episodes(tmp_path: Path) -> None:
    case = Case("CartPole-v1", {}, num_envs=2)
    agent = case.make_agent().learn(120)
    agent.save(tmp_path / "agent", training_state=True)
    resumed = lexigym.load_agent(tmp_path / "agent", case.make_env())
    for name, tensor in agent.memory.state().items():
        torch.testing.assert_close(resumed.memory.state()[name], tensor, rtol=0, atol=0)
    assert resumed.learn(80).num_timesteps >= 200
