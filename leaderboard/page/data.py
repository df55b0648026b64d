"""Results as the plain data that the page shows: all statistics, and every run once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..run import Result
from ..scores import normalised, reference_means, summarise
from ..statistics import Scores, Strata
from .comparisons import THRESHOLDS, curves, improvement_matrix, scopes, score_rows
from .numbers import rounded, rounded_all
from .runs import Pool, columns, details

# Read together, when one of them is looked at.
RUNS_OF_A_PART = 100


@dataclass(frozen=True)
class PageData:
    """All that the page shows, as plain data without NaN.

    Attributes:
        board: What is shown at once: the suites and the list of runs.
        shared: What the details of many runs have in common.
        parts: The details of the runs, `RUNS_OF_A_PART` in each.
    """

    board: dict[str, Any]
    shared: dict[str, Any]
    parts: list[list[dict[str, Any]]]


def page_data(suites: Mapping[str, Sequence[Result]]) -> PageData:
    """Return what the page shows of suites.

    Args:
        suites: The results of each, in the order of the page.
    """
    positions: dict[str, int] = {}
    unique: list[Result] = []
    for results in suites.values():
        for result in results:
            if positions.setdefault(result.run.key, len(unique)) == len(unique):
                unique.append(result)
    errors, specs, makers, tracebacks = (Pool() for _ in range(4))
    found = [details(result, specs, makers, tracebacks) for result in unique]
    board = {
        "suites": [_suite(name, results, positions) for name, results in suites.items()],
        "runs": columns(unique, errors),
        "errors": errors.values,
        "runsOfAPart": RUNS_OF_A_PART,
    }
    shared = {"specs": specs.values, "makers": makers.values, "tracebacks": tracebacks.values}
    parts = [found[at : at + RUNS_OF_A_PART] for at in range(0, len(found), RUNS_OF_A_PART)]
    return PageData(board, shared, parts)


def _suite(name: str, results: Sequence[Result], positions: Mapping[str, int]) -> dict[str, Any]:
    rows = summarise(results)
    scores = normalised(results)
    agents = [row.agent for row in rows]
    environments = list(rows[0].cells) if rows else []
    references = reference_means(results)
    strata = _strata(results, scores, agents, environments)
    return {
        "name": name,
        "agents": agents,
        "environments": environments,
        "references": [rounded_all(references[each]) for each in environments],
        "rows": score_rows(rows),
        "scopes": scopes(agents, strata),
        "thresholds": rounded_all(THRESHOLDS),
        "improvements": improvement_matrix(strata),
        "curves": [
            curves(
                [result for result in results if result.run.environment == each],
                agents,
                references[each],
            )
            for each in environments
        ],
        "listing": {
            "run": [positions[result.run.key] for result in results],
            "agent": [agents.index(result.run.agent) for result in results],
            "environment": [environments.index(result.run.environment) for result in results],
            "score": [rounded(score) for score in scores],
        },
    }


def _strata(
    results: Sequence[Result],
    scores: Sequence[float],
    agents: Sequence[str],
    environments: Sequence[str],
) -> list[Strata]:
    """Return of each agent, for each environment, the scores of the runs that ended well.

    There are none where one is NaN: the others alone would tell something else.
    """
    found: dict[tuple[str, str], list[float]] = {}
    for result, score in zip(results, scores, strict=True):
        if result.error is None:
            found.setdefault((result.run.agent, result.run.environment), []).append(score)

    def known(agent: str, environment: str) -> Scores:
        runs = np.array(found.get((agent, environment), []), np.float64)
        return np.empty(0) if np.isnan(runs).any() else runs

    return [[known(agent, environment) for environment in environments] for agent in agents]
