"""Whether a text has a given form."""

from __future__ import annotations

import re

from ...registry.errors import InvalidArgumentError
from .protocol import Reads, References, Scorer, check_score, read


class Regex(Scorer):
    """1 if a regular expression of Python matches the whole text, else 0; it has no potential.

    Args:
        pattern: The regular expression.

    Raises:
        InvalidArgumentError: If Python can't compile it.
    """

    name = "regex"
    reads: Reads = "text"

    def __init__(self, pattern: str) -> None:
        try:
            self.pattern = re.compile(pattern)
        except (re.error, TypeError) as error:
            raise InvalidArgumentError(
                f"pattern={pattern!r} is no regular expression: {error}."
            ) from error

    @property
    def signature(self) -> str:
        """The pattern."""
        return f"pattern:{self.pattern.pattern}"

    def score(self, hypothesis: str, references: References = ()) -> float:
        """Return 1 for a match, else 0; see `Scorer.score`."""
        read(self, hypothesis, references)
        matched = self.pattern.fullmatch(hypothesis) is not None
        return check_score(self, float(matched), hypothesis)
