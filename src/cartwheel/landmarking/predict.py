"""Predict one patient from the values taken so far; what is missing is said, never filled in."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from cartwheel.clinic.measurement import measurement
from cartwheel.errors import CohortRefused, Problem, Refused, refuse
from cartwheel.estimate import Estimate
from cartwheel.landmarking.labs import marker_variable
from cartwheel.landmarking.result_model import (
    BetweenModel,
    LandmarkModel,
    ModelMarker,
    ModelTerm,
)
from cartwheel.stats.descriptive import normal_quantile
from cartwheel.stats.times import SAME_TIME
from cartwheel.units import Quantity

LOGISTIC = "logistic"
AT_LANDMARK = "cox, stratified by landmark"
BETWEEN = "cox, landmark day as a term"


@dataclass(frozen=True, slots=True)
class DatedValue:
    """One laboratory value.

    Parameters
    ----------
    analyte : str
        Name in the dictionary, a synonym, or as the model names it.
    day : float
        Days after infusion when it was taken.
    value : float
    unit : str
        As written.
    """

    analyte: str
    day: float
    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class UsedValue:
    """A value that a prediction rests on.

    Parameters
    ----------
    analyte, unit : str
        As the model names it.
    value : float
        In ``unit``.
    day, age_days : float
        When it was taken, and how old it is.
    unusual : bool
        Outside the 5th to 95th percentile of the patients the model was made on.
    """

    analyte: str
    unit: str
    value: float
    day: float
    age_days: float
    unusual: bool


@dataclass(frozen=True, slots=True)
class MissingValue:
    """A marker without a usable value.

    Parameters
    ----------
    analyte : str
        As the model names it.
    reason : str
        Never taken by that day, or too old.
    """

    analyte: str
    reason: str


@dataclass(frozen=True, slots=True)
class LandmarkPrediction:
    """The risk of one patient who is still free of the event.

    Parameters
    ----------
    day : float
        Of the prediction.
    until_day : float or None
        By when the event is meant; None for whenever it comes.
    risk : Estimate
        Without value where a marker is missing.
    model : str
        Which model answered: ``logistic``, ``cox, stratified by landmark`` on a landmark of the
        model, or ``cox, landmark day as a term`` between two of them.
    lowest, highest : float
        Risk with every missing marker anywhere between its 5th and 95th percentile, without the
        uncertainty of the model; both the risk itself where nothing is missing.
    used : tuple of UsedValue
    missing : tuple of MissingValue
    """

    day: float
    until_day: float | None
    risk: Estimate
    model: str
    lowest: float
    highest: float
    used: tuple[UsedValue, ...]
    missing: tuple[MissingValue, ...]


def predict(
    model: LandmarkModel, measurements: Iterable[DatedValue], day: float
) -> LandmarkPrediction:
    """Predict the risk of a patient who is free of the event on a day.

    Parameters
    ----------
    model : LandmarkModel
        A saved super-model.
    measurements : iterable of DatedValue
        Everything known; values taken after the day are not looked at.
    day : float
        Days after infusion, from the first landmark of the model to its last.

    Returns
    -------
    LandmarkPrediction

    Raises
    ------
    CohortRefused
        ``day_outside``, ``day_not_landmark``, ``duplicate_time``, ``not_a_number``,
        ``not_positive``, and what ``measurement`` refuses of a value: unit missing, not accepted,
        not plausible.

    Notes
    -----
    The interval of a logistic model is that of its robust covariance; it leaves out that the model
    was chosen, and a Cox model has none. On its landmarks a Cox model answers with the baseline
    hazard of that landmark, whose performance was measured; between them with the model in which
    the landmark day is a term, whose performance was not: the two need not meet.
    """
    terms, hazard, name = _answering(model, day)
    used, missing = _collect(model, tuple(measurements), day)
    values = {one.analyte: one.value for one in used}
    low_lp, high_lp = _bounds(model, terms, values, day)
    low, high = (_risk(lp, hazard) for lp in (low_lp, high_lp))
    method = "risk of a saved model"
    if missing:
        risk = Estimate(None, method="not predicted: a marker is missing; see the range")
    elif hazard is None:
        half = normal_quantile(model.level) * _error(model, values, day)
        limits = (_risk(low_lp - half, None), _risk(low_lp + half, None))
        risk = Estimate(
            low,
            *limits,
            model.level,
            f"{method}, Wald interval, robust errors",
            model.patients,
            model.events,
        )
    else:
        said = f"{method}; no interval: a Cox model is saved without its errors"
        risk = Estimate(low, method=said, n=model.patients, events=model.events)
    until = None if model.window_days is None else day + model.window_days
    return LandmarkPrediction(day, until, risk, name, low, high, used, missing)


def _answering(model: LandmarkModel, day: float) -> tuple[tuple[ModelTerm, ...], float | None, str]:
    """Terms, baseline hazard of the window (None for a logistic model) and name of what answers."""
    if not (math.isfinite(day) and model.first_day <= day <= model.last_day):
        raise refuse(
            CohortRefused,
            "day_outside",
            f"the model predicts from day {model.first_day:g} to day {model.last_day:g}",
            where=f"day {day:g}",
            mend="predict on one of those days; the model is not stretched beyond them",
        )
    if model.kind != "cox":
        return model.terms, None, LOGISTIC
    known = {one.day: one.hazard for one in model.hazards}
    if day in known:
        return model.terms, known[day], AT_LANDMARK
    if model.between is None:
        days = ", ".join(f"{one:g}" for one in known)
        raise refuse(
            CohortRefused,
            "day_not_landmark",
            "this Cox model has a baseline hazard at its landmarks only",
            where=f"day {day:g}",
            mend=f"predict on day {days}",
        )
    assert model.window_days is not None
    return model.between.terms, _between_hazard(model.between, day, model.window_days), BETWEEN


def _between_hazard(model: BetweenModel, day: float, window_days: float) -> float:
    """Baseline hazard after a day and up to the end of its window, the last day included."""
    days = [one.day for one in model.baseline]
    sums = [0.0, *(one.hazard for one in model.baseline)]
    end = day + window_days
    first, last = (bisect_right(days, at + SAME_TIME * max(1.0, abs(at))) for at in (day, end))
    return sums[last] - sums[first]


def _collect(
    model: LandmarkModel, measurements: Sequence[DatedValue], day: float
) -> tuple[tuple[UsedValue, ...], tuple[MissingValue, ...]]:
    used: list[UsedValue] = []
    missing: list[MissingValue] = []
    problems: list[Problem] = []
    for marker in model.markers:
        taken = [one for one in measurements if one.day <= day and _means(one.analyte, marker)]
        if not taken:
            reason = f"no value was taken by day {day:g}"
            missing.append(MissingValue(marker.analyte, reason))
            continue
        latest = max(one.day for one in taken)
        age = day - latest
        if marker.max_age_days is not None and age > marker.max_age_days:
            reason = f"the last value is {age:.1f} days old; at most {marker.max_age_days:g}"
            missing.append(MissingValue(marker.analyte, reason))
            continue
        try:
            value = _value([one for one in taken if one.day == latest], marker)
        except Refused as refused:
            problems += refused.problems
            continue
        unusual = not marker.low <= value <= marker.high
        used.append(UsedValue(marker.analyte, marker.unit, value, latest, age, unusual))
    if problems:
        raise CohortRefused(problems)
    return tuple(used), tuple(missing)


def _means(analyte: str, marker: ModelMarker) -> bool:
    if analyte == marker.analyte:
        return True
    found = marker_variable(analyte)
    return found is not None and found.name == marker.variable


def _value(taken: Sequence[DatedValue], marker: ModelMarker) -> float:
    values = {_converted(one, marker) for one in taken}
    if len(values) > 1:
        raise refuse(
            CohortRefused,
            "duplicate_time",
            "two different values at one moment",
            where=marker.label,
            mend="keep the one that counts",
        )
    value = values.pop()
    if not math.isfinite(value):
        raise refuse(
            CohortRefused,
            "not_a_number",
            "not a number",
            where=marker.label,
            mend="leave the value out where it is not known",
        )
    if marker.transform == "log2" and value <= 0.0:
        raise refuse(
            CohortRefused,
            "not_positive",
            "the model takes a logarithm, and the value is not above zero",
            where=marker.label,
            mend="give the limit of detection where the value lies below it",
        )
    if marker.transform == "sqrt" and value < 0.0:
        raise refuse(
            CohortRefused,
            "not_positive",
            "the model takes a square root, and the value is below zero",
            where=marker.label,
            mend="correct it",
        )
    return value


def _converted(given: DatedValue, marker: ModelMarker) -> float:
    if marker.variable is not None:
        if not given.unit and marker.unit not in ("", "1"):
            raise refuse(
                CohortRefused,
                "unit_missing",
                "the value has no unit",
                where=marker.label,
                mend=f"write it, such as {marker.unit}",
            )
        written = Quantity(Decimal(repr(float(given.value))), given.unit)
        return float(measurement(marker.variable, written, where=marker.label).value)
    if given.unit != marker.unit:
        raise refuse(
            CohortRefused,
            "unit_not_accepted",
            f"the value is not in {marker.unit}",
            where=marker.label,
            mend=f"convert it to {marker.unit} first: the dictionary does not know this analyte",
        )
    return float(given.value)


def _transformed(value: float, transform: str) -> float:
    if transform == "log2":
        return math.log2(value)
    return math.sqrt(value) if transform == "sqrt" else value


def _bounds(
    model: LandmarkModel, terms: Sequence[ModelTerm], values: Mapping[str, float], day: float
) -> tuple[float, float]:
    """Least and greatest linear predictor; equal where every marker is there."""
    low = high = model.intercept
    slopes = dict.fromkeys((marker.analyte for marker in model.markers), 0.0)
    for term in terms:
        part = term.coefficient * day**term.day_power
        if term.analyte is None:
            low, high = low + part, high + part
        else:
            slopes[term.analyte] += part
    for marker in model.markers:
        known = values.get(marker.analyte)
        ends = (marker.low, marker.high) if known is None else (known, known)
        parts = [slopes[marker.analyte] * _transformed(end, marker.transform) for end in ends]
        low, high = low + min(parts), high + max(parts)
    return low, high


def _risk(linear_predictor: float, hazard: float | None) -> float:
    lp = max(min(linear_predictor, 300.0), -300.0)
    if hazard is None:
        return 1.0 / (1.0 + math.exp(-lp))
    return -math.expm1(-hazard * math.exp(lp))


def _error(model: LandmarkModel, values: Mapping[str, float], day: float) -> float:
    transforms = {marker.analyte: marker.transform for marker in model.markers}
    row = [1.0]
    for term in model.terms:
        marker = 1.0
        if term.analyte is not None:
            marker = _transformed(values[term.analyte], transforms[term.analyte])
        row.append(marker * day**term.day_power)
    column = np.array(row)
    return float(np.sqrt(column @ np.array(model.covariance) @ column))
