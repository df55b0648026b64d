"""Suites of a user as files: every fault is one line that names it, and never a traceback."""

from __future__ import annotations

import math
import os
from pathlib import Path

import pytest

from lexigym.leaderboard.command_line import main
from lexigym.leaderboard.experiment import load_experiment
from lexigym.registry.errors import LexigymError

SUITE = """
seeds = [0]
[[agents]]
name = "dqn"
[[environments]]
id = "CartPole-v1"
steps = 10
"""
MINE = "the suite 'mine.toml' is not valid TOML: "
IN = "in the suite 'mine.toml', "
SHOWN = ", a control character, directional mark or lone surrogate: use letters, digits, spaces and"

FAULTS: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", f"{IN}environments must be written as [[environments]], once for each."),
    "cut": (SUITE[:-3] + '"', f"{MINE}"),
    "Latin-1": (
        SUITE.replace("dqn", "é").encode("latin-1"),
        f"{MINE}the byte 0xe9 is not UTF-8 (at line 4).",
    ),
    "NUL": (SUITE + "\0", f"{MINE}"),
    "key twice": ("seeds = [0]\nseeds = [1]\n", f"{MINE}Cannot overwrite a value (at line 2"),
    "table twice": ("[hyperparameters]\n" * 2, f"{MINE}Cannot declare ('hyperparameters',) twice"),
    "deep lists": ("seeds = " + "[" * 100_000, f"{MINE}it is nested too deeply."),
    "deep keys": (f"seeds{'.a' * 5_000} = 1", f"{MINE}it is nested too deeply."),
    "NaN": (
        SUITE + "arguments = { sutton_barto_reward = nan }",
        f"{MINE}'sutton_barto_reward' is nan, which is no number.",
    ),
    "NaN in a list": ("seeds = [0, nan]", f"{MINE}'seeds' is nan, which is no number."),
    "name of no text": (SUITE.replace('"dqn"', "3"), f"{IN}name of an agent must be of type str"),
    "terminal code": (
        SUITE.replace('"dqn"', r'"a\u001b]0;evil\u0007"' + '\nagent = "dqn"'),
        rf"{IN}the name 'a\x1b]0;evil\x07' holds U+001B{SHOWN}",
    ),
    "override": (
        SUITE.replace("steps", 'name = "a\u202eb"\nsteps'),
        rf"{IN}the name 'a\u202eb' holds U+202E{SHOWN}",
    ),
    "label of no length": (
        SUITE.replace('"dqn"', '" "\nagent = "dqn"'),
        f"{IN}the name ' ' is empty: use",
    ),
    "name of the suite": ('name = "a\\u009bb"\n' + SUITE, rf"{IN}the name 'a\x9bb' holds U+009B"),
    "id that is no module": (
        SUITE.replace("CartPole-v1", "..:x"),
        f"{IN}'..' before the colon of an environment is no module: write",
    ),
    "base of no text": ("base = 3", "no suite or file is named 3: "),
    "hyperparameters of a base": (
        'base = "quick"\nhyperparameters = 3',
        f"{IN}hyperparameters of the suite must be of type dict, got 3.",
    ),
    "name in a base": (
        'base = "quick"\n[[agents]]\nname = ["dqn"]',
        f"{IN}name of an agent must be of type str, got ['dqn'].",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_line(
    fault: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    content, message = FAULTS[fault]
    monkeypatch.chdir(tmp_path)
    Path("mine.toml").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(LexigymError) as caught:
        load_experiment("mine.toml")
    assert str(caught.value).startswith(message)
    assert main(["bench", "mine.toml"]) == 2
    error = capfd.readouterr().err
    assert error.startswith(f"lexigym: error: {message}")
    assert error.removesuffix("\n").isprintable()
    assert [path.name for path in tmp_path.iterdir()] == ["mine.toml"]


@pytest.mark.parametrize("start", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_byte_order_marks_and_line_ends_of_others_are_accepted(
    tmp_path: Path, start: str, end: str
) -> None:
    path = tmp_path / "mine.toml"
    text = SUITE.replace('"dqn"', '"dqn, new, 新"\nagent = "dqn"\nhyperparameters.dqn = inf')
    path.write_bytes((start + text.replace("\n", end)).encode())
    experiment = load_experiment(str(path))
    assert experiment.name == "mine"
    assert experiment.agents[0].name == "dqn, new, 新"
    assert experiment.agents[0].hyperparameters == {"dqn": math.inf}


@pytest.mark.skipif(os.name == "nt", reason="file names are Unicode there")
def test_a_file_whose_name_cant_be_shown_is_refused(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.toml"))
    path.write_text(SUITE)
    with pytest.raises(LexigymError, match=r"holds U\+DCFF"):
        load_experiment(str(path))
    # A name of its own will do.
    path.write_text('name = "mine"\n' + SUITE)
    assert load_experiment(str(path)).name == "mine"
