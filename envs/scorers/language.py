"""Whether a text is in the language that is wanted."""

from __future__ import annotations

import math

from ...registry.requirements import require
from .language_codes import check_language
from .protocol import Reads, References, Scorer, check_score, read


class Language(Scorer):
    """Probability of the wanted language for the naive Bayes model of py3langid, in [0, 1].

    A blank text, and a language that the model doesn't know, score 0. There is no potential: the
    first letters of a text tell little. It needs the package py3langid, whose model comes with it.

    Source: Lui and Baldwin 2012 (langid.py).

    Args:
        language: The wanted one.

    Raises:
        InvalidArgumentError: If the language is unknown.
    """

    name = "language"
    reads: Reads = "text"

    def __init__(self, language: str = "en") -> None:
        self.language = check_language(language)

    @property
    def signature(self) -> str:
        """The model and the language."""
        return f"model:py3langid|language:{self.language}"

    def score(self, hypothesis: str, references: References = ()) -> float:
        """Return the probability of the language; see `Scorer.score`.

        Raises:
            MissingDependencyError: If py3langid is not installed.
        """
        read(self, hypothesis, references)
        if not hypothesis.strip():
            return 0.0
        langid = require("py3langid", "the scorer 'language'", "py3langid")
        ranking = dict(langid.rank(hypothesis))
        # Logarithms up to a common constant: the ranking isn't normalised by default.
        highest = max(ranking.values())
        odds = {code: math.exp(value - highest) for code, value in ranking.items()}
        value = odds.get(self.language, 0.0) / sum(odds.values())
        return check_score(self, min(value, 1.0), hypothesis)
