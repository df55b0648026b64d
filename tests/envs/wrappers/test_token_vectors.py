"""Vectors in the place of tokens tell the same, in every mode of a vector environment."""

from __future__ import annotations

import pickle

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode, SyncVectorEnv

import lexigym  # noqa: F401, registers the ids
from lexigym.envs.wrappers import (
    EmbeddedTokens,
    EmbeddedTokensVector,
    OneHotTokens,
    OneHotTokensVector,
)
from lexigym.registry.errors import InvalidArgumentError

from ..equality import assert_equal

MODES = list(AutoresetMode)
WIDTH = 3


def single(observation="tokens"):
    return gymnasium.make("QA-v0", level="small", observation=observation)


def vector(n, mode, observation="tokens"):
    return gymnasium.make_vec(
        "QA-v0",
        n,
        vectorization_mode="vector_entry_point",
        autoreset_mode=mode,
        level="small",
        observation=observation,
    )


def table():
    size = single().action_space.n
    return np.random.default_rng(0).normal(size=(size, WIDTH))


def wrapped(kind, env):
    vectorized = isinstance(env, gymnasium.vector.VectorEnv)
    if kind == "one-hot":
        return OneHotTokensVector(env) if vectorized else OneHotTokens(env)
    make = EmbeddedTokensVector if vectorized else EmbeddedTokens
    return make(env, table())


def ids(kind, vectors):
    """The tokens that vectors stand for."""
    if kind == "one-hot":
        assert (vectors.sum(axis=-1) == 1).all()
        return vectors.argmax(axis=-1)
    distances = np.abs(vectors[..., None, :] - table().astype(np.float32)).max(axis=-1)
    assert (distances.min(axis=-1) == 0).all()
    return distances.argmin(axis=-1)


kinds = pytest.mark.parametrize("kind", ["one-hot", "embedded"])


@kinds
def test_vectors_stand_for_the_tokens(kind):
    plain, env = single(), wrapped(kind, single())
    slots, size = plain.observation_space.shape[0], int(plain.action_space.n)
    width = size if kind == "one-hot" else WIDTH
    assert env.observation_space.shape == (slots, width)
    assert env.observation_space.dtype == np.float32
    for each in (plain, env):
        each.seen = [each.reset(seed=3)[0]]
        terminated = False
        while not terminated:
            observation, _, terminated, *_ = each.step(each.unwrapped.oracle_action())
            each.seen.append(observation)
    for tokens, vectors in zip(plain.seen, env.seen, strict=True):
        assert env.observation_space.contains(vectors)
        np.testing.assert_array_equal(ids(kind, vectors), tokens)


@kinds
def test_the_tokens_of_a_dict_and_nothing_else(kind):
    plain, env = single("dict"), wrapped(kind, single("dict"))
    before, after = (each.reset(seed=3)[0] for each in (plain, env))
    assert env.observation_space.contains(after)
    for key in ("tokens", "prompt"):
        np.testing.assert_array_equal(ids(kind, after[key]), before[key])
    for key in ("action_mask", "step"):
        assert_equal(after[key], before[key])


@kinds
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("observation", ["tokens", "dict"])
def test_the_vector_form_equals_single_environments(kind, mode, observation):
    ours = wrapped(kind, vector(3, mode, observation))
    theirs = SyncVectorEnv([lambda: wrapped(kind, single(observation))] * 3, autoreset_mode=mode)
    assert ours.observation_space == theirs.observation_space
    assert ours.single_observation_space == theirs.single_observation_space
    assert_equal(ours.reset(seed=5), theirs.reset(seed=5))
    generator = np.random.default_rng(0)
    legal = np.flatnonzero(ours.unwrapped.action_masks()[0])
    ended = 0
    for _ in range(25):
        actions = generator.choice(legal, 3)
        mine = ours.step(actions)
        assert_equal(mine, theirs.step(actions))
        over = mine[2] | mine[3]
        ended += over.sum()
        if mode is AutoresetMode.DISABLED and over.any():
            assert_equal(
                ours.reset(options={"reset_mask": over}), theirs.reset(options={"reset_mask": over})
            )
    assert ended


# It is a wrapper that is checked, on purpose.
@pytest.mark.filterwarnings("ignore:.*different from the unwrapped version")
@kinds
def test_gymnasium_accepts_it_remakes_it_and_pickles_it(kind):
    env = wrapped(kind, single())
    check_env(env, skip_render_check=True)
    expected = env.reset(seed=1)[0]
    for twin in (gymnasium.make(env.spec), pickle.loads(pickle.dumps(env))):
        np.testing.assert_array_equal(twin.reset(seed=1)[0], expected)


def test_the_table_is_a_copy():
    rows = table()
    env = EmbeddedTokens(single(), rows)
    first, _ = env.reset(seed=1)
    rows[:] = 0
    np.testing.assert_array_equal(env.reset(seed=1)[0], first)


def test_wrong_tables_are_named():
    rows = table()
    size = len(rows)
    for wrong in (rows[1:], rows[:, 0], rows[:, :0]):
        with pytest.raises(InvalidArgumentError, match=rf"shape \({size}, D\).*got shape"):
            EmbeddedTokens(single(), wrong)
    with pytest.raises(InvalidArgumentError, match="got shape str"):
        EmbeddedTokens(single(), "glove")
    rows[4, 1] = np.nan
    with pytest.raises(InvalidArgumentError, match=r"finite.*for token 4"):
        EmbeddedTokensVector(vector(2, AutoresetMode.SAME_STEP), rows)


def test_environments_without_tokens_are_refused():
    for env in (gymnasium.make("CartPole-v1"), single("text"), OneHotTokens(single())):
        with pytest.raises(InvalidArgumentError, match="OneHotTokens needs tokens"):
            OneHotTokens(env)
    with pytest.raises(InvalidArgumentError, match="OneHotTokensVector needs tokens"):
        OneHotTokensVector(gymnasium.make_vec("CartPole-v1", 2))
