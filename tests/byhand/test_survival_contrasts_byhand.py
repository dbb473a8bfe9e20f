"""Nelson-Aalen, weighted curves and tests, restricted means, start-stop rows: by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cartwheel.errors import NotEstimable, OutcomeRefused
from cartwheel.stats.fleming_harrington import (
    TimeWeights,
    log_rank_hazard_ratio,
    pairwise_log_rank,
    weighted_log_rank,
)
from cartwheel.stats.log_rank import log_rank
from cartwheel.stats.nelson_aalen import nelson_aalen
from cartwheel.stats.restricted_mean import restricted_mean, restricted_mean_contrast
from cartwheel.stats.risk_sets import risk_sets
from cartwheel.stats.start_stop import landmark_rows, split_at_change, survival_split
from cartwheel.stats.survival import kaplan_meier
from cartwheel.stats.survival_difference import survival_difference
from cartwheel.stats.times import survival_times
from cartwheel.stats.weighted_survival import weighted_kaplan_meier

FIVE = survival_times([1, 2, 2, 3, 4], [1, 1, 1, 0, 1])


def test_nelson_aalen() -> None:
    found = nelson_aalen(FIVE)
    np.testing.assert_allclose(found.hazard, [1 / 5, 1 / 5 + 2 / 4, 0.7, 1.7])
    np.testing.assert_allclose(
        found.std_error**2, [1 / 25, 1 / 25 + 2 / 16, 1 / 25 + 1 / 8, 1 / 25 + 1 / 8 + 1]
    )
    apart = nelson_aalen(FIVE, ties="one-by-one")
    np.testing.assert_allclose(apart.hazard[1], 1 / 5 + 1 / 4 + 1 / 3)
    np.testing.assert_allclose(apart.std_error[1] ** 2, 1 / 25 + 1 / 16 + 1 / 9)
    assert found.at(2.5).value == pytest.approx(0.7)
    assert found.at(0.5).value == 0.0
    assert found.at(9.0).value is None
    plain = nelson_aalen(FIVE, interval="plain")
    assert plain.low[0] == 0.0
    assert plain.high[0] == pytest.approx(0.2 + 1.959963984540054 * 0.2)
    assert found.low[0] == pytest.approx(0.2 / math.exp(1.959963984540054))


def test_restricted_mean() -> None:
    # S is 1 to 1, 0.8 to 2, 0.4 to 4, then 0
    found = restricted_mean(FIVE, 3.5)
    assert found.value == pytest.approx(1.0 + 0.8 + 1.5 * 0.4)
    assert found.lost == pytest.approx(3.5 - 2.4)
    # areas beyond 1 and 2 to the horizon: 1.4 and 0.6
    assert found.std_error**2 == pytest.approx(1.4**2 / 20 + 0.6**2 * 2 / (4 * 2))
    assert restricted_mean(FIVE, 10.0).value == pytest.approx(1.0 + 0.8 + 2 * 0.4)
    other = restricted_mean(survival_times([4, 4, 5, 6], [0, 1, 1, 1]), 3.5)
    assert other.value == 3.5
    contrast = restricted_mean_contrast(found, other)
    assert contrast.difference.value == pytest.approx(2.4 - 3.5)
    assert contrast.ratio.value == pytest.approx(2.4 / 3.5)
    assert contrast.lost_ratio is None


def test_weighted_log_rank() -> None:
    times = survival_times([1, 2, 3, 4], [1, 1, 1, 1])
    group = [0, 1, 0, 1]
    # at risk in group 1: 2 of 4, 2 of 3, 1 of 2, 1 of 1
    weights = {
        TimeWeights(): [1, 1, 1, 1],
        TimeWeights(rho=1.0): [1, 3 / 4, 1 / 2, 1 / 4],
        TimeWeights(gamma=1.0): [0, 1 / 4, 1 / 2, 3 / 4],
        TimeWeights(rho=0.5, gamma=2.0): [s**0.5 * (1 - s) ** 2 for s in (1.0, 0.75, 0.5, 0.25)],
        TimeWeights("gehan"): [4, 3, 2, 1],
        TimeWeights("tarone-ware"): [2, 3**0.5, 2**0.5, 1],
        TimeWeights("peto"): [4 / 5, 4 / 5 * 3 / 4, 4 / 5 * 3 / 4 * 2 / 3, 0.2],
    }
    share, died = np.array([1 / 2, 2 / 3, 1 / 2, 1.0]), np.array([0, 1, 0, 1])
    for kind, w in weights.items():
        found = weighted_log_rank(times, group, weights=kind)
        difference = float(np.array(w) @ (died - share))
        variance = float(np.array(w) ** 2 @ (share * (1 - share)))
        assert found.observed[1] == pytest.approx(float(np.array(w) @ died)), kind
        assert found.statistic == pytest.approx(difference**2 / variance), kind
    plain = log_rank(times, group)
    assert weighted_log_rank(times, group).statistic == plain.statistic
    ratio = log_rank_hazard_ratio(plain)
    variance = 1 / 4 + 2 / 9 + 1 / 4
    assert ratio.value == pytest.approx(math.exp((2 - 8 / 3) / variance))
    # two strata add up
    both = survival_times([1, 2, 3, 4] * 2, [1] * 8)
    found = weighted_log_rank(both, group * 2, strata=[0] * 4 + [1] * 4)
    assert found.statistic == pytest.approx(2.0 * plain.statistic)


def test_late_entry() -> None:
    # at risk: 1 at time 1 (the second enters at 1), 3 at time 3, 2 at time 5
    sets = risk_sets([1, 3, 5, 6], [1, 1, 1, 0], start=[0, 1, 2, 0])
    (found,) = weighted_kaplan_meier(sets)
    np.testing.assert_array_equal(found.curve.n_risk, [2, 3, 2, 1])
    np.testing.assert_allclose(found.curve.survival, [1 / 2, 1 / 3, 1 / 6, 1 / 6])
    np.testing.assert_allclose(found.curve.std_error[2], (1 / 6) * math.sqrt(1 / 2 + 1 / 6 + 1 / 2))


def test_weights() -> None:
    sets = risk_sets([1, 2, 3], [1, 1, 0], case_weights=[0.5, 1.5, 2.0])
    (found,) = weighted_kaplan_meier(sets)
    np.testing.assert_allclose(found.curve.survival, [3.5 / 4, 3.5 / 4 * 2 / 3.5, 0.5])
    np.testing.assert_array_equal(found.curve.n_risk, [3, 2, 1])
    (robust,) = weighted_kaplan_meier(sets, error="robust")
    # influence of a row on S: w times the slope, summed as squares; S(1) = 1 - w1 / (w1 + w2 + w3)
    slopes = np.array([-3.5, 0.5, 0.5]) / 16.0
    assert robust.curve.std_error[0] == pytest.approx(
        math.sqrt(float(((slopes * [0.5, 1.5, 2.0]) ** 2).sum()))
    )
    # without weights and censoring the jackknife is Greenwood's
    plain = risk_sets([1, 2, 2, 4, 7], [1, 1, 1, 1, 1])
    (a,), (b,) = weighted_kaplan_meier(plain), weighted_kaplan_meier(plain, error="robust")
    np.testing.assert_allclose(a.curve.std_error, b.curve.std_error)


def test_differences_at_a_time() -> None:
    a, b = kaplan_meier(FIVE), kaplan_meier(survival_times([1, 5, 6, 7], [1, 1, 0, 0]))
    found = survival_difference(a, b, 2.5)
    assert found.difference.value == pytest.approx(0.4 - 0.75)
    error = math.sqrt(0.4**2 * (1 / 20 + 2 / 8) + 0.75**2 / 12)
    assert found.std_error == pytest.approx(error)
    assert found.z == pytest.approx(-0.35 / error)


def test_rows_cut_at_fixed_times() -> None:
    found = survival_split([1, 4, 2], [1, 0, 1], [2, 3])
    assert found.patient.tolist() == [0, 1, 1, 1, 2]
    assert found.start.tolist() == [0, 0, 2, 3, 0]
    assert found.stop.tolist() == [1, 2, 3, 4, 2]
    assert found.event.tolist() == [1, 0, 0, 0, 1]
    assert found.episode.tolist() == [0, 0, 1, 2, 0]


def test_rows_cut_at_a_change() -> None:
    found = split_at_change([5, 5, 5, 5], [1, 1, 0, 1], [2, np.nan, 0, 5])
    assert found.patient.tolist() == [0, 0, 1, 2, 3]
    assert found.episode.tolist() == [0, 1, 0, 1, 0]
    assert found.event.tolist() == [0, 1, 1, 0, 1]


def test_landmark() -> None:
    found = landmark_rows([1, 2, 5], [1, 0, 1], 2.0)
    assert (found.patient.tolist(), found.start.tolist(), found.event.tolist()) == ([2], [2.0], [1])


@pytest.mark.parametrize(
    ("code", "act"),
    [
        ("horizon_range", lambda: restricted_mean(FIVE, 0.0)),
        ("horizon_range", lambda: restricted_mean(FIVE, math.nan)),
        (
            "horizon_beyond_follow_up",
            lambda: restricted_mean(survival_times([1, 2], [1, 0]), 3.0),
        ),
        ("weights_unknown", lambda: TimeWeights("wilcoxon")),
        ("exponent_range", lambda: TimeWeights(rho=-1.0)),
        ("exponent_unused", lambda: TimeWeights("gehan", rho=1.0)),
        ("adjustment_unknown", lambda: pairwise_log_rank(FIVE, [0, 1, 0, 1, 0], adjustment="no")),
        ("one_group", lambda: weighted_log_rank(FIVE, [0] * 5)),
        (
            "no_expected_events",
            lambda: weighted_log_rank(survival_times([1, 2], [0, 0]), [0, 1]),
        ),
        ("choice_unknown", lambda: nelson_aalen(FIVE, ties="no")),
        ("level", lambda: nelson_aalen(FIVE, level=1.0)),
        ("interval_empty", lambda: risk_sets([1, 2], [1, 1], start=[0, 2])),
        ("interval_empty", lambda: risk_sets([1, 2], [1, 1], start=[0, 2 - 1e-12])),
        ("time_invalid", lambda: risk_sets([1, 2], [1, 1], start=[0, -1])),
        ("time_invalid", lambda: risk_sets([1, np.nan], [1, 1])),
        ("weight_invalid", lambda: risk_sets([1, 2], [1, 1], case_weights=[1, 0])),
        ("weight_invalid", lambda: risk_sets([1, 2], [1, 1], case_weights=[1, -1])),
        ("weight_invalid", lambda: risk_sets([1, 2], [1, 1], case_weights=[1, np.inf])),
        ("group_missing", lambda: risk_sets([1, 2], [1, 1], strata=["a", None])),
        ("cuts_invalid", lambda: survival_split([1.0], [1], [])),
        ("change_invalid", lambda: split_at_change([1.0], [1], [np.inf])),
        ("nobody_left", lambda: landmark_rows([1.0], [1], 1.0)),
        ("error_unknown", lambda: weighted_kaplan_meier(risk_sets([1], [1]), error="no")),
        (
            "curve_at_nought",
            lambda: survival_difference(kaplan_meier(FIVE), kaplan_meier(FIVE), 4.0),
        ),
        (
            "beyond_follow_up",
            lambda: survival_difference(kaplan_meier(FIVE), kaplan_meier(FIVE), 5.0),
        ),
        (
            "two_groups",
            lambda: log_rank_hazard_ratio(log_rank(FIVE, [0, 1, 2, 1, 0])),
        ),
    ],
)
def test_refusals(code: str, act: object) -> None:
    with pytest.raises((NotEstimable, OutcomeRefused)) as caught:
        act()  # type: ignore[operator]
    assert caught.value.problems[0].code == code
