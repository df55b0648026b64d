"""Questions on facts: each fact is learnt from some phrasings and asked for in others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ..arguments import choice
from .schema import LEVELS, SPLITS, Dataset, DatasetError, Example, Split, stable_hash
from .tables import DATA, read_rows

SMALL = DATA / "facts_small"

# One question in so many is held out for validation, and as many for test; the small level holds
# out more, since it has few.
PARTS = {"small": 7, "standard": 10}


class Question(NamedTuple):
    """A fact in one phrasing."""

    relation: str
    subject: str
    phrasing: str
    example: Example


class Facts(Dataset):
    """Questions whose answers are facts; no held-out question was asked in training.

    Yet every fact was asked for in another phrasing there, and every phrasing of another subject.

    Args:
        level: "standard" has all; "small" the capitals and continents of twelve countries, each
            asked for in nine phrasings, in few words (V = 62): 324 questions, of which 227 are for
            training, 52 for validation and 45 for test.

    Raises:
        InvalidArgumentError: If the level is unknown.
    """

    def __init__(self, level: str = "standard") -> None:
        choice("level", level, LEVELS)
        questions = read_facts(SMALL if level == "small" else DATA)
        super().__init__(
            name=f"facts-{level}",
            language="en",
            prompt_language="en",
            licence="MIT",
            source="compiled for lexigym; each fact names its source",
            splits=split(questions, PARTS[level]),
        )


def read_facts(folder: Path) -> list[Question]:
    """Return every fact of `facts.tsv` in every phrasing of `phrasings.tsv`.

    Raises:
        DatasetError: If a file can't be read, a relation has no phrasing, a phrasing no
            {subject}, or a question comes up twice.
    """
    phrasings: dict[str, list[str]] = {}
    for place, cells in read_rows(folder / "phrasings.tsv", "relation", "phrasing"):
        relation, phrasing = cells[:2]
        if "{subject}" not in phrasing:
            raise DatasetError(f"{place}: the phrasing {phrasing!r} lacks {{subject}}; write it.")
        phrasings.setdefault(relation, []).append(phrasing)
    questions: dict[str, Question] = {}
    for place, cells in read_rows(folder / "facts.tsv", "relation", "subject", "answers"):
        relation, subject, answers = cells[:3]
        if relation not in phrasings:
            raise DatasetError(f"{place}: the relation {relation!r} has no phrasing; add one.")
        for phrasing in phrasings[relation]:
            prompt = phrasing.replace("{subject}", subject)
            if prompt in questions:
                raise DatasetError(
                    f"{place}: {prompt!r} is asked a second time; give all answers in one row."
                )
            example = Example(prompt, tuple(answers.split("|")))
            questions[prompt] = Question(relation, subject, phrasing, example)
    return list(questions.values())


def split(questions: Sequence[Question], parts: int) -> dict[Split, list[Example]]:
    """Return splits in which training asks for every fact and has every phrasing.

    The hash of a question decides its split, but for the first of each fact and of each phrasing
    that training would lack.

    Args:
        questions: All questions.
        parts: Of as many parts one is for validation, one for test and the rest for training.
    """
    ordered = sorted(questions, key=lambda question: stable_hash(question.example.prompt))
    chosen = {
        question: SPLITS[max(0, stable_hash(question.example.prompt) % parts - parts + 3)]
        for question in ordered
    }
    for names in (("relation", "subject"), ("relation", "phrasing")):
        first: dict[tuple[str, ...], Question] = {}
        for question in ordered:
            key = tuple(getattr(question, name) for name in names)
            # One that is in training anyway comes before any that is not.
            if key not in first or (chosen[question] == "train" != chosen[first[key]]):
                first[key] = question
        chosen |= dict.fromkeys(first.values(), "train")
    splits: dict[Split, list[Example]] = {}
    for question in questions:
        splits.setdefault(chosen[question], []).append(question.example)
    return splits
