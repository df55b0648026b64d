"""Files that are named after what others called something stay in their folder."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import gymnasium
import pytest
from gymnasium.envs.registration import EnvSpec
from hypothesis import given
from hypothesis import strategies as st

from lexigym.leaderboard.command_line import main
from lexigym.leaderboard.execution import execute
from lexigym.leaderboard.tensorboard import log_folder
from lexigym.registry.errors import InvalidArgumentError

from .test_store import RUN

CARTPOLE = "gymnasium.envs.classic_control.cartpole:CartPoleEnv"


@pytest.mark.parametrize(
    ("name", "folder"),
    [("..", "-"), ("...", "-"), ("ns/..", "ns-"), ("ALE/Pole-v5", "ALE-Pole-v5")],
)
def test_a_checkpoint_is_saved_in_runs(
    name: str, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Gymnasium's own grammar allows all of these.
    spec = EnvSpec(name, entry_point=CARTPOLE, max_episode_steps=9)
    monkeypatch.setitem(gymnasium.registry, name, spec)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    assert main(["train", name, "random", "--steps", "1", "--eval-episodes", "1"]) == 0
    files = [path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()]
    assert files == [Path("work") / "runs" / folder / "random-seed0.zip"]


@given(st.text(st.characters()), st.text(st.characters()))
def test_a_log_is_in_its_folder(environment: str, agent: str) -> None:
    run = dataclasses.replace(RUN, environment=environment, agent=agent)
    folder = log_folder("logs", run)
    assert folder.parents[2] == Path("logs")
    assert os.path.normpath(folder) == str(folder)
    assert folder.name == f"seed-{run.seed}-{run.key[:8]}"


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_log_follows_no_link_out_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "logs" / "world").symlink_to(tmp_path / "elsewhere")
    run = dataclasses.replace(RUN, environment="world")
    with pytest.raises(InvalidArgumentError, match="by a link"):
        log_folder(tmp_path / "logs", run)
    result = execute(run, tensorboard=str(tmp_path / "logs"))
    assert result.error is not None
    assert "leads out of" in result.error
    assert not list((tmp_path / "elsewhere").iterdir())
