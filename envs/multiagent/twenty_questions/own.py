"""A user's own table: from a mapping, or from a tab-separated file."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ....registry.errors import InvalidArgumentError
from ...datasets.tables import read_lines
from .table import Question, Table, distinct, make_table, splitting

# So many limits are asked about for a column of numbers.
LIMITS = 15

Rows = Mapping[str, Mapping[str, Any]]


def own_table(entities: Any) -> Table:
    """Return the table of a user's entities.

    A column whose name ends with a question mark is asked as it is. Any other is asked about by
    its name: "Is it {column}?" if it holds yes and no, "Is its {column} more than {limit}?" if it
    holds numbers, and "Is its {column} {text}?" for each of its texts.

    Args:
        entities: The columns of each entity by its name: bools, numbers or texts. Or the path of a
            table in UTF-8 with tabs, a header of column names, and names in the first column;
            "yes" and "no" are read as bools, and numbers as numbers.

    Raises:
        InvalidArgumentError: If there are fewer than two entities, they have not the same columns,
            a column holds things of several kinds, or no question splits the entities.
        DatasetError: If the file can't be read.
    """
    rows = read_table(entities) if isinstance(entities, str | os.PathLike) else entities
    if (
        not isinstance(rows, Mapping)
        or len(rows) < 2
        or not all(isinstance(name, str) and name.strip() for name in rows)
        or not all(isinstance(row, Mapping) for row in rows.values())
    ):
        raise InvalidArgumentError(
            "entities must be a path, or a mapping of at least two names to mappings of columns to "
            f"values, got {_shortened(entities)}."
        )
    first, columns = next(iter(rows.items()))
    for name, row in rows.items():
        if row.keys() != columns.keys():
            raise InvalidArgumentError(
                f"the entity {name!r} has the columns {sorted(map(str, row))}, {first!r} has "
                f"{sorted(map(str, columns))}; give all the same."
            )
    questions = [
        each
        for column in columns
        for each in column_questions(column, [row[column] for row in rows.values()])
    ]
    # Two entities that no question tells apart are allowed: the better guesser takes either.
    questions = distinct(splitting(questions, 1))
    if not questions:
        raise InvalidArgumentError(
            f"no question splits the entities {_shortened(list(rows))}; give a column in which "
            "they differ."
        )
    return make_table(list(rows), questions)


def column_questions(column: Any, values: list[Any]) -> Iterator[Question]:
    """Yield the questions of one column.

    Raises:
        InvalidArgumentError: If its name is no text, it holds what isn't a bool, a finite number or
            a text, things of several kinds, or other than bools although its name is a question.
    """
    kinds = {kind_of(value) for value in values}
    asked = isinstance(column, str) and column.endswith("?")
    if (
        not isinstance(column, str)
        or not column.strip()
        or len(kinds) > 1
        or kinds == {"other"}
        or (asked and kinds != {"bool"})
    ):
        wanted = "yes or no" if asked else "all bools, all finite numbers or all texts"
        raise InvalidArgumentError(
            f"the column {column!r} must have a text as its name and hold {wanted}, got "
            f"{_shortened(values)}."
        )
    if kinds == {"bool"}:
        yield Question(column if asked else f"Is it {column}?", tuple(map(bool, values)))
    elif kinds == {"number"}:
        limits = sorted(set(values))[:-1]
        step = max(1, math.ceil(len(limits) / LIMITS))
        for limit in limits[step // 2 :: step]:
            # Short, but never so short that two limits look alike.
            shown = np.format_float_positional(limit, trim="-")
            yield Question(
                f"Is its {column} more than {shown}?", tuple(value > limit for value in values)
            )
    else:
        for text in sorted(set(values)):
            yield Question(f"Is its {column} {text}?", tuple(value == text for value in values))


def kind_of(value: Any) -> str:
    """Return "bool", "number", "text" or "other"."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float) and math.isfinite(value):
        return "number"
    return "text" if isinstance(value, str) and value.strip() else "other"


def read_table(path: str | os.PathLike[str]) -> dict[str, dict[str, Any]]:
    """Return the columns of each row of a file by its first cell.

    Raises:
        DatasetError: If the file can't be read.
        InvalidArgumentError: If a row has not as many cells as the header, or a name comes twice,
            be it of a column or of an entity.
    """
    rows: dict[str, dict[str, Any]] = {}
    header: list[str] | None = None
    for place, line in read_lines(Path(path)):
        cells = [cell.strip() for cell in line.split("\t")]
        if header is None:
            header = cells
            if len(set(header)) < len(header):
                raise InvalidArgumentError(
                    f"{place}: two columns have one name, got {_shortened(header)}; give each its "
                    "own."
                )
            continue
        if len(cells) != len(header):
            raise InvalidArgumentError(
                f"{place}: expected {len(header)} cells as in the header, got {len(cells)}; "
                "separate them by tabs."
            )
        if cells[0] in rows:
            raise InvalidArgumentError(
                f"{place}: {cells[0]!r} is there already; give each entity one row."
            )
        rows[cells[0]] = dict(zip(header[1:], cells[1:], strict=True))
    for column in header[1:] if header else ():
        _read_column(rows, column)
    return rows


def _read_column(rows: dict[str, dict[str, Any]], column: str) -> None:
    """Turn the texts of a column into bools or numbers if all of them are."""
    texts = [row[column] for row in rows.values()]
    read: list[Any] = texts
    if all(text in ("yes", "no") for text in texts):
        read = [text == "yes" for text in texts]
    else:
        try:
            numbers = [float(text) for text in texts]
            read = numbers if all(map(math.isfinite, numbers)) else texts
        except ValueError:
            pass
    for row, value in zip(rows.values(), read, strict=True):
        row[column] = value


def _shortened(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:79]}…"
