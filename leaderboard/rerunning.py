"""Runs that are done once more, to see whether they give the same again."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from .comparison import different_outcome
from .progress import ProgressBars
from .run import Result, Run
from .workers import execute_all


def rerun(results: Sequence[Result], console: Console) -> list[tuple[Result, str]]:
    """Return each result's counterpart of now, and what differs; nothing does if that is empty.

    The runs are executed one after the other as `lexigym bench` executes them, single-threaded in a
    process of their own. They import, read and execute what their specs name.

    Args:
        results: What the runs gave before.
        console: Shows how they go.
    """
    runs = [result.run for result in results]
    with _Collector(runs, 1, console) as collector:
        execute_all(runs, 1, collector, lambda _: True)
    again = collector.results
    return [
        (again[index], different_outcome(result, again[index]))
        for index, result in enumerate(results)
    ]


class _Collector(ProgressBars):
    def __init__(self, runs: Sequence[Run], jobs: int, console: Console) -> None:
        super().__init__(runs, jobs, console)
        self.results: dict[int, Result] = {}

    def finished(self, index: int, result: Result) -> None:
        super().finished(index, result)
        self.results[index] = result
