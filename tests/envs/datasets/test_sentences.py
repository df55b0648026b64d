"""Sentences to tokens and back, and the choice of a small vocabulary."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexigym.envs.datasets import sentences
from lexigym.envs.datasets.sentences import is_lossless, join, words

SENTENCES = [
    ("en", "Well-known, isn't it? Yes: 3.5 percent (or $5, e.g. 1,000 of them)!"),
    ("en", 'She said "no way" and "yes"; then: "perhaps".'),
    ("en", "The U.S. team met at 5:30 PM on 3/1/24..."),
    ("en", "Pages 10-12, -5 degrees, and the dogs' bowls."),
    ("en", "São Tomé & Príncipe, Myanmar (Burma), and St. Kitts"),
    ("fr", "« Où est-il ? » Là-bas : c'est aujourd'hui, à 15:30 !"),
    ("fr", "Il coûte 3,50 € ; 5 % de 1 000, n'est-ce pas ?"),
    ("de", "Er sagte: „Ja, gern!“ und zahlte 5 €, also 3 % mehr."),
    ("de", "Am 1. März um 15:30 Uhr; das kostet 1.234,50 €."),
    ("es", "¿Qué hora es? ¡Son las 3! Dijo «sí» y pagó 5 €."),
    ("zh", "2024年3月1日星期五下午3:30，他说：“你好！”（真的吗？）"),  # noqa: RUF001
    ("zh", "我有3个New York苹果。"),
    ("ja", "バチカン市国、ガンビア、アイスランド"),
    ("ko", "오늘은 3월 1일입니다."),
    ("hi", "आज 5 मार्च है।"),
    ("ar", "الفاتيكان وغامبيا، وآيسلندا؟"),
]


@pytest.mark.parametrize(("language", "sentence"), SENTENCES)
def test_join_is_the_inverse_of_words(language, sentence):
    tokens = words(sentence, language)
    assert join(tokens, language) == sentence
    assert not any(" " in token for token in tokens)


def test_examples_in_docstrings():
    assert doctest.testmod(sentences).failed == 0


@pytest.mark.parametrize("sentence", ["two  spaces", "a - b", "end.5 .5", " a", "a ,b", "«a»"])
def test_unusual_spacing_is_told_as_lossy(sentence):
    assert not is_lossless(sentence, "fr")


def test_a_locale_counts_as_its_language():
    assert join(["a", "?"], "fr_CA") == join(["a", "?"], "fr") == "a ?"
    assert join(["a", "?"], "en-GB") == "a?"


@given(st.text(st.characters(exclude_categories=["Cs", "Z", "Cc"]), max_size=30))
def test_no_character_is_lost(text):
    assert "".join(words(text, "en")) == text
    assert join(words(text, "zh"), "zh").replace(" ", "") == text
