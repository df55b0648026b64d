"""The leaderboard in the terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.console import Console, RenderableType
from rich.measure import Measurement, measure_renderables
from rich.table import Table
from rich.text import Text

from ..registry.terminal import printable
from .run import Result
from .scores import Cell, Row, normalised, summarise

INTERVAL_WIDTH = len("[-0.12, -0.34]")
WIDEST = 1_000


def print_scores(console: Console, results: Sequence[Result], title: str) -> None:
    """Print the table of an experiment, and why runs failed."""
    _print_whole(console, score_table(summarise(results), title))
    if any(result.error is not None for result in results):
        console.print(failure_list(results), soft_wrap=True)


def score_table(rows: Sequence[Row], title: str) -> Table:
    """Return the table of agents by environments, with scores, their intervals and speed."""
    table = Table(
        title=plain_text(title),
        caption="score: 0 is random play, 1 the oracle; interquartile mean over the seeds, with "
        "its 95 % interval; s/run: seconds to learn and to evaluate",
    )
    table.add_column("agent", no_wrap=True)
    several = bool(rows) and len(rows[0].cells) > 1
    if several:
        table.add_column("all", justify="right", no_wrap=True)
    for environment in rows[0].cells if rows else ():
        table.add_column(plain_text(environment), justify="right", min_width=INTERVAL_WIDTH)
    table.add_column("steps/s", justify="right", no_wrap=True)
    table.add_column("s/run", justify="right", no_wrap=True)
    for row in rows:
        cells = [row.overall] * several + list(row.cells.values())
        table.add_row(
            plain_text(row.agent),
            *map(_score_text, cells),
            _number(row.steps_per_second, ",.0f"),
            _number(row.seconds_per_run, ".1f"),
        )
    return table


def print_runs(console: Console, results: Sequence[Result], title: str) -> None:
    """Print every run of an experiment with the beginning of its key, by which others name it."""
    table = Table(title=plain_text(title))
    table.add_column("run", no_wrap=True)
    table.add_column("agent")
    table.add_column("environment")
    for head in ("seed", "mean return", "score", "s"):
        table.add_column(head, justify="right", no_wrap=True)
    for result, score in zip(results, normalised(results), strict=True):
        seconds = result.learning_seconds + result.evaluation_seconds
        table.add_row(
            result.run.short_key,
            plain_text(result.run.agent),
            plain_text(result.run.environment),
            str(result.run.seed),
            _number(result.mean_return, "z.3f") if result.error is None else "failed",
            _number(score, "z.2f"),
            _number(seconds, ".1f"),
        )
    _print_whole(console, table)


def failure_list(results: Sequence[Result]) -> RenderableType:
    """Return one line for all runs of an agent on an environment that failed for one reason."""
    seeds: dict[tuple[str, str, str], list[int]] = {}
    for result in results:
        if result.error is not None:
            key = (result.run.agent, result.run.environment, result.error)
            seeds.setdefault(key, []).append(result.run.seed)
    lines = [
        plain_text(
            f"failed: {agent} on {environment}, seeds {', '.join(map(str, failed))}: {error}"
        )
        for (agent, environment, error), failed in seeds.items()
    ]
    return Text("\n", style="red").join(lines)


def _print_whole(console: Console, table: Table) -> None:
    # A table that is wider than the terminal breaks its lines there, instead of losing columns.
    wide = console.options.update(max_width=WIDEST)
    for column in table.columns:
        measured = measure_renderables(console, wide, [column.header, *column.cells])
        least = measured.maximum if column.no_wrap else measured.minimum
        column.min_width = max(least, column.min_width or 0)
    needed = Measurement.get(console, wide, table).minimum
    if needed > console.width:
        table.width = needed
    console.print(table, crop=False)


def _score_text(cell: Cell) -> Text:
    text = Text(_number(cell.score, "z.2f"), style="bold")
    if not math.isnan(cell.low):
        text.append(f"\n[{cell.low:z.2f}, {cell.high:z.2f}]", style="not bold dim")
    if cell.failed:
        text.append(f"\n{cell.failed} failed", style="not bold red")
    return text


def plain_text(text: str, style: str = "") -> Text:
    """Return a text as it is, without markup, its control characters spelled out."""
    return Text(printable(text), style=style)


def _number(value: float, format_: str) -> str:
    return "-" if math.isnan(value) else format(value, format_)
