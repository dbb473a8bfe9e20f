"""Observed risk by a horizon, overall and in groups of rising predicted risk."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.competing import aalen_johansen
from cartwheel.stats.competing_times import CompetingTimes, checked_cause, competing_times
from cartwheel.stats.integrated_brier import checked_horizon, checked_risk
from cartwheel.stats.spline import sample_quantiles
from cartwheel.stats.survival import kaplan_meier
from cartwheel.stats.times import Floats, Integers, SurvivalTimes, survival_times


@dataclass(frozen=True, slots=True, eq=False)
class SurvivalCalibrationGroups:
    """Predicted against observed risk by a horizon, in groups of rising predicted risk.

    Parameters
    ----------
    low, high : float array (g,)
        Bounds of predicted risk; low is excluded but for the first group.
    mean_risk, observed, std_error : float array (g,)
        Mean predicted and observed risk, and the error of the latter; the last two nan where nobody
        of the group is followed to the horizon.
    n, events : int64 array (g,)
        Patients, and events by the horizon.
    """

    low: Floats
    high: Floats
    mean_risk: Floats
    observed: Floats
    std_error: Floats
    n: Integers
    events: Integers


def observed_by_horizon(
    times: SurvivalTimes | CompetingTimes, horizon: float, cause: int = 1
) -> tuple[float, float, int]:
    """Estimate the observed risk of the event by a horizon.

    Parameters
    ----------
    times : SurvivalTimes or CompetingTimes
        The sample.
    horizon : float, unit of the times
        Within follow-up.
    cause : int
        With competing risks, the cause of interest.

    Returns
    -------
    risk, std_error : float
        One minus Kaplan-Meier with Greenwood's error, or Aalen-Johansen with the infinitesimal
        jackknife. The error is 0 where nobody or everybody has the event.
    events : int
        By the horizon.

    Raises
    ------
    NotEstimable
        A horizon outside follow-up, a cause that does not occur.
    """
    followed = times.times if isinstance(times, CompetingTimes) else times
    checked_horizon(followed, horizon)
    if isinstance(times, CompetingTimes):
        checked_cause(times, cause)
        curves = aalen_johansen(times)
        row = int(np.searchsorted(curves.time, horizon + followed.tolerance, side="right")) - 1
        if row < 0:
            return 0.0, 0.0, 0
        column = curves.causes.index(cause)
        return (
            float(curves.probability[row, column + 1]),
            float(curves.std_error[row, column + 1]),
            int(curves.n_event[: row + 1, column].sum()),
        )
    curve = kaplan_meier(followed)
    row = int(np.searchsorted(curve.time, horizon + followed.tolerance, side="right")) - 1
    if row < 0:
        return 0.0, 0.0, 0
    # where all have had the event Greenwood's sum is undefined
    error = float(curve.std_error[row]) if curve.survival[row] > 0.0 else 0.0
    return 1.0 - float(curve.survival[row]), error, int(curve.n_event[: row + 1].sum())


def survival_calibration_groups(
    times: SurvivalTimes | CompetingTimes,
    risk: ArrayLike,
    horizon: float,
    n_groups: int = 5,
    *,
    cause: int = 1,
) -> SurvivalCalibrationGroups:
    """Compare mean predicted with observed risk by a horizon, in groups of equal size.

    Parameters
    ----------
    times : SurvivalTimes or CompetingTimes
        The sample.
    risk : array (n,), 0-1, patient order
        Predicted probability of the event by the horizon.
    horizon : float, unit of the times
        Within follow-up.
    n_groups : int
        Groups asked for, >= 2; fewer where tied risks make quantiles coincide.
    cause : int
        With competing risks, the cause of interest.

    Returns
    -------
    SurvivalCalibrationGroups

    Raises
    ------
    NotEstimable
        Risks that are no probabilities, a horizon outside follow-up, fewer than 2 groups asked for.

    Notes
    -----
    Bounds are type 7 quantiles, each group (low, high], the first [low, high]. Agrees with R
    ``cut`` and ``survfit`` to 1e-8 relative.
    """
    if n_groups < 2:
        raise refuse(NotEstimable, "groups", "at least 2 groups are needed")
    followed = times.times if isinstance(times, CompetingTimes) else times
    checked_horizon(followed, horizon)
    predicted = checked_risk(followed.n, risk)
    codes = times.cause if isinstance(times, CompetingTimes) else followed.event.astype(np.int64)
    if isinstance(times, CompetingTimes):
        codes = np.where(codes == checked_cause(times, cause), 1, 2 * (codes > 0))
    # a multiple of 1 / n_groups, as R's seq() makes it, so that bounds fall on the same side
    probabilities = np.minimum(np.arange(n_groups + 1) * (1.0 / n_groups), 1.0)
    bounds = np.unique(sample_quantiles(predicted, probabilities))
    groups = max(1, bounds.size - 1)
    place = np.clip(np.searchsorted(bounds, predicted, side="left") - 1, 0, groups - 1)
    # with fewer patients than groups nobody lies between some bounds
    filled = np.unique(place)
    rows = [_group(followed, codes, predicted, horizon, place == one) for one in filled]
    mean_risk, observed, error = (np.array([row[i] for row in rows]) for i in range(3))
    n, events = (np.array([row[i] for row in rows], dtype=np.int64) for i in (3, 4))
    result = SurvivalCalibrationGroups(
        bounds[:groups][filled], bounds[-groups:][filled], mean_risk, observed, error, n, events
    )
    for array in (result.low, result.high, mean_risk, observed, error, n, events):
        array.setflags(write=False)
    return result


def _group(
    times: SurvivalTimes,
    codes: Integers,
    predicted: Floats,
    horizon: float,
    members: Floats,
) -> tuple[float, float, float, int, int]:
    time, cause = times.time[members], codes[members]
    n = int(time.size)
    events = int(((cause == 1) & (time <= horizon + times.tolerance)).sum())
    mean = float(predicted[members].mean())
    if time.max() < horizon - times.tolerance and not (cause > 0).all():
        return mean, float("nan"), float("nan"), n, events
    until = min(horizon, float(time.max()))
    if not events:
        return mean, 0.0, 0.0, n, 0
    if (cause == 2).any():
        observed, error, _ = observed_by_horizon(competing_times(time, cause), until, 1)
    else:
        observed, error, _ = observed_by_horizon(survival_times(time, cause == 1), until)
    return mean, observed, error, n, events
