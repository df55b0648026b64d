"""Any text that a dataset accepts goes through everything, and no terminal obeys any text."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lexigym
from lexigym.envs.datasets.files import load
from lexigym.envs.datasets.schema import DatasetError, Example, Source
from lexigym.leaderboard.command_line import main
from lexigym.leaderboard.execution import execute
from lexigym.leaderboard.markdown import markdown_table
from lexigym.leaderboard.packs.files import read_packs, write_pack
from lexigym.leaderboard.packs.rows import digest, row_of
from lexigym.leaderboard.page.data import page_data
from lexigym.leaderboard.page.html import page_html
from lexigym.leaderboard.run import Episode, Result, Run
from lexigym.leaderboard.scores import summarise
from lexigym.leaderboard.store import Entry, Store
from lexigym.leaderboard.table import print_runs, print_scores
from lexigym.leaderboard.terminal import Terminal
from lexigym.registry.environments import make_environment
from lexigym.registry.names import label_fault
from lexigym.registry.tables import TOKENIZERS

EVIL = "\x1b]0;evil\x07"
CODES = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Characters:
    """A tokenizer of the characters of a dataset, which can express every text of it."""

    pad, eos = 0, 1

    def __init__(self, source: Source) -> None:
        self.characters = sorted({each for text in source.texts() for each in text})
        self.size = 2 + len(self.characters)
        self.fingerprint = "".join(self.characters)

    def encode(self, text: str, language: str) -> list[int]:
        return [2 + self.characters.index(each) for each in text]

    def decode(self, ids: Sequence[int], language: str) -> str:
        return "".join(self.characters[each - 2] for each in ids if each > 1)

    def token(self, id: int) -> str:  # noqa: A002
        return self.decode([id], "en")


def failing(source: Source) -> Any:
    raise ValueError(f"\ud800\n{EVIL}")


@pytest.fixture(autouse=True)
def _tokenizers() -> Iterator[None]:
    made = {"characters-of-tests": Characters, "failing-of-tests": failing}
    for name, tokenizer in made.items():
        lexigym.register_tokenizer(name, tokenizer)
    yield
    for name in made:
        del TOKENIZERS._entries[name]


def accepted(text: str) -> bool:
    try:
        return Example(text, (text,)).prompt == text == " ".join(text.split())
    except DatasetError:
        return False


odd = st.sampled_from(
    ["</script>", "<!--", "|", "\\", "{}$&#%_^~", "=1+1", "@", "'", '"', "\u200d", "\u0301", "👩"]
)
texts = (st.text(max_size=8) | st.lists(odd | st.text(max_size=2), max_size=4).map("".join)).filter(
    accepted
)


def run_of(path: Path, agent: str, label: str) -> Run:
    arguments = {"dataset": str(path), "tokenizer": "characters-of-tests", "split": "train"}
    return Run(
        environment=label,
        environment_id="QA-v0",
        arguments=arguments,
        evaluation_arguments=arguments,
        agent=agent,
        agent_name="oracle",
        hyperparameters={},
        seed=0,
        steps=0,
        num_envs=1,
        evaluation_episodes=None,
        evaluation_seed=0,
    )


@pytest.mark.slow
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(prompt=texts, reference=texts.filter(lambda text: "|" not in text))
def test_what_a_dataset_accepts_goes_through_everything(prompt: str, reference: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        _through_everything(Path(folder), prompt, reference)


def _through_everything(folder: Path, prompt: str, reference: str) -> None:
    path = folder / "d.jsonl"
    # A label may be any text that can be shown.
    assert label_fault(prompt) is None
    record = {"prompt": prompt, "answers": [reference], "split": "train"}
    path.write_text(json.dumps(record), encoding="utf-8")
    run = run_of(path, reference, prompt)
    with make_environment("QA-v0", **run.arguments, render_mode="ansi") as env:
        env.reset(seed=0)
        world: Any = env.unwrapped
        terminated = False
        while not terminated:
            _, _, terminated, _, info = env.step(world.oracle_action())
        assert info["score"] == 1
        assert (world.prompt, world.text, world.references) == (prompt, reference, (reference,))
        assert world.dataset_fingerprint == load(path).fingerprint
    result = execute(run)
    assert result.error is None, result.traceback
    [episode] = {each.text for each in result.episodes}
    assert prompt in episode
    assert reference in episode
    entries = [Entry(prompt, 0, result)]
    for suffix in (".jsonl", ".parquet"):
        write_pack(folder / f"pack{suffix}", entries)
        packs = read_packs([folder / f"pack{suffix}"])
        assert (packs.entries, packs.problems) == (entries, [])
    with Store(folder / "results.sqlite") as store:
        store.merge(packs.entries)
        assert store.suites() == [prompt]
        results = store.results_of(prompt)
    assert results == [result]
    html = page_html(page_data({prompt: results}))
    blocks = re.findall(r'<script type="application/json" id="data-[\w-]+">(.*?)</script>', html)
    board, _, part = map(json.loads, blocks)
    assert board["suites"][0]["environments"] == [prompt]
    assert part[0]["episodes"][0]["text"] == result.episodes[0].text
    assert "<!--" not in html
    table = markdown_table(summarise(results))
    assert len(table.splitlines()) == 3
    assert not CODES.search(table)
    for encoding in ("ascii", "utf-8"):
        raw = io.BytesIO()
        file = io.TextIOWrapper(raw, encoding, errors="backslashreplace")
        console = Terminal(file=file, width=100)
        print_scores(console, results, prompt)
        print_runs(console, results, reference)
        file.flush()
        assert not CODES.search(raw.getvalue().decode(encoding))


def hostile_results(path: Path) -> list[Result]:
    """Results whose every text would be obeyed by a terminal, or can't be shown in ASCII."""
    run = run_of(path, f"é{EVIL}\u202e", f"中{EVIL}")
    reference = dataclasses.replace(run, agent="random", agent_name="random")
    return [
        Result(run, error=f"ValueError: {EVIL}", traceback=EVIL, manifest={EVIL: EVIL}),
        Result(reference, (1.0,), episodes=(Episode(0, (), 1.0, EVIL),)),
    ]


def stored(folder: Path) -> Path:
    path = folder / "results.sqlite"
    with Store(path) as store:
        results = hostile_results(folder / "d.jsonl")
        store.enter(f"suite{EVIL}", [each.run for each in results])
        for each in results:
            store.add(each)
    return path


@pytest.mark.parametrize(
    "arguments",
    [
        ["leaderboard", "--runs"],
        ["leaderboard", "--runs", "--out", f"page{EVIL}"],
        ["leaderboard", f"other{EVIL}"],
        ["leaderboard", "--store", f"none{EVIL}.sqlite"],
        ["submit", "--out", f"pack{EVIL}.jsonl"],
        ["describe", EVIL],
        ["train", EVIL, "random"],
        ["train", "CartPole-v1", EVIL],
        ["list", EVIL],
        ["train", "QA-v0", "random", "--env-set", f"dataset={EVIL}"],
        ["train", "QA-v0", "random", "--env-set", "dataset=bad.jsonl"],
        ["train", "QA-v0", "random", "--env-set", "dataset=column.csv"],
        ["train", "QA-v0", "random", "--env-set", "tokenizer=failing-of-tests"],
        ["evaluate", EVIL],
        ["watch", EVIL],
        ["record", EVIL, "random", "--out", "x"],
        ["play", EVIL],
        ["bench", EVIL],
        ["bench", "bad.toml"],
        ["merge", EVIL],
        ["merge", "label.jsonl"],
        ["verify", EVIL],
        ["check", EVIL],
    ],
    ids=" ".join,
)
def test_no_command_lets_a_terminal_obey(
    arguments: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.jsonl").write_text(json.dumps({EVIL: 1, "prompt": EVIL, "answer": "b"}))
    Path("column.csv").write_text(f"{EVIL},prompt\na,b\n")
    shipped = (resources.files("lexigym.experiments") / "quick.toml").read_text("utf-8")
    Path("bad.toml").write_text(f"{json.dumps(EVIL)} = 1\n{shipped}", encoding="utf-8")
    result = Result(run_of(Path("d.jsonl"), "oracle", "QA-v0"), (1.0,))
    row = row_of(Entry("suite", 0, result)) | {"suite": EVIL}
    Path("label.jsonl").write_text(json.dumps(row | {"digest": digest(row)}))
    store = [] if "--store" in arguments else ["--store", str(stored(tmp_path))]
    takes_store = arguments[0] in ("bench", "leaderboard", "verify", "submit", "merge")
    with suppress(SystemExit):
        main([*arguments, *(store if takes_store else [])])
    printed = "".join(capfd.readouterr())
    assert "evil" in printed
    assert not CODES.search(printed)


@pytest.mark.parametrize("utf8", ["0", "1"])
def test_a_terminal_of_ascii_shows_a_board(tmp_path: Path, utf8: str) -> None:
    ascii_alone = {"LANG": "C", "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "COLUMNS": "200"}
    shown = subprocess.run(
        [sys.executable, "-m", "lexigym", "leaderboard", "--runs", "--store", stored(tmp_path)],
        env=os.environ | ascii_alone | {"PYTHONUTF8": utf8, "PYTHONCOERCECLOCALE": "0"},
        capture_output=True,
        check=True,
    ).stdout.decode("ascii")
    assert r"\xe9\x1b]0;evil\x07\u202e on \u4e2d\x1b]0;evil\x07" in shown
    assert not CODES.search(shown)


def test_an_error_of_half_a_character_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    path.write_text(json.dumps({"prompt": "a", "answer": "b", "split": "train"}))
    run = run_of(path, "oracle", "QA-v0")
    run = dataclasses.replace(
        run, evaluation_arguments=run.evaluation_arguments | {"tokenizer": "failing-of-tests"}
    )
    result = execute(run)
    assert result.error == r"ValueError: \ud800 \x1b]0;evil\x07"
    write_pack(tmp_path / "pack.jsonl", [Entry(None, None, result)])
    assert read_packs([tmp_path / "pack.jsonl"]).entries == [Entry(None, None, result)]
