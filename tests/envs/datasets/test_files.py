"""A user's own files: every form, and an error that names file and line for every fault."""

import json
import sys
import types

import numpy as np
import pytest

from lexigym.envs.datasets.files import load
from lexigym.envs.datasets.schema import DatasetError, Example, split_of
from lexigym.registry.errors import InvalidArgumentError, MissingDependencyError

GOOD = {"prompt": "a", "references": ["b", "c"], "keywords": ["b"], "split": "dev"}


@pytest.fixture
def write(tmp_path):
    def write(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def rows(dataset):
    return {split: list(examples) for split, examples in dataset.splits.items()}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("data.jsonl", json.dumps(GOOD)),
        ("data.jsonl", "\ufeff\r\n" + json.dumps(GOOD) + "\r\n\r\n"),
        ("data.json", json.dumps([GOOD])),
        ("data.csv", "prompt,references,keywords,split\na,b|c,b,validation\n"),
        ("data.csv", 'split,target,question,keywords\r\nvalid,"b|c",a,b\r\n'),
        ("data.tsv", "source\tanswer\tkeywords\tsplit\na\tb|c\tb\tval"),
    ],
)
def test_every_format_says_the_same(write, name, content):
    dataset = load(write(name, content), language="fr", licence="CC0-1.0")
    assert rows(dataset) == {"validation": [Example("a", ("b", "c"), ("b",))]}
    assert (dataset.name, dataset.language, dataset.prompt_language) == ("data", "fr", "fr")
    assert dataset.licence == "CC0-1.0"


def test_without_a_split_the_hash_decides(write):
    lines = [json.dumps({"question": f"q{n}", "answer": f"a{n}"}) for n in range(100)]
    dataset = load(write("data.jsonl", "\n".join(lines)))
    assert set(dataset.splits) == {"train", "validation", "test"}
    for split, examples in dataset.splits.items():
        assert all(split_of(example.prompt) == split for example in examples)


def test_line_ends_and_spaces_become_one_space(write):
    content = json.dumps({"prompt": " a\n b", "reference": "c\t\u00a0d"})
    (examples,) = load(write("data.jsonl", content)).splits.values()
    assert examples == (Example("a b", ("c d",)),)


SQUAD = {
    "data": [
        {
            "paragraphs": [
                {
                    "context": "Ada wrote\nprograms.",
                    "qas": [
                        {"question": "Who? ", "answers": [{"text": "Ada"}, {"text": "Ada"}]},
                        {"question": "Why?", "answers": [], "is_impossible": True},
                    ],
                }
            ]
        }
    ]
}


def test_squad_is_read_without_unanswerable_questions(write):
    path = write("squad.json", json.dumps(SQUAD))
    (examples,) = load(path).splits.values()
    assert examples == (Example("Who?", ("Ada",)),)
    (examples,) = load(path, context=True).splits.values()
    assert examples == (Example("Ada wrote programs. Who?", ("Ada",)),)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("d.jsonl", '{"prompt": "a", "answer": "b"}\n\n{"prompt": ', "d.jsonl:3: corrupt JSON"),
        ("d.jsonl", "[" * 100_000, "d.jsonl:1: corrupt JSON"),
        ("d.jsonl", "[1]", "d.jsonl:1: expected a JSON object"),
        ("d.jsonl", '{"prompt": "a"}', "d.jsonl:1: no value for 'references'"),
        ("d.jsonl", '{"text": "a", "answer": "b"}', "d.jsonl:1: no value for 'prompt'"),
        ("d.jsonl", '{"prompt": "", "answer": "b"}', "d.jsonl:1: prompt must be a text"),
        ("d.jsonl", '{"prompt": 3, "answer": "b"}', "d.jsonl:1: prompt must be a text"),
        ("d.jsonl", '{"prompt": "a", "answer": 5}', "d.jsonl:1: expected a list of texts"),
        ("d.jsonl", '{"prompt": "a", "answers": []}', "d.jsonl:1: the prompt 'a' has no reference"),
        ("d.jsonl", '{"prompt": "\\ud800", "answer": "b"}', "d.jsonl:1: prompt '\\ud800' holds"),
        ("d.jsonl", '{"prompt": "a", "answer": "\\u202e"}', "d.jsonl:1: references"),
        (
            "d.jsonl",
            '{"prompt": "a", "answer": "b", "split": "tset"}',
            "d.jsonl:1: the split 'tset' is unknown; did you mean 'test'?",
        ),
        (
            "d.jsonl",
            '{"prompt": "a", "answer": "b", "split": "test"}\n{"prompt": "c", "answer": "d"}',
            "d.jsonl:2: some records have a split",
        ),
        ("d.jsonl", b'{"prompt": "a"\n\xff\xfe', "d.jsonl:2: the byte 0xff is not UTF-8"),
        ("d.csv", "prompt,answer\na,b\nc,\xe9".encode("latin-1"), "d.csv:3: the byte 0xe9"),
        ("d.csv", "prompt,answer\na,b\n\nc\n", "d.csv:4: the row has not as many cells"),
        ("d.csv", "prompt,answer\na,b,c\n", "d.csv:2: the row has not as many cells"),
        ("d.csv", 'prompt,answer\na,b\n"c"d,e\n', "d.csv:3: ',' expected after"),
        ("d.csv", "text,answer\na,b\n", "d.csv:2: no value for 'prompt'"),
        ("d.csv", "prompt,answer\n", "holds no example"),
        ("d.csv", "", "holds no example"),
        ("d.tsv", "prompt\tanswer\na\n", "d.tsv:2: the row has not as many cells"),
        ("d.jsonl", "\n \n", "holds no example"),
        ("d.json", "{}", "d.json: neither a list of records nor in SQuAD's format"),
        ("d.json", '[1, "a"]', "d.json[0]: expected a JSON object"),
        ("d.json", "", "d.json:1: corrupt JSON"),
        ("d.json", '{"data":\n [}', "d.json:2: corrupt JSON"),
        (
            "d.json",
            '{"data": [{"paragraphs": [{"qas": [{"question": "a", "answers": [{}]}]}]}]}',
            "neither a list",
        ),
        (
            "d.jsonl",
            '{"prompt": "a", "answer": "b", "split": "test"}\n'
            '{"prompt": "a", "answer": "b", "split": "train"}',
            "'a' (in train and test)",
        ),
    ],
)
def test_a_fault_is_told_by_file_and_line(write, name, content, message):
    with pytest.raises(DatasetError) as caught:
        load(write(name, content))
    assert message in str(caught.value)


def test_a_missing_or_foreign_file_is_refused(write, tmp_path):
    with pytest.raises(DatasetError, match=r"absent\.csv' can't be read"):
        load(tmp_path / "absent.csv")
    with pytest.raises(InvalidArgumentError, match=r"did you mean '\.csv'"):
        load(write("data.cvs", "a"))


def test_lists_of_an_object_may_be_arrays():
    record = {"prompt": "a", "answers": np.array(["b"]), "keywords": np.array(["b"])}
    (examples,) = load([record]).splits.values()
    assert examples == (Example("a", ("b",), ("b",)),)


def test_objects_of_the_hub_are_read():
    squad = {"question": "Who?", "answers": {"text": ["Ada"], "answer_start": [0]}}
    pair = {"translation": {"en": "Hello.", "fr": "Bonjour."}}
    dataset = load({"train": [pair], "test": [squad], "unsupervised": []}, language="en")
    assert rows(dataset)["test"] == [Example("Who?", ("Ada",))]
    dataset = load([pair], language="fr", prompt_language="en", name="hello")
    (examples,) = dataset.splits.values()
    assert examples == (Example("Hello.", ("Bonjour.",)),)
    assert dataset.name == "hello"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([3], "row 1: expected named values"),
        ({"unsupervised": []}, "the splits unsupervised are none of"),
        ({"test": [{"prompt": "a"}]}, "test row 1: no value for 'references'"),
        ({"test": []}, "holds no example"),
    ],
)
def test_a_bad_object_is_refused(data, message):
    with pytest.raises(DatasetError, match=message):
        load(data)


def test_what_is_no_data_is_refused():
    with pytest.raises(InvalidArgumentError, match="3 is neither a path"):
        load(3)


@pytest.mark.parametrize(
    ("module", "data"),
    [("datasets", "rajpurkar/squad"), ("sacrebleu", "sacrebleu:wmt19/en-de")],
)
def test_a_missing_package_is_named(monkeypatch, module, data):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingDependencyError, match=f"pip install {module}"):
        load(data)


def test_parquet_needs_pyarrow(monkeypatch, write):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(MissingDependencyError, match="pip install pyarrow"):
        load(write("data.parquet", b""))


def test_parquet_is_read(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "data.parquet"
    columns = {"question": ["a"], "answers": [["b", "c"]], "split": ["test"]}
    parquet.write_table(pyarrow.table(columns), path)
    assert rows(load(path)) == {"test": [Example("a", ("b", "c"))]}
    path.write_bytes(b"PAR1")
    with pytest.raises(DatasetError, match="no whole parquet file"):
        load(path)


def test_offline_the_hub_fails_clearly(monkeypatch):
    def fail(name):
        raise ConnectionError("no route")

    monkeypatch.setitem(sys.modules, "datasets", types.SimpleNamespace(load_dataset=fail))
    with pytest.raises(DatasetError, match=r"'rajpurkar/squad' can't be loaded .*no route"):
        load("rajpurkar/squad")


@pytest.fixture
def sacrebleu(monkeypatch, write):
    """A stand-in for sacrebleu, whose test sets are downloaded."""
    module = types.SimpleNamespace(
        get_available_testsets=lambda: ["wmt19", "wmt20/tworefs"],
        get_langpairs_for_testset=lambda name: ["en-de"],
        get_source_file=lambda name, pair: str(write("source", "One.\nTwo.\n")),
        get_reference_files=lambda name, pair: [
            str(write("first", "Eins.\nZwei.\n")),
            str(write("second", "Einer.\nZwei.\n")),
        ],
    )
    monkeypatch.setitem(sys.modules, "sacrebleu", module)
    return module


def test_a_test_set_of_sacrebleu_is_a_test_split(sacrebleu):
    dataset = load("sacrebleu:wmt20/tworefs/en-de")
    assert (dataset.prompt_language, dataset.language) == ("en", "de")
    expected = [Example("One.", ("Eins.", "Einer.")), Example("Two.", ("Zwei.",))]
    assert rows(dataset) == {"test": expected}
    with pytest.raises(InvalidArgumentError, match="did you mean 'sacrebleu:wmt19/en-de'"):
        load("sacrebleu:wmt19/en-dd")


def test_a_test_set_of_sacrebleu_that_is_cut_is_refused(sacrebleu, write):
    sacrebleu.get_source_file = lambda name, pair: str(write("source", "One.\n"))
    with pytest.raises(DatasetError, match="has 1 prompts and 2 and 2 references; fetch it again"):
        load("sacrebleu:wmt19/en-de")


def test_a_line_of_sacrebleu_ends_where_a_line_of_a_file_does(sacrebleu, write):
    sacrebleu.get_source_file = lambda name, pair: str(write("source", "One\rtwo.\r\nThree.\n"))
    (examples,) = load("sacrebleu:wmt19/en-de").splits.values()
    assert [example.prompt for example in examples] == ["One two.", "Three."]


def test_offline_sacrebleu_fails_clearly(sacrebleu):
    sacrebleu.get_source_file = lambda name, pair: sys.exit(1)
    with pytest.raises(DatasetError, match="can't fetch 'sacrebleu:wmt19/en-de'"):
        load("sacrebleu:wmt19/en-de")
