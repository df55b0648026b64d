"""The tables that ship: countries and chemical elements, and what can be asked about them."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from string import ascii_uppercase
from typing import NamedTuple

from ...datasets.schema import LEVELS
from ...datasets.tables import DATA, read_rows
from .table import Question, Table, distinct, make_table, splitting

__all__ = ["CATEGORIES", "LEVELS", "shipped_table"]

# From each part of the world, so that 4 questions may tell them apart.
SMALL_COUNTRIES = (
    "Argentina",
    "Australia",
    "Brazil",
    "Canada",
    "China",
    "Egypt",
    "France",
    "Germany",
    "India",
    "Italy",
    "Japan",
    "Kenya",
    "Mexico",
    "Nigeria",
    "Norway",
    "Peru",
)

# The last elements of the first six periods; the small level ends with the third.
PERIODS = (2, 10, 18, 36, 54, 86)
SMALL_ELEMENTS = 18

Facts = dict[str, dict[str, list[str]]]


class Shares(NamedTuple):
    """The share of the entities that a question must have on either side to be asked."""

    facts: float
    spelling: float


# Spelling offers far more questions than facts do, so more is asked of them.
SHARES = {"small": Shares(0.15, 0.44), "standard": Shares(0.02, 0.2)}


@cache
def shipped_table(category: str, level: str) -> Table:
    """Return the table of a category of `CATEGORIES` at a level of `LEVELS`."""
    make_entities, make_facts, spelt = CATEGORIES[category]
    facts = read_facts()
    entities = make_entities(facts, level)
    shares = SHARES[level]
    names = {"its name": entities}
    for what, relation in spelt.items():
        # The usual answer comes first.
        names[what] = [facts[relation][entity][0] for entity in entities]
    questions = splitting(
        make_facts(facts, entities), max(1, math.ceil(shares.facts * len(entities)))
    )
    for what, texts in names.items():
        questions += splitting(
            spelling_questions(what, texts), math.ceil(shares.spelling * len(entities))
        )
    return make_table(entities, distinct(questions))


def read_facts() -> Facts:
    """Return the answers that count as right, by relation and subject."""
    facts: Facts = {}
    for _, cells in read_rows(DATA / "facts.tsv", "relation", "subject", "answers"):
        relation, subject, answers = cells[:3]
        facts.setdefault(relation, {})[subject] = answers.split("|")
    return facts


def countries(facts: Facts, level: str) -> Sequence[str]:
    """Return the countries of a level."""
    return SMALL_COUNTRIES if level == "small" else list(facts["capital_of"])


def country_questions(facts: Facts, entities: Sequence[str]) -> Iterator[Question]:
    """Yield what the facts tell of countries: their continents and their currencies."""
    continents = {entity: set(facts["continent_of"][entity]) for entity in entities}
    for continent in sorted(set().union(*continents.values())):
        yield Question(
            f"Is it in {continent}?", tuple(continent in continents[entity] for entity in entities)
        )
    # The last word of "US dollar" says of what kind it is.
    kinds = {
        entity: {answer.split()[-1] for answer in facts["currency_of"][entity]}
        for entity in entities
    }
    for kind in sorted(set().union(*kinds.values())):
        yield Question(
            f"Does it have a currency called {kind}?",
            tuple(kind in kinds[entity] for entity in entities),
        )


def elements(facts: Facts, level: str) -> Sequence[str]:
    """Return the elements of a level, by atomic number."""
    ordered = sorted(
        facts["element_number"], key=lambda element: int(facts["element_number"][element][0])
    )
    return ordered[:SMALL_ELEMENTS] if level == "small" else ordered


def element_questions(facts: Facts, entities: Sequence[str]) -> Iterator[Question]:
    """Yield what the facts tell of elements: their atomic numbers."""
    numbers = [int(facts["element_number"][entity][0]) for entity in entities]
    for limit in sorted({*PERIODS, *range(10, max(numbers), 10)}):
        yield Question(
            f"Is its atomic number more than {limit}?", tuple(number > limit for number in numbers)
        )
    yield Question("Is its atomic number even?", tuple(number % 2 == 0 for number in numbers))


def spelling_questions(what: str, texts: Sequence[str]) -> Iterator[Question]:
    """Yield what can be asked about the spelling of texts.

    A leading "the" doesn't count, nor do accents and all that is no letter.

    Args:
        what: What they are, such as "its name".
        texts: That of each entity, in order.
    """
    spelt = [letters_of(text) for text in texts]
    for letter in ascii_uppercase[1:]:
        yield Question(
            f"Does {what} begin with a letter before {letter}?",
            tuple(letters[0] < letter for letters in spelt),
        )
    for letter in ascii_uppercase:
        yield Question(
            f"Does {what} begin with {letter}?", tuple(letters[0] == letter for letters in spelt)
        )
        yield Question(
            f"Does {what} end with {letter}?", tuple(letters[-1] == letter for letters in spelt)
        )
        yield Question(
            f"Does {what} have the letter {letter}?", tuple(letter in letters for letters in spelt)
        )
    for length in range(1, max(map(len, spelt))):
        yield Question(
            f"Does {what} have more than {length} letter{'s' if length > 1 else ''}?",
            tuple(len(letters) > length for letters in spelt),
        )


def letters_of(text: str) -> str:
    """Return the letters of a text from A to Z, without a leading "the"."""
    plain = unicodedata.normalize("NFD", text.removeprefix("the ")).upper()
    return "".join(character for character in plain if character in ascii_uppercase)


class Category(NamedTuple):
    """How a table is made from the facts.

    Attributes:
        entities: Those of a level.
        facts: The questions that the facts answer.
        spelt: The relations whose usual answer is asked about by its spelling, by what it is.
    """

    entities: Callable[[Facts, str], Sequence[str]]
    facts: Callable[[Facts, Sequence[str]], Iterator[Question]]
    spelt: dict[str, str]


CATEGORIES = {
    "countries": Category(countries, country_questions, {"its capital": "capital_of"}),
    "elements": Category(elements, element_questions, {"its symbol": "element_symbol"}),
}
