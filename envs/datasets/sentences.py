"""Sentences as word and punctuation tokens, and back: the spacing that a language writes."""

from __future__ import annotations

import re
from collections.abc import Iterable

UNSPACED = ("zh", "ja")
SINGLE = "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
CLOSING = ".,?!:;…)]}”»%،؛؟।、。，！？：；）》」』】"  # noqa: RUF001, no mistakes
OPENING = "([{“„«¿¡（《「『【"  # noqa: RUF001
PUNCTUATION = re.escape(CLOSING + OPENING + '"$€£¥')

# Whatever is no space, punctuation or ideograph belongs to a word: apostrophes, signs, digits.
LETTER = rf"[^\s{SINGLE}{PUNCTUATION}-]"
# A point inside "3.5" or "e.g." and a comma inside "1,000" don't end a word.
WORD = rf"{LETTER}+(?:(?:\.(?={LETTER})|(?<=\d),(?=\d)){LETTER}+)*"
HYPHEN = rf"(?<={LETTER})-(?={LETTER})"
TOKEN = re.compile(rf"{WORD}|{HYPHEN}|-{WORD}|\S")
WORD_TOKEN = re.compile(rf"-?{WORD}")

# By language, what doesn't attach to the word before it, or after it.
SPACED_BEFORE = {"fr": "?!:;»%", "de": "%", "es": "%"}
SPACED_AFTER = {"fr": "«", "de": "“"}
# And what attaches in this language alone.
ATTACHED_BEFORE = {"de": "“"}
ATTACHED_AFTER = {"en": "$€£¥"}


def words(text: str, language: str) -> list[str]:  # noqa: ARG001, `join` needs it
    """Split a sentence into words, punctuation marks and, in Chinese, characters.

    Hyphenated words are split at the hyphen, which is a token of its own; apostrophes stay inside
    words.

    >>> words("Well-known, isn't it?", "en")
    ['Well', '-', 'known', ',', "isn't", 'it', '?']
    >>> words("3月1日星期五", "zh")
    ['3', '月', '1', '日', '星', '期', '五']
    """
    return TOKEN.findall(text)


def join(tokens: Iterable[str], language: str) -> str:
    """Write tokens as a sentence, with the spaces of its language.

    >>> join(["Où", "est", "-", "il", "?"], "fr")
    'Où est-il ?'
    >>> join(["¿", "Dónde", "está", "?"], "es")
    '¿Dónde está?'
    """
    language = base_language(language)
    tokens = list(tokens)
    text = ""
    quoted = False
    for index, token in enumerate(tokens):
        opened = index and tokens[index - 1] == '"' and quoted
        if token == '"':
            quoted = not quoted
        closes = token == '"' and not quoted
        if not (opened or closes) and _spaced(tokens, index, language):
            text += " "
        text += token
    return text


def is_lossless(text: str, language: str) -> bool:
    """Whether `join(words(text))` is the text."""
    return join(words(text, language), language) == text


def base_language(language: str) -> str:
    """Return the language of a locale.

    >>> base_language("zh_Hant-TW")
    'zh'
    """
    return re.split("[-_]", language)[0].lower()


def _spaced(tokens: list[str], index: int, language: str) -> bool:
    """Whether a space precedes a token; straight quotation marks, which come in pairs, aside."""
    if index == 0:
        return False
    before, token = tokens[index - 1 : index + 1]
    if language in UNSPACED:
        return bool(WORD_TOKEN.fullmatch(before) and WORD_TOKEN.fullmatch(token))
    if "-" in (before, token) or _is_clock(tokens, index) or _is_clock(tokens, index - 1):
        return False
    closing = CLOSING + ATTACHED_BEFORE.get(language, "")
    if token in closing and token not in SPACED_BEFORE.get(language, ""):
        return False
    opening = OPENING + ATTACHED_AFTER.get(language, "")
    return before not in opening or before in SPACED_AFTER.get(language, "")


def _is_clock(tokens: list[str], index: int) -> bool:
    """Whether a token is the colon of a time of day, such as "15:30"."""
    return tokens[index] == ":" and all(
        0 <= place < len(tokens) and tokens[place].isdigit() for place in (index - 1, index + 1)
    )
