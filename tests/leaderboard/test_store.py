"""The store: what is kept in it, who has a claim, and what it refuses."""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexigym.leaderboard.migrations import APPLICATION, MIGRATIONS
from lexigym.leaderboard.run import Episode, Point, Result, Run
from lexigym.leaderboard.store import Entry, Store, StoreError
from lexigym.registry.errors import InvalidArgumentError, UnknownNameError

RUN = Run(
    environment="the corridor",
    environment_id="Corridor-v0",
    arguments={"length": 5},
    evaluation_arguments={"length": 4},
    agent="mine",
    agent_name="corridor/right",
    hyperparameters={"laziness": 0.5},
    seed=0,
    steps=7,
    num_envs=1,
    evaluation_episodes=2,
    evaluation_seed=0,
)
RESULT = Result(
    RUN,
    (-3.0, 0.1 + 0.2),
    learning_seconds=1.5,
    evaluation_seconds=0.25,
    curve=(Point(0, 0.0, -9.5), Point(7, 1.5, -3.0)),
    episodes=(Episode(3, (1, 0), -3.0, "|a b|"), Episode(2**31, ([0.5, -1.0],), 0.25, "")),
    manifest={"versions": {"python": "3.11"}},
)
FAILED = Result(RUN, error="ValueError: no", traceback="Traceback ...")

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "results.sqlite"


def test_a_result_comes_back_as_it_was(path: Path) -> None:
    with Store(path) as store:
        assert store.find(RUN) is None
        store.add(RESULT)
    with Store(path) as store:
        assert store.find(RUN) == RESULT


def test_labels_are_not_what_a_run_is(path: Path) -> None:
    """The same run of another suite is found, under the names that it has there."""
    other = dataclasses.replace(RUN, environment="another column", agent="another row")
    assert other.key == RUN.key
    with Store(path) as store:
        store.add(RESULT)
        assert store.find(other) == dataclasses.replace(RESULT, run=other)


@given(
    st.sampled_from([f.name for f in dataclasses.fields(Run)]),
    st.one_of(st.integers(), st.text(), st.dictionaries(st.text(), st.integers())),
)
def test_all_but_the_labels_is_what_a_run_is(name: str, value: Any) -> None:
    other = dataclasses.replace(RUN, **{name: value})
    same = name in ("environment", "agent") or value == getattr(RUN, name)
    assert (other.key == RUN.key) == same


def test_a_key_does_not_depend_on_the_order_of_arguments() -> None:
    first = dataclasses.replace(RUN, arguments={"a": 1, "b": {"c": 2, "d": 3}})
    second = dataclasses.replace(RUN, arguments={"b": {"d": 3, "c": 2}, "a": 1})
    assert first.key == second.key


def test_a_suite_is_read_in_the_order_of_its_runs(path: Path) -> None:
    runs = [dataclasses.replace(RUN, seed=seed) for seed in (3, 1, 2)]
    with Store(path) as store:
        store.enter("mine", runs)
        for run in runs[::-1][:2]:
            store.add(dataclasses.replace(RESULT, run=run))
        assert [result.run.seed for result in store.results_of("mine")] == [1, 2]
        store.enter("mine", runs[:2])
        store.enter("other", runs)
        assert [result.run.seed for result in store.results_of("mine")] == [1]
        assert store.suites() == ["mine", "other"]


def test_what_failed_is_replaced_and_what_ended_well_is_not(path: Path) -> None:
    with Store(path) as store:
        store.add(FAILED)
        assert store.find(RUN) == FAILED
        store.add(RESULT)
        assert store.find(RUN) == RESULT
        store.add(dataclasses.replace(RESULT, returns=(1.0,)))
        store.add(FAILED)
        assert store.find(RUN) == RESULT


def test_a_run_is_claimed_by_one_process(path: Path) -> None:
    with Store(path) as store:
        assert store.claim(RUN)
        assert not _claims(path)
        store.add(FAILED)
        # A failure may be tried again, by anyone.
        assert _claims(path)
        # That process has ended.
        assert store.claim(RUN)
        store.add(RESULT)
        assert not store.claim(RUN)
        assert not _claims(path)


def test_a_claim_ends_with_its_store(path: Path) -> None:
    with Store(path) as store:
        assert store.claim(RUN)
    assert _claims(path)


def test_a_claim_of_another_machine_expires(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr("socket.gethostname", lambda: "elsewhere")
        far = Store(path)
        assert far.claim(RUN)
    with Store(path) as store:
        assert not store.claim(RUN)
        now = time.time()
        monkeypatch.setattr("time.time", lambda: now + 250)
        far.renew()
        monkeypatch.setattr("time.time", lambda: now + 500)
        assert not store.claim(RUN)
        monkeypatch.setattr("time.time", lambda: now + 551)
        assert store.claim(RUN)
    far.close()


PROGRAM = """
import json, os, sys
from lexigym.leaderboard.run import Episode, Point, Result, Run
from lexigym.leaderboard.store import Store

store, run = Store(sys.argv[1]), json.loads(sys.argv[2])
if sys.argv[3] == "claim":
    print(store.claim(Run(**run)), flush=True)
for seed in map(int, sys.argv[4:]):
    store.add(Result(Run(**run | {"seed": seed}), (1.0,)))
# As if it were killed: what it has claimed stays so.
os._exit(0)
"""


def _other_process(path: Path, does: str, *seeds: int) -> subprocess.Popen[str]:
    run = json.dumps(dataclasses.asdict(RUN))
    command = [sys.executable, "-c", PROGRAM, str(path), run, does, *map(str, seeds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _claims(path: Path) -> bool:
    """Whether another process can claim the run."""
    output, _ = _other_process(path, "claim").communicate(timeout=60)
    assert output.strip() in ("True", "False")
    return output.strip() == "True"


def test_several_processes_write_at_once(path: Path) -> None:
    # Each result is added by two of them.
    parts = [range(100), range(50, 150), [*range(50), *range(100, 150)]]
    writers = [_other_process(path, "add", *seeds) for seeds in parts]
    for writer in writers:
        assert writer.communicate(timeout=120) == ("", None)
        assert writer.returncode == 0
    with Store(path) as store:
        for seed in range(150):
            assert store.find(dataclasses.replace(RUN, seed=seed)) is not None
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*) FROM results").fetchone() == (150,)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def seeded(seed: int, **fields: Any) -> Result:
    return dataclasses.replace(RESULT, run=dataclasses.replace(RUN, seed=seed, **fields))


def test_entries_are_results_at_their_places(path: Path) -> None:
    relabelled = dataclasses.replace(RUN, environment="column", agent="row")
    orphan = seeded(7)
    with Store(path) as store:
        for result in (orphan, seeded(1), RESULT):
            store.add(result)
        store.enter("mine", [RUN, seeded(1).run, seeded(2).run])
        store.enter("other", [relabelled])
        named = dataclasses.replace(RUN, seed=7, environment="Corridor-v0", agent="corridor/right")
        expected = [
            Entry(None, None, dataclasses.replace(orphan, run=named)),
            Entry("mine", 0, RESULT),
            Entry("mine", 1, seeded(1)),
            Entry("other", 0, dataclasses.replace(RESULT, run=relabelled)),
        ]
        assert store.entries() == expected
        assert store.entries("mine") == expected[1:3]
        assert store.entries(keys=[RUN.key]) == [expected[1], expected[3]]
        assert store.entries("other", [orphan.run.key]) == []
        with pytest.raises(UnknownNameError, match="did you mean 'mine'"):
            store.entries("mime")


def test_a_key_may_be_written_short(path: Path) -> None:
    with Store(path) as store:
        store.add(RESULT)
        assert store.key_of(RUN.key) == store.key_of(RUN.key[:6].upper()) == RUN.key
        for wrong in (RUN.key[:5], "", "dqn on robot", "%%%%%%"):
            with pytest.raises(InvalidArgumentError, match="at least 6 hexadecimal digits"):
                store.key_of(wrong)
        with pytest.raises(UnknownNameError, match="no run whose key begins with 'ffffff': `lexi"):
            store.key_of("ffffff")
        store._connection.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 7) "
            "INSERT INTO results SELECT substr(key, 1, 8) || i, spec, returns, 0.0, 0.0, NULL, "
            "NULL, manifest, curve, episodes FROM results, n"
        )
        with pytest.raises(InvalidArgumentError, match=f"8 runs .*{RUN.key[:8]}1, .* and 3 more"):
            store.key_of(RUN.key[:8])


def test_merged_suites_are_the_same_in_any_order(path: Path) -> None:
    """Those of people who have run other seeds, other agents, or another version of the suite."""
    parts = [
        [Entry("mine", position, seeded(seed)) for position, seed in enumerate((0, 1))],
        [Entry("mine", position, seeded(seed)) for position, seed in enumerate((2, 1, 3))],
        [Entry("mine", position, seeded(9, agent=agent)) for position, agent in enumerate("ba")],
        [Entry("other", 5, RESULT), Entry(None, None, seeded(4))],
    ]
    boards = []
    for number, order in enumerate(itertools.permutations(parts)):
        with Store(path.with_name(f"{number}.sqlite")) as store:
            for part in order:
                store.merge(part)
            boards.append((store.results_of("mine"), store.entries()))
    assert all(board == boards[0] for board in boards)
    assert [len(each) for each in boards[0]] == [6, 8]


def test_merging_keeps_what_a_suite_has(path: Path) -> None:
    with Store(path) as store:
        store.enter("mine", [RUN, seeded(1).run])
        store.add(RESULT)
        offered = [Entry("mine", 0, seeded(5)), Entry("mine", 4, RESULT)]
        assert list(store.merge(offered).new) == [seeded(5).run.key]
        assert sorted(each.run.seed for each in store.results_of("mine")) == [0, 5]
        assert not store.merge(offered).new
        # What was missing is still known to be of the suite.
        store.add(seeded(1))
        assert [each.run.seed for each in store.results_of("mine")][-1] == 1


def test_what_contradicts_keeps_all_out(path: Path) -> None:
    other = dataclasses.replace(RESULT, returns=(-3.0, 0.3))
    elsewhere = dataclasses.replace(RESULT, learning_seconds=9.0, manifest={"time": "later"})
    with Store(path) as store:
        store.add(RESULT)
        offered = [Entry("mine", 0, seeded(1)), Entry("mine", 1, other), Entry("a", 0, elsewhere)]
        comparison = store.merge(offered)
        assert comparison.contradictions == {1: "1 of 2 returns differ, by up to 5.55e-17"}
        assert store.suites() == []
        assert store.find(seeded(1).run) is None
        assert store.merge(offered, keep=True) == comparison
        assert store.results_of("mine") == [seeded(1), RESULT]
        assert store.results_of("a") == [RESULT]
    with Store(path.with_name("empty.sqlite")) as store:
        # Packs may contradict each other.
        assert list(store.merge(offered).contradictions) == [2]
        assert store.entries() == []


def test_a_failure_contradicts_nothing(path: Path) -> None:
    good, bad = Entry("mine", 0, RESULT), Entry("mine", 0, FAILED)
    worse = Entry("mine", 0, dataclasses.replace(FAILED, error="KeyError: no"))
    for number, order in enumerate(itertools.permutations([good, bad, worse])):
        for together in (True, False):
            with Store(path.with_name(f"{number}-{together}.sqlite")) as store:
                for part in [order] if together else [[each] for each in order]:
                    assert store.merge(part).contradictions == {}
                assert store.results_of("mine") == [RESULT]


def test_a_full_disk_merges_nothing(path: Path) -> None:
    large = [
        Entry("mine", seed, dataclasses.replace(seeded(seed), returns=(0.1,) * 10_000))
        for seed in range(1, 10)
    ]
    with Store(path) as store:
        store.merge([Entry("mine", 0, RESULT)])
        (pages,) = store._connection.execute("PRAGMA page_count").fetchone()
        store._connection.execute(f"PRAGMA max_page_count = {pages + 20}")
        with pytest.raises(StoreError, match="full"):
            store.merge(large)
        assert store.entries() == [Entry("mine", 0, RESULT)]
        store._connection.execute("PRAGMA max_page_count = 1000000")
        store.merge(large)
        assert len(store.results_of("mine")) == 10


def test_a_merge_that_is_killed_merges_nothing(path: Path) -> None:
    program = """
import os, sys
from lexigym.leaderboard.store import Store
from tests.leaderboard.test_store import RESULT, Entry, seeded

class Killing(Store):
    def _keep(self, result):
        super()._keep(result)
        if result.run.seed == 50:
            os._exit(9)

Killing(sys.argv[1]).merge([Entry("mine", seed, seeded(seed)) for seed in range(100)])
"""
    with Store(path) as store:
        store.add(RESULT)
    process = subprocess.run([sys.executable, "-c", program, str(path)], cwd=ROOT, timeout=60)
    assert process.returncode == 9
    with Store(path) as store:
        assert store.entries(keys=[RUN.key])
        assert len(store.entries()) == 1


def test_a_store_of_the_first_version_is_brought_up_to_date(path: Path) -> None:
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.executescript(MIGRATIONS[0])
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute("PRAGMA user_version = 1")
    connection.execute(
        "INSERT INTO results VALUES (?, ?, '[-3.0]', 1.5, 0.25, NULL, NULL, '{}')",
        [RUN.key, RUN.spec],
    )
    connection.execute(
        "INSERT INTO entries VALUES ('mine', 0, ?, ?, ?)", [RUN.environment, RUN.agent, RUN.key]
    )
    connection.commit()
    connection.close()
    old = Result(RUN, (-3.0,), learning_seconds=1.5, evaluation_seconds=0.25)
    with Store(path) as store:
        assert store.find(RUN) == old
        store.add(dataclasses.replace(RESULT, run=dataclasses.replace(RUN, seed=1)))
    with Store(path) as store:
        assert store.find(RUN) == old
        assert store.results_of("mine") == [old]


def test_a_field_that_comes_later_changes_no_key() -> None:
    """The key of a run as a store of the first version has it."""
    assert RUN.key == "a032e4865429f4bee086abcb5d7746ff84f78e086803e471097377149875db5b"
    assert dataclasses.replace(RUN, curve_points=1).key != RUN.key


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but long enough to be looked at " * 20)
    with pytest.raises(StoreError, match=r"notes.txt.*can't be used: file is not a database"):
        Store(path)
    assert path.read_text().startswith("not a database")


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE precious (data)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="of another program: choose another path"):
        Store(path)
    assert path.read_bytes() == before


def test_a_store_of_a_newer_version_is_refused(path: Path) -> None:
    Store(path).close()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()
    with pytest.raises(StoreError, match=r"newer lexigym \(version \d+ .*: update lexigym"):
        Store(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match="results"):
        Store(tmp_path / "results.sqlite")


def test_a_full_disk_keeps_what_was_there(path: Path) -> None:
    with Store(path) as store:
        store.add(RESULT)
        (pages,) = store._connection.execute("PRAGMA page_count").fetchone()
        store._connection.execute(f"PRAGMA max_page_count = {pages}")
        large = dataclasses.replace(RESULT, run=dataclasses.replace(RUN, seed=1), returns=(0.1,))
        with pytest.raises(StoreError, match="full"):
            store.add(dataclasses.replace(large, returns=(0.1,) * 100_000))
        assert store.find(RUN) == RESULT
        assert store.find(large.run) is None
        store._connection.execute("PRAGMA max_page_count = 1000000")
        store.add(large)
        assert store.find(large.run) == large
