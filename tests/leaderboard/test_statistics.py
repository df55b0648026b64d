import numpy as np
import pytest

from lexigym.leaderboard.statistics import interquartile_mean, normalise, stratified_bootstrap


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([5.0], 5.0),
        ([0.0, 1.0, 2.0], 1.0),
        # One of four is cut from each end, and still one of seven: int(0.25 n), as SciPy cuts.
        ([100.0, 1.0, 2.0, -100.0], 1.5),
        ([7.0, 1.0, 6.0, 2.0, 5.0, 3.0, 1000.0], np.mean([2, 3, 5, 6, 7])),
        ([[0.0, 10.0], [1.0, 2.0], [3.0, 4.0], [-9.0, 5.0]], np.mean([1, 2, 3, 4])),
    ],
)
def test_interquartile_mean_by_hand(scores, expected):
    assert interquartile_mean(scores) == pytest.approx(expected, abs=1e-12)


def test_interquartile_mean_of_nothing_is_nan():
    assert np.isnan(interquartile_mean([]))


def test_normalise_maps_random_to_0_and_oracle_to_1():
    np.testing.assert_allclose(normalise([-4, 1, 6], random=-4, oracle=6), [0, 0.5, 1])
    assert np.isnan(normalise([1.0], random=1.0, oracle=1.0)).all()


def test_the_interval_of_a_mean_agrees_with_theory():
    scores = np.random.default_rng(1).normal(size=400)
    low, high = stratified_bootstrap([scores], np.random.default_rng(2), statistic=np.mean)
    half = 1.96 * scores.std() / np.sqrt(scores.size)
    assert low == pytest.approx(scores.mean() - half, abs=0.1 * half)
    assert high == pytest.approx(scores.mean() + half, abs=0.1 * half)


def test_runs_are_drawn_within_their_environment_only():
    constant = [np.zeros(5), np.ones(3)]
    interval = stratified_bootstrap(constant, np.random.default_rng(0), statistic=np.mean)
    assert interval == pytest.approx((3 / 8, 3 / 8))


def test_one_generator_state_gives_one_interval():
    scores = [np.random.default_rng(3).normal(size=6)]
    first = stratified_bootstrap(scores, np.random.default_rng(4))
    assert first == stratified_bootstrap(scores, np.random.default_rng(4))
    assert first != stratified_bootstrap(scores, np.random.default_rng(5))


def test_no_score_has_no_interval():
    assert np.isnan(stratified_bootstrap([[]], np.random.default_rng(0))).all()
