"""Scorers made of scorers: products and weighted sums, also from strings."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any

from ...registry.errors import InvalidArgumentError
from .named import make_named
from .protocol import Progress, Reads, References, Scorer, check_score, read

WEIGHT = re.compile(r"\d+\.?\d*|\.\d+")


class Composition(Scorer):
    """What products and sums share; a subclass says how it combines numbers.

    Its components are those of its parts.

    Args:
        parts: The scorers; two of a name must have the same signature.

    Raises:
        InvalidArgumentError: If there are none, or two of a name differ.
    """

    def __init__(self, parts: Sequence[Scorer]) -> None:
        if not parts:
            raise InvalidArgumentError("a composition needs at least one scorer, got none.")
        self.parts = tuple(parts)
        kinds = {part.reads for part in parts} - {"text"}
        self.reads: Reads = kinds.pop() if len(kinds) == 1 else "goal" if kinds else "text"
        self.compares = any(part.compares for part in parts)
        named: dict[str, Scorer] = {}
        for leaf in self.leaves():
            twin = named.setdefault(leaf.name, leaf)
            if twin is not leaf and twin.signature != leaf.signature:
                raise InvalidArgumentError(
                    f"two scorers {leaf.name!r} with other arguments are in one composition: give "
                    "one of them another name."
                )

    @property
    def signature(self) -> str:
        """The signatures of the scorers by name."""
        return ";".join(f"{leaf.name}({leaf.signature})" for leaf in self.leaves())

    def combine(self, values: Sequence[float]) -> float:
        """Return the number of the whole from those of its parts, all in [0, 1]."""
        raise NotImplementedError

    def leaves(self) -> list[Scorer]:
        """Return the scorers at the bottom, those of nested compositions included."""
        return [
            leaf
            for part in self.parts
            for leaf in (part.leaves() if isinstance(part, Composition) else (part,))
        ]

    def score(self, hypothesis: str, references: References = ()) -> float:
        """Return the composed score; see `Scorer.score`."""
        read(self, hypothesis, references)
        values = [
            check_score(part, part.score(hypothesis, references), hypothesis) for part in self.parts
        ]
        return check_score(self, self.combine(values), hypothesis)

    def components(self, hypothesis: str, references: References = ()) -> dict[str, float]:
        """Return the score of every part by name."""
        read(self, hypothesis, references)
        merged: dict[str, float] = {}
        for part in self.parts:
            merged |= part.components(hypothesis, references)
        return merged

    def begin(self, references: References = ()) -> ComposedProgress:
        """Return the progress of the empty text; see `Scorer.begin`."""
        return ComposedProgress(self, references)


class Product(Composition):
    """The product of scorers: every part is needed.

    The potential is the product of the potentials, None if any part has none.

    Args:
        *scorers: The parts.

    Raises:
        InvalidArgumentError: If there are none, or two of a name differ.
    """

    def __init__(self, *scorers: Scorer) -> None:
        super().__init__(scorers)
        self.name = "*".join(
            f"({part.name})" if isinstance(part, WeightedSum) else part.name for part in scorers
        )

    def combine(self, values: Sequence[float]) -> float:
        """Return the product."""
        return math.prod(values)


class WeightedSum(Composition):
    """The weighted mean of scorers.

    The potential is the weighted mean of the potentials, None if any part has none.

    Args:
        weights: The weight of each scorer, above 0; they are divided by their sum.

    Raises:
        InvalidArgumentError: If there are none, two of a name differ, or a weight isn't positive.
    """

    def __init__(self, weights: Mapping[Scorer, float]) -> None:
        super().__init__(tuple(weights))
        for part, weight in weights.items():
            if not 0 < weight < math.inf:
                raise InvalidArgumentError(
                    f"the weight of {part.name!r} must be a finite number above 0, got {weight!r}."
                )
        total = math.fsum(weights.values())
        self.weights = tuple(weight / total for weight in weights.values())
        pairs = zip(self.weights, self.parts, strict=True)
        self.name = "+".join(f"{weight:.4g}*{part.name}" for weight, part in pairs)

    @property
    def signature(self) -> str:
        """The weights, and the signatures of the scorers by name."""
        return f"{self.name};{super().signature}"

    def combine(self, values: Sequence[float]) -> float:
        """Return the weighted mean."""
        return min(1.0, math.fsum(w * v for w, v in zip(self.weights, values, strict=True)))


class ComposedProgress:
    """A composed score of a growing text; see `Progress`."""

    def __init__(self, scorer: Composition, references: References) -> None:
        read(scorer, "", references)
        self._scorer = scorer
        self._parts: list[Progress] = [part.begin(references) for part in scorer.parts]

    def append(self, text: str) -> None:
        """Add text at the end."""
        for part in self._parts:
            part.append(text)

    @property
    def text(self) -> str:
        """All text so far."""
        return self._parts[0].text

    @property
    def score(self) -> float:
        """The composed score of the text so far."""
        return self._combined([part.score for part in self._parts])

    @property
    def potential(self) -> float | None:
        """The composed potential, None if a part has none."""
        values = [value for part in self._parts if (value := part.potential) is not None]
        return self._combined(values) if len(values) == len(self._parts) else None

    @property
    def components(self) -> dict[str, float]:
        """The components of all parts."""
        merged: dict[str, float] = {}
        for part in self._parts:
            merged |= part.components
        return merged

    def copy(self) -> ComposedProgress:
        """Return another progress from here on."""
        twin = copy(self)
        twin._parts = [part.copy() for part in self._parts]
        return twin

    def _combined(self, values: list[float]) -> float:
        parts = zip(self._scorer.parts, values, strict=True)
        checked = [check_score(part, value, self.text) for part, value in parts]
        return check_score(self._scorer, self._scorer.combine(checked), self.text)


def parse(expression: str, language: str = "en", **arguments: Any) -> Scorer:
    """Make a composition from names.

    Args:
        expression: Products of names, and sums of such products: "keywords*fluency*distinct",
            "0.7*bleu+0.3*chrf". All terms of a sum have a weight, or none has: then they are equal.
        language: Of the texts, for the scorers that depend on it.
        **arguments: Each goes to the scorers that take it.

    Raises:
        InvalidArgumentError: If the expression is malformed, the language is unknown, or no scorer
            takes one of the arguments.
        UnknownNameError: If there is no scorer of a name.
    """
    terms = [_term(term, expression) for term in expression.split("+")]
    weights = [weight for weight, _ in terms if weight is not None]
    if weights and (len(weights) < len(terms) or len(terms) == 1):
        raise InvalidArgumentError(
            f"the scorer {expression!r} weighs a term that stands alone, or not all terms: write "
            'it as in "0.7*bleu+0.3*chrf".'
        )
    scorers = make_named([name for _, names in terms for name in names], language, arguments)
    products = [
        scorers[names[0]] if len(names) == 1 else Product(*(scorers[name] for name in names))
        for _, names in terms
    ]
    if len(products) == 1:
        return products[0]
    if len(set(products)) < len(products):
        raise InvalidArgumentError(f"the scorer {expression!r} adds a term twice: add the weights.")
    return WeightedSum(dict(zip(products, weights or [1.0] * len(products), strict=True)))


def _term(term: str, expression: str) -> tuple[float | None, list[str]]:
    """Return the weight of a term, None for none, and its names."""
    names = [name.strip() for name in term.split("*")]
    weight = float(names.pop(0)) if WEIGHT.fullmatch(names[0]) else None
    if not names or not all(names):
        raise InvalidArgumentError(
            f"the scorer {expression!r} lacks a name beside an operator: write it as in "
            '"keywords*fluency" or "0.7*bleu+0.3*chrf".'
        )
    return weight, names
