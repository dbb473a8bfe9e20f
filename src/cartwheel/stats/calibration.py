"""Calibration of predicted risks: recalibration line, in the large, and by groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, ndtri

from cartwheel.errors import NotEstimable, refuse
from cartwheel.estimate import Estimate
from cartwheel.stats.estimability import Array, checked_arrays
from cartwheel.stats.logistic import LogisticFit, logistic_coefficients, logistic_fit
from cartwheel.stats.spline import sample_quantiles


@dataclass(frozen=True, slots=True)
class LogisticCalibration:
    """How predicted and observed risk agree, on the scale of log odds.

    Parameters
    ----------
    intercept, slope : Estimate
        Of the logistic regression of the event on the linear predictor; ideally 0 and 1. A slope
        below 1 means predictions too extreme.
    in_the_large : Estimate
        Intercept with the slope held at 1; ideally 0. Below 0 means risk was overestimated.
    observed_expected : float
        Observed events per predicted event; ideally 1.
    """

    intercept: Estimate
    slope: Estimate
    in_the_large: Estimate
    observed_expected: float


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationGroups:
    """Predicted against observed risk in groups of rising predicted risk.

    Parameters
    ----------
    low, high : float array (g,)
        Bounds of predicted risk of each group; low is excluded but for the first group.
    mean_risk : float array (g,)
        Mean predicted risk, 0 to 1.
    observed : float array (g,)
        Share of patients with the event, 0 to 1.
    n, events : int array (g,)
        Patients and events.
    """

    low: Array
    high: Array
    mean_risk: Array
    observed: Array
    n: NDArray[np.int64]
    events: NDArray[np.int64]


def calibration_line(
    linear_predictor: ArrayLike, event: ArrayLike, multiplicity: ArrayLike | None = None
) -> tuple[float, float, bool]:
    """Fit the recalibration line fast, for resampling; nothing is validated.

    Parameters
    ----------
    linear_predictor : float array (n,)
        Predicted log odds, finite.
    event : array (n,)
        1 event, 0 none.
    multiplicity : array (n,), optional
        How often each row occurs, >= 0.

    Returns
    -------
    intercept, slope : float
        Of the maximum likelihood logistic regression of event on linear predictor.
    converged : bool
        False for a constant linear predictor, a single class or separation; the numbers are then
        not to be used.

    Notes
    -----
    Agrees with R ``glm`` to 1e-8, with ``rms::val.prob`` to its own tolerance of 1e-8 or so.

    References
    ----------
    Cox DR 1958, doi:10.1093/biomet/45.3-4.562.
    """
    coefficients, converged = logistic_coefficients(linear_predictor, event, multiplicity)
    return float(coefficients[0]), float(coefficients[1]), converged


def calibration_in_the_large(
    linear_predictor: ArrayLike, event: ArrayLike, multiplicity: ArrayLike | None = None
) -> tuple[float, bool]:
    """Estimate the intercept that is missing when the slope is held at 1, fast.

    Parameters
    ----------
    linear_predictor : float array (n,)
        Predicted log odds, finite.
    event : array (n,)
        1 event, 0 none.
    multiplicity : array (n,), optional
        How often each row occurs, >= 0.

    Returns
    -------
    intercept : float
        Log odds to add to every prediction; below 0 where risk was overestimated.
    converged : bool
        False if only one class occurs.

    Notes
    -----
    Agrees with R ``glm(event ~ offset(linear_predictor))`` to 1e-8.
    """
    offset = np.ascontiguousarray(linear_predictor, dtype=np.float64)
    none = np.empty((len(offset), 0))
    coefficients, converged = logistic_coefficients(none, event, multiplicity, offset=offset)
    return float(coefficients[0]), converged


def _wald(fit: LogisticFit, index: int, level: float, method: str) -> Estimate:
    value = float(fit.coefficients[index])
    reach = float(ndtri(0.5 + level / 2.0) * fit.std_error[index])
    return Estimate(value, value - reach, value + reach, level, method, fit.n, fit.events)


def logistic_calibration(
    linear_predictor: ArrayLike,
    event: ArrayLike,
    *,
    level: float = 0.95,
    multiplicity: ArrayLike | None = None,
) -> LogisticCalibration:
    """Estimate calibration intercept, slope, in-the-large and observed/expected, with intervals.

    Parameters
    ----------
    linear_predictor : float array (n,)
        Predicted log odds, finite.
    event : array (n,)
        1 event, 0 none.
    level : float
        Coverage of the Wald intervals, in (0, 1).
    multiplicity : array (n,), optional
        How often each row occurs, >= 0.

    Returns
    -------
    LogisticCalibration

    Raises
    ------
    NotEstimable
        Where ``logistic_fit`` refuses: constant or missing predictions, one class, separation.

    Notes
    -----
    Intercept and slope come from one regression, in-the-large from one with the linear predictor
    as offset. Agrees with R ``glm`` to a relative 1e-8.

    References
    ----------
    Cox DR 1958, doi:10.1093/biomet/45.3-4.562. Steyerberg EW, Vergouwe Y 2014,
    doi:10.1093/eurheartj/ehu207.
    """
    if not 0.0 < level < 1.0:
        raise refuse(NotEstimable, "level", "a confidence level lies between 0 and 1")
    columns, y, m, _ = checked_arrays(linear_predictor, event, multiplicity)
    lp = np.ascontiguousarray(columns[:, 0])
    line = logistic_fit(lp, y, multiplicity=m)
    shifted = logistic_fit(np.empty((len(lp), 0)), y, multiplicity=m, offset=lp)
    weight = np.ones(len(lp)) if m is None else m
    return LogisticCalibration(
        intercept=_wald(line, 0, level, "logistic recalibration, Wald"),
        slope=_wald(line, 1, level, "logistic recalibration, Wald"),
        in_the_large=_wald(shifted, 0, level, "linear predictor as offset, Wald"),
        observed_expected=float(weight @ y / (weight @ expit(lp))),
    )


def calibration_groups(
    risk: ArrayLike,
    event: ArrayLike,
    n_groups: int = 10,
    *,
    multiplicity: ArrayLike | None = None,
) -> CalibrationGroups:
    """Compare mean predicted and observed risk in groups of equal size.

    Parameters
    ----------
    risk : float array (n,)
        Predicted probability, 0 to 1.
    event : array (n,)
        1 event, 0 none.
    n_groups : int
        Groups asked for, >= 2.
    multiplicity : array (n,), optional
        How often each row occurs, integers >= 0.

    Returns
    -------
    CalibrationGroups
        Fewer groups where tied risks make quantiles coincide.

    Raises
    ------
    NotEstimable
        ``groups`` for fewer than 2 groups asked for, ``risk_range`` for a risk outside 0 to 1,
        and what ``checked_arrays`` refuses.

    Notes
    -----
    Bounds are type 7 quantiles of the risks, each group (low, high], the first [low, high];
    equal bounds are merged. The same groups as ``ResourceSelection::hoslem.test``: counts equal,
    expected events to 1e-8. All risks equal make one group.
    """
    if n_groups < 2:
        raise refuse(NotEstimable, "groups", "at least 2 groups are needed")
    columns, y, m, _ = checked_arrays(risk, event, multiplicity)
    predicted = np.ascontiguousarray(columns[:, 0])
    if predicted.min() < 0.0 or predicted.max() > 1.0:
        raise refuse(NotEstimable, "risk_range", "a predicted risk lies outside 0 to 1")
    # a multiple of 1 / n_groups, as R's seq() makes it, so that bounds fall on the same side
    probabilities = np.minimum(np.arange(n_groups + 1) * (1.0 / n_groups), 1.0)
    bounds = np.unique(sample_quantiles(predicted, probabilities, m))
    groups = max(1, len(bounds) - 1)
    place = np.maximum(np.searchsorted(bounds, predicted, side="left") - 1, 0)
    weight = np.ones(len(y)) if m is None else m
    # with multiplicity 0 a risk may lie outside the bounds; it counts nowhere
    place = np.minimum(place, groups - 1)
    size = np.bincount(place, weight, groups).astype(np.float64)
    cases = np.bincount(place, weight * y, groups).astype(np.float64)
    total = np.bincount(place, weight * predicted, groups).astype(np.float64)
    used = size > 0
    low = bounds[:groups][used]
    high = bounds[-groups:][used]
    return _frozen_groups(low, high, total[used] / size[used], size[used], cases[used])


def _frozen_groups(
    low: Array, high: Array, mean_risk: Array, size: Array, cases: Array
) -> CalibrationGroups:
    groups = CalibrationGroups(
        low=low,
        high=high,
        mean_risk=mean_risk,
        observed=cases / size,
        n=np.rint(size).astype(np.int64),
        events=np.rint(cases).astype(np.int64),
    )
    for array in (low, high, mean_risk, groups.observed, groups.n, groups.events):
        array.setflags(write=False)
    return groups
