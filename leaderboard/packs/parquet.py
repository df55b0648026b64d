"""Packs as Parquet, for pandas, DuckDB and others that read tables.

Numbers have columns of their own type, and what has no fixed form is JSON in a text. How much a
file unpacks to is known only once it is in memory: from strangers, take lines of JSON.

Needs the extra `parquet`; importing this module doesn't.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ...registry.errors import MissingDependencyError
from .plain_json import read_plain, write_plain
from .rows import PackError

RECORD = "row"
AS_TEXT = ("episodes", "manifest")
ROWS_AT_A_TIME = 64


def write(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Write rows.

    Raises:
        MissingDependencyError: If pyarrow isn't installed.
    """
    arrow, parquet = _import()
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
    flat = [row | {name: write_plain(row[name]) for name in AS_TEXT} for row in rows]
    table = arrow.Table.from_pylist(flat, schema=arrow.schema(columns))
    parquet.write_table(table, path, compression="zstd")


def read(path: Path) -> Iterator[dict[str, Any]]:
    """Return the rows of a file, as far as it can be read.

    Raises:
        MissingDependencyError: If pyarrow isn't installed.
        PackError: If it is no Parquet.
    """
    arrow, parquet = _import()
    try:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=ROWS_AT_A_TIME):
                yield from batch.to_pylist()
    except (arrow.ArrowException, ValueError) as error:
        raise PackError(f"it is no Parquet, or damaged: {error}.") from error


def parse(record: Any) -> Any:
    """Return a row with what is JSON in a text.

    Raises:
        PackError: If it is no JSON.
    """
    texts = {name: record[name] for name in AS_TEXT if isinstance(record.get(name), str)}
    try:
        return record | {name: read_plain(text) for name, text in texts.items()}
    except ValueError as error:
        raise PackError(f"of its episodes or its manifest, {error}.") from error


def _import() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise MissingDependencyError(
            "Parquet needs pyarrow: pip install 'lexigym[parquet]', or write a .jsonl file."
        ) from error
    return pyarrow, pyarrow.parquet
