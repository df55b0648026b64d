"""Scores while a text is written: what the scorer says of the text so far, on every prefix."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sacrebleu.metrics.bleu import BLEU

from lexigym.envs.datasets.sentences import is_lossless, join
from lexigym.envs.text.judge import TokenBleu

from .sources import WORDS, environment, play, sentences


@pytest.mark.parametrize("language", sorted(WORDS))
@settings(max_examples=500, deadline=None)
@given(data=st.data())
def test_bleu_on_tokens_is_sacrebleus(language, data):
    drawn = data.draw(st.lists(sentences(language), min_size=1, max_size=3))
    references = tuple(join(tokens, language) for tokens in drawn)
    assume(all(is_lossless(reference, language) for reference in references))
    env = environment({"a": references}, language, mask="all", max_prompt_tokens=9)
    tokenizer = env.task.tokenizer
    text = data.draw(
        st.one_of(
            st.sampled_from([tokenizer.encode(each, language) for each in references]),
            st.lists(st.integers(2, tokenizer.size - 1), max_size=9),
        )
    )
    metric = BLEU(effective_order=True, tokenize="zh" if language == "zh" else "13a")
    env.reset(seed=0)
    for token in text[: env.task.new_tokens]:
        _, _, _, _, info = env.step(token)
        expected = metric.sentence_score(env.text, list(references)).score / 100
        assert info["score"] == pytest.approx(min(expected, 1), abs=1e-9)


@pytest.mark.parametrize(
    ("language", "reference"),
    [
        ("en", "the dog isn't up, 3 dogs!"),
        ("fr", "où est-il ?"),
        ("es", "¿dónde está el niño?"),
        ("zh", "我们三月12日。"),
        ("en", "up-3 the-dog"),
    ],
)
def test_tokens_are_counted_without_looking_at_the_text(language, reference):
    env = environment({"a": (reference,)}, language)
    assert isinstance(env._judge, TokenBleu)


@pytest.mark.parametrize("reference", ["e.g. this", "say e.g"])
def test_the_text_is_asked_where_tokens_do_not_tell(reference):
    env = environment({"a": (reference,)})
    assert not isinstance(env._judge, TokenBleu)
    env.reset(seed=0)
    rewards, infos = play(env, [*env._example.references[0], env.task.tokenizer.eos])
    assert sum(rewards) == pytest.approx(1)
    assert infos[-1]["score"] == 1


def test_a_longer_example_finds_room():
    long = " ".join(WORDS["en"][index % 3] for index in range(70))
    env = environment({"a": ("the dog",), "b": (long, "the cat", "cat")})
    for example, best in ((0, 1.0), (1, 1.0), (0, 1.0)):
        env.reset(seed=0, options={"example": example})
        rewards, _ = play(env, [*env._example.references[0], env.task.tokenizer.eos])
        assert sum(rewards) == pytest.approx(best)


def test_a_text_goes_on_where_another_example_needs_more_room():
    references = {"a": ("the dog isn't up",), "b": ("the cat " * 40 + "up", "cat", "dog")}
    task = environment(references, max_prompt_tokens=1).task
    short, long = (task.examples.get(index) for index in range(2))
    judge, twin = TokenBleu(2, task.joins), TokenBleu(1, task.joins)
    for each in (judge, twin):
        each.begin(0, short)
        each.write(0, short.references[0][0])
    judge.begin(1, long)
    assert judge.texts.shape[1] > twin.texts.shape[1]
    for token in short.references[0][1:]:
        assert judge.write(0, token) == twin.write(0, token)
    assert judge.write(0, short.references[0][0]) != (1.0, 1.0)


@pytest.mark.parametrize(
    "scorer", ["exact_match", "f1", "chrf", "0.5*bleu+0.5*chrf", "bleu*length"]
)
@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_every_scorer_scores_the_text_so_far(scorer, seed):
    env = environment({"a": ("the dog is up", "a dog"), "b": ("the cat!",)}, scorer=scorer)
    env.reset(seed=seed)
    generator = np.random.default_rng(seed)
    scorer, goal = env.task.scorer, env._example.goal
    terminated = False
    while not terminated:
        action = generator.choice(np.flatnonzero(env.action_masks()))
        _, _, terminated, _, info = env.step(action)
        expected = scorer.score(env.text, goal) if env.text else info["score"]
        assert info["score"] == pytest.approx(expected, abs=1e-9)
        parts = scorer.components(env.text, goal)
        if env.text and len(parts) > 1:
            assert {name: info[name] for name in parts} == pytest.approx(parts, abs=1e-9)
