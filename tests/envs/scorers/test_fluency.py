"""The n-gram model: a distribution, by Kneser and Ney's counts; fluency: order matters."""

import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexigym.envs.scorers.fluency import Fluency
from lexigym.envs.scorers.ngram_model import BEGIN, END, UNKNOWN, NGramModel
from lexigym.registry.errors import InvalidArgumentError

sentences = st.lists(st.lists(st.sampled_from("abcde"), max_size=6), min_size=1, max_size=12)
contexts = st.lists(st.sampled_from("abcdexy"), max_size=4)

SUBJECTS = ("the cat", "a dog", "my friend", "the old man", "her sister")
VERBS = ("likes", "sees", "wants", "found", "never eats")
OBJECTS = ("the red ball", "a big fish", "some bread", "his new house", "the green tree")
CORPUS = [f"{s} {v} {o}." for s in SUBJECTS for v in VERBS for o in OBJECTS]


@settings(max_examples=300, deadline=None)
@given(sentences, contexts, st.integers(1, 4))
def test_probabilities_sum_to_one(corpus, context, order):
    model = NGramModel(corpus, order)
    probabilities = model.next_distribution(context)
    assert probabilities.sum() == pytest.approx(1, abs=1e-12)
    assert (probabilities > 0).all()
    single = [model.probability(word, context) for word in model.vocabulary]
    assert probabilities == pytest.approx(np.array(single), abs=1e-15)
    assert model.probability("never seen", context) == model.probability(UNKNOWN, context)


def test_a_bigram_by_hand():
    # Bigrams: <s>a 2, ab 1, a</s> 1, b</s> 1; in front of: a 1, b 1, </s> 2.
    model = NGramModel([["a", "b"], ["a"]], order=2)
    assert model.vocabulary == ("a", "b", END, UNKNOWN)
    discount = 3 / (3 + 2 * 1)
    single_discount = 2 / (2 + 2 * 1)
    single = (1 - single_discount) / 4 + single_discount * 3 / 4 / 4
    assert model.probability("a", []) == pytest.approx((2 - discount) / 2 + discount / 2 * single)
    assert model.probability("b", ["a"]) == pytest.approx((1 - discount) / 2 + discount * single)
    assert model.probability("a", ["zzz"]) == pytest.approx(single)


def test_a_word_that_follows_one_word_only_is_no_good_guess_elsewhere():
    corpus = [["san", "francisco"]] * 5 + [[word, "day"] for word in ("a", "one", "any", "this")]
    model = NGramModel(corpus, order=2)
    assert model.probability("day", ["zzz"]) > model.probability("francisco", ["zzz"])


def test_a_sentence_has_the_probability_of_its_words_and_its_end():
    model = NGramModel([text.split() for text in CORPUS])
    sentence = ["the", "cat", "sees", "zzz", "some", "bread."]
    total = sum(math.log(model.probability(w, sentence[:i])) for i, w in enumerate(sentence))
    total += model.log_probability(END, sentence)
    assert model.sentence_log_probability(sentence) == pytest.approx(total)


def test_top_proposes_the_likeliest_words():
    model = NGramModel([text.split() for text in CORPUS])
    assert model.top(["the"], 2)[0][0] == "cat"
    proposals = model.top([], 1000)
    assert len(proposals) == len(model.vocabulary) - 1
    probabilities = [probability for _, probability in proposals]
    assert probabilities == sorted(probabilities, reverse=True)
    assert {word for word, _ in proposals[:4]} == {"the", "a", "my", "her"}
    assert model.top(["some", "bread."], 1)[0][0] == END


@pytest.mark.parametrize("corpus", [[], ["a b"], [["a", BEGIN]]])
def test_the_model_refuses_what_is_no_corpus(corpus):
    with pytest.raises(InvalidArgumentError):
        NGramModel(corpus)
    with pytest.raises(InvalidArgumentError, match="order"):
        NGramModel([["a"]], order=0)


def test_fluent_beats_shuffled():
    scorer = Fluency(CORPUS)
    generator = np.random.default_rng(0)
    fluent = [scorer.score(text) for text in CORPUS]
    shuffled = [scorer.score(" ".join(generator.permutation(text.split()))) for text in CORPUS]
    assert np.median(fluent) >= 0.95
    assert np.mean(shuffled) < 0.35
    assert np.mean([good > bad for good, bad in zip(fluent, shuffled, strict=True)]) > 0.95
    assert scorer.score("") == scorer.score(" \n") == 0
    assert scorer.score("qwxz plorb grimble") < 0.5


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from(["the", "cat", " ", "  ", ".", "li", "kes", "'", "-", "\n", "é"])),
    st.sampled_from(["en", "zh"]),
)
def test_progress_equals_the_plain_form_on_every_prefix(pieces, language):
    scorer = SCORERS[language]
    progress = scorer.begin(())
    assert progress.score == progress.potential == 0
    for piece in pieces:
        progress.copy().append("other")
        progress.append(piece)
        assert progress.score == pytest.approx(scorer.score(progress.text), abs=1e-9)
        assert progress.components == {"fluency": progress.score}
        assert 0 <= progress.potential <= 1
    assert progress.text == "".join(pieces)


CHINESE = [
    f"{s}{v}{o}。" for s in "我你他她它" for v in ("喜欢", "看见") for o in ("小猫", "大狗", "花")
]
SCORERS = {"en": Fluency(CORPUS), "zh": Fluency(CHINESE, "zh")}


def test_characters_are_the_words_of_chinese():
    assert SCORERS["zh"].score("我喜欢小猫。") > SCORERS["zh"].score("猫我欢。小喜")


def test_fluency_is_deterministic_and_can_be_pickled():
    scorer = pickle.loads(pickle.dumps(SCORERS["en"]))
    assert scorer.score(CORPUS[3]) == Fluency(list(CORPUS)).score(CORPUS[3])
    assert scorer.signature == Fluency(CORPUS).signature
    assert scorer.signature != Fluency(CORPUS[1:]).signature


@pytest.mark.parametrize("corpus", ["a text of more than five letters", ["one", "two"]])
def test_fluency_needs_sentences(corpus):
    with pytest.raises(InvalidArgumentError, match="at least 5"):
        Fluency(corpus)


def test_a_corpus_without_word_order_is_refused():
    with pytest.raises(InvalidArgumentError, match="no order of words"):
        Fluency(["one", "two", "three", "four", "five"]).score("one")
