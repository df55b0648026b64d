"""What is drawn of a dialogue: as text, and as pictures."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from .questions import GUESSER, begun


def test_the_text_is_the_dialogue():
    env = begun(render_mode="ansi")
    env.reset(options={"example": 5})
    assert env.text == ""
    env.step(0)
    assert env.text == "Is it in Africa?"
    env.step(1)
    env.step(12 + 6)
    assert env.text == "Is it in Africa? Yes.\nIs it France? No."
    assert "Egypt" not in env.text
    assert env.sentences[12 + 6] == "Is it France?"
    assert len(env.sentences) == env.action_space(GUESSER).n


def test_the_terminal_shows_entity_answers_and_lies(capsys):
    env = begun(render_mode="ansi")
    env.reset(options={"example": 5})
    env.step(0)
    assert " 1 ...   Is it in Africa?" in env.render()
    env.step(1)
    env.step(3)
    env.step(1)
    env.step(12 + 5)
    drawn = env.render()
    for line in (
        "hidden   Egypt",
        " 1 yes   Is it in Africa?",
        " 2 yes!  Is it in South America?",
        "named    Egypt: right",
    ):
        assert line in drawn
    human = begun(render_mode="human")
    assert "hidden" in capsys.readouterr().out
    human.step(12)
    assert "named    Argentina" in capsys.readouterr().out
    assert human.render() is None


def test_pictures_have_one_size_and_show_the_dialogue():
    env = begun(level="standard", render_mode="rgb_array", max_questions=22)
    frames = [env.render()]
    for question in range(22):
        env.step(question)
        frames.append(env.render())
        env.step(question % 2)
        frames.append(env.render())
    env.step(100)
    frames.append(env.render())
    assert {frame.shape for frame in frames} == {frames[0].shape}
    assert frames[0].dtype == np.uint8
    assert all((a != b).any() for a, b in itertools.pairwise(frames))
    env.close()


def test_a_long_question_is_cut_in_pictures():
    question = f"Is it {'very ' * 30}big?"
    entities = {"cat": {question: True}, "dog": {question: False}}
    env = begun(entities=entities, render_mode="rgb_array")
    shape = env.render().shape
    env.step(0)
    assert env.render().shape == shape


def test_without_a_mode_render_warns():
    with pytest.warns(UserWarning, match="render_mode"):
        assert begun().render() is None
