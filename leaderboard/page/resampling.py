"""Bootstraps of what is linear in how often each run is drawn, as products of matrices.

They give what `stratified_bootstrap` gives, in a time that allows all pairs of many agents.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..statistics import Scores, Strata, performance_profile

REPLICATIONS = 2000
TAIL = 0.025

# All that is multiplied here are halves and whole numbers below 2**24, which float32 holds exactly.
Counts = npt.NDArray[np.float32]


def draw_counts(
    scores: Strata, generator: np.random.Generator, replications: int = REPLICATIONS
) -> list[Counts]:
    """Return how often each resample draws each run, `(replications, runs)` for each environment.

    Args:
        scores: For each environment, the `(runs,)` scores.
        generator: The source of the resamples, drawn as `stratified_bootstrap` draws them.
        replications: How many resamples.
    """
    counts = []
    for each in scores:
        runs = each.size
        drawn = generator.integers(runs, size=(replications, runs)) if runs else np.empty((0, 0))
        flat = (drawn + runs * np.arange(len(drawn))[:, None]).ravel().astype(np.intp)
        counted = np.bincount(flat, minlength=replications * runs).astype(np.float32)
        counts.append(counted.reshape(replications, runs))
    return counts


def profile_bands(
    scores: Strata, thresholds: npt.ArrayLike, counts: Sequence[Counts]
) -> tuple[Scores, Scores]:
    """Return both ends of the interval of a performance profile, `(thresholds,)` each.

    Args:
        scores: For each environment, the `(runs,)` scores.
        thresholds: The scores to exceed.
        counts: Those of `draw_counts`.
    """
    above = performance_profile([np.concatenate(scores)[:, None]], thresholds)
    shares = np.concatenate(counts, axis=1) @ above.astype(np.float32) / np.float64(len(above))
    low, high = np.quantile(shares, (TAIL, 1 - TAIL), axis=0)
    return low, high


def improvements(
    scores: Sequence[Strata], generator: np.random.Generator, replications: int = REPLICATIONS
) -> tuple[Scores, npt.NDArray[np.int64]]:
    """Return how likely a run of one agent scores more than one of another, for all pairs.

    A pair is compared on the environments that both have scores on.

    Args:
        scores: Of each agent, for each environment, the `(runs,)` scores; empty where it has none.
        generator: The source of the resamples.
        replications: How many resamples.

    Returns:
        The `(agents, agents, 3)` probabilities that the agent of the row improves on that of the
        column, with both ends of their intervals, which single runs don't give: NaN; and the
        `(agents, agents)` numbers of environments that they are about.
    """
    agents = range(len(scores))
    environments = range(len(scores[0]) if scores else 0)
    counts = [draw_counts(strata, generator, replications) for strata in scores]
    sizes = np.array([[each.size for each in strata] for strata in scores], np.int64)
    sizes = sizes.reshape(len(agents), len(environments))
    worlds = [
        _World(
            np.concatenate([scores[agent][each] for agent in agents]),
            # The first resample is the sample itself.
            np.insert(np.hstack([counts[agent][each] for agent in agents]), 0, 1, axis=0),
            sizes[:, each],
        )
        for each in environments
    ]
    shared = (sizes > 0).astype(np.int64) @ (sizes > 0).T.astype(np.int64)
    most = np.max(sizes, axis=1, initial=0)
    found = np.full((*shared.shape, 3), np.nan)
    for mine in agents:
        chances = np.zeros((len(agents), 1 + replications), np.float32)
        for world in worlds:
            chances += _chances(world, mine)
        for theirs in mine + 1 + np.flatnonzero(shared[mine, mine + 1 :]):
            chance, *resampled = chances[theirs] / shared[mine, theirs]
            low, high = np.quantile(resampled, (TAIL, 1 - TAIL))
            if max(most[mine], most[theirs]) < 2:
                low = high = np.nan
            found[mine, theirs] = chance, low, high
            found[theirs, mine] = 1 - chance, 1 - high, 1 - low
    return found, shared


class _World(NamedTuple):
    """One environment.

    Attributes:
        scores: Those of all agents, one agent after the other.
        counts: How often each resample draws each of them.
        sizes: How many of them each agent has.
    """

    scores: Scores
    counts: Counts
    sizes: npt.NDArray[np.int64]


def _chances(world: _World, mine: int) -> Counts:
    """Return the share of pairs that an agent wins of each later one, `(agents, resamples)`."""
    scores, counts, sizes = world
    chances = np.zeros((sizes.size, len(counts)), np.float32)
    end = int(sizes[: mine + 1].sum())
    own, rest = slice(end - sizes[mine], end), slice(end, None)
    rivals = mine + 1 + np.flatnonzero(sizes[mine + 1 :])
    if sizes[mine] and rivals.size:
        gains = scores[own, None] - scores[rest]
        wins = counts[:, own] @ ((gains > 0) + np.float32(0.5) * (gains == 0))
        wins *= counts[:, rest]
        starts = np.cumsum(sizes[rivals]) - sizes[rivals]
        summed = np.add.reduceat(wins, starts, axis=1) / (sizes[mine] * sizes[rivals])
        chances[rivals] = summed.T
    return chances
