"""The curves of a development, as numbers."""

from __future__ import annotations

from dataclasses import dataclass

from cartwheel.estimate import Estimate


@dataclass(frozen=True, slots=True)
class SurvivalCurve:
    """Kaplan-Meier curve of one group, as steps; times in the outcome's unit.

    ``risk_times`` and ``at_risk`` make the table under the plot.
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

    ``auc`` is apparent. ``corrected`` is the optimism-corrected AUC of the score; None for a marker
    alone, whose curve was not fitted to anything.
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
    """A group of patients with like predictions: mean predicted and observed risk."""

    predicted: float
    observed: Estimate
    n: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """Predicted against observed risk.

    ``curve`` holds (predicted, observed) of the apparent logistic or Cox recalibration line;
    ``corrected`` the same line with the optimism-corrected slope and intercept; ``histogram`` the
    distribution of predicted risk (risk, count).
    """

    points: tuple[CalibrationPoint, ...]
    curve: tuple[tuple[float, float], ...]
    corrected: tuple[tuple[float, float], ...]
    histogram: tuple[tuple[float, int], ...]


@dataclass(frozen=True, slots=True)
class SplineCurve:
    """The uncut relation of one predictor with the outcome (restricted cubic spline).

    ``x`` in the predictor's unit, ``log_effect`` relative to the median, with limits; ``knots`` in
    the predictor's unit; ``cut`` is drawn on it where there is one.
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
