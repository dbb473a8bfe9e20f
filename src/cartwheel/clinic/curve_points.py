"""Curves made ready to draw: at most so many points, round times for the table below."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cartwheel.curves import RocPoints, SurvivalCurve
from cartwheel.estimate import Estimate
from cartwheel.stats.roc import RocCurve
from cartwheel.stats.survival import KaplanMeier

Floats = NDArray[np.float64]

RISK_COLUMNS = 6
MOST_POINTS = 500


def time_ticks(latest: float) -> Floats:
    """Round times from zero to the latest, for the axis and the numbers at risk.

    Parameters
    ----------
    latest : float
        Latest time, in the outcome's unit.

    Returns
    -------
    float array (k,)
        Rising from 0 in steps of 1, 2, 3, 5 or 6 times a power of ten; at most seven times, none
        after the latest. Only 0 where the latest is not above 0.
    """
    if latest <= 0:
        return np.zeros(1)
    rough = latest / RISK_COLUMNS
    size = 10.0 ** np.floor(np.log10(rough))
    step = next(size * factor for factor in (1, 2, 3, 5, 6, 10) if size * factor >= rough)
    ticks: Floats = np.arange(0.0, latest + 1e-9, step)
    return ticks


def thinned(places: NDArray[np.int64]) -> NDArray[np.int64]:
    """Keep at most 500 of the points of a curve, evenly by rank, first and last among them.

    Parameters
    ----------
    places : int array (m,)
        Indices of the curve's points, rising.

    Returns
    -------
    int array (k,), k <= 500
        The indices that are kept.
    """
    if len(places) <= MOST_POINTS:
        return places
    ranks = np.rint(np.linspace(0, len(places) - 1, MOST_POINTS)).astype(np.int64)
    return places[ranks]


def drawn_survival(
    group: str,
    curve: KaplanMeier,
    counts: tuple[int, int],
    horizon: float,
    ticks: Floats,
    at_risk: tuple[int, ...],
) -> SurvivalCurve:
    """Reduce a Kaplan-Meier curve to what is drawn.

    Parameters
    ----------
    group : str
        Its name.
    curve : KaplanMeier
        The curve.
    counts : tuple of (int, int)
        Patients and events, as shown.
    horizon : float, unit of the times
        Where survival is read.
    ticks : float array (k,)
        Times of the table under the plot.
    at_risk : tuple of k int
        Patients at risk at each of them.

    Returns
    -------
    SurvivalCurve
    """
    censored = curve.time[thinned(np.flatnonzero(curve.n_censor > 0))]
    last = float(curve.time[-1])
    keep = thinned(np.flatnonzero(curve.n_event > 0))
    return SurvivalCurve(
        group=group,
        n=counts[0],
        events=counts[1],
        median=curve.median,
        at_horizon=curve.at(horizon),
        times=(0.0, *numbers(curve.time[keep]), last),
        survival=(1.0, *numbers(curve.survival[keep]), float(curve.survival[-1])),
        low=(1.0, *limits(curve.low[keep]), limit(curve.low[-1])),
        high=(1.0, *limits(curve.high[keep]), limit(curve.high[-1])),
        censor_times=numbers(censored),
        risk_times=numbers(ticks),
        at_risk=at_risk,
    )


def drawn_roc(
    name: str, label: str, area: Estimate, corrected: Estimate | None, curve: RocCurve
) -> RocPoints:
    """Reduce a ROC curve to what is drawn.

    Parameters
    ----------
    name, label : str
        Of the score or marker; the reader's name.
    area : Estimate
        Under the curve.
    corrected : Estimate or None
        The same corrected for optimism, where something was fitted.
    curve : RocCurve
        The curve.

    Returns
    -------
    RocPoints
    """
    kept = thinned(np.arange(len(curve.thresholds)))
    return RocPoints(
        name,
        label,
        area,
        corrected,
        limits(curve.thresholds[kept]),
        numbers(curve.sensitivity[kept]),
        numbers(curve.specificity[kept]),
    )


def numbers(values: Floats) -> tuple[float, ...]:
    """Give an array as plain numbers.

    Parameters
    ----------
    values : float array (k,)
        Finite.

    Returns
    -------
    tuple of float
    """
    return tuple(float(value) for value in values)


def limits(values: Floats) -> tuple[float | None, ...]:
    """Give limits as plain numbers.

    Parameters
    ----------
    values : float array (k,)
        Of which some may be nan or infinite.

    Returns
    -------
    tuple of (float or None)
        None where a limit does not exist.
    """
    return tuple(limit(value) for value in values)


def limit(value: float) -> float | None:
    """Give one limit, or None where it does not exist.

    Parameters
    ----------
    value : float
        May be nan or infinite.

    Returns
    -------
    float or None
    """
    return float(value) if np.isfinite(value) else None
