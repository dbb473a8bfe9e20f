"""From what the terms add to value, band and risk."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from cartwheel.clinic.batch.cells import cells_of, cuts_of, representatives
from cartwheel.clinic.batch.formula import Formula, Group, Rows, Span
from cartwheel.clinic.batch.lookup import Lookup
from cartwheel.clinic.batch.twofold import (
    Floats,
    Twofold,
    add,
    constant,
    multiply,
    subtract,
    table,
)
from cartwheel.clinic.score_spec import CoxRisk, LogisticRisk, RiskTable, ScoreSpec

Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Answers:
    """Value, band and risk of a group of patients, each from its least to its most.

    Parameters
    ----------
    low, high : float array (n,)
        The value; one object twice where every value is known.
    band_low, band_high : int array (n,)
        Places in the score's bands; -1 where it has none.
    risk_low, risk_high : float array (n,)
        0 to 1; NaN where the score gives none.
    """

    low: Floats
    high: Floats
    band_low: Places
    band_high: Places
    risk_low: Floats
    risk_high: Floats


def answers_of(formula: Formula, group: Group) -> Answers:
    """Score a group of patients.

    Parameters
    ----------
    formula : Formula
        The score.
    group : Group
        The patients; its faults and open rows are marked on the way.

    Returns
    -------
    Answers
        Of no meaning for rows that have a fault or stay open.
    """
    formula.derive(group)
    parts = formula.lookups(group)
    if all(part is not None for part in parts):
        return _of_points(formula.spec, [part for part in parts if part is not None], group.n)
    intercept = constant(formula.spec.intercept)
    low = high = intercept
    for term, part in zip(formula.spec.terms, parts, strict=True):
        span = formula.effect(group, term) if part is None else _points(*part)
        known = low is high and span.low is span.high
        low = add(low, span.low)
        high = low if known else add(high, span.high)
    return _of_sum(formula.spec, group, Span(low, high))


def _points(lookup: Lookup, least: Places, most: Places) -> Span:
    points = table(lookup.points)
    low = points.take(least)
    return Span(low, low if most is least else points.take(most))


def _of_points(spec: ScoreSpec, parts: list[tuple[Lookup, Places, Places]], n: int) -> Answers:
    """Add points as whole numbers; then each total is looked at once, in decimal."""
    places = max(
        [0, _places(spec.intercept), *(_places(each) for part in parts for each in part[0].points)]
    )
    start = int(spec.intercept.scaleb(places))
    low = np.full(n, start, dtype=np.int64)
    high = low
    for lookup, least, most in parts:
        scaled = np.array([int(each.scaleb(places)) for each in lookup.points], dtype=np.int64)
        known = low is high and least is most
        low = low + scaled[least]
        high = low if known else high + scaled[most]
    totals, (at_low, at_high) = _distinct(low, high)
    exact = [Decimal(total).scaleb(-places) for total in totals.tolist()]
    values = np.array([float(each) for each in exact])
    bands = np.array([_band_at(spec, each) for each in exact], dtype=np.intp)
    risks = _risk_of_totals(spec, exact)
    risk_low, risk_high = _risk_between(spec, exact, risks, at_low, at_high)
    return Answers(
        low=values[at_low],
        high=values[at_high],
        band_low=bands[at_low],
        band_high=bands[at_high],
        risk_low=risk_low,
        risk_high=risk_high,
    )


def _places(number: Decimal) -> int:
    exponent = number.normalize().as_tuple().exponent
    return max(0, -int(exponent))


def _distinct(
    low: NDArray[np.int64], high: NDArray[np.int64]
) -> tuple[NDArray[np.int64], tuple[Places, Places]]:
    least, most = int(low.min()), int(high.max())
    if most - least <= 100_000:  # a table beats sorting
        seen = np.zeros(most - least + 1, dtype=np.bool_)
        seen[low - least] = seen[high - least] = True
        totals = np.flatnonzero(seen).astype(np.int64) + least
        place = np.cumsum(seen) - 1
        at_low = place[low - least]
        return totals, (at_low, at_low if high is low else place[high - least])
    totals = np.unique(np.concatenate([low, high]))
    at_low = np.searchsorted(totals, low)
    return totals, (at_low, at_low if high is low else np.searchsorted(totals, high))


def _band_at(spec: ScoreSpec, value: Decimal) -> int:
    fits = [place for place, band in enumerate(spec.bands) if band.meets(value, value)]
    return fits[0] if fits else -1


def _risk_of_totals(spec: ScoreSpec, totals: list[Decimal]) -> Floats:
    risk = spec.risk
    if isinstance(risk, LogisticRisk):
        predictors = [float(risk.intercept + risk.slope * total) for total in totals]
        return _risk_from(risk, np.array(predictors))
    if isinstance(risk, CoxRisk):
        predictors = [float(risk.slope * (total - risk.centre)) for total in totals]
        return _risk_from(risk, np.array(predictors))
    rows = {row.value: float(row.risk) for row in risk.rows} if risk is not None else {}
    return np.array([rows.get(total, np.nan) for total in totals], dtype=np.float64)


def _risk_between(
    spec: ScoreSpec, totals: list[Decimal], risks: Floats, at_low: Places, at_high: Places
) -> tuple[Floats, Floats]:
    """Least and largest risk between two totals; a table need not rise with the total."""
    first, last = risks[at_low], risks[at_high]
    if at_low is at_high:
        return first, last
    if not isinstance(spec.risk, RiskTable):
        return np.fmin(first, last), np.fmax(first, last)
    pairs, which = np.unique(at_low * len(totals) + at_high, return_inverse=True)
    ends = []
    for pair in pairs.tolist():
        start, stop = (totals[place] for place in divmod(pair, len(totals)))
        inside = [float(row.risk) for row in spec.risk.rows if start <= row.value <= stop]
        ends.append((min(inside), max(inside)) if inside else (np.nan, np.nan))
    least, most = np.array(ends, dtype=np.float64).reshape(-1, 2).T
    return least[which], most[which]


def _of_sum(spec: ScoreSpec, group: Group, value: Span) -> Answers:
    one = value.low is value.high
    low, high = _whole(value.low, group.n), _whole(value.high, group.n)
    group.open |= ~low.certain
    if not one:
        # the two may be one number after all, which only exact arithmetic tells
        group.open |= ~high.certain | (low.high == high.high)
    bands_low = _bands(spec, group, low)
    bands_high = bands_low if one else _bands(spec, group, high)
    if spec.risk is None or isinstance(spec.risk, RiskTable):
        risk_low = risk_high = np.full(group.n, np.nan)
    else:
        risk_low, sure = _risk_at(spec.risk, low)
        group.open |= ~sure
        risk_high = risk_low
        if not one:
            other, sure = _risk_at(spec.risk, high)
            group.open |= ~sure
            risk_low, risk_high = np.fmin(risk_low, other), np.fmax(risk_low, other)
    high_value = low.high if one else high.high
    return Answers(low.high, high_value, bands_low, bands_high, risk_low, risk_high)


def _whole(number: Twofold, n: int) -> Twofold:
    if np.ndim(number.high):
        return number
    return Twofold(*(np.full(n, float(x)) for x in (number.high, number.low, number.error)))


def _bands(spec: ScoreSpec, group: Group, value: Twofold) -> Places:
    cuts = cuts_of(spec.bands)
    cells, near = cells_of(value, cuts)
    group.open |= near
    of_cell = np.array([_band_at(spec, each) for each in representatives(cuts)], dtype=np.intp)
    return of_cell[cells]


def _risk_at(risk: LogisticRisk | CoxRisk, value: Twofold) -> tuple[Floats, Rows]:
    """Risk at each value, and where it is certain to be the engine's."""
    if isinstance(risk, LogisticRisk):
        predictor = add(constant(risk.intercept), multiply(constant(risk.slope), value))
    else:
        predictor = multiply(constant(risk.slope), subtract(value, constant(risk.centre)))
    return _risk_from(risk, predictor.high), predictor.certain


def _risk_from(risk: LogisticRisk | CoxRisk, predictor: Floats) -> Floats:
    """Risk from the linear predictor, with the library functions that the engine calls."""
    if isinstance(risk, LogisticRisk):
        odds = _mapped(math.exp, -np.abs(predictor))
        return np.where(predictor >= 0, 1.0, odds) / (1 + odds)
    hazard_ratio = _mapped(math.exp, np.minimum(predictor, 700.0))
    found = -_mapped(math.expm1, hazard_ratio * math.log(float(risk.baseline_survival)))
    return np.where(hazard_ratio == 1.0, float(1 - risk.baseline_survival), found)


def _mapped(function: Callable[[float], float], numbers: Floats) -> Floats:
    safe = np.where(np.isnan(numbers), 0.0, numbers)
    return np.fromiter(map(function, safe.tolist()), np.float64, len(safe))
