"""Runs that are done once more, to see whether they give the same again."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from .comparison import different_outcome
from .progress import ProgressBars
from .run import Result
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
    with ProgressBars(runs, 1, console) as bars:
        executed = execute_all(runs, 1, bars, lambda _: True)
    return [
        (executed[index], different_outcome(result, executed[index]))
        for index, result in enumerate(results)
    ]
