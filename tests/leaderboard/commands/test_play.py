"""`lexigym play`: what a person sees for what they type."""

import io
import os
import re
import select
import subprocess
import sys
import time

import gymnasium
import numpy as np
import pytest

import lexigym
from lexigym.leaderboard.command_line import main

QA = ("QA-v0", "--set", "level=small")


class Ladder(gymnasium.Env):
    """Climb three rungs; only upwards at the bottom. Its first action is number 5."""

    metadata = {"render_modes": ["ansi"]}  # noqa: RUF012
    action_names = ("down", "up")

    def __init__(self, render_mode=None, masked=True):
        self.render_mode = render_mode
        self.masked = masked
        self.observation_space = gymnasium.spaces.Discrete(4)
        self.action_space = gymnasium.spaces.Discrete(2, start=5)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.rung = 0
        return np.int64(0), self._info()

    def step(self, action):
        self.rung += {5: -1, 6: 1}[action]
        return np.int64(self.rung), -1.0, self.rung == 3, False, self._info()

    def render(self):
        return f"rung {self.rung}"

    def oracle_action(self):
        return 6

    def _info(self):
        return {"action_mask": np.array([self.rung > 0, True], np.int8)} if self.masked else {}


class Sliding(gymnasium.Env):
    metadata = {"render_modes": ["ansi"]}  # noqa: RUF012
    action_space = observation_space = gymnasium.spaces.Box(0, 1)

    def __init__(self, render_mode=None):
        self.render_mode = render_mode


@pytest.fixture(autouse=True)
def _register():
    lexigym.register_environment("Ladder-v0", Ladder, disable_env_checker=True)
    lexigym.register_environment("Sliding-v0", Sliding, disable_env_checker=True)


@pytest.fixture
def play(capfd, monkeypatch):
    """Type lines into the command, and return what it prints."""

    def run(*arguments, typed="", code=0):
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        assert main(["play", *arguments]) == code
        out, error = capfd.readouterr()
        if code:
            assert not out
            assert error.startswith("lexigym: error: ")
            assert error.count("\n") == 1
            return error
        assert not error
        return out

    return run


def answer(seed=0):
    """Return the answer to the question that the command asks first."""
    from lexigym.agents.protocol import episode_seeds

    env = gymnasium.make("QA-v0", level="small")
    env.reset(seed=next(episode_seeds(seed)))
    return env.unwrapped.references[0]


def test_a_right_answer(play):
    out = play(*QA, "--episodes", "1", typed=f"{answer()}\n\n")
    assert f"reference  {answer()}\n" in out
    assert "score      1.000" in out
    assert f"oracle     {answer()}  (return 1.000)" in out
    assert "\x1b" not in out


def test_the_answer_is_not_shown_before_the_end(play):
    out = play(*QA, typed=":q\n")
    assert "prompt     " in out
    assert "reference" not in out
    assert "oracle" not in out


def test_tokens_are_written_one_by_one_or_together(play):
    one_by_one = play(*QA, "--episodes", "1", typed="three\ntwo\n\n")
    together = play(*QA, "--episodes", "1", typed="three two\n\n")
    ends = [out[out.rindex("prompt") :] for out in (one_by_one, together)]
    assert ends[0] == ends[1]
    assert "text       three two\n" in ends[0]


def test_the_end_token_by_its_name_ends_the_text(play):
    assert "score      1.000" in play(*QA, "--episodes", "1", typed=f"{answer()} <eos>\n")


def test_a_full_text_ends_by_itself_and_the_rest_is_left_out(play):
    out = play(*QA, "--episodes", "1", typed="one one one two three\n")
    assert "text       one one one\n" in out
    assert "left out 'two three': the episode had ended" in out


def test_an_unknown_word_is_reported_with_the_nearest_and_nothing_is_written(play):
    out = play(*QA, typed="seven elven\n")
    assert "no legal token is 'elven'; nearest: eleven, seven" in out
    assert "text       seven" not in out
    # A token of the questions, which no answer holds.
    assert "no legal token is 'plus'" in play(*QA, typed="plus\n")
    assert "nearest: seven" in play(*QA, typed="SEVEN\n")


def test_the_components_of_a_composed_score_are_shown(play):
    out = play("TextGen-v0", "--set", "level=small", "--episodes", "1", typed="\n")
    assert re.search(r"score +0\.000  keywords 0\.00  fluency 0\.00  distinct 0\.00", out)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("target", ["fr", "zh"])
def test_a_whole_sentence_is_split_as_the_tokenizer_splits_it(play, target, seed):
    arguments = ("Translation-v0", "--set", "level=small", "--set", f"target={target}")
    arguments += ("--seed", str(seed), "--episodes", "1")
    reference = re.search(r"reference  (.*)", play(*arguments, typed="\n"))[1]
    assert "score      1.000" in play(*arguments, typed=f"{reference}\n\n")


def test_tokens_that_begin_with_a_space_are_found_without_it(play):
    class Spaced:
        size, pad, eos, fingerprint = 5, 0, 1, "spaced"
        tokens = ("", "", "a", " b", "b")

        def encode(self, text, language):
            return [{"a": 2, " b": 3, "b": 4}[piece] for piece in re.findall(" ?.", text)]

        def decode(self, ids, language):
            return "".join(self.tokens[index] for index in ids)

        def token(self, id):  # noqa: A002, as the environment calls it
            return self.tokens[id]

    from lexigym.envs.datasets.schema import Dataset, Example

    examples = {"train": [Example("a", ("a b",)), Example("a b", ("b",))]}
    dataset = Dataset("spaced", "en", "en", "MIT", "here", examples)
    lexigym.register_environment(
        "Spaced-v0",
        "lexigym.envs.text.tasks:qa",
        kwargs={"dataset": dataset, "tokenizer": Spaced()},
        disable_env_checker=True,
    )
    assert "text       a b b\n" in play("Spaced-v0", "--episodes", "1", typed="a b\nb\n\n")


@pytest.mark.parametrize("moves", ["up up up", "6 up 6"])
def test_actions_go_by_name_or_number(play, moves):
    out = play("Ladder-v0", "--episodes", "1", typed=f"{moves}\n")
    assert "actions: up\n" in out
    assert "rung 0\n" in out
    assert out.endswith("rung 3\nreturn     -3.000\noracle     up up up  (return -3.000)\n")


def test_an_action_that_became_illegal_ends_the_line(play):
    out = play("Ladder-v0", typed="up\ndown down up\n")
    assert "no legal action" not in out
    assert "left out 'down up': it is not legal any more\nrung 0" in out
    assert "no legal action is 'down'; known: up" in play("Ladder-v0", typed="down\n")


def test_an_empty_line_ends_only_texts(play):
    assert "type an action, or :q to quit" in play("Ladder-v0", typed="\n:q\n")


def test_without_a_mask_all_is_legal(play):
    out = play("Ladder-v0", "--set", "masked=false", typed="down\n")
    assert "actions: down, up\n" in out
    assert "rung -1" in out


def test_environments_of_others_are_played_by_numbers(play):
    out = play("FrozenLake-v1", "--set", "is_slippery=false", typed="2 2 1 1 1 2\n")
    assert "actions: 0, 1, 2, 3\n" in out
    assert "return     1.000" in out
    assert "oracle" not in out


def test_grid_robot_is_walked(play):
    shown = play("GridRobot-v0", "--set", "size=4", "--episodes", "1", typed=":q\n")
    assert "★" in shown
    # However the actions are called, their numbers are known.
    out = play("GridRobot-v0", "--set", "max_steps=2", "--episodes", "1", typed="0 2\n")
    assert "return     " in out
    assert "oracle     " in out


@pytest.mark.parametrize(
    ("typed", "episodes"),
    [("\n\n\ny\n\nn\n", 3), ("\n", 1), ("\nno\n\n", 1), ("\n:q\n", 1), ("", 0)],
)
def test_another_episode_is_asked_for(play, typed, episodes):
    out = play(*QA, typed=typed)
    assert out.count("reference") == episodes
    assert (f"{episodes} episodes, mean return 0.000" in out) == (episodes > 1)


def test_episodes_are_played_without_asking(play):
    out = play(*QA, "--episodes", "2", typed="\n\n\n\n")
    assert out.count("reference") == 2
    assert "another" not in out


def test_a_seed_decides_the_episodes(play):
    def prompts(seed):
        return re.findall("prompt .*", play(*QA, "--seed", seed, "--episodes", "3", typed="\n\n\n"))

    assert prompts("0") == prompts("0") != prompts("1")
    assert len(set(prompts("0"))) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["QA-v"], "did you mean 'QA-v0'"),
        (["QA-v0", "--set", "lvl=small"], "did you mean 'level'"),
        (["CartPole-v1"], "no render mode 'ansi'"),
        (["Sliding-v0"], "Discrete"),
    ],
)
def test_an_error_is_one_line(play, arguments, message):
    assert message in play(*arguments, code=2)


def test_an_interrupt_is_130(monkeypatch):
    def interrupt(prompt):
        raise KeyboardInterrupt

    monkeypatch.setattr("builtins.input", interrupt)
    assert main(["play", *QA]) == 130


def test_help_tells_what_to_type(capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["play", "--help"])
    assert exit_.value.code == 0
    out = capsys.readouterr().out
    assert "usage: lexigym play" in out
    for word in ("Tab", "empty line", ":q", "--set", "--seed", "--episodes", "QA-v0"):
        assert word in out


@pytest.mark.slow
def test_tab_completes_in_a_terminal():
    pytest.importorskip("readline")
    pty = pytest.importorskip("pty")
    terminal, inner = pty.openpty()
    program = "import sys; from lexigym.__main__ import main; sys.exit(main())"
    process = subprocess.Popen(
        [sys.executable, "-c", program, "play", *QA, "--episodes", "1"],
        stdin=inner,
        stdout=inner,
        stderr=inner,
        env=os.environ | {"TERM": "dumb", "INPUTRC": os.devnull},
    )
    os.close(inner)

    def wait_for(text):
        shown, until = "", time.monotonic() + 60
        while text not in shown:
            ready, _, _ = select.select([terminal], [], [], max(0, until - time.monotonic()))
            assert ready, shown
            shown += os.read(terminal, 4096).decode()
        return shown

    try:
        wait_for("left> ")
        os.write(terminal, b"seventee\t")
        wait_for("seventeen ")
        os.write(terminal, b"thre\t\n")
        assert "seventeen three" in wait_for("left> ")
        os.write(terminal, b":q\n")
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()
        process.wait()
        os.close(terminal)
