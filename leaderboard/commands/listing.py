"""`lexigym list` and `lexigym describe`: what the registry holds."""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Callable
from typing import Any

import gymnasium
from rich.table import Table as Grid
from rich.text import Text

from ...registry.adapters import adapter_options
from ...registry.agents import known_hyperparameters
from ...registry.arguments import keyword_arguments
from ...registry.environments import ENVIRONMENTS, find_spec
from ...registry.errors import LexigymError, UnknownNameError, did_you_mean
from ...registry.table import Entry, Table
from ...registry.tables import ADAPTERS, AGENTS, TABLES
from ..terminal import Terminal

# What things of a kind are made with is called, and is known by.
ARGUMENTS: dict[Table, tuple[str, Callable[[Any], dict[str, Any] | None]]] = {
    ENVIRONMENTS: ("arguments", keyword_arguments),
    AGENTS: ("hyperparameters", known_hyperparameters),
    ADAPTERS: ("options", adapter_options),
}


def list_all(_: argparse.Namespace) -> None:
    """Print all tables; what third-party packages provide is imported, to tell whether it works."""
    console = Terminal(highlight=False)
    for table in TABLES:
        lines = [(entry, _problem(table, entry)) for entry in table.entries()]
        lines += [(entry, str(error)) for entry, error in table.rejected]
        if lines:
            console.print(_grid(f"{table.kind}s", lines))


def describe(arguments: argparse.Namespace) -> None:
    """Print the documentation of everything with a name."""
    console = Terminal(highlight=False)
    described = [_describe(table, arguments.name) for table in TABLES if arguments.name in table]
    if not described and arguments.name in gymnasium.registry:
        described = [_describe(ENVIRONMENTS, arguments.name)]
    if not described:
        known = [name for table in TABLES for name in table.names()]
        raise UnknownNameError(
            f"nothing is named {arguments.name!r}: {did_you_mean(arguments.name, known)}"
        )
    for parts in described:
        # As they were written: the lines of a docstring are broken already.
        console.print(*parts, sep="\n\n", soft_wrap=True)


def _grid(title: str, lines: list[tuple[Entry, str]]) -> Grid:
    grid = Grid(title=title, title_justify="left", expand=False)
    grid.add_column("name", no_wrap=True)
    columns = ["summary"]
    if any(entry.distribution for entry, _ in lines):
        columns.append("package")
    if any(problem for _, problem in lines):
        columns.append("broken")
    for column in columns:
        grid.add_column(column)
    for entry, problem in lines:
        cells = {
            "summary": Text(entry.summary),
            "package": Text(entry.distribution or ""),
            "broken": Text(problem, style="red"),
        }
        grid.add_row(Text(entry.name), *(cells[column] for column in columns))
    return grid


def _problem(table: Table, entry: Entry) -> str:
    if entry.distribution is None:
        return ""
    try:
        table.load(entry)
    except LexigymError as error:
        return str(error)
    return ""


def _describe(table: Table, name: str) -> list[Any]:
    """Return the heading, the documentation and the arguments of one thing."""
    if table is ENVIRONMENTS:
        thing = ENVIRONMENTS.load(ENVIRONMENTS.entry_of(find_spec(name)))
    else:
        thing = table.get(name)
    title, arguments_of = ARGUMENTS.get(table, ("", lambda _: None))
    arguments = arguments_of(thing)
    parts: list[Any] = [
        Text(f"{name} ({table.kind})", style="bold"),
        Text(inspect.getdoc(thing) or "It has no documentation."),
    ]
    if arguments:
        grid = Grid(title=title, title_justify="left")
        grid.add_column("name")
        grid.add_column("default")
        for key, default in arguments.items():
            required = default is inspect.Parameter.empty
            grid.add_row(Text(key), Text("(required)" if required else repr(default)))
        parts.append(grid)
    return parts
