"""The page as a reader has it, in a headless browser."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from lexigym.leaderboard.page.data import page_data
from lexigym.leaderboard.page.html import page_html
from lexigym.leaderboard.run import Episode, Result

from .test_page import HOSTILE, MEANS, result, suite

pytestmark = pytest.mark.slow

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-sync",
    "--no-first-run",
    # It runs as root in containers.
    "--no-sandbox",
)
FORMULA = "=1+1|_x_ & 50%"
FAILED = dataclasses.replace(
    result("bad", "world b", 8, 0.3),
    returns=(),
    curve=(),
    episodes=(),
    error=f"ValueError: {HOSTILE}",
    traceback=f"Traceback\n  {HOSTILE}",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        missing = f"there is none of the browsers {', '.join(BROWSERS)}"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found, args=QUIET)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Two suites: one with all that is odd, and one with nothing but single runs."""
    odd = [
        *suite(),
        FAILED,
        *(result(HOSTILE, "world a", seed, 0.6) for seed in (0, 1)),
        *(result(agent, HOSTILE, 0, MEANS[agent]) for agent in ("random", "oracle")),
        dataclasses.replace(
            result(FORMULA, HOSTILE, 0, -0.5), episodes=(Episode(3, (1,), 0.5, HOSTILE),)
        ),
    ]
    return written(
        tmp_path_factory.mktemp("page"), {"odd": odd, "single / runs": suite(("world c",), 1)}
    )


def written(folder: Path, suites: dict[str, Sequence[Result]]) -> str:
    path = folder / "index.html"
    path.write_text(page_html(page_data(suites)), encoding="utf-8", newline="\n")
    return path.as_uri()


@pytest.fixture
def opened(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """Open the page; at the end, nothing was run, loaded, or complained of."""
    contexts = []
    complaints: list[str] = []
    requests: list[str] = []

    def open_(fragment: str = "", at: str = address, **options: Any) -> Page:
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(at + fragment)
        return page

    yield open_
    for context in contexts:
        for page in context.pages:
            assert page.evaluate("typeof window.pwned") == "undefined"
        context.close()
    assert not complaints
    assert {re.split(r"[:,]", url)[0] for url in requests} <= {"file", "blob", "data"}


def scores(page: Page) -> Locator:
    return page.locator("#scores tbody tr")


def names(page: Page) -> list[str]:
    return scores(page).locator("th").all_inner_texts()


def saved(page: Page, label: str) -> bytes:
    with page.expect_download() as download:
        page.get_by_label(label, exact=True).click()
    return Path(download.value.path()).read_bytes()


def test_a_click_on_a_head_sorts(opened: Callable[..., Page]) -> None:
    page = opened()
    head = page.locator("#scores thead th", has_text="world a")
    head.get_by_role("button").click()
    assert names(page)[:3] == ["oracle", "good", HOSTILE]
    expect(head).to_have_attribute("aria-sort", "descending")
    head.get_by_role("button").press("Enter")
    expect(head).to_have_attribute("aria-sort", "ascending")
    # Who has no score there is last both ways.
    assert names(page) == ["random", "bad", HOSTILE, "good", "oracle", FORMULA]
    assert page.locator("#scores th[aria-sort]").count() == 1


def test_agents_and_environments_are_chosen(opened: Callable[..., Page]) -> None:
    page = opened()
    page.get_by_placeholder("Find agents").fill("O good")
    assert names(page) == ["good"]
    page.get_by_placeholder("Find agents").fill("")
    page.get_by_text("Agents: 6 of 6").click()
    page.get_by_label("bad", exact=True).uncheck()
    expect(page.get_by_text("Agents: 5 of 6")).to_be_visible()
    assert "bad" not in names(page)
    assert "bad" not in page.locator("#curves .legend").inner_text()
    assert "bad" not in page.locator("#runs tbody").inner_text()
    page.keyboard.press("Escape")
    page.get_by_text("Environments: 3 of 3").click()
    page.get_by_label("world a", exact=True).uncheck()
    assert "world a" not in page.locator("#scores thead").inner_text()
    assert page.locator("#curves figcaption", has_text="world").count() == 1


def test_runs_are_found_and_turned(opened: Callable[..., Page]) -> None:
    page = opened()
    runs = page.locator("#runs tbody tr")
    page.get_by_role("button", name="Failed").click()
    assert runs.count() == 1
    assert HOSTILE in runs.inner_text()
    page.get_by_role("button", name="All", exact=True).last.click()
    page.get_by_placeholder("Find runs").fill("good seed 2")
    assert runs.count() == 2
    page.get_by_placeholder("Find runs").fill("no such run")
    assert "Nothing matches" in runs.inner_text()


def test_another_suite_is_chosen_and_left(opened: Callable[..., Page]) -> None:
    page = opened()
    page.locator("main select").first.select_option("single / runs")
    expect(page.locator("h1")).to_have_text("single / runs")
    assert "1 run" in scores(page).first.inner_text()
    assert page.url.endswith("#suite/single%20%2F%20runs")
    page.go_back()
    expect(page.locator("h1")).to_have_text("odd")
    page = opened("#suite/single%20%2F%20runs/runs")
    expect(page.locator("h1")).to_have_text("single / runs")
    expect(page.locator("#runs")).to_be_in_viewport()


def test_a_run_has_a_page(opened: Callable[..., Page]) -> None:
    page = opened()
    page.get_by_placeholder("Find runs").fill("good seed 1")
    page.locator("#runs tbody a").first.click()
    expect(page.locator("h1")).to_have_text("good on world a, seed 1")
    text = page.locator("main").inner_text()
    for part in ("learning_rate", "0.001", "0123abcd", "3.11.2", "split", "1 0 2", "| world a |"):
        assert part in text
    assert page.locator("figure svg.drawing").count() == 2
    page.get_by_role("button", name="By wall time").click()
    assert "wall time" in page.locator("figure").last.inner_text()
    page.go_back()
    expect(page.locator("h1")).to_have_text("odd")
    # What was chosen there still is.
    assert page.get_by_placeholder("Find runs").input_value() == "good seed 1"
    expect(page.locator("#runs")).to_be_in_viewport()


def test_a_failed_run_tells_why(opened: Callable[..., Page]) -> None:
    page = opened(f"#run/{FAILED.run.key}")
    assert f"ValueError: {HOSTILE}" in page.locator(".error").inner_text()
    assert page.locator(".error pre").inner_text() == FAILED.traceback
    assert page.locator("figure").count() == 0
    page = opened("#run/none")
    assert "No run has the key none" in page.locator("main").inner_text()


def test_what_looks_like_markup_is_text(opened: Callable[..., Page]) -> None:
    page = opened()
    assert HOSTILE in names(page)
    assert HOSTILE in page.locator("#scores thead").inner_text()
    page.get_by_placeholder("Find runs").fill("1+1")
    page.locator("#runs tbody a").first.click()
    assert page.locator(".episode pre").inner_text() == HOSTILE
    assert page.locator("img").count() == 0


def test_even_a_mistake_runs_nothing(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(address)
    refused = page.evaluate(
        """markup => {
            try { document.body.innerHTML = markup; } catch (error) { return error.name; }
        }""",
        HOSTILE,
    )
    assert refused == "TypeError"
    with page.expect_console_message(lambda message: "Content Security Policy" in message.text):
        page.evaluate("document.createElement('img').src = 'https://example.org/picture.png'")
    page.close()


def test_curves_are_read_by_steps_or_by_time(opened: Callable[..., Page]) -> None:
    page = opened()
    figure = page.locator("#curves figure").first
    assert "environment steps" in figure.inner_text()
    page.locator("#curves").get_by_role("button", name="By wall time").click()
    assert "wall time" in figure.inner_text()
    figure.locator("svg.drawing").focus()
    page.keyboard.press("ArrowLeft")
    tooltip = page.locator("#tooltip")
    expect(tooltip).to_be_visible()
    assert re.search(r"good\s+0\.\d\d \[0\.\d\d, 0\.\d\d\]", tooltip.inner_text())
    page.keyboard.press("Escape")
    expect(tooltip).to_be_hidden()


def test_improvement_is_over_the_agent_that_is_chosen(opened: Callable[..., Page]) -> None:
    page = opened()
    page.locator("#improvement select").select_option("bad")
    assert "P(agent > bad)" in page.locator("#improvement figure").inner_text()
    page.locator("#improvement summary").click()
    assert "1.00" in page.locator("#improvement tbody tr", has_text="good").first.inner_text()


def test_the_theme_follows_the_system_until_it_is_chosen(opened: Callable[..., Page]) -> None:
    page = opened(color_scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(ground)
    toggle = page.locator("#theme")
    expect(toggle).to_have_text("Theme: auto")
    toggle.click()
    expect(toggle).to_have_text("Theme: light")
    light = page.evaluate(ground)
    assert light != dark
    page.reload()
    expect(toggle).to_have_text("Theme: light")
    assert page.evaluate(ground) == light
    toggle.click()
    expect(toggle).to_have_text("Theme: dark")
    assert page.evaluate(ground) == dark
    toggle.click()
    expect(toggle).to_have_text("Theme: auto")


def test_scores_are_saved_as_they_are_shown(opened: Callable[..., Page]) -> None:
    page = opened()
    page.get_by_placeholder("Find agents").fill("o")
    shown = names(page)
    rows = list(csv.DictReader(io.StringIO(saved(page, "Save the scores as CSV").decode())))
    assert list(dict.fromkeys(row["agent"] for row in rows)) == shown
    assert {row["environment"] for row in rows} == {"(all)", "world a", "world b", HOSTILE}
    good = {row["environment"]: row for row in rows if row["agent"] == "good"}
    assert float(good["world a"]["low"]) < float(good["world a"]["score"]) < 1
    assert (good["(all)"]["score"], good["world a"]["runs"]) == ("", "3")
    found = json.loads(saved(page, "Save the scores as JSON"))
    assert [row["agent"] for row in found["scores"]] == shown
    cell = next(row for row in found["scores"] if row["agent"] == "good")["environments"]["world a"]
    assert cell["score"] == float(good["world a"]["score"])


def test_no_cell_is_a_formula(opened: Callable[..., Page]) -> None:
    page = opened()
    text = saved(page, "Save the scores as CSV").decode()
    assert f"\r\n'{FORMULA}," in text
    # A number is no formula.
    assert re.search(r",-0\.\d+,,,1,0\r\n", text)
    errors = [row["error"] for row in csv.DictReader(io.StringIO(saved_runs(page)))]
    assert FAILED.error in errors


NUMBERS = ["-0.5", "+1e-3", "-.5", "1"]
FORMULAS = ["=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", "\n=1", " =1", "\uff1d1", "\uff20x"]
TEXTS = ["a;=1", 'a","=1', "a\r\n=1", "a\n=1", '"', "'=1", "", " a ", "中"]


def test_a_spreadsheet_takes_a_cell_for_what_it_is(opened: Callable[..., Page]) -> None:
    page = opened()
    cells = [*NUMBERS, *FORMULAS, *TEXTS]
    text = page.evaluate("cells => csv(['a', 'b'], cells.map(cell => [cell, -0.5]))", cells)
    _, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    expected = [*NUMBERS, *(f"'{each}" for each in FORMULAS), *TEXTS]
    assert rows == [[each, "-0.5"] for each in expected]
    # Some part cells by semicolons: then these are within quotation marks.
    for line in re.sub('"[^"]*"', "", text).splitlines():
        assert ";" not in line


def test_tables_hold_no_control_characters(opened: Callable[..., Page]) -> None:
    page = opened()
    for write in ("markdownText", "latexText"):
        text = page.evaluate(f"{write}('a\\x1b]0;\\x07\\x9b\\u202eb\\n c')")
        assert text.startswith("a\ufffd")
        assert text.endswith("\ufffd\ufffd\ufffdb c")


def saved_runs(page: Page) -> str:
    return saved(page, "Save the runs as CSV").decode()


def test_runs_are_saved(opened: Callable[..., Page]) -> None:
    page = opened()
    page.get_by_placeholder("Find runs").fill("good")
    rows = list(csv.DictReader(io.StringIO(saved_runs(page))))
    assert {row["agent"] for row in rows} == {"good"}
    found = json.loads(saved(page, "Save the runs as JSON"))["runs"]
    assert [row["key"] for row in found] == [row["key"] for row in rows]
    assert len(found) == 6


def test_tables_for_papers_are_escaped(opened: Callable[..., Page]) -> None:
    page = opened()
    markdown = saved(page, "Save the scores as Markdown").decode().splitlines()
    assert {len(re.split(r"(?<!\\)\|", line)) for line in markdown} == {7}
    assert any(line.startswith(r"| =1+1\|\_x\_ \& 50% |") for line in markdown)
    assert not any("<" in line.replace(r"\<", "") for line in markdown)
    latex = saved(page, "Save the scores as LaTeX").decode()
    assert r"=1+1\textbar{}\_x\_ \& 50\% & - &" in latex
    assert r"\textless{}/script\textgreater{}" in latex
    assert latex.count(r"\begin{tabular}{lrrrr}") == latex.count(r"\end{tabular}") == 1
    body = latex[latex.index(r"\toprule") :].replace(r"\&", "")
    lines = [line for line in body.splitlines() if line.endswith(r"\\")]
    assert {line.count("&") for line in lines} == {4}


def test_figures_are_saved(opened: Callable[..., Page]) -> None:
    page = opened(color_scheme="dark")
    # One figure of each kind, and what it must tell without the page around it.
    kinds = {"world a": "good", "Aggregate metrics": "median", "Performance profiles": "share"}
    for title, part in kinds.items():
        drawn = ElementTree.fromstring(saved(page, f"Save {title} as SVG"))
        assert drawn.tag == "{http://www.w3.org/2000/svg}svg"
        assert part in "".join(drawn.itertext())
        assert not [each for each in drawn.iter() if "class" in each.attrib]
        # On paper, whatever the theme.
        ground = drawn.find("{http://www.w3.org/2000/svg}rect")
        assert ground is not None
        assert ground.get("fill") == "rgb(253, 253, 251)"
    assert saved(page, "Save world a as PNG").startswith(b"\x89PNG\r\n\x1a\n")


@pytest.mark.parametrize("fragment", ["", f"#run/{FAILED.run.key}"])
def test_a_phone_scrolls_no_page_sideways(opened: Callable[..., Page], fragment: str) -> None:
    page = opened(fragment, viewport={"width": 390, "height": 844}, has_touch=True)
    for summary in page.locator("summary").all():
        summary.click()
        assert page.evaluate("document.scrollingElement.scrollWidth") <= 390


def test_ten_thousand_runs_are_shown_by_the_page(
    tmp_path: Path, opened: Callable[..., Page]
) -> None:
    noise = np.random.default_rng(0)
    agents = MEANS | {f"agent {index}": 0.1 * index for index in range(6)}
    results = [
        result(agent, f"world {world}", seed, mean + noise.normal(0, 0.05))
        for agent, mean in agents.items()
        for world in range(10)
        for seed in range(100)
    ]
    large = written(tmp_path, {"large": results})
    page = opened(at=large)
    assert scores(page).count() == len(agents)
    assert "10,000 runs" in page.locator("main").inner_text()
    page.locator("#runs thead button", has_text="score").click()
    page.get_by_role("button", name="Next").click()
    assert "51 to 100 of 10,000" in page.locator("#runs").inner_text()
    page.locator("#runs tbody a").last.click()
    expect(page.locator("h1")).to_contain_text("seed")
