from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from lexigym.leaderboard.statistics import (
    interquartile_mean,
    mean,
    median,
    normalise,
    optimality_gap,
    performance_profile,
    probability_of_improvement,
    stratified_bootstrap,
)

THRESHOLDS = np.linspace(0.0, 1.0, 11)

# Runs by environments, as rliable has them; whole tenths, so that ties happen.
tenths = st.integers(-5, 15).map(lambda tenth: tenth / 10)
matrices = arrays.arrays(
    np.float64, st.tuples(st.integers(1, 9), st.integers(1, 4)), elements=tenths
)


def strata(matrix: Any) -> list[Any]:
    """Return the scores of each environment, from a matrix of runs by environments."""
    return list(np.asarray(matrix, np.float64).T)


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([5.0], 5.0),
        ([0.0, 1.0, 2.0], 1.0),
        # One of four is cut from each end, and still one of seven: int(0.25 n), as SciPy cuts.
        ([100.0, 1.0, 2.0, -100.0], 1.5),
        ([7.0, 1.0, 6.0, 2.0, 5.0, 3.0, 1000.0], np.mean([2, 3, 5, 6, 7])),
    ],
)
def test_interquartile_mean_by_hand(scores: list[float], expected: float) -> None:
    assert interquartile_mean([np.array(scores)]) == pytest.approx(expected, abs=1e-12)


def test_environments_may_have_different_numbers_of_runs() -> None:
    scores = [np.array([0.0, 10.0, 1.0]), np.array([2.0, 3.0, 4.0, -9.0, 5.0])]
    assert interquartile_mean(scores) == pytest.approx(np.mean([1, 2, 3, 4]))
    assert mean(scores) == pytest.approx((11 / 3 + 1) / 2)
    assert probability_of_improvement(scores, scores[::-1]) == pytest.approx(0.5)


def test_a_statistic_of_nothing_is_nan() -> None:
    nothing = [np.array([])]
    assert np.isnan(interquartile_mean(nothing))
    ends = stratified_bootstrap(interquartile_mean, nothing, generator=np.random.default_rng(0))
    assert np.isnan(ends).all()


def test_normalise_maps_random_to_0_and_oracle_to_1() -> None:
    np.testing.assert_allclose(normalise([-4, 1, 6], random=-4, oracle=6), [0, 0.5, 1])
    assert np.isnan(normalise([1.0], random=1.0, oracle=1.0)).all()


@settings(deadline=None)
@given(matrices)
def test_statistics_of_one_agent_equal_those_of_rliable(matrix: Any) -> None:
    metrics = pytest.importorskip("rliable.metrics")
    for ours, theirs in (
        (interquartile_mean, metrics.aggregate_iqm),
        (mean, metrics.aggregate_mean),
        (median, metrics.aggregate_median),
        (optimality_gap, metrics.aggregate_optimality_gap),
    ):
        assert ours(strata(matrix)) == pytest.approx(theirs(matrix), abs=1e-9)


@settings(deadline=None)
@given(matrices)
def test_profiles_equal_those_of_rliable(matrix: Any) -> None:
    library = pytest.importorskip("rliable.library")
    theirs = [library.run_score_deviation(matrix, threshold) for threshold in THRESHOLDS]
    np.testing.assert_allclose(performance_profile(strata(matrix), THRESHOLDS), theirs, atol=1e-9)


@settings(deadline=None)
@given(st.data())
def test_the_probability_of_improvement_equals_that_of_rliable(data: Any) -> None:
    metrics = pytest.importorskip("rliable.metrics")
    mine = data.draw(matrices)
    shape = st.tuples(st.integers(1, 9), st.just(mine.shape[1]))
    theirs = data.draw(arrays.arrays(np.float64, shape, elements=tenths))
    chance = probability_of_improvement(strata(mine), strata(theirs))
    assert chance == pytest.approx(metrics.probability_of_improvement(mine, theirs), abs=1e-9)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (interquartile_mean, "aggregate_iqm"),
        (median, "aggregate_median"),
        (optimality_gap, "aggregate_optimality_gap"),
    ],
)
def test_intervals_agree_with_those_of_rliable(ours: Any, theirs: str) -> None:
    library, metrics = (
        pytest.importorskip("rliable.library"),
        pytest.importorskip("rliable.metrics"),
    )
    matrix = np.random.default_rng(0).normal(0.5, 0.3, size=(10, 5))
    metric = getattr(metrics, theirs)
    _, intervals = library.get_interval_estimates(
        {"agent": matrix}, lambda scores: np.array([metric(scores)]), reps=10_000
    )
    generator = np.random.default_rng(1)
    ends = stratified_bootstrap(ours, strata(matrix), generator=generator, replications=10_000)
    low, high = intervals["agent"].ravel()
    # The ends of both are estimates, of 10 000 resamples each.
    np.testing.assert_allclose(ends, (low, high), atol=0.06 * (high - low))


def test_the_interval_of_a_mean_agrees_with_theory() -> None:
    scores = np.random.default_rng(1).normal(size=400)
    low, high = stratified_bootstrap(mean, [scores], generator=np.random.default_rng(2))
    half = 1.96 * scores.std() / np.sqrt(scores.size)
    assert low == pytest.approx(scores.mean() - half, abs=0.1 * half)
    assert high == pytest.approx(scores.mean() + half, abs=0.1 * half)


def test_an_interval_of_a_comparison_resamples_both() -> None:
    generator = np.random.default_rng(0)
    mine, theirs = [generator.normal(2.0, 1.0, 30)], [generator.normal(0.0, 1.0, 20)]
    low, high = stratified_bootstrap(
        probability_of_improvement, mine, theirs, generator=np.random.default_rng(1)
    )
    assert 0.5 < low < probability_of_improvement(mine, theirs) < high < 1


def test_an_interval_of_a_profile_has_one_for_each_threshold() -> None:
    scores = [np.array([0.25, 0.75]), np.array([0.5, 0.5])]
    low, high = stratified_bootstrap(
        lambda drawn: performance_profile(drawn, [0.0, 0.6, 1.0]),
        scores,
        generator=np.random.default_rng(0),
    )
    np.testing.assert_allclose(low, [1, 0, 0])
    np.testing.assert_allclose(high, [1, 0.5, 0])


def test_runs_are_drawn_within_their_environment_only() -> None:
    constant = [np.zeros(5), np.ones(3)]
    ends = stratified_bootstrap(optimality_gap, constant, generator=np.random.default_rng(0))
    assert ends == pytest.approx((5 / 8, 5 / 8))


def test_one_generator_state_gives_one_interval() -> None:
    scores = [np.random.default_rng(3).normal(size=6)]

    def interval(seed: int) -> Any:
        generator = np.random.default_rng(seed)
        return stratified_bootstrap(interquartile_mean, scores, generator=generator)

    assert interval(4) == interval(4)
    assert interval(4) != interval(5)
