"""The n-gram reference is the model's distribution, over the legal tokens."""

from __future__ import annotations

import pickle

import gymnasium
import numpy as np
import pytest

from lexigym.envs.scorers.ngram_model import END, UNKNOWN, NGramModel
from lexigym.envs.text.tokenizer import WordTokenizer
from lexigym.envs.wrappers import NGramReference, Reference
from lexigym.registry.errors import InvalidArgumentError

from ..text.sources import environment

SENTENCES = [["the", "dog", "sleeps"], ["the", "cat", "sleeps"], ["a", "dog", "runs"]]
# The model knows "the", "dog" and "cat" of these, not "zebra" and "yak".
TOKENIZER = WordTokenizer(["cat", "dog", "the", "yak", "zebra"])
PAD, EOS, CAT, DOG, THE, YAK, ZEBRA = range(7)


@pytest.mark.parametrize("written", [[], [THE], [THE, DOG], [ZEBRA, THE]])
def test_it_is_the_models_distribution_renormalised(written):
    model = NGramModel(SENTENCES, 3)
    reference = NGramReference(model, TOKENIZER, prompt_tokens=2, mask=[0, 1, 1, 1, 0, 1, 1])
    tokens = np.array([PAD, ZEBRA, *written, *[PAD] * (4 - len(written))])
    values = reference.log_probabilities(tokens)
    context = [TOKENIZER.token(token) for token in written]
    unknown = model.probability(UNKNOWN, context) / 2
    weights = np.array(
        [
            *(0, model.probability(END, context)),
            *(model.probability("cat", context), model.probability("dog", context)),
            *(0, unknown, unknown),
        ]
    )
    np.testing.assert_allclose(np.exp(values), weights / weights.sum(), rtol=1e-12)
    assert np.isneginf(values[[PAD, THE]]).all()


def test_a_batch_is_its_rows():
    reference = NGramReference(NGramModel(SENTENCES), TOKENIZER, 1)
    batch = np.array([[ZEBRA, PAD, PAD], [CAT, THE, PAD], [CAT, THE, CAT]])
    values = reference.log_probabilities(batch)
    assert values.shape == (3, 7)
    assert values.dtype == np.float64
    for row, each in zip(batch, values, strict=True):
        np.testing.assert_array_equal(reference.log_probabilities(row), each)
    assert isinstance(reference, Reference)
    twin = pickle.loads(pickle.dumps(reference))
    np.testing.assert_array_equal(twin.log_probabilities(batch), values)


def test_tokens_of_one_word_share_its_probability():
    tokenizer = WordTokenizer(["The", "dog", "the"])
    model = NGramModel(SENTENCES)
    reference = NGramReference(model, tokenizer, 0, word=str.casefold)
    upper, dog, lower = np.exp(reference.log_probabilities(np.array([PAD, PAD])))[2:]
    assert upper == lower
    assert upper + lower == pytest.approx(
        dog * model.probability("the", []) / model.probability("dog", [])
    )
    # What was written counts by its word, however it was spelt.
    after = [reference.log_probabilities(np.array([token, PAD])) for token in (2, 4)]
    np.testing.assert_array_equal(*after)


def test_it_is_fitted_to_an_environments_references():
    env = environment({"a": ("the dog",), "b": ("the cat",), "c": ("up",)}, mask="target")
    reference = NGramReference.fit(env, order=2)
    observation, info = env.reset(seed=0)
    ids = env.task.tokenizer.ids
    first = np.exp(reference.log_probabilities(observation))
    assert first.sum() == pytest.approx(1)
    assert ((first > 0) == info["action_mask"]).all()
    assert first.argmax() == ids["the"]
    observation, *_ = env.step(ids["the"])
    second = np.exp(reference.log_probabilities(observation))
    assert second[ids["dog"]] == pytest.approx(second[ids["cat"]])
    assert second[ids["dog"]] > second[ids["up"]]
    observation, *_ = env.step(ids["dog"])
    assert np.argmax(reference.log_probabilities(observation)) == EOS


def test_it_is_fitted_to_a_split_without_end():
    env = gymnasium.make("QA-v0", level="small")
    reference = NGramReference.fit(env, examples=50)
    observation, info = env.reset(seed=0)
    values = reference.log_probabilities(observation)
    assert (np.isfinite(values) == info["action_mask"]).all()


def test_what_is_wrong_is_named():
    model = NGramModel(SENTENCES)
    for mask in ([1, 1], np.zeros(7), [1, 0, 0, 0, 0, 0, 0]):
        with pytest.raises(InvalidArgumentError, match="mask must tell of each of 7 tokens"):
            NGramReference(model, TOKENIZER, 1, mask)
    with pytest.raises(InvalidArgumentError, match="prompt_tokens"):
        NGramReference(model, TOKENIZER, -1)
    with pytest.raises(InvalidArgumentError, match="no token environment"):
        NGramReference.fit(gymnasium.make("CartPole-v1"))
