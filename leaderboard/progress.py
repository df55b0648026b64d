"""Progress bars of an experiment: all runs with their pace, and the steps of those under way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from .pace import Pace
from .run import Result, Run


class ProgressBars:
    """A watcher of runs that draws on a console; a context, in which it is live.

    Where the console is no terminal, it prints a line for each finished run instead.

    Args:
        runs: The runs.
        jobs: How many go on at a time.
        console: Where to draw.

    Attributes:
        kept: How many results were found, and not waited for.
    """

    def __init__(self, runs: Sequence[Run], jobs: int, console: Console) -> None:
        self.runs = runs
        self.console = console
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[pace]}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._pace = Pace(runs, jobs)
        self._overall = self._bars.add_task("runs", total=len(runs), pace="")
        self._tasks: dict[int, TaskID] = {}
        self._finished = self.kept = 0

    def __enter__(self) -> Self:
        """Start drawing."""
        self._bars.start()
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Remove the bars."""
        self._bars.stop()

    def found(self, index: int) -> None:
        """Move the bar of all runs."""
        self._pace.found(index)
        self._bars.advance(self._overall)
        self._finished += 1
        self.kept += 1

    def started(self, index: int) -> None:
        """Add a bar, in place of an earlier one of the same run."""
        if index in self._tasks:
            self._bars.remove_task(self._tasks[index])
        run = self.runs[index]
        self._pace.started(index)
        self._tasks[index] = self._bars.add_task(
            escape(_describe(run)), total=run.steps or None, pace=""
        )

    def stepped(self, index: int, steps: int) -> None:
        """Move a bar."""
        self._pace.stepped(index, steps)
        self._bars.update(self._tasks[index], completed=steps)
        # It looks at all runs that are left, many times a second.
        if not self._bars.disable:
            self._bars.update(self._overall, pace=_describe_pace(self._pace))

    def finished(self, index: int, result: Result) -> None:
        """Remove a bar, and move the one of all runs."""
        self._pace.finished(index)
        self._bars.remove_task(self._tasks.pop(index))
        self._bars.advance(self._overall)
        self._finished += 1
        if not self.console.is_terminal:
            outcome = "failed" if result.error else "done"
            self.console.print(
                f"{self._finished}/{len(self.runs)} {_describe(self.runs[index])}: {outcome}",
                markup=False,
                highlight=False,
            )


def _describe(run: Run) -> str:
    return f"{run.agent} on {run.environment}, seed {run.seed}"


def _describe_pace(pace: Pace) -> str:
    described = f"{pace.running} running, {pace.steps_per_second:,.0f} steps/s"
    if pace.seconds_left is None:
        return described
    return f"{described}, {timedelta(seconds=round(pace.seconds_left))} left"
