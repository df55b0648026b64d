"""The data files that ship: tab-separated tables and lists, in UTF-8."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ...registry.terminal import printable
from .schema import DatasetError

DATA = Path(__file__).parent / "data"


def exists(path: str | Path) -> bool:
    """Whether there is such a file or folder; a text that can't be a path is none."""
    return stamp(path) is not None


def stamp(path: str | Path) -> tuple[int, ...] | None:
    """Return what changes with a file, and tells it from others; None if there is none."""
    try:
        found = Path(path).stat()
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def read_text(path: Path) -> str:
    """Return the text of a file without its byte order mark, lines ended by newlines alone.

    Raises:
        DatasetError: If it can't be read, or isn't UTF-8.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DatasetError(
            f"{str(path)!r} can't be read ({error.strerror or error}): pass an existing file."
        ) from error
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DatasetError(
            f"{printable(path.name)}:{line}: the byte 0x{data[error.start]:02x} is not UTF-8; save "
            "the file in this encoding."
        ) from error


def read_lines(path: Path) -> Iterator[tuple[str, str]]:
    """Yield `("file:line", line)` for the lines of a file that are not empty.

    Raises:
        DatasetError: If it can't be read, or isn't UTF-8.
    """
    name = printable(path.name)
    # Not `splitlines`, which cuts at characters that may stand inside a text.
    for number, line in enumerate(read_text(path).split("\n"), 1):
        if line.strip():
            yield f"{name}:{number}", line


def read_rows(path: Path, *columns: str) -> Iterator[tuple[str, list[str]]]:
    """Yield `("file:line", cells)` for the rows of a tab-separated table, without its header.

    Args:
        path: The file; a header is skipped if it begins with the first column's name.
        *columns: Their names; a row has as many cells, or more where the last may repeat.

    Raises:
        DatasetError: If it can't be read, or a row has too few cells.
    """
    for place, line in read_lines(path):
        cells = line.split("\t")
        if cells[0] == columns[0]:
            continue
        if len(cells) < len(columns):
            raise DatasetError(
                f"{place}: expected the columns {', '.join(columns)}, got {len(cells)}; separate "
                "them by tabs."
            )
        yield place, cells
