"""A dialogue about a hidden entity: what was asked, answered and named, and what follows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .strategy import as_set
from .table import Table

ANSWERS = ("no", "yes")


class Dialogue:
    """The game itself: no players, turns or rewards, and no move is checked.

    Args:
        table: Entities and questions.
        max_questions: How many may be asked.
        entity: Which is hidden.

    Attributes:
        asked: The questions so far, in order.
        answers: Their answers, 1 for yes; one less than the questions while one is awaited.
        named: The entity that was named, -1 before.
        answered: `(Q,) int8`: 1 for yes, -1 for no, 0 for questions without an answer.
    """

    def __init__(self, table: Table, max_questions: int, entity: int) -> None:
        self.table = table
        self.max_questions = max_questions
        self.entity = entity
        self.asked: list[int] = []
        self.answers: list[int] = []
        self.named = -1
        self.answered = np.zeros(len(table.questions), np.int8)
        # How many of the answers don't fit each entity.
        self._contradictions = np.zeros(len(table.entities), np.int64)

    def ask(self, question: int) -> None:
        """Ask a question."""
        self.asked.append(question)

    def answer(self, answer: int) -> None:
        """Answer the question that was asked last."""
        question = self.asked[-1]
        self.answers.append(answer)
        self.answered[question] = 1 if answer else -1
        self._contradictions += self.table.truths[:, question] != bool(answer)

    def name(self, entity: int) -> None:
        """Name an entity."""
        self.named = entity

    @property
    def right(self) -> bool:
        """Was the hidden entity named?"""
        return self.named == self.entity

    @property
    def questions_left(self) -> int:
        """How many questions may still be asked."""
        return self.max_questions - len(self.asked)

    @property
    def pending(self) -> int:
        """The question that is to be answered, -1 if there is none."""
        return self.asked[-1] if len(self.asked) > len(self.answers) else -1

    @property
    def truths(self) -> npt.NDArray[np.bool_]:
        """For each question, whether yes is the true answer, `(Q,) bool`."""
        truths: npt.NDArray[np.bool_] = self.table.truths[self.entity]
        return truths

    @property
    def candidates(self) -> int:
        """The set of the entities that contradict the fewest answers."""
        return as_set(self._contradictions == self._contradictions.min())

    @property
    def asked_set(self) -> int:
        """The set of the questions that were asked."""
        return sum(1 << question for question in self.asked)

    @property
    def text(self) -> str:
        """The dialogue, a line for each question and its answer."""
        lines = [self.table.questions[question] for question in self.asked]
        for place, answer in enumerate(self.answers):
            lines[place] += f" {ANSWERS[answer].capitalize()}."
        if self.named >= 0:
            name = self.table.entities[self.named]
            lines.append(f"Is it {name}? {ANSWERS[self.right].capitalize()}.")
        return "\n".join(lines)
