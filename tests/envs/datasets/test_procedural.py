"""Datasets without end: the streams, the splits, and that words and sizes stay in bounds."""

import json
import pickle
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexigym.envs.datasets.arithmetic import Arithmetic
from lexigym.envs.datasets.cldr import Cldr
from lexigym.envs.datasets.number_words import number_words
from lexigym.envs.datasets.procedural import HELD_OUT_SIZE, ProceduralDataset
from lexigym.envs.datasets.schema import DatasetError, Example, split_of, texts_of
from lexigym.envs.datasets.sentences import is_lossless, words
from lexigym.registry.errors import InvalidArgumentError

# For each, how many words and marks the small ones may have.
LIMITS = {
    "arithmetic-small": 58,
    "cldr-en-fr-small": 60,
    "cldr-en-zh-small": 60,
}
MAKERS = {
    "arithmetic-small": lambda **root: Arithmetic("small", **root),
    "arithmetic-standard": lambda **root: Arithmetic("standard", **root),
    "cldr-en-fr-small": lambda **root: Cldr("en", "fr", level="small", **root),
    "cldr-en-zh-small": lambda **root: Cldr("en", "zh", level="small", **root),
    "cldr-en-de-small": lambda **root: Cldr("en", "de", level="small", **root),
    "cldr-en-fr-standard": lambda **root: Cldr("en", "fr", **root),
    "cldr-zh-en-standard": lambda **root: Cldr("zh", "en", **root),
    "cldr-de-es-standard": lambda **root: Cldr("de", "es", **root),
}
SAMPLE = 1000


@pytest.fixture(scope="module", params=MAKERS)
def dataset(request):
    return MAKERS[request.param]()


@pytest.fixture(scope="module")
def train(dataset):
    return [dataset.example("train", index) for index in range(SAMPLE)]


def held_out(dataset):
    return {
        split: [dataset.example(split, index) for index in range(dataset.size(split))]
        for split in ("validation", "test")
    }


def test_splits_are_disjoint_and_held_out_prompts_distinct(dataset, train):
    splits = {"train": train, **held_out(dataset)}
    for split, examples in splits.items():
        prompts = [example.prompt for example in examples]
        assert {split_of(prompt) for prompt in prompts} == {split}
        if split != "train":
            assert 0 < len(set(prompts)) == len(prompts) <= HELD_OUT_SIZE
    assert dataset.size("train") is None


def test_a_prompt_has_one_answer(dataset, train):
    answers = {example.prompt: example.references for example in train}
    assert all(answers[example.prompt] == example.references for example in train)


def test_every_word_is_among_the_texts(dataset, train):
    known = {word for text in dataset.texts() for word in words(text, dataset.language)}
    examples = [*train, *held_out(dataset)["validation"]]
    assert {word for text in texts_of(examples) for word in words(text, "en")} <= known
    if dataset.name in LIMITS:
        assert len(known) <= LIMITS[dataset.name]


def test_sentences_come_back_from_their_tokens(dataset, train):
    for example in train:
        assert is_lossless(example.prompt, dataset.prompt_language)
        assert all(is_lossless(text, dataset.language) for text in example.references)


def test_small_levels_are_short(dataset, train):
    if dataset.name in LIMITS:
        longest_answer = 6 if "arithmetic" in dataset.name else 7
        for example in train:
            assert len(words(example.prompt, dataset.prompt_language)) <= 10
            assert len(words(example.references[0], dataset.language)) <= longest_answer


def test_a_pickled_one_gives_the_same(dataset, train):
    copy = pickle.loads(pickle.dumps(dataset))
    assert [copy.example("train", index) for index in range(20)] == train[:20]
    assert copy.fingerprint == dataset.fingerprint
    assert list(copy.splits) == ["train", "validation", "test"]


def test_roots_share_no_more_than_chance():
    one, two = (
        [Arithmetic("standard", root=root).example("train", index) for index in range(2000)]
        for root in (0, 1)
    )
    # What two halves of one stream share tells how often a question comes up by chance.
    by_chance = len(set(one[:1000]) & set(one[1000:]))
    assert by_chance < 100
    for offset in (-1, 0, 1):
        shared = len(set(one[500 + offset : 1500 + offset]) & set(two[500:1500]))
        assert shared < by_chance + 5 * max(by_chance, 10) ** 0.5
        equal = sum(one[index + offset] == two[index] for index in range(1, 1999))
        assert equal < 10


def test_held_out_examples_are_the_same_under_every_root():
    one, two = (Arithmetic(root=root) for root in (0, 1))
    assert held_out(one) == held_out(two)
    assert one.example("train", 0) != two.example("train", 0)
    assert one.fingerprint != two.fingerprint


def test_a_new_process_gives_the_same():
    program = (
        "import json, lexigym.envs.datasets.arithmetic as a, lexigym.envs.datasets.cldr as c\n"
        "sources = a.Arithmetic('standard', 3), c.Cldr('en', 'zh', level='small')\n"
        "print(json.dumps([(s.example('train', 2**40).prompt, s.fingerprint) for s in sources]))"
    )
    path = [path for path in sys.path if path]
    output = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {path}\n{program}"],
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONHASHSEED": "77"},
    ).stdout
    sources = Arithmetic("standard", 3), Cldr("en", "zh", level="small")
    assert json.loads(output) == [
        [source.example("train", 2**40).prompt, source.fingerprint] for source in sources
    ]


def test_items_are_golden():
    # A changed item would make old results incomparable.
    assert [Arithmetic().example("train", index).prompt for index in range(3)] == GOLDEN


GOLDEN = [
    "which is smaller, fifty one or sixty three",
    "which is smaller, sixty or fifty seven",
    "fifty nine plus three",
]


def counting(limit):
    return ProceduralDataset(
        "counting",
        lambda generator: Example(f"n{generator.integers(limit)}", ("yes",)),
        lambda: [f"n{number}" for number in range(limit)],
        language="en",
        prompt_language="en",
        licence="CC0-1.0",
        source="a test",
    )


@settings(max_examples=10, deadline=None)
@given(st.integers(60, 300))
def test_a_small_space_is_held_out_whole(limit):
    source = counting(limit)
    for split in ("validation", "test"):
        expected = {f"n{number}" for number in range(limit) if split_of(f"n{number}") == split}
        found = {source.example(split, index).prompt for index in range(source.size(split))}
        assert found == expected


def test_a_space_without_a_split_is_refused():
    with pytest.raises(DatasetError, match="'counting' allows too few prompts"):
        counting(1).size("test")


@pytest.mark.parametrize("root", [-1, 0.5, "0", None, True])
def test_a_bad_root_is_refused(root):
    with pytest.raises(InvalidArgumentError, match="root"):
        Arithmetic(root=root)


@pytest.mark.parametrize("index", [-1, 0.5, None])
def test_a_bad_index_is_refused(index):
    with pytest.raises(InvalidArgumentError, match="train example"):
        Arithmetic().example("train", index)
    with pytest.raises(InvalidArgumentError, match=r"in \[0, 499\]"):
        Arithmetic().example("test", 500)


def test_a_bad_level_or_split_is_refused():
    with pytest.raises(InvalidArgumentError, match="did you mean 'small'"):
        Arithmetic("smal")
    with pytest.raises(InvalidArgumentError, match="did you mean 'test'"):
        Arithmetic().example("tests", 0)


OPERATORS = {
    "plus": lambda a, b: a + b,
    "minus": lambda a, b: a - b,
}


def test_the_answers_are_right():
    numbers = {number_words(each, "en").replace("-", " "): each for each in range(100)}
    seen = set()
    for index in np.arange(SAMPLE):  # NumPy's integers are indices too.
        example = Arithmetic().example("train", index)
        answer = numbers[example.references[0]]
        if example.prompt.startswith("which"):
            question, _, pair = example.prompt.partition(", ")
            a, b = (numbers[each] for each in pair.split(" or "))
            assert answer == (max(a, b) if question == "which is larger" else min(a, b))
            seen.add(question)
            continue
        operator = next(name for name in OPERATORS if f" {name} " in example.prompt)
        a, b = (numbers[each] for each in example.prompt.split(f" {operator} "))
        assert answer == OPERATORS[operator](a, b)
        seen.add(operator)
    assert seen == {*OPERATORS, "which is larger", "which is smaller"}
