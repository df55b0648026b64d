"""How positive an English text is."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

from ...registry.errors import InvalidArgumentError
from ...registry.requirements import require
from .language_codes import check_language
from .protocol import PlainProgress, Progress, Reads, References, Scorer, check_score, read


class Sentiment(Scorer):
    """The compound score of VADER, mapped from [-1, 1] to [0, 1]: 0.5 is neutral.

    A blank text scores 0. The potential is the score. It needs the package vaderSentiment.

    Source: Hutto and Gilbert 2014.

    Args:
        language: Of the text; VADER's lexicon is English.

    Raises:
        InvalidArgumentError: If the language isn't English.
    """

    name = "sentiment"
    reads: Reads = "text"
    signature = "lexicon:vader"

    def __init__(self, language: str = "en") -> None:
        if check_language(language) != "en":
            raise InvalidArgumentError(
                f"the scorer 'sentiment' reads English only, got language={language!r}: use 'en'."
            )

    def score(self, hypothesis: str, references: References = ()) -> float:
        """Return how positive a text is; see `Scorer.score`.

        Raises:
            MissingDependencyError: If vaderSentiment is not installed.
        """
        read(self, hypothesis, references)
        if not hypothesis.strip():
            return 0.0
        compound = _analyzer().polarity_scores(hypothesis)["compound"]
        return check_score(self, (1 + compound) / 2, hypothesis)

    def begin(self, references: References = ()) -> Progress:
        """Return the progress of the empty text; see `Scorer.begin`."""
        return PlainProgress(self, references, partial(self.score, references=references))


@cache
def _analyzer() -> Any:
    vader = require("vaderSentiment.vaderSentiment", "the scorer 'sentiment'", "vaderSentiment")
    return vader.SentimentIntensityAnalyzer()
