"""What cannot be estimated is refused by name, never a nan and never a bare error."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from cartwheel.errors import OutcomeRefused, Refused
from cartwheel.stats.calibration_curves import (
    calibration_curve,
    calibration_curve_over_time,
    observed_expected,
)
from cartwheel.stats.calibration_over_time import survival_calibration_groups
from cartwheel.stats.competing import (
    aalen_johansen,
    cause_specific_times,
    competing_times,
    mean_time_lost,
)
from cartwheel.stats.decision import decision_curve, decision_curve_over_time
from cartwheel.stats.fine_gray import fine_gray, fine_gray_coefficients
from cartwheel.stats.gray import gray_test
from cartwheel.stats.hosmer_lemeshow import hosmer_lemeshow, sum_of_squares_test
from cartwheel.stats.integrated_brier import brier_with_error, compare_brier, integrated_brier
from cartwheel.stats.lowess import lowess
from cartwheel.stats.reclassification import discrimination_improvement, net_reclassification
from cartwheel.stats.reclassification_survival import net_reclassification_survival
from cartwheel.stats.time_dependent import compare_time_dependent_auc, time_dependent_auc
from cartwheel.stats.times import survival_times
from cartwheel.stats.uno import compare_uno, uno_concordance
from cartwheel.stats.validation_indices import validation_indices

N = 12
TIME = np.arange(1.0, N + 1.0)
CAUSE = np.array([1, 2, 0, 1, 2, 0, 1, 1, 2, 0, 1, 2])
SCORE = np.array([3.0, 1.0, 2.0, 5.0, 4.0, 9.0, 7.0, 8.0, 6.0, 0.0, 2.5, 3.5])
RISK = (SCORE + 1.0) / 11.0
EVENT = (CAUSE == 1).astype(float)
CR = competing_times(TIME, CAUSE)
TIMES = survival_times(TIME, CAUSE == 1)
NAN = np.where(np.arange(N) == 3, np.nan, SCORE)

REFUSED: list[tuple[str, Callable[[], object]]] = [
    ("cause_coding", lambda: competing_times(TIME, CAUSE + 0.5)),
    ("cause_coding", lambda: competing_times(TIME, -CAUSE)),
    ("cause_coding", lambda: competing_times(TIME, np.where(CAUSE == 1, np.nan, CAUSE))),
    ("cause_coding", lambda: competing_times(TIME, CAUSE.astype(str))),
    ("time_invalid", lambda: competing_times(-TIME, CAUSE)),
    ("time_invalid", lambda: competing_times(np.full(N, np.inf), CAUSE)),
    ("times_shape", lambda: competing_times(TIME[:3], CAUSE)),
    ("no_events", lambda: competing_times(TIME, np.zeros(N, dtype=int))),
    ("no_events", lambda: cause_specific_times(CR, 7)),
    ("no_events", lambda: aalen_johansen(CR).at(3.0, 7)),
    ("level_range", lambda: aalen_johansen(CR, level=1.0)),
    ("interval_unknown", lambda: aalen_johansen(CR, interval="logit")),
    ("variance_unknown", lambda: aalen_johansen(CR, variance="bootstrap")),
    ("multiplicity_invalid", lambda: aalen_johansen(CR, multiplicity=np.full(N, 0.5))),
    ("entry_invalid", lambda: aalen_johansen(CR, entry=TIME)),
    ("entry_invalid", lambda: aalen_johansen(CR, entry=NAN)),
    ("nobody_at_risk", lambda: aalen_johansen(CR, entry=np.where(TIME > 1, 1.5, 0.0))),
    ("horizon_range", lambda: mean_time_lost(CR, 1, 99.0)),
    ("level_range", lambda: mean_time_lost(CR, 1, 5.0, level=0.0)),
    ("no_events", lambda: mean_time_lost(CR, 3, 5.0)),
    ("one_group", lambda: gray_test(CR, np.zeros(N))),
    ("group_shape", lambda: gray_test(CR, NAN)),
    ("group_shape", lambda: gray_test(CR, np.array([None] * N, dtype=object))),
    ("group_shape", lambda: gray_test(CR, SCORE[:4])),
    ("no_events", lambda: gray_test(CR, SCORE > 3, cause=9)),
    ("gray_singular", lambda: gray_test(CR, SCORE > 3, strata=SCORE > 3)),
    ("design_missing", lambda: fine_gray(CR, NAN)),
    ("design_shape", lambda: fine_gray(CR, SCORE[:5])),
    ("constant", lambda: fine_gray(CR, np.ones(N))),
    ("collinear", lambda: fine_gray(CR, np.column_stack((SCORE, 2 * SCORE)))),
    ("no_convergence", lambda: fine_gray(CR, EVENT)),
    ("no_events", lambda: fine_gray(CR, SCORE, cause=5)),
    ("no_events", lambda: fine_gray(CR, SCORE, multiplicity=(CAUSE != 1).astype(int))),
    ("convention_unknown", lambda: fine_gray(CR, SCORE, convention="riskRegression")),
    ("names_shape", lambda: fine_gray(CR, SCORE, names=("a", "b"))),
    ("group_missing", lambda: fine_gray(CR, SCORE, censoring_group=NAN)),
    ("level_range", lambda: fine_gray(CR, SCORE).hazard_ratio(0, level=2.0)),
    ("design_shape", lambda: fine_gray(CR, SCORE).incidence([[1.0, 2.0]], 3.0)),
    ("horizon_range", lambda: fine_gray(CR, SCORE).incidence([[1.0]], np.nan)),
    ("horizon_range", lambda: aalen_johansen(CR).at(np.nan, 1)),
    ("rho", lambda: gray_test(CR, SCORE > 3, rho=-1.0)),
    ("no_variance", lambda: brier_with_error(survival_times(TIME, np.ones(N)), RISK, 12.0).scaled),
    (
        "multiplicity_invalid",
        lambda: decision_curve_over_time(TIMES, RISK, 5.0, [0.5], multiplicity=np.zeros(N)),
    ),
    (
        "horizon_range",
        lambda: decision_curve_over_time(TIMES, RISK, 9.0, [0.5], multiplicity=TIME < 5),
    ),
    ("not_finite", lambda: time_dependent_auc(TIMES, NAN, 5.0)),
    ("score_invalid", lambda: time_dependent_auc(TIMES, SCORE[:4], 5.0)),
    ("one_class", lambda: time_dependent_auc(TIMES, SCORE, 0.5)),
    ("one_class", lambda: time_dependent_auc(TIMES, SCORE, 99.0)),
    ("not_finite", lambda: time_dependent_auc(TIMES, SCORE, np.nan)),
    ("controls_unknown", lambda: time_dependent_auc(TIMES, SCORE, 5.0, controls="all")),
    ("at_horizon_unknown", lambda: time_dependent_auc(TIMES, SCORE, 5.0, at_horizon="both")),
    ("level", lambda: time_dependent_auc(TIMES, SCORE, 5.0, level=1.5)),
    ("identical", lambda: compare_time_dependent_auc(AUC, AUC)),
    (
        "not_paired",
        lambda: compare_time_dependent_auc(AUC, time_dependent_auc(TIMES, SCORE, 6.0)),
    ),
    ("score_invalid", lambda: uno_concordance(TIMES, NAN, 5.0)),
    ("weighting_unknown", lambda: uno_concordance(TIMES, SCORE, 5.0, weighting="harrell")),
    ("horizon_range", lambda: uno_concordance(TIMES, SCORE, 0.0)),
    ("horizon_range", lambda: uno_concordance(TIMES, SCORE, np.nan)),
    ("no_comparable_pair", lambda: uno_concordance(TIMES, SCORE, 0.5)),
    ("identical", lambda: compare_uno(UNO, uno_concordance(TIMES, 2 * SCORE, 9.0))),
    ("not_paired", lambda: compare_uno(UNO, uno_concordance(TIMES, SCORE, 8.0))),
    ("risk_range", lambda: brier_with_error(TIMES, SCORE, 5.0)),
    ("length_mismatch", lambda: brier_with_error(TIMES, RISK[:4], 5.0)),
    ("horizon_range", lambda: brier_with_error(TIMES, RISK, 99.0)),
    ("horizon_range", lambda: brier_with_error(TIMES, RISK, 0.0)),
    ("no_events", lambda: brier_with_error(TIMES, RISK, 0.5)),
    ("identical", lambda: compare_brier(BRIER, BRIER)),
    ("not_paired", lambda: compare_brier(BRIER, brier_with_error(TIMES, RISK, 6.0))),
    ("horizon_range", lambda: integrated_brier(TIMES, lambda _: RISK, 99.0)),
    ("risk_range", lambda: integrated_brier(TIMES, lambda _: SCORE, 5.0)),
    ("threshold_range", lambda: decision_curve(RISK, EVENT, [0.0, 0.5])),
    ("one_class", lambda: decision_curve(RISK, np.ones(N), [0.5])),
    ("coding", lambda: decision_curve(RISK, CAUSE, [0.5])),
    ("prevalence_range", lambda: decision_curve(RISK, EVENT, [0.5], prevalence=1.0)),
    ("multiplicity_invalid", lambda: decision_curve(RISK, EVENT, [0.5], multiplicity=-EVENT)),
    ("horizon_range", lambda: decision_curve_over_time(TIMES, RISK, 99.0, [0.5])),
    ("one_class", lambda: net_reclassification(RISK, RISK, np.zeros(N))),
    ("cuts", lambda: net_reclassification(RISK, RISK, EVENT, cuts=[0.4, 0.2])),
    ("risk_range", lambda: net_reclassification(SCORE, RISK, EVENT)),
    ("too_few", lambda: discrimination_improvement(RISK, RISK, TIME == 1)),
    (
        "estimator_unknown",
        lambda: net_reclassification_survival(TIMES, RISK, RISK, 5.0, estimator="boot"),
    ),
    ("one_class", lambda: net_reclassification_survival(TIMES, RISK, RISK, 0.5)),
    ("groups", lambda: hosmer_lemeshow(np.full(N, 0.5), EVENT)),
    ("expected_zero", lambda: hosmer_lemeshow(np.where(RISK > 0.7, 1.0, RISK), EVENT, 4)),
    ("no_variance", lambda: sum_of_squares_test(SCORE, EVENT, np.full(N, 0.5))),
    ("span", lambda: lowess(SCORE, EVENT, span=0.0)),
    ("delta", lambda: lowess(SCORE, EVENT, delta=-1.0)),
    ("not_finite", lambda: lowess(NAN, EVENT)),
    ("smoother_unknown", lambda: calibration_curve(RISK, EVENT, smoother="loess")),
    ("one_class", lambda: calibration_curve(RISK, np.zeros(N))),
    ("risk_boundary", lambda: calibration_curve(np.where(RISK > 0.5, 1.0, RISK), EVENT)),
    ("knots", lambda: calibration_curve(np.where(RISK > 0.5, 0.6, 0.2), EVENT)),
    ("multiplicity_invalid", lambda: calibration_curve(RISK, EVENT, multiplicity=RISK)),
    ("horizon_range", lambda: calibration_curve_over_time(TIMES, RISK / 2, 99.0)),
    ("horizon_range", lambda: observed_expected(RISK, TIMES)),
    ("no_events", lambda: observed_expected(RISK, np.zeros(N))),
    ("no_events", lambda: observed_expected(np.zeros(N), EVENT)),
    ("groups", lambda: survival_calibration_groups(TIMES, RISK, 5.0, 1)),
    ("risk_boundary", lambda: validation_indices(np.where(RISK > 0.5, 1.0, RISK), EVENT)),
]
AUC = time_dependent_auc(TIMES, SCORE, 5.0)
UNO = uno_concordance(TIMES, SCORE, 9.0)
BRIER = brier_with_error(TIMES, RISK, 5.0)


@pytest.mark.parametrize(
    ("code", "ask"), REFUSED, ids=[f"{i}-{code}" for i, (code, _) in enumerate(REFUSED)]
)
def test_refused_by_name(code: str, ask: Callable[[], object]) -> None:
    with pytest.raises(Refused) as caught:
        ask()
    assert [problem.code for problem in caught.value.problems] == [code]


def test_bad_causes_are_a_fault_of_the_outcome() -> None:
    with pytest.raises(OutcomeRefused):
        competing_times(TIME, CAUSE - 1)


@pytest.mark.parametrize("x", [EVENT, np.ones(N)], ids=["separating", "constant"])
def test_the_fast_fit_says_that_it_failed(x: np.ndarray) -> None:
    assert fine_gray_coefficients(CR, x, 1)[1] is False


def test_times_tied_at_rounding_distance_are_one_time() -> None:
    near = TIME.copy()
    near[4] = near[3] * (1.0 + 1e-15)
    exact = np.where(np.arange(N) == 4, TIME[3], TIME)
    a, b = competing_times(near, CAUSE), competing_times(exact, CAUSE)
    np.testing.assert_array_equal(aalen_johansen(a).probability, aalen_johansen(b).probability)
    np.testing.assert_array_equal(fine_gray(a, SCORE).covariance, fine_gray(b, SCORE).covariance)


def test_limits_that_do_not_exist_are_none() -> None:
    curve = aalen_johansen(CR)
    assert curve.at(0.5, 1).value == 0.0
    assert curve.at(0.5, 0).value == 1.0
    assert curve.at(1.0, 2).low is None
    beyond = curve.at(99.0, 1)
    assert beyond.value == pytest.approx(float(curve.probability[-1, 1]))


def test_results_are_read_only() -> None:
    for array in (
        aalen_johansen(CR).probability,
        fine_gray(CR, SCORE).coefficients,
        gray_test(CR, SCORE > 3).score,
        AUC.auc,
        AUC.cases,
        UNO.influence,
        BRIER.influence,
        calibration_curve(RISK, EVENT, smoother="lowess").observed,
        decision_curve(RISK, EVENT, [0.5]).net_benefit,
    ):
        assert not array.flags.writeable


def test_columns_far_from_zero_do_not_underflow() -> None:
    near, far = fine_gray(CR, SCORE), fine_gray(CR, SCORE + 1e6)
    np.testing.assert_allclose(near.coefficients, far.coefficients, rtol=1e-6)
    at = [2.0, 9.0]
    # a millionth of ten digits is left of the shifted column
    np.testing.assert_allclose(
        near.incidence([[4.0]], at), far.incidence([[1e6 + 4.0]], at), rtol=1e-6
    )
