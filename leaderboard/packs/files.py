"""Packs: files of results that are handed from one store to another, by way of a repository, say.

The suffix of a file tells its format; what a row holds is the same in all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ...registry.atomic_file import atomic_file
from ...registry.errors import InvalidArgumentError, shortened
from ..store import Entry
from . import lines, parquet
from .rows import PackError, entry_of, row_of


class Format(Protocol):
    """How rows are written to a file, and read from it."""

    RECORD: str

    def write(self, path: Path, rows: Sequence[dict[str, Any]]) -> None:
        """Write rows, the same always to the same bytes."""

    def read(self, path: Path) -> Iterator[Any]:
        """Return the records of a file, as they are."""

    def parse(self, record: Any) -> Any:
        """Return the row of a record, or raise a PackError that tells what is wrong with it."""


FORMATS: dict[str, Format] = {".jsonl": lines, ".parquet": parquet}


@dataclass
class Packs:
    """What was read.

    Attributes:
        entries: What is right.
        origins: Where each of these stands, for messages.
        problems: What is wrong, and where, each a sentence.
    """

    entries: list[Entry] = field(default_factory=list)
    origins: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def write_pack(path: str | Path, entries: Iterable[Entry]) -> None:
    """Write a pack, whole or not at all; the same entries give the same bytes.

    It also tells the versions, the system and the processor that made them, and of failed runs the
    traceback, with the paths of files.

    Args:
        path: The file, whose suffix tells the format: .jsonl or .parquet.
        entries: Results at their places in suites.

    Raises:
        InvalidArgumentError: If the suffix is another.
        MissingDependencyError: If the format needs a package that isn't installed.
        PackError: If a result holds what no reader would take.
    """
    path = Path(path)
    if path.suffix not in FORMATS:
        raise InvalidArgumentError(
            f"{str(path)!r} must end in {' or '.join(FORMATS)}, which tells its format."
        )
    rows = []
    for entry in entries:
        try:
            rows.append(row_of(entry))
        except PackError as error:
            raise PackError(f"the run {entry.result.run.key} can't be packed: {error}") from error
    with atomic_file(path) as temporary:
        FORMATS[path.suffix].write(temporary, rows)


def read_packs(paths: Iterable[str | Path]) -> Packs:
    """Read packs and check each row of them; what is wrong is told and not raised.

    Args:
        paths: Files, and folders of files, in which other files and hidden ones don't matter.

    Raises:
        MissingDependencyError: If a format needs a package that isn't installed.
    """
    packs = Packs()
    for path in map(Path, paths):
        files = _packs_in(path) if path.is_dir() else [path]
        if not files:
            packs.problems.append(
                f"{str(path)!r} holds no pack: none of its files ends in {' or '.join(FORMATS)}."
            )
        for file in files:
            _read_into(packs, file)
    return packs


def _packs_in(folder: Path) -> list[Path]:
    # Hidden are git's own files, and what is being written.
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix in FORMATS
        and not path.is_dir()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def _read_into(packs: Packs, path: Path) -> None:
    name = repr(str(path))
    if path.suffix not in FORMATS:
        packs.problems.append(f"{name} is no pack: those end in {' or '.join(FORMATS)}.")
        return
    # A device or a pipe, which may never end, is none either.
    if not path.is_file():
        packs.problems.append(f"{name} is no file.")
        return
    format_ = FORMATS[path.suffix]
    number = 0
    try:
        for number, record in enumerate(format_.read(path), 1):
            origin = f"{name}, {format_.RECORD} {number}"
            try:
                packs.entries.append(entry_of(format_.parse(record)))
                packs.origins.append(origin)
            except PackError as error:
                packs.problems.append(f"{origin}: {error}")
    except (PackError, OSError) as error:
        packs.problems.append(f"{name} can't be read: {shortened(error)}")
        return
    if not number:
        packs.problems.append(f"{name} is empty.")
