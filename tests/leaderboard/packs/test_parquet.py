"""Packs as Parquet: the same checks as of lines of JSON, and a limit on what a file unpacks to."""

from __future__ import annotations

import dataclasses
import math
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lexigym.leaderboard.packs import parquet
from lexigym.leaderboard.packs.files import read_packs, write_pack
from lexigym.leaderboard.packs.rows import PackError
from lexigym.leaderboard.store import Entry
from lexigym.registry.errors import MissingDependencyError

from ..test_store import FAILED, RESULT

ENTRY = Entry("mine", 3, RESULT)


def without_pages(path: Path) -> Path:
    """Leave a Parquet file what it tells of itself, and spoil the rest for who reads it."""
    packed = path.read_bytes()
    path.write_bytes(packed[:4] + bytes(1_000) + packed[1_004:])
    return path


@pytest.fixture(autouse=True)
def _needs_pyarrow() -> None:
    pytest.importorskip("pyarrow")


@pytest.fixture
def rewrite(tmp_path: Path) -> Callable[[Callable[[Any], Any]], list[str]]:
    """Return what is wrong with a table of two rows after a change."""
    import pyarrow.parquet

    path = tmp_path / "pack.parquet"
    write_pack(path, [ENTRY, ENTRY._replace(position=4)])

    def rewrite(change: Callable[[Any], Any]) -> list[str]:
        pyarrow.parquet.write_table(change(pyarrow.parquet.read_table(path)), path)
        return read_packs([path]).problems

    return rewrite


@pytest.fixture
def bomb(tmp_path: Path) -> Callable[..., Path]:
    """Write a table of rows with some columns replaced."""
    import pyarrow.parquet

    path = tmp_path / "bomb.parquet"

    def bomb(count: int, row_group_size: int | None = None, **columns: list[Any]) -> Path:
        write_pack(path, [ENTRY] * count)
        table = pyarrow.parquet.read_table(path)
        for name, values in columns.items():
            field = table.schema.field(name)
            column = pyarrow.array(values, field.type)
            table = table.set_column(table.column_names.index(name), field, column)
        pyarrow.parquet.write_table(table, path, row_group_size, compression="zstd")
        return path

    return bomb


def test_a_table_written_by_another_program_is_read(rewrite: Any) -> None:
    assert rewrite(lambda table: table.select(table.column_names[::-1])) == []


def test_a_changed_number_is_noticed(rewrite: Any, tmp_path: Path) -> None:
    import pyarrow

    def change(table: Any) -> Any:
        index = table.column_names.index("learning_seconds")
        return table.set_column(index, "learning_seconds", pyarrow.array([1.5, math.nan]))

    (problem,) = rewrite(change)
    assert problem == (
        f"{str(tmp_path / 'pack.parquet')!r}, row 2: it holds a number that is not finite."
    )


@pytest.mark.parametrize("place", range(4, 60, 8))
def test_a_damaged_page_is_told_in_one_line(tmp_path: Path, place: int) -> None:
    """Arrow itself tells it in several."""
    path = tmp_path / "pack.parquet"
    write_pack(path, [ENTRY])
    packed = bytearray(path.read_bytes())
    packed[place : place + 4] = b"\xff" * 4
    path.write_bytes(packed)
    problems = read_packs([path]).problems
    assert [len(problem.splitlines()) for problem in problems] == [1] * len(problems)


@pytest.mark.parametrize("name", ["key", "returns", "manifest", "version"])
def test_a_column_that_is_missing_is_named(rewrite: Any, name: str) -> None:
    (problem,) = rewrite(lambda table: table.drop_columns([name]))
    assert f"it has no column {name!r} of the type" in problem


def test_a_column_that_is_unknown_is_named(rewrite: Any) -> None:
    (problem,) = rewrite(lambda table: table.append_column("colour", table["key"]))
    assert "it has an unknown column 'colour': it is no pack, or one of a newer" in problem


def test_a_column_that_comes_twice_is_named(rewrite: Any) -> None:
    (problem,) = rewrite(lambda table: table.append_column("agent", table["key"]))
    assert "it has two columns 'agent': it is no pack" in problem


def test_a_column_of_another_type_is_named(rewrite: Any) -> None:
    import pyarrow

    def change(table: Any) -> Any:
        index = table.column_names.index("position")
        times = pyarrow.array([3, 4], pyarrow.timestamp("s"))
        return table.set_column(index, "position", times)

    (problem,) = rewrite(change)
    assert "it has no column 'position' of the type int64" in problem


def test_json_in_a_text_is_read_strictly(rewrite: Any) -> None:
    import pyarrow

    def change(table: Any) -> Any:
        index = table.column_names.index("manifest")
        return table.set_column(index, "manifest", pyarrow.array(['{"a":NaN}', "{"]))

    first, second = rewrite(change)
    assert "row 1: of its episodes or its manifest, it holds NaN" in first
    assert "row 2: of its episodes or its manifest, it is no JSON" in second


@pytest.mark.parametrize("size", [0, 4, 3_000])
def test_a_file_that_is_cut_is_refused(size: int, tmp_path: Path) -> None:
    path = tmp_path / "pack.parquet"
    write_pack(path, [ENTRY])
    path.write_bytes(path.read_bytes()[:size])
    (problem,) = read_packs([path]).problems
    assert problem.startswith(f"{str(path)!r} can't be read: it is no Parquet, or damaged: ")


def test_a_table_without_rows_is_refused(rewrite: Any) -> None:
    assert rewrite(lambda table: table.slice(0, 0))[0].endswith("is empty.")


def test_texts_that_unpack_to_too_much_are_refused_unread(
    bomb: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = without_pages(bomb(1, traceback=["x" * 5_000_000]))
    assert path.stat().st_size < 50_000
    assert "Deserializing page header failed" in read_packs([path]).problems[0]
    monkeypatch.setattr(parquet, "MOST_UNPACKED_BYTES", 1_000_000)
    (problem,) = read_packs([path]).problems
    told = re.fullmatch(
        f"{str(path)!r} can't be read: a Parquet pack may unpack to 1,000,000 bytes, and this "
        "one has ([0-9,]+) at least: split it, or use a .jsonl file.",
        problem,
    )
    assert told
    assert 5_000_000 < int(told[1].replace(",", "")) < 5_100_000


def test_the_limit_is_that_of_all_groups_of_rows(
    bomb: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = bomb(5, row_group_size=1, traceback=["x" * 300_000 + str(i) for i in range(5)])
    monkeypatch.setattr(parquet, "MOST_UNPACKED_BYTES", 1_000_000)
    rows = parquet.read(path)
    with pytest.raises(PackError, match="this one has 1,5"):
        next(rows)


def test_a_run_of_equal_numbers_is_counted_in_full(
    bomb: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = without_pages(bomb(1, returns=[[0.0] * 200_000]))
    assert path.stat().st_size < 50_000
    monkeypatch.setattr(parquet, "MOST_UNPACKED_BYTES", 1_000_000)
    rows = parquet.read(path)
    with pytest.raises(PackError, match="this one has 1,6"):
        next(rows)


def test_a_text_in_many_rows_is_read_up_to_the_limit(
    bomb: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = bomb(100, traceback=["x" * 200_000] * 100)
    assert path.stat().st_size < 50_000
    monkeypatch.setattr(parquet, "MOST_UNPACKED_BYTES", 1_000_000)
    read: list[dict[str, Any]] = []
    with pytest.raises(PackError, match="may unpack to 1,000,000 bytes"):
        read.extend(parquet.read(path))
    assert 0 < len(read) <= 5


def test_what_would_not_be_read_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "MOST_UNPACKED_BYTES", 100_000)
    failed = dataclasses.replace(FAILED, traceback="x" * 20_000)
    entries = [Entry("mine", position, failed) for position in range(10)]
    write_pack(tmp_path / "few.parquet", entries[:3])
    assert read_packs([tmp_path / "few.parquet"]).entries == entries[:3]
    with pytest.raises(PackError, match="may unpack to 100,000 bytes"):
        write_pack(tmp_path / "pack.parquet", entries)
    assert [path.name for path in tmp_path.iterdir()] == ["few.parquet"]


@pytest.mark.parametrize("name", ["episodes", "manifest"])
def test_a_text_longer_than_a_row_may_be_is_not_parsed(
    bomb: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "MOST_BYTES", 10_000)
    (problem,) = read_packs([bomb(1, **{name: ["[" * 10_001]})]).problems
    assert problem.endswith(f"row 1: its {name} is longer than 10,000 bytes.")


@pytest.mark.parametrize("does", [lambda p: write_pack(p, [ENTRY]), lambda p: read_packs([p])])
def test_without_pyarrow_the_extra_is_named(
    does: Callable[[Path], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "pack.parquet"
    path.write_bytes(b"what was there")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingDependencyError, match="lexigym\\[parquet\\]"):
        does(path)
    assert path.read_bytes() == b"what was there"
    assert len(list(tmp_path.iterdir())) == 1
