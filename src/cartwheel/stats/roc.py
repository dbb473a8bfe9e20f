"""How well a score tells patients with the event from those without: areas, curves, 2 x 2 tables.

Higher scores mean that the event is likelier. Directions are never chosen from the data: negate a
score whose low values are adverse.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cartwheel.errors import NotEstimable, refuse
from cartwheel.estimate import Estimate
from cartwheel.stats.delong import (
    AucComparison,
    DeLong,
    auc_delong,
    delong,
    delong_compare,
    delong_compare_groups,
)
from cartwheel.stats.descriptive import (
    coded_column,
    exact_interval,
    finite_column,
    normal_quantile,
    same_length,
    wilson_interval,
)
from cartwheel.stats.kernels._roc import binary_area, weighted_area

__all__ = [
    "AucComparison",
    "DeLong",
    "RocCurve",
    "TwoByTwo",
    "auc",
    "auc_delong",
    "delong",
    "delong_compare",
    "delong_compare_groups",
    "roc_curve",
    "two_by_two",
    "weighted_auc",
]

Floats = NDArray[np.float64]

INTERVALS = {"wilson": wilson_interval, "exact": exact_interval}


def auc(score: ArrayLike, event: ArrayLike, multiplicity: ArrayLike | None = None) -> float:
    """Estimate the area under the ROC curve; the fast form, for resampling.

    Parameters
    ----------
    score : array_like (n,)
        Higher means the event is likelier. Not checked beyond not-a-number.
    event : array_like (n,), bool or 0/1
        1 event. Not checked.
    multiplicity : array_like (n,), optional
        How often each patient is present, whole numbers >= 0; once by default.

    Returns
    -------
    float
        Probability that a case scores higher than a control, ties counted half; nan where no case
        or no control is present.

    Raises
    ------
    NotEstimable
        A score is not a number.

    Notes
    -----
    Exact for any number of pairs below 2^52; a multiplicity gives exactly what repeated rows give.
    Agrees with R ``pROC::auc`` to rounding.

    References
    ----------
    Hanley JA, McNeil BJ 1982, doi 10.1148/radiology.143.1.7063747.
    """
    values = np.ascontiguousarray(score, dtype=np.float64)
    # whole numbers are added up, so the order among equal scores does not matter
    order = values.argsort()
    _numbers(values, order)
    happened = np.ascontiguousarray(event, dtype=np.float64)
    times = None if multiplicity is None else np.ascontiguousarray(multiplicity, dtype=np.float64)
    return binary_area(values, order, happened, times)


def weighted_auc(score: ArrayLike, case_weight: ArrayLike, control_weight: ArrayLike) -> float:
    """Estimate the area under the ROC curve from weighted cases and controls; the fast form.

    With inverse-probability-of-censoring weights this is the cumulative/dynamic time-dependent
    AUC: cases had the event by the horizon, controls are event-free beyond it.

    Parameters
    ----------
    score : array_like (n,)
        Higher means the event is likelier. Not checked beyond not-a-number.
    case_weight, control_weight : array_like (n,)
        >= 0; already multiplied by the multiplicity where patients are resampled.

    Returns
    -------
    float
        Weighted share of pairs in which the case scores higher, ties half; nan where no case or no
        control has weight.

    Raises
    ------
    NotEstimable
        A score is not a number.

    Notes
    -----
    sum_ij v_i w_j (1[x_i > x_j] + 1[x_i = x_j]/2) / (sum v sum w). With the weights of R
    ``timeROC`` (cases T < t by 1 / G(T-), controls T > t) agrees with it to 1e-8 relative.

    References
    ----------
    Uno H et al. 2007, doi 10.1198/016214507000000149. Hung H, Chiang CT 2010,
    doi 10.1002/cjs.10046.
    """
    values = np.ascontiguousarray(score, dtype=np.float64)
    # stable, so that weights are summed in the same order on every processor
    order = values.argsort(kind="stable")
    _numbers(values, order)
    return weighted_area(
        values,
        order,
        np.ascontiguousarray(case_weight, dtype=np.float64),
        np.ascontiguousarray(control_weight, dtype=np.float64),
    )


def _numbers(values: Floats, order: NDArray[np.int64]) -> None:
    """Refuse not-a-number, which sorts last."""
    if values.size and values[order[-1]] != values[order[-1]]:
        raise refuse(NotEstimable, "not_finite", "a score is missing", where="score")


@dataclass(frozen=True, slots=True)
class RocCurve:
    """Sensitivity and specificity at every threshold.

    Parameters
    ----------
    thresholds : float array (k + 1,)
        Falling from +inf to -inf over the midpoints between neighbouring values; a score above
        the threshold is positive.
    sensitivity, specificity : float array (k + 1,)
        At each threshold; sensitivity rises from 0 to 1, specificity falls from 1 to 0.
    """

    thresholds: Floats
    sensitivity: Floats
    specificity: Floats


def roc_curve(
    score: ArrayLike,
    event: ArrayLike | None = None,
    *,
    case_weight: ArrayLike | None = None,
    control_weight: ArrayLike | None = None,
) -> RocCurve:
    """Estimate the ROC curve, of an event or of weighted cases and controls.

    Parameters
    ----------
    score : array_like (n,)
        Higher means the event is likelier.
    event : array_like (n,), bool or 0/1, optional
        1 event. Needed without weights, not used with them.
    case_weight, control_weight : array_like (n,), optional
        Both or neither; >= 0. Inverse-probability-of-censoring weights give the time-dependent
        (cumulative/dynamic) curve.

    Returns
    -------
    RocCurve
        One point more than there are distinct scores.

    Raises
    ------
    NotEstimable
        No case or no control, a score not finite, an event not 0/1, a negative weight, or only one
        of the two weights.

    Notes
    -----
    Thresholds are the midpoints of R ``pROC``, in falling order; agrees with ``pROC::coords`` to
    1e-8 relative.

    References
    ----------
    Robin X et al. 2011, doi 10.1186/1471-2105-12-77.
    """
    values = finite_column(score, "score")
    if (case_weight is None) != (control_weight is None):
        raise refuse(NotEstimable, "one_weight", "weights of cases and of controls go together")
    if case_weight is not None and control_weight is not None:
        cases = finite_column(case_weight, "case_weight")
        controls = finite_column(control_weight, "control_weight")
    elif event is not None:
        cases = coded_column(event, "event")
        controls = 1.0 - cases
    else:
        raise refuse(NotEstimable, "no_event", "neither an event nor weights are given")
    same_length(score=values, cases=cases, controls=controls)
    if min(cases.min(), controls.min()) < 0.0:
        raise refuse(NotEstimable, "negative_weight", "a weight is negative")
    if min(cases.sum(), controls.sum()) <= 0.0:
        raise refuse(NotEstimable, "one_class", "there is no case, or no control", where="event")
    order = np.argsort(-values, kind="stable")
    falling = values[order]
    last = np.append(np.flatnonzero(np.diff(falling)), values.size - 1)
    upper, lower = falling[last[:-1]], falling[last[:-1] + 1]
    # halves first, which cannot overflow; neighbouring doubles have no number between them
    middle = upper / 2.0 + lower / 2.0
    middle = np.where(middle < upper, middle, lower)
    positive, false_alarm = np.cumsum(cases[order])[last], np.cumsum(controls[order])[last]
    curve = RocCurve(
        thresholds=np.concatenate(([np.inf], middle, [-np.inf])),
        sensitivity=np.append(0.0, positive / positive[-1]),
        specificity=np.append(1.0, (false_alarm[-1] - false_alarm) / false_alarm[-1]),
    )
    for array in (curve.thresholds, curve.sensitivity, curve.specificity):
        array.setflags(write=False)
    return curve


@dataclass(frozen=True, slots=True)
class TwoByTwo:
    """A test against the event, and what it is worth.

    Parameters
    ----------
    true_positive, false_positive, false_negative, true_negative : int
        Patients.
    sensitivity, specificity : Estimate
        Positive among those with, negative among those without the event.
    ppv, npv : Estimate
        With the event among the positive, without among the negative, at this sample's prevalence.
    lr_positive, lr_negative : Estimate
        Likelihood ratios.
    """

    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int
    sensitivity: Estimate
    specificity: Estimate
    ppv: Estimate
    npv: Estimate
    lr_positive: Estimate
    lr_negative: Estimate


def two_by_two(
    predicted_positive: ArrayLike,
    event: ArrayLike,
    level: float = 0.95,
    interval: str = "wilson",
) -> TwoByTwo:
    """Estimate sensitivity, specificity, predictive values and likelihood ratios of a test.

    Intervals do not allow for a cut-off that was chosen in the same patients.

    Parameters
    ----------
    predicted_positive : array_like (n,), bool or 0/1
        1 test positive.
    event : array_like (n,), bool or 0/1
        1 event.
    level : float
        Coverage, in (0, 1).
    interval : {"wilson", "exact"}
        Method for the four proportions.

    Returns
    -------
    TwoByTwo
        A value is None where its denominator is 0.

    Raises
    ------
    NotEstimable
        Another coding than 0/1, different lengths, an unknown interval.

    Notes
    -----
    LR+ = sensitivity / (1 - specificity), LR- = (1 - sensitivity) / specificity; intervals on the
    log scale, var log LR+ = 1/tp - 1/(tp + fn) + 1/fp - 1/(fp + tn). Proportions and their
    intervals agree with ``Hmisc::binconf`` to 1e-8 relative.

    References
    ----------
    Simel DL, Samsa GP, Matchar DB 1991, doi 10.1016/0895-4356(91)90128-V.
    """
    test, happened = (
        coded_column(predicted_positive, "predicted_positive"),
        coded_column(event, "event"),
    )
    same_length(predicted_positive=test, event=happened)
    if interval not in INTERVALS:
        raise refuse(
            NotEstimable, "interval", f"unknown interval {interval!r}", mend="wilson or exact"
        )
    positive, case = test == 1.0, happened == 1.0
    tp, fp = int((positive & case).sum()), int((positive & ~case).sum())
    fn, tn = int((~positive & case).sum()), int((~positive & ~case).sum())

    def proportion(name: str, count: int, n: int) -> Estimate:
        if n == 0:
            return Estimate(None, method=f"{name}: nobody in its denominator", n=0, events=0)
        low, high = INTERVALS[interval](count, n, level)
        return Estimate(count / n, low, high, level, f"{name}, {interval} interval", n, count)

    return TwoByTwo(
        true_positive=tp,
        false_positive=fp,
        false_negative=fn,
        true_negative=tn,
        sensitivity=proportion("sensitivity", tp, tp + fn),
        specificity=proportion("specificity", tn, tn + fp),
        ppv=proportion("positive predictive value", tp, tp + fp),
        npv=proportion("negative predictive value", tn, tn + fn),
        lr_positive=_likelihood_ratio("positive", (tp, tp + fn), (fp, fp + tn), level),
        lr_negative=_likelihood_ratio("negative", (fn, tp + fn), (tn, fp + tn), level),
    )


def _likelihood_ratio(
    name: str, among_cases: tuple[int, int], among_controls: tuple[int, int], level: float
) -> Estimate:
    """Ratio of a result's share among cases to that among controls."""
    (a, cases), (b, controls) = among_cases, among_controls
    label = f"{name} likelihood ratio"
    if cases == 0 or controls == 0 or b == 0:
        return Estimate(
            None, method=f"{label}: its denominator is 0", n=cases + controls, events=cases
        )
    ratio = (a / cases) / (b / controls)
    if a == 0:
        return Estimate(
            ratio, method=f"{label}; no interval at 0", n=cases + controls, events=cases
        )
    half = normal_quantile(level) * sqrt(1.0 / a - 1.0 / cases + 1.0 / b - 1.0 / controls)
    return Estimate(
        ratio,
        exp(log(ratio) - half),
        exp(log(ratio) + half),
        level,
        f"{label}, log interval",
        cases + controls,
        cases,
    )
