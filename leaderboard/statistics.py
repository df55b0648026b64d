"""How scores of several runs on several environments become few numbers, with intervals.

Definitions: Agarwal et al. 2021, "Deep reinforcement learning at the edge of the statistical
precipice", https://arxiv.org/abs/2108.13264, as in its package rliable.

The scores of an agent are `Strata`: for each environment the array `(..., runs)` of its runs'
scores, of which environments may have different numbers. A statistic returns an array `(...)`, so
that all resamples of a bootstrap are one call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float64]
Strata = Sequence[Scores]


def normalise(returns: npt.ArrayLike, random: float, oracle: float) -> Scores:
    """Map returns linearly so that the random agent's mean is 0 and the oracle's is 1.

    Args:
        returns: Of any shape.
        random: The random agent's mean return on the same environment.
        oracle: The oracle's mean return; NaN results if it isn't above `random`.
    """
    scale = oracle - random if oracle > random else np.nan
    return (np.asarray(returns, dtype=np.float64) - random) / scale


def interquartile_mean(scores: Strata) -> Scores:
    """Return the mean of the middle half of all runs, `(...)`; NaN if there is none.

    A quarter, rounded down, is cut from each end: `scipy.stats.trim_mean(scores, 0.25)`.
    """
    ordered = np.sort(np.concatenate(scores, axis=-1), axis=-1)
    runs = ordered.shape[-1]
    if not runs:
        return np.full(ordered.shape[:-1], np.nan)
    cut = runs // 4
    middle: Scores = ordered[..., cut : runs - cut].mean(axis=-1)
    return middle


def mean(scores: Strata) -> Scores:
    """Return the mean over the environments of the mean of their runs, `(...)`."""
    means: Scores = np.mean(_means(scores), axis=0)
    return means


def median(scores: Strata) -> Scores:
    """Return the median over the environments of the mean of their runs, `(...)`."""
    medians: Scores = np.median(_means(scores), axis=0)
    return medians


def optimality_gap(scores: Strata, optimum: float = 1.0) -> Scores:
    """Return by how much runs miss the optimum on average, `(...)`; more than it is no gain."""
    means: Scores = np.minimum(np.concatenate(scores, axis=-1), optimum).mean(axis=-1)
    return optimum - means


def performance_profile(scores: Strata, thresholds: npt.ArrayLike) -> Scores:
    """Return the share of runs that score more than each of T thresholds, `(..., T)`."""
    together = np.concatenate(scores, axis=-1)
    shares: Scores = (together[..., None] > np.asarray(thresholds)).mean(axis=-2)
    return shares


def probability_of_improvement(scores: Strata, others: Strata) -> Scores:
    """Return how likely a run of one agent scores more than one of another, `(...)`.

    It is the mean over the environments, and ties count half: Mann and Whitney's U over the number
    of pairs.

    Args:
        scores: Those of the agent, for each environment.
        others: Those of the other, for the same environments.
    """
    shares = []
    for mine, theirs in zip(scores, others, strict=True):
        gains = mine[..., :, None] - theirs[..., None, :]
        shares.append(((gains > 0) + 0.5 * (gains == 0)).mean(axis=(-2, -1)))
    chances: Scores = np.mean(shares, axis=0)
    return chances


def stratified_bootstrap(
    statistic: Callable[..., Scores],
    *samples: Sequence[npt.ArrayLike],
    generator: np.random.Generator,
    replications: int = 2000,
    confidence: float = 0.95,
) -> tuple[Scores, Scores]:
    """Return the percentile bootstrap interval of a statistic.

    Runs are drawn with replacement within each environment, never across: the environments are
    fixed, the seeds are the sample. Samples are drawn independently of each other.

    Args:
        statistic: Of the samples.
        *samples: For each agent that it is about, and for each environment, the `(runs,)` scores.
        generator: The source of the resamples; the same state gives the same interval.
        replications: How many resamples.
        confidence: The probability that the interval is to cover.

    Returns:
        The lower and the upper end, of the shape that the statistic has for one sample; NaN where
        an agent has no score.
    """
    resamples = [
        [_resampled(np.asarray(each, np.float64), generator, replications) for each in sample]
        for sample in samples
    ]
    tail = (1 - confidence) / 2
    low, high = np.quantile(statistic(*resamples), (tail, 1 - tail), axis=0)
    return low, high


def _resampled(runs: Scores, generator: np.random.Generator, replications: int) -> Scores:
    """Return resamples of the runs of one environment, `(replications, runs)`."""
    if not runs.size:
        return np.empty((replications, 0))
    return runs[generator.integers(runs.size, size=(replications, runs.size))]


def _means(scores: Strata) -> Scores:
    """Return the mean of the runs of each environment, `(environments, ...)`."""
    return np.stack([each.mean(axis=-1) for each in scores])
