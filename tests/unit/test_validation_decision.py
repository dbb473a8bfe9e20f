"""Bootstrap of a validation, flexible calibration, decision curves and comparisons, on few rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from decision_samples import (
    KINDS,
    binary_target,
    competing_target,
    sample,
    scored,
    survival_target,
)
from scipy.stats import ttest_1samp

from cartwheel.errors import NotEstimable, PlanRefused
from cartwheel.stats.net_benefit import net_benefit_of
from cartwheel.stats.smooth_calibration import smooth_calibration
from cartwheel.validation.judging.comparisons import compare
from cartwheel.validation.judging.decision import decide, thresholds_of
from cartwheel.validation.judging.flexible import (
    calibration_indices,
    calibration_plot,
    like_predictions,
)
from cartwheel.validation.judging.resampled import (
    Resampled,
    bootstrap_estimate,
    percentile_limits,
    resample,
    round_grid,
)
from cartwheel.validation.plan import DecisionPlan

PLAN = DecisionPlan()


def resamples(kind: str, count: int = 40) -> Resampled:
    target, scores = sample(kind)
    return resample(target, scores, thresholds_of(PLAN), resamples=count, seed=7)


def test_thresholds_carry_no_dust() -> None:
    assert thresholds_of(PLAN).tolist() == [k / 100 for k in range(5, 51)]
    assert thresholds_of(DecisionPlan(low=0.1, high=0.3, step=0.1)).tolist() == [0.1, 0.2, 0.3]
    # the step does not reach the highest
    assert thresholds_of(DecisionPlan(low=0.1, high=0.25, step=0.1)).tolist() == [0.1, 0.2]


@pytest.mark.parametrize(("low", "high"), [(0.3, 0.3), (0.4, 0.2)])
def test_a_range_that_is_none(low: float, high: float) -> None:
    with pytest.raises(PlanRefused, match="low has to be below high"):
        thresholds_of(DecisionPlan(low=low, high=high))


def test_net_benefit_by_hand() -> None:
    # at 0.5 three are treated, two of them have the event: (2 - 1) / 5
    target = binary_target([1, 1, 0, 0, 0])
    score = scored("a", [0.9, 0.5, 0.6, 0.2, 0.1])
    decision = decide(target, [score], DecisionPlan(low=0.2, high=0.5, step=0.1), None, 0.95)
    assert decision is not None
    own, everybody, nobody = decision.curves
    assert own.net_benefit[-1] == pytest.approx(0.2)
    # at 0.2 four are treated: (2 - 2/4) / 5; treating all: (2 - 3/4) / 5
    assert own.net_benefit[0] == pytest.approx(0.3)
    assert everybody.net_benefit[0] == pytest.approx(0.25)
    assert set(nobody.net_benefit) == {0.0}
    assert own.low == (None,) * 4


def test_scores_without_a_risk_are_named() -> None:
    target, scores = sample("binary")
    decision = decide(target, scores, PLAN, None, 0.95)
    assert decision is not None
    assert decision.left_out == ("value",)
    assert [curve.name for curve in decision.curves] == [
        "fine",
        "coarse",
        "treat all",
        "treat none",
    ]
    assert decide(target, scores[2:], PLAN, None, 0.95) is None


def test_the_text_says_whose_the_range_is() -> None:
    target, scores = sample("survival")
    usual = decide(target, scores, PLAN, None, 0.95)
    asked = decide(target, scores, DecisionPlan(low=0.1), None, 0.95)
    assert usual is not None
    assert asked is not None
    assert "an assumption" in usual.text
    assert "the range that the plan states" in asked.text
    assert "from 10 % to 50 %" in asked.text
    assert "Kaplan-Meier" in usual.text
    assert "Without resamples there are no limits." in usual.text


def test_the_text_says_that_band_risks_stand_for_risks() -> None:
    target, _ = sample("binary")
    risk = np.where(np.arange(target.n) % 2, 0.2, 0.4)
    banded = scored("bands", risk, source="band risk", value=np.arange(target.n) % 2)
    decision = decide(target, [banded], PLAN, None, 0.95)
    assert decision is not None
    assert "published risk of the patient's band" in decision.text
    assert decision.text.count("bands") == 1


@pytest.mark.parametrize("kind", KINDS)
def test_differences_are_those_of_the_curves(kind: str) -> None:
    target, scores = sample(kind)
    decision = decide(target, scores, PLAN, resamples(kind), 0.9)
    assert decision is not None
    curves = {curve.name: curve for curve in decision.curves}
    assert {row.measure for row in decision.differences} == {
        "net_benefit_at_0.05",
        "net_benefit_at_0.27",
        "net_benefit_at_0.5",
    }
    for row in decision.differences:
        place = decision.thresholds.index(float(row.measure.rsplit("_", 1)[1]))
        first, second = (curves[name].net_benefit[place] for name in (row.first, row.second))
        assert first is not None
        assert second is not None
        assert row.difference.value == pytest.approx(first - second, abs=1e-15)
        assert row.difference.level == 0.9
        assert row.difference.low is not None
        assert row.difference.high is not None
        assert row.difference.low <= row.difference.high
        assert row.p_value is None


def test_a_threshold_above_which_nobody_is_followed() -> None:
    # the two with a high risk are lost before the horizon
    target = survival_target([0.2, 0.5, 0.6, 1.5, 2.0, 2.0], [0, 0, 1, 0, 1, 0])
    score = scored("a", [0.9, 0.8, 0.3, 0.2, 0.25, 0.1])
    decision = decide(target, [score], DecisionPlan(low=0.2, high=0.6, step=0.1), None, 0.95)
    assert decision is not None
    assert decision.curves[0].net_benefit[2:] == (None, None, None)
    assert decision.curves[0].net_benefit[0] is not None
    assert "there is none where nobody of them is followed so long" in decision.text
    last = [row for row in decision.differences if row.measure == "net_benefit_at_0.6"]
    assert [row.difference.value for row in last] == [None]


def test_no_event_at_all_is_said() -> None:
    target = binary_target(np.zeros(30))
    decision = decide(target, [scored("a", np.linspace(0.1, 0.6, 30))], PLAN, None, 0.95)
    assert decision is not None
    assert set(decision.curves[0].net_benefit) == {None}
    assert "Not estimable: all patients have the event, or none." in decision.text
    (ici, *_) = calibration_indices(target, scored("a", np.linspace(0.1, 0.6, 30)), None, 0.95)
    assert ici.estimate.value is None
    assert "does not converge" in ici.estimate.method


@pytest.mark.parametrize("kind", KINDS)
def test_indices_have_percentile_intervals(kind: str) -> None:
    target, scores = sample(kind)
    drawn = resamples(kind)
    measures = calibration_indices(target, scores[0], drawn, 0.95)
    assert [measure.name for measure in measures] == ["ici", "e50", "e90"]
    for place, measure in enumerate(measures):
        estimate = measure.estimate
        assert (measure.ideal, measure.std_error, measure.scale) == (0.0, None, "identity")
        column = drawn.scores[0].distances[:, place]
        # the very numbers of the resamples
        low, high = np.nanquantile(column, [0.025, 0.975])
        assert estimate.low == pytest.approx(low, rel=1e-12)
        assert estimate.high == pytest.approx(high, rel=1e-12)
        assert "resamples" in estimate.method
    assert calibration_indices(target, scores[2], drawn, 0.95) == ()


def test_an_interval_above_its_estimate_is_explained() -> None:
    target, scores = sample("binary")
    drawn = resamples("binary")
    far = replace(drawn.scores[0], distances=drawn.scores[0].distances + 1.0)
    moved = replace(drawn, scores=(far, *drawn.scores[1:]))
    (ici, *_) = calibration_indices(target, scores[0], moved, 0.95)
    assert ici.estimate.method.endswith("so they lie above the estimate")


def test_few_predictions_have_no_curve_but_a_distance() -> None:
    # observed 1/2 and 3/4 against 0.3 and 0.6
    target = binary_target([1, 0, 1, 0, 1, 1, 1, 0])
    score = scored("bands", [0.3] * 4 + [0.6] * 4, source="band risk")
    found = {m.name: m.estimate for m in calibration_indices(target, score, None, 0.95)}
    assert found["ici"].value == pytest.approx((0.2 + 0.15) / 2)
    assert found["e90"].value == pytest.approx(0.2)
    assert "each of 2 distinct predictions" in found["ici"].method
    plot = calibration_plot(target, score, None, 5, 0.95)
    assert plot is not None
    assert plot.curve == ()
    assert plot.method == "no curve: only 2 distinct predictions, each is a point"
    assert [(point.predicted, point.n) for point in plot.points] == [(0.3, 4), (0.6, 4)]
    assert [point.observed.value for point in plot.points] == [0.5, 0.75]


def test_a_certain_prediction_has_no_curve_but_points() -> None:
    target, _ = sample("binary")
    score = scored("sure", np.linspace(0.0, 1.0, target.n))
    (ici, *_) = calibration_indices(target, score, None, 0.95)
    assert ici.estimate.value is None
    assert "exactly 0 or 1" in ici.estimate.method
    plot = calibration_plot(target, score, None, 4, 0.95)
    assert plot is not None
    assert plot.curve == ()
    assert len(plot.points) == 4
    drawn = resample(target, [score], thresholds_of(PLAN), resamples=3, seed=1)
    assert np.isnan(drawn.scores[0].distances).all()
    assert np.isfinite(drawn.scores[0].net_benefit).all()
    assert drawn.failures == (("sure", 3),)


def test_nearly_all_predictions_equal_make_a_straight_line() -> None:
    random = np.random.default_rng(3)
    risk = np.full(120, 0.2)
    risk[:6] = [0.1, 0.15, 0.3, 0.35, 0.4, 0.5]
    event = (random.random(120) < 0.3).astype(float)
    event[:2], event[4:6] = 0, 1
    smooth = smooth_calibration(risk, event, grid=[0.2])
    assert smooth.knots == 2
    assert "straight line" in smooth.method
    assert np.isfinite(smooth.measure()).all()


@pytest.mark.parametrize("kind", KINDS)
def test_the_plot(kind: str) -> None:
    target, scores = sample(kind, n=150)
    drawn = resample(target, scores, thresholds_of(PLAN), resamples=30, seed=2)
    plot = calibration_plot(target, scores[0], drawn, 5, 0.95)
    assert plot is not None
    assert [point.n for point in plot.points] == [30] * 5
    predicted = [point.predicted for point in plot.points]
    assert predicted == sorted(predicted)
    assert len(plot.curve) >= 20
    for at, observed, low, high in plot.curve:
        # round numbers, none of a patient's own
        assert at == round(at, 3)
        assert 0.0 < observed < 1.0
        assert low is not None
        assert high is not None
        assert low <= high
    assert sum(without + events for _, without, events in plot.histogram) == target.n
    assert len(plot.histogram) == 20
    assert calibration_plot(target, scores[2], drawn, 5, 0.95) is None


def test_coarse_predictions_are_a_group_each() -> None:
    assert [mask.sum() for mask in like_predictions(np.array([0.1, 0.3, 0.3, 0.1 + 1e-15]), 5)] == [
        2,
        2,
    ]


def test_the_grid_is_round_and_inside() -> None:
    assert round_grid(np.array([0.02, 0.98])).tolist() == [round(0.02 * k, 2) for k in range(1, 50)]
    assert round_grid(np.array([0.3, 0.3])).size == 0
    fine = round_grid(np.array([0.0101, 0.0157]))
    assert fine[0] >= 0.0101
    assert fine[-1] <= 0.0157
    assert 20 <= fine.size <= 60
    edges = round_grid(np.array([0.0, 1.0]))
    assert edges[0] > 0.0
    assert edges[-1] < 1.0


@pytest.mark.parametrize("kind", KINDS)
def test_every_pair_and_measure_is_compared(kind: str) -> None:
    target, scores = sample(kind)
    rows = compare(target, scores, resamples(kind), 0.95)
    ranked = {
        "binary": {"auc"},
        "survival": {"harrell_c", "uno_c", "auc_at_horizon"},
        "competing": {"auc_at_horizon", "harrell_c"},
    }[kind]
    for measure in ranked:
        assert [(row.first, row.second) for row in rows if row.measure == measure] == [
            ("fine", "coarse"),
            ("fine", "value"),
            ("coarse", "value"),
        ]
    for measure in ("brier", "calibration_slope", "ici"):
        (row,) = [row for row in rows if row.measure == measure]
        assert (row.first, row.second) == ("fine", "coarse")
        assert row.difference.low is not None
        assert (row.p_value is None) == (measure != "brier")
    assert len(rows) == 3 * len(ranked) + 3
    assert compare(target, scores[:1], None, 0.95) == ()


@pytest.mark.parametrize("kind", KINDS)
def test_a_low_adverse_value_is_turned(kind: str) -> None:
    target, scores = sample(kind)
    value = scores[2].value
    turned = scored("turned", None, value=-value, adverse="high")
    for row in compare(target, [scores[2], turned], None, 0.95):
        # the same ranking: no difference, and no interval to pretend one
        assert row.difference.value == 0.0
        assert row.difference.low is None
        assert row.difference.method.startswith("no interval")
        assert row.p_value is None


def test_binary_brier_scores_differ_as_paired_errors() -> None:
    target, scores = sample("binary")
    (row,) = [r for r in compare(target, scores, None, 0.95) if r.measure == "brier"]
    assert scores[0].risk is not None
    assert scores[1].risk is not None
    gain = (target.event - scores[0].risk) ** 2 - (target.event - scores[1].risk) ** 2
    assert row.difference.value == pytest.approx(gain.mean(), rel=1e-12)
    # scipy's t statistic is the same ratio
    statistic = ttest_1samp(gain, 0.0).statistic
    assert row.difference.low is not None
    half = row.difference.value - row.difference.low
    assert abs(row.difference.value) / half * 1.959963984540054 == pytest.approx(
        abs(statistic), rel=1e-9
    )


def test_slopes_without_resamples_have_no_interval() -> None:
    target, scores = sample("binary")
    rows = {row.measure: row.difference for row in compare(target, scores, None, 0.95)}
    assert rows["calibration_slope"].value is not None
    assert rows["calibration_slope"].low is None
    assert "no interval without resamples" in rows["calibration_slope"].method


def test_percentiles_count_what_is_usable() -> None:
    draws = np.array([1.0, np.nan, 3.0])
    assert percentile_limits(np.array([np.nan, 1.0]), 0.95) == (None, None)
    assert percentile_limits(draws, 0.5) == (1.5, 2.5)
    estimate = bootstrap_estimate(2.0, draws, 0.5, "as said", (10, 4))
    assert estimate.method == "as said; percentiles of 2 of 3 resamples"
    assert (estimate.n, estimate.events) == (10, 4)
    assert bootstrap_estimate(None, draws, 0.5, "why", (10, 4)).method == "why"
    assert (
        "no interval from 1 resamples"
        in bootstrap_estimate(2.0, draws[:1], 0.5, "x", (10, 4)).method
    )


def test_refusals_of_the_fast_forms() -> None:
    target = survival_target([0.5, 1.5], [1, 0])
    assert target.times is not None
    with pytest.raises(NotEstimable, match="times need a horizon"):
        smooth_calibration([0.1, 0.2], target.times)
    with pytest.raises(NotEstimable, match="times need a horizon"):
        net_benefit_of([0.1, 0.2], target.times, [0.1])
    with pytest.raises(NotEstimable, match="thresholds must rise"):
        net_benefit_of([0.1, 0.2], [1, 0], [0.2, 0.1])
    competing = competing_target([0.5, 1.5], [2, 0])
    assert competing.competing is not None
    with pytest.raises(NotEstimable, match="cause 1"):
        net_benefit_of([0.1, 0.2], competing.competing, [0.1], 1.0)
