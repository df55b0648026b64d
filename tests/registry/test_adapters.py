"""Adapters by name, of the suite and of others."""

import gymnasium
import pytest

import lexigym
from lexigym.registry.adapters import adapter_options
from lexigym.registry.errors import InvalidArgumentError, UnknownNameError
from lexigym.registry.tables import ADAPTERS


def shifted(env, by=1, *, sign=1):
    """Adds to the rewards."""
    return gymnasium.wrappers.TransformReward(env, lambda reward: reward + sign * by)


@pytest.fixture
def registered():
    lexigym.register_adapter("shifted", shifted, "adds to the rewards")
    yield
    del ADAPTERS._entries["shifted"]


@pytest.mark.usefixtures("registered")
def test_a_third_party_adapts_environments_and_ids():
    for env in ("CartPole-v1", gymnasium.make("CartPole-v1")):
        adapted = lexigym.adapt(env, to="shifted", by=2)
        adapted.reset(seed=0)
        assert adapted.step(0)[1] == 3.0


@pytest.mark.usefixtures("registered")
def test_an_unknown_option_suggests_the_nearest():
    with pytest.raises(InvalidArgumentError, match=r"no option 'sing': did you mean 'sign'\?"):
        lexigym.adapt("CartPole-v1", to="shifted", sing=2)


def test_an_unknown_adapter_suggests_the_nearest():
    with pytest.raises(UnknownNameError, match="no adapter is named 'tianshu': did you mean 'tia"):
        lexigym.adapt("CartPole-v1", to="tianshu")


def test_the_signature_tells_the_options():
    assert adapter_options(shifted) == {"by": 1, "sign": 1}
    assert adapter_options(lambda env, **anything: env) is None


def test_one_hot_is_of_single_environments_and_vectors():
    single = lexigym.adapt(gymnasium.make("QA-v0", level="small"), to="one_hot")
    vector = gymnasium.make_vec("QA-v0", 3, "vector_entry_point", level="small")
    vector = lexigym.adapt(vector, to="one_hot")
    length, size = single.observation_space.shape
    assert size == single.action_space.n
    assert vector.observation_space.shape == (3, length, size)
    assert vector.reset(seed=0)[0][0].tolist() == single.reset(seed=0)[0].tolist()
    with pytest.raises(InvalidArgumentError, match="needs tokens"):
        lexigym.adapt("GridRobot-v0", to="one_hot")
