"""The results that are kept: one SQLite file, which no crash, and no second writer, can spoil.

A run is found by its key, the hash of all that its result depends on, and not by the names that an
experiment gives its rows and columns: what one suite has run, another need not run again.
"""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from ..registry.errors import LexigymError, UnknownNameError, did_you_mean
from .run import Episode, Point, Result, Run

# "lxgy", so that a file of another program is not taken for one of ours.
APPLICATION = 0x6C786779
SECONDS_TO_WAIT_FOR_OTHERS = 60.0
# Of a claim of another machine, whose processes can't be seen; its driver renews it.
SECONDS_OF_A_CLAIM = 300.0

# Each brings a file of the version before up to date; never change one that was released.
MIGRATIONS = (
    """
    CREATE TABLE results (
        key TEXT PRIMARY KEY,
        spec TEXT NOT NULL,
        returns TEXT NOT NULL,
        learning_seconds REAL NOT NULL,
        evaluation_seconds REAL NOT NULL,
        error TEXT,
        traceback TEXT,
        manifest TEXT NOT NULL
    ) STRICT;
    CREATE TABLE claims (
        key TEXT PRIMARY KEY,
        host TEXT NOT NULL,
        process INTEGER NOT NULL,
        process_started REAL NOT NULL,
        expires REAL NOT NULL
    ) STRICT;
    CREATE TABLE entries (
        suite TEXT NOT NULL,
        position INTEGER NOT NULL,
        environment TEXT NOT NULL,
        agent TEXT NOT NULL,
        key TEXT NOT NULL,
        PRIMARY KEY (suite, position)
    ) STRICT;
    """,
    """
    ALTER TABLE results ADD COLUMN curve TEXT NOT NULL DEFAULT '[]';
    ALTER TABLE results ADD COLUMN episodes TEXT NOT NULL DEFAULT '[]';
    """,
)


class StoreError(LexigymError, OSError):
    """A store that can't be opened, read or written."""


class Store:
    """Results by run, for any number of processes at once; a context that closes it.

    Args:
        path: The file.
        make: Whether to make it if there is none.

    Raises:
        StoreError: If there is none, or it is not a store, of a newer version, damaged, or can't be
            written. All methods may raise it.
    """

    def __init__(self, path: str | Path, *, make: bool = True) -> None:
        self.path = Path(path)
        if not (make or self.path.is_file()):
            raise StoreError(f"there is no store at {str(path)!r}: `lexigym bench` makes one.")
        self._me = socket.gethostname(), os.getpid(), psutil.Process().create_time()
        with self._errors():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # Transactions are begun by hand: each is one decision.
            self._connection = sqlite3.connect(
                self.path, timeout=SECONDS_TO_WAIT_FOR_OTHERS, isolation_level=None
            )
            try:
                self._open()
            except BaseException:
                self._connection.close()
                raise

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Give back all claims and close the file."""
        with self._errors():
            self._connection.execute(
                "DELETE FROM claims WHERE host = ? AND process = ? AND process_started = ?",
                self._me,
            )
            self._connection.close()

    def enter(self, suite: str, runs: Sequence[Run]) -> None:
        """Remember which runs a suite consists of, and what it calls them, in place of earlier."""
        entries = [
            (suite, position, run.environment, run.agent, run.key)
            for position, run in enumerate(runs)
        ]
        with self._transaction() as connection:
            connection.execute("DELETE FROM entries WHERE suite = ?", [suite])
            connection.executemany("INSERT INTO entries VALUES (?, ?, ?, ?, ?)", entries)

    def suites(self) -> list[str]:
        """Return the names of the suites that were entered."""
        with self._errors():
            rows = self._connection.execute("SELECT DISTINCT suite FROM entries ORDER BY suite")
            return [name for (name,) in rows]

    def results_of(self, suite: str) -> list[Result]:
        """Return the results of a suite that there are, in the order of its runs.

        Raises:
            UnknownNameError: If no suite of that name was entered.
        """
        if suite not in self.suites():
            raise UnknownNameError(
                f"the store {str(self.path)!r} has no suite {suite!r}: "
                f"{did_you_mean(suite, self.suites())}"
            )
        with self._errors():
            rows = self._connection.execute(
                "SELECT environment, agent, results.* FROM entries JOIN results USING (key) "
                "WHERE suite = ? ORDER BY position",
                [suite],
            )
            return [_result(row) for row in rows]

    def find(self, run: Run) -> Result | None:
        """Return the result of a run, under the names that it has here, or None."""
        with self._errors():
            row = self._connection.execute(
                "SELECT ?, ?, * FROM results WHERE key = ?", [run.environment, run.agent, run.key]
            ).fetchone()
            return None if row is None else _result(row)

    def add(self, result: Result) -> None:
        """Keep a result, and give back the claim of its run; what ended well is never replaced."""
        run = result.run
        row = (
            run.key,
            run.spec,
            json.dumps(result.returns),
            result.learning_seconds,
            result.evaluation_seconds,
            result.error,
            result.traceback,
            json.dumps(result.manifest),
            json.dumps(result.curve),
            json.dumps(result.episodes),
        )
        with self._transaction() as connection:
            connection.execute("DELETE FROM results WHERE key = ? AND error NOTNULL", [run.key])
            connection.execute("INSERT OR IGNORE INTO results VALUES (?,?,?,?,?,?,?,?,?,?)", row)
            connection.execute("DELETE FROM claims WHERE key = ?", [run.key])

    def claim(self, run: Run) -> bool:
        """Take a run for this process; False if it ended well, or another living process has it."""
        with self._transaction() as connection:
            if connection.execute(
                "SELECT 1 FROM results WHERE key = ? AND error ISNULL", [run.key]
            ).fetchone():
                return False
            claim = connection.execute(
                "SELECT host, process, process_started, expires FROM claims WHERE key = ?",
                [run.key],
            ).fetchone()
            if claim is not None and self._holds(*claim):
                return False
            connection.execute(
                "INSERT OR REPLACE INTO claims VALUES (?, ?, ?, ?, ?)",
                (run.key, *self._me, time.time() + SECONDS_OF_A_CLAIM),
            )
            return True

    def renew(self) -> None:
        """Keep the claims of this process; call it more often than these expire."""
        with self._errors():
            self._connection.execute(
                "UPDATE claims SET expires = ? "
                "WHERE host = ? AND process = ? AND process_started = ?",
                (time.time() + SECONDS_OF_A_CLAIM, *self._me),
            )

    def _holds(self, host: str, process: int, started: float, expires: float) -> bool:
        """Whether who made a claim is another, and still alive."""
        if (host, process, started) == self._me:
            return False
        if host != self._me[0]:
            return expires > time.time()
        try:
            return bool(psutil.Process(process).create_time() == started)
        except psutil.NoSuchProcess:
            return False

    def _open(self) -> None:
        # In one view of the file, which another process may be about to make.
        self._connection.execute("BEGIN")
        (application,) = self._connection.execute("PRAGMA application_id").fetchone()
        (tables,) = self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        self._connection.execute("COMMIT")
        if application != APPLICATION and tables:
            raise StoreError(
                f"{str(self.path)!r} is a database of another program: choose another path."
            )
        # A reader then never waits for a writer, and a killed one leaves what was committed.
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute(f"PRAGMA application_id = {APPLICATION}")
        with self._transaction() as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version > len(MIGRATIONS):
                raise StoreError(
                    f"{str(self.path)!r} was written by a newer lexigym (version {version} of the "
                    f"store; this one reads up to {len(MIGRATIONS)}): update lexigym."
                )
            for migration in MIGRATIONS[version:]:
                for statement in migration.split(";"):
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._errors():
            # A lock to write from the start: what is read here is still true when it is written.
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise StoreError(f"the store {str(self.path)!r} can't be used: {error}.") from error


def _result(row: Sequence[Any]) -> Result:
    environment, agent, _, spec, returns, learning, evaluation, error, traceback, *rest = row
    manifest, curve, episodes = map(json.loads, rest)
    return Result(
        Run(environment=environment, agent=agent, **json.loads(spec)),
        tuple(json.loads(returns)),
        learning_seconds=learning,
        evaluation_seconds=evaluation,
        curve=tuple(Point(*point) for point in curve),
        episodes=tuple(
            Episode(seed, tuple(actions), total, text) for seed, actions, total, text in episodes
        ),
        error=error,
        traceback=traceback,
        manifest=manifest,
    )
