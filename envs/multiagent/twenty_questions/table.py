"""What is asked about: entities, yes/no questions, and the true answer of each for each."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class Question(NamedTuple):
    """A sentence, and for each entity in order whether yes is the true answer."""

    sentence: str
    truths: tuple[bool, ...]


@dataclass(frozen=True, eq=False)
class Table:
    """Entities and questions.

    Attributes:
        entities: E names, no two the same.
        questions: Q sentences.
        truths: `(E, Q) bool`, read-only: is yes the true answer?
    """

    entities: tuple[str, ...]
    questions: tuple[str, ...]
    truths: npt.NDArray[np.bool_]

    @cached_property
    def fingerprint(self) -> str:
        """The SHA-256, in hexadecimal, of all that it holds, as JSON in ASCII."""
        text = json.dumps([self.entities, self.questions, self.truths.astype(int).tolist()])
        return hashlib.sha256(text.encode("ascii")).hexdigest()


def make_table(entities: Sequence[str], questions: Iterable[Question]) -> Table:
    """Return the table of these entities and questions."""
    asked = list(questions)
    truths = np.array([each.truths for each in asked], bool).reshape(len(asked), len(entities)).T
    truths = np.ascontiguousarray(truths)
    truths.flags.writeable = False
    return Table(tuple(entities), tuple(each.sentence for each in asked), truths)


def splitting(questions: Iterable[Question], least: int) -> list[Question]:
    """Return the questions that have at least so many entities on either side, in their order."""
    return [
        each
        for each in questions
        if min(sum(each.truths), len(each.truths) - sum(each.truths)) >= least
    ]


def distinct(questions: Iterable[Question]) -> list[Question]:
    """Return the questions without those that split the entities as an earlier one does."""
    known: dict[tuple[bool, ...], Question] = {}
    for each in questions:
        # The same split with yes and no exchanged tells the same.
        known.setdefault(tuple(truth != each.truths[0] for truth in each.truths), each)
    return list(known.values())
