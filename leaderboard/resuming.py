"""Runs whose results are kept: what was done is found, and what is missing is done, once."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from .run import Result, Run
from .store import SECONDS_OF_A_CLAIM, Store
from .workers import Watcher

SECONDS_BETWEEN_LOOKS = 1.0


class FindingWatcher(Watcher, Protocol):
    """Who is also told of results that nobody had to wait for."""

    def found(self, index: int) -> None:
        """Be told that the result of a run was kept already."""


class Executor(Protocol):
    """What executes runs, as `execute_all` does."""

    def __call__(
        self,
        runs: Sequence[Run],
        *,
        watcher: Watcher,
        take: Callable[[Run], bool],
        check: Callable[[Run], None] | None,
    ) -> set[int]:
        """Return the positions of the runs that were taken, whose results the watcher has."""


def execute_missing(
    runs: Sequence[Run],
    executor: Executor,
    watcher: FindingWatcher,
    store: Store,
    check: Callable[[Run], None],
) -> list[Result]:
    """Return the results of runs, in their order, executing those that aren't kept yet.

    Runs that failed are tried again. What another process with the same store is at is left to it
    and waited for, and taken over if it dies.

    Args:
        runs: The runs.
        executor: Executes those that are missing.
        watcher: Is told how they go.
        store: Where results are found and kept.
        check: Called with each run that is missing before any is executed; may raise.
    """

    def find(index: int, *, failed: bool) -> bool:
        result = store.find(runs[index])
        if result is None or (result.error is not None and not failed):
            return False
        watcher.found(index)
        return True

    missing = [index for index in range(len(runs)) if not find(index, failed=False)]
    unchecked: Callable[[Run], None] | None = check
    keeper = _Keeper(watcher, store)
    while missing:
        # Two rows may ask for the same.
        first = {runs[index].key: index for index in reversed(missing)}
        chosen = sorted(first.values())
        taken = executor(
            [runs[index] for index in chosen],
            watcher=keeper.watching(chosen),
            take=store.claim,
            check=unchecked,
        )
        unchecked = None
        done = {chosen[place] for place in taken}
        mine = {runs[index].key for index in done}
        missing = [
            index
            for index in missing
            if index not in done and not find(index, failed=runs[index].key in mine)
        ]
        if missing:
            time.sleep(SECONDS_BETWEEN_LOOKS)
    # Not held meanwhile: those of thousands of runs fill the memory.
    return [result for run in runs if (result := store.find(run)) is not None]


class _Keeper:
    """Keeps results as they come, and renews the claims meanwhile."""

    def __init__(self, watcher: Watcher, store: Store) -> None:
        self.watcher, self.store = watcher, store
        self.renewed = time.monotonic()
        self.indices: Sequence[int] = ()

    def watching(self, indices: Sequence[int]) -> Watcher:
        """Return itself, for runs that the watcher knows by these numbers."""
        self.indices = indices
        return self

    def started(self, index: int) -> None:
        self.watcher.started(self.indices[index])

    def stepped(self, index: int, steps: int) -> None:
        self.watcher.stepped(self.indices[index], steps)
        if time.monotonic() - self.renewed > SECONDS_OF_A_CLAIM / 5:
            self.store.renew()
            self.renewed = time.monotonic()

    def finished(self, index: int, result: Result) -> None:
        self.store.add(result)
        self.watcher.finished(self.indices[index], result)
