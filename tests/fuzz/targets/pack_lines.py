"""Lines of a pack: as they are, or signed anew, so that a damage is seen behind the digest."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from lexigym.leaderboard.packs import lines
from lexigym.leaderboard.packs.rows import PackError, digest, entry_of, row_of
from lexigym.leaderboard.run import Episode, Point, Result, Run
from lexigym.leaderboard.store import Entry

from ..documents import document_of
from ..judging import refusing

RUN = Run("maps", "A-v0", {"size": 5}, {}, "mine", "dqn", {"gamma": 0.5}, 0, 7, 1, 2, 0)
RESULT = Result(
    RUN,
    (-3.0, 0.5),
    learning_seconds=1.5,
    evaluation_seconds=0.25,
    curve=(Point(0, 0.0, -9.5), Point(7, 1.5, -3.0)),
    episodes=(Episode(3, (1, [0.5]), -3.0, "|a b|"),),
    manifest={"versions": {"python": "3.11"}},
)
FAILED = Result(RUN, error="ValueError: no", traceback="Traceback ...")
ROWS = [row_of(entry) for entry in (Entry("mine", 3, RESULT), Entry(None, None, FAILED))]
SEEDS = (*(json.dumps(row).encode() for row in ROWS), b"\0\0", b"\0\1\0\1\2\3")
WORDS = (
    *tuple(f'"{name}":'.encode() for name in ROWS[0]),
    b"null",
    b"NaN",
    b"Infinity",
    b"-1",
    b"1e400",
    b"9223372036854775808",
    b'"\\ud800"',
    b"[[[[[[[[",
    b'\\"seed\\":',
    b'\\"hyperparameters\\":{',
)


def run(data: bytes) -> None:
    """Read one line, and once more if it can be signed."""
    data = document_of(data, ROWS)
    with refusing(PackError):
        entry_of(lines.parse(data))
    try:
        row: Any = lines.parse(data)
        row["key"] = hashlib.sha256(row["spec"].encode()).hexdigest()
        row["digest"] = digest(row)
    except (PackError, TypeError, KeyError, AttributeError, ValueError):
        return
    with refusing(PackError):
        entry = entry_of(row)
        # What was taken is what is written.
        assert json.dumps(row_of(entry), sort_keys=True) == json.dumps(row, sort_keys=True)
