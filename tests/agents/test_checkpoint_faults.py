"""What is wrong with a checkpoint is refused in one line that names it, and harms nothing."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import gymnasium
import pytest
import safetensors.torch
import torch

import lexigym
from lexigym.leaderboard.command_line import main
from lexigym.registry.errors import CheckpointError

from . import checkpoint_faults
from .checkpoint_faults import (
    CONTENTS,
    FILES,
    TRAININGS,
    members_of,
    reshaped,
    setting,
    spoiled,
    unpacked,
    write,
)
from .environments import Match

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="has other links and no pipes")

FAULTS = [*FILES, *CONTENTS, *TRAININGS]
SMALL = {"net_arch": [8], "learning_starts": 20, "buffer_size": 100, "seed": 0, "device": "cpu"}


@pytest.fixture(scope="module")
def learner() -> Any:
    """An agent that has learned a little, and holds its environment in the midst of an episode."""
    env = gymnasium.make("GridRobot-v0")
    agent = lexigym.make_agent("dqn", env, **SMALL).learn(60)
    agent.env = env
    return agent


@pytest.fixture(scope="module")
def whole(learner: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whole") / "whole.zip"
    learner.save(path, training_state=True)
    return path


def refusal(path: Path, load: Any) -> str:
    with pytest.raises(CheckpointError) as caught:
        load()
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    assert len(message) < 1_500
    return message


@pytest.mark.parametrize("fault", FAULTS)
def test_it_is_refused_and_the_agent_and_its_environment_are_unchanged(
    fault: str, learner: Any, whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, named = checkpoint_faults.make(fault, whole, tmp_path)
    state = learner.env.unwrapped.state()
    message = refusal(path, lambda: lexigym.load_agent(path, learner.env))
    assert re.search(named, message), message
    refusal(path, lambda: learner.load(path, learner.env))
    learner.save(tmp_path / "after", training_state=True)
    assert (tmp_path / "after.zip").read_bytes() == whole.read_bytes()
    assert learner.env.unwrapped.state() == state
    assert main(["evaluate", str(path), "--episodes", "1", "--env", "GridRobot-v0"]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    (line,) = output.err.splitlines()
    assert line.startswith("lexigym: error: ")
    assert str(path) in line


@pytest.mark.parametrize(
    "change",
    [
        setting("action_space", "n", to=1 << 40),
        setting("hyperparameters", "net_arch", to=[1 << 20] * 2),
        setting("observation_space", "shape", to=[1 << 40]),
    ],
)
def test_without_an_environment_to_compare_with(change: Any, whole: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "faulty.zip", change(members_of(whole)))
    refusal(path, lambda: lexigym.load_agent(path))


def test_for_another_environment(
    learner: Any, whole: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = gymnasium.make("CartPole-v1")
    assert "environment that it learned on" in refusal(
        whole, lambda: lexigym.load_agent(whole, other)
    )
    assert main(["evaluate", str(whole), "--env", "CartPole-v1"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert str(whole) in line


def test_a_link_to_a_checkpoint_is_followed(whole: Path, tmp_path: Path) -> None:
    (tmp_path / "latest.zip").symlink_to(whole)
    (tmp_path / "folder").symlink_to(unpacked(whole, tmp_path / "unpacked"))
    for link in ("latest", "latest.zip", "folder"):
        assert lexigym.load_agent(tmp_path / link).num_timesteps == 60


def test_a_state_that_a_vector_refuses_halfway_leaves_it_as_it_was(tmp_path: Path) -> None:
    envs = gymnasium.make_vec(
        "QA-v0", 3, vectorization_mode="vector_entry_point", level="small", max_new_tokens=4
    )
    small = {"transformer_width": 8, "transformer_depth": 1, "transformer_heads": 1}
    agent = lexigym.make_agent("dqn", envs, seed=0, device="cpu", batch_size=2, **small).learn(7)
    agent.save(tmp_path / "agent.zip", training_state=True)
    path, before = tmp_path / "faulty.zip", envs.unwrapped.state()
    change = setting(
        "training", "environment_state", "environment", "written", to=[[], [], [1 << 40]]
    )
    write(path, change(members_of(tmp_path / "agent.zip")))
    refusal(path, lambda: agent.load(path, envs))
    assert envs.unwrapped.state() == before


OTHERS: dict[str, dict[str, Any]] = {
    "random": {},
    "sb3/dqn": {"learning_starts": 10, "policy_kwargs": {"net_arch": [8]}},
    "sb3/ppo": {"n_steps": 16, "batch_size": 16, "policy_kwargs": {"net_arch": [8]}},
}
# What any agent must refuse, of those that have weights.
OF_ALL = ("newer version", "no spaces", "huge space", "no hyperparameters", "truncated")
OF_LEARNERS = ("no weights", "other shapes", "NaN", "infinity", "empty member")


@pytest.mark.parametrize("name", OTHERS)
def test_other_agents_refuse_alike(name: str, tmp_path: Path) -> None:
    env = Match()
    agent = lexigym.make_agent(name, env, seed=0, **OTHERS[name]).learn(40)
    agent.save(tmp_path / "whole.zip")
    for fault in (*OF_ALL, *(OF_LEARNERS if name != "random" else ())):
        folder = tmp_path / fault
        folder.mkdir()
        path, _ = checkpoint_faults.make(fault, tmp_path / "whole.zip", folder)
        refusal(path, lambda path=path: lexigym.load_agent(path, env))
        refusal(path, lambda path=path: agent.load(path))
    other = gymnasium.make("CartPole-v1")
    refusal(tmp_path / "whole.zip", lambda: lexigym.load_agent(tmp_path / "whole.zip", other))
    agent.save(tmp_path / "after.zip")
    assert (tmp_path / "after.zip").read_bytes() == (tmp_path / "whole.zip").read_bytes()


def test_an_optimizer_of_other_shapes_is_refused_by_stable_baselines3_too(tmp_path: Path) -> None:
    agent = lexigym.make_agent("sb3/dqn", Match(), seed=0, **OTHERS["sb3/dqn"]).learn(40)
    agent.save(tmp_path / "agent.zip")
    path = tmp_path / "faulty.zip"
    change = reshaped("model", "policy.optimizer/0/exp_avg", (1, 1))
    write(path, change(members_of(tmp_path / "agent.zip")))
    assert "'exp_avg'" in refusal(path, lambda: lexigym.load_agent(path))


def test_what_is_wrong_with_one_of_several_players_names_the_file_of_all(tmp_path: Path) -> None:
    hyperparameters = {"hyperparameters": {**SMALL, "seed": 1}, "seed": 0}
    agent = lexigym.make_agent("independent", "robot_team_v0", **hyperparameters)
    agent.save(tmp_path / "whole.zip")
    members = members_of(tmp_path / "whole.zip")
    name = next(name for name in members if name != "config.json")
    (inner,) = safetensors.torch.load(members[name]).values()
    (tmp_path / "inner.zip").write_bytes(inner.numpy().tobytes())
    spoiling = spoiled("model", float("nan"))(members_of(tmp_path / "inner.zip"))
    content = write(tmp_path / "inner.zip", spoiling).read_bytes()
    player = {"checkpoint": torch.frombuffer(bytearray(content), dtype=torch.uint8)}
    path = write(tmp_path / "faulty.zip", members | {name: safetensors.torch.save(player)})
    assert "not finite" in refusal(path, lambda: lexigym.load_agent(path))


@pytest.mark.parametrize("name", ["dqn", "sb3/dqn"])
def test_an_agent_that_has_diverged_is_not_saved_over_one_that_has_not(
    name: str, tmp_path: Path
) -> None:
    path = tmp_path / "agent.zip"
    agent = lexigym.make_agent(name, Match(), seed=0)
    agent.save(path)
    before = path.read_bytes()
    network = agent.q_network if name == "dqn" else agent.model.policy
    with torch.no_grad():
        next(iter(network.parameters())).view(-1)[0] = float("nan")
    assert "lower the learning rate" in refusal(path, lambda: agent.save(path))
    assert path.read_bytes() == before


def test_a_network_may_hold_infinity_that_is_no_weight(tmp_path: Path) -> None:
    class Masked(torch.nn.Linear):
        def __init__(self) -> None:
            super().__init__(4, 4)
            self.register_buffer("mask", torch.full((4,), -torch.inf))

    lexigym.make_agent("dqn", Match(), q_network=Masked()).save(tmp_path / "agent.zip")
    loaded = lexigym.load_agent(tmp_path / "agent.zip", q_network=Masked())
    assert loaded.q_network.mask.isneginf().all()
    path = write(
        tmp_path / "faulty.zip", spoiled("model", float("nan"))(members_of(tmp_path / "agent.zip"))
    )
    refusal(path, lambda: lexigym.load_agent(path, q_network=Masked()))
