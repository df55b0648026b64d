"""How the learning curves of several runs become one curve with a band.

As in rliable's sample-efficiency curves, each place of a common grid has the interquartile mean of
the runs there, and its interval by bootstrapping runs, each drawn with its whole curve.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .statistics import Scores, Strata, interquartile_mean, stratified_bootstrap


class Band(NamedTuple):
    """A curve with its interval, of the shape `(places,)` each.

    Attributes:
        score: The interquartile mean of the runs at each place of the grid; NaN where one has none.
        low: Lower end of its 95 % interval.
        high: Upper end.
    """

    score: Scores
    low: Scores
    high: Scores


def common_grid(positions: Sequence[npt.ArrayLike], limit: int) -> Scores:
    """Return where curves are compared, from where all have begun to where the last one ends.

    Args:
        positions: For each run the steps, or seconds, of its evaluations, in ascending order.
        limit: The most places. Every evaluation is one, unless these are more; then places are
            evenly spaced.
    """
    curves = [np.asarray(each, np.float64) for each in positions]
    if not curves or not all(each.size for each in curves):
        return np.empty(0)
    begin = max(each[0] for each in curves)
    places = np.unique(np.concatenate([[begin], *curves]))
    places = places[places >= begin]
    return places if places.size <= limit else np.linspace(begin, places[-1], limit)


def carried_forward(positions: npt.ArrayLike, values: npt.ArrayLike, grid: Scores) -> Scores:
    """Return the last known value of one curve at each place of a grid; NaN before its first.

    Nothing is interpolated, since what an agent is worth between two evaluations isn't known; that
    of a run which has ended stays what it was.

    Args:
        positions: Of its evaluations, in ascending order.
        values: What each found.
        grid: The places.
    """
    last = np.searchsorted(np.asarray(positions), grid, side="right") - 1
    return np.where(last >= 0, np.asarray(values, np.float64)[last], np.nan)


def aggregate(curves: Strata, *, generator: np.random.Generator, replications: int = 2000) -> Band:
    """Return the curve of several runs, and its band.

    Args:
        curves: For each environment, the `(runs, places)` scores on one grid.
        generator: The source of the resamples; the same state gives the same band.
        replications: How many resamples.
    """

    def curve(drawn: Sequence[npt.NDArray[np.float64]]) -> Scores:
        rows = [each.astype(np.intp) for each in drawn]
        # Place by place: all resamples of all places at once would fill the memory.
        return np.stack(
            [
                interquartile_mean(
                    [scores[:, place][row] for scores, row in zip(curves, rows, strict=True)]
                )
                for place in range(curves[0].shape[1])
            ],
            axis=-1,
        )

    runs = [np.arange(len(scores), dtype=np.float64) for scores in curves]
    low, high = stratified_bootstrap(curve, runs, generator=generator, replications=replications)
    return Band(curve(runs), low, high)
