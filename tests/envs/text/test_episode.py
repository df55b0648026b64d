"""The contract of the token environment, one episode at a time."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys

import gymnasium
import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from hypothesis import given, settings
from hypothesis import strategies as st

import lexigym
from lexigym.agents.protocol import evaluate
from lexigym.envs.scorers.protocol import Scorer
from lexigym.registry.errors import InvalidArgumentError, LexigymError

from .sources import environment, play, random_actions

LEVELS = [
    ("QA-v0", {"level": "small"}),
    ("QA-v0", {"level": "standard"}),
    ("TextGen-v0", {"level": "small"}),
    ("TextGen-v0", {"level": "standard"}),
    ("Translation-v0", {"level": "small"}),
    ("Translation-v0", {"level": "small", "target": "zh"}),
    ("Translation-v0", {"level": "standard"}),
    ("Translation-v0", {"level": "standard", "target": "zh"}),
]
levels = pytest.mark.parametrize(("name", "arguments"), LEVELS, ids=str)


@levels
@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_the_rewards_sum_to_the_score(name, arguments, seed):
    returns = []
    for reward in ("shaped", "terminal"):
        env = gymnasium.make(name, reward=reward, **arguments)
        _, first = env.reset(seed=seed)
        assert first["score"] == 0
        rewards, infos = play(env, random_actions(env, seed))
        low, high = env.unwrapped.reward_bounds
        assert all(low <= each <= high for each in rewards)
        returns.append(sum(rewards))
        assert returns[-1] == pytest.approx(infos[-1]["score"], abs=1e-9)
        text, goal = env.unwrapped.text, env.unwrapped._example.goal
        if infos[-1]["invalid"]:
            assert infos[-1]["score"] == 0
        elif text:
            expected = env.unwrapped.task.scorer.score(text, goal)
            assert infos[-1]["score"] == pytest.approx(expected, abs=1e-9)
        if reward == "terminal":
            assert not any(rewards[:-1])
    assert returns[0] == pytest.approx(returns[1], abs=1e-9)


@levels
def test_the_oracle_earns_what_it_says(name, arguments):
    env = gymnasium.make(name, split="test", **arguments).unwrapped
    for example in range(min(env.num_examples, 40)):
        env.reset(options={"example": example})
        best, total, terminated = env.oracle_return(), 0.0, False
        while not terminated:
            assert env.oracle_return() == pytest.approx(best - total)
            _, reward, terminated, _, _ = env.step(env.oracle_action())
            total += reward
        assert total == pytest.approx(best)
        assert env.oracle_return() == 0
        if env.task.scorer.name in ("bleu", "exact_match"):
            assert best == 1


@levels
def test_every_sentence_comes_back(name, arguments):
    task = gymnasium.make(name, **arguments).unwrapped.task
    for split in task.source.splits:
        for index in range(task.source.size(split) or 300):
            example = task.source.example(split, index)
            pairs = [(example.prompt, task.source.prompt_language)]
            pairs += [(text, task.source.language) for text in example.references]
            for text, language in pairs:
                assert (
                    task.tokenizer.decode(task.tokenizer.encode(text, language), language) == text
                )


def test_an_episode_by_hand():
    env = environment({"what?": ("the dog",)}, mask="all")
    assert env.task.tokenizer.tokens == ("<pad>", "<eos>", "?", "dog", "the", "what")
    assert env.observation_space == gymnasium.spaces.Box(0, 5, (5,), np.int64)
    observation, info = env.reset(seed=0)
    assert observation.tolist() == [5, 2, 0, 0, 0]
    assert info["action_mask"].tolist() == [0, 1, 1, 1, 1, 1]
    observation, reward, terminated, truncated, info = env.step(4)
    assert observation.tolist() == [5, 2, 4, 0, 0]
    # One of the three tokens that are to be written: "the", "dog", and the end.
    assert reward == pytest.approx(1 / 3)
    assert (terminated, truncated) == (False, False)
    observation, reward, terminated, _, info = env.step(3)
    assert reward == pytest.approx(1 / 3)
    assert env.text == "the dog"
    assert not terminated
    observation, reward, terminated, _, info = env.step(1)
    assert observation.tolist() == [5, 2, 4, 3, 1]
    assert (reward, terminated, info["score"]) == (pytest.approx(1 / 3), True, 1)
    with pytest.raises(ResetNeeded, match="reset"):
        env.step(1)


def test_a_full_budget_ends_the_text():
    env = environment({"what?": ("the dog",)}, max_new_tokens=3)
    env.reset(seed=0)
    rewards, infos = play(env, [3, 3, 3, 3])
    assert len(rewards) == 3
    assert sum(rewards) == pytest.approx(infos[-1]["score"])
    assert not infos[-1]["invalid"]


def test_an_illegal_token_earns_nothing():
    env = environment({"what?": ("the dog",)})
    for illegal in (0, env.task.tokenizer.ids["what"]):
        env.reset(seed=0)
        rewards, infos = play(env, [env.task.tokenizer.ids["the"], illegal])
        assert sum(rewards) == 0
        assert infos[-1]["invalid"] == 1
        assert infos[-1]["score"] == 0
        assert len(rewards) == 2


def test_infos_have_the_same_keys_and_types_always():
    env = gymnasium.make("TextGen-v0", level="small")
    _, first = env.reset(seed=0)
    _, infos = play(env, random_actions(env, 0))
    for info in infos:
        assert {k: (type(v), v.dtype) for k, v in info.items()} == {
            k: (type(v), v.dtype) for k, v in first.items()
        }
    assert first["action_mask"].dtype == np.int8
    assert set(first) == {
        *("action_mask", "distinct", "example", "fluency", "invalid", "keywords", "score"),
    }


def test_the_space_samples_legal_actions():
    env = gymnasium.make("QA-v0", level="small")
    _, info = env.reset(seed=0)
    for _ in range(50):
        assert env.unwrapped.action_masks()[env.action_space.sample(info["action_mask"])]


@levels
def test_seeds_fix_everything_in_any_process(name, arguments):
    program = (
        "import gymnasium, lexigym, hashlib, sys\n"
        f"env = gymnasium.make({name!r}, **{arguments!r})\n"
        "seen = [env.reset(seed=3)[0].tolist()]\n"
        "for _ in range(20): seen.append(env.reset()[0].tolist())\n"
        "print(hashlib.sha256(repr(seen).encode()).hexdigest())"
    )
    first, second = (
        subprocess.run([sys.executable, "-c", program], check=True, capture_output=True).stdout
        for _ in range(2)
    )
    assert first == second


@levels
def test_neighbouring_seeds_are_unrelated(name, arguments):
    env = gymnasium.make(name, **arguments).unwrapped
    if env.num_examples is not None:
        pytest.skip("a finite split is drawn from by every seed")
    drawn = []
    for seed in (0, 1):
        env.reset(seed=seed)
        drawn.append({env.reset()[1]["example"].item() for _ in range(200)})
    assert not drawn[0] & drawn[1]


@pytest.mark.parametrize("observation", ["tokens", "dict", "text"])
def test_it_goes_on_from_a_snapshot(observation):
    env = gymnasium.make("Translation-v0", level="small", observation=observation).unwrapped
    env.reset(seed=1)
    play(env, random_actions(env, 0)[:2])
    snapshot = json.loads(json.dumps(env.state()))
    twin = gymnasium.make("Translation-v0", level="small", observation=observation).unwrapped
    twin.restore(snapshot)
    for each in (env, twin):
        each.seen = [each.step(each.oracle_action())[:3], each.reset()[0], each.text]
    assert repr(env.seen) == repr(twin.seen)
    with pytest.raises(InvalidArgumentError, match="state"):
        twin.restore({"example": 1})


def test_no_state_lets_a_text_go_on_after_its_end():
    env = gymnasium.make("QA-v0", level="small").unwrapped
    env.reset(seed=0)
    while env.state()["running"]:
        env.step(env.oracle_action())
    ended = env.state()
    env.restore(ended | {"running": True})
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(0)
    for written in ([*ended["written"], 2], [-1], [10**6], [2**70], [None]):
        with pytest.raises(InvalidArgumentError, match="state"):
            env.restore(ended | {"written": written, "running": True})
        assert env.state() == ended


@pytest.mark.parametrize("begun", [False, True])
def test_where_a_state_is_refused_nothing_changes(begun):
    env = gymnasium.make("QA-v0", level="small").unwrapped
    if begun:
        env.reset(seed=0)
        env.step(env.oracle_action())
    before = env.state()
    too_long = {"example": 1, "written": [0, 2, 2], "running": True}
    for wrong in (too_long, {"example": -1}, {"example": "1"}):
        with pytest.raises(InvalidArgumentError):
            env.restore(before | wrong)
        assert env.state() == before


@pytest.mark.parametrize("name", ["QA-v0", "Translation-v0"])
@pytest.mark.parametrize("arguments", [{}, {"candidates": 4}], ids=str)
def test_it_can_be_pickled(name, arguments):
    env = gymnasium.make(name, level="small", **arguments).unwrapped
    env.reset(seed=1)
    twin = pickle.loads(pickle.dumps(env))
    assert twin.step(twin.oracle_action())[1] == env.step(env.oracle_action())[1]


def test_dict_and_text_observations_show_the_same_episode():
    shown = {}
    for kind in ("tokens", "dict", "text"):
        env = gymnasium.make("Translation-v0", level="small", observation=kind).unwrapped
        env.reset(seed=4)
        observation, _, _, _, info = env.step(env.oracle_action())
        assert env.observation_space.contains(observation)
        shown[kind] = observation
    assert shown["dict"]["tokens"].tolist() == shown["tokens"].tolist()
    assert shown["dict"]["step"] == 1
    assert shown["dict"]["action_mask"].tolist() == info["action_mask"].tolist()
    assert shown["text"] == f"{env.prompt}\n{env.text}"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"reward": "sparse"}, "reward='sparse' is unknown"),
        ({"observation": "pixels"}, "observation='pixels' is unknown"),
        ({"split": "dev"}, "split='dev' is unknown"),
        ({"mask": "none"}, "mask='none' is unknown"),
        ({"scorer": "blue"}, "'blue'.*did you mean 'bleu'"),
        ({"dataset": "cldt"}, "'cldt'"),
        ({"target": "xx"}, "xx"),
        ({"max_prompt_tokens": -1}, "max_prompt_tokens must be an integer of at least 1, got -1"),
        ({"max_prompt_tokens": 0}, "max_prompt_tokens must be an integer of at least 1, got 0"),
        ({"max_new_tokens": 0}, "max_new_tokens must be an integer of at least 1, got 0"),
        ({"tokenizer": 3}, "tokenizer must be"),
        ({"render_mode": "pixels"}, "render_mode='pixels' is unknown"),
    ],
    ids=str,
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(LexigymError, match=message):
        gymnasium.make("Translation-v0", **{"level": "small", **arguments})


def test_what_does_not_fit_is_refused_when_made():
    examples = {"a very long prompt": ("the dog sleeps",)}
    with pytest.raises(InvalidArgumentError, match="4 tokens, 2 fit: raise max_prompt_tokens"):
        environment(examples, max_prompt_tokens=2)
    with pytest.raises(InvalidArgumentError, match="raise max_new_tokens"):
        environment(examples, max_new_tokens=3)


def test_what_the_tokenizer_cannot_express_is_refused():
    with pytest.raises(InvalidArgumentError, match="can't express 'the  dog'"):
        environment({"a": ("the  dog",)})


@pytest.mark.parametrize("action", [-1, 6, 10**9, 1.5, "the", None])
def test_a_token_out_of_range_is_named(action):
    env = environment({"what?": ("the dog",)})
    env.reset(seed=0)
    with pytest.raises(InvalidArgumentError, match="from 0 to 5, got"):
        env.step(action)
    env.step(3)


@pytest.mark.parametrize("example", [-1, 2, "first", 0.5])
def test_an_example_that_does_not_exist_is_named(example):
    env = environment({"a": ("the dog",), "b": ("the cat",)})
    with pytest.raises(InvalidArgumentError, match="from 0 to 1"):
        env.reset(options={"example": example})
    with pytest.raises(InvalidArgumentError, match="no option 'exmple'"):
        env.reset(options={"exmple": 1})


def test_a_scorer_that_breaks_its_contract_is_named():
    class Broken(Scorer):
        name = "broken"

        def score(self, hypothesis, references):
            return float("nan")

    env = environment({"a": ("the dog",)}, scorer=Broken())
    env.reset(seed=0)
    with pytest.raises(LexigymError, match=r"'broken' gives nan for the text 'dog'"):
        env.step(3)


def test_a_scorer_without_potential_pays_at_the_end():
    class Starts(Scorer):
        name = "starts"

        def score(self, hypothesis, references):
            return float(hypothesis.startswith("the"))

    env = environment({"a": ("the dog",)}, scorer=Starts())
    env.reset(seed=0)
    ids = env.task.tokenizer.ids
    rewards, _ = play(env, [ids["the"], ids["dog"], 1])
    assert rewards == [0, 0, 1]


def test_before_the_first_reset_there_is_nothing():
    env = environment({"a": ("the dog",)})
    for call in (env.oracle_action, env.oracle_return, lambda: env.step(1), lambda: env.prompt):
        with pytest.raises(ResetNeeded):
            call()


def test_agents_play_it():
    env = gymnasium.make("Translation-v0", level="small")
    for name in ("random", "oracle"):
        returns = evaluate(lexigym.make_agent(name, env), env, 20)
        assert bool(returns.mean() == 1) is (name == "oracle")
