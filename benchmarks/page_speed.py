"""How long the page of 10 000 runs takes to open in headless Chromium, and to be written.

From the beginning of the navigation to the first frame with all that is shown at once; the runs
are made up: agents x environments x seeds, each with a learning curve and two episodes.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
from playwright.sync_api import sync_playwright

from lexigym.leaderboard.page.data import page_data
from lexigym.leaderboard.page.html import page_html
from lexigym.leaderboard.run import Episode, Point, Result, Run

SHAPES = ((20, 10, 50), (100, 20, 5))
ARGUMENTS = ("--disable-gpu", "--no-sandbox", "--disable-background-networking")
TIMER = """window.seconds = new Promise((found) =>
    addEventListener("load", () => requestAnimationFrame(() =>
        setTimeout(() => found(performance.now() / 1000)))))"""


def make_results(agents: int, environments: int, seeds: int) -> list[Result]:
    noise = np.random.default_rng(0)
    names = ["random", "oracle", *(f"agent {index}" for index in range(agents - 2))]
    means = [0.0, 1.0, *np.linspace(0.1, 0.9, agents - 2)]
    return [
        make_result(name, f"environment {world}", seed, mean + noise.normal(0, 0.05))
        for name, mean in zip(names, means, strict=True)
        for world in range(environments)
        for seed in range(seeds)
    ]


def make_result(agent: str, environment: str, seed: int, mean: float) -> Result:
    learns = agent not in ("random", "oracle")
    run = Run(
        environment=environment,
        environment_id=f"{environment.replace(' ', '-')}-v0",
        arguments={"level": "small"},
        evaluation_arguments={"level": "small", "split": "test"},
        agent=agent,
        agent_name=agent,
        hyperparameters={"learning_rate": 1e-3, "gamma": 0.9, "batch_size": 64},
        seed=seed,
        steps=100_000 if learns else 0,
        num_envs=16,
        evaluation_episodes=100,
        evaluation_seed=0,
        curve_points=8 if learns else 0,
    )
    curve = tuple(Point(12_500 * i, 10.0 * i, mean * i / 8) for i in range(9)) if learns else ()
    episodes = tuple(Episode(i, (3, 1, 2, 0), mean, "prompt  a\ntext    b\n" * 4) for i in (0, 1))
    returns = tuple(mean + 0.01 * (index % 7) for index in range(100))
    return Result(run, returns, 80.0, 1.0, curve, episodes, manifest={"versions": {"torch": "2"}})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--browser", default=shutil.which("chromium"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=arguments.browser, args=list(ARGUMENTS)
        )
        for shape in SHAPES:
            results = make_results(*shape)
            start = time.perf_counter()
            html = page_html(page_data({"large": results}))
            writing = time.perf_counter() - start
            path = Path(folder, "index.html")
            path.write_text(html, encoding="utf-8")
            opening = []
            for _ in range(arguments.rounds):
                page = browser.new_page()
                page.add_init_script(TIMER)
                page.goto(path.as_uri())
                opening.append(page.evaluate("() => window.seconds"))
                page.close()
            print(
                "{} agents x {} environments x {} seeds: ".format(*shape)
                + f"opens in {median(opening):.2f} s ({min(opening):.2f} to {max(opening):.2f}), "
                f"written in {writing:.0f} s, {len(html) / 1e6:.1f} MB"
            )
        browser.close()


if __name__ == "__main__":
    main()
