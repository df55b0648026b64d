"""Questions on facts: each fact is learnt from some phrasings and asked for in others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ..arguments import choice
from .schema import LEVELS, Dataset, DatasetError, Example, split_of, stable_hash
from .tables import DATA, read_rows

# Relations of countries whose names, capitals and continents are single words, in their first
# phrasings: few words write them all.
SMALL_RELATIONS = ("capital_of", "country_of_capital", "continent_of")
SMALL_PHRASINGS = 3
SMALL_COUNTRIES = (
    *("France", "Ghana", "Greece", "Italy", "Japan", "Kenya"),
    *("Morocco", "Nepal", "Norway", "Poland", "Qatar", "Uganda"),
)


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
        level: "standard" has all; "small" the capitals and continents of twelve countries.

    Raises:
        InvalidArgumentError: If the level is unknown.
    """

    def __init__(self, level: str = "standard") -> None:
        choice("level", level, LEVELS)
        questions = read_facts(DATA)
        if level == "small":
            questions = small(questions)
        super().__init__(
            name=f"facts-{level}",
            language="en",
            prompt_language="en",
            licence="MIT",
            source="compiled for lexigym; each fact names its source",
            splits=split(questions),
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


def small(questions: Sequence[Question]) -> list[Question]:
    """Return the questions of the small level."""
    phrasings: dict[str, dict[str, None]] = {}
    for question in questions:
        phrasings.setdefault(question.relation, {})[question.phrasing] = None
    first = {phrasing for each in phrasings.values() for phrasing in list(each)[:SMALL_PHRASINGS]}
    return [
        question
        for question in questions
        if question.relation in SMALL_RELATIONS
        and question.phrasing in first
        and {question.subject, *question.example.references} & {*SMALL_COUNTRIES}
    ]


def split(questions: Sequence[Question]) -> dict[str, list[Example]]:
    """Return splits in which training asks for every fact and has every phrasing.

    The hash of a question decides its split, but for the first of each fact and of each phrasing
    that training would lack.
    """
    ordered = sorted(questions, key=lambda question: stable_hash(question.example.prompt))
    chosen = {question: split_of(question.example.prompt) for question in ordered}
    for names in (("relation", "subject"), ("relation", "phrasing")):
        first: dict[tuple[str, ...], Question] = {}
        for question in ordered:
            key = tuple(getattr(question, name) for name in names)
            # One that is in training anyway comes before any that is not.
            if key not in first or (chosen[question] == "train" != chosen[first[key]]):
                first[key] = question
        chosen |= dict.fromkeys(first.values(), "train")
    splits: dict[str, list[Example]] = {}
    for question in questions:
        splits.setdefault(chosen[question], []).append(question.example)
    return splits
