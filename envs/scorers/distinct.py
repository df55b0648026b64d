"""How little a text repeats itself."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

from .language_codes import UNSPACED, check_language
from .protocol import PlainProgress, Progress, Reads, References, Scorer, check_score, read
from .words import words


class Distinct(Scorer):
    """Distinct bigrams over bigrams, times the share of bigrams of two different words, in [0, 1].

    It is 1 for a text without a repeated bigram and without a word twice in a row, and 0 for one
    word said again and again. In a language written without spaces the words are characters, and
    the second factor is left out, because its words double characters. A single word scores 1, a
    text without any 0: otherwise nothing would be the best thing to write. The potential is the
    score.

    Source: Li et al. 2016, distinct-2, per text; the second factor is this project's.

    Args:
        language: Of the text.

    Raises:
        InvalidArgumentError: If the language is unknown.
    """

    name = "distinct"
    reads: Reads = "text"

    def __init__(self, language: str = "en") -> None:
        self.language = check_language(language)

    @property
    def signature(self) -> str:
        """The order of the n-grams and their units."""
        return f"order:2|case:lc|units:{'chars' if self.language in UNSPACED else 'words'}"

    def score(self, hypothesis: str, references: References = ()) -> float:
        """Return the score of a text; see `Scorer.score`."""
        read(self, hypothesis, references)
        units = words(hypothesis, self.language)
        bigrams = list(pairwise(units))
        if not bigrams:
            return float(bool(units))
        value = len(set(bigrams)) / len(bigrams)
        if self.language not in UNSPACED:
            value *= sum(first != second for first, second in bigrams) / len(bigrams)
        return check_score(self, value, hypothesis)

    def begin(self, references: References = ()) -> Progress:
        """Return the progress of the empty text; see `Scorer.begin`."""
        return PlainProgress(self, references, partial(self.score, references=references))
