"""Curves as numbers: what a figure is drawn from."""

from __future__ import annotations

from dataclasses import dataclass

from cartwheel.estimate import Estimate


@dataclass(frozen=True, slots=True)
class SurvivalCurve:
    """Kaplan-Meier curve of one group, as steps; times in the outcome's unit.

    Parameters
    ----------
    group : str
        Name of the group.
    n, events : int
        Its patients and events.
    median : Estimate
        Median time to the event; None where not reached.
    at_horizon : Estimate
        Survival at the horizon, 0-1; None where follow-up of the group ends before.
    times, survival : tuple of float
        From time 0 and survival 1 over the event times to the last time; survival just after each.
    low, high : tuple of (float or None)
        Pointwise limits of survival; None where undefined.
    censor_times : tuple of float
        Times at which somebody was censored. Of these and of the event times at most 500 are kept.
    risk_times : tuple of float
        Times of the table under the plot.
    at_risk : tuple of int
        Patients at risk at each of them.
    """

    group: str
    n: int
    events: int
    median: Estimate
    at_horizon: Estimate
    times: tuple[float, ...]
    survival: tuple[float, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]
    censor_times: tuple[float, ...]
    risk_times: tuple[float, ...]
    at_risk: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RocPoints:
    """ROC curve of one marker or score; thresholds fall, so the curve starts at (0, 0).

    Parameters
    ----------
    name, label : str
        ``score``, or the marker's column; reader's name.
    auc : Estimate
        Apparent, 0-1; for survival the cumulative/dynamic AUC at the horizon.
    corrected : Estimate or None
        The optimism-corrected AUC of the score; None for a marker alone, whose curve was not fitted
        to anything.
    thresholds : tuple of (float or None)
        None for the infinite threshold that nobody exceeds. Of a marker whose low values are
        adverse, minus its values. At most 500 points are kept.
    sensitivity, specificity : tuple of float
        At each threshold, 0-1.
    """

    name: str
    label: str
    auc: Estimate
    corrected: Estimate | None
    thresholds: tuple[float | None, ...]
    sensitivity: tuple[float, ...]
    specificity: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class CalibrationPoint:
    """A group of patients with like predictions: mean predicted and observed risk.

    Parameters
    ----------
    predicted : float
        Mean predicted risk, 0-1.
    observed : Estimate
        Proportion with the event, or Kaplan-Meier risk at the horizon, 0-1.
    n : int
        Patients.
    """

    predicted: float
    observed: Estimate
    n: int
