"""Calibration without a straight line: the curve, and how far it lies from the predictions."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cartwheel.curves import CalibrationPoint
from cartwheel.errors import NotEstimable
from cartwheel.estimate import Estimate
from cartwheel.stats.descriptive import quantiles
from cartwheel.stats.smooth_calibration import DISTANCES, SmoothCalibration
from cartwheel.validation.analysed import Predicted, Target
from cartwheel.validation.judging.observed import event_by_horizon, observed_risk
from cartwheel.validation.judging.resampled import (
    Resampled,
    bootstrap_estimate,
    percentile_limits,
    smoother,
)
from cartwheel.validation.result_score import CalibrationPlot, Measure

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

LABELS = {
    "ici": "Integrated calibration index (mean distance of predicted and observed risk)",
    "e50": "E50 (median distance of predicted and observed risk)",
    "e90": "E90 (90th percentile of that distance)",
}
BINS = 20
# up to here each prediction is a group of its own
MOST_LEVELS = 10
_DIGITS = 12


def calibration_indices(
    target: Target, predicted: Predicted, resampled: Resampled | None, level: float
) -> tuple[Measure, ...]:
    """Estimate how far observed risk lies from predicted risk: ICI, E50 and E90.

    Parameters
    ----------
    target : Target
        The outcome.
    predicted : Predicted
        The score.
    resampled : Resampled or None
        For the percentile intervals.
    level : float in (0, 1)
        Coverage.

    Returns
    -------
    tuple of Measure
        Empty without a risk; values None, with the reason in ``method``, where there is no curve.

    Notes
    -----
    Distances are never below 0, so that chance alone makes them larger, in the resamples more than
    in the sample: with few patients the interval lies high. With fewer than five distinct
    predictions the observed risk is that of the patients with each prediction.

    References
    ----------
    Austin and Steyerberg 2019, doi 10.1002/sim.8281. Austin, Harrell and van Klaveren 2020,
    doi 10.1002/sim.8570.
    """
    if predicted.risk is None:
        return ()
    smooth, why = _smooth(target, predicted)
    found = np.full(3, np.nan) if smooth is None else smooth.measure()[:3]
    if smooth is not None:
        why = smooth.method
        if target.horizon is not None:
            why += f", at {target.horizon:g} {target.time_unit}"
        if not np.isfinite(found).all():
            why = f"not estimable: {smooth.method} does not converge"
    draws = None if resampled is None else resampled.of(predicted)
    sample = (target.n, int(event_by_horizon(target).sum()))
    return tuple(
        Measure(
            name=name,
            label=LABELS[name],
            estimate=_explained(
                bootstrap_estimate(
                    float(value), None if draws is None else draws.draws(name), level, why, sample
                )
            ),
            ideal=0.0,
            std_error=None,
            scale="identity",
        )
        for name, value in zip(DISTANCES, found, strict=True)
    )


def _explained(found: Estimate) -> Estimate:
    """Say why an interval can lie above its estimate."""
    if found.value is None or found.low is None or found.low <= found.value:
        return found
    why = "chance adds to a distance in every resample, so they lie above the estimate"
    return replace(found, method=f"{found.method}; {why}")


def _smooth(target: Target, predicted: Predicted) -> tuple[SmoothCalibration | None, str]:
    """The smoother, or why there is none."""
    try:
        return smoother(target, predicted), ""
    except NotEstimable as reason:
        return None, f"not estimable: {reason.problems[0].what}"


def calibration_plot(
    target: Target,
    predicted: Predicted,
    resampled: Resampled | None,
    groups: int,
    level: float,
) -> CalibrationPlot | None:
    """Compare observed with predicted risk in groups of like predictions, and by a smooth curve.

    Parameters
    ----------
    target : Target
        The outcome.
    predicted : Predicted
        The score.
    resampled : Resampled or None
        For the pointwise limits of the curve.
    groups : int
        Groups of equal size asked for, where there are more than ten distinct predictions; else
        each prediction is a group.
    level : float in (0, 1)
        Coverage.

    Returns
    -------
    CalibrationPlot or None
        None without a risk. The curve is empty with fewer than five distinct predictions, and
        where it cannot be estimated.

    References
    ----------
    Van Calster et al. 2019, doi 10.1186/s12916-019-1466-7.
    """
    risk = predicted.risk
    if risk is None:
        return None
    happened = event_by_horizon(target)
    points = tuple(_point(target, risk, mask, level) for mask in like_predictions(risk, groups))
    curve, method = _curve(target, predicted, resampled, level)
    return CalibrationPlot(points, curve, method, _histogram(risk, happened))


def _point(target: Target, risk: Floats, members: Mask, level: float) -> CalibrationPoint:
    observed = observed_risk(target, members, level)
    assert observed is not None
    return CalibrationPoint(float(risk[members].mean()), observed, int(members.sum()))


def _curve(
    target: Target, predicted: Predicted, resampled: Resampled | None, level: float
) -> tuple[tuple[tuple[float, float, float | None, float | None], ...], str]:
    smooth, why = _smooth(target, predicted)
    if smooth is None:
        return (), f"no curve: {why}"
    if smooth.scale is None:
        return (), f"no curve: only {smooth.risk.size} distinct predictions, each is a point"
    observed = smooth.measure()[3:]
    if not np.isfinite(observed).all():
        return (), f"no curve: {smooth.method} does not converge"
    draws = None if resampled is None else resampled.of(predicted)
    rows = []
    for place, (at, value) in enumerate(zip(smooth.grid, observed, strict=True)):
        low, high = (
            (None, None) if draws is None else percentile_limits(draws.curve[:, place], level)
        )
        rows.append((float(at), float(value), low, high))
    if draws is None:
        return tuple(rows), f"{smooth.method}; no limits without resamples"
    usable = int(np.isfinite(draws.distances).all(axis=1).sum())
    of = f"{usable}" if usable == len(draws.distances) else f"{usable} of {len(draws.distances)}"
    return tuple(rows), f"{smooth.method}; pointwise percentiles of {of} resamples"


def like_predictions(risk: Floats, groups: int) -> list[Mask]:
    """Divide patients into groups of like predictions.

    Parameters
    ----------
    risk : float array (n,), 0-1
        Predictions.
    groups : int
        Asked for, >= 2.

    Returns
    -------
    list of bool array (n,)
        Lowest first. Up to ten distinct predictions are a group each; else groups between
        quantiles, fewer where ties make these coincide.
    """
    rounded = np.round(risk, _DIGITS)
    levels = np.unique(rounded)
    if levels.size <= MOST_LEVELS:
        return [rounded == one for one in levels]
    edges = np.unique(quantiles(rounded, np.arange(1, groups) / groups))
    place = np.searchsorted(edges, rounded, side="left")
    masks = (place == group for group in range(edges.size + 1))
    return [mask for mask in masks if mask.any()]


def _histogram(risk: Floats, happened: Mask) -> tuple[tuple[float, int, int], ...]:
    """Count patients in bins from 0 to a round number above all predictions."""
    largest = max(float(risk.max()), 1e-6)
    power = 10.0 ** math.floor(math.log10(largest))
    top = min(1.0, next(m * power for m in (1, 2, 5, 10) if m * power >= largest - 1e-12))
    edges = np.linspace(0.0, top, BINS + 1)
    edges[-1] = max(top, largest)
    without, having = (np.histogram(risk[of], edges)[0].tolist() for of in (~happened, happened))
    middles = np.round((np.arange(BINS) + 0.5) * top / BINS, 12).tolist()
    return tuple(zip(middles, without, having, strict=True))
