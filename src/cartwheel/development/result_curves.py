"""The curves of a development, as numbers."""

from __future__ import annotations

from dataclasses import dataclass

from cartwheel.curves import (
    CalibrationPoint as CalibrationPoint,
    RocPoints as RocPoints,
    SurvivalCurve as SurvivalCurve,
)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Predicted against observed risk.

    Parameters
    ----------
    points : tuple of CalibrationPoint
        Groups of patients, lowest predicted risk first.
    curve : tuple of (float, float)
        (predicted, observed) of the apparent logistic or Cox recalibration line.
    corrected : tuple of (float, float)
        The same line with the optimism-corrected slope and, for a binary outcome, intercept.
    histogram : tuple of (float, int)
        Distribution of predicted risk: middle of the bin, patients; 20 bins.
    """

    points: tuple[CalibrationPoint, ...]
    curve: tuple[tuple[float, float], ...]
    corrected: tuple[tuple[float, float], ...]
    histogram: tuple[tuple[float, int], ...]


@dataclass(frozen=True, slots=True)
class SplineCurve:
    """The uncut relation of one predictor with the outcome (restricted cubic spline).

    Parameters
    ----------
    column, label, unit : str
        The predictor.
    x : tuple of float
        In its unit, rising over the central 95 % of its values.
    log_effect : tuple of float
        Log odds or log hazard ratio against the median.
    low, high : tuple of float
        Pointwise Wald limits.
    knots : tuple of float
        In its unit; empty for a straight line.
    cut : float or None
        Its cut-off, drawn on the curve; None where it is not cut.
    """

    column: str
    label: str
    unit: str
    x: tuple[float, ...]
    log_effect: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    knots: tuple[float, ...]
    cut: float | None
