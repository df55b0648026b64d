"""The law of the vector form: n single environments, bit for bit, in every autoreset mode."""

from __future__ import annotations

import copy
import json
import pickle

import gymnasium
import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from hypothesis import given, settings
from hypothesis import strategies as st

import lexigym  # noqa: F401, registers the ids
from lexigym.envs.datasets.sentences import join
from lexigym.registry.errors import InvalidArgumentError

from ..equality import assert_equal
from .sources import source
from .test_episode import LEVELS

MODES = list(AutoresetMode)

# Known examples and BLEU on tokens: here episodes begin in a compiled loop. The prompts, the
# references and their number differ in length, and one reference is longer than the text may be.
KNOWN = {
    "a": ["le"],
    "a cat": ["est - il le 2", "il est 15 !"],
    "a cat, up": ["l'eau est où ?", "où", "le il " * 9],
    "up": ["il - 2 .", "le il : où"],
}
SOURCE = source(
    {
        prompt: tuple(join(text.split(), "fr") for text in references)
        for prompt, references in KNOWN.items()
    },
    "fr",
)
FINITE = [
    ("Translation-v0", {"level": "small", "split": "test"}),
    ("Translation-v0", {"level": "small", "target": "zh", "split": "validation"}),
    ("Translation-v0", {"dataset": SOURCE, "max_new_tokens": 7}),
]


def label(value):
    return str(value)[:60]


ALL = pytest.mark.parametrize(("name", "arguments"), [*LEVELS, *FINITE], ids=label)


def make(name, n, mode=AutoresetMode.NEXT_STEP, **arguments):
    return gymnasium.make_vec(
        name, n, vectorization_mode="vector_entry_point", autoreset_mode=mode, **arguments
    )


@ALL
@pytest.mark.parametrize("observation", ["tokens", "dict", "text"])
@settings(max_examples=12, deadline=None)
@given(
    mode=st.sampled_from(MODES),
    n=st.integers(1, 4),
    seed=st.one_of(st.integers(0, 2**40), st.lists(st.integers(0, 2**32), min_size=4, max_size=4)),
    reward=st.sampled_from(["shaped", "terminal"]),
)
def test_it_equals_single_environments(name, arguments, observation, mode, n, seed, reward):
    arguments = {**arguments, "observation": observation, "reward": reward}
    seed = seed if isinstance(seed, int) else seed[:n]
    ours = make(name, n, mode, **arguments)
    theirs = SyncVectorEnv([lambda: gymnasium.make(name, **arguments)] * n, autoreset_mode=mode)
    assert ours.observation_space == theirs.observation_space
    assert ours.action_space == theirs.action_space
    assert_equal(ours.reset(seed=seed), theirs.reset(seed=seed))
    generator = np.random.default_rng(n)
    legal = np.flatnonzero(ours.action_masks()[0])
    for step in range(20):
        actions = generator.choice(legal, n)
        best = ours.oracle_action()
        actions = np.where(generator.random(n) < 0.6, best, actions)
        if step % 9 == 8:
            actions[0] = 0
        mine, other = ours.step(actions), theirs.step(actions)
        assert_equal(mine, other)
        over = mine[2] | mine[3]
        if mode is AutoresetMode.DISABLED and over.any():
            options = {"reset_mask": over}
            assert_equal(ours.reset(options=options), theirs.reset(options=options))


def test_the_oracle_is_that_of_single_environments():
    ours = make("Translation-v0", 3, level="small")
    theirs = SyncVectorEnv([lambda: gymnasium.make("Translation-v0", level="small")] * 3)
    for env in (ours, theirs):
        env.reset(seed=2)
    for _ in range(8):
        best = [each.unwrapped.oracle_return() for each in theirs.envs]
        assert ours.oracle_return().tolist() == best
        actions = ours.oracle_action()
        assert actions.tolist() == [each.unwrapped.oracle_action() for each in theirs.envs]
        ours.step(actions)
        theirs.step(actions)
    assert ours.text == tuple(each.unwrapped.text for each in theirs.envs)


@pytest.mark.parametrize(("name", "arguments"), FINITE, ids=label)
@pytest.mark.parametrize("mode", MODES)
def test_it_equals_single_environments_with_the_example_asked_for(name, arguments, mode):
    ours = make(name, 3, mode, **arguments)
    theirs = SyncVectorEnv([lambda: gymnasium.make(name, **arguments)] * 3, autoreset_mode=mode)
    assert ours._encoded is not None
    for example in (2, 0):
        options = {"example": example}
        assert_equal(ours.reset(seed=5, options=options), theirs.reset(seed=5, options=options))
        for _ in range(4 if mode is AutoresetMode.DISABLED else 30):
            actions = ours.oracle_action()
            mine, other = ours.step(actions), theirs.step(actions)
            assert_equal(mine, other)
            if mode is AutoresetMode.DISABLED and mine[2].any():
                break


@pytest.mark.parametrize(
    ("name", "arguments"), [("QA-v0", {"level": "small"}), *FINITE[::2]], ids=label
)
def test_it_goes_on_from_a_snapshot(name, arguments):
    env, twin = (make(name, 3, **arguments) for _ in range(2))
    env.reset(seed=1)
    # One text has ended, one is in its middle, one has its end written.
    env.step(np.array([0, *env.oracle_action()[1:]]))
    twin.restore(json.loads(json.dumps(env.state())))
    assert twin.state() == env.state()
    for _ in range(12):
        actions = env.oracle_action()
        assert_equal(env.step(actions), twin.step(actions))
    before = twin.state()
    too_large, absent = {"written": [[10**6], [], []]}, {"examples": [0, 1, -1]}
    for wrong in ({}, before | too_large, before | absent):
        with pytest.raises(InvalidArgumentError):
            twin.restore(wrong)
        assert twin.state() == before


def test_no_state_lets_a_text_go_on_after_its_end():
    """Compiled code would write into other memory."""
    env = make("Translation-v0", 2, level="small")
    env.reset(seed=0)
    while env.state()["running"][0]:
        env.step(env.oracle_action())
    env.restore(env.state() | {"running": [True, True]})
    assert not env.state()["running"][0]


@pytest.mark.parametrize(("name", "arguments"), [LEVELS[0], FINITE[2]], ids=label)
def test_it_can_be_pickled(name, arguments):
    env = make(name, 3, **arguments)
    env.reset(seed=1)
    env.step(env.oracle_action())
    twin = pickle.loads(pickle.dumps(env))
    for _ in range(12):
        actions = env.oracle_action()
        mine, other = env.step(actions), twin.step(actions)
        assert_equal(mine, other)
        assert not other[4]["action_mask"].flags.writeable


@ALL
@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
def test_what_is_returned_is_never_written_again(name, arguments, mode):
    env = make(name, 2, mode, **arguments)
    returned = [env.reset(seed=0)]
    kept = [copy.deepcopy(returned[0])]
    for _ in range(15):
        returned.append(env.step(env.oracle_action()))
        kept.append(copy.deepcopy(returned[-1]))
    assert_equal(tuple(returned), tuple(kept))


def test_renderings():
    env = make("QA-v0", 2, level="small", render_mode="ansi")
    env.reset(seed=0)
    first, second = env.render()
    assert "prompt" in first
    assert first != second
    pictures = make("QA-v0", 2, level="small", render_mode="rgb_array")
    pictures.reset(seed=0)
    assert all(picture.dtype == np.uint8 for picture in pictures.render())


@pytest.mark.parametrize(
    "actions", [[0], [[1], [1]], [1.0, 1.0], [1, 10**6], [-1, 1], ["a", "b"]], ids=str
)
def test_wrong_actions_write_nothing(actions):
    env = make("QA-v0", 2, level="small")
    env.reset(seed=0)
    before = env.state()
    with pytest.raises(InvalidArgumentError, match="actions must be"):
        env.step(np.array(actions))
    assert env.state() == before


def test_what_never_began_is_refused():
    env = make("QA-v0", 2, mode=AutoresetMode.DISABLED, level="small")
    with pytest.raises(ResetNeeded):
        env.step(np.array([1, 1]))
    with pytest.raises(ResetNeeded):
        env.reset(options={"reset_mask": np.array([True, False])})
    env.reset(seed=0)
    env.step(np.array([1, 1]))
    with pytest.raises(ResetNeeded):
        env.step(np.array([1, 1]))
    with pytest.raises(InvalidArgumentError, match="seed has 3 entries"):
        env.reset(seed=[1, 2, 3])
