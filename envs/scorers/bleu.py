"""BLEU of a sentence, token by token: the number that sacrebleu gives."""

from __future__ import annotations

import math
import re
from copy import copy
from functools import cache
from typing import TYPE_CHECKING

from .language_codes import CHINESE, UNSPACED, check_language
from .ngrams import NGramMatches, count_ngrams, ngram_total
from .protocol import Reads, References, Scorer, check_score, check_text, read

if TYPE_CHECKING:
    from sacrebleu.metrics.bleu import BLEU

ORDER = 4

# For each tokenizer, the beginning of a text up to the last place that no tokenization crosses:
# what stands before it and what stands after are tokenized as if the other were any other word.
CLOSED = {
    # 13a deletes a hyphen with the line break after it, and "<skipped>" from between the two.
    "13a": re.compile(r"(?s:.*)(?:[^\S\n]|(?<![->])\n)"),
    # Some of the characters that zh sets spaces around; the others wait for one of these.
    "zh": re.compile(r"(?s:.*)[\s\u3000-\u303f\u3400-\u4db5\u4e00-\u9fa5\uff00-\uffef]"),
    "char": re.compile(r"(?s:.+)"),
}


class Bleu(Scorer):
    """BLEU with exponential smoothing and effective order, what sacrebleu calls sentence BLEU.

    The plain form calls sacrebleu. The incremental form keeps n-gram counts and tokenizes nothing
    twice but the unfinished word at the end.

    It has no potential: BLEU itself stays near 0 until the end, because of its brevity penalty.

    Source: Papineni et al. 2002; Post 2018 (sacrebleu); Chen and Cherry 2014, smoothing 3.

    Args:
        language: Of the hypothesis. Chinese is split by sacrebleu's tokenizer "zh", languages that
            are written without spaces, and Korean, by "char", all others by "13a".

    Raises:
        InvalidArgumentError: If the language is unknown.
    """

    name = "bleu"
    reads: Reads = "references"
    compares = True

    def __init__(self, language: str = "en") -> None:
        code = check_language(language)
        unspaced = code in UNSPACED or code == "ko"
        self.tokenizer = "zh" if code in CHINESE else "char" if unspaced else "13a"

    @property
    def signature(self) -> str:
        """Sacrebleu's own signature."""
        metric = _metric(self.tokenizer)
        # How sacrebleu marks that the number of references varies; else the last call tells it.
        metric.num_refs = -1
        return str(metric.get_signature())

    def score(self, hypothesis: str, references: References) -> float:
        """Return sentence BLEU over 100; see `Scorer.score`."""
        texts = read(self, hypothesis, references)
        value = _metric(self.tokenizer).sentence_score(hypothesis, texts).score / 100
        # Rounding takes sacrebleu above 100 for some perfect texts.
        return check_score(self, min(value, 1.0), hypothesis)

    def begin(self, references: References) -> BleuProgress:
        """Return the progress of the empty text; see `Scorer.begin`."""
        return BleuProgress(self, references)


class BleuProgress:
    """BLEU of a growing text from n-gram counts; see `Progress`."""

    def __init__(self, scorer: Bleu, references: References) -> None:
        sequences = [tokenize(scorer.tokenizer, text) for text in read(scorer, "", references)]
        limits = count_ngrams(sequences[0], ORDER)
        for sequence in sequences[1:]:
            limits |= count_ngrams(sequence, ORDER)
        self._scorer = scorer
        self._lengths = [len(sequence) for sequence in sequences]
        self._text = ""
        # The text in front of this index will never be tokenized otherwise.
        self._end = 0
        self._closed: NGramMatches[tuple[str, ...]] = NGramMatches(limits, ORDER, ())
        self._whole = self._closed

    def append(self, text: str) -> None:
        """Add text at the end."""
        check_text(self._scorer, "text", text)
        self._text += text
        stripped = self._text.strip()
        tokenizer = self._scorer.tokenizer
        boundary = CLOSED[tokenizer].match(stripped, self._end)
        if boundary:
            closing = stripped[self._end : boundary.end()]
            self._closed.add(tokenize(tokenizer, closing, first=self._end == 0, last=False))
            self._end = boundary.end()
        self._whole = self._closed
        if self._end < len(stripped):
            self._whole = self._closed.copy()
            self._whole.add(tokenize(tokenizer, stripped[self._end :], first=self._end == 0))

    @property
    def text(self) -> str:
        """All text so far."""
        return self._text

    @property
    def score(self) -> float:
        """BLEU of the text so far."""
        value = sentence_bleu(self._whole.matched, self._whole.length, self._reference_length)
        return check_score(self._scorer, value, self._text)

    @property
    def potential(self) -> None:
        """BLEU has none."""

    @property
    def components(self) -> dict[str, float]:
        """The score by name."""
        return {self._scorer.name: self.score}

    def copy(self) -> BleuProgress:
        """Return another progress from here on."""
        twin = copy(self)
        twin._closed = self._closed.copy()
        twin._whole = self._whole.copy()
        return twin

    @property
    def _reference_length(self) -> int:
        length = self._whole.length
        return min(self._lengths, key=lambda other: (abs(length - other), other))


def sentence_bleu(matched: list[int], length: int, reference_length: int) -> float:
    """Return BLEU in [0, 1] from its statistics, in sacrebleu's order of operations.

    Args:
        matched: Clipped matches of orders 1 to 4.
        length: Tokens of the hypothesis.
        reference_length: Tokens of the reference of the closest length.
    """
    if not any(matched):
        return 0.0
    penalty = math.exp(1 - reference_length / length) if length < reference_length else 1.0
    logarithms = []
    smoothing = 1.0
    for n, matches in enumerate(matched, 1):
        total = ngram_total(length, n)
        if not total:
            break
        if matches:
            precision = 100.0 * matches / total
        else:
            smoothing *= 2
            precision = 100.0 / (smoothing * total)
        logarithms.append(math.log(precision))
    return min(penalty * math.exp(sum(logarithms) / len(logarithms)) / 100, 1.0)


def tokenize(tokenizer: str, text: str, first: bool = True, last: bool = True) -> tuple[str, ...]:
    """Return what sacrebleu's BLEU counts as the words of a text.

    Args:
        tokenizer: One of sacrebleu's that splits at spaces, by name.
        text: A text, or the part of one that stands at a boundary as in `CLOSED`.
        first: Whether nothing stands before it; else a word is put there.
        last: Whether nothing stands after it; else a word is put there.
    """
    before, after = "" if first else "x ", "" if last else " x"
    tokens = _metric(tokenizer).tokenizer(f"{before}{text}{after}".rstrip()).split()
    return tuple(tokens[not first : len(tokens) - (not last)])


@cache
def _metric(tokenizer: str) -> BLEU:
    # Imported here, so that a scorer costs nothing until it is used.
    from sacrebleu.metrics.bleu import BLEU

    return BLEU(tokenize=tokenizer, smooth_method="exp", effective_order=True)
