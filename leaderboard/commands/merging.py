"""`lexigym merge`: packs of others, checked row by row and taken into a store, all or none.

Two results of one run that ended well and differ, be it in the last bit, contradict each other. No
file tells which is right, so nothing is merged until somebody decides: by leaving a pack out, or by
`--keep-mine`, for what is in the store, or came first. Without that flag the scores of a board
depend on its packs alone, and not on their order; all that does is whose wall times and versions
are kept of a run that several have done alike, or failed to do: those that came first.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from ...registry.agents import find_agent
from ...registry.environments import find_spec
from ...registry.errors import LexigymError
from ..packs.files import Packs, read_packs
from ..packs.rows import PackError
from ..rerunning import rerun
from ..run import Run
from ..store import Comparison, Store
from ..terminal import Terminal
from .verifying import describe


def merge(arguments: argparse.Namespace) -> None:
    """Merge packs into a store, if all is right; else print all that is wrong, and raise.

    Raises:
        PackError: If a row is damaged or foreign, contradicts another and not `keep_mine`, or with
            `rerun`, gives something else when it is run again.
    """
    packs = read_packs(arguments.files)
    _refuse(packs.problems)
    # What is refused makes no file: where there is none, a store in memory stands for it.
    with Store(arguments.store if Path(arguments.store).exists() else ":memory:") as store:
        comparison = store.compare(packs.entries)
    if not arguments.keep_mine:
        _refuse(_contradictions(packs, comparison))
    if arguments.rerun:
        _refuse(_untrue(packs, comparison))
    with Store(arguments.store) as store:
        comparison = store.merge(packs.entries, keep=arguments.keep_mine)
    contradictions = _contradictions(packs, comparison)
    if not arguments.keep_mine:
        _refuse(contradictions)
    _print(contradictions)
    new, known = len(comparison.new), len(packs.entries) - len(comparison.new)
    Terminal(highlight=False, markup=False).print(
        f"merged {new} rows ({known} known) into {arguments.store}", soft_wrap=True
    )


def _contradictions(packs: Packs, comparison: Comparison) -> list[str]:
    return [
        f"{packs.origins[index]}: {describe(packs.entries[index].result)}, has another outcome "
        f"than what is kept: {difference}; --keep-mine leaves it out."
        for index, difference in comparison.contradictions.items()
    ]


def _untrue(packs: Packs, comparison: Comparison) -> list[str]:
    """Run the new results again, and return which don't come out the same."""
    origins = {
        id(entry.result): origin for entry, origin in zip(packs.entries, packs.origins, strict=True)
    }
    new = list(comparison.new.values())
    problems = [
        f"{origins[id(result)]}: it can't be run here: {missing}"
        for result in new
        if (missing := _missing(result.run))
    ]
    if problems:
        return problems
    compared = rerun(new, Terminal(highlight=False, markup=False))
    return [
        f"{origins[id(result)]}: {describe(result)}, is not what it gives here: {difference}."
        for result, (_, difference) in zip(new, compared, strict=True)
        if difference
    ]


def _missing(run: Run) -> str:
    try:
        find_spec(run.environment_id)
        find_agent(run.agent_name, run.hyperparameters)
    except LexigymError as error:
        return str(error)
    return ""


def _refuse(problems: Sequence[str]) -> None:
    if problems:
        _print(problems)
        counted = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise PackError(f"nothing was merged ({counted}): mend, or leave out, what is told above.")


def _print(problems: Sequence[str]) -> None:
    console = Terminal(stderr=True, highlight=False, markup=False)
    for problem in problems:
        console.print(problem, soft_wrap=True)
