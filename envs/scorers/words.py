"""Text as words: the one splitting that the scorers of words share."""

from __future__ import annotations

import unicodedata

from .language_codes import UNSPACED

JOINERS = "'\u2019-"


def in_word(character: str) -> bool:
    """Whether a character is a letter, a digit, or a mark on one."""
    return character.isalnum() or unicodedata.category(character).startswith("M")


class _Spacing(dict[int, str]):
    """A table for `str.translate` that sets spaces around what doesn't belong to words."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        kept = in_word(character) or character in JOINERS or character.isspace()
        self[code] = character if kept else f" {character} "
        return self[code]


_SPACING = _Spacing()


def tokens(text: str, language: str) -> list[str]:
    """Return the words and the other signs of a text in order, case folded.

    A word is a run of letters, digits and marks, with apostrophes and hyphens inside it. In a
    language written without spaces it is one character. What whitespace separates is split
    independently, so that a text's tokens are those of its parts between spaces.
    """
    folded = text.casefold()
    if language in UNSPACED:
        return [character for character in folded if not character.isspace()]
    chunks = (chunk.strip(JOINERS) for chunk in folded.translate(_SPACING).split())
    return [chunk for chunk in chunks if chunk]


def words(text: str, language: str) -> list[str]:
    """Return the `tokens` of a text that are words."""
    return [token for token in tokens(text, language) if in_word(token[0])]
