"""Fits of landmark models on a resample: fast, without tables; None where there is no fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from cartwheel.errors import Refused
from cartwheel.landmarking.rows import LandmarkRows
from cartwheel.stats.cox_general import cox_regression
from cartwheel.stats.flic import flic_coefficients
from cartwheel.stats.landmark_models import hazard_of_window
from cartwheel.stats.logistic import logistic_coefficients
from cartwheel.stats.risk_sets import risk_sets

Floats = NDArray[np.float64]
TIES = "breslow"


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A fitted model, as it predicts.

    Parameters
    ----------
    slopes : float array (k,)
        Log odds ratios or log hazard ratios.
    intercept : float
        Log odds; 0 in a Cox model.
    hazards : tuple of float
        Cox: cumulative baseline hazard of the window at each landmark that was fitted.
    """

    slopes: Floats
    intercept: float
    hazards: tuple[float, ...] = ()

    def linear_predictor(self, columns: Floats) -> Floats:
        """Log odds or log relative hazards of the rows of a design, float array (m,)."""
        return np.asarray(self.intercept + columns @ self.slopes, dtype=np.float64)

    def risk(self, linear_predictor: Floats, place: int) -> Floats:
        """Probability of the event within the window at the landmark in this place."""
        if not self.hazards:
            return np.asarray(expit(linear_predictor), dtype=np.float64)
        hazard = self.hazards[place] * np.exp(np.minimum(linear_predictor, 300.0))
        return np.asarray(-np.expm1(-hazard), dtype=np.float64)


def fit_logistic(columns: Floats, event: Floats, counts: Floats, penalty: str) -> Fitted | None:
    """Fit a logistic model on a resample.

    Parameters
    ----------
    columns : float array (m, k)
        The design.
    event, counts : float array (m,)
        1 event, 0 none; and how often each row occurs.
    penalty : "none", "firth" or "rescue"
        ``rescue``: none, and Firth's where that does not converge. Firth's fits have the intercept
        corrected (FLIC), so that the average risk is the observed one.

    Returns
    -------
    Fitted or None
        None for a single class, or a column that is constant or follows from the others.
    """
    events = float(counts @ event)
    if events == 0.0 or events == float(counts.sum()):
        return None
    if penalty != "firth":
        found, converged = logistic_coefficients(columns, event, counts)
        if converged:
            return Fitted(found[1:], float(found[0]))
        if penalty == "none":
            return None
    try:
        found, converged = flic_coefficients(columns, event, counts)
    except Refused:
        return None
    return Fitted(found[1:], float(found[0])) if converged else None


def fit_cox(
    rows: Sequence[LandmarkRows], designs: Sequence[Floats], counts: Sequence[Floats]
) -> Fitted | None:
    """Fit a Cox model on a resample, each landmark a stratum; Breslow's ties.

    Parameters
    ----------
    rows : sequence of LandmarkRows
        Landmarks that are stacked.
    designs : sequence of float array (m, k)
        Their designs.
    counts : sequence of float array (m,)
        How often each of their rows occurs.

    Returns
    -------
    Fitted or None
        None without events, or where a column is constant, follows from the others, or runs away.

    Notes
    -----
    Under Breslow's ties a weight of k is exactly k equal rows.
    """
    kept = [np.flatnonzero(count > 0.0) for count in counts]
    times = np.concatenate([_times(row)[at] for row, at in zip(rows, kept, strict=True)])
    event = np.concatenate([row.event[at] for row, at in zip(rows, kept, strict=True)])
    if not times.size or not event.any():
        return None
    stratum = np.repeat(np.arange(len(rows)), [len(at) for at in kept])
    weight = np.concatenate([count[at] for count, at in zip(counts, kept, strict=True)])
    columns = np.concatenate([one[at] for one, at in zip(designs, kept, strict=True)])
    try:
        sets = risk_sets(times, event, strata=stratum, case_weights=weight)
        slopes = cox_regression(sets, columns, ties=TIES).coefficients
    except Refused:
        return None
    hazards = []
    for row, one, count in zip(rows, designs, counts, strict=True):
        assert row.window is not None
        hazards.append(hazard_of_window(row.window, one @ slopes, count))
    return Fitted(slopes, 0.0, tuple(hazards))


def _times(row: LandmarkRows) -> Floats:
    assert row.time is not None
    return row.time
