"""The page as data and as a file; `test_page_in_browser` tells whether it works."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import math
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexigym.leaderboard.page.data import page_data
from lexigym.leaderboard.page.html import SCRIPTS, STYLES, embedded_json, page_html, write_page
from lexigym.leaderboard.page.numbers import rounded, whole
from lexigym.leaderboard.page.resampling import draw_counts, improvements, profile_bands
from lexigym.leaderboard.page.runs import BINS
from lexigym.leaderboard.run import Episode, Point, Result, Run
from lexigym.leaderboard.scores import summarise
from lexigym.leaderboard.statistics import (
    performance_profile,
    probability_of_improvement,
    stratified_bootstrap,
)
from lexigym.leaderboard.store import Store
from lexigym.registry.errors import UnknownNameError

HOSTILE = "</script><script>window.pwned=1</script><img src=x onerror=window.pwned=1>"
MEANS = {"random": 0.0, "oracle": 1.0, "good": 0.8, "bad": 0.3}


def result(
    agent: str, environment: str, seed: int, mean: float, episodes: int = 4, **changes: Any
) -> Result:
    learns = agent not in ("random", "oracle")
    run = Run(
        environment=environment,
        environment_id="Some-v0",
        arguments={"world": environment},
        evaluation_arguments={"split": "test"},
        agent=agent,
        agent_name=agent,
        hyperparameters={"learning_rate": 0.001} if learns else {},
        seed=seed,
        steps=1000 if learns else 0,
        num_envs=1,
        evaluation_episodes=episodes,
        evaluation_seed=0,
        curve_points=2 if learns else 0,
    )
    noise = np.random.default_rng([seed, len(agent), len(environment)])
    ends = (0, 0.0, 0.1 * mean), (500, 1.5 + seed, 0.5 * mean), (1000, 3.0 + seed, mean)
    found = Result(
        run,
        tuple((mean + noise.normal(0, 0.1 * learns, episodes)).tolist()),
        learning_seconds=3.0 + seed if learns else 0.0,
        evaluation_seconds=0.5,
        curve=tuple(Point(*point) for point in ends) if learns else (),
        episodes=(Episode(7, (1, 0, 2), mean, f"| {environment} |"),),
        manifest={
            "versions": {"python": "3.11.2"},
            "machine": {"cores": 2},
            "dataset": "0123abcd",
            "time": f"2025-11-{seed + 1:02d}T10:00:00+00:00",
        },
    )
    return dataclasses.replace(found, **changes)


def suite(environments: Sequence[str] = ("world a", "world b"), seeds: int = 3) -> list[Result]:
    return [
        result(agent, environment, seed, mean)
        for agent, mean in MEANS.items()
        for environment in environments
        for seed in range(seeds)
    ]


def board_of(results: Sequence[Result]) -> Any:
    """Return what the page shows of one suite, as its script reads it."""
    data = page_data({"suite": results})
    return json.loads(embedded_json(data.board))["suites"][0]


@given(st.recursive(st.text(), lambda inner: st.dictionaries(st.text(), inner)))
def test_embedded_json_can_not_end_its_element(value: Any) -> None:
    text = embedded_json(value)
    assert text.isascii()
    assert not set(text) & set("<>&\u2028\u2029")
    assert json.loads(text) == value


class Elements(HTMLParser):
    """The elements of a page: name, attributes and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None], str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs), ""))

    def handle_endtag(self, tag: str) -> None:
        self.found.append((f"/{tag}", {}, ""))

    def handle_data(self, data: str) -> None:
        if self.found:
            tag, attributes, text = self.found[-1]
            self.found[-1] = tag, attributes, text + data


def test_only_the_style_and_the_script_of_the_page_are_allowed() -> None:
    found = Elements(page_html(page_data({HOSTILE: suite((HOSTILE,))}))).found
    policy = next(attributes["content"] for _, attributes, _ in found if "http-equiv" in attributes)
    allowed = dict(each.split(" ", 1) for each in policy.split("; "))
    assert allowed["default-src"] == allowed["base-uri"] == allowed["form-action"] == "'none'"
    for tag in ("style", "script"):
        texts = [text for each, attributes, text in found if (each, attributes) == (tag, {})]
        digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()) for text in texts]
        assert [f"'sha256-{digest.decode()}'" for digest in digests] == [allowed[f"{tag}-src"]]
    others = [attributes for tag, attributes, _ in found if tag == "script" and attributes]
    assert {attributes["type"] for attributes in others} == {"application/json"}
    assert "img" not in {tag for tag, _, _ in found}
    for _, attributes, _ in found:
        assert not {"src", "style", "onclick", "onerror", "onload"} & set(attributes)
        assert str(attributes.get("href", "#")).startswith(("#", "data:"))


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_make_no_markup_of_text(name: str) -> None:
    text = (resources.files("lexigym.leaderboard.page") / "assets" / name).read_text("utf-8")
    assert text.startswith('"use strict";\n')
    assert not re.search(r"(inner|outer|Adjacent)HTML|document\.write|\beval\(|Function\(", text)
    assert "</" not in text
    assert "<!--" not in text


def test_every_asset_is_used() -> None:
    names = {
        each.name for each in (resources.files("lexigym.leaderboard.page") / "assets").iterdir()
    }
    assert names == {*SCRIPTS, *STYLES, "page.html"}


def test_a_store_becomes_one_file_which_is_always_the_same(tmp_path: Path) -> None:
    results = suite()
    with Store(tmp_path / "results.sqlite") as store:
        store.enter("mine", [each.run for each in results])
        for each in results:
            store.add(each)
        first = write_page(store, tmp_path / "one")
        second = write_page(store, tmp_path / "two", ["mine"])
        with pytest.raises(UnknownNameError, match="did you mean 'mine'"):
            write_page(store, tmp_path / "three", ["mime"])
    assert first == tmp_path / "one" / "index.html"
    assert first.read_bytes() == second.read_bytes()
    assert [path.name for path in first.parent.iterdir()] == ["index.html"]
    assert not (tmp_path / "three").exists()


def test_scores_are_those_of_the_terminal() -> None:
    found = board_of(suite())
    rows = summarise(suite())
    assert found["agents"] == [row.agent for row in rows] == ["oracle", "good", "bad", "random"]
    for row, shown in zip(rows, found["rows"], strict=True):
        overall = row.overall
        numbers = [overall.score, overall.low, overall.high, overall.runs, overall.failed]
        assert shown["overall"] == pytest.approx(numbers, rel=1e-5, abs=1e-9)
        assert [cell[0] for cell in shown["cells"]] == pytest.approx(
            [cell.score for cell in row.cells.values()], rel=1e-5, abs=1e-9
        )
    aggregates = {each["agent"]: each for each in found["scopes"][0]["aggregates"]}
    # The references are the scale, and need no aggregate.
    assert set(aggregates) == {1, 2}
    assert aggregates[1]["metrics"][0] == found["rows"][1]["overall"][:3]


def test_environments_are_looked_at_together_and_alone() -> None:
    results = [
        each for each in suite() if (each.run.agent, each.run.environment) != ("bad", "world b")
    ]
    found = board_of(results)
    scopes = {(each["kind"], *each["environments"]): each for each in found["scopes"]}
    assert list(scopes) == [("all", 0, 1), ("shared", 0), ("one", 1)]
    named = {
        key: [found["agents"][each["agent"]] for each in scope["aggregates"]]
        for key, scope in scopes.items()
    }
    assert named == {("all", 0, 1): ["good"], ("shared", 0): ["good", "bad"], ("one", 1): ["good"]}
    good, bad = map(found["agents"].index, ("good", "bad"))
    assert found["improvements"][good][bad] == [1, 1, 1, 1]
    assert found["rows"][bad]["overall"][0] is None
    assert found["rows"][bad]["cells"][1] is None


def test_a_curve_is_normalised_as_the_scores_are() -> None:
    found = board_of(suite())
    curve = found["curves"][0][0]
    assert found["agents"][curve["agent"]] == "good"
    assert curve["runs"] == 3
    assert curve["steps"]["grid"] == [0, 500, 1000]
    assert curve["steps"]["score"] == pytest.approx([0.08, 0.4, 0.8])
    # The runs take 3, 4 and 5 seconds; who has ended stays as good as it was.
    assert curve["seconds"]["grid"] == [0, 1.5, 2.5, 3, 3.5, 4, 5]
    assert curve["seconds"]["score"][-1] == pytest.approx(0.8)


def test_a_single_run_has_a_score_and_no_interval() -> None:
    found = board_of(suite(seeds=1))
    for row in found["rows"]:
        for score, low, high, runs, failed in (row["overall"], *row["cells"]):
            assert score is not None
            assert low is high is None
            assert runs > failed == 0
    good, bad = map(found["agents"].index, ("good", "bad"))
    assert found["improvements"][good][bad] == [1, None, None, 2]
    assert all(low is None for _, low, _ in found["scopes"][0]["aggregates"][0]["metrics"])


def test_failures_and_numbers_that_are_none_are_told() -> None:
    failed = dataclasses.replace(
        result("good", "world a", 9, 0.8),
        returns=(),
        curve=(),
        episodes=(),
        error=HOSTILE,
        traceback="Traceback",
    )
    endless = result("endless", "world a", 0, 0.5, returns=(math.inf, math.nan), manifest={})
    data = page_data({"suite": [*suite(), failed, endless]})
    text = page_html(data)
    assert HOSTILE not in text
    runs, shown = data.board["runs"], data.parts[0]
    at = runs["key"].index(failed.run.key)
    assert data.board["errors"][runs["error"][at]] == HOSTILE
    assert data.shared["tracebacks"][shown[at]["traceback"]] == "Traceback"
    at = runs["key"].index(endless.run.key)
    assert runs["meanReturn"][at] is shown[at]["returns"] is None
    found = data.board["suites"][0]
    assert found["rows"][found["agents"].index("good")]["cells"][0][3:] == [3, 1]
    endless_row = found["rows"][found["agents"].index("endless")]
    assert endless_row["cells"][0] == [None, None, None, 1, 0]


def test_without_references_there_are_runs_and_no_scores() -> None:
    found = board_of([each for each in suite() if each.run.agent in ("good", "bad")])
    assert set(found["listing"]["score"]) == {None}
    assert found["curves"] == [[], []]
    assert found["improvements"] == [[None, None], [None, None]]


@pytest.mark.parametrize("suites", [{}, {"nothing": []}])
def test_a_store_may_be_empty(suites: dict[str, list[Result]]) -> None:
    assert "no results yet" in page_html(page_data(suites))


def test_what_runs_share_is_kept_once() -> None:
    results = suite()
    renamed = [
        dataclasses.replace(each, run=dataclasses.replace(each.run, agent=f"my {each.run.agent}"))
        for each in results
    ]
    data = page_data({"one": results, "two": renamed})
    assert len(data.board["runs"]["key"]) == sum(map(len, data.parts)) == len(results)
    # Of four agents on two environments, by one machine.
    assert (len(data.shared["specs"]), len(data.shared["makers"])) == (8, 1)
    assert data.board["suites"][1]["listing"]["run"] == list(range(len(results)))


def test_a_run_is_summed_up() -> None:
    odd = result("good", "world a", 0, 0.8, returns=tuple(np.arange(101.0)))
    odd = dataclasses.replace(
        odd, run=dataclasses.replace(odd.run, hyperparameters={"clip": math.inf}, seed=2**60)
    )
    data = page_data({"suite": [odd]})
    [run] = data.parts[0]
    assert run["returns"]["quantiles"] == [0, 25, 50, 75, 100]
    assert run["returns"]["bins"] == [*[5] * (BINS - 1), 6]
    assert data.shared["specs"][run["spec"]]["hyperparameters"] == {"clip": "Infinity"}
    assert data.shared["makers"][run["maker"]]["versions"] == {"python": "3.11.2"}
    assert data.board["runs"]["seed"] == [str(2**60)]
    assert run["episodes"][0] == {
        "seed": 7,
        "actions": [1, 0, 2],
        "return": 0.8,
        "text": "| world a |",
    }


def test_numbers_are_short_and_never_nan() -> None:
    assert [rounded(each) for each in (1 / 3, 1e300, -0.0, 7.0)] == [0.333333, 1e300, 0, 7]
    assert [rounded(each) for each in (math.nan, math.inf, -math.inf)] == [None] * 3
    assert (whole(2**53 - 1), whole(2**53)) == (2**53 - 1, str(2**53))


def _strata(generator: np.random.Generator, runs: Sequence[int], mean: float) -> list[Any]:
    # Tenths, so that ties happen.
    return [generator.normal(mean, 0.3, each).round(1) for each in runs]


def test_bands_of_profiles_are_those_of_the_bootstrap() -> None:
    scores = _strata(np.random.default_rng(0), (5, 8), 0.5)
    thresholds = np.linspace(0, 1, 6)
    ends = profile_bands(scores, thresholds, draw_counts(scores, np.random.default_rng(1)))
    expected = stratified_bootstrap(
        lambda drawn: performance_profile(drawn, thresholds),
        scores,
        generator=np.random.default_rng(1),
    )
    np.testing.assert_allclose(ends, expected, atol=1e-12)


def test_improvements_are_those_of_the_bootstrap() -> None:
    generator = np.random.default_rng(0)
    runs = ((5, 8, 3), (6, 2, 3), (4, 4, 0))
    agents = [_strata(generator, each, 0.4 + 0.1 * index) for index, each in enumerate(runs)]
    found, shared = improvements(agents, np.random.default_rng(1), 4000)
    assert shared.tolist() == [[3, 3, 2], [3, 3, 2], [2, 2, 2]]
    for mine, theirs in ((0, 1), (0, 2), (2, 1)):
        both = [
            index for index in range(3) if agents[mine][index].size and agents[theirs][index].size
        ]
        pair = [[agents[each][index] for index in both] for each in (mine, theirs)]
        low, high = stratified_bootstrap(
            probability_of_improvement, *pair, generator=np.random.default_rng(2), replications=4000
        )
        chance, *ends = found[mine, theirs]
        assert chance == pytest.approx(float(probability_of_improvement(*pair)), abs=1e-6)
        # Both are estimates, of 4000 resamples each.
        np.testing.assert_allclose(ends, (low, high), atol=0.08 * (high - low))
