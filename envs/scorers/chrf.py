"""chrF of a sentence, token by token: the number that sacrebleu gives."""

from __future__ import annotations

from copy import copy
from functools import cache
from typing import TYPE_CHECKING

from .ngrams import NGramMatches, count_ngrams, ngram_total
from .protocol import Reads, References, Scorer, check_score, check_text, read

if TYPE_CHECKING:
    from sacrebleu.metrics.chrf import CHRF

ORDER = 6
BETA = 2


class ChrF(Scorer):
    """F-score of the character n-grams of orders 1 to 6, recall weighted by 2, without whitespace.

    The plain form calls sacrebleu. The incremental form keeps n-gram counts for each reference; of
    several references the best counts.

    Source: Popović 2015; Post 2018 (sacrebleu).
    """

    name = "chrf"
    reads: Reads = "references"
    compares = True

    @property
    def signature(self) -> str:
        """Sacrebleu's own signature."""
        metric = _metric()
        # How sacrebleu marks that the number of references varies; else the last call tells it.
        metric.num_refs = -1
        return str(metric.get_signature())

    def score(self, hypothesis: str, references: References) -> float:
        """Return sentence chrF over 100; see `Scorer.score`."""
        texts = read(self, hypothesis, references)
        value = _metric().sentence_score(hypothesis, texts).score / 100
        return check_score(self, min(value, 1.0), hypothesis)

    def begin(self, references: References) -> ChrFProgress:
        """Return the progress of the empty text; see `Scorer.begin`."""
        return ChrFProgress(self, references)


class ChrFProgress:
    """chrF of a growing text from n-gram counts; see `Progress`."""

    def __init__(self, scorer: ChrF, references: References) -> None:
        sequences = ["".join(text.split()) for text in read(scorer, "", references)]
        self._scorer = scorer
        self._text = ""
        self._lengths = [len(sequence) for sequence in sequences]
        self._matches = [
            NGramMatches(count_ngrams(sequence, ORDER), ORDER, "") for sequence in sequences
        ]

    def append(self, text: str) -> None:
        """Add text at the end."""
        check_text(self._scorer, "text", text)
        self._text += text
        characters = "".join(text.split())
        for matches in self._matches:
            matches.add(characters)

    @property
    def text(self) -> str:
        """All text so far."""
        return self._text

    @property
    def score(self) -> float:
        """The chrF of the text so far."""
        value = max(
            sentence_chrf(matches.matched, matches.length, length)
            for matches, length in zip(self._matches, self._lengths, strict=True)
        )
        return check_score(self._scorer, value, self._text)

    @property
    def potential(self) -> None:
        """The score has none."""

    @property
    def components(self) -> dict[str, float]:
        """The score by name."""
        return {self._scorer.name: self.score}

    def copy(self) -> ChrFProgress:
        """Return another progress from here on."""
        twin = copy(self)
        twin._matches = [matches.copy() for matches in self._matches]
        return twin


def sentence_chrf(matched: list[int], length: int, reference_length: int) -> float:
    """Return chrF in [0, 1] from its statistics: F of the mean precision and the mean recall.

    The means are over the orders of which both texts have n-grams.

    Args:
        matched: Clipped matches of orders 1 to 6.
        length: Characters of the hypothesis.
        reference_length: Characters of the reference.
    """
    order = min(len(matched), length, reference_length)
    if not any(matched[:order]):
        return 0.0
    precision = sum(m / ngram_total(length, n) for n, m in enumerate(matched[:order], 1)) / order
    recall = (
        sum(m / ngram_total(reference_length, n) for n, m in enumerate(matched[:order], 1)) / order
    )
    weight = BETA**2
    return min((1 + weight) * precision * recall / (weight * precision + recall), 1.0)


@cache
def _metric() -> CHRF:
    # Imported here, so that a scorer costs nothing until it is used.
    from sacrebleu.metrics.chrf import CHRF

    return CHRF()
