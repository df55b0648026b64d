"""What PettingZoo's own tests say of the game, with every warning an error."""

from __future__ import annotations

import warnings
from functools import partial

import numpy as np
import pytest
from pettingzoo.utils import parallel_to_aec, turn_based_aec_to_parallel

from lexigym.envs.multiagent import translation_relay_v0

with warnings.catch_warnings():
    # It imports an environment of its own in a way that it warns of.
    warnings.simplefilter("ignore")
    from pettingzoo.test import (
        api_test,
        parallel_api_test,
        parallel_seed_test,
        render_test,
        seed_test,
    )
    from pettingzoo.test.state_test import state_test

AEC = {
    "env": translation_relay_v0.env,
    "raw_env": translation_relay_v0.raw_env,
    "parallel_to_aec": lambda **arguments: parallel_to_aec(
        translation_relay_v0.parallel_env(**arguments)
    ),
}
PARALLEL = {
    "parallel_env": translation_relay_v0.parallel_env,
    "turn_based_aec_to_parallel": lambda **arguments: turn_based_aec_to_parallel(
        translation_relay_v0.env(**arguments)
    ),
}
ARGUMENTS = [
    {},
    {"observation": "one_hot"},
    {"reward": "terminal", "message_length": 1, "alphabet_size": 2},
    {"level": "small", "target": "zh", "split": "validation"},
    {"candidates": 4},
]
aec = pytest.mark.parametrize("form", AEC)
parallel = pytest.mark.parametrize("form", PARALLEL)
variants = pytest.mark.parametrize("arguments", ARGUMENTS, ids=str)


@aec
@variants
def test_pettingzoo_accepts_it(form, arguments):
    api_test(AEC[form](**arguments), num_cycles=100)


@parallel
@variants
def test_pettingzoo_accepts_its_parallel_form(form, arguments):
    parallel_api_test(PARALLEL[form](**arguments), num_cycles=100)


@aec
@variants
def test_seeds_fix_it(form, arguments):
    seed_test(partial(AEC[form], **arguments), num_cycles=50)


@parallel
@variants
def test_seeds_fix_its_parallel_form(form, arguments):
    parallel_seed_test(partial(PARALLEL[form], **arguments), num_cycles=50)


@aec
def test_it_renders(form, capsys):
    render_test(AEC[form])
    assert "message" in capsys.readouterr().out


@variants
def test_its_state_is_in_its_space(arguments):
    make = translation_relay_v0
    state_test(make.env(**arguments), make.parallel_env(**arguments))


def test_both_forms_play_the_same_game():
    turns = translation_relay_v0.raw_env()
    together = translation_relay_v0.parallel_env()
    turns.reset(seed=4)
    observations, infos = together.reset(seed=4)
    generator = np.random.default_rng(0)
    keys = {player: info.keys() for player, info in infos.items()}
    while together.agents:
        mover = next(player for player, info in infos.items() if info["turn"])
        assert mover == turns.agent_selection
        for player in together.agents:
            assert np.array_equal(observations[player], turns.observe(player))
        actions = {
            player: int(generator.choice(np.flatnonzero(infos[player]["action_mask"])))
            for player in together.agents
        }
        observations, rewards, terminations, truncations, infos = together.step(actions)
        turns.step(actions[mover])
        assert rewards == turns.rewards
        assert terminations == turns.terminations
        assert truncations == turns.truncations
        assert {player: info.keys() for player, info in infos.items()} == keys
        assert np.array_equal(together.state(), turns.state())
    assert all(terminations.values())


def test_the_names_are_pettingzoos():
    assert translation_relay_v0.__all__ == ["env", "joint_env", "parallel_env", "raw_env"]
    metadata = translation_relay_v0.env().metadata
    assert metadata["name"] == "translation_relay_v0"
    assert translation_relay_v0.raw_env().possible_agents == ["speaker_0", "listener_0"]


@pytest.mark.parametrize("target", ["fr", "es"])
def test_pictures_of_a_game_have_one_size(target):
    env = translation_relay_v0.raw_env(render_mode="rgb_array", target=target, message_length=30)
    env.reset(seed=0)
    shapes = set()
    while not env.terminations[env.agent_selection]:
        shapes.add(env.render().shape)
        env.step(env.oracle_action(env.agent_selection))
    shapes.add(env.render().shape)
    assert len(shapes) == 1


def test_the_text_shows_source_message_and_target():
    env = translation_relay_v0.raw_env(render_mode="ansi", alphabet_size=100)
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
