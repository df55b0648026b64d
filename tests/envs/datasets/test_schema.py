"""Examples and datasets: what is refused, and what a fingerprint depends on."""

import dataclasses
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexigym.envs.datasets.schema import (
    SPLITS,
    Dataset,
    DatasetError,
    Example,
    split_by_hash,
    split_of,
)
from lexigym.registry.errors import InvalidArgumentError


def dataset(**splits):
    return Dataset("tiny", "en", "en", "CC0-1.0", "a test", splits)


def examples(*prompts):
    return [Example(prompt, (f"{prompt}!",)) for prompt in prompts]


@pytest.mark.parametrize(
    "bad", ["", "  ", None, 3, "a\nb", "a\x00", "\ud800", "a\u202eb", "\u2066"]
)
@pytest.mark.parametrize("place", ["prompt", "references", "keywords"])
def test_a_bad_text_is_refused_by_place_and_value(place, bad):
    fields = {"prompt": "a", "references": ("b",), "keywords": ("c",)}
    with pytest.raises(DatasetError) as caught:
        Example(**fields | {place: bad if place == "prompt" else ("fine", bad)})
    assert place in str(caught.value)
    assert repr(bad) in str(caught.value)


def test_an_example_needs_references_and_takes_no_text_for_a_sequence():
    with pytest.raises(DatasetError, match="'a' has no reference"):
        Example("a", ())
    with pytest.raises(DatasetError, match="must be a sequence"):
        Example("a", "b")


@given(st.text("ée\u0301a\u0308n\u0303", min_size=1))
def test_texts_are_normalised(text):
    example = Example(text, (text,), (text,))
    for each in (example.prompt, *example.references, *example.keywords):
        assert unicodedata.is_normalized("NFC", each)
        assert unicodedata.normalize("NFD", each) == unicodedata.normalize("NFD", text)


def test_a_prompt_in_two_splits_is_refused_with_the_first_few():
    prompts = [f"p{number}" for number in range(5)]
    with pytest.raises(DatasetError) as caught:
        dataset(train=examples(*prompts), test=examples(*prompts, "q"))
    message = str(caught.value)
    assert "5 of the prompts" in message
    assert "'p2' (in train and test)" in message
    assert "p3" not in message


def test_prompts_are_compared_as_normalised():
    with pytest.raises(DatasetError, match="two splits"):
        dataset(train=examples("\u00e9"), test=examples("e\u0301"))


def test_what_is_empty_is_refused():
    with pytest.raises(DatasetError, match="the dataset 'tiny' is empty"):
        dataset()
    with pytest.raises(DatasetError, match="the test split of 'tiny' is empty"):
        dataset(train=examples("a"), test=[])


def test_an_unknown_split_is_refused():
    with pytest.raises(InvalidArgumentError, match="did you mean 'test'"):
        dataset(tset=examples("a"))
    with pytest.raises(InvalidArgumentError, match="known: train"):
        dataset(train=examples("a")).size("validation")


@pytest.mark.parametrize("index", [-1, 2, 0.5, "0", None, True])
def test_an_index_outside_is_refused(index):
    with pytest.raises(InvalidArgumentError, match="train example"):
        dataset(train=examples("a", "b")).example("train", index)


def test_a_dataset_is_walked_in_order():
    tiny = dataset(test=examples("c"), train=examples("a", "b"))
    assert list(tiny.splits) == ["train", "test"]
    assert [tiny.example("train", index).prompt for index in range(tiny.size("train"))] == [
        "a",
        "b",
    ]
    assert list(tiny.texts()) == ["a", "a!", "b", "b!", "c", "c!"]


def test_a_fingerprint_is_of_the_content():
    tiny = dataset(train=examples("a", "ü"), test=examples("字"))
    # A golden value, so that a change of the canonical form doesn't go unseen.
    assert tiny.fingerprint == GOLDEN
    assert dataclasses.replace(tiny, name="other", licence="MIT").fingerprint == GOLDEN
    others = [
        dataclasses.replace(tiny, language="fr"),
        dataset(train=examples("a", "ü"), validation=examples("字")),
        dataset(train=examples("ü", "a"), test=examples("字")),
        dataset(train=[Example("a", ("a!",), ("a",)), *examples("ü")], test=examples("字")),
    ]
    assert len({each.fingerprint for each in [tiny, *others]}) == 5


GOLDEN = "e0f5036f2092343b4b3712efe82fcc1efad82610d42a0ec14f40bc95cb23296d"


def test_the_hash_divides_80_10_10():
    prompts = [f"prompt {number}" for number in range(5000)]
    splits = split_by_hash(examples(*prompts))
    shares = [len(splits[split]) / 5000 for split in SPLITS]
    assert shares == pytest.approx([0.8, 0.1, 0.1], abs=0.02)
    # Golden too: data that moved to another split would leak into training.
    held_out = {number: split_of(str(number)) for number in range(30)}
    assert {number: split for number, split in held_out.items() if split != "train"} == {
        6: "test",
        11: "validation",
        21: "validation",
        27: "validation",
    }
