"""What a scorer is, what it is given, and how its score is followed while a text is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from numbers import Real
from typing import Any, Literal, Protocol, TypeAlias

from ...registry.errors import InvalidArgumentError, LexigymError

Reads: TypeAlias = Literal["references", "keywords", "text", "goal"]


class ScorerFaultError(LexigymError, RuntimeError):
    """A scorer that breaks its contract, such as one that answers NaN."""


@dataclass(frozen=True)
class Goal:
    """All that a text may be scored against; every scorer takes from it what it reads.

    Attributes:
        references: Texts that are right.
        keywords: Words that are required.
    """

    references: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()


References: TypeAlias = Sequence[str] | Goal


class Progress(Protocol):
    """The score of a text to which nothing but more text is ever added."""

    def append(self, text: str) -> None:
        """Add text at the end.

        Raises:
            InvalidArgumentError: If it holds a lone surrogate.
        """

    @property
    def text(self) -> str:
        """All text so far."""

    @property
    def score(self) -> float:
        """What the scorer's plain form answers for the text so far, to 1e-9; in [0, 1]."""

    @property
    def potential(self) -> float | None:
        """How far the text has come, in [0, 1], informative early; 0 for the empty text.

        None if the scorer has none.
        """

    @property
    def components(self) -> dict[str, float]:
        """What the scorer's `components` answers for the text so far."""

    def copy(self) -> Progress:
        """Return another progress from here on, independent of this one."""


class Scorer(Protocol):
    """A number in [0, 1] for a text: the surface that every scorer offers.

    A class that derives from this one needs no more than `name` and `score`.

    Attributes:
        name: What it is called in tables and in components.
        reads: What the second argument of `score` means: "references" and "keywords" are those of a
            `Goal`; "text" reads nothing but the hypothesis; "goal", for compositions whose parts
            differ, takes nothing but a `Goal`.
        compares: Whether a text scores the more, the more it is like a reference, token by token.
            Where the progress has no potential of its own, an environment then takes the text's
            alignment with the references; else the whole score is paid at the end.
    """

    name: str
    reads: Reads = "references"
    compares: bool = False

    def __init__(self) -> None:
        # Protocol's own would make a class without arguments look as if it took any.
        pass

    @property
    def signature(self) -> str:
        """All that the number depends on besides the texts, as "key:value|key:value"."""
        return f"name:{self.name}"

    def score(self, hypothesis: str, references: References) -> float:
        """Return the score of a text, in [0, 1].

        Args:
            hypothesis: The text to score.
            references: What the scorer `reads`, or a `Goal` that holds it.

        Raises:
            InvalidArgumentError: If a text holds a lone surrogate, or what the scorer reads is
                missing.
            ScorerFaultError: If the score is not a number in [0, 1].
        """
        ...

    def components(self, hypothesis: str, references: References) -> dict[str, float]:
        """Return the score of every part by name; a simple scorer is its own only part."""
        return {self.name: self.score(hypothesis, references)}

    def begin(self, references: References) -> Progress:
        """Return the progress of the empty text; it follows `score` and raises what it raises."""
        return PlainProgress(self, references)


class PlainProgress:
    """A progress that holds the text and asks its scorer again whenever the text has grown.

    Args:
        scorer: The scorer.
        references: What it is given.
        potential: Potential of a text that isn't empty, in [0, 1]; without one there is none.
    """

    def __init__(
        self,
        scorer: Scorer,
        references: References,
        potential: Callable[[str], float] | None = None,
    ) -> None:
        read(scorer, "", references)
        self._scorer = scorer
        self._references = references
        self._potential = potential
        self._text = ""
        self._score: float | None = None

    def append(self, text: str) -> None:
        """Add text at the end."""
        check_text(self._scorer, "text", text)
        self._text += text
        self._score = None

    @property
    def text(self) -> str:
        """All text so far."""
        return self._text

    @property
    def score(self) -> float:
        """The scorer's score of the text so far."""
        if self._score is None:
            value = self._scorer.score(self._text, self._references)
            self._score = check_score(self._scorer, value, self._text)
        return self._score

    @property
    def potential(self) -> float | None:
        """The potential of the text so far, None if there is none."""
        if self._potential is None:
            return None
        return check_score(self._scorer, self._potential(self._text), self._text) * bool(self._text)

    @property
    def components(self) -> dict[str, float]:
        """The scorer's components of the text so far."""
        return self._scorer.components(self._text, self._references)

    def copy(self) -> PlainProgress:
        """Return another progress from here on."""
        return copy(self)


def read(scorer: Scorer, hypothesis: str, references: References) -> tuple[str, ...]:
    """Check what a scorer is given, and return the part of it that the scorer reads.

    A scorer of reads "text" or "goal" gets the empty tuple.

    Raises:
        InvalidArgumentError: If a text holds a lone surrogate, what the scorer reads is empty, or
            it needs a `Goal` and is given less.
    """
    check_text(scorer, "hypothesis", hypothesis)
    if scorer.reads == "text":
        return ()
    if scorer.reads == "goal":
        if not isinstance(references, Goal):
            raise InvalidArgumentError(
                f"the parts of the scorer {scorer.name!r} read references and keywords, got "
                f"{references!r}: pass Goal(references=..., keywords=...)."
            )
        return ()
    given = getattr(references, scorer.reads) if isinstance(references, Goal) else references
    if isinstance(given, str) or not isinstance(given, Sequence) or not given:
        raise InvalidArgumentError(
            f"the scorer {scorer.name!r} needs a list of one or more {scorer.reads}, got {given!r}."
        )
    for text in given:
        check_text(scorer, scorer.reads.removesuffix("s"), text)
    return tuple(given)


def check_text(scorer: Scorer, what: str, text: Any) -> None:
    """Raise an `InvalidArgumentError` unless the text is a string without lone surrogates."""
    if not isinstance(text, str):
        raise InvalidArgumentError(
            f"the {what} for the scorer {scorer.name!r} must be a string, got {text!r}."
        )
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidArgumentError(
            f"the {what} {text!r} for the scorer {scorer.name!r} holds a lone surrogate: decode "
            "the bytes that it comes from as UTF-8, with errors='replace'."
        ) from None


def check_score(scorer: Scorer, value: Any, text: str) -> float:
    """Return a score as a float.

    Raises:
        ScorerFaultError: If it isn't a number in [0, 1].
    """
    if not isinstance(value, Real) or not 0 <= float(value) <= 1:
        raise ScorerFaultError(
            f"the scorer {scorer.name!r} gives {value!r} for the text {text!r}: a score is a "
            "number in [0, 1]."
        )
    return float(value)
