"""Faulty data of every form: refused in one line that names the place, or handled as documented."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Any

import gymnasium
import pytest

import lexigym
from lexigym.envs.datasets.schema import MOST_CHARACTERS, DatasetError, Example
from lexigym.registry.errors import UnknownNameError

LINE = '{"prompt": "a b", "answer": "b"}'
MEND = "); mend it."
JSON_FAULT = "corrupt JSON (it is no JSON: "
NO_NUMBER = f"which is no number of JSON{MEND}"
DEEP = f"corrupt JSON (it is nested too deeply{MEND}"
NONE = "holds no example; give it one."
NO_TEXT = "must be a text that is not empty, got"
CELLS = (
    "the row has not as many cells as the header, ['prompt', 'answer']; quote cells that hold the "
    "delimiter."
)
TEXTS = "expected a list of texts or texts separated by '|', got "
SHOWN = "control character, directional mark or lone surrogate; remove it."
# Women and a girl, joined.
FAMILY = "\U0001f469\u200d\U0001f469\u200d\U0001f467"
MEGABYTES = "word " * 600_000


def record(**values: Any) -> str:
    return json.dumps({"prompt": "a b", "answer": "b"} | values)


def made(path: Path, **arguments: Any) -> Any:
    return gymnasium.make(
        "QA-v0", dataset=str(path), dataset_arguments=arguments, disable_env_checker=True
    ).unwrapped


# What a file holds after a good line, and what is said of its second line.
LINES: dict[str, tuple[str | bytes, str]] = {
    "cut": (record()[:-5], f"{JSON_FAULT}Expecting value at character 27{MEND}"),
    "two in one": (record() * 2, f"{JSON_FAULT}Extra data at character 32{MEND}"),
    "Latin-1": (LINE.replace("b", "é").encode("latin-1"), "the byte 0xe9 is not UTF-8"),
    "UTF-16": (b"\xff\xfe{\x00", "the byte 0xff is not UTF-8; save the file in this encoding."),
    "second BOM": ("\ufeff" + record(), f"{JSON_FAULT}Unexpected UTF-8 BOM"),
    "NUL": (record()[:5] + "\0", f"{JSON_FAULT}"),
    "escaped NUL": (record(answer="b\0"), f"references 'b\\x00' holds U+0000, a {SHOWN}"),
    "key twice": (
        LINE[:-1] + ', "prompt": "c"}',
        f"corrupt JSON (it holds the key 'prompt' twice{MEND}",
    ),
    "NaN": (record(x=float("nan")), f"corrupt JSON (it holds NaN, {NO_NUMBER}"),
    "infinity": (
        record(x=float("-inf")),
        f"corrupt JSON (it holds -Infinity, {NO_NUMBER}",
    ),
    "too many digits": (LINE[:-1] + f', "x": {"1" * 5000}}}', "corrupt JSON (Exceeds the limit"),
    "deep nesting": (LINE[:-1] + ', "x": ' + "[" * 100_000, DEEP),
    "deep prompt": (
        record().replace('"a b"', "[" * 300 + "]" * 300),
        DEEP,
    ),
    "list": ("[1]", "expected a JSON object with named values, got [1]."),
    "number": ("3", "expected a JSON object with named values, got 3."),
    "no prompt": (
        '{"a\\u001b\\nb": 1, "answer": "b"}',
        "no value for 'prompt' (or question, source) among the columns a\\x1b\\nb, answer; name "
        "one so.",
    ),
    "no answer": ('{"prompt": "a"}', "no value for 'references' (or "),
    "null": (record(prompt=None), "no value for 'prompt' (or "),
    "prompt is a number": (record(prompt=3), f"prompt {NO_TEXT} 3."),
    "prompt is a list": (record(prompt=["a"]), f"prompt {NO_TEXT} ['a']."),
    "prompt of no length": (record(prompt=""), f"prompt {NO_TEXT} ''."),
    "prompt of spaces": (record(prompt=" \n"), f"prompt {NO_TEXT} ''."),
    "answer is a number": (record(answer=3), f"{TEXTS}3."),
    "answer is true": (record(answer=True), f"{TEXTS}True."),
    "answers of lists": (record(answers=[["b"]]), f"{TEXTS}[['b']]."),
    "answers of objects": (record(answers=[{"text": "b"}]), f"{TEXTS}[{{'text': 'b'}}]."),
    "answer of no length": (record(answer=""), f"references {NO_TEXT} ''."),
    "no answers": (record(answers=[]), "the prompt 'a b' has no reference; give at least one."),
    "keyword is false": (record(keywords=False), f"{TEXTS}False."),
    "keyword of no length": (record(keywords=[""]), "keywords must be a text that is not empty"),
    "split is a list": (
        record(split=["test"]),
        "the split ['test'] is unknown; did you mean 'test'?",
    ),
    "split is a number": (record(split=1), "the split 1 is unknown; known: "),
    "split of no such name": (record(split=MEGABYTES), "the split 'word word "),
    "split of some": (
        record(split="test"),
        "some records have a split and others none; give it to all or to none.",
    ),
    "separator": (record(prompt="a\x1cb"), f"prompt 'a\\x1cb' holds U+001C, a {SHOWN}"),
    "half a character": (record(prompt="a\ud800"), f"prompt 'a\\ud800' holds U+D800, a {SHOWN}"),
    "override": (record(prompt="a\u202eb"), f"prompt 'a\\u202eb' holds U+202E, a {SHOWN}"),
    "isolate": (record(answer="a\u2066b"), f"references 'a\\u2066b' holds U+2066, a {SHOWN}"),
    "terminal code": (
        record(answer="\x1b]0;evil\x07"),
        f"references '\\x1b]0;evil\\x07' holds U+001B, a {SHOWN}",
    ),
    "three megabytes": (
        record(prompt=MEGABYTES),
        "has 2,999,999 characters, 100,000 are the most; shorten it.",
    ),
}


@pytest.mark.parametrize("fault", LINES)
def test_a_line_of_json_is_refused_by_its_number(tmp_path: Path, fault: str) -> None:
    content, message = LINES[fault]
    path = tmp_path / "d.jsonl"
    encoded = content if isinstance(content, bytes) else content.encode()
    path.write_bytes(LINE.encode() + b"\n" + encoded)
    said = refused(path)
    assert said.startswith("d.jsonl:2: ")
    assert message in said


# Of the other forms; the whole message.
FILES: dict[str, tuple[str, str | bytes, str]] = {
    "empty lines": ("d.jsonl", "", "{path} " + NONE),
    "empty json": ("d.json", "", f"d.json:1: {JSON_FAULT}Expecting value at character 0{MEND}"),
    "empty csv": ("d.csv", "", "{path} " + NONE),
    "empty tsv": ("d.tsv", "", "{path} " + NONE),
    "BOM alone": ("d.csv", "\ufeff", "{path} " + NONE),
    "header alone": ("d.csv", "prompt,answer\r\n", "{path} " + NONE),
    "no records": ("d.json", "[]", "{path} " + NONE),
    "cut json": (
        "d.json",
        f"[{LINE},\n",
        f"d.json:2: {JSON_FAULT}Expecting value at character 35{MEND}",
    ),
    "deep json": ("d.json", "[" * 100_000, f"d.json: {DEEP}"),
    "deep squad": ("d.json", '{"data":' + "[" * 400 + "]" * 400 + "}", f"d.json: {DEEP}"),
    "NaN in json": (
        "d.json",
        f"[{record(x=float('nan'))}]",
        f"d.json: corrupt JSON (it holds NaN, {NO_NUMBER}",
    ),
    "record of json": (
        "d.json",
        f"[{LINE}, 3]",
        "d.json[1]: expected a JSON object with named values, got 3.",
    ),
    "prompt of json": (
        "d.json",
        f"[{LINE}, {record(prompt=3)}]",
        f"d.json[1]: prompt {NO_TEXT} 3.",
    ),
    "open header": (
        "d.csv",
        '"prompt,answer\na,b\n',
        "d.csv:1: unexpected end of data; mend the row.",
    ),
    "open cell": (
        "d.csv",
        'prompt,answer\na,b\n"c,d\ne,f\n',
        "d.csv:3: unexpected end of data; mend the row.",
    ),
    "carriage returns": (
        "d.csv",
        "prompt,answer\ra,b\r",
        "d.csv:1: a carriage return ends no line; mend the row.",
    ),
    "column twice": (
        "d.csv",
        "prompt,answer,prompt\na,b,c\n",
        "d.csv:1: two columns have the name 'prompt'; give each its own.",
    ),
    "cut row": ("d.csv", "prompt,answer\na,b\nc", f"d.csv:3: {CELLS}"),
    "long row": ("d.tsv", "prompt\tanswer\na\tb\tc", f"d.tsv:2: {CELLS}"),
    "NUL in a row": (
        "d.csv",
        "prompt,answer\na\0,b\n",
        f"d.csv:2: prompt 'a\\x00' holds U+0000, a {SHOWN}",
    ),
    "BOM in a row": (
        "d.csv",
        "prompt,answer\n\ufeffa,b\n",
        f"d.csv:2: prompt '\\ufeffa' holds U+FEFF, a {SHOWN}",
    ),
    "empty cell": ("d.tsv", "prompt\tanswer\na\t\n", f"d.tsv:2: references {NO_TEXT} ''."),
    "three megabytes of csv": (
        "d.csv",
        f"prompt,answer\na,{MEGABYTES}\n",
        "d.csv:2: field larger than field limit (131072); mend the row.",
    ),
    "Latin-1 in a row": (
        "d.tsv",
        "prompt\tanswer\né\tb\n".encode("latin-1"),
        "d.tsv:2: the byte 0xe9 is not UTF-8; save the file in this encoding.",
    ),
    "no parquet": ("d.parquet", b"PAR1", "'d.parquet' is no whole parquet file ("),
}


@pytest.mark.parametrize("fault", FILES)
def test_a_file_of_another_form_is_refused_by_line(tmp_path: Path, fault: str) -> None:
    name, content, message = FILES[fault]
    if name.endswith(".parquet"):
        pytest.importorskip("pyarrow")
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    said, expected = (
        refused(path),
        message.format(path=repr(str(path))) if "{path}" in message else message,
    )
    assert said == expected if expected.endswith(".") else said.startswith(expected)


def refused(path: Path, **arguments: Any) -> str:
    """Return what is said of a file: in one short line that any terminal can show."""
    with pytest.raises(DatasetError) as caught:
        made(path, **arguments)
    said = str(caught.value)
    assert said.isprintable()
    assert len(said) < 800
    return said


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"prompt": [3], "answer": ["b"]}, "d.parquet: row 1: prompt must be a text"),
        ({"prompt": [float("nan")], "answer": ["b"]}, "d.parquet: row 1: prompt must be a text"),
        ({"prompt": ["a"], "answer": [b"b"]}, f"d.parquet: row 1: {TEXTS}b'b'."),
        ({"prompt": ["a"], "answer": [[["b"]]]}, f"d.parquet: row 1: {TEXTS}[['b']]."),
        (
            {"prompt": ["a", "a\x1b"], "answer": ["b", "b"]},
            "d.parquet: row 2: prompt 'a\\x1b' holds",
        ),
        (
            {"prompt": ["a"] * 2, "answer": ["b", None]},
            "d.parquet: row 2: no value for 'references'",
        ),
    ],
)
def test_a_row_of_parquet_is_refused_by_its_number(
    tmp_path: Path, columns: dict[str, Any], message: str
) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "d.parquet"
    parquet.write_table(pyarrow.table(columns), path)
    assert refused(path).startswith(message)


def test_a_column_of_parquet_twice_is_refused(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "d.parquet"
    columns = [pyarrow.array(["a"])] * 3
    parquet.write_table(pyarrow.table(columns, ["prompt", "answer", "prompt"]), path)
    assert "two columns have the name 'prompt'" in refused(path)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"context": 3}, "d.jsonl:1: context must be a text, got 3."),
        ({"context": ["c"]}, "d.jsonl:1: context must be a text, got ['c']."),
        ({"context": "c", "prompt": ""}, "d.jsonl:1: prompt must be a text"),
        ({"context": "c", "prompt": 3}, "d.jsonl:1: prompt must be a text"),
        ({"context": MEGABYTES}, "d.jsonl:1: prompt 'word word"),
    ],
)
def test_a_context_is_checked_where_it_is_read(
    tmp_path: Path, values: dict[str, Any], message: str
) -> None:
    path = tmp_path / "d.jsonl"
    path.write_text(record(**values), encoding="utf-8")
    assert refused(path, context=True).startswith(message)


# What a prompt may hold in a file, and as what it is read.
ACCEPTED = {
    "line separator": ("a\u2028b", "a b"),
    "paragraph separator": ("a\u2029b", "a b"),
    "next line": ("a\x85b", "a b"),
    "form feed": ("a\x0cb", "a b"),
    "spaces": ("\u3000a \t\u00a0b\r\n", "a b"),
    "decomposed": ("cafe\u0301", "caf\u00e9"),
    "composed": ("caf\u00e9", "caf\u00e9"),
    "joined emoji": (FAMILY, FAMILY),
    "right to left": ("\u05e9\u05dc\u05d5\u05dd", "\u05e9\u05dc\u05d5\u05dd"),
    "full width": ("\uff11\uff12", "\uff11\uff12"),
    "as long as may be": ("x" * MOST_CHARACTERS, "x" * MOST_CHARACTERS),
}


@pytest.mark.parametrize("name", ACCEPTED)
@pytest.mark.parametrize("start", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_is_documented_is_accepted(tmp_path: Path, name: str, start: str, end: str) -> None:
    written, read = ACCEPTED[name]
    path = tmp_path / "d.jsonl"
    lines = [record(prompt=written, split="train"), record(prompt="other", split="train"), ""]
    # As it is, and not as an escape of ASCII.
    path.write_bytes((start + end.join(map(unescaped, lines))).encode())
    env = made(path)
    env.reset(options={"example": 0})
    assert (env.num_examples, env.prompt) == (2, read)
    assert unicodedata.is_normalized("NFC", env.prompt)


def unescaped(line: str) -> str:
    return json.dumps(json.loads(line), ensure_ascii=False) if line else line


@pytest.mark.parametrize(("context", "prompt"), [("", "a b"), (" \n", "a b"), (" c\n", "c a b")])
def test_a_context_of_no_length_is_none(tmp_path: Path, context: str, prompt: str) -> None:
    path = tmp_path / "d.jsonl"
    path.write_text(record(context=context, split="train"), encoding="utf-8")
    env = made(path, context=True)
    env.reset()
    assert env.prompt == prompt


def test_spellings_of_one_letter_are_one_prompt(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    lines = [record(prompt="é", split="train"), record(prompt="e\u0301", split="test")]
    path.write_text("\n".join(lines), encoding="utf-8")
    assert "1 of the prompts of 'd' stand in two splits, such as 'é'" in refused(path)


def test_what_isnt_read_may_be_of_any_length(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    path.write_text(record(note=MEGABYTES, split="train"), encoding="utf-8")
    env = made(path)
    env.reset()
    assert env.prompt == "a b"


def test_digits_of_full_width_are_others_than_those_of_ascii() -> None:
    full = "\uff11\uff12"
    assert lexigym.score("exact_match", full, [full]) == 1
    assert lexigym.score("exact_match", "12", [full]) == 0
    assert Example("a", (full,)).references == (full,)


def test_a_scorer_compares_texts_as_they_are() -> None:
    """So that it agrees with its reference program: what is read from data is in NFC."""
    assert lexigym.score("exact_match", "caf\u00e9", ["caf\u00e9"]) == 1
    assert lexigym.score("exact_match", "cafe\u0301", ["caf\u00e9"]) == 0


def test_a_file_that_changes_is_read_again(tmp_path: Path, monkeypatch: Any) -> None:
    for name, prompt in (("one", "a b"), ("two", "c d")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "d.jsonl").write_text(record(prompt=prompt, split="train"))
        # By one relative path.
        monkeypatch.chdir(tmp_path / name)
        assert list(made(Path("d.jsonl")).task.source.texts()) == [prompt, "b"]
    before = made(Path("d.jsonl"))
    assert made(Path("d.jsonl")).task.source is before.task.source
    Path("d.jsonl").write_text(record(prompt="e", split="train"))
    after = made(Path("d.jsonl"))
    assert list(after.task.source.texts()) == ["e", "b"]
    assert after.dataset_fingerprint != before.dataset_fingerprint


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b", "\ud800", "a\nb"])
def test_a_text_that_is_no_path_is_no_dataset(name: str) -> None:
    with pytest.raises(UnknownNameError, match="no dataset is named") as caught:
        gymnasium.make("QA-v0", dataset=name)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 800


@pytest.mark.skipif(sys.platform == "win32", reason="file names are Unicode there")
@pytest.mark.parametrize("name", [b"\xff.jsonl", b"\x1b]0;evil\x07.jsonl"])
def test_a_file_may_have_any_name(tmp_path: Path, name: bytes) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
    path.write_text(record(split="train"), encoding="utf-8")
    assert made(path).task.source.name.isprintable()
    path.write_text("{", encoding="utf-8")
    assert refused(path).endswith(MEND)


def test_a_terminal_of_ascii_shows_every_text(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    path.write_text(
        record(split="train", prompt="né \U0001f469\u200d\U0001f467", answer="中"), encoding="utf-8"
    )
    script = (
        "import gymnasium, sys\n"
        f"env = gymnasium.make('QA-v0', dataset={str(path)!r}, render_mode='human')\n"
        "env.reset(seed=0)\n"
        "env.step(env.unwrapped.oracle_action())\n"
    )
    shown = subprocess.run(
        [sys.executable, "-c", f"import lexigym\n{script}"],
        env=os.environ | {"LANG": "C", "LC_ALL": "C", "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=True,
    ).stdout.decode("ascii")
    assert r"n\xe9 \U0001f469\u200d\U0001f467" in shown
    assert r"reference  \u4e2d" in shown
