"""The records of a file: one mapping per example, each with its place for errors."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ...registry.errors import InvalidArgumentError, did_you_mean
from ...registry.requirements import require
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
    content = _parse(path.name, read_text(path))
    if isinstance(content, list):
        for index, item in enumerate(content):
            place = f"{path.name}[{index}]"
            yield place, _mapping(place, item)
        return
    place = path.name
    try:
        for a, article in enumerate(content["data"]):
            for p, paragraph in enumerate(article["paragraphs"]):
                for q, question in enumerate(paragraph["qas"]):
                    place = f"{path.name}: data[{a}].paragraphs[{p}].qas[{q}]"
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
    places, lines = zip(*read_lines(path), strict=True) if read_text(path).strip() else ((), ())
    reader = csv.DictReader((f"{line}\n" for line in lines), strict=True, **dialect)
    header = ", ".join(reader.fieldnames or ())
    while reader.line_num < len(lines):
        place = places[reader.line_num]
        try:
            record = next(reader)
        except csv.Error as error:
            raise DatasetError(f"{place}: {error}; mend the row.") from error
        if None in record or None in record.values():
            raise DatasetError(
                f"{place}: the row has not as many cells as the header, "
                f"{header}; quote cells that hold the delimiter."
            )
        yield place, record


def _read_csv(path: Path) -> Iterator[Record]:
    return _read_delimited(path)


def _read_tsv(path: Path) -> Iterator[Record]:
    # Tabs need no quotes, and a sentence may begin with one.
    return _read_delimited(path, delimiter="\t", quoting=csv.QUOTE_NONE)


def _read_parquet(path: Path) -> Iterator[Record]:
    parquet = require("pyarrow.parquet", f"reading {path.name!r}", "pyarrow")
    try:
        rows = parquet.read_table(path).to_pylist()
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path.name!r} is no whole parquet file ({error}).") from error
    for number, row in enumerate(rows, 1):
        yield f"{path.name}: row {number}", row


def _parse(place: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        if ":" not in place and isinstance(error, json.JSONDecodeError):
            place = f"{place}:{error.lineno}"
        raise DatasetError(f"{place}: corrupt JSON ({error}); mend it.") from error


def _mapping(place: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise DatasetError(f"{place}: expected a JSON object with named values, got {value!r:.80}.")
    return value


READERS: dict[str, Callable[[Path], Iterator[Record]]] = {
    ".jsonl": _read_jsonl,
    ".json": _read_json,
    ".csv": _read_csv,
    ".tsv": _read_tsv,
    ".parquet": _read_parquet,
}
