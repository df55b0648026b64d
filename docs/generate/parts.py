"""The parts that a page of Markdown is made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

PIPE = r"\|"


def anchor(heading: str) -> str:
    """Return what a heading is linked by."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(
        f"| {' | '.join(cell.replace('|', PIPE) for cell in line)} |".replace("|  |", "| |")
        for line in lines
    )


def fence(text: str, language: str = "") -> str:
    """Return a block of code."""
    return f"```{language}\n{text}\n```"


def code(text: str) -> str:
    """Return a word of code."""
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def quoted(value: Any) -> str:
    """Return a value as it is written in Python, texts in double quotes."""
    text = repr(value)
    return f'"{value}"' if text == f"'{value}'" else text


def number(value: float) -> str:
    """Return a number, rounded as the last digits may differ between machines."""
    return f"{value:.3f}"


def page(*parts: str) -> str:
    """Return a page of parts with empty lines between."""
    return "\n\n".join(parts) + "\n"
