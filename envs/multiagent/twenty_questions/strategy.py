"""The best way to ask: which question, or which name, given what was answered.

With the entities S that may be it, all as likely, and k questions left, let W(S, k) be |S| times
the best expected return. To name one pays 1 for one of them; to ask a question that splits S into
Y and N pays W(Y, k - 1) + W(N, k - 1) - cost |S|. W is the largest of these.

If every split were possible, the sizes alone would decide. That is a bound on W, found once by the
same recursion on sizes, and the search for W takes the questions by it and stops when no other can
be better. Sets of entities are integers, bit i for entity i.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .table import Table

# Sets up to this size are searched among all questions, larger ones among the most promising few.
EXACT = 16
PROMISING = 2

# Sums of costs in other orders differ by less.
TOLERANCE = 1e-9


class Plan(NamedTuple):
    """The best that can be done.

    Attributes:
        total: W, the expected return times the number of entities.
        question: The question to ask, or -1: to name one of the entities.
    """

    total: float
    question: int


class Split(NamedTuple):
    """What a question tells of a set; `bound` is what W may be after it, at most."""

    bound: float
    question: int
    yes: int
    no: int


class Strategy:
    """The best plans for a table, each found once.

    Args:
        table: Entities and questions.
        question_cost: What a question costs.
        max_questions: How many may be asked.
    """

    def __init__(self, table: Table, question_cost: float, max_questions: int) -> None:
        self._made_from = (table, question_cost, max_questions)
        self._cost = question_cost
        self._yes = [as_set(truths) for truths in table.truths.T]
        self._bounds = bounds(len(table.entities), question_cost, max_questions)
        self._plans: dict[tuple[int, int, int], Plan] = {}

    def __reduce__(self) -> tuple[type[Strategy], tuple[Table, float, int]]:
        # Plans are found again sooner than they are read from a file.
        return Strategy, self._made_from

    def total(self, entities: int, question: int, left: int, asked: int) -> float:
        """Return W summed over both answers to a question that is asked already."""
        yes = entities & self._yes[question]
        return sum(self.plan(part, left, asked).total for part in (yes, entities & ~yes) if part)

    def plan(self, entities: int, left: int, asked: int) -> Plan:
        """Return the best plan.

        It is exact if there are at most `EXACT` entities, or if it reaches the bound. For more
        entities it is the best of those that ask one of the `PROMISING` most promising questions
        first, as long as there are more.

        Args:
            entities: The set of those that may be it, not empty.
            left: How many questions may still be asked.
            asked: The set of questions that may not be asked again.
        """
        size = entities.bit_count()
        # Each question that tells something leaves one entity less, at least.
        left = min(left, size - 1)
        forbidden = self._splitting(entities, asked) if left else 0
        key = entities, left, forbidden
        if key not in self._plans:
            self._plans[key] = self._search(*key)
        return self._plans[key]

    def _search(self, entities: int, left: int, forbidden: int) -> Plan:
        best = Plan(1.0, -1)
        paid = self._cost * entities.bit_count()
        for bound, question, yes, no in self._splits(entities, left, forbidden):
            if bound - paid <= best.total + TOLERANCE:
                break
            total = self.plan(yes, left - 1, forbidden).total - paid
            if total + self._bound(no, left - 1) > best.total + TOLERANCE:
                total += self.plan(no, left - 1, forbidden).total
                if total > best.total + TOLERANCE:
                    best = Plan(total, question)
        return best

    def _splitting(self, entities: int, questions: int) -> int:
        """Return those of the questions that split the set: few, unless answers were lies."""
        found = 0
        while questions:
            question = (questions & -questions).bit_length() - 1
            questions ^= 1 << question
            if entities & self._yes[question] not in (0, entities):
                found |= 1 << question
        return found

    def _splits(self, entities: int, left: int, forbidden: int) -> list[Split]:
        """Return how the set can be split, the most promising first; of questions alike, one."""
        found: dict[int, Split] = {}
        for question, truths in enumerate(self._yes if left else ()):
            yes = entities & truths
            no = entities ^ yes
            if yes and no and min(yes, no) not in found and not forbidden >> question & 1:
                bound = self._bound(yes, left - 1) + self._bound(no, left - 1)
                found[min(yes, no)] = Split(bound, question, yes, no)
        splits = sorted(found.values(), key=lambda split: (-split.bound, split.question))
        return splits if entities.bit_count() <= EXACT else splits[:PROMISING]

    def _bound(self, entities: int, left: int) -> float:
        return self._bounds[left][entities.bit_count()]


def bounds(entities: int, question_cost: float, max_questions: int) -> list[list[float]]:
    """Return what W would be if every split were possible, by questions left and entities."""
    sizes = np.arange(entities + 1)
    # Nothing is to be had from no entities; from any others one is named.
    best: npt.NDArray[np.float64] = np.minimum(sizes, 1).astype(np.float64)
    found = [best.tolist()]
    for _ in range(min(max_questions, entities - 1)):
        asked = [
            0.0,
            *(float(np.max(best[1:n] + best[n - 1 : 0 : -1], initial=0.0)) for n in sizes[1:]),
        ]
        best = np.maximum(np.minimum(sizes, 1), np.array(asked) - question_cost * sizes)
        found.append(best.tolist())
    return found


def as_set(members: npt.ArrayLike) -> int:
    """Return the set of the places at which an array of bools is true."""
    return sum(1 << int(place) for place in np.flatnonzero(members))
