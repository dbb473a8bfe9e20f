"""What a validation says of bands, edges, curves and published figures, worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from math import sqrt
from typing import Any

import numpy as np
import pytest
from validated_groups import binary, competing, survival
from validated_scores import banded

from cartwheel.clinic.score import read_score
from cartwheel.clinic.score_spec import PerformanceRow
from cartwheel.estimate import Estimate
from cartwheel.stats.survival import horizon_weights
from cartwheel.validation.analysed import Predicted, Target
from cartwheel.validation.judging.bands import (
    band_edges,
    band_rows,
    band_tests,
    found_here,
    published_figures,
)
from cartwheel.validation.judging.curves import incidence_by_band, roc_points, survival_by_band
from cartwheel.validation.judging.measures import discrimination

# one order of summation against another
ROUNDING = 1e-12


# ---- bands --------------------------------------------------------------------------------------


def _proportions() -> tuple[Target, Predicted]:
    """56 events in 70 where 48 in 80 are published, and an empty band above."""
    target = binary([1] * 56 + [0] * 14)
    observed = {"b0": {"n": 80, "events": 48, "risk": 0.6}, "b1": {"risk": 0.9}}
    return target, banded([0] * 70, [0.6] * 70, [1], source="band risk", observed=observed)


def test_the_difference_from_published_counts_is_newcombes() -> None:
    low, empty = band_rows(*_proportions(), 0.95)
    assert low.difference is not None
    # Newcombe 1998, Table II (a): 0.0524 to 0.3339 by method 10
    told = (low.difference.value, low.difference.low, low.difference.high)
    assert told == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    assert low.predicted == pytest.approx(0.6)
    assert (empty.patients, empty.events) == (0, 0)
    assert empty.observed is empty.predicted is empty.difference is None
    assert empty.published is not None
    assert empty.published.value == 0.9


def test_a_published_risk_without_counts_is_taken_as_known() -> None:
    target = binary([1, 0, 0, 0])
    (row,) = band_rows(
        target,
        replace(banded([0] * 4, None, [1], observed={"b0": {"risk": 0.1}}), bands=("b0",)),
        0.95,
    )
    assert row.observed is not None
    assert row.difference is not None
    assert row.observed.low is not None
    assert row.difference.value == pytest.approx(0.15, rel=ROUNDING)
    assert row.difference.low == pytest.approx(row.observed.low - 0.1, rel=1e-9)
    assert "known" in row.difference.method


def test_published_limits_of_the_same_level_are_added() -> None:
    said = {"b0": {"risk": 0.2, "low": 0.1, "high": 0.4, "level": 0.95}}
    target = survival([2, 4, 12, 14], [1, 1, 1, 0], 10)
    (row,) = band_rows(
        target, replace(banded([0] * 4, None, [1], observed=said), bands=("b0",)), 0.95
    )
    assert row.observed is not None
    assert row.difference is not None
    assert row.observed.low is not None
    assert row.observed.high is not None
    low = 0.3 - sqrt((0.5 - row.observed.low) ** 2 + 0.2**2)
    high = 0.3 + sqrt((row.observed.high - 0.5) ** 2 + 0.1**2)
    assert (row.difference.low, row.difference.high) == pytest.approx((low, high), rel=1e-9)


def test_a_band_without_events_has_an_exact_bound() -> None:
    # in band 0 five patients, of whom one is censored early; the horizon is 10
    time = [12, 12, 12, 12, 3, 5, 6, 20]
    event = [0, 0, 1, 0, 0, 1, 1, 0]
    predicted = banded([0] * 5 + [1] * 3, None, [1])
    low, high = band_rows(survival(time, event, 10), predicted, 0.95)
    assert low.observed is not None
    assert (low.patients, low.events, low.observed.value, low.observed.low) == (5, 0, 0.0, 0.0)
    # four are known to be event-free at the horizon
    assert low.observed.high == pytest.approx(1 - 0.025 ** (1 / 4), rel=1e-10)
    assert high.observed is not None
    assert high.observed.value == pytest.approx(2 / 3, rel=ROUNDING)
    (binary_low, _) = band_rows(binary(event), banded([0, 0, 1, 0, 0, 1, 1, 1], None, [1]), 0.95)
    assert binary_low.observed is not None
    assert binary_low.observed.high == pytest.approx(1 - 0.025 ** (1 / 4), rel=1e-10)


def test_a_band_without_the_event_asked_for_counts_the_other_event_as_known() -> None:
    target = competing([1, 2, 12, 3, 4, 12], [2, 0, 0, 1, 2, 0], 10)
    low, high = band_rows(target, banded([0, 0, 0, 1, 1, 1], None, [1]), 0.95)
    assert low.observed is not None
    assert low.observed.value == 0.0
    assert low.observed.high == pytest.approx(1 - 0.025 ** (1 / 2), rel=1e-10)
    assert high.observed is not None
    assert high.observed.value == pytest.approx(1 / 3, rel=ROUNDING)


def test_a_band_whose_follow_up_ends_early_has_no_risk() -> None:
    target = survival([1, 2, 3, 15, 16, 17], [1, 0, 0, 1, 0, 1], 10)
    low, high = band_rows(target, banded([0] * 3 + [1] * 3, None, [1]), 0.95)
    assert low.observed is not None
    assert low.observed.value is None
    assert "before the horizon" in low.observed.method
    assert low.difference is None
    assert high.observed is not None
    assert high.observed.value == 0.0


def test_tests_need_two_bands_and_a_trend_three() -> None:
    event = [0, 0, 1, 0, 1, 1]
    two = banded([0, 0, 0, 1, 1, 1], None, [1, 2])
    assert [test.name for test in band_tests(binary(event), two)] == ["Fisher's exact test"]
    # 1 in 3 against 2 in 3: every other table is as unlikely or more
    assert band_tests(binary(event), two)[0].p_value == pytest.approx(1.0, rel=1e-9)
    assert band_tests(binary(event), banded([0] * 6, None, [1])) == ()
    three = banded([0, 0, 1, 1, 2, 2], None, [1, 2])
    names = {
        "binary": binary(event),
        "survival": survival([5, 6, 3, 4, 1, 2], event, 4),
        "competing": competing([5, 2, 3, 4, 1, 6], [1, 2, 1, 0, 1, 1], 4),
    }
    told = {
        kind: [test.name for test in band_tests(target, three)] for kind, target in names.items()
    }
    assert told == {
        "binary": ["chi-square test", "Cochran-Armitage trend test"],
        "survival": ["log-rank test", "log-rank test for trend"],
        "competing": ["Gray's test", "Fine-Gray test for trend"],
    }


def test_no_event_leaves_tests_out() -> None:
    predicted = banded([0, 0, 1, 1], None, [1])
    assert band_tests(survival([1, 2, 3, 4], [0] * 4, 2), predicted) == ()
    assert band_tests(competing([1, 2, 3, 4], [2] * 4, 2), predicted) == ()


# ---- edges --------------------------------------------------------------------------------------


def test_edges_are_positive_on_the_adverse_side() -> None:
    target = binary([1, 1, 0, 0])
    high = band_edges(target, banded([0, 1, 2, 2], None, [1, 2]), 0.95)
    assert [edge.positive for edge in high] == [("b1", "b2"), ("b2",)]
    assert [edge.sensitivity.value for edge in high] == [0.5, 0.0]
    low = band_edges(target, banded([0, 1, 2, 2], None, [1, 2], adverse="low"), 0.95)
    assert [edge.positive for edge in low] == [("b0", "b1"), ("b0",)]
    assert [edge.sensitivity.value for edge in low] == [1.0, 0.5]
    assert [edge.specificity.value for edge in low] == [1.0, 1.0]


def test_an_edge_above_which_nobody_is_has_no_predictive_value() -> None:
    for target in (binary([1, 0, 1, 0]), survival([1, 9, 2, 9], [1, 0, 1, 0], 5)):
        (edge,) = band_edges(target, banded([0] * 4, None, [1]), 0.95)
        assert edge.ppv.value is None
        assert edge.sensitivity.value == 0.0
        # 0 of 2: 1 - 0.025^(1/2)
        assert edge.sensitivity.high == pytest.approx(1 - sqrt(0.025), rel=1e-10)


def _plain(estimate: Estimate) -> list[float | None]:
    return [estimate.value, estimate.low, estimate.high]


@pytest.mark.parametrize("kind", ["survival", "competing"])
def test_without_censoring_edges_are_those_of_a_yes_or_no(kind: str) -> None:
    rng = np.random.default_rng(8)
    value, time = rng.integers(0, 3, 40), rng.permutation(40) + 1.0
    target: Any = survival(time, np.ones(40), 15)
    event = time <= 15
    if kind == "competing":
        cause = rng.integers(1, 3, 40)
        target, event = competing(time, cause, 15), event & (cause == 1)
    timed = band_edges(target, banded(value, None, [1, 2]), 0.95)
    plain = band_edges(binary(event), banded(value, None, [1, 2]), 0.95)
    for ours, theirs in zip(timed, plain, strict=True):
        for name in ("sensitivity", "specificity", "ppv", "npv"):
            assert _plain(getattr(ours, name)) == pytest.approx(
                _plain(getattr(theirs, name)), rel=1e-9
            )


def test_the_error_of_an_edge_is_that_of_its_infinitesimal_jackknife() -> None:
    rng = np.random.default_rng(4)
    n, horizon = 400, 8.0
    value = rng.integers(0, 2, n)
    event_time = rng.exponential(12.0 / (1 + value))
    follow = rng.uniform(1, 20, n)
    time, event = np.minimum(event_time, follow), event_time <= follow
    target = survival(time, event.astype(float), horizon)
    assert target.times is not None

    def sensitivity(weight: np.ndarray) -> float:
        case, _ = horizon_weights(target.times, horizon, weight)  # type: ignore[arg-type]
        return float(case[value == 1].sum() / case.sum())

    step = 1e-4
    pulls = []
    for row in range(n):
        weight = np.ones(n)
        weight[row] += step
        pulls.append((sensitivity(weight) - sensitivity(np.ones(n))) / step)
    variance = float(np.square(pulls).sum())
    (edge,) = band_edges(target, banded(value, None, [1]), 0.95)
    share = sensitivity(np.ones(n))
    assert edge.sensitivity.value == pytest.approx(share, rel=ROUNDING)
    effective = float(edge.sensitivity.method.split("interval of ")[1].split(" ")[0])
    # the formula takes the censoring curve as exp(-Nelson-Aalen): another by a share of 1/n
    assert effective == pytest.approx(share * (1 - share) / variance, rel=0.01)


# ---- curves -------------------------------------------------------------------------------------


def test_incidence_of_four_patients() -> None:
    target = competing([1, 2, 3, 4], [1, 2, 1, 0], 2.5)
    (curve,) = incidence_by_band(target, banded([0] * 4, None, []), 0.95)
    assert (curve.group, curve.n, curve.events, curve.competing) == ("all patients", 4, 2, 1)
    assert curve.times == (0.0, 1.0, 3.0, 4.0)
    # 1/4, then S = 1/2 times 1/2
    assert curve.incidence == pytest.approx((0.0, 0.25, 0.5, 0.5), rel=ROUNDING)
    assert curve.at_horizon.value == pytest.approx(0.25, rel=ROUNDING)
    assert curve.risk_times == (0.0, 1.0, 2.0, 3.0, 4.0)
    assert curve.at_risk == (4, 4, 3, 2, 1)


def test_a_band_without_any_event_is_flat() -> None:
    target = competing([1, 2, 3, 4], [1, 2, 0, 0], 2.5)
    curves = incidence_by_band(target, banded([0, 0, 1, 1], None, [1, 2]), 0.95)
    assert [curve.group for curve in curves] == ["b0", "b1"]
    assert (curves[1].incidence, curves[1].events) == ((0.0, 0.0), 0)
    assert curves[1].at_horizon.value == 0.0


def test_survival_curves_by_band() -> None:
    target = survival([1, 2, 3, 4], [1, 0, 1, 0], 2.5)
    first, second = survival_by_band(target, banded([0, 0, 1, 1], None, [1, 2]), 0.95)
    assert (first.group, second.group) == ("b0", "b1")
    assert first.survival == (1.0, 0.5, 0.5)
    assert first.at_horizon.value is None
    assert second.at_horizon.value == 1.0
    assert (first.at_risk[0], second.at_risk[-1]) == (2, 1)
    assert survival_by_band(binary([0, 1]), banded([0, 1], None, []), 0.95) == ()
    assert incidence_by_band(target, banded([0, 0, 1, 1], None, []), 0.95) == ()


def test_a_roc_curve_needs_cases_and_controls() -> None:
    area = Estimate(0.5)
    assert roc_points(binary([1, 1]), banded([0, 1], None, []), area) is None
    drawn = roc_points(binary([0, 1, 1]), banded([1, 2, 3], None, []), area)
    assert drawn is not None
    assert drawn.thresholds == (None, 2.5, 1.5, None)
    assert drawn.sensitivity == (0.0, 0.5, 1.0, 1.0)
    ended = survival([1, 2], [1, 0], 5)
    assert roc_points(ended, banded([0, 1], None, []), area) is None


# ---- published ----------------------------------------------------------------------------------


def test_published_figures_lie_beside_what_is_found_at_the_same_edge() -> None:
    spec = read_score("car-hematotox").chosen()
    predicted = banded([0, 1, 2, 3], None, [2])
    predicted = replace(predicted, bands=("low", "high"))
    target = binary([0, 0, 1, 0])
    found = found_here(discrimination(target, predicted, 0.95), band_edges(target, predicted, 0.95))
    rows = published_figures(spec, found)
    training = [row for row in rows if row.name == "training"]
    assert [row.measure.split(",")[0] for row in training] == ["sensitivity", "specificity"]
    assert training[0].published.value == pytest.approx(21 / 22, rel=ROUNDING)
    assert training[1].published.value == pytest.approx(22 / 33, rel=ROUNDING)
    assert training[0].found is not None
    assert training[1].found is not None
    assert (training[0].found.value, training[1].found.value) == (1.0, 2 / 3)
    areas = [row for row in rows if row.measure == "AUC"]
    assert [row.published.value for row in areas] == [0.89, 0.73]
    assert all(row.found == found["auc"] for row in areas)
    assert not [row for row in rows if row.measure == "OR"]


def test_a_percentage_is_laid_beside_a_percentage() -> None:
    found = {"auc": Estimate(0.75, 0.5, 0.9, 0.95, "AUC")}
    rows = published_figures(read_score("m-easix").chosen(), found)
    assert {row.measure for row in rows} == {"AUC (%)"}
    assert all(row.found is not None and row.found.value == 75.0 for row in rows)


def test_a_development_is_told_corrected_or_said_to_be_apparent() -> None:
    rows = (
        PerformanceRow(name="c_index", apparent=Decimal("0.8"), corrected=Decimal("0.7")),
        PerformanceRow(name="calibration_intercept", apparent=Decimal(0)),
    )
    spec = read_score("gps").but(performance=rows, published=())
    found = {"harrell_c": Estimate(0.6)}
    first, second = published_figures(spec, found)
    assert first.published.value == 0.7
    assert first.found == Estimate(0.6)
    assert "apparent" in second.name
    assert second.found is None
