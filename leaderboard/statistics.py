"""How scores of several runs on several environments become one number with an interval.

Definitions: Agarwal et al. 2021, "Deep reinforcement learning at the edge of the statistical
precipice", https://arxiv.org/abs/2108.13264, as in its package rliable.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float64]


def normalise(returns: npt.ArrayLike, random: float, oracle: float) -> Scores:
    """Map returns linearly so that the random agent's mean is 0 and the oracle's is 1.

    Args:
        returns: Of any shape.
        random: The random agent's mean return on the same environment.
        oracle: The oracle's mean return; NaN results if it isn't above `random`.
    """
    scale = oracle - random if oracle > random else np.nan
    return (np.asarray(returns, dtype=np.float64) - random) / scale


def interquartile_mean(scores: npt.ArrayLike) -> float:
    """Return the mean of the middle half of all scores, whatever their shape; NaN if none.

    A quarter, rounded down, is cut from each end: `scipy.stats.trim_mean(scores, 0.25)`.
    """
    ordered = np.sort(np.asarray(scores, dtype=np.float64), axis=None)
    cut = ordered.size // 4
    return float(ordered[cut : ordered.size - cut].mean()) if ordered.size else np.nan


def stratified_bootstrap(
    scores: Sequence[npt.ArrayLike],
    generator: np.random.Generator,
    *,
    statistic: Callable[[Scores], float] = interquartile_mean,
    replications: int = 2000,
    confidence: float = 0.95,
) -> tuple[float, float]:
    """Return the percentile bootstrap interval of a statistic of all scores.

    Runs are drawn with replacement within each environment, never across: the environments are
    fixed, the seeds are the sample.

    Args:
        scores: For each environment, the `(runs,)` scores of its runs.
        generator: The source of the resamples; the same state gives the same interval.
        statistic: Of the scores of all environments together, as one flat array.
        replications: How many resamples.
        confidence: The probability that the interval is to cover.

    Returns:
        The lower and the upper end; both NaN where there is no score.
    """
    strata = [np.asarray(each, dtype=np.float64).ravel() for each in scores]
    strata = [each for each in strata if each.size]
    if not strata:
        return np.nan, np.nan
    resamples = np.concatenate(
        [each[generator.integers(each.size, size=(replications, each.size))] for each in strata],
        axis=1,
    )
    statistics = [statistic(resample) for resample in resamples]
    tail = (1 - confidence) / 2
    low, high = np.quantile(statistics, (tail, 1 - tail))
    return float(low), float(high)
