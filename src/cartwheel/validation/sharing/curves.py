"""Curves that may leave a centre: on a fixed grid, and only where enough patients stand behind."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from decimal import Decimal

import numpy as np

from cartwheel.clinic.score_spec import Band, RiskTable
from cartwheel.curves import SurvivalCurve
from cartwheel.validation.analysed import Floats, Predicted, Target
from cartwheel.validation.judging.observed import event_by_horizon
from cartwheel.validation.result import Decision
from cartwheel.validation.result_score import IncidenceCurve, ScoreResult
from cartwheel.validation.result_share import SharedCurve
from cartwheel.validation.sharing.told import Mask, Told

RATES = tuple(round(0.05 * step, 2) for step in range(21))
RISKS = tuple(round(0.05 * step, 2) for step in range(1, 20))
SHARES = tuple(round(0.1 * step, 1) for step in range(1, 11))
_DUST = 1e-9


def shared_curves(
    target: Target,
    predicted: Predicted,
    found: ScoreResult,
    decision: Decision | None,
    told: Told,
    told_bands: Sequence[str] | None,
    *,
    smooth: bool,
) -> tuple[SharedCurve, ...]:
    """Bring the curves of a score to their fixed grids.

    Parameters
    ----------
    target : Target
        The outcome of the n patients.
    predicted : Predicted
        The score of the same patients.
    found : ScoreResult
        What the validation found.
    decision : Decision or None
        Net benefit.
    told : Told
        Sets of patients whose counts are told already; those of these curves are added.
    told_bands : sequence of str, optional
        Bands whose counts are told; None where a curve of all patients would tell of bands of
        another score.
    smooth : bool
        Whether the flexible calibration curve may be told.

    Returns
    -------
    tuple of SharedCurve
        Those that are left.
    """
    happened = event_by_horizon(target)
    curves = [_net_benefit(predicted, decision, told), _roc(predicted, found, told)]
    if smooth:
        curves.append(_calibration(predicted, found, happened, told.cell))
    if target.horizon is not None:
        curves += _by_band(target, predicted, found, told.cell, told_bands)
    return tuple(curve for curve in curves if curve is not None and curve.x)


def band_key(predicted: Predicted, place: int) -> Hashable:
    """Say which values that the score can have at all lie in a band or above.

    Parameters
    ----------
    predicted : Predicted
        The score.
    place : int
        Of the band.

    Returns
    -------
    hashable
        The same as ``risk_key`` of a threshold that divides these values alike; None where the
        values of the score are not a short list.
    """
    if predicted.risk_source == "band risk":
        return predicted.name, tuple(each >= place for each in range(len(predicted.bands)))
    possible = _possible(predicted)
    if possible is None or len(predicted.spec.bands) != len(predicted.bands):
        return None
    bands = [_band_of(predicted.spec.bands, value) for value, _ in possible]
    return predicted.name, tuple(each >= place for each in bands)


def risk_key(predicted: Predicted, threshold: float) -> Hashable:
    """Say which values that the score can have at all have at least a risk.

    Parameters
    ----------
    predicted : Predicted
        The score.
    threshold : float
        Risk, 0-1.

    Returns
    -------
    hashable
        None where the values of the score are not a short list.
    """
    if predicted.risk_source == "band risk":
        risks = [each.observed and each.observed.risk for each in predicted.spec.bands]
        return predicted.name, tuple(float(risk or 0) >= threshold - _DUST for risk in risks)
    possible = _possible(predicted)
    if possible is None:
        return None
    return predicted.name, tuple(risk >= threshold - _DUST for _, risk in possible)


def _possible(predicted: Predicted) -> list[tuple[Decimal, float]] | None:
    risk = predicted.spec.risk
    if not isinstance(risk, RiskTable):
        return None
    return [(row.value, float(row.risk)) for row in risk.rows]


def _band_of(bands: Sequence[Band], value: Decimal) -> int:
    return next(place for place, band in enumerate(bands) if band.meets(value, value))


def _roc(predicted: Predicted, found: ScoreResult, told: Told) -> SharedCurve | None:
    if found.roc is None or len(found.roc.thresholds) < 2:
        return None
    limits = np.array([np.inf if each is None else each for each in found.roc.thresholds])
    false_rate = 1.0 - np.array(found.roc.specificity)
    true_rate = np.array(found.roc.sensitivity)
    marker = predicted.marker
    kept = []
    for place in dict.fromkeys((*_where_told(marker, limits, told), *_nearest(false_rate))):
        if not np.isfinite(limits[place]):
            continue
        members = marker >= limits[place] - _DUST * (1.0 + abs(limits[place]))
        # where the set begins is not told: only how many are in it
        if told.allows(members, named=False):
            told.add(members)
            kept.append(place)
    if not kept:
        return None
    order = np.argsort(false_rate[kept], kind="stable")
    across = np.concatenate([[0.0], false_rate[kept][order], [1.0]])
    up = np.concatenate([[0.0], np.sort(true_rate[kept]), [1.0]])
    return SharedCurve("roc", "", RATES, _rounded(np.interp(RATES, across, up), 2))


def _where_told(marker: Floats, limits: Floats, told: Told) -> Iterator[int]:
    """Give the points of the curve at sets that are told already: nothing new follows there."""
    for members in told.sets:
        within, without = marker[members], marker[~members]
        if len(within) and len(without) and within.min() > without.max():
            yield int(np.argmin(np.abs(limits - within.min())))


def _nearest(false_rate: Floats) -> list[int]:
    """Give for each rate of the grid the nearest point of the curve, each point once."""
    return sorted({int(np.argmin(np.abs(false_rate - rate))) for rate in RATES[1:-1]})


def _calibration(
    predicted: Predicted, found: ScoreResult, happened: Mask, cell: int
) -> SharedCurve | None:
    if found.plot is None or len(found.plot.curve) < 2 or predicted.risk is None:
        return None
    risk = np.array([point[0] for point in found.plot.curve])
    observed = np.array([point[1] for point in found.plot.curve])
    grid = np.array(RISKS)
    with_event, without = (np.sort(predicted.risk[each]) for each in (happened, ~happened))
    enough = (grid >= risk[0]) & (grid <= risk[-1])
    for own in (with_event, without):
        below = np.searchsorted(own, grid - _DUST)
        enough &= (below >= cell) & (len(own) - below >= cell)
    heights = np.interp(grid[enough], risk, observed)
    return SharedCurve("calibration", "", _rounded(grid[enough], 2), _rounded(heights, 2))


def _net_benefit(predicted: Predicted, decision: Decision | None, told: Told) -> SharedCurve | None:
    if decision is None or predicted.risk is None:
        return None
    curve = next((each for each in decision.curves if each.name == predicted.name), None)
    if curve is None:
        return None
    kept = []
    for threshold, height in zip(decision.thresholds, curve.net_benefit, strict=True):
        if height is None or min(abs(threshold - risk) for risk in RISKS) >= _DUST:
            continue
        members, key = predicted.risk >= threshold - _DUST, risk_key(predicted, threshold)
        if told.allows(members, key):
            told.add(members, key)
            kept.append((threshold, height))
    return SharedCurve(
        "net benefit",
        "",
        tuple(round(threshold, 2) for threshold, _ in kept),
        _rounded([height for _, height in kept], 3),
    )


def _by_band(
    target: Target,
    predicted: Predicted,
    found: ScoreResult,
    cell: int,
    told_bands: Sequence[str] | None,
) -> Iterator[SharedCurve | None]:
    if told_bands is None:
        return
    everyone = not predicted.bands
    curves: list[SurvivalCurve | IncidenceCurve] = [*found.survival, *found.incidence]
    for curve in curves:
        if not everyone and curve.group not in told_bands:
            continue
        place = predicted.bands.index(curve.group) if not everyone else 0
        members = np.ones(target.n, np.bool_) if everyone else predicted.band == place
        yield _steps(target, members, curve, cell)


def _steps(
    target: Target, members: Mask, curve: SurvivalCurve | IncidenceCurve, cell: int
) -> SharedCurve:
    times = target.times if target.competing is None else target.competing.times
    assert times is not None
    assert target.horizon is not None
    grid = np.array([0.0, *SHARES]) * target.horizon
    own = times.time[members] - times.tolerance
    events = np.sort(own[target.event[members] == 1])
    by_then = np.searchsorted(events, grid, side="right")
    after = len(own) - np.searchsorted(np.sort(own), grid, side="right")
    told = [0]
    for place in range(1, len(grid)):
        moved, left = by_then[place] - by_then[told[-1]], by_then[-1] - by_then[place]
        # the events by the horizon are told beside the curve
        if min(after[place], moved) >= cell and (left >= cell or place == len(grid) - 1):
            told.append(place)
    heights = curve.survival if isinstance(curve, SurvivalCurve) else curve.incidence
    at = np.searchsorted(np.array(curve.times), grid[told] + times.tolerance, side="right") - 1
    name = "survival" if isinstance(curve, SurvivalCurve) else "incidence"
    return SharedCurve(
        name,
        curve.group,
        _rounded(np.array([0.0, *SHARES])[told], 1),
        _rounded(np.array(heights)[at], 2),
    )


def _rounded(values: Sequence[float] | Floats, digits: int) -> tuple[float, ...]:
    return tuple(round(float(value), digits) + 0.0 for value in values)
