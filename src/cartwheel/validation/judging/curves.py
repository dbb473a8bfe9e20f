"""Curves of one score: ROC, and survival or cumulative incidence by band."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cartwheel.clinic.curve_points import (
    drawn_roc,
    drawn_survival,
    limit,
    limits,
    numbers,
    thinned,
    time_ticks,
)
from cartwheel.curves import RocPoints, SurvivalCurve
from cartwheel.errors import NotEstimable
from cartwheel.estimate import Estimate
from cartwheel.stats.competing import aalen_johansen, competing_times
from cartwheel.stats.roc import roc_curve
from cartwheel.stats.survival import kaplan_meier, numbers_at_risk, survival_times
from cartwheel.validation.analysed import Predicted, Target
from cartwheel.validation.judging.observed import at_horizon, observed_risk, timed
from cartwheel.validation.judging.timed_points import EVENT
from cartwheel.validation.result_score import IncidenceCurve

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

ALL = "all patients"


def roc_points(target: Target, predicted: Predicted, auc: Estimate) -> RocPoints | None:
    """ROC curve of a score, at the horizon for outcomes with times.

    Parameters
    ----------
    target : Target
        The outcome.
    predicted : Predicted
        The score, of the same patients.
    auc : Estimate
        Its area, told with the curve.

    Returns
    -------
    RocPoints or None
        None where there is no case or no control. Thresholds are risks, or values of the score
        (minus its values where low ones are adverse and it gives no risk).

    Notes
    -----
    With times cumulative/dynamic, weighted for censoring; cases and controls as in the AUC at the
    horizon.
    """
    try:
        if target.kind == "binary":
            curve = roc_curve(predicted.marker, target.event)
        else:
            weights = at_horizon(target)
            if not weights.complete:
                return None
            curve = roc_curve(
                predicted.marker, case_weight=weights.case, control_weight=weights.control
            )
    except NotEstimable:
        return None
    return drawn_roc("score", predicted.name, auc, None, curve)


def survival_by_band(
    target: Target, predicted: Predicted, level: float
) -> tuple[SurvivalCurve, ...]:
    """Kaplan-Meier curve of each band.

    Parameters
    ----------
    target : Target
        The outcome.
    predicted : Predicted
        The score, of the same patients.
    level : float
        Coverage of the pointwise limits (log scale, as R ``survfit``).

    Returns
    -------
    tuple of SurvivalCurve
        In the order of the bands; bands without patients left out; one curve of all patients for a
        score without bands. Empty for other outcomes than survival.
    """
    if target.kind != "survival":
        return ()
    times, horizon = timed(target)
    ticks = time_ticks(float(times.time.max()))
    curves = []
    for name, members in _groups(predicted):
        part = survival_times(times.time[members], times.event[members])
        at_risk = tuple(numbers_at_risk(part, ticks).tolist())
        curve = kaplan_meier(part, level=level)
        counts = part.n, part.events
        curves.append(drawn_survival(name, curve, counts, horizon, ticks, at_risk))
    return tuple(curves)


def incidence_by_band(
    target: Target, predicted: Predicted, level: float
) -> tuple[IncidenceCurve, ...]:
    """Cumulative incidence of the event in each band, with another event as competing risk.

    Parameters
    ----------
    target : Target
        The outcome.
    predicted : Predicted
        The score, of the same patients.
    level : float
        Coverage of the pointwise limits (log scale, infinitesimal jackknife, as R ``survfit``).

    Returns
    -------
    tuple of IncidenceCurve
        In the order of the bands; bands without patients left out; one curve of all patients for a
        score without bands. Empty for outcomes without competing risks.
    """
    if target.competing is None:
        return ()
    times, _ = timed(target)
    ticks = time_ticks(float(times.time.max()))
    return tuple(
        _incidence(target, name, members, level, ticks) for name, members in _groups(predicted)
    )


def _groups(predicted: Predicted) -> list[tuple[str, Mask]]:
    if not predicted.bands:
        return [(ALL, np.ones(len(predicted.value), dtype=bool))]
    groups = [(name, predicted.band == place) for place, name in enumerate(predicted.bands)]
    return [(name, members) for name, members in groups if members.any()]


def _incidence(
    target: Target, name: str, members: Mask, level: float, ticks: Floats
) -> IncidenceCurve:
    assert target.competing is not None
    time, cause = target.competing.times.time[members], target.competing.cause[members]
    events = int(np.count_nonzero(cause == EVENT))
    other = int(np.count_nonzero(cause > 0)) - events
    at = observed_risk(target, members, level)
    assert at is not None
    steps = _steps(time, cause, level) if events else _flat(float(time.max()))
    followed = survival_times(time, cause == EVENT)
    return IncidenceCurve(
        name,
        int(np.count_nonzero(members)),
        events,
        other,
        at,
        *steps,
        risk_times=numbers(ticks),
        at_risk=tuple(numbers_at_risk(followed, ticks).tolist()),
    )


_Steps = tuple[
    tuple[float, ...],
    tuple[float, ...],
    tuple[float | None, ...],
    tuple[float | None, ...],
]


def _flat(last: float) -> _Steps:
    return (0.0, last), (0.0, 0.0), (0.0, None), (0.0, None)


def _steps(time: Floats, cause: NDArray[np.int64], level: float) -> _Steps:
    curves = aalen_johansen(competing_times(time, cause), level=level)
    column = curves.causes.index(EVENT)
    keep = thinned(np.flatnonzero(curves.n_event[:, column] > 0))
    value, low, high = (
        matrix[:, column + 1] for matrix in (curves.probability, curves.low, curves.high)
    )
    return (
        (0.0, *numbers(curves.time[keep]), float(curves.time[-1])),
        (0.0, *numbers(value[keep]), float(value[-1])),
        (0.0, *limits(low[keep]), limit(low[-1])),
        (0.0, *limits(high[keep]), limit(high[-1])),
    )
