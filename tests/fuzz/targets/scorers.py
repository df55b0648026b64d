"""BLEU and chrF of any texts: sacrebleu's own numbers, whole and piece by piece."""

from __future__ import annotations

import itertools
import math

from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from lexigym.envs.scorers.make import make_scorer
from lexigym.registry.errors import LexigymError

from ..judging import refusing

LANGUAGES = ("en", "zh", "ja")
_BLEU = {
    "en": BLEU(tokenize="13a", effective_order=True),
    "zh": BLEU(tokenize="zh", effective_order=True),
    "ja": BLEU(tokenize="char", effective_order=True),
}
_CHRF = CHRF()
_SCORERS = {
    (name, language): make_scorer(name, language=language)
    for name in ("bleu", "chrf", "exact_match", "f1")
    for language in LANGUAGES
}
SEEDS = (
    b"the cat sat on the mat\nthe cat is on the mat\x00a cat sat there",
    "今天天气好。\n天气 3.5 好\x00".encode(),
    b"1,000-fold <skipped>x &amp; &quot;y&quot;-\nz\n1,000 fold",
)
WORDS = (
    b"<skipped>",
    b"&amp;",
    b"&quot;",
    b"&lt;",
    b"-\n",
    b"\n",
    b"\x00",
    b"0.5",
    b"1,0",
    *(each.encode() for each in ("。", "一", "\u3000", "\u2028", "\x85", "\u0131", "ß", "́")),
)


def run(data: bytes) -> None:
    """Score the text before a zero by those after it, each cut where a line ends."""
    # What is to be found stands in few characters and references; more take their time.
    hypothesis, *rest = data[:300].decode(errors="surrogateescape").split("\x00", 3)
    references = rest or [hypothesis[::2]]
    for (name, language), scorer in _SCORERS.items():
        with refusing(LexigymError):
            score = scorer.score(hypothesis, references)
            assert 0 <= score <= 1
            if name == "bleu":
                theirs = _BLEU[language].sentence_score(hypothesis, references).score / 100
                assert math.isclose(score, min(theirs, 1), abs_tol=1e-12)
            if name == "chrf":
                theirs = _CHRF.sentence_score(hypothesis, references).score / 100
                assert math.isclose(score, min(theirs, 1), abs_tol=1e-12)
            progress = scorer.begin(references)
            for piece in _pieces(hypothesis):
                progress.append(piece)
                plain = scorer.score(progress.text, references)
                assert math.isclose(progress.score, plain, abs_tol=1e-9)
            assert progress.text == hypothesis


def _pieces(text: str) -> list[str]:
    """Cut a text into six pieces, not all as long, so that cuts fall everywhere."""
    cuts = [0, *((len(text) * index + index % 3) // 6 for index in range(1, 6)), len(text)]
    return [text[begin:end] for begin, end in itertools.pairwise(cuts)]
