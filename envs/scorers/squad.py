"""Exact match and F1 of short answers: SQuAD's rules, and those of CMRC for Chinese."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from functools import partial
from itertools import takewhile
from operator import eq

from .language_codes import CHINESE, check_language
from .protocol import PlainProgress, Progress, Reads, References, Scorer, check_score, read

ARTICLE = re.compile(r"\b(?:a|an|the)\b")
WITHOUT_PUNCTUATION = str.maketrans("", "", string.punctuation)

# What CMRC's program deletes: not all of ASCII, and not the ellipsis, which it lists as two signs
# but compares with one.
CMRC_PUNCTUATION = str.maketrans("", "", "-:_*^/\\~`+=，。：？！“”；’《》·、「」（）－～『』")  # noqa: RUF001
CMRC_SEGMENT = re.compile(
    r"[\u4e00-\u9fa5]|[^\W\u4e00-\u9fa5]+(?:[.,'][^\W\u4e00-\u9fa5]+)*|[^\w\s]"
)


class ExactMatch(Scorer):
    """Whether the hypothesis is one of the references after normalisation: 1 or 0.

    SQuAD lower-cases, deletes ASCII punctuation and the English articles, and joins what whitespace
    separates by single spaces. CMRC, for Chinese, lower-cases and deletes its own list of signs.

    The potential is the number of words (Chinese: characters) before the first wrong one, over that
    of the longer of hypothesis and reference, for the best reference.

    Source: Rajpurkar et al. 2016, evaluate-v1.1.py; Cui et al. 2019, cmrc2018_evaluate.py.

    Args:
        language: Of the answers: "zh" or "yue" for the rules of CMRC, any other for those of SQuAD.

    Raises:
        InvalidArgumentError: If the language is unknown.
    """

    name = "exact_match"
    reads: Reads = "references"

    def __init__(self, language: str = "en") -> None:
        self.chinese = check_language(language) in CHINESE

    @property
    def signature(self) -> str:
        """Whose rules they are."""
        return f"rules:{'cmrc2018' if self.chinese else 'squad1.1'}"

    def score(self, hypothesis: str, references: References) -> float:
        """Return 1 for a match, else 0; see `Scorer.score`."""
        texts = read(self, hypothesis, references)
        answer = self._units(hypothesis)
        matched = any(answer == self._units(text) for text in texts)
        return check_score(self, float(matched), hypothesis)

    def begin(self, references: References) -> Progress:
        """Return the progress of the empty text; see `Scorer.begin`."""
        targets = [self._units(text) for text in read(self, "", references)]
        return PlainProgress(self, references, partial(self._potential, targets))

    def _potential(self, targets: Sequence[list[str]], hypothesis: str) -> float:
        answer = self._units(hypothesis)
        return max(shared_prefix(answer, target) for target in targets)

    def _units(self, text: str) -> list[str]:
        return list(cmrc_text(text)) if self.chinese else squad_words(text)


class F1(Scorer):
    """F1 of the answer's words, maximal over the references, in [0, 1].

    SQuAD counts the common words of the two normalised answers, as multisets. CMRC, for Chinese,
    counts the longest run of common segments: a segment is a Chinese character or a word of another
    script.

    The potential is the score.

    One difference from CMRC's program: it splits what isn't Chinese by the tokenizer of NLTK, whose
    models are a download; here a word may hold periods, commas and apostrophes, and any other sign
    is a segment.

    Source: Rajpurkar et al. 2016, evaluate-v1.1.py; Cui et al. 2019, cmrc2018_evaluate.py.

    Args:
        language: Of the answers: "zh" or "yue" for the rules of CMRC, any other for those of SQuAD.

    Raises:
        InvalidArgumentError: If the language is unknown.
    """

    name = "f1"
    reads: Reads = "references"

    def __init__(self, language: str = "en") -> None:
        self.chinese = check_language(language) in CHINESE

    @property
    def signature(self) -> str:
        """Whose rules they are."""
        return f"rules:{'cmrc2018' if self.chinese else 'squad1.1'}"

    def score(self, hypothesis: str, references: References) -> float:
        """Return the F1 of the best reference; see `Scorer.score`."""
        texts = read(self, hypothesis, references)
        split, common = (cmrc_segments, longest_run) if self.chinese else (squad_words, shared)
        answer = split(hypothesis)
        value = max(_f1(common, answer, split(text)) for text in texts)
        return check_score(self, value, hypothesis)

    def begin(self, references: References) -> Progress:
        """Return the progress of the empty text; see `Scorer.begin`."""
        return PlainProgress(self, references, partial(self.score, references=references))


def squad_words(text: str) -> list[str]:
    """Return the words of an answer after SQuAD's normalisation."""
    return ARTICLE.sub(" ", text.lower().translate(WITHOUT_PUNCTUATION)).split()


def cmrc_text(text: str) -> str:
    """Return an answer after CMRC's normalisation."""
    return text.lower().strip().translate(CMRC_PUNCTUATION)


def cmrc_segments(text: str) -> list[str]:
    """Return the Chinese characters and the other words of an answer, without punctuation."""
    return CMRC_SEGMENT.findall(cmrc_text(text))


def shared_prefix(first: Sequence[str], second: Sequence[str]) -> float:
    """Return the length of the longest common prefix over that of the longer sequence."""
    length = len(list(takewhile(bool, map(eq, first, second))))
    return length / max(len(first), len(second), 1)


def shared(first: Sequence[str], second: Sequence[str]) -> int:
    """Return how many words two answers have in common, each as often as in both."""
    return (Counter(first) & Counter(second)).total()


def longest_run(first: Sequence[str], second: Sequence[str]) -> int:
    """Return the length of the longest run of segments that stands in both answers."""
    return SequenceMatcher(None, first, second, autojunk=False).find_longest_match().size


def _f1(
    common: Callable[[list[str], list[str]], int], answer: list[str], target: list[str]
) -> float:
    matched = common(answer, target)
    if not matched:
        return 0.0
    precision, recall = matched / len(answer), matched / len(target)
    return 2 * precision * recall / (precision + recall)
