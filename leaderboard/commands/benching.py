"""`lexigym bench`, an experiment from its file to its table, and `lexigym leaderboard`."""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import os
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

from ...registry.agents import find_agent
from ...registry.atomic_file import atomic_file
from ...registry.errors import InvalidArgumentError
from ..experiment import Experiment, load_experiment
from ..page.html import write_page
from ..progress import ProgressBars
from ..ray_workers import execute_all_on_ray
from ..resuming import Executor, execute_missing
from ..run import Result, Run
from ..scores import summarise
from ..store import Store
from ..table import print_runs, print_scores
from ..terminal import Terminal
from ..workers import execute_all


def bench(arguments: argparse.Namespace) -> int:
    """Run an experiment, print its table, and return 1 if a run failed, else 0."""
    console = Terminal()
    experiment = load_experiment(arguments.suite)
    runs = experiment.runs()
    jobs, executor = _executor(arguments, experiment)
    started = time.perf_counter()
    with Store(arguments.store) as store, ProgressBars(runs, jobs, console) as bars:
        store.enter(experiment.name, runs)
        results = execute_missing(runs, executor, bars, store, _check)
    seconds = time.perf_counter() - started
    print_scores(console, results, experiment.name)
    counted = f"{len(runs)} runs in {seconds:.0f} s"
    if bars.kept:
        counted += f", {bars.kept} of them found in {arguments.store}"
    console.print(counted, markup=False, highlight=False, soft_wrap=True)
    if arguments.out is not None:
        _write(experiment, results, arguments.out)
        console.print(f"wrote {arguments.out}", markup=False, highlight=False, soft_wrap=True)
    return int(any(result.error is not None for result in results))


def leaderboard(arguments: argparse.Namespace) -> None:
    """Print the tables of a store, of one suite or of all that it knows, and write its page."""
    console = Terminal()
    with Store(arguments.store, make=False) as store:
        suites = store.suites() if arguments.suite is None else [arguments.suite]
        for suite in suites:
            results = store.results_of(suite)
            print_scores(console, results, suite)
            if arguments.runs:
                print_runs(console, results, f"the runs of {suite}")
        if arguments.out is not None:
            path = write_page(store, arguments.out, suites)
            console.print(f"wrote {path}", markup=False, highlight=False, soft_wrap=True)


def _executor(arguments: argparse.Namespace, experiment: Experiment) -> tuple[int, Executor]:
    """Return how many runs go on at a time, as far as is known, and what executes them."""
    jobs = arguments.jobs or _cores()
    shared: dict[str, Any] = {"tensorboard": arguments.tensorboard}
    if arguments.timeout is None:
        shared["timeout"] = experiment.timeout_of
    else:
        shared["timeout"] = lambda _: arguments.timeout
    if arguments.executor == "ray":
        address = arguments.address
        return jobs, partial(execute_all_on_ray, jobs=arguments.jobs, address=address, **shared)
    if arguments.address is not None:
        raise InvalidArgumentError(
            f"--address {arguments.address} is that of a Ray cluster: add --executor ray."
        )
    return jobs, partial(execute_all, jobs=jobs, **shared)


def _check(run: Run) -> None:
    # So that a misspelt hyperparameter is found before hours of runs and not after.
    find_agent(run.agent_name, run.hyperparameters)


def _write(experiment: Experiment, results: Sequence[Result], path: str) -> None:
    content = {
        "experiment": dataclasses.asdict(experiment),
        "results": [dataclasses.asdict(result) for result in results],
        "scores": [dataclasses.asdict(row) for row in summarise(results)],
    }
    with atomic_file(path) as temporary:
        text = json.dumps(_as_json(content), indent=1, allow_nan=False)
        temporary.write_text(text + "\n", encoding="utf-8")


def _as_json(value: Any) -> Any:
    """Return a value with null for NaN, and infinities as texts, since JSON has none of them."""
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    if isinstance(value, dict):
        return {key: _as_json(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_as_json(each) for each in value]
    return value


def _cores() -> int:
    """Return how many cores this process may use, where the system tells."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
