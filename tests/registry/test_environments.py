import warnings
from functools import partial

import gymnasium
import pytest
from gymnasium.vector import AutoresetMode

import lexigym
from lexigym.registry.environments import find_spec, make_environment, make_vector_environment
from lexigym.registry.errors import DuplicateNameError, InvalidArgumentError, UnknownNameError

CARTPOLE = "gymnasium.envs.classic_control.cartpole:CartPoleEnv"


@pytest.fixture
def pole():
    lexigym.register_environment("Pole-v0", CARTPOLE, max_episode_steps=7, summary="a pole")
    yield "Pole-v0"
    del gymnasium.registry["Pole-v0"]


def test_the_same_registration_twice_is_harmless(pole):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lexigym.register_environment(pole, CARTPOLE, max_episode_steps=7)
        # As a notebook does it, which holds the class.
        from gymnasium.envs.classic_control.cartpole import CartPoleEnv

        lexigym.register_environment(pole, CartPoleEnv, max_episode_steps=7)
    assert gymnasium.make(pole).spec.max_episode_steps == 7


@pytest.mark.parametrize(
    ("entry_point", "steps"), [(CARTPOLE, 8), ("gymnasium.envs.toy_text:TaxiEnv", 7)]
)
def test_another_registration_is_refused(pole, entry_point, steps):
    with pytest.raises(DuplicateNameError, match="another id or version"):
        lexigym.register_environment(pole, entry_point, max_episode_steps=steps)
    assert gymnasium.spec(pole).max_episode_steps == 7


def test_an_id_that_gymnasium_holds_is_refused():
    with pytest.raises(DuplicateNameError, match="CartPole-v1"):
        lexigym.register_environment("CartPole-v1", "gymnasium.envs.toy_text:TaxiEnv")


def test_a_malformed_id_is_refused():
    with pytest.raises(InvalidArgumentError, match="'Grid Robot-v0' is misnamed: use letters"):
        lexigym.register_environment("Grid Robot-v0", CARTPOLE)
    with pytest.raises(gymnasium.error.Error, match="Malformed"):
        lexigym.register_environment("a/b/GridRobot-v0", CARTPOLE)


def test_the_ids_are_found_with_and_without_the_module():
    assert find_spec("GridRobot-v0") is find_spec("lexigym:GridRobot-v0")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("GridRobt-v0", "did you mean 'GridRobot-v0'"),
        ("GridRobot-v9", "did you mean 'GridRobot-v0'"),
        ("no_such_module:GridRobot-v0", "no_such_module"),
        ("Zzzzzz-v0", "lexigym list"),
    ],
)
def test_an_unknown_id_is_one_sentence_with_a_remedy(name, message):
    with pytest.raises(UnknownNameError, match=message):
        find_spec(name)


@pytest.mark.parametrize("make", [make_environment, partial(make_vector_environment, num_envs=2)])
def test_an_unknown_argument_suggests_the_nearest(make):
    with pytest.raises(
        InvalidArgumentError, match="'sutton_barto': did you mean 'sutton_barto_rew"
    ):
        make("CartPole-v1", sutton_barto=True)


def test_arguments_of_gymnasium_pass():
    with make_environment("CartPole-v1", max_episode_steps=3, render_mode="rgb_array") as env:
        assert env.spec.max_episode_steps == 3


@pytest.mark.parametrize("name", ["CartPole-v1", "GridRobot-v0"])
def test_a_vector_begins_the_next_episode_in_the_same_step(name):
    env = make_vector_environment(name, 2)
    assert env.num_envs == 2
    assert env.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    env.close()
