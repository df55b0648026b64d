"""How many of the required words a text has."""

from __future__ import annotations

import unicodedata
from functools import partial

from ...registry.errors import InvalidArgumentError
from .language_codes import UNSPACED, check_language
from .protocol import PlainProgress, Progress, Reads, References, Scorer, check_score, read
from .words import in_word


class Keywords(Scorer):
    """Share of the distinct required words that occur in the text, in [0, 1].

    A word occurs where it stands with no letter, digit or mark before or after it, whatever the
    case and the Unicode composition; in a language written without spaces, anywhere. It may hold
    spaces. The potential is the score.

    Source: the coverage of Lin et al. 2020 (CommonGen), on words as they are, not on lemmas.

    Args:
        language: Of the text.

    Raises:
        InvalidArgumentError: If the language is unknown.
    """

    name = "keywords"
    reads: Reads = "keywords"

    def __init__(self, language: str = "en") -> None:
        self.whole_words = check_language(language) not in UNSPACED

    @property
    def signature(self) -> str:
        """Whether only whole words count."""
        return f"case:lc|match:{'word' if self.whole_words else 'substring'}"

    def score(self, hypothesis: str, references: References) -> float:
        """Return the share of required words; see `Scorer.score`."""
        required = {_folded(word) for word in read(self, hypothesis, references)}
        if "" in required:
            raise InvalidArgumentError(f"a required word is empty in {references!r}: leave it out.")
        text = _folded(hypothesis)
        found = sum(occurs(word, text, self.whole_words) for word in required)
        return check_score(self, found / len(required), hypothesis)

    def begin(self, references: References) -> Progress:
        """Return the progress of the empty text; see `Scorer.begin`."""
        return PlainProgress(self, references, partial(self.score, references=references))


def occurs(word: str, text: str, whole: bool) -> bool:
    """Whether a word stands in a text, as a whole word if asked."""
    start = text.find(word)
    while start >= 0:
        stop = start + len(word)
        before, after = text[:start][-1:], text[stop : stop + 1]
        if not whole or not any(side and in_word(side) for side in (before, after)):
            return True
        start = text.find(word, start + 1)
    return False


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text.casefold())
