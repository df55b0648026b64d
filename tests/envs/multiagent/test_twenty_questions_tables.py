"""What is asked: true to the facts, and splitting the entities."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import numpy as np
import pytest

import lexigym.envs.datasets
from lexigym.envs.datasets.schema import DatasetError
from lexigym.envs.multiagent.twenty_questions.own import own_table
from lexigym.envs.multiagent.twenty_questions.shipped import CATEGORIES, LEVELS, shipped_table
from lexigym.registry.errors import InvalidArgumentError

FACTS = Path(lexigym.envs.datasets.__file__).parent / "data" / "facts.tsv"


def facts():
    found = {}
    for line in FACTS.read_text(encoding="utf-8").splitlines()[1:]:
        relation, subject, answers, _ = line.split("\t")
        found[relation, subject] = answers.split("|")
    return found


def spelt(what, entity, known):
    """The letters of a name, found another way than by the code under test."""
    relation = {"its capital": "capital_of", "its symbol": "element_symbol"}.get(what)
    text = entity if relation is None else known[relation, entity][0]
    if text.startswith("the "):
        text = text[4:]
    bases = [unicodedata.decomposition(each).split(" ")[0] or f"{ord(each):x}" for each in text]
    return re.sub("[^A-Z]", "", "".join(chr(int(base, 16)) for base in bases).upper())


def answer(sentence, entity, known):
    """Whether yes is true, by reading the sentence."""
    if found := re.fullmatch(r"Is it in (.+)\?", sentence):
        return found[1] in known["continent_of", entity]
    if found := re.fullmatch(r"Does it have a currency called (.+)\?", sentence):
        return any(re.search(rf"(^| ){found[1]}$", each) for each in known["currency_of", entity])
    if found := re.fullmatch(r"Is its atomic number more than (\d+)\?", sentence):
        return int(known["element_number", entity][0]) > int(found[1])
    if sentence == "Is its atomic number even?":
        return int(known["element_number", entity][0]) in range(0, 200, 2)
    found = re.fullmatch(
        r"Does (its \w+) (begin|end|have) (.*?)([A-Z]|\d+)( letters?)?\?", sentence
    )
    letters = spelt(found[1], entity, known)
    if found[3] == "more than ":
        return len(letters) > int(found[4])
    if found[3] == "a letter before " or found[3] == "with a letter before ":
        return letters[0] < found[4]
    assert found[3] in ("with ", "the letter ")
    return {"begin": letters[:1], "end": letters[-1:], "have": letters}[found[2]].count(
        found[4]
    ) > 0


@pytest.mark.parametrize("category", CATEGORIES)
@pytest.mark.parametrize("level", LEVELS)
def test_every_question_is_true_to_the_facts_and_splits_the_entities(category, level):
    table, known = shipped_table(category, level), facts()
    for place, sentence in enumerate(table.questions):
        expected = [answer(sentence, entity, known) for entity in table.entities]
        assert table.truths[:, place].tolist() == expected, sentence
        assert 0 < sum(expected) < len(expected)
    assert len(set(table.questions)) == len(table.questions)
    assert len(set(table.entities)) == len(table.entities)
    # Each entity can be found, and no two questions tell the same.
    assert len(np.unique(table.truths, axis=0)) == len(table.entities)
    splits = table.truths.T ^ table.truths[:1].T
    assert len(np.unique(splits, axis=0)) == len(table.questions)
    assert not table.truths.flags.writeable


def test_the_levels_have_what_is_promised():
    sizes = {
        (category, level): shipped_table(category, level).truths.shape
        for category in CATEGORIES
        for level in LEVELS
    }
    assert sizes == {
        ("countries", "standard"): (195, 82),
        ("countries", "small"): (16, 12),
        ("elements", "standard"): (118, 60),
        ("elements", "small"): (18, 13),
    }
    known = facts()
    every = {subject for relation, subject in known if relation == "capital_of"}
    assert set(shipped_table("countries", "standard").entities) == every
    every = {subject for relation, subject in known if relation == "element_number"}
    assert set(shipped_table("elements", "standard").entities) == every


def test_the_tables_are_these():
    prints = {
        (category, level): shipped_table(category, level).fingerprint[:8]
        for category in CATEGORIES
        for level in LEVELS
    }
    assert prints == {
        ("countries", "small"): "4ae879b1",
        ("countries", "standard"): "217982ee",
        ("elements", "small"): "0d332937",
        ("elements", "standard"): "71de0564",
    }


ANIMALS = {
    "cat": {"kind": "mammal", "legs": 4, "Does it purr?": True, "a pet": True},
    "ant": {"kind": "insect", "legs": 6, "Does it purr?": False, "a pet": False},
    "hen": {"kind": "bird", "legs": 2, "Does it purr?": False, "a pet": False},
}
ASKED = {
    "Is its kind bird?": [False, False, True],
    "Is its kind insect?": [False, True, False],
    "Is its kind mammal?": [True, False, False],
    "Is its legs more than 2?": [True, True, False],
    "Is its legs more than 4?": [False, True, False],
    "Does it purr?": [True, False, False],
    "Is it a pet?": [True, False, False],
}


def test_a_table_of_ones_own():
    table = own_table(ANIMALS)
    assert table.entities == ("cat", "ant", "hen")
    for place, sentence in enumerate(table.questions):
        assert table.truths[:, place].tolist() == ASKED[sentence]
    # The others split the animals as one of these does.
    assert table.questions == ("Is its kind bird?", "Is its kind insect?", "Is its kind mammal?")


def test_a_file_of_ones_own_is_the_same_table(tmp_path):
    path = tmp_path / "animals.tsv"
    rows = ["name\tkind\tlegs\tDoes it purr?\ta pet"]
    for name, row in ANIMALS.items():
        cells = [
            "yes" if each is True else "no" if each is False else each for each in row.values()
        ]
        rows.append("\t".join(map(str, [name, *cells])))
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    for given in (path, str(path)):
        assert own_table(given).fingerprint == own_table(ANIMALS).fingerprint


def test_numbers_are_asked_about_at_few_limits():
    table = own_table({f"n{i}": {"size": float(i)} for i in range(500)})
    assert 10 <= len(table.questions) <= 15
    assert own_table({"a": {"size": 1.5}, "b": {"size": 2}}).questions == (
        "Is its size more than 1.5?",
    )


def test_limits_that_are_close_look_different():
    people = (1234567, 1234568, 1234569)
    table = own_table({f"city {each}": {"population": each} for each in people})
    assert table.questions == (
        "Is its population more than 1234567?",
        "Is its population more than 1234568?",
    )


@pytest.mark.parametrize(
    "entities",
    [
        {},
        {"cat": {"legs": 4}},
        [],
        3,
        {"cat": 1, "dog": 2},
        {1: {"legs": 4}, 2: {"legs": 2}},
        {"": {"legs": 4}, "hen": {"legs": 2}},
        {"cat": {"legs": 4}, "hen": {"wings": 2}},
        {"cat": {"legs": 4}, "hen": {"legs": 4}},
        {"cat": {"legs": 4}, "hen": {"legs": "two"}},
        {"cat": {"legs": 4}, "hen": {"legs": True}},
        {"cat": {"legs": 4}, "hen": {"legs": float("nan")}},
        {"cat": {"legs": None}, "hen": {"legs": None}},
        {"cat": {"Does it purr?": 1}, "hen": {"Does it purr?": 0}},
        {"cat": {7: True}, "hen": {7: False}},
        {"cat": {}, "hen": {}},
    ],
    ids=str,
)
def test_a_bad_table_is_refused(entities):
    with pytest.raises(InvalidArgumentError) as caught:
        own_table(entities)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name\tlegs\ncat\t4\t5\nhen\t2\n", "expected 2 cells"),
        ("name\tlegs\ncat\t4\ncat\t2\n", "'cat' is there already"),
        ("name\tlegs\ncat\t4\n", "at least two names"),
        ("name\tlegs\tlegs\ncat\t4\t5\nhen\t2\t3\n", "two columns have one name"),
        ("", "at least two names"),
    ],
)
def test_a_bad_file_is_refused(tmp_path, text, words):
    path = tmp_path / "table.tsv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidArgumentError, match=words):
        own_table(path)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"absent\.tsv"):
        own_table(tmp_path / "absent.tsv")
