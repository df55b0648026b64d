"""Packs as lines of JSON: text that a git repository can hold, and show the changes of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ...registry.plain_json import read_plain, write_plain
from .rows import MOST_BYTES, PackError

RECORD = "line"
# The digest comes on top of what is limited.
LONGEST_LINE = MOST_BYTES + 1_000


def write(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Write rows, one a line."""
    with path.open("wb") as file:
        for row in rows:
            file.write(write_plain(row).encode() + b"\n")


def read(path: Path) -> Iterator[bytes]:
    """Return the lines of a file, up to one that is too long, of which a part."""
    with path.open("rb") as file:
        # In bytes, only "\n" ends a line; Unicode has more, which a text may hold.
        while line := file.readline(LONGEST_LINE + 1):
            yield line
            if len(line) > LONGEST_LINE:
                return


def parse(record: Any) -> Any:
    """Return what a line holds.

    Raises:
        PackError: If it is too long, or no JSON.
    """
    if len(record) > LONGEST_LINE:
        raise PackError(f"it is longer than {LONGEST_LINE:,} bytes: nothing is read from there on.")
    try:
        return read_plain(record)
    except ValueError as error:
        raise PackError(f"{error}.") from error
