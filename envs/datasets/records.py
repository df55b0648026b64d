"""The records of a file: one mapping per example, each with its place for errors."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from json import JSONDecodeError
from pathlib import Path
from typing import Any

from ...registry.errors import InvalidArgumentError, did_you_mean, shortened
from ...registry.plain_json import read_plain
from ...registry.requirements import require
from ...registry.terminal import printable
from .schema import DatasetError
from .tables import read_lines, read_text

# A place such as "data.jsonl:17", and what stands there.
Record = tuple[str, Mapping[str, Any]]


def read_records(path: Path) -> Iterator[Record]:
    """Yield the records of a .jsonl, .csv, .tsv, .parquet or .json file.

    Raises:
        DatasetError: If it can't be read, or a record is corrupt; it names file and line.
        InvalidArgumentError: If the suffix is another.
        MissingDependencyError: If it is a .parquet file and pyarrow is not installed.
    """
    if path.suffix not in READERS:
        raise InvalidArgumentError(
            f"{path.name!r} is of no known format; {did_you_mean(path.suffix, READERS)}"
        )
    return READERS[path.suffix](path)


def _read_jsonl(path: Path) -> Iterator[Record]:
    for place, line in read_lines(path):
        yield place, _mapping(place, _parse(place, line))


def _read_json(path: Path) -> Iterator[Record]:
    """Yield the answerable questions of a file in SQuAD's format, or the records of a list."""
    name = place = printable(path.name)
    content = _parse(name, read_text(path), one_line=False)
    if isinstance(content, list):
        for index, item in enumerate(content):
            place = f"{name}[{index}]"
            yield place, _mapping(place, item)
        return
    try:
        for a, article in enumerate(content["data"]):
            for p, paragraph in enumerate(article["paragraphs"]):
                for q, question in enumerate(paragraph["qas"]):
                    place = f"{name}: data[{a}].paragraphs[{p}].qas[{q}]"
                    answers = dict.fromkeys(answer["text"] for answer in question["answers"])
                    if answers:
                        yield (
                            place,
                            {
                                "question": question["question"],
                                "answers": list(answers),
                                "context": paragraph.get("context"),
                            },
                        )
    except (KeyError, TypeError, AttributeError) as error:
        raise DatasetError(
            f"{place}: neither a list of records nor in SQuAD's format ({error!r}); nest "
            "data, paragraphs, qas and answers as SQuAD v1.1 does."
        ) from error


def _read_delimited(path: Path, **dialect: Any) -> Iterator[Record]:
    lines = list(read_lines(path))
    reader = csv.reader((f"{line}\n" for _, line in lines), strict=True, **dialect)
    header: list[str] = []
    while reader.line_num < len(lines):
        place, _ = lines[reader.line_num]
        try:
            cells = next(reader)
        except csv.Error as error:
            # Its own words are of how Python opens files.
            carriage = "new-line character" in str(error)
            reason = "a carriage return ends no line" if carriage else error
            raise DatasetError(f"{place}: {reason}; mend the row.") from error
        if not header:
            header = cells
            # A spreadsheet may write columns without a name.
            named = [column for column in header if column]
            if doubled := [column for column in named if named.count(column) > 1]:
                raise DatasetError(
                    f"{place}: two columns have the name {shortened(doubled[0])}; give each its "
                    "own."
                )
        elif len(cells) != len(header):
            raise DatasetError(
                f"{place}: the row has not as many cells as the header, {shortened(header)}; quote "
                "cells that hold the delimiter."
            )
        else:
            yield place, dict(zip(header, cells, strict=True))


def _read_csv(path: Path) -> Iterator[Record]:
    return _read_delimited(path)


def _read_tsv(path: Path) -> Iterator[Record]:
    # Tabs need no quotes, and a sentence may begin with one.
    return _read_delimited(path, delimiter="\t", quoting=csv.QUOTE_NONE)


def _read_parquet(path: Path) -> Iterator[Record]:
    package, parquet = (
        require(module, f"reading {path.name!r}", "pyarrow")
        for module in ("pyarrow", "pyarrow.parquet")
    )
    try:
        with parquet.ParquetFile(path) as file:
            names = file.schema_arrow.names
            if doubled := [name for name in names if names.count(name) > 1]:
                raise ValueError(f"two columns have the name {shortened(doubled[0])}")
            rows = [row for batch in file.iter_batches() for row in batch.to_pylist()]
    except (OSError, ValueError, package.ArrowException) as error:
        raise DatasetError(
            f"{path.name!r} is no whole parquet file ({shortened(error)}); write it again."
        ) from error
    for number, row in enumerate(rows, 1):
        yield f"{printable(path.name)}: row {number}", row


def _parse(place: str, text: str, one_line: bool = True) -> Any:
    try:
        return read_plain(text)
    except ValueError as error:
        if not one_line and isinstance(error.__cause__, JSONDecodeError):
            place = f"{place}:{error.__cause__.lineno}"
        raise DatasetError(f"{place}: corrupt JSON ({error}); mend it.") from error


def _mapping(place: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise DatasetError(
            f"{place}: expected a JSON object with named values, got {shortened(value)}."
        )
    return value


READERS: dict[str, Callable[[Path], Iterator[Record]]] = {
    ".jsonl": _read_jsonl,
    ".json": _read_json,
    ".csv": _read_csv,
    ".tsv": _read_tsv,
    ".parquet": _read_parquet,
}
