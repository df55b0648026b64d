"""Short lists of next tokens: what is offered, what is legal, and who may propose."""

from __future__ import annotations

import json
import pickle

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from hypothesis import given, settings
from hypothesis import strategies as st

import lexigym  # noqa: F401, registers the ids
from lexigym.envs.datasets.schema import Dataset, Example
from lexigym.envs.scorers.ngram_model import END
from lexigym.envs.text.candidates import NGramProposer
from lexigym.registry.errors import InvalidArgumentError

from ..equality import assert_equal
from .sources import environment, play
from .test_vector import make

TASKS = [
    ("QA-v0", {"level": "small"}),
    ("QA-v0", {"level": "standard", "split": "test"}),
    ("TextGen-v0", {"level": "small", "mask": "all"}),
    ("Translation-v0", {"level": "small", "split": "validation"}),
    ("Translation-v0", {"level": "standard", "target": "zh"}),
]
tasks = pytest.mark.parametrize(("name", "arguments"), TASKS, ids=str)
forms = pytest.mark.parametrize("actions", ["tokens", "candidates"])
kinds = pytest.mark.parametrize("observation", ["tokens", "dict", "text"])

# Tokens: <pad>, <eos>, ?, cat, dog, the, what.
EXAMPLES = {"what?": ("the dog", "the cat")}
CAT, DOG, THE = 3, 4, 5


def first(*proposed):
    """A proposer that always gives the same."""
    return lambda tokens, k: np.array(proposed)


class Rotating:
    """Another list for each length of the text, without the end."""

    def propose(self, tokens, k):
        tokens[:] = -1
        return [THE, DOG, CAT][:k]


@forms
@tasks
@kinds
@settings(max_examples=5, deadline=None)
@given(
    mode=st.sampled_from(list(AutoresetMode)),
    n=st.integers(1, 3),
    k=st.integers(2, 9),
    seed=st.integers(0, 2**40),
)
def test_the_vector_form_equals_single_environments(
    name, arguments, actions, observation, mode, n, k, seed
):
    arguments = {**arguments, "candidates": k, "actions": actions, "observation": observation}
    ours = make(name, n, mode, **arguments)
    theirs = SyncVectorEnv([lambda: gymnasium.make(name, **arguments)] * n, autoreset_mode=mode)
    assert ours.observation_space == theirs.observation_space
    assert ours.action_space == theirs.action_space
    assert_equal(ours.reset(seed=seed), theirs.reset(seed=seed))
    generator = np.random.default_rng(n)
    for step in range(15):
        masks = ours.action_masks()
        assert_equal(masks, np.array([each.unwrapped.action_masks() for each in theirs.envs]))
        best = ours.oracle_action()
        assert best.tolist() == [each.unwrapped.oracle_action() for each in theirs.envs]
        returns = [each.unwrapped.oracle_return() for each in theirs.envs]
        assert ours.oracle_return().tolist() == returns
        drawn = [generator.choice(np.flatnonzero(mask)) for mask in masks]
        chosen = np.where(generator.random(n) < 0.6, best, drawn)
        if step % 9 == 8:
            # In the form of tokens it is no candidate.
            chosen[0] = 0
        mine, other = ours.step(chosen), theirs.step(chosen)
        assert_equal(mine, other)
        if mode is AutoresetMode.DISABLED and mine[2].any():
            options = {"reset_mask": mine[2]}
            assert_equal(ours.reset(options=options), theirs.reset(options=options))


@forms
@tasks
@kinds
def test_checkers_accept_it(name, arguments, actions, observation):
    arguments = {**arguments, "candidates": 5, "actions": actions, "observation": observation}
    env = gymnasium.make(name, **arguments)
    check_env(env.unwrapped, skip_render_check=True)
    if observation != "text":
        pytest.importorskip("stable_baselines3.common.env_checker").check_env(env)


@forms
@tasks
@pytest.mark.parametrize("k", [2, 6])
def test_the_oracle_is_legal_and_earns_at_least_what_it_says(name, arguments, actions, k):
    env = gymnasium.make(name, candidates=k, actions=actions, **arguments).unwrapped
    env.reset(seed=0)
    for _ in range(15):
        _, first = env.reset()
        best, total, terminated = env.oracle_return(), 0.0, False
        while not terminated:
            assert env.oracle_return() >= best - total - 1e-9
            action = env.oracle_action()
            assert env.action_masks()[action]
            _, reward, terminated, _, info = env.step(action)
            assert {each: value.dtype for each, value in info.items()} == {
                each: value.dtype for each, value in first.items()
            }
            total += reward
        assert total >= best - 1e-9
        assert info["invalid"] == 0
        assert env.oracle_return() == 0
        assert env.action_masks()[env.oracle_action()]


@tasks
def test_with_all_tokens_offered_the_oracle_is_the_same(name, arguments):
    plain = gymnasium.make(name, **arguments).unwrapped
    k = int(plain.task.mask.sum())
    env = gymnasium.make(name, candidates=k, **arguments).unwrapped
    for seed in range(5):
        assert_equal(plain.reset(seed=seed), env.reset(seed=seed))
        assert env.oracle_return() == plain.oracle_return()
        assert env.oracle_action() == plain.oracle_action()


def test_an_episode_of_tokens_by_hand():
    env = environment(EXAMPLES, candidates=2, proposer=Rotating())
    assert env.action_space == gymnasium.spaces.Discrete(7)
    _, info = env.reset(seed=0)
    # The end takes the place of the last.
    assert np.flatnonzero(info["action_mask"]).tolist() == [1, THE]
    rewards, infos = play(env, [THE, DOG])
    assert np.flatnonzero(infos[0]["action_mask"]).tolist() == [1, THE]
    assert infos[0]["invalid"] == 0
    # It was no candidate.
    assert infos[1]["invalid"] == 1
    assert sum(rewards) == 0
    assert np.flatnonzero(infos[1]["action_mask"]).tolist() == [1]
    assert env.text == "the dog"


def test_an_episode_of_candidates_by_hand():
    env = environment(EXAMPLES, candidates=3, proposer=first(DOG, 1, THE), actions="candidates")
    assert env.action_space == gymnasium.spaces.Discrete(3)
    assert env.observation_space == gymnasium.spaces.Box(0, 6, (8,), np.int64)
    observation, info = env.reset(seed=0)
    assert observation.tolist() == [6, 2, 0, 0, 0, DOG, 1, THE]
    assert info["action_mask"].tolist() == [1, 1, 1]
    assert env.oracle_action() == 2
    observation, *_ = env.step(2)
    assert observation.tolist() == [6, 2, THE, 0, 0, DOG, 1, THE]
    assert env.oracle_action() == 0
    env.step(0)
    assert env.oracle_action() == 1
    observation, _, terminated, _, info = env.step(1)
    assert observation.tolist() == [6, 2, THE, DOG, 1, 0, 0, 0]
    assert terminated
    assert info["score"] == 1
    assert info["action_mask"].tolist() == [1, 1, 1]
    env.reset()
    with pytest.raises(InvalidArgumentError, match="from 0 to 2, got 3"):
        env.step(3)


def test_the_oracle_makes_do_with_what_is_offered():
    # No reference can begin, but the rest of one can be written.
    env = environment(EXAMPLES, candidates=2, proposer=first(DOG, 1))
    env.reset(seed=0)
    best = env.oracle_return()
    assert 0 < best < 1
    rewards, _ = play(env, [env.oracle_action(), 1])
    assert env.text == "dog"
    assert sum(rewards) == pytest.approx(best)


@forms
def test_every_form_of_the_mask_agrees(actions):
    env = gymnasium.make(
        "QA-v0", level="small", candidates=4, actions=actions, observation="dict"
    ).unwrapped
    observation, info = env.reset(seed=0)
    offered, terminated = set(), False
    while not terminated:
        mask = env.action_masks()
        assert mask.tolist() == info["action_mask"].astype(bool).tolist()
        assert mask.tolist() == observation["action_mask"].astype(bool).tolist()
        assert mask.sum() == 4
        ids = np.flatnonzero(mask) if actions == "tokens" else observation["candidates"]
        assert 1 in ids
        offered.add(tuple(ids.tolist()))
        observation, _, terminated, _, info = env.step(env.oracle_action())
    assert len(offered) > 1
    assert ("candidates" in observation) == (actions == "candidates")


@forms
@tasks
@kinds
def test_it_goes_on_from_a_snapshot_and_a_pickle(name, arguments, actions, observation):
    arguments = {**arguments, "candidates": 3, "actions": actions, "observation": observation}
    env, twin = (gymnasium.make(name, **arguments).unwrapped for _ in range(2))
    env.reset(seed=1)
    env.step(env.oracle_action())
    twin.restore(json.loads(json.dumps(env.state())))
    copy = pickle.loads(pickle.dumps(env))
    for each in (env, twin, copy):
        each.seen = [each.action_masks().tolist(), each.reset(), each.step(each.oracle_action())]
    assert repr(env.seen) == repr(twin.seen) == repr(copy.seen)
    vector, twin = (make(name, 3, **arguments) for _ in range(2))
    vector.reset(seed=1)
    # In the form of tokens the first ends one text illegally.
    vector.step(np.array([0, *vector.oracle_action()[1:]]))
    twin.restore(json.loads(json.dumps(vector.state())))
    copy = pickle.loads(pickle.dumps(vector))
    for _ in range(10):
        best = vector.oracle_action()
        mine, other, third = vector.step(best), twin.step(best), copy.step(best)
        assert_equal(mine, other)
        assert_equal(mine, third)


@forms
def test_an_ended_text_goes_on_from_a_snapshot(actions):
    env, twin = (environment(EXAMPLES, candidates=3, actions=actions) for _ in range(2))
    env.reset(seed=0)
    play(env, [0, 0, 0, 0])
    twin.restore(env.state())
    assert twin.state() == env.state()
    assert_equal(twin.action_masks(), env.action_masks())
    assert_equal(twin._tokens, env._tokens)
    assert_equal(twin._info(), env._info())


@forms
def test_what_is_returned_is_never_written_again(actions):
    env = make("QA-v0", 2, level="small", candidates=3, actions=actions, observation="dict")
    returned = [env.reset(seed=0)]
    kept = [pickle.loads(pickle.dumps(returned[0]))]
    for _ in range(8):
        returned.append(env.step(env.oracle_action()))
        kept.append(pickle.loads(pickle.dumps(returned[-1])))
    assert_equal(tuple(returned), tuple(kept))


def test_the_ngram_proposer_follows_its_model():
    task = gymnasium.make("QA-v0", level="small", candidates=5).unwrapped.task
    mask = task.mask.astype(bool)
    proposer = NGramProposer(task.source, task.tokenizer, task.prompt_tokens, mask)
    example = task.examples.get(0)
    reference = example.references[0]
    for length in range(len(reference) + 1):
        page = example.blank.copy()
        page[task.prompt_tokens :][:length] = reference[:length]
        ids = proposer.propose(page, 5).tolist()
        context = list(map(str, reference[:length]))
        chances = [
            proposer.model.probability(END if i == 1 else str(i), context)
            for i in [*ids, *set(np.flatnonzero(mask).tolist()).difference(ids)]
        ]
        assert chances[:5] == sorted(chances, reverse=True)[:5]
        assert proposer.propose(page, 5).tolist() == ids
        assert proposer.propose(page, 3).tolist() == ids[:3]
    everything = proposer.propose(example.blank, int(mask.sum()))
    assert sorted(everything.tolist()) == np.flatnonzero(mask).tolist()


def test_the_ngram_proposer_is_fitted_on_the_train_split_alone():
    splits = {"train": [Example("a", ("the dog",))], "test": [Example("b", ("zebra",))]}
    data = Dataset("test", "en", "en", "MIT", "the tests", splits)
    env = gymnasium.make("QA-v0", dataset=data, candidates=3, split="test").unwrapped
    env.reset(seed=0)
    assert "zebra" not in [env.task.tokenizer.token(i) for i in np.flatnonzero(env.action_masks())]
    del splits["train"]
    data = Dataset("test", "en", "en", "MIT", "the tests", splits)
    with pytest.raises(InvalidArgumentError, match="train split, which 'test' lacks"):
        gymnasium.make("QA-v0", dataset=data, candidates=2, split="test")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"candidates": 1}, r"candidates must be an integer in \[2, 4\], got 1"),
        ({"candidates": 5}, r"candidates must be an integer in \[2, 4\], got 5"),
        ({"candidates": 2.5}, r"candidates must be an integer in \[2, 4\], got 2.5"),
        ({"candidates": 2, "proposer": 7}, r"proposer must be .*propose.*, got 7"),
        ({"candidates": 2, "proposer": "ngrm"}, r"proposer must be 'ngram'.*, got 'ngrm'"),
        ({"candidates": 2, "proposer": Rotating}, r"proposer must be .*Rotating"),
        ({"candidates": 2, "actions": "words"}, "actions='words' is unknown"),
        ({"actions": "candidates"}, "pass candidates=k"),
        ({"proposer": first(DOG, 1)}, "pass candidates=k"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(InvalidArgumentError, match=message):
        environment(EXAMPLES, **arguments)


@pytest.mark.parametrize(
    ("proposed", "message"),
    [
        ((DOG,), r"array\(\[4\]\), but must propose 2 integers"),
        ((DOG, CAT, THE), "must propose 2 integers"),
        ((1.0, 2.0), "must propose 2 integers"),
        ((DOG, 0), "gave the token 0, which may not be written.*mask"),
        ((DOG, 6), "gave the token 6, which may not be written"),
        ((DOG, 7), "gave the token 7"),
        ((-1, DOG), "gave the token -1"),
        ((DOG, DOG), r"\[4, 4\], the same token twice"),
    ],
    ids=str,
)
def test_a_proposer_that_breaks_its_contract_is_named(proposed, message):
    env = environment(EXAMPLES, candidates=2, proposer=first(*proposed))
    with pytest.raises(InvalidArgumentError, match=message):
        env.reset(seed=0)
