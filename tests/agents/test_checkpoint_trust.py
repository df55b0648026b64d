"""Nothing executes on load, but for the pickles of Stable-Baselines3, which must be trusted."""

from __future__ import annotations

import base64
import json
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
import sb3_contrib
import stable_baselines3
import torch

import lexigym
from lexigym.agents.sb3 import family
from lexigym.leaderboard.command_line import main
from lexigym.registry.errors import CheckpointError, InvalidArgumentError

from . import loading_watched
from .environments import Match

# A model of Stable-Baselines3, small and untrained, of an environment that can be named.
PENDULUM = ("SAC", "TD3", "DDPG", "TQC", "CrossQ")
CARTPOLE = ("DQN", "PPO", "A2C", "QRDQN", "MaskablePPO", "RecurrentPPO", "TRPO", "ARS")


class Trap:
    """Leaves a mark where it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.mark,)


def model_of(name: str) -> Any:
    algorithm = getattr(stable_baselines3, name, None) or getattr(sb3_contrib, name)
    env = gymnasium.make("Pendulum-v1" if name in PENDULUM else "CartPole-v1")
    policy = "MlpLstmPolicy" if name == "RecurrentPPO" else "MlpPolicy"
    return algorithm(policy, env, seed=0, policy_kwargs={"net_arch": [8]})


def poisoned(path: Path, mark: Path) -> Path:
    """Write a file as Stable-Baselines3 does, with a trap among its pickles."""
    model_of("DQN").save(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    data = json.loads(members["data"])
    data["policy_kwargs"] = {
        ":type:": "<class 'dict'>",
        ":serialized:": base64.b64encode(pickle.dumps(Trap(mark))).decode(),
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (members | {"data": json.dumps(data).encode()}).items():
            archive.writestr(name, content)
    return path


@pytest.mark.slow
def test_loading_our_formats_unpickles_compiles_and_runs_nothing() -> None:
    """By the audit events of Python itself, in a process that has loaded such files before."""
    process = subprocess.run(
        [sys.executable, "-W", "ignore", loading_watched.__file__], capture_output=True, text=True
    )
    assert process.returncode == 0, process.stderr
    *agents, trap = json.loads(process.stdout)
    assert agents == [[name, []] for name in loading_watched.AGENTS]
    # It would have seen one.
    assert trap == ["a pickle", ["pickle.find_class"]]


@pytest.mark.parametrize("member", ["config.json", "model.safetensors", "evil.pkl"])
def test_a_pickle_in_our_format_is_not_unpickled(member: str, tmp_path: Path) -> None:
    lexigym.make_agent("dqn", Match()).save(tmp_path / "agent.zip")
    with zipfile.ZipFile(tmp_path / "agent.zip") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(tmp_path / "poisoned.zip", "w") as archive:
        for name, content in (members | {member: pickle.dumps(Trap(tmp_path / "mark"))}).items():
            archive.writestr(name, content)
    for trust in (False, True):
        with pytest.raises(CheckpointError):
            lexigym.load_agent(tmp_path / "poisoned.zip", trust=trust, agent="dqn")
    assert not (tmp_path / "mark").exists()


def test_code_of_a_language_model_that_is_named_is_not_executed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, mark = tmp_path / "model", tmp_path / "mark"
    folder.mkdir()
    (folder / "evil.py").write_text(f"from pathlib import Path\nPath({str(mark)!r}).touch()\n")
    code = {"AutoConfig": "evil.Evil", "AutoModelForCausalLM": "evil.Evil"}
    (folder / "config.json").write_text(json.dumps({"model_type": "evil", "auto_map": code}))
    code = {"AutoTokenizer": ["evil.Evil", "evil.Evil"]}
    tokenizer = {"tokenizer_class": "Evil", "auto_map": code}
    (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer))
    # Whoever is asked says yes.
    monkeypatch.setattr("builtins.input", lambda _: "y")
    with pytest.raises(InvalidArgumentError, match="can't be loaded"):
        lexigym.make_agent("lm", gymnasium.make("QA-v0", level="small"), model=str(folder))
    assert not mark.exists()


def test_a_file_of_stable_baselines3_is_refused_with_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, mark = poisoned(tmp_path / "theirs.zip", tmp_path / "mark"), tmp_path / "mark"
    for load in (
        lambda: lexigym.load_agent(path),
        lambda: lexigym.load_agent(path, agent="sb3/dqn"),
        lambda: lexigym.load_agent(path, trust=True),
        lambda: lexigym.load_agent(path, trust=True, agent="dqn"),
        lambda: family("dqn").load(path),
    ):
        with pytest.raises(CheckpointError, match=r"theirs\.zip' was saved by") as error:
            load()
        assert "\n" not in str(error.value)
    commands = (["evaluate"], ["watch"], ["record", "--out", str(tmp_path / "episodes")])
    for command, *options in commands:
        assert main([command, str(path), *options]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert "to unpickle is to execute whatever code their maker put there" in line
        assert "trust=True (--trust)" in line
    assert not mark.exists()
    # The trap would have left its mark.
    with pytest.raises(CheckpointError):
        lexigym.load_agent(path, trust=True, agent="sb3/dqn")
    assert mark.exists()


@pytest.mark.parametrize("name", [*CARTPOLE, *PENDULUM])
def test_a_trusted_file_plays_as_its_model_and_then_needs_no_trust(
    name: str, tmp_path: Path
) -> None:
    model = model_of(name)
    model.save(tmp_path / "theirs")
    suffix = {"CrossQ": "cross-q", "MaskablePPO": "maskable-ppo", "RecurrentPPO": "recurrent-ppo"}
    agent = lexigym.load_agent(
        tmp_path / "theirs", trust=True, agent=f"sb3/{suffix.get(name, name.lower())}"
    )
    agent.save(tmp_path / "ours")
    generator = np.random.default_rng(0)
    size = 3 if name in PENDULUM else 4
    observations = generator.uniform(-1, 1, (32, size)).astype(np.float32)
    expected, _ = model.predict(observations, deterministic=True)
    for each in (agent, lexigym.load_agent(tmp_path / "ours")):
        actions, _ = each.predict(observations, deterministic=True)
        np.testing.assert_array_equal(actions, expected)


def test_what_was_learned_goes_on_with_the_same_optimizer_from_the_same_rewards(
    tmp_path: Path,
) -> None:
    model = stable_baselines3.DQN("MlpPolicy", Match(50.0), seed=0, learning_starts=10).learn(60)
    model.save(tmp_path / "theirs")
    env = Match(50.0)
    agent = lexigym.load_agent(tmp_path / "theirs", env, trust=True, agent="sb3/dqn")
    assert agent.num_timesteps == 60
    assert agent.config["hyperparameters"]["learning_starts"] == 10
    # Scaled rewards would be another task than the one that its values are of.
    assert agent.config["hyperparameters"]["reward_scale"] == 1.0
    theirs, ours = (each.policy.optimizer.state_dict()["state"] for each in (model, agent.model))
    assert theirs.keys() == ours.keys()
    for index, state in theirs.items():
        for key, value in state.items():
            assert torch.equal(torch.as_tensor(value), torch.as_tensor(ours[index][key]))
    assert agent.learn(40).num_timesteps == 100
    with pytest.raises(CheckpointError, match="environment that it learned on"):
        lexigym.load_agent(
            tmp_path / "theirs", gymnasium.make("CartPole-v1"), trust=True, agent="sb3/dqn"
        )


def test_an_argument_that_a_file_does_not_tell_must_be_given(tmp_path: Path) -> None:
    model = stable_baselines3.A2C("MlpPolicy", Match(), use_rms_prop=False)
    model.save(tmp_path / "theirs")
    trusted: dict[str, Any] = {"trust": True, "agent": "sb3/a2c"}
    with pytest.raises(CheckpointError, match=r"its optimizer is Adam, not RMSprop.*use_rms_prop"):
        lexigym.load_agent(tmp_path / "theirs", **trusted)
    lexigym.load_agent(tmp_path / "theirs", **trusted, use_rms_prop=False)


def test_another_algorithm_than_the_one_that_saved_it(tmp_path: Path) -> None:
    model_of("DQN").save(tmp_path / "theirs")
    with pytest.raises(
        CheckpointError, match=r"theirs' can't be loaded as a model of SAC"
    ) as error:
        lexigym.load_agent(tmp_path / "theirs", trust=True, agent="sb3/sac")
    assert "\n" not in str(error.value)


def test_the_command_line_trusts_when_it_is_told_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model_of("PPO").save(tmp_path / "theirs")
    path = str(tmp_path / "theirs.zip")
    trusted = ["--trust", "--env", "CartPole-v1"]
    assert main(["evaluate", path, "--agent", "sb3/ppo", *trusted, "--episodes", "1"]) == 0
    assert "mean return" in capsys.readouterr().out
    out = str(tmp_path / "episodes-v0")
    assert main(["record", path, "sb3/ppo", *trusted, "--episodes", "1", "--out", out]) == 0
    assert main(["evaluate", path, *trusted]) == 2
    assert "agent='sb3/ppo'" in capsys.readouterr().err
