"""Numbers in words against values from grammars of each language."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexigym.envs.datasets.number_words import MAX_NUMBER, WRITERS, number_words
from lexigym.registry.errors import InvalidArgumentError

KNOWN = [
    ("en", 0, "zero"),
    ("en", 13, "thirteen"),
    ("en", 40, "forty"),
    ("en", 42, "forty-two"),
    ("en", 100, "one hundred"),
    ("en", 115, "one hundred fifteen"),
    ("en", 1001, "one thousand one"),
    ("en", 21_300, "twenty-one thousand three hundred"),
    ("en", 999_999, "nine hundred ninety-nine thousand nine hundred ninety-nine"),
    ("fr", 0, "zéro"),
    ("fr", 17, "dix-sept"),
    ("fr", 21, "vingt et un"),
    ("fr", 22, "vingt-deux"),
    ("fr", 61, "soixante et un"),
    ("fr", 70, "soixante-dix"),
    ("fr", 71, "soixante et onze"),
    ("fr", 77, "soixante-dix-sept"),
    ("fr", 80, "quatre-vingts"),
    ("fr", 81, "quatre-vingt-un"),
    ("fr", 91, "quatre-vingt-onze"),
    ("fr", 99, "quatre-vingt-dix-neuf"),
    ("fr", 100, "cent"),
    ("fr", 101, "cent un"),
    ("fr", 180, "cent quatre-vingts"),
    ("fr", 200, "deux cents"),
    ("fr", 201, "deux cent un"),
    ("fr", 1000, "mille"),
    ("fr", 1200, "mille deux cents"),
    ("fr", 2000, "deux mille"),
    ("fr", 21_000, "vingt et un mille"),
    ("fr", 80_000, "quatre-vingt mille"),
    ("fr", 200_000, "deux cent mille"),
    ("fr", 280_000, "deux cent quatre-vingt mille"),
    ("de", 1, "eins"),
    ("de", 16, "sechzehn"),
    ("de", 17, "siebzehn"),
    ("de", 21, "einundzwanzig"),
    ("de", 30, "dreißig"),
    ("de", 100, "einhundert"),
    ("de", 101, "einhunderteins"),
    ("de", 121, "einhunderteinundzwanzig"),
    ("de", 1000, "eintausend"),
    ("de", 1001, "eintausendeins"),
    ("de", 101_000, "einhunderteintausend"),
    ("de", 777_776, "siebenhundertsiebenundsiebzigtausendsiebenhundertsechsundsiebzig"),
    ("es", 16, "dieciséis"),
    ("es", 21, "veintiuno"),
    ("es", 31, "treinta y uno"),
    ("es", 100, "cien"),
    ("es", 101, "ciento uno"),
    ("es", 500, "quinientos"),
    ("es", 1000, "mil"),
    ("es", 1021, "mil veintiuno"),
    ("es", 21_000, "veintiún mil"),
    ("es", 31_000, "treinta y un mil"),
    ("es", 100_000, "cien mil"),
    ("es", 101_000, "ciento un mil"),
    ("es", 701_900, "setecientos un mil novecientos"),
    ("zh", 0, "零"),
    ("zh", 10, "十"),
    ("zh", 15, "十五"),
    ("zh", 20, "二十"),
    ("zh", 101, "一百零一"),
    ("zh", 110, "一百一十"),
    ("zh", 1001, "一千零一"),
    ("zh", 1010, "一千零一十"),
    ("zh", 1100, "一千一百"),
    ("zh", 10_000, "一万"),
    ("zh", 10_001, "一万零一"),
    ("zh", 10_100, "一万零一百"),
    ("zh", 11_000, "一万一千"),
    ("zh", 100_000, "十万"),
    ("zh", 101_000, "十万一千"),
    ("zh", 110_015, "十一万零一十五"),
    ("zh", 999_999, "九十九万九千九百九十九"),
]


@pytest.mark.parametrize(("language", "number", "expected"), KNOWN)
def test_known_values(language, number, expected):
    assert number_words(number, language) == expected


@given(st.sets(st.integers(0, MAX_NUMBER), min_size=2, max_size=2), st.sampled_from(list(WRITERS)))
def test_two_numbers_are_never_said_alike(numbers, language):
    assert len({number_words(number, language) for number in numbers}) == 2


def chinese_value(words):
    if "万" in words:
        head, rest = words.split("万")
        return 10_000 * chinese_value(head) + chinese_value(rest)
    value = digit = 0
    for character in words:
        if character in "十百千":
            # Only a ten may leave out the one before it.
            value += (digit or 1) * 10 ** (1 + "十百千".index(character))
            digit = 0
        else:
            digit = "零一二三四五六七八九".index(character)
    return value + digit


@given(st.integers(0, MAX_NUMBER))
def test_chinese_words_have_the_value_and_no_needless_zeros(number):
    words = number_words(number, "zh")
    assert chinese_value(words) == number
    assert "零零" not in words
    assert number == 0 or not words.endswith("零")


@pytest.mark.parametrize("number", [-1, 1_000_000, True])
def test_a_number_outside_is_refused(number):
    with pytest.raises(InvalidArgumentError, match=f"got {number}"):
        number_words(number, "en")


def test_an_unknown_language_is_refused():
    with pytest.raises(InvalidArgumentError, match="'pt'"):
        number_words(1, "pt")
