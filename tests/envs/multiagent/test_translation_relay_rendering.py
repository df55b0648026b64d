"""What is drawn of a relay: as text, and as pictures."""

from __future__ import annotations

import pytest

from .relays import game


def test_a_human_sees_each_turn(capsys):
    env = game(render_mode="human")
    env.reset(seed=0)
    shown = [capsys.readouterr().out]
    env.step(3)
    shown.append(capsys.readouterr().out)
    assert env.render() is None
    assert "message    .. .. .." in shown[0]
    assert "message    03 .. .." in shown[1]


@pytest.mark.parametrize("target", ["fr", "es"])
def test_pictures_of_a_game_have_one_size(target):
    env = game(render_mode="rgb_array", target=target, message_length=30)
    env.reset(seed=0)
    shapes = set()
    while not env.terminations[env.agent_selection]:
        shapes.add(env.render().shape)
        env.step(env.oracle_action(env.agent_selection))
    shapes.add(env.render().shape)
    assert len(shapes) == 1


def test_the_text_shows_source_message_and_target():
    env = game(render_mode="ansi", alphabet_size=100)
    env.reset(options={"example": 3})
    assert ".. .. .." in env.render()
    env.step(7)
    env.step(100)
    env.step(env.oracle_action("listener_0"))
    shown = env.render()
    assert env.prompt in shown
    assert "07 -- .." in shown
    assert env.text in shown
    assert env.references[0] in shown


def test_without_a_render_mode_nothing_is_shown():
    env = game()
    env.reset(seed=0)
    with pytest.warns(UserWarning, match="render_mode"):
        assert env.render() is None
