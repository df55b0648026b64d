"""`lexigym check`: what it prints, and its exit codes."""

from __future__ import annotations

import json

import gymnasium
import pytest

from lexigym.leaderboard.checks import check_agent, check_environment
from lexigym.leaderboard.command_line import main
from lexigym.registry.errors import InvalidArgumentError, UnknownNameError


@pytest.fixture
def lexigym(capfd, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments, code=0):
        assert main(["check", *arguments]) == code
        out, error = capfd.readouterr()
        assert code == 2 or not error
        return error if code == 2 else out

    return run


def test_a_sound_environment_is_0(lexigym, tmp_path):
    path = tmp_path / "outcomes.json"
    printed = lexigym(
        *("FrozenLake-v1", "--set", "is_slippery=false", "--seed", "3", "--episodes", "2"),
        *("--only", "types", "--only", "masks", "--out", str(path)),
    )
    assert "types │ passed  │ Rewards are int or float" in printed
    assert "masks │ skipped │ it has no action masks" in printed
    assert printed.endswith("1 passed, 1 skipped\n")
    rows = json.loads(path.read_text())
    assert [(row["check"], row["status"]) for row in rows] == [
        ("types", "passed"),
        ("masks", "skipped"),
    ]
    assert rows[1]["detail"] == "it has no action masks"


def test_a_broken_environment_is_1(lexigym):
    gymnasium.register("Broken-v0", entry_point="broken.interface:EndsInNumPy")
    printed = lexigym("Broken-v0", "--only", "types", code=1)
    assert "types │ failed  │ terminated must be a bool, got " in printed
    assert printed.endswith("1 failed\n")


def test_no_error_controls_the_terminal(lexigym):
    gymnasium.register("Broken-v1", entry_point="broken.processes:ClearsTheScreen")
    printed = lexigym("Broken-v1", "--only", "spawning", code=1)
    assert r"it raised RuntimeError: \x1b[2J[red]gone" in printed
    assert "\x1b" not in printed


def test_a_module_is_imported_and_prints_nothing(lexigym):
    printed = lexigym("broken.registration:Counting-v0", "--only", "registration", code=1)
    assert "importing broken.registration again must not change the spec" in printed


def test_an_agent_on_an_environment_of_its_own(lexigym):
    options = ("--agent", "random", "--only", "actions", "--only", "deterministic")
    printed = lexigym(*options, code=1)
    # It is documented to draw whatever it is asked for.
    assert "deterministic │ failed  │ it must answer the same" in printed
    printed = lexigym("CartPole-v1", "--agent", "random", "--agent-set", "seed=4", *options[2:4])
    assert printed.endswith("1 passed\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name an environment, or an --agent"),
        (["FrozenLak-v1"], "did you mean 'FrozenLake-v1'"),
        (["FrozenLake-v1", "--set", "map_nam=8x8"], "did you mean 'map_name'"),
        (["FrozenLake-v1", "--only", "mask"], "did you mean 'masks'"),
        (["--agent", "dnq"], "did you mean 'dqn'"),
        (["--agent", "random", "--agent-set", "sede=1"], "did you mean 'seed'"),
        (["--agent", "random", "--set", "size=3"], "{'size': 3} are of no environment: name it"),
        (["FrozenLak-v1", "--agent", "random"], "did you mean 'FrozenLake-v1'"),
    ],
)
def test_a_mistake_is_2(lexigym, arguments, message):
    assert message in lexigym(*arguments, code=2)


def test_numbers_below_one_are_refused():
    with pytest.raises(InvalidArgumentError, match="episodes must be at least 1, got 0"):
        check_environment("FrozenLake-v1", episodes=0)
    with pytest.raises(InvalidArgumentError, match="episodes must be at least 1, got 0"):
        check_agent("random", episodes=0)
    with pytest.raises(InvalidArgumentError, match="steps must be at least 1, got 0"):
        check_agent("random", steps=0)
    with pytest.raises(UnknownNameError):
        check_environment("no_such_module:Broken-v0")
