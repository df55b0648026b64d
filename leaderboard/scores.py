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
# Seconds: an agent that learns nothing, such as a language model alone, counts its steps at once.
SHORTEST_LEARNING = 0.01


@dataclass(frozen=True)
class Cell:
    """The score of an agent, on one environment or on all.

    Attributes:
        score: Interquartile mean of the runs' normalised scores; NaN if there is none.
        low: Lower end of its 95 % interval; NaN where each environment has one run.
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
        overall: Its score on all environments together; NaN if there is one that it has none on.
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
    scored = list(zip(results, normalised(results), strict=True))
    rows = [
        _row(agent, environments, [each for each in scored if each[0].run.agent == agent])
        for agent in agents
    ]
    return sorted(rows, key=lambda row: np.nan_to_num(row.overall.score, nan=-np.inf), reverse=True)


def normalised(results: Sequence[Result]) -> list[float]:
    """Return the score of each result: 0 is random play, 1 the oracle's; NaN where there is none.

    Args:
        results: All results of an experiment, those of the reference agents among them.
    """
    references = reference_means(results)
    return [
        float(normalise(result.mean_return, *references[result.run.environment]))
        for result in results
    ]


def reference_means(results: Sequence[Result]) -> dict[str, tuple[float, float]]:
    """Return what random play and the oracle earn on each environment; NaN where they have no run.

    Args:
        results: All results of an experiment.
    """
    means: dict[tuple[str, str], list[float]] = {}
    for result in results:
        if result.error is None:
            key = result.run.environment, result.run.agent
            means.setdefault(key, []).append(result.mean_return)

    def mean(environment: str, agent: str) -> float:
        return float(np.mean(means.get((environment, agent), np.nan)))

    environments = dict.fromkeys(result.run.environment for result in results)
    return {each: (mean(each, RANDOM), mean(each, ORACLE)) for each in environments}


def _row(agent: str, environments: list[str], scored: Sequence[tuple[Result, float]]) -> Row:
    ended_well = [result for result, _ in scored if result.error is None]
    scores = {
        environment: np.array(
            [
                score
                for result, score in scored
                if result.run.environment == environment and result.error is None
            ]
        )
        for environment in environments
    }
    failed = {
        environment: sum(
            result.error is not None
            for result, _ in scored
            if result.run.environment == environment
        )
        for environment in environments
    }
    learning = sum(result.learning_seconds for result in ended_well)
    evaluation = sum(result.evaluation_seconds for result in ended_well)
    steps = sum(result.run.steps for result in ended_well)
    learns = learning > SHORTEST_LEARNING * len(ended_well)
    return Row(
        agent,
        overall=_cell(list(scores.values()), sum(failed.values())),
        cells={each: _cell([scores[each]], failed[each]) for each in environments},
        steps_per_second=steps / learning if learns else np.nan,
        seconds_per_run=(learning + evaluation) / len(ended_well) if ended_well else np.nan,
    )


def _cell(scores: list[Scores], failed: int) -> Cell:
    runs = sum(each.size for each in scores)
    if not all(each.size for each in scores):
        # To leave out what an agent can't do would be to its advantage.
        return Cell(np.nan, np.nan, np.nan, runs, failed)
    score = float(interquartile_mean(scores))
    if runs == len(scores):
        # All resamples are the same, which is no certainty.
        return Cell(score, np.nan, np.nan, runs, failed)
    low, high = stratified_bootstrap(
        interquartile_mean, scores, generator=np.random.default_rng(BOOTSTRAP_SEED)
    )
    return Cell(score, float(low), float(high), runs, failed)
