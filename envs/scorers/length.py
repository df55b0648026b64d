"""Whether a text is as long as it should be."""

from __future__ import annotations

from functools import partial
from typing import Literal

from ...registry.errors import InvalidArgumentError, did_you_mean
from .language_codes import check_language
from .protocol import PlainProgress, Progress, Reads, References, Scorer, check_score, read
from .words import words

UNITS = ("words", "characters")


class Length(Scorer):
    """1 for a text whose length is within bounds, falling linearly to 0 outside of them.

    Of length n it scores n / minimum below the minimum, and max(0, 2 - n / maximum) above the
    maximum, so that nothing is left at twice of it. The potential is the score, but 0 for the empty
    text.

    Args:
        minimum: Smallest length that scores 1, at least 0.
        maximum: Largest length that scores 1, at least 1 and not below the minimum.
        unit: "words" (in a language written without spaces, characters that aren't punctuation) or
            "characters" of any kind.
        language: Of the text.

    Raises:
        InvalidArgumentError: If an argument is outside its range.
    """

    name = "length"
    reads: Reads = "text"

    def __init__(
        self,
        minimum: int = 1,
        maximum: int = 20,
        unit: Literal["words", "characters"] = "words",
        language: str = "en",
    ) -> None:
        if unit not in UNITS:
            raise InvalidArgumentError(
                f"unit={unit!r} is unknown; {did_you_mean(str(unit), UNITS)}"
            )
        if not 0 <= minimum <= maximum or maximum < 1:
            raise InvalidArgumentError(
                f"minimum={minimum!r} and maximum={maximum!r} bound no length: 0 <= minimum <= "
                "maximum and maximum >= 1 are needed."
            )
        self.minimum = minimum
        self.maximum = maximum
        self.unit = unit
        self.language = check_language(language)

    @property
    def signature(self) -> str:
        """The bounds."""
        return f"min:{self.minimum}|max:{self.maximum}|unit:{self.unit}"

    def score(self, hypothesis: str, references: References = ()) -> float:
        """Return the score of a text; see `Scorer.score`."""
        read(self, hypothesis, references)
        counted = words(hypothesis, self.language) if self.unit == "words" else hypothesis
        length = len(counted)
        if length < self.minimum:
            value = length / self.minimum
        else:
            value = min(1.0, max(0.0, 2 - length / self.maximum))
        return check_score(self, value, hypothesis)

    def begin(self, references: References = ()) -> Progress:
        """Return the progress of the empty text; see `Scorer.begin`."""
        return PlainProgress(self, references, partial(self.score, references=references))
