"""Whatever several processes do to stores, and in whatever order, dicts tell what is in them."""

from __future__ import annotations

import dataclasses
import os
import tempfile
from pathlib import Path
from unittest import mock

import psutil
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from lexigym.leaderboard.comparison import different_outcome
from lexigym.leaderboard.packs.files import read_packs, write_pack
from lexigym.leaderboard.process import Process
from lexigym.leaderboard.run import Result, Run
from lexigym.leaderboard.store import Entry, Store

from .test_store import FAILED, RESULT, RUN

BOUNDED = settings(max_examples=25, stateful_step_count=30, deadline=None, derandomize=True)
ME = Process.this()
# Of this machine, one that isn't me and lives, and one that has died; and one that can't be seen.
PROCESSES = {
    "me": ME,
    "alive": Process(ME.host, os.getppid(), psutil.Process(os.getppid()).create_time()),
    "dead": ME._replace(started=ME.started - 1),
    "elsewhere": Process("elsewhere", 1, 0.0),
}
RUNS = [dataclasses.replace(RUN, seed=seed) for seed in range(3)]
LABELS = [("the corridor", "mine"), ("a column", "a row")]
OUTCOMES = [
    RESULT,
    dataclasses.replace(RESULT, learning_seconds=9.0, manifest={}),
    dataclasses.replace(RESULT, returns=(-3.0, 0.5)),
    FAILED,
    dataclasses.replace(FAILED, error="OSError: no"),
]
SUITES = ("mine", "other")

processes = st.sampled_from(list(PROCESSES))
runs = st.builds(
    lambda run, labels: dataclasses.replace(run, environment=labels[0], agent=labels[1]),
    st.sampled_from(RUNS),
    st.sampled_from(LABELS),
)
results = st.builds(
    lambda run, outcome: dataclasses.replace(outcome, run=run), runs, st.sampled_from(OUTCOMES)
)
entries = st.builds(Entry, st.sampled_from(SUITES), st.integers(0, 3), results) | st.builds(
    Entry, st.none(), st.none(), results
)

Places = dict[tuple[str, str, str, str], int]


@dataclasses.dataclass
class Model:
    """What a store holds: results by key, and positions by suite, labels and key."""

    results: dict[str, Result] = dataclasses.field(default_factory=dict)
    places: Places = dataclasses.field(default_factory=dict)
    claims: dict[str, str] = dataclasses.field(default_factory=dict)

    def keep(self, result: Result) -> None:
        known = self.results.get(result.run.key)
        if known is None or known.error is not None:
            self.results[result.run.key] = result

    def entries(self) -> list[Entry]:
        listed = []
        for key, result in self.results.items():
            places = [place for place in self.places if place[-1] == key]
            for suite, environment, agent, _ in places:
                run = dataclasses.replace(result.run, environment=environment, agent=agent)
                position = self.places[suite, environment, agent, key]
                listed.append(Entry(suite, position, dataclasses.replace(result, run=run)))
            if not places:
                ids = result.run.environment_id, result.run.agent_name
                run = dataclasses.replace(result.run, environment=ids[0], agent=ids[1])
                listed.append(Entry(None, None, dataclasses.replace(result, run=run)))
        return sorted(listed, key=order)

    def merge(self, offered: list[Entry], keep: bool) -> None:
        new: dict[str, Result] = {}
        contradicts = False
        for _, _, result in offered:
            known = new.get(result.run.key) or self.results.get(result.run.key)
            if known is None or (known.error is not None and result.error is None):
                new[result.run.key] = result
            elif result.error is None:
                contradicts |= bool(different_outcome(known, result))
        if contradicts and not keep:
            return
        for result in new.values():
            self.keep(result)
        for suite, position, result in offered:
            if suite is not None and position is not None:
                place = suite, result.run.environment, result.run.agent, result.run.key
                self.places[place] = min(position, self.places.get(place, position))


def order(entry: Entry) -> tuple[str, int, str, str, str]:
    run = entry.result.run
    return entry.suite or "", entry.position or 0, run.environment, run.agent, run.key


class StoreMachine(RuleBasedStateMachine):
    """A file that four processes have open, and another that takes its packs."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name)
        self.model, self.other_model = Model(), Model()
        self.stores = {name: self.open(name) for name in PROCESSES}
        self.other = Store(self.path / "other.sqlite")

    def open(self, name: str) -> Store:
        with mock.patch.object(Process, "this", return_value=PROCESSES[name]):
            return Store(self.path / "results.sqlite")

    @rule(name=processes, run=runs)
    def claim(self, name: str, run: Run) -> None:
        known, owner = self.model.results.get(run.key), self.model.claims.get(run.key)
        # A process of another machine is trusted to live until its claim expires.
        here = "elsewhere" not in (name, owner)
        taken = owner not in (None, name) and not (here and owner == "dead")
        free = (known is None or known.error is not None) and not taken
        assert self.stores[name].claim(run) == free
        if free:
            self.model.claims[run.key] = name

    @rule(name=processes, result=results, following=processes)
    def finish(self, name: str, result: Result, following: str) -> None:
        """Whatever came of a run, another may now claim it."""
        self.stores[name].add(result)
        self.model.keep(result)
        self.model.claims.pop(result.run.key, None)
        self.claim(following, result.run)

    @rule(name=processes)
    def renew(self, name: str) -> None:
        self.stores[name].renew()

    @rule(name=processes)
    def reopen(self, name: str) -> None:
        """What a process had claimed, it gives back."""
        self.stores[name].close()
        self.stores[name] = self.open(name)
        claims = self.model.claims
        self.model.claims = {key: owner for key, owner in claims.items() if owner != name}

    @rule(name=processes, suite=st.sampled_from(SUITES), listed=st.lists(runs, max_size=3))
    def enter(self, name: str, suite: str, listed: list[Run]) -> None:
        self.stores[name].enter(suite, listed)
        places = {place: index for place, index in self.model.places.items() if place[0] != suite}
        for position, run in enumerate(listed):
            places.setdefault((suite, run.environment, run.agent, run.key), position)
        self.model.places = places

    @rule(name=processes, offered=st.lists(entries, max_size=3), keep=st.booleans())
    def merge(self, name: str, offered: list[Entry], keep: bool) -> None:
        before = self.model.entries()
        comparison = self.stores[name].merge(offered, keep=keep)
        self.model.merge(offered, keep)
        if comparison.contradictions and not keep:
            assert self.model.entries() == before

    @rule(name=processes, suffix=st.sampled_from([".jsonl", ".jsonl", ".parquet"]))
    def hand_over(self, name: str, suffix: str) -> None:
        """A pack of all that is in one store is merged into another."""
        path = self.path / f"pack{suffix}"
        write_pack(path, self.stores[name].entries())
        packs = read_packs([path])
        if not self.model.results:
            assert (packs.entries, len(packs.problems)) == ([], 1)
            return
        assert not packs.problems
        assert packs.entries == self.model.entries()
        self.other.merge(packs.entries, keep=True)
        self.other_model.merge(packs.entries, keep=True)

    @rule(name=processes)
    def look(self, name: str) -> None:
        assert self.stores[name].entries() == self.model.entries()

    @invariant()
    def what_is_found_is_what_was_kept(self) -> None:
        listed = self.model.entries()
        store = self.stores["me"]
        assert store.entries() == listed
        assert self.other.entries() == self.other_model.entries()
        for run in RUNS:
            known = self.model.results.get(run.key)
            assert store.find(run) == (known and dataclasses.replace(known, run=run))
        suites = sorted({suite for suite, *_ in self.model.places})
        assert store.suites() == suites
        for suite in suites:
            expected = [entry.result for entry in listed if entry.suite == suite]
            assert store.results_of(suite) == expected

    def teardown(self) -> None:
        for store in (*self.stores.values(), self.other):
            store.close()
        self.folder.cleanup()


@pytest.mark.slow
def test_no_order_of_calls_breaks_a_store() -> None:
    run_state_machine_as_test(StoreMachine, settings=BOUNDED)
