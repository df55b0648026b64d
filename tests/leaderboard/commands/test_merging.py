"""`lexigym submit` and `lexigym merge`: a board put together from packs of several people."""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from lexigym.leaderboard.commands.merging import merge
from lexigym.leaderboard.commands.submitting import submit
from lexigym.leaderboard.packs import lines
from lexigym.leaderboard.packs.files import write_pack
from lexigym.leaderboard.packs.rows import PackError, digest, row_of
from lexigym.leaderboard.run import Result
from lexigym.leaderboard.scores import summarise
from lexigym.leaderboard.store import Entry, Store, StoreError
from lexigym.registry.errors import InvalidArgumentError, UnknownNameError
from lexigym.registry.tables import AGENTS

from ..test_store import FAILED, RESULT, RUN

MEANS = {"random": -20.0, "oracle": -4.0, "first": -8.0, "second": -6.0}


def result(agent: str, seed: int, environment: str = "corridor") -> Result:
    run = dataclasses.replace(
        RUN,
        environment=environment,
        arguments={"length": len(environment)},
        agent=agent,
        agent_name=agent,
        seed=seed,
    )
    mean = MEANS[agent] - seed / 10
    return Result(run, (mean - 1, mean + 1), learning_seconds=2.0, manifest={"time": "now"})


def board(agents: Sequence[str], seeds: Sequence[int]) -> list[Entry]:
    """What one person has run of a suite: the references, and agents of their own."""
    results = [
        result(agent, seed, environment)
        for agent in ("random", "oracle", *agents)
        for environment in ("corridor", "alley")
        for seed in seeds
    ]
    return [Entry("mine", position, each) for position, each in enumerate(results)]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def merged(*files: str, store: str = "board.sqlite", **options: bool) -> None:
    defaults: dict[str, Any] = {"rerun": False, "keep_mine": False}
    merge(argparse.Namespace(files=list(files), store=store, **defaults | options))


def submitted(out: str, *runs: str, suite: str | None = None, store: str = "board.sqlite") -> None:
    submit(argparse.Namespace(runs=list(runs), suite=suite, store=store, out=out))


def kept(path: str = "board.sqlite") -> list[Entry]:
    with Store(path, make=False) as store:
        return store.entries()


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_what_is_submitted_can_be_merged(
    suffix: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    entries = [*board(["first"], [0, 1]), Entry("other", 0, RESULT), Entry("other", 1, FAILED)]
    entries = [entry for entry in entries if entry.result.run.seed or entry.suite == "mine"]
    with Store("here.sqlite") as store:
        store.merge(entries)
        store.add(RESULT)
    submitted(f"packs/all{suffix}", store="here.sqlite")
    assert capsys.readouterr().out == f"wrote 13 rows to packs/all{suffix}\n"
    merged("packs", store="there.sqlite")
    assert capsys.readouterr().out == "merged 13 rows (0 known) into there.sqlite\n"
    assert kept("there.sqlite") == kept("here.sqlite")
    merged(f"packs/all{suffix}", store="there.sqlite")
    assert capsys.readouterr().out == "merged 0 rows (13 known) into there.sqlite\n"
    # What is equal is packed to equal bytes.
    submitted(f"again{suffix}", store="there.sqlite")
    packed = [Path(name).read_bytes() for name in (f"packs/all{suffix}", f"again{suffix}")]
    assert packed[0] == packed[1]


def test_what_is_submitted_can_be_chosen(tmp_path: Path) -> None:
    with Store("board.sqlite") as store:
        store.merge([*board(["first"], [0]), Entry("other", 0, RESULT)])
    submitted("other.jsonl", suite="other")
    submitted("one.jsonl", RUN.key[:9])
    assert Path("other.jsonl").read_bytes() == Path("one.jsonl").read_bytes()
    submitted("mine.jsonl", suite="mine")
    assert Path("mine.jsonl").read_bytes().count(b"\n") == 6
    for runs, suite, message in [
        ([], "mien", "did you mean 'mine'"),
        ([RUN.key], "mine", f"the run {RUN.key} is not of the suite 'mine': leave out either"),
        (["abcdef"], None, "no run whose key begins with 'abcdef'"),
    ]:
        with pytest.raises(UnknownNameError, match=message):
            submitted("wrong.jsonl", *runs, suite=suite)
    with pytest.raises(InvalidArgumentError, match=r"must end in .jsonl or .parquet"):
        submitted("wrong.csv")
    assert not list(tmp_path.glob("*wrong*"))


def test_nothing_is_no_pack() -> None:
    Store("board.sqlite").close()
    with pytest.raises(UnknownNameError, match="holds no result to write: `lexigym bench` makes"):
        submitted("pack.jsonl")
    with pytest.raises(StoreError, match=r"there is no store at 'absent.sqlite'"):
        submitted("pack.jsonl", store="absent.sqlite")
    assert not Path("pack.jsonl").exists()


def test_a_board_is_the_same_in_whatever_order_it_is_merged(tmp_path: Path) -> None:
    """Seeds and agents spread over people, and the references run by each of them."""
    parts = [board(["first"], [0, 1]), board(["second", "first"], [1, 2]), board(["second"], [3])]
    for name, entries in zip("abc", parts, strict=True):
        write_pack(f"packs/{name}.jsonl", entries)
    scores = []
    for order in itertools.permutations("abc"):
        store = f"{''.join(order)}.sqlite"
        for name in order:
            merged(f"packs/{name}.jsonl", store=store)
        scores.append((summarise([e.result for e in kept(store)]), kept(store)))
    merged("packs", store="together.sqlite")
    scores.append((summarise([e.result for e in kept("together.sqlite")]), kept("together.sqlite")))
    assert all(each == scores[0] for each in scores)
    rows, entries = scores[0]
    assert [(row.agent, row.overall.runs) for row in rows] == [
        ("oracle", 8),
        ("second", 6),
        ("first", 6),
        ("random", 8),
    ]
    assert list(rows[0].cells) == ["corridor", "alley"]
    assert len(entries) == 28


def test_all_that_is_wrong_is_told_and_nothing_is_merged(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    newer = row_of(Entry("mine", 0, RESULT)) | {"version": 2}
    altered = row_of(Entry("mine", 0, RESULT)) | {"returns": [0.0, 0.0]}
    Path("packs").mkdir()
    lines.write(Path("packs/a.jsonl"), [newer, row_of(Entry("mine", 0, RESULT)), altered])
    Path("packs/b.jsonl").write_bytes(b"<html>\n")
    with pytest.raises(PackError, match=r"nothing was merged \(4 problems\): mend"):
        merged("packs", "absent.jsonl")
    told = capsys.readouterr().err.splitlines()
    assert [each.partition(": ")[0] for each in told] == [
        "'packs/a.jsonl', line 1",
        "'packs/a.jsonl', line 3",
        "'packs/b.jsonl', line 1",
        "'absent.jsonl' is no file.",
    ]
    assert "update lexigym" in told[0]
    assert not Path("board.sqlite").exists()


def test_contradictions_are_decided_by_somebody(capsys: pytest.CaptureFixture[str]) -> None:
    with Store("board.sqlite") as store:
        store.merge(board(["first"], [0]))
    entries = board(["first", "second"], [0])
    other = dataclasses.replace(entries[4].result, returns=(-9.0, -7.0 + 2**-50))
    entries[4] = entries[4]._replace(result=other)
    write_pack("pack.jsonl", entries)
    before = kept()
    with pytest.raises(PackError, match=r"\(1 problem\): mend, or leave out, what is told"):
        merged("pack.jsonl")
    (told,) = capsys.readouterr().err.splitlines()
    assert told == (
        f"'pack.jsonl', line 5: {other.run.key[:12]}, 'first' on 'corridor', seed 0, has another "
        "outcome than what is kept: 1 of 2 returns differ, by up to 8.88e-16; --keep-mine leaves "
        "it out."
    )
    assert kept() == before
    merged("pack.jsonl", keep_mine=True)
    printed = capsys.readouterr()
    assert printed.err.splitlines() == [told]
    assert printed.out == "merged 2 rows (6 known) into board.sqlite\n"
    assert [entry for entry in kept() if entry in before] == before
    assert len(kept()) == 8


def test_packs_that_contradict_each_other_make_no_store(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    entries = board(["first"], [0])
    other = dataclasses.replace(entries[4].result, returns=(-9.0, -7.5))
    write_pack("a.jsonl", entries)
    write_pack("b.jsonl", [entries[4]._replace(result=other)])
    with pytest.raises(PackError, match=r"\(1 problem\)"):
        merged("a.jsonl", "b.jsonl", store="boards/new.sqlite")
    assert capsys.readouterr().err.startswith("'b.jsonl', line 1: ")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jsonl", "b.jsonl"]
    merged("a.jsonl", "b.jsonl", store="boards/new.sqlite", keep_mine=True)
    assert len(kept("boards/new.sqlite")) == 6


def test_a_full_disk_keeps_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    with Store("board.sqlite") as store:
        store.merge(board(["first"], [0]))
    before = kept()
    write_pack("pack.jsonl", board(["second"], range(1, 200)))
    opened = Store._open

    def open_full(store: Store) -> None:
        opened(store)
        (pages,) = store._connection.execute("PRAGMA page_count").fetchone()
        store._connection.execute(f"PRAGMA max_page_count = {pages + 4}")

    with monkeypatch.context() as full:
        full.setattr(Store, "_open", open_full)
        with pytest.raises(StoreError, match="full"):
            merged("pack.jsonl")
    assert kept() == before


class TestRerun:
    """On the corridor of the package in `tests/registry/plugin`."""

    @pytest.fixture(autouse=True)
    def _plugin(self, plugin_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        import lexigym

        monkeypatch.setattr(sys, "path", [str(plugin_folder), *sys.path])
        # One of its agents has a name that is taken, which is warned of.
        monkeypatch.setattr(AGENTS, "_discovered", True)
        lexigym.register_environment("Corridor-v0", "lexigym_corridor:Corridor")
        lexigym.register_agent("corridor/right", "lexigym_corridor:Right")
        lexigym.register_agent("corridor/failing", "lexigym_corridor:Failing")

    @pytest.fixture
    def true(self) -> list[Entry]:
        """What runs on the corridor of four places give indeed."""
        from lexigym.leaderboard.execution import execute

        runs = [
            dataclasses.replace(RUN, seed=seed, agent_name=name, hyperparameters={})
            for seed, name in enumerate(("corridor/right", "corridor/failing"))
        ]
        entries = [Entry("mine", seed, execute(run)) for seed, run in enumerate(runs)]
        assert [entry.result.error is None for entry in entries] == [True, False]
        return entries

    def test_what_comes_out_again_is_merged(
        self, true: list[Entry], capsys: pytest.CaptureFixture[str]
    ) -> None:
        write_pack("pack.jsonl", true)
        merged("pack.jsonl", rerun=True)
        assert capsys.readouterr().out.endswith("merged 2 rows (0 known) into board.sqlite\n")
        assert kept() == true

    def test_what_comes_out_otherwise_is_not(
        self, true: list[Entry], capsys: pytest.CaptureFixture[str]
    ) -> None:
        lie = dataclasses.replace(true[0].result, returns=(-2.0, -3.0))
        write_pack("pack.jsonl", [true[1], Entry("mine", 0, lie)])
        with pytest.raises(PackError, match="1 problem"):
            merged("pack.jsonl", rerun=True)
        error = capsys.readouterr().err
        assert error.startswith(
            f"'pack.jsonl', line 2: {lie.run.key[:12]}, 'mine' on 'the corridor'"
        )
        assert "is not what it gives here: 1 of 2 returns differ, by up to 1." in error
        assert not Path("board.sqlite").exists()
        # Unless nobody asks.
        merged("pack.jsonl")
        assert len(kept()) == 2

    def test_what_is_known_is_not_run_again(
        self, true: list[Entry], capsys: pytest.CaptureFixture[str]
    ) -> None:
        with Store("board.sqlite") as store:
            store.merge(true[1:])
        write_pack("pack.jsonl", true)
        merged("pack.jsonl", rerun=True)
        printed = capsys.readouterr().out
        assert "1/1 mine on the corridor, seed 0: done" in printed
        assert printed.endswith("merged 1 rows (1 known) into board.sqlite\n")

    def test_a_contradiction_is_found_before_anything_is_run(
        self, true: list[Entry], capsys: pytest.CaptureFixture[str]
    ) -> None:
        with Store("board.sqlite") as store:
            store.merge(true[:1])
        lie = dataclasses.replace(true[0].result, returns=(-2.0, -3.0))
        write_pack("pack.jsonl", [true[1], Entry("mine", 0, lie)])
        with pytest.raises(PackError, match="1 problem"):
            merged("pack.jsonl", rerun=True)
        assert "has another outcome" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("fields", "message"),
        [
            ({"environment_id": "Corridr-v0"}, "it can't be run here: no environment has the id"),
            ({"agent_name": "corridor/rihgt"}, "it can't be run here: no agent is named"),
            ({"hyperparameters": {"lazines": 1}}, "did you mean 'laziness'"),
        ],
    )
    def test_what_is_not_installed_can_be_merged_and_not_run(
        self,
        true: list[Entry],
        fields: dict[str, Any],
        message: str,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        foreign = dataclasses.replace(true[0].result.run, **fields)
        entry = Entry("mine", 5, dataclasses.replace(true[0].result, run=foreign))
        write_pack("pack.jsonl", [true[1], entry])
        with pytest.raises(PackError, match="1 problem"):
            merged("pack.jsonl", rerun=True)
        told = capsys.readouterr()
        assert told.err.startswith("'pack.jsonl', line 2: ")
        assert message in told.err
        assert told.out == ""
        merged("pack.jsonl")
        assert entry in kept()


def test_a_digest_guards_against_damage_alone() -> None:
    """Who makes up a result can sign it: it takes a rerun to tell."""
    row = row_of(Entry("mine", 0, RESULT)) | {"returns": [0.0, 0.0]}
    row["digest"] = digest(row)
    lines.write(Path("pack.jsonl"), [row])
    merged("pack.jsonl")
    assert kept()[0].result.returns == (0.0, 0.0)
