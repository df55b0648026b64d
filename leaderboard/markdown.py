"""The table of scores as Markdown, for a README."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from ..registry.terminal import printable
from .scores import Cell, Row

SPECIAL = re.compile(r"([\\`*_\[\]<>|~&$#])")


def markdown_table(rows: Sequence[Row]) -> str:
    """Return agents by environments with their scores and intervals, in the dialect of GitHub.

    Args:
        rows: What `summarise` gives.
    """
    environments = list(rows[0].cells) if rows else []
    several = len(environments) > 1
    names = ["agent", *["all"] * several, *map(escape, environments)]
    lines = [names, ["---", *["---:"] * (len(names) - 1)]]
    for row in rows:
        cells = [row.overall] * several + list(row.cells.values())
        lines.append([escape(row.agent), *map(_cell, cells)])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def escape(text: str) -> str:
    """Return Markdown that shows a text as it is, in one line."""
    return SPECIAL.sub(r"\\\1", printable(" ".join(text.split())))


def _cell(cell: Cell) -> str:
    parts = [] if math.isnan(cell.score) else [f"{cell.score:z.2f}"]
    if not math.isnan(cell.low):
        parts.append(f"[{cell.low:z.2f}, {cell.high:z.2f}]")
    if cell.failed:
        parts.append(f"({cell.failed} failed)")
    # A score and an interval would be a link, if a reference had its name.
    return " ".join(parts).replace("[", r"\[").replace("]", r"\]") or "-"
