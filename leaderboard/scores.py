"""The scores of an experiment: runs normalised by the reference agents, and cells of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .experiment import ORACLE, RANDOM
from .run import Result
from .statistics import Scores, interquartile_mean, normalise, stratified_bootstrap

# The intervals of one set of results are always the same.
BOOTSTRAP_SEED = 0


@dataclass(frozen=True)
class Cell:
    """The score of an agent, on one environment or on all.

    Attributes:
        score: Interquartile mean of the runs' normalised scores; NaN if there is none.
        low: Lower end of its 95 % interval.
        high: Upper end.
        runs: Runs that ended well.
        failed: Runs that didn't.
    """

    score: float
    low: float
    high: float
    runs: int
    failed: int


@dataclass(frozen=True)
class Row:
    """What an experiment says of one agent.

    Attributes:
        agent: The agent's label.
        overall: Its score on all environments together.
        cells: Its score on each environment, by label.
        steps_per_second: Environment steps over the wall time of learning; NaN if it learns not.
        seconds_per_run: Mean wall time of learning and evaluation of a run; NaN if there is none.
    """

    agent: str
    overall: Cell
    cells: dict[str, Cell]
    steps_per_second: float
    seconds_per_run: float


def summarise(results: Sequence[Result]) -> list[Row]:
    """Return a row for each agent, the best first.

    Args:
        results: All results of an experiment, those of the reference agents among them.
    """
    environments = list(dict.fromkeys(result.run.environment for result in results))
    agents = list(dict.fromkeys(result.run.agent for result in results))
    rows = [_row(agent, environments, results) for agent in agents]
    return sorted(rows, key=lambda row: np.nan_to_num(row.overall.score, nan=-np.inf), reverse=True)


def _row(agent: str, environments: list[str], results: Sequence[Result]) -> Row:
    by_environment = {
        environment: [
            result
            for result in results
            if (result.run.agent, result.run.environment) == (agent, environment)
        ]
        for environment in environments
    }
    scores = {
        environment: _scores(runs, environment, results)
        for environment, runs in by_environment.items()
    }
    failed = {
        environment: sum(result.error is not None for result in runs)
        for environment, runs in by_environment.items()
    }
    ended_well = [
        result for runs in by_environment.values() for result in runs if result.error is None
    ]
    learning = sum(result.learning_seconds for result in ended_well)
    evaluation = sum(result.evaluation_seconds for result in ended_well)
    steps = sum(result.run.steps for result in ended_well)
    return Row(
        agent,
        overall=_cell(list(scores.values()), sum(failed.values())),
        cells={each: _cell([scores[each]], failed[each]) for each in environments},
        steps_per_second=steps / learning if learning else np.nan,
        seconds_per_run=(learning + evaluation) / len(ended_well) if ended_well else np.nan,
    )


def _scores(runs: Sequence[Result], environment: str, results: Sequence[Result]) -> Scores:
    """Return the normalised scores of the runs that ended well, `(runs,)`."""
    references = {
        agent: [
            result.returns
            for result in results
            if (result.run.agent, result.run.environment) == (agent, environment)
            and result.error is None
        ]
        for agent in (RANDOM, ORACLE)
    }
    if not all(references.values()):
        return np.full(sum(result.error is None for result in runs), np.nan)
    means = [np.mean(result.returns) for result in runs if result.error is None]
    return normalise(
        means,
        random=float(np.mean(references[RANDOM])),
        oracle=float(np.mean(references[ORACLE])),
    )


def _cell(scores: list[Scores], failed: int) -> Cell:
    low, high = stratified_bootstrap(
        interquartile_mean, scores, generator=np.random.default_rng(BOOTSTRAP_SEED)
    )
    runs = sum(each.size for each in scores)
    return Cell(float(interquartile_mean(scores)), float(low), float(high), runs, failed)
