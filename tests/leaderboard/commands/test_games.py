"""Games of several players go through the command line as any other environment does."""

from __future__ import annotations

from pathlib import Path

import pytest

from lexigym.leaderboard import load
from lexigym.leaderboard.command_line import main

SMALL = "hyperparameters={learning_starts=20, buffer_size=500}"
SUITE = """
seeds = [0, 1]
evaluation_episodes = 5
curve_points = 2
[[agents]]
name = "random"
[[agents]]
name = "oracle"
[[agents]]
name = "independent"
hyperparameters = { agent = "dqn", hyperparameters = { learning_starts = 20, buffer_size = 500 } }
[[environments]]
id = "robot_team_v0"
arguments = { size = 3 }
evaluation = { split = "test" }
steps = 64
num_envs = 2
[[environments]]
id = "twenty_questions_v0"
arguments = { level = "small", oracle_players = ["answerer_0"] }
evaluation_episodes = "all"
steps = 64
num_envs = 2
"""


@pytest.mark.parametrize(
    ("game", "settings"),
    [
        ("robot_team_v0", ["--set", "agent=sb3/dqn", "--set", "shared=true"]),
        ("robot_team_v0", ["--num-envs", "2", "--set", SMALL]),
        ("twenty_questions_v0", ["--env-set", "level=small", "--set", SMALL]),
        ("twenty_questions_v0", ["--env-set", "level=small", "--set", "agent=sb3/dqn"]),
        ("translation_relay_v0", ["--set", SMALL]),
        ("translation_relay_v0", ["--set", "agent=sb3/dqn", "--set", SMALL]),
    ],
)
def test_train_evaluate_and_watch(
    game: str, settings: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(tmp_path / "players.zip")
    learn = ["train", game, "independent", "--steps", "64", "--eval-episodes", "2", "--out", path]
    assert main([*learn, *settings]) == 0
    assert main(["evaluate", path, "--episodes", "2"]) == 0
    returns = [
        line for line in capsys.readouterr().out.splitlines() if line.startswith("mean return")
    ]
    assert len(returns) == 2
    assert returns[0] == returns[1]
    assert main(["watch", path]) == 0
    shown = capsys.readouterr().out
    marks = {
        "robot_team_v0": "┌",
        "twenty_questions_v0": "hidden",
        "translation_relay_v0": "message",
    }
    assert marks[game] in shown
    picture = tmp_path / "players.gif"
    assert main(["watch", path, "--out", str(picture)]) == 0
    assert picture.read_bytes().startswith(b"GIF8")


def test_a_suite_of_games(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    suite, store = tmp_path / "games.toml", str(tmp_path / "games.sqlite")
    suite.write_text(SUITE)
    assert main(["bench", str(suite), "--store", store, "--jobs", "1"]) == 0
    frame = load(store)
    assert len(frame) == 12
    assert frame["error"].isna().all()
    scores = frame[frame["agent"] == "oracle"]["score"]
    assert (scores == 1).all()
    assert main(["leaderboard", "--store", store, "--out", str(tmp_path / "board")]) == 0
    assert main(["verify", frame["key"].iloc[-1], "--store", store]) == 0


def test_an_agent_for_one_player_is_told_of_that_for_several(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["train", "robot_team_v0", "dqn", "--steps", "10"]) == 2
    assert "independent" in capsys.readouterr().err


def test_games_are_listed_and_described(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    listed = capsys.readouterr().out
    for game in ("robot_team_v0", "translation_relay_v0", "twenty_questions_v0"):
        assert game in listed
        assert main(["describe", game]) == 0
        assert "oracle_players" in capsys.readouterr().out
