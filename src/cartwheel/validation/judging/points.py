"""The measures as bare numbers, fast: what is computed again in every resample.

Everything is sorted once; a resample is then only a vector that says how often each patient counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from cartwheel.stats.kernels import _logistic, _roc
from cartwheel.validation.analysed import Predicted, Target
from cartwheel.validation.judging.timed_points import ascending, timed_points

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

DISCRIMINATION = {
    "binary": ("auc",),
    "survival": ("harrell_c", "uno_c", "auc_at_horizon"),
    "competing": ("auc_at_horizon", "harrell_c"),
}
CALIBRATION = {
    "binary": ("calibration_in_the_large", "calibration_slope", "observed_expected"),
    "survival": ("calibration_in_the_large", "calibration_slope", "observed_expected"),
    "competing": ("calibration_slope", "observed_expected"),
}
OVERALL = ("brier", "scaled_brier")

# as in stats/logistic.py
_LOGISTIC_TOLERANCE = 1e-8


class _Measured(Protocol):
    """One kind of outcome: measures of a resample."""

    @property
    def once(self) -> Floats:
        """Every patient once, (n,)."""

    def measure(self, multiplicity: Floats) -> list[float]:
        """Measures of the resample, in the order of the names."""


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """One score and its outcome, sorted once for any number of resamples.

    Parameters
    ----------
    names : tuple of str
        Of the measures, as in ``Measure.name``: discrimination, calibration, overall. Without a
        risk only discrimination.
    sorted_once : object
        What they are computed from.
    """

    names: tuple[str, ...]
    sorted_once: _Measured

    def measure(self, multiplicity: NDArray[np.generic] | None = None) -> Floats:
        """Measure the score in one resample; unchecked, and safe in several threads at once.

        Parameters
        ----------
        multiplicity : array (n,) of whole numbers >= 0, optional
            How often each patient counts; k is the same as k equal rows.

        Returns
        -------
        float array (k,)
            In the order of ``names``; nan where a measure does not exist in this resample.
        """
        if multiplicity is None:
            return np.array(self.sorted_once.measure(self.sorted_once.once))
        counts = np.ascontiguousarray(multiplicity, dtype=np.float64)
        return np.array(self.sorted_once.measure(counts))


def point_names(target: Target, predicted: Predicted) -> tuple[str, ...]:
    """Name the measures that have a value in a resample.

    Parameters
    ----------
    target : Target
        The outcome.
    predicted : Predicted
        The score.

    Returns
    -------
    tuple of str
        Discrimination, then calibration and overall where there is a risk.
    """
    if predicted.risk is None:
        return DISCRIMINATION[target.kind]
    return DISCRIMINATION[target.kind] + CALIBRATION[target.kind] + OVERALL


def prepared(target: Target, predicted: Predicted) -> Prepared:
    """Sort an outcome and a score once.

    Parameters
    ----------
    target : Target
        The outcome of n patients.
    predicted : Predicted
        The score, of the same patients.

    Returns
    -------
    Prepared
    """
    names = point_names(target, predicted)
    marker = np.ascontiguousarray(predicted.marker, dtype=np.float64)
    risk = None if predicted.risk is None else np.asarray(predicted.risk, dtype=np.float64)
    predictor = None if risk is None else linear_predictor(target.kind, risk)
    if target.kind == "binary":
        return Prepared(names, _binary(target.event, marker, risk, predictor))
    return Prepared(names, timed_points(target, marker, risk, predictor))


def point_measures(
    target: Target, predicted: Predicted, multiplicity: NDArray[np.generic] | None = None
) -> Floats:
    """Measure a score once; for many resamples take ``prepared``.

    Parameters
    ----------
    target : Target
        The outcome.
    predicted : Predicted
        The score.
    multiplicity : array (n,) of whole numbers >= 0, optional
        How often each patient counts.

    Returns
    -------
    float array (k,)
        In the order of ``point_names``; nan where a measure does not exist.

    Notes
    -----
    Binary: AUC; intercept at slope 1 and slope of the logistic recalibration; events over the sum
    of risks; Brier score, and 1 minus it over p (1 - p). Survival: Harrell's C, Uno's C up to the
    horizon, AUC at it; log cumulative hazard of the Kaplan-Meier risk less that of the mean risk;
    Cox coefficient of log(-log(1 - risk)); Kaplan-Meier over mean risk; Brier score weighted for
    censoring, and 1 minus it over that of the Kaplan-Meier risk. Competing risks: AUC at the
    horizon with patients who had another event among the controls, Wolbers' C, Fine-Gray
    coefficient, Aalen-Johansen in place of Kaplan-Meier.
    """
    return prepared(target, predicted).measure(multiplicity)


def linear_predictor(kind: str, risk: Floats) -> Floats | None:
    """Linear predictor that a risk stands for.

    Parameters
    ----------
    kind : str
        ``binary``, ``survival`` or ``competing``.
    risk : float array (n,), 0-1
        Predicted.

    Returns
    -------
    float array (n,) or None
        Log odds, or log(-log(1 - risk)); None where a risk is exactly 0 or 1, which has none.
    """
    if not ((risk > 0.0) & (risk < 1.0)).all():
        return None
    predictor: Floats = logit(risk) if kind == "binary" else np.log(-np.log1p(-risk))
    return np.ascontiguousarray(predictor)


@dataclass(frozen=True, slots=True, eq=False)
class _Binary:
    once: Floats
    event: Floats
    marker: Floats
    by_marker: Integers
    # rows: event, risk, squared distance; None without a risk
    sums: Floats | None
    predictor: Floats | None

    def measure(self, multiplicity: Floats) -> list[float]:
        """See ``_Measured``."""
        area = _roc.binary_area(self.marker, self.by_marker, self.event, multiplicity)
        if self.sums is None:
            return [area]
        n = float(multiplicity.sum())
        events, expected, squared = (self.sums @ multiplicity).tolist()
        rate, brier = events / n, squared / n
        null = rate * (1.0 - rate)
        return [
            area,
            *self._recalibrated(multiplicity),
            events / expected if expected > 0.0 else np.nan,
            brier,
            1.0 - brier / null if null > 0.0 else np.nan,
        ]

    def _recalibrated(self, multiplicity: Floats) -> tuple[float, float]:
        if self.predictor is None:
            return np.nan, np.nan
        none = np.empty((self.event.size, 0))
        shift, _, shifted = _logistic.fit(
            none, self.event, multiplicity, self.predictor, False, _LOGISTIC_TOLERANCE
        )
        column = self.predictor[:, None]
        line, _, fitted = _logistic.fit(
            column, self.event, multiplicity, None, False, _LOGISTIC_TOLERANCE
        )
        return float(shift[0]) if shifted else np.nan, float(line[1]) if fitted else np.nan


def _binary(
    event: Floats, marker: Floats, risk: Floats | None, predictor: Floats | None
) -> _Binary:
    happened = np.ascontiguousarray(event, dtype=np.float64)
    sums = None if risk is None else np.stack((happened, risk, (happened - risk) ** 2))
    return _Binary(np.ones(happened.size), happened, marker, ascending(marker), sums, predictor)
