"""`lexigym verify`: results of a store, compared bit for bit with what their runs give now."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from reprlib import Repr
from typing import Any

from rich.table import Table
from rich.text import Text

from ..comparison import different_manifest
from ..rerunning import rerun
from ..run import Result
from ..store import Store
from ..terminal import Terminal

# A manifest may be a stranger's, and of any length.
SHORTENED = Repr()
SHORTENED.maxstring = 100
NOTHING = "versions, machine and dataset are the same"


def verify(arguments: argparse.Namespace) -> int:
    """Run results again, print what differs, and return 1 if an outcome does, else 0."""
    console = Terminal(highlight=False, markup=False)
    before = _results(arguments.store, arguments.runs)
    compared = rerun(before, console)
    for then, (now, difference) in zip(before, compared, strict=True):
        console.print(f"{describe(then)}: {_verdict(now, difference)}", soft_wrap=True)
        changed = different_manifest(then.manifest, now.manifest)
        console.print(_table(changed) if changed else NOTHING)
    return int(any(difference for _, difference in compared))


def describe(result: Result) -> str:
    """Return the beginning of a run's key, and its names."""
    run = result.run
    return f"{run.short_key}, {run.agent!r} on {run.environment!r}, seed {run.seed}"


def _results(path: str, prefixes: Sequence[str]) -> list[Result]:
    with Store(path, make=False) as store:
        keys = list(dict.fromkeys(map(store.key_of, prefixes)))
        # Of several suites, any one gives the names.
        found = {entry.result.run.key: entry.result for entry in store.entries(keys=keys)}
    return [found[key] for key in keys]


def _verdict(now: Result, difference: str) -> str:
    if difference:
        return f"NOT the same: {difference}"
    return "bit-equal" if now.error is None else f"fails the same way, {now.error!r}"


def _table(changed: dict[str, tuple[Any, Any]]) -> Table:
    table = Table("", "then", "now")
    for name, values in changed.items():
        table.add_row(Text(name), *(Text("-" if v is None else SHORTENED.repr(v)) for v in values))
    return table
