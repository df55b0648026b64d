from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexigym.leaderboard.bands import aggregate, carried_forward, common_grid

positions = st.lists(st.integers(0, 50), min_size=1, max_size=8, unique=True).map(sorted)


def test_a_value_holds_until_the_next_evaluation() -> None:
    grid = np.array([0.0, 1.0, 9.9, 10.0, 25.0])
    found = carried_forward([1, 10], [0.5, 2.0], grid)
    np.testing.assert_array_equal(found, [np.nan, 0.5, 0.5, 2.0, 2.0])


def test_every_evaluation_is_a_place_of_the_grid() -> None:
    np.testing.assert_array_equal(common_grid([[0, 5, 10], [2, 7]], 9), [2, 5, 7, 10])


def test_a_grid_of_too_many_places_is_evenly_spaced() -> None:
    np.testing.assert_allclose(common_grid([range(100), range(50)], 4), [0, 33, 66, 99])


def test_without_a_curve_there_is_no_grid() -> None:
    assert common_grid([], 5).size == 0
    assert common_grid([[0, 1], []], 5).size == 0


@given(st.lists(positions, min_size=1, max_size=5), st.integers(2, 12))
def test_on_a_common_grid_every_run_has_a_value(runs: list[list[int]], limit: int) -> None:
    grid = common_grid(runs, limit)
    assert 1 <= grid.size <= limit
    assert (np.diff(grid) > 0).all()
    assert grid[-1] == max(map(max, runs))
    for run in runs:
        found = carried_forward(run, run, grid)
        np.testing.assert_array_equal(found, [max(x for x in run if x <= at) for at in grid])


def test_one_run_is_its_own_curve() -> None:
    band = aggregate([np.array([[0.0, 0.5, 0.25]])], generator=np.random.default_rng(0))
    for each in band:
        np.testing.assert_array_equal(each, [0, 0.5, 0.25])


def test_curves_agree_with_those_of_rliable() -> None:
    """Its scores are runs by environments by frames."""
    library = pytest.importorskip("rliable.library")
    metrics = pytest.importorskip("rliable.metrics")
    noise = np.random.default_rng(0)
    ends = noise.normal(0.8, 0.2, (10, 3, 1))
    scores = ends * np.linspace(0, 1, 6) + noise.normal(0, 0.1, (10, 3, 6))
    estimates, intervals = library.get_interval_estimates(
        {"agent": scores},
        lambda drawn: np.array([metrics.aggregate_iqm(drawn[..., frame]) for frame in range(6)]),
        reps=2000,
    )
    strata = [scores[:, environment] for environment in range(3)]
    band = aggregate(strata, generator=np.random.default_rng(1), replications=2000)
    np.testing.assert_allclose(band.score, estimates["agent"], atol=1e-9)
    low, high = intervals["agent"]
    # The ends of both are estimates, of 2000 resamples each.
    assert (abs(band.low - low) < 0.12 * (high - low)).all()
    assert (abs(band.high - high) < 0.12 * (high - low)).all()


def test_runs_are_drawn_with_their_whole_curve() -> None:
    """Of curves that cross, the mean of both is certain where they meet and nowhere else."""
    crossing = np.array([[0.0, 0.5, 1.0], [1.0, 0.5, 0.0]])
    band = aggregate([crossing], generator=np.random.default_rng(0))
    np.testing.assert_allclose(band.score, 0.5)
    np.testing.assert_allclose(band.low, [0, 0.5, 0])
    np.testing.assert_allclose(band.high, [1, 0.5, 1])


def test_one_generator_state_gives_one_band() -> None:
    curves = [np.random.default_rng(3).normal(size=(6, 4))]
    first, second, other = (
        aggregate(curves, generator=np.random.default_rng(seed), replications=50)
        for seed in (4, 4, 5)
    )
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)
