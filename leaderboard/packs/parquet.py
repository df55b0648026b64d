"""Packs as Parquet, for pandas, DuckDB and others that read tables.

Numbers have columns of their own type, and what has no fixed form is JSON in a text.

A small file can be made to unpack to any size, so that a limit is needed. What is above it is
refused unread, by the sizes that the file tells, and a text in many rows when these are read. A
file that lies about its sizes is found out too late, when a page of each column is in memory, which
can be gigabytes: from strangers, take lines of JSON.

Needs the extra `parquet`; importing this module doesn't.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from reprlib import repr as shortened
from types import ModuleType
from typing import Any

from ...registry.plain_json import read_plain, write_plain
from ...registry.requirements import require
from .rows import MOST_BYTES, PackError

RECORD = "row"
AS_TEXT = ("episodes", "manifest")
ROWS_AT_A_TIME = 64
# In memory, as Arrow has it: tens of thousands of runs.
MOST_UNPACKED_BYTES = 100_000_000
BYTES_OF_A_NUMBER = 8


def write(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Write rows.

    Raises:
        MissingDependencyError: If pyarrow isn't installed.
        PackError: If they are more than what is read.
    """
    arrow, parquet = _import()
    flat = [row | {name: write_plain(row[name]) for name in AS_TEXT} for row in rows]
    table = arrow.Table.from_pylist(flat, schema=_schema(arrow))
    parquet.write_table(table, path, compression="zstd")
    for _ in read(path):
        pass


def read(path: Path) -> Iterator[dict[str, Any]]:
    """Return the rows of a file, as far as it can be read.

    Raises:
        MissingDependencyError: If pyarrow isn't installed.
        PackError: If it is no Parquet, has other columns, or unpacks to too much.
    """
    arrow, parquet = _import()
    try:
        with parquet.ParquetFile(path) as file:
            _check_columns(file.schema_arrow, _schema(arrow))
            yield from _rows(file)
    except PackError:
        raise
    except (arrow.ArrowException, ValueError) as error:
        raise PackError(f"it is no Parquet, or damaged: {error}.") from error


def parse(record: Any) -> Any:
    """Return a row with what is JSON in a text.

    Raises:
        PackError: If it is no JSON, or too long.
    """
    texts = {name: record[name] for name in AS_TEXT if isinstance(record[name], str)}
    for name, text in texts.items():
        if len(text) > MOST_BYTES:
            raise PackError(f"its {name} is longer than {MOST_BYTES:,} bytes.")
    try:
        return record | {name: read_plain(text) for name, text in texts.items()}
    except ValueError as error:
        raise PackError(f"of its episodes or its manifest, {error}.") from error


def _import() -> tuple[ModuleType, ModuleType]:
    package, parquet = (
        require(module, "Parquet", "lexigym[parquet]", "use a .jsonl file")
        for module in ("pyarrow", "pyarrow.parquet")
    )
    return package, parquet


def _schema(arrow: ModuleType) -> Any:
    number, text = arrow.float64(), arrow.string()
    point = arrow.struct({"steps": arrow.int64(), "seconds": number, "mean_return": number})
    columns = {
        "version": arrow.int64(),
        "suite": text,
        "position": arrow.int64(),
        "environment": text,
        "agent": text,
        "key": text,
        "spec": text,
        "returns": arrow.list_(number),
        "learning_seconds": number,
        "evaluation_seconds": number,
        "curve": arrow.list_(point),
        "episodes": text,
        "error": text,
        "traceback": text,
        "manifest": text,
        "digest": text,
    }
    return arrow.schema(columns)


def _check_columns(found: Any, wanted: Any) -> None:
    types = dict(zip(found.names, found.types, strict=True))
    wrong = [f"an unknown column {shortened(name)}" for name in types.keys() - set(wanted.names)]
    wrong += [
        f"no column {field.name!r} of the type {field.type}"
        for field in wanted
        if types.get(field.name) != field.type
    ]
    wrong += [f"two columns {name!r}" for name in wanted.names if found.names.count(name) > 1]
    if wrong:
        raise PackError(f"it has {min(wrong)}: it is no pack, or one of a newer lexigym.")


def _rows(file: Any) -> Iterator[dict[str, Any]]:
    groups = map(file.metadata.row_group, range(file.metadata.num_row_groups))
    chunks = [group.column(index) for group in groups for index in range(group.num_columns)]
    # A run of equal numbers takes next to nothing in the file.
    _check_bytes(BYTES_OF_A_NUMBER * sum(chunk.num_values for chunk in chunks))
    pages = sum(chunk.total_uncompressed_size for chunk in chunks)
    _check_bytes(pages)
    # A text takes its room there once, in however many rows it is.
    rows_at_a_time = min(ROWS_AT_A_TIME, MOST_UNPACKED_BYTES // max(pages, 1))
    unpacked = 0
    for batch in file.iter_batches(rows_at_a_time):
        unpacked += batch.nbytes
        _check_bytes(unpacked)
        yield from batch.to_pylist()


def _check_bytes(size: int) -> None:
    if size > MOST_UNPACKED_BYTES:
        raise PackError(
            f"a Parquet pack may unpack to {MOST_UNPACKED_BYTES:,} bytes, and this one has "
            f"{size:,} at least: split it, or use a .jsonl file."
        )
