"""What a suite says of its agents: tables, aggregates, profiles, improvements and curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..bands import aggregate, carried_forward, common_grid
from ..experiment import REFERENCES
from ..run import Result
from ..scores import BOOTSTRAP_SEED, Cell, Row
from ..statistics import (
    Scores,
    Strata,
    interquartile_mean,
    mean,
    median,
    normalise,
    optimality_gap,
    stratified_bootstrap,
)
from .numbers import rounded, rounded_all
from .resampling import draw_counts, improvements, profile_bands

METRICS = (interquartile_mean, median, mean, optimality_gap)
THRESHOLDS = np.linspace(0.0, 1.0, 51)
# More can't be told apart in a chart.
PLACES = 20
# Of a band, whose ends are drawn and not read.
CURVE_REPLICATIONS = 1000
# Pairs grow with the square of the agents.
COMPARED = 60
PAIR_REPLICATIONS = 1000


def score_rows(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the rows of the table of scores, the best first."""
    return [
        {
            "agent": index,
            "overall": _cell(row.overall),
            "cells": [_cell(cell) for cell in row.cells.values()],
            "stepsPerSecond": rounded(row.steps_per_second),
            "secondsPerRun": rounded(row.seconds_per_run),
        }
        for index, row in enumerate(rows)
    ]


def scopes(agents: Sequence[str], strata: Sequence[Strata]) -> list[dict[str, Any]]:
    """Return sets of environments, with aggregates and profiles of who has scores on all of them.

    They are all environments; those that every agent has scores on, if these are fewer; and each
    one by itself, if there are several.

    Args:
        agents: Their labels.
        strata: Of each agent, for each environment, the scores of its runs.
    """
    count = len(strata[0]) if strata else 0
    everyone = [index for index in range(count) if all(each[index].size for each in strata)]
    sets = [("all", list(range(count)))]
    if 0 < len(everyone) < count:
        sets.append(("shared", everyone))
    if count > 1:
        sets += [("one", [index]) for index in range(count) if [index] != everyone]
    return [_scope(kind, chosen, agents, strata) for kind, chosen in sets]


def improvement_matrix(strata: Sequence[Strata]) -> list[list[list[Any] | None]]:
    """Return the probability that the agent of a row improves on that of a column, or None.

    An entry is the probability, both ends of its interval, and how many environments it is about.

    Args:
        strata: Of each agent, the best first, for each environment, the scores of its runs. Only
            the first `COMPARED` are compared.
    """
    best = strata[:COMPARED]
    found, shared = improvements(best, _generator(), PAIR_REPLICATIONS)
    return [
        [
            [*rounded_all(found[mine, theirs]), int(shared[mine, theirs])]
            if mine != theirs and shared[mine, theirs]
            else None
            for theirs in range(len(best))
        ]
        for mine in range(len(best))
    ]


def curves(
    results: Sequence[Result], agents: Sequence[str], references: tuple[float, float]
) -> list[dict[str, Any]]:
    """Return the curves of the agents that have some, by steps and by seconds.

    Args:
        results: Those of one environment.
        agents: The labels, in the order that gives them their numbers.
        references: The mean returns of random play and of the oracle, which are 0 and 1.
    """
    found = []
    for index, agent in enumerate(agents):
        runs = [
            np.array(result.curve, np.float64)
            for result in results
            if result.run.agent == agent and result.error is None and result.curve
        ]
        if runs and not np.isnan(normalise(0.0, *references)):
            scores = [normalise(run[:, 2], *references) for run in runs]
            found.append(
                {"agent": index, "runs": len(runs)}
                | {
                    axis: _band([run[:, column] for run in runs], scores)
                    for axis, column in (("steps", 0), ("seconds", 1))
                }
            )
    return found


def _scope(
    kind: str, chosen: list[int], agents: Sequence[str], strata: Sequence[Strata]
) -> dict[str, Any]:
    aggregates, profiles = [], []
    for index, agent in enumerate(agents):
        scores = [strata[index][each] for each in chosen]
        # The references are the ends of the scale, and who has no score somewhere has no aggregate.
        if agent in REFERENCES or not scores or not all(each.size for each in scores):
            continue
        runs = sum(each.size for each in scores)
        interval = stratified_bootstrap(_metrics, scores, generator=_generator())
        numbers = np.stack([_metrics(scores), *interval], axis=-1)
        if runs == len(scores):
            numbers[:, 1:] = np.nan
        aggregates.append(
            {
                "agent": index,
                "runs": runs,
                "metrics": [rounded_all(each) for each in numbers],
            }
        )
        low, high = profile_bands(scores, THRESHOLDS, draw_counts(scores, _generator()))
        shares = (np.concatenate(scores)[:, None] > THRESHOLDS).mean(axis=0)
        profiles.append(
            {
                "agent": index,
                "score": rounded_all(shares),
                "low": rounded_all(low),
                "high": rounded_all(high),
            }
        )
    return {"kind": kind, "environments": chosen, "aggregates": aggregates, "profiles": profiles}


def _metrics(scores: Strata) -> Scores:
    return np.stack([metric(scores) for metric in METRICS], axis=-1)


def _band(positions: Sequence[Scores], scores: Sequence[Scores]) -> dict[str, Any]:
    grid = common_grid(positions, PLACES)
    values = np.stack(
        [carried_forward(where, what, grid) for where, what in zip(positions, scores, strict=True)]
    )
    band = aggregate([values], generator=_generator(), replications=CURVE_REPLICATIONS)
    return {"grid": rounded_all(grid)} | {
        name: rounded_all(each) for name, each in band._asdict().items()
    }


def _cell(cell: Cell) -> list[Any] | None:
    if not (cell.runs or cell.failed):
        return None
    return [*rounded_all([cell.score, cell.low, cell.high]), cell.runs, cell.failed]


def _generator() -> np.random.Generator:
    # One page is always the same, and its intervals are those of the terminal.
    return np.random.default_rng(BOOTSTRAP_SEED)
