"""Packs: what is written is read again, and all else is refused, by file and line."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lexigym.leaderboard.packs import lines, rows
from lexigym.leaderboard.packs.files import read_packs, write_pack
from lexigym.leaderboard.packs.rows import MOST_BYTES, PackError, digest, entry_of, row_of
from lexigym.leaderboard.run import Episode, Point, Result, Run
from lexigym.leaderboard.store import Entry
from lexigym.registry.errors import InvalidArgumentError
from lexigym.registry.names import label_fault

from ..test_store import FAILED, RESULT, RUN

ENTRY = Entry("mine", 3, RESULT)
SUFFIXES = (".jsonl", ".parquet")

texts = st.text(st.characters(codec="utf-8"))
labels = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])).filter(
    lambda label: label_fault(label) is None
)
counts = st.integers(0, 2**63 - 1)
floats = st.floats(allow_nan=False, allow_infinity=False)
seconds = st.floats(0, allow_infinity=False)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | floats | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
objects = st.dictionaries(texts, plain, max_size=3)
# TOML has infinities, so that hyperparameters may be one.
hyperparameters = st.dictionaries(texts, plain | st.just(math.inf), max_size=3)


@st.composite
def results(draw: st.DrawFn) -> Result:
    returns = tuple(draw(st.lists(floats, max_size=5)))
    curve_steps = sorted(draw(st.sets(st.integers(0, 10**6), max_size=3)))
    run = Run(
        environment=draw(labels),
        environment_id=draw(texts),
        arguments=draw(objects),
        evaluation_arguments=draw(objects),
        agent=draw(labels),
        agent_name=draw(texts),
        hyperparameters=draw(hyperparameters),
        seed=draw(counts),
        steps=draw(st.integers(10**6, 2**63 - 1)),
        num_envs=draw(st.integers(1, 2**63 - 1)),
        evaluation_episodes=draw(st.sampled_from([None, len(returns) or 1])),
        evaluation_seed=draw(counts),
        curve_points=draw(counts),
    )
    episodes = st.builds(Episode, counts, st.lists(plain, max_size=3).map(tuple), floats, texts)
    return Result(
        run,
        returns,
        learning_seconds=draw(seconds),
        evaluation_seconds=draw(seconds),
        curve=tuple(Point(each, draw(seconds), draw(floats)) for each in curve_steps),
        episodes=tuple(draw(st.lists(episodes, max_size=2))),
        error=None if returns else draw(texts),
        traceback=None if returns else draw(texts),
        manifest=draw(objects),
    )


def entries() -> st.SearchStrategy[Entry]:
    of_a_suite = st.builds(Entry, labels, counts, results())
    return of_a_suite | st.builds(Entry, st.none(), st.none(), results())


def in_writing(entries: list[Entry]) -> str:
    """As text, where -0.0 is not 0.0, and 1 is not 1.0."""
    return json.dumps([dataclasses.asdict(entry.result) for entry in entries], sort_keys=True)


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(entries=st.lists(entries(), min_size=1, max_size=3))
def test_what_is_written_is_read_again(suffix: str, entries: list[Entry], tmp_path: Path) -> None:
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    path = tmp_path / f"pack{suffix}"
    write_pack(path, entries)
    written = path.read_bytes()
    packs = read_packs([path])
    assert packs.problems == []
    assert packs.entries == entries
    assert in_writing(packs.entries) == in_writing(entries)
    assert len(packs.origins) == len(entries)
    write_pack(path, packs.entries)
    assert path.read_bytes() == written


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_ends_a_line_in_unicode_ends_none_here(suffix: str, tmp_path: Path) -> None:
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    text = "one\u2028two\u2029three\x85four\x0bfive\r\nsix 七"
    result = dataclasses.replace(RESULT, episodes=(Episode(0, (), 1.0, text),))
    path = tmp_path / f"pack{suffix}"
    write_pack(path, [Entry("a\u2028b", 0, result)] * 2)
    assert read_packs([path]).entries == [Entry("a\u2028b", 0, result)] * 2
    if suffix == ".jsonl":
        assert path.read_bytes().count(b"\n") == 2
        assert "七".encode() in path.read_bytes()


def test_tables_hold_numbers_as_numbers(tmp_path: Path) -> None:
    """So that other programs can compute with them."""
    pytest.importorskip("pyarrow")
    pandas = pytest.importorskip("pandas")
    write_pack(tmp_path / "pack.parquet", [ENTRY, Entry(None, None, FAILED)])
    first, failed = pandas.read_parquet(tmp_path / "pack.parquet").to_dict("records")
    assert first["returns"].tolist() == list(RESULT.returns)
    assert [point["mean_return"] for point in first["curve"]] == [-9.5, -3.0]
    assert (first["learning_seconds"], first["key"]) == (1.5, RUN.key)
    assert json.loads(first["manifest"]) == RESULT.manifest
    assert failed["error"] == "ValueError: no"


# What a stranger, or a bad disk, may make of the row of a line; signed again where it says so.
Change = Callable[[dict[str, Any]], Any]


def changing(**fields: Any) -> Change:
    return lambda row: row | fields


def respecified(**fields: Any) -> Change:
    """Change a run consistently: the key is that of the spec."""

    def change(row: dict[str, Any]) -> dict[str, Any]:
        asked = json.loads(row["spec"]) | fields
        spec = json.dumps(asked, sort_keys=True, separators=(",", ":"))
        return row | {"spec": spec, "key": hashlib.sha256(spec.encode()).hexdigest()}

    return change


def respelled(spec: str) -> Change:
    return lambda row: row | {"spec": spec, "key": hashlib.sha256(spec.encode()).hexdigest()}


def nested(levels: int) -> dict[str, Any]:
    """Return an object of as many levels."""
    return {"a": nested(levels - 1)} if levels else {}


POINTS = [{"steps": steps, "seconds": 0.0, "mean_return": 0.0} for steps in (0, 7)]
EPISODE = {"seed": 0, "actions": [], "episode_return": 0.0, "text": ""}
LIES: dict[str, tuple[Change, str]] = {
    "newer": (changing(version=2), "of version 2, and up to 1 are known: update lexigym"),
    "no version": (changing(version=None), "no row of a pack"),
    "version of no type": (changing(version=True), "no row of a pack"),
    "unknown field": (changing(votes=7), "has an unknown 'votes'"),
    "missing field": (
        lambda row: {name: value for name, value in row.items() if name != "curve"},
        "has no 'curve'",
    ),
    "suite alone": (changing(position=None), "a suite without a position"),
    "negative position": (changing(position=-1), "position must be from 0"),
    "position past all": (changing(position=2**63), "position must be from 0"),
    "terminal codes": (changing(agent="a\x1b[2Jb"), "agent holds U\\+001B, a control character"),
    "marks of order": (changing(suite="a\u202eb"), "suite holds U\\+202E, a control character"),
    "label": (changing(agent=None), "agent of it must be str, got None"),
    "key": (changing(key="0" * 64), "is not the SHA-256 of its spec"),
    "spec that is no JSON": (respelled("{"), "its spec is no JSON"),
    "spec that is no object": (respelled("[]"), "the spec must be an object"),
    "spec that holds NaN": (respecified(arguments={"a": math.nan}), "its spec is no JSON"),
    "spec nested deeply": (respelled("[" * 100_000), "its spec is no JSON"),
    "spec nested less": (respecified(arguments=nested(200)), "its spec is nested too deeply"),
    "spec in another form": (
        lambda row: respelled(row["spec"].replace(",", ", "))(row),
        "not in the form that lexigym writes",
    ),
    "spec with a key twice": (
        lambda row: respelled(row["spec"].replace("{", '{"seed":1,', 1))(row),
        "not in the form that lexigym writes",
    ),
    "spec with a default": (respecified(curve_points=0), "not in the form that lexigym writes"),
    "spec with a surrogate": (respecified(agent_name="\ud800"), "its spec holds half of a char"),
    "unknown in the spec": (respecified(power=9), "the spec has an unknown 'power'"),
    "arguments": (respecified(arguments=[]), "arguments of the spec must be dict, got \\[\\]"),
    "seed": (respecified(seed=-1), "seed must be from 0"),
    "steps": (respecified(steps=7.0), "steps of the spec must be int, got 7.0"),
    "a truth for a number": (respecified(steps=True), "steps of the spec must be int, got True"),
    "num_envs": (respecified(num_envs=0), "num_envs must be from 1"),
    "neither": (changing(returns=[]), "neither returns nor an error, or both"),
    "both": (changing(error="no"), "neither returns nor an error, or both"),
    "traceback": (changing(traceback="no"), "a traceback, and no error"),
    "too few returns": (changing(returns=[1.0]), "1 returns of 2 evaluation episodes"),
    "return of no type": (changing(returns=[1.0, 2]), "a return is 2, which is no finite float"),
    "seconds": (changing(learning_seconds=-1.0), "-1.0 seconds, which is less than none"),
    "point": (changing(curve=[[0, 0.0, 0.0]]), "a point must be an object"),
    "point of no type": (changing(curve=[POINTS[0] | {"steps": 0.0}]), "steps of a point must be"),
    "curve backwards": (changing(curve=POINTS[::-1]), "steps must increase"),
    "curve twice at a step": (changing(curve=POINTS[:1] * 2), "steps must increase"),
    "curve past the run": (changing(curve=[POINTS[1] | {"steps": 8}]), "to 8 of 7"),
    "curve back in time": (changing(curve=[POINTS[0] | {"seconds": -1.0}]), "less than none"),
    "episode": (changing(episodes=[EPISODE | {"seed": None}]), "seed of an episode must be int"),
    "seed of an episode": (changing(episodes=[EPISODE | {"seed": -1}]), "seed of an episode must"),
    "manifest": (changing(manifest=[]), "manifest of it must be dict"),
}


@pytest.mark.parametrize("case", LIES)
def test_a_signed_row_that_is_wrong_is_refused(case: str, tmp_path: Path) -> None:
    change, message = LIES[case]
    row = change(row_of(ENTRY))
    row["digest"] = digest(row)
    with pytest.raises(PackError, match=message) as raised:
        entry_of(row)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 300
    path = tmp_path / "pack.jsonl"
    lines.write(path, [row_of(ENTRY), row])
    packs = read_packs([path])
    assert packs.problems == [f"{str(path)!r}, line 2: {raised.value}"]
    assert packs.entries == [ENTRY]


def line(change: Change = lambda row: row) -> bytes:
    return json.dumps(change(row_of(ENTRY))).encode()


DAMAGE: dict[str, tuple[Callable[[], bytes], str]] = {
    "a bit": (lambda: line().replace(b"-9.5", b"-9.4"), "damaged: its digest is another"),
    "a cut": (lambda: line()[:-9], "no JSON: "),
    "no line": (lambda: b"", "no JSON: Expecting value at"),
    "no row": (lambda: b"7", "no row of a pack"),
    "no encoding": (lambda: line(changing(agent="ü")).replace(b"\\u00fc", b"\xfc"), "no UTF-8"),
    "NaN": (lambda: line(changing(returns=[math.nan, 0.0])), "NaN, which is no number of JSON"),
    "infinity": (lambda: line(changing(returns=[-math.inf])), "-Infinity, which is no number"),
    "overflow": (lambda: line().replace(b"-9.5", b"-9e999"), "a number that is not finite"),
    "surrogate": (lambda: line(changing(agent="\ud800")), "half of a character"),
    "twice": (lambda: line().replace(b"{", b'{"agent": "x", ', 1), "the key 'agent' twice"),
    "depth": (lambda: b"[" * 100_000, "nested too deeply"),
    "depth of a field": (
        lambda: line().replace(
            b'"versions": {', b'"versions": {"a": ' + b"[" * 99 + b"]" * 99 + b", "
        ),
        "nested too deeply",
    ),
    "digits": (lambda: b"9" * 5_000, "limit"),
    "size": (
        lambda: line(changing(agent="x" * (MOST_BYTES + 1_000))),
        "longer than 16,001,000 bytes",
    ),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_a_damaged_line_is_refused(case: str, tmp_path: Path) -> None:
    damaged, message = DAMAGE[case]
    path = tmp_path / "pack.jsonl"
    path.write_bytes(b"\n".join([line(), damaged(), b""]))
    packs = read_packs([path])
    (problem,) = packs.problems
    assert problem.startswith(f"{str(path)!r}, line 2: ")
    assert message in problem
    assert "\n" not in problem
    assert packs.entries == [ENTRY]


def test_every_byte_of_a_line_matters(tmp_path: Path) -> None:
    path = tmp_path / "pack.jsonl"
    write_pack(path, [ENTRY])
    good = path.read_bytes()
    for index in range(0, len(good) - 1, 7):
        path.write_bytes(good[:index] + bytes([good[index] ^ 1]) + good[index + 1 :])
        packs = read_packs([path])
        assert len(packs.problems) == 1
        assert packs.entries == []


def test_a_row_that_is_too_large_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "MOST_BYTES", 1_000)
    large = dataclasses.replace(RESULT, manifest={"notes": "x" * 1_000})
    with pytest.raises(PackError, match=f"run {RUN.key} can't be packed: .* 1,000 are the most"):
        write_pack(tmp_path / "pack.jsonl", [ENTRY, Entry("mine", 0, large)])
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_read_with_what_is_in_it(tmp_path: Path) -> None:
    for place, name in enumerate(("b.jsonl", "a/c.jsonl", ".git/refs/d.jsonl", ".e.123.jsonl")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        write_pack(tmp_path / name, [ENTRY._replace(position=place)])
    (tmp_path / "README.md").write_text("A board.")
    packs = read_packs([tmp_path])
    assert packs.problems == []
    assert packs.origins == [
        f"{str(tmp_path / name)!r}, line 1" for name in ("a/c.jsonl", "b.jsonl")
    ]


def test_a_link_to_a_pack_is_one(tmp_path: Path) -> None:
    write_pack(tmp_path / "pack.jsonl", [ENTRY])
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "link.jsonl").symlink_to(tmp_path / "pack.jsonl")
    for path in (tmp_path / "folder", tmp_path / "folder" / "link.jsonl"):
        assert read_packs([path]).entries == [ENTRY]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "is no file"),
        (lambda path: path.symlink_to("nowhere.jsonl"), "is no file"),
        (lambda path: path.symlink_to("/dev/zero"), "is no file"),
        (lambda path: os.mkfifo(path), "is no file"),
        (lambda path: path.touch(), "is empty"),
        (lambda path: path.mkdir(), "holds no pack: none of its files ends in .jsonl or .parquet"),
    ],
)
def test_what_is_no_pack_is_named(
    make: Callable[[Path], None], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "pack.jsonl"
    make(path)
    (problem,) = read_packs([path]).problems
    assert f"{str(path)!r} {message}" in problem


def test_another_suffix_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pack.csv"
    with pytest.raises(InvalidArgumentError, match=r"pack.csv' must end in .jsonl or .parquet"):
        write_pack(path, [ENTRY])
    path.touch()
    assert "is no pack: those end in .jsonl or .parquet" in read_packs([path]).problems[0]
