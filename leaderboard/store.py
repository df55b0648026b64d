"""The results that are kept: one SQLite file, which no crash, and no second writer, can spoil.

A run is found by its key, the hash of all that its result depends on, and not by the names that an
experiment gives its rows and columns: what one suite has run, another need not run again.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from ..registry.errors import InvalidArgumentError, LexigymError, UnknownNameError, did_you_mean
from .comparison import different_outcome
from .migrations import APPLICATION, MIGRATIONS
from .process import Process
from .run import Episode, Point, Result, Run

SECONDS_TO_WAIT_FOR_OTHERS = 60.0
# Of a claim of another machine, whose processes can't be seen; its driver renews it.
SECONDS_OF_A_CLAIM = 300.0
# As short as a key may be written; git's are no longer.
SHORTEST_PREFIX = 6
CANDIDATES_TO_LIST = 5


class StoreError(LexigymError, OSError):
    """A store that can't be opened, read or written."""


class Entry(NamedTuple):
    """A result at its place in a suite.

    Attributes:
        suite: The suite's name; None if the run is of none, and is named by its ids.
        position: Where the suite lists the run; None if it is of none.
        result: The result, under the names that it has there.
    """

    suite: str | None
    position: int | None
    result: Result


class Comparison(NamedTuple):
    """What a store makes of entries that it is offered.

    Attributes:
        new: The results that it doesn't have, by key.
        contradictions: What is wrong with results other than those it has, or was offered before,
            by their position among the entries.
    """

    new: dict[str, Result]
    contradictions: dict[int, str]


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
        self._me = Process.this()
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
            connection.executemany("INSERT OR IGNORE INTO entries VALUES (?, ?, ?, ?, ?)", entries)

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
        self._require(suite)
        with self._errors():
            rows = self._connection.execute(
                "SELECT environment, agent, results.* FROM entries JOIN results USING (key) "
                "WHERE suite = ? ORDER BY position, environment, agent, key",
                [suite],
            )
            return [_result(row) for row in rows]

    def entries(self, suite: str | None = None, keys: Collection[str] | None = None) -> list[Entry]:
        """Return results at each place that they have, in an order that nothing else changes.

        Args:
            suite: Of this suite only; None takes all, and what is of none.
            keys: Of these runs only; None takes all.

        Raises:
            UnknownNameError: If no suite of that name was entered.
        """
        if suite is not None:
            self._require(suite)
        with self._errors():
            rows = self._connection.execute(
                "SELECT suite, position, environment, agent, results.* "
                "FROM results LEFT JOIN entries USING (key) "
                "ORDER BY suite, position, environment, agent, key"
            )
            return [
                Entry(name, position, _result(row))
                for name, position, *row in rows
                if suite in (None, name) and (keys is None or row[2] in keys)
            ]

    def key_of(self, prefix: str) -> str:
        """Return the key that begins so, of a run with a result.

        Raises:
            InvalidArgumentError: If it is too short to tell, or several keys begin so.
            UnknownNameError: If no key does.
        """
        prefix = prefix.lower()
        if len(prefix) < SHORTEST_PREFIX or not set(prefix) <= set("0123456789abcdef"):
            raise InvalidArgumentError(
                f"{prefix!r} names no run: write at least {SHORTEST_PREFIX} hexadecimal digits, "
                "the first of its key."
            )
        with self._errors():
            keys: list[str] = [
                key
                for (key,) in self._connection.execute(
                    "SELECT key FROM results WHERE substr(key, 1, ?) = ? ORDER BY key",
                    [len(prefix), prefix],
                )
            ]
        if not keys:
            raise UnknownNameError(
                f"the store {str(self.path)!r} has no run whose key begins with {prefix!r}: "
                "`lexigym.leaderboard.load()` gives all keys."
            )
        if len(keys) > 1:
            listed = ", ".join(keys[:CANDIDATES_TO_LIST])
            more = len(keys) - CANDIDATES_TO_LIST
            raise InvalidArgumentError(
                f"{len(keys)} runs have keys that begin with {prefix!r}, write more of one: "
                f"{listed}{f' and {more} more' if more > 0 else ''}."
            )
        return keys[0]

    def find(self, run: Run) -> Result | None:
        """Return the result of a run, under the names that it has here, or None."""
        with self._errors():
            row = self._connection.execute(
                "SELECT ?, ?, * FROM results WHERE key = ?", [run.environment, run.agent, run.key]
            ).fetchone()
            return None if row is None else _result(row)

    def add(self, result: Result) -> None:
        """Keep a result, and give back the claim of its run; what ended well is never replaced."""
        with self._transaction() as connection:
            self._keep(result)
            connection.execute("DELETE FROM claims WHERE key = ?", [result.run.key])

    def compare(self, entries: Sequence[Entry]) -> Comparison:
        """Return which results are new here, and which contradict others.

        Results of one run agree if all is bit-equal but the times, and who made it. A result is
        taken in place of a failure, and a failure contradicts nothing: another machine may lack
        what it takes.
        """
        new: dict[str, Result] = {}
        contradictions = {}
        for index, (_, _, result) in enumerate(entries):
            key = result.run.key
            known = new.get(key) or self.find(result.run)
            if known is None or (known.error is not None and result.error is None):
                new[key] = result
            elif result.error is None and (difference := different_outcome(known, result)):
                contradictions[index] = difference
        return Comparison(new, contradictions)

    def merge(self, entries: Sequence[Entry], *, keep: bool = False) -> Comparison:
        """Add results at their places in suites, all or none, and return what was made of them.

        What a suite has stays. It is listed by position, runs at the same position by name, so that
        a board doesn't depend on the order in which its parts came.

        Args:
            entries: The results. Of those that contradict each other, the first is meant.
            keep: Whether to leave out results that contradict others, which else keep all out.
        """
        with self._transaction() as connection:
            comparison = self.compare(entries)
            if keep or not comparison.contradictions:
                for result in comparison.new.values():
                    self._keep(result)
                connection.executemany(
                    "INSERT INTO entries VALUES (?, ?, ?, ?, ?) "
                    "ON CONFLICT DO UPDATE SET position = min(position, excluded.position)",
                    [_place(entry) for entry in entries if entry.suite is not None],
                )
        return comparison

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
            if claim is not None and self._is_taken(Process(*claim[:3]), claim[3]):
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

    def _require(self, suite: str) -> None:
        if suite not in self.suites():
            raise UnknownNameError(
                f"the store {str(self.path)!r} has no suite {suite!r}: "
                f"{did_you_mean(suite, self.suites())}"
            )

    def _keep(self, result: Result) -> None:
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
        self._connection.execute("DELETE FROM results WHERE key = ? AND error NOTNULL", [run.key])
        self._connection.execute("INSERT OR IGNORE INTO results VALUES (?,?,?,?,?,?,?,?,?,?)", row)

    def _is_taken(self, owner: Process, expires: float) -> bool:
        """Whether who made a claim is another, and still alive."""
        if owner.host != self._me.host:
            return expires > time.time()
        return owner != self._me and owner.is_alive_here()

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


def _place(entry: Entry) -> tuple[Any, ...]:
    run = entry.result.run
    return entry.suite, entry.position, run.environment, run.agent, run.key


def _result(row: Sequence[Any]) -> Result:
    environment, agent, _, spec, returns, learning, evaluation, error, traceback, *rest = row
    manifest, curve, episodes = map(json.loads, rest)
    asked = json.loads(spec)
    return Result(
        Run(
            environment=asked["environment_id"] if environment is None else environment,
            agent=asked["agent_name"] if agent is None else agent,
            **asked,
        ),
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
