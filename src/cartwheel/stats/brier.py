"""The Brier score: mean squared distance between predicted risk and what happened."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cartwheel.stats.survival import horizon_weights
from cartwheel.stats.times import Floats, SurvivalTimes, kernel_counts


def brier_score(
    times: SurvivalTimes,
    risk: Floats,
    horizon: float,
    multiplicity: NDArray[np.generic] | None = None,
) -> float:
    """Estimate the Brier score of predicted risks at a horizon, weighting for censoring.

    Parameters
    ----------
    times : SurvivalTimes
        The sample.
    risk : float array (n,), 0-1
        Predicted probability of the event by the horizon, patient order.
    horizon : float, unit of the times
        Must lie within follow-up.
    multiplicity : array (n,), optional
        How often each patient counts; not checked.

    Returns
    -------
    float
        0 is perfect; 0.25 is a constant risk of one half. Not checked: for use in resamples.

    Notes
    -----
    Sum of w (1 - risk)^2 over events by the horizon plus sum of w risk^2 over those beyond it,
    divided by the number of patients; weights from ``horizon_weights``. Assumes that censoring does
    not depend on the predictors. Agrees with riskRegression::Score to 1e-8 relative.

    References
    ----------
    Graf et al. 1999, doi 10.1002/(sici)1097-0258(19990915/30)18:17/18<2529::aid-sim274>3.0.co;2-5.
    """
    counts = kernel_counts(multiplicity)
    case_weight, control_weight = horizon_weights(times, horizon, counts)
    total = float(times.time.size) if counts is None else float(counts.sum())
    rest = 1.0 - risk
    return float(case_weight @ (rest * rest) + control_weight @ (risk * risk)) / total


def brier_binary(
    risk: Floats, event: NDArray[np.generic], multiplicity: NDArray[np.generic] | None = None
) -> float:
    """Estimate the Brier score of predicted risks of a binary event.

    Parameters
    ----------
    risk : float array (n,), 0-1
        Predicted probability of the event.
    event : array (n,), 0 or 1
        1 if it happened.
    multiplicity : array (n,), optional
        How often each patient counts; not checked.

    Returns
    -------
    float
        Mean of (event - risk)^2. Not checked: for use in resamples.

    References
    ----------
    Brier 1950, doi 10.1175/1520-0493(1950)078<0001:vofeit>2.0.co;2.
    """
    distance = event.astype(np.float64) - risk
    squared = distance * distance
    counts = kernel_counts(multiplicity)
    if counts is None:
        return float(squared.sum()) / float(squared.size)
    return float(counts @ squared) / float(counts.sum())
