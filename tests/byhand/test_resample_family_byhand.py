""".632, cross-validation, strata, clusters, intervals and instability worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from small_pipeline import EventRate

from cartwheel.errors import NotEstimable
from cartwheel.stats.cross_validation import (
    cross_validation,
    fold_assignments,
    leave_one_cluster_out,
)
from cartwheel.stats.instability import calibration_instability, prediction_instability
from cartwheel.stats.optimism_interval import location_shifted_interval
from cartwheel.stats.resample import bootstrap_optimism, resample_multiplicities
from cartwheel.stats.resample_632 import Bootstrap632, bootstrap_632, no_information_brier
from cartwheel.stats.stratified_bootstrap import (
    cluster_multiplicities,
    cluster_optimism,
    stratified_multiplicities,
    stratified_optimism,
)

EVENT = np.array([0.0, 0, 0, 1, 0, 1, 1, 0, 0, 1, 0, 0])
N = EVENT.size
RATE = EventRate(EVENT)


def made(apparent: float, tests: list[float], weights: list[float]) -> Bootstrap632:
    return Bootstrap632(
        ("auc",),
        np.array([apparent]),
        np.array(tests)[:, None],
        np.array(weights),
        len(tests),
        (),
    )


def test_632_arithmetic():
    found = made(0.9, [0.6, 0.8], [0.25, 0.75])
    assert found.left_out("auc") == pytest.approx(0.75)
    assert found.corrected("auc") == pytest.approx(0.368 * 0.9 + 0.632 * 0.75)
    # R = 0.15 / 0.4, weight = 0.632 / (1 - 0.368 R)
    weight = 0.632 / (1.0 - 0.368 * 0.375)
    assert found.corrected_plus("auc", 0.5) == pytest.approx(0.9 - weight * 0.15)


def test_632_plus_at_its_ends():
    # worse than no information is held at it, with weight 1
    assert made(0.9, [0.4], [1.0]).corrected_plus("auc", 0.5) == pytest.approx(0.5)
    # better than apparent: no overfitting, weight 0.632
    better = made(0.7, [0.75], [1.0])
    assert better.corrected_plus("auc", 0.5) == pytest.approx(better.corrected("auc"))
    # apparent already at no information
    assert made(0.5, [0.45], [1.0]).corrected_plus("auc", 0.5) == pytest.approx(
        0.368 * 0.5 + 0.632 * 0.45
    )
    # an error: lower is better, no information is high
    error = made(0.1, [0.2], [1.0])
    weight = 0.632 / (1.0 - 0.368 * 0.5)
    assert error.corrected_plus("auc", 0.3) == pytest.approx(0.1 + weight * 0.1)


def test_a_measure_that_does_not_exist_everywhere():
    found = made(0.9, [np.nan, 0.8, 0.6], [0.5, 0.25, 0.25])
    assert found.left_out("auc") == pytest.approx(0.7)
    assert np.isnan(made(0.9, [np.nan], [1.0]).left_out("auc"))


def test_632_measures_those_left_out_and_weighs_patients_alike():
    found = bootstrap_632(RATE, n=N, resamples=40, seed=3)
    draw = resample_multiplicities(N, 3, 40)
    out = np.array([draw(b) == 0 for b in range(40)])
    weights = (out / out.sum(axis=0)).sum(axis=1) / N
    np.testing.assert_allclose(found.weights, weights, rtol=1e-12)
    for b in range(40):
        rate = draw(b) @ EVENT / N
        assert found.test[b, 0] == pytest.approx(np.mean((EVENT[out[b]] - rate) ** 2))
    assert found.weights.sum() == pytest.approx(1.0)
    assert found.failed == 0


def test_632_counts_failures():
    found = bootstrap_632(EventRate(EVENT, fail_below=0.3), n=N, resamples=60, seed=3)
    assert found.failed == dict(found.failures)["too_low"] > 0
    assert len(found.test) == len(found.weights) == 60 - found.failed
    assert found.weights.sum() == pytest.approx(1.0)
    with pytest.raises(NotEstimable):
        bootstrap_632(RATE, n=N, resamples=0, seed=3)


def test_no_information_error_is_the_mean_over_all_pairs():
    risk, event = np.array([0.1, 0.4, 0.8]), np.array([0.0, 1.0, 1.0])
    pairs = [(y - p) ** 2 for y in event for p in risk]
    assert no_information_brier(risk, event) == pytest.approx(np.mean(pairs))
    with pytest.raises(NotEstimable):
        no_information_brier([0.1, np.nan], [0, 1])


def test_folds_are_even():
    assigned = fold_assignments(23, folds=5, repeats=4, seed=1)
    assert assigned.shape == (4, 23)
    for row in assigned:
        assert sorted(np.bincount(row)) == [4, 4, 5, 5, 5]
    assert len({row.tobytes() for row in assigned}) == 4
    np.testing.assert_array_equal(assigned[:2], fold_assignments(23, folds=5, repeats=2, seed=1))


def test_stratified_folds_spread_the_events():
    assigned = fold_assignments(N, folds=4, repeats=3, seed=1, strata=EVENT)
    for row in assigned:
        np.testing.assert_array_equal(np.bincount(row, EVENT), [1, 1, 1, 1])
        np.testing.assert_array_equal(np.bincount(row), [3, 3, 3, 3])


def test_leave_one_out_error_of_a_rate():
    found = cross_validation(RATE, np.arange(N))
    rate = EVENT.mean()
    # the rate without patient i is (n rate - y_i) / (n - 1): his error grows by n / (n - 1)
    np.testing.assert_allclose(found.test[:, 0], ((EVENT - rate) * N / (N - 1)) ** 2, rtol=1e-12)
    assert found.tested("squared_error") == pytest.approx(
        np.mean((EVENT - rate) ** 2) * (N / (N - 1)) ** 2
    )
    assert found.apparent[0] == pytest.approx(np.mean((EVENT - rate) ** 2))
    np.testing.assert_array_equal(found.size, 1)


def test_corrected_takes_the_mean_difference_off():
    assigned = fold_assignments(N, folds=3, repeats=5, seed=9)
    found = cross_validation(RATE, assigned)
    assert found.test.shape == (15, 2)
    difference = (found.training - found.test)[:, 0]
    expected = found.apparent[0] - difference.mean()
    assert found.corrected("squared_error") == pytest.approx(expected)
    assert len(found.by_repeat("squared_error")) == 5
    np.testing.assert_array_equal(found.repeat, np.repeat(np.arange(5), 3))
    threads = cross_validation(RATE, assigned, threads=3)
    assert threads.test.tobytes() == found.test.tobytes()


def test_a_cluster_is_predicted_by_the_others():
    centre = np.array(["B"] * 5 + ["A"] * 4 + ["C"] * 3)
    labels, found = leave_one_cluster_out(RATE, centre)
    assert labels == ("A", "B", "C")
    for place, label in enumerate(labels):
        others = EVENT[centre != label].mean()
        row = int(np.flatnonzero(found.fold == place)[0])
        assert found.test[row, 0] == pytest.approx(np.mean((EVENT[centre == label] - others) ** 2))
        assert found.size[row] == (centre == label).sum()
    with pytest.raises(NotEstimable, match="missing"):
        leave_one_cluster_out(RATE, np.array([None, *["A"] * 6, *["B"] * 5], dtype=object))
    for folds in ([0.0, 1.0, np.nan] * 4, [0], []):
        with pytest.raises(NotEstimable, match="folds"):
            cross_validation(RATE, folds)
    with pytest.raises(NotEstimable):
        fold_assignments(N, folds=3, repeats=1, seed=1, strata=[np.nan] * N)
    with pytest.raises(NotEstimable, match="one fold"):
        leave_one_cluster_out(RATE, ["A"] * N)


def test_folds_that_fail_are_counted():
    pipeline = EventRate(EVENT, fail_below=0.32)
    found = cross_validation(pipeline, np.arange(N))
    # without a patient who had the event the rate is 3/11, below 0.32
    assert found.failures == (("too_low", 4),)
    assert len(found.test) == N - 4


@pytest.mark.parametrize(("folds", "repeats"), [(1, 1), (13, 1), (3, 0)])
def test_folds_that_are_none_are_refused(folds, repeats):
    with pytest.raises(NotEstimable):
        fold_assignments(N, folds=folds, repeats=repeats, seed=1)


def test_strata_keep_their_size_and_clusters_stay_together():
    strata = stratified_multiplicities(EVENT, 5, 30)
    centre = np.repeat([3, 1, 2], [5, 4, 3])
    clusters = cluster_multiplicities(centre, 5, 30)
    seen = set()
    for b in range(30):
        assert strata(b) @ EVENT == EVENT.sum()
        assert strata(b).sum() == N
        counts = {int(label): set(clusters(b)[centre == label]) for label in (1, 2, 3)}
        assert all(len(one) == 1 for one in counts.values())
        assert sum(one.pop() for one in counts.values()) == 3
        seen.add(clusters(b).tobytes())
    assert len(seen) > 5
    np.testing.assert_array_equal(strata(7), stratified_multiplicities(EVENT, 5, 99)(7))
    for gaps in ([], [1.0, np.nan, 2.0], [["a"], ["b"]]):
        with pytest.raises(NotEstimable):
            stratified_multiplicities(gaps, 5, 30)
        with pytest.raises(NotEstimable):
            cluster_multiplicities(gaps, 5, 30)


def test_optimism_within_strata_and_of_clusters():
    found = stratified_optimism(RATE, strata=EVENT, resamples=30, seed=5)
    # every resample has the rate of the cohort: nothing is learned, nothing lost
    np.testing.assert_allclose(found.optimism("squared_error"), 0.0, atol=1e-15)
    clusters = cluster_optimism(RATE, cluster=np.arange(N), resamples=30, seed=5)
    plain = bootstrap_optimism(RATE, n=N, resamples=30, seed=5)
    # clusters of one patient are patients
    np.testing.assert_array_equal(clusters.training, plain.training)


def test_location_shifted_interval():
    found = bootstrap_optimism(RATE, n=N, resamples=200, seed=8)
    training, optimism = found.training[:, 0], found.optimism("squared_error")
    interval = location_shifted_interval(found, "squared_error", level=0.9)
    assert interval.value == pytest.approx(found.apparent[0] - optimism.mean())
    low, high = np.quantile(training, [0.05, 0.95])
    assert interval.low == pytest.approx(low - optimism.mean())
    assert interval.high == pytest.approx(high - optimism.mean())
    centred = location_shifted_interval(found, "squared_error", level=0.9, around="corrected")
    assert centred.high - centred.low == pytest.approx(high - low)
    assert centred.low == pytest.approx(low - training.mean() + interval.value)
    for name, around in (("auc", "published"), ("squared_error", "nothing")):
        with pytest.raises(NotEstimable):
            location_shifted_interval(found, name, around=around)
    none = replace(found, training=found.training[:0], test=found.test[:0])
    with pytest.raises(NotEstimable):
        location_shifted_interval(none, "squared_error")
    one = replace(found, training=found.training[:1], test=found.test[:1])
    assert location_shifted_interval(one, "squared_error").low is None


def test_instability_of_predictions():
    found = prediction_instability(RATE, n=N, resamples=50, seed=2)
    rates = np.array([resample_multiplicities(N, 2, 50)(b) @ EVENT / N for b in range(50)])
    with_event = EVENT == 1.0
    np.testing.assert_allclose(found.resampled[:, with_event], rates[:, None] * np.ones(4))
    error = np.abs(rates - EVENT.mean()).mean()
    np.testing.assert_allclose(found.mean_absolute_error()[with_event], error)
    np.testing.assert_allclose(found.mean_absolute_error()[~with_event], error / 2.0)
    low, high = found.limits(0.8)
    np.testing.assert_allclose(low[with_event], np.quantile(rates, 0.1))
    np.testing.assert_allclose(high[with_event], np.quantile(rates, 0.9))
    # the prediction, a third, is at the threshold; resamples with a lower rate change sides
    shares = found.classification(EVENT.mean())
    np.testing.assert_allclose(shares[with_event], np.mean(rates < EVENT.mean()))
    threads = prediction_instability(RATE, n=N, resamples=50, seed=2, threads=4)
    assert threads.resampled.tobytes() == found.resampled.tobytes()
    with pytest.raises(NotEstimable):
        prediction_instability(RATE, n=N, resamples=0, seed=2)


def test_instability_of_calibration():
    found = prediction_instability(RATE, n=N, resamples=20, seed=2)
    curves = calibration_instability(found, EVENT, 1.0 - EVENT, groups=3)
    # the eight without the event have the lower prediction: two groups of four, then the cases
    np.testing.assert_allclose(curves.observed, [0.0, 0.0, 1.0])
    np.testing.assert_allclose(curves.predicted, [1 / 6, 1 / 6, 1 / 3])
    np.testing.assert_allclose(curves.observed_resampled, np.tile([0.0, 0.0, 1.0], (20, 1)))
    np.testing.assert_allclose(
        curves.predicted_resampled[:, 2], found.resampled[:, EVENT == 1.0].mean(axis=1)
    )
    for cases, controls, groups in (
        (EVENT, 1.0 - EVENT, 1),
        (EVENT, 1.0 - EVENT, 13),
        (-EVENT, 1.0 - EVENT, 3),
        (EVENT * 0.0, EVENT, 3),
    ):
        with pytest.raises(NotEstimable):
            calibration_instability(found, cases, controls, groups=groups)
