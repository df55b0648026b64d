"""A pack as Parquet: a damaged file, or a whole one whose columns hold anything.

The first byte of an input tells which; what makes a whole one is JSON.
"""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from pathlib import Path

import pyarrow
import pyarrow.parquet

from lexigym.leaderboard.packs import parquet
from lexigym.leaderboard.packs.files import read_packs, write_pack
from lexigym.leaderboard.packs.rows import digest
from lexigym.leaderboard.store import Entry

from ..documents import document_of
from ..judging import refusing, require_one_line
from .pack_lines import FAILED, RESULT, ROWS
from .pack_lines import WORDS as WORDS_OF_LINES

_FOLDER = Path(tempfile.mkdtemp(prefix="fuzz-packs-"))
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)
_PATH = _FOLDER / "pack.parquet"
_ENTRIES = [Entry("mine", 3, RESULT), Entry(None, None, FAILED)]


def _written() -> bytes:
    write_pack(_PATH, _ENTRIES)
    return _PATH.read_bytes()


SEEDS = (
    b"\x00" + _written(),
    b"\x01" + json.dumps(ROWS).encode(),
    b"\1\0\0",
    b"\1\0\0\0\1\2\3",
)
WORDS = (*WORDS_OF_LINES, b"PAR1", b"ARROW:schema")


def run(data: bytes) -> None:
    """Read a file."""
    if data[:1] == b"\x01":
        if not _write_columns(data[1:]):
            return
    else:
        _PATH.write_bytes(data[1:])
    with refusing():
        packs = read_packs([_PATH])
        for problem in packs.problems:
            require_one_line(problem)


def _write_columns(data: bytes) -> bool:
    """Write rows with the types of a pack; False if Arrow can't."""
    try:
        rows = json.loads(document_of(data, [ROWS]))
        for row in rows:
            row["digest"] = digest(row)
        flat = [row | {name: json.dumps(row[name]) for name in parquet.AS_TEXT} for row in rows]
        table = pyarrow.Table.from_pylist(flat, schema=parquet._schema(pyarrow))
        pyarrow.parquet.write_table(table, _PATH)
    except (pyarrow.ArrowException, ArithmeticError, LookupError, TypeError, ValueError):
        return False
    except (AttributeError, RecursionError):
        return False
    return True
