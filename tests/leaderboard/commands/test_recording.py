"""`lexigym record`, in this process: what it writes, and what it refuses."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest

import lexigym
from lexigym.agents.protocol import evaluate
from lexigym.agents.recordings import read_recording
from lexigym.leaderboard.command_line import main

minari = pytest.importorskip("minari")
pytest.importorskip("h5py")


@pytest.fixture
def record(capsys, tmp_path, monkeypatch):
    """Run the command in an empty folder, and return what it prints."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str, code: int = 0) -> str:
        assert main(["record", *arguments]) == code
        out, error = capsys.readouterr()
        if code == 0:
            return out
        assert error.startswith("lexigym: error: ")
        assert error.count("\n") == 1
        assert not out
        return error

    return run


@pytest.fixture
def checkpoint(record, capsys):
    settings = ["--set", "learning_starts=5", "--env-set", "size=4", "--seed", "3"]
    main(["train", "GridRobot-v0", "dqn", "--steps", "10", "--out", "robot.zip", *settings])
    capsys.readouterr()
    return "robot.zip"


def returns_in(path: str) -> list[float]:
    return [sum(episode.rewards.tolist()) for episode in read_recording(path)]


def content(path: str) -> list[bytes]:
    return [file.read_bytes() for file in sorted(Path(path, "data").iterdir())]


@pytest.mark.parametrize("option", ["--set", "--env-set"])
def test_of_an_environment_and_an_agent(record, option):
    printed = record("QA-v0", "oracle", option, "level=small", "--episodes", "4", "--out", "a/x")
    recording = read_recording("a/x")
    assert "mean return 1, greedy, 4 episodes, " in printed
    assert f" {recording.num_steps} steps" in printed
    assert printed.endswith("saved to a/x\n")
    assert recording.agent == "oracle"
    assert returns_in("a/x") == pytest.approx([1.0] * 4)
    env = minari.MinariDataset("a/x/data").recover_environment()
    assert env.spec == gymnasium.make("QA-v0", level="small").spec
    # Nothing else, here or at home, which is here.
    assert [path.name for path in Path().iterdir()] == ["a"]


def test_of_a_checkpoint_it_is_what_evaluate_plays(record, checkpoint, capsys):
    printed = record(checkpoint, "--episodes", "6", "--seed", "5", "--out", "x")
    assert main(["evaluate", checkpoint, "--episodes", "6", "--seed", "5"]) == 0
    assert printed.split(",")[0] == capsys.readouterr().out.split(" \N{PLUS-MINUS SIGN}")[0]
    recording = read_recording("x")
    assert recording.agent == "dqn"
    env: Any = gymnasium.make("GridRobot-v0", size=4)
    assert recording.environment == env.spec.to_json()
    agent = lexigym.load_agent(checkpoint)
    np.testing.assert_array_equal(returns_in("x"), evaluate(agent, env, 6, seed=5))


def test_of_a_checkpoint_in_another_environment(record, checkpoint):
    record(checkpoint, "--env", "GridRobot-v0", "--set", "size=4", "--episodes", "1", "--out", "x")
    record(checkpoint, "--set", "max_episode_steps=2", "--episodes", "1", "--out", "y")
    assert read_recording("y").num_steps == 2
    assert "is for the spaces" in record(checkpoint, "--env", "CartPole-v1", "--out", "z", code=2)


def test_the_same_command_writes_the_same_files(record, checkpoint):
    contents = []
    for folder, more in (
        ("a", ["--explore"]),
        ("b", ["--explore"]),
        ("c", []),
        ("d", ["--explore", "--seed", "1"]),
    ):
        printed = record(checkpoint, "--episodes", "5", "--out", f"{folder}/x", *more)
        assert ("exploring" in printed) == ("--explore" in more)
        contents.append(content(f"{folder}/x")[0])
    assert contents[0] == contents[1]
    assert len(set(contents)) == 3


def test_an_agent_draws_from_the_seed(record):
    for folder, seed in (("a", "0"), ("b", "0"), ("c", "1")):
        record(
            *("CartPole-v1", "random", "--episodes", "3", "--seed", seed, "--out", f"{folder}/x")
        )
    assert content("a/x") == content("b/x") != content("c/x")
    record("CartPole-v1", "random", "--episodes", "3", "--agent-set", "seed=0", "--out", "d/x")
    assert content("d/x") == content("a/x")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["QA-v0"], "'QA-v0' is an environment: name who plays it"),
        (["robot.zip", "oracle"], "'robot.zip' is a checkpoint, which holds its agent: leave out"),
        (["robot.zip", "--agent-set", "seed=1"], "--agent-set is for an agent that is made anew"),
        (["QA-v0", "oracle", "--env", "QA-v0"], "--env QA-v0 is for a checkpoint, but 'QA-v0' is"),
        (["QA-v0", "oracle", "--set", "levl=small"], "did you mean 'level'"),
        (["QA-v0", "random", "--agent-set", "sede=1"], "did you mean 'seed'"),
        (["CartPole-v1", "oracle"], "has no oracle_action()"),
    ],
)
def test_an_error_writes_nothing(record, checkpoint, arguments, message):
    assert message in record(*arguments, "--out", "x", code=2)
    assert [path.name for path in Path().iterdir()] == ["robot.zip"]


def test_a_recording_is_not_written_over(record):
    record("CartPole-v1", "random", "--episodes", "1", "--out", "x")
    before = content("x")
    assert "'x' exists already" in record("CartPole-v1", "random", "--out", "x", code=2)
    assert content("x") == before


def test_without_minari_the_extra_is_named(record, monkeypatch):
    monkeypatch.setitem(sys.modules, "minari", None)
    assert "lexigym[offline]" in record("CartPole-v1", "random", "--out", "x", code=2)
