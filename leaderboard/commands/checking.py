"""`lexigym check`: whether an environment, or an agent, keeps what it promises."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich.table import Table

from ...registry.atomic_file import atomic_file
from ...registry.errors import InvalidArgumentError
from ..checks import Outcome, Status, check_agent, check_environment
from ..table import plain_text
from ..terminal import Terminal

STYLES = {
    Status.PASSED: "green",
    Status.WARNING: "yellow",
    Status.FAILED: "bold red",
    Status.SKIPPED: "dim",
}


def check(arguments: argparse.Namespace) -> int:
    """Make the checks, print what came of them, and return 1 if a promise is broken, else 0."""
    console = Terminal(highlight=False)
    name = arguments.agent or arguments.environment
    if name is None:
        raise InvalidArgumentError("there is nothing to check: name an environment, or an --agent.")
    with console.status(plain_text(f"checking {name}")):
        outcomes = _outcomes(arguments)
    console.print(_table(name, outcomes))
    counts = Counter(outcome.status for outcome in outcomes)
    console.print(", ".join(f"{counts[status]} {status}" for status in Status if counts[status]))
    if arguments.out is not None:
        _write(outcomes, arguments.out)
    return int(counts[Status.FAILED] > 0)


def _outcomes(arguments: argparse.Namespace) -> list[Outcome]:
    shared: dict[str, Any] = {
        "arguments": dict(arguments.env_set),
        "seed": arguments.seed,
        "episodes": arguments.episodes,
        "only": arguments.only,
        "timeout": arguments.timeout,
    }
    if arguments.agent is None:
        return check_environment(arguments.environment, **shared)
    return check_agent(
        arguments.agent,
        arguments.environment,
        hyperparameters=dict(arguments.agent_set),
        **shared,
    )


def _table(name: str, outcomes: Sequence[Outcome]) -> Table:
    table = Table(title=plain_text(name), title_justify="left")
    table.add_column("check", no_wrap=True)
    table.add_column("outcome", no_wrap=True)
    table.add_column("what is promised, or what was found")
    for outcome in outcomes:
        table.add_row(
            outcome.check,
            plain_text(outcome.status, STYLES[outcome.status]),
            plain_text(outcome.detail or outcome.promise),
        )
    return table


def _write(outcomes: Sequence[Outcome], path: str) -> None:
    rows = [vars(outcome) for outcome in outcomes]
    with atomic_file(path) as temporary:
        temporary.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
