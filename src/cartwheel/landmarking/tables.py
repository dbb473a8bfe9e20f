"""The fitted models as tables: ratios with intervals, robust over the rows of a patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cartwheel.errors import NotEstimable
from cartwheel.estimate import Estimate
from cartwheel.landmarking.courses import MarkerCourse
from cartwheel.landmarking.design import Term
from cartwheel.landmarking.fitting import TIES
from cartwheel.landmarking.pipeline import LandmarkPipeline
from cartwheel.landmarking.result import CoefficientRow, ModelTable
from cartwheel.stats.cox_general import cox_regression
from cartwheel.stats.descriptive import normal_quantile
from cartwheel.stats.firth import firth_table
from cartwheel.stats.landmark_models import cluster_robust_covariance
from cartwheel.stats.logistic import logistic_fit
from cartwheel.stats.risk_sets import risk_sets

Floats = NDArray[np.float64]
EVENTS_PER_PARAMETER = 10.0
PLAIN = "logistic regression, maximum likelihood"
PENALISED = "logistic regression, Firth's penalty, intercept corrected (FLIC)"
COX = "Cox regression, Breslow ties, ended at the window"
ROBUST = "Wald interval, errors robust over the rows of a patient"


@dataclass(frozen=True, slots=True, eq=False)
class SuperFit:
    """The super-model on all patients.

    Parameters
    ----------
    table : ModelTable
        For the reader.
    covariance : float array or None
        Robust: of intercept and slopes in a logistic model, of slopes in a Cox model.
    """

    table: ModelTable
    covariance: Floats | None


@dataclass(frozen=True, slots=True, eq=False)
class FoundModel:
    """Coefficients without the intercept, their limits, and how they were had.

    Parameters
    ----------
    slopes, low, high : float array (k,)
        Log odds ratios or log hazard ratios, and their limits.
    method, interval : str
        How they were had, in words.
    covariance : float array or None
        What the limits are made of, where it is a covariance.
    """

    slopes: Floats
    low: Floats
    high: Floats
    method: str
    interval: str
    covariance: Floats | None = None


def penalty_of(chosen: str, events: int, patients: int, parameters: int) -> str:
    """Settle the penalty of a logistic model, once and on all patients.

    Parameters
    ----------
    chosen : "auto", "none" or "firth"
        By the plan.
    events, patients : int
        Patients with the event, and all.
    parameters : int
        Coefficients without the intercept.

    Returns
    -------
    str
        ``none``, ``firth``, or ``rescue``: none, and Firth's where that does not converge.
    """
    if chosen != "auto":
        return chosen
    limiting = min(events, patients - events)
    return "firth" if limiting < EVENTS_PER_PARAMETER * parameters else "rescue"


def own_table(
    pipeline: LandmarkPipeline, at: int, courses: Sequence[MarkerCourse], level: float
) -> ModelTable:
    """Table of the model made at one landmark alone.

    Parameters
    ----------
    pipeline : LandmarkPipeline
        Rows and designs.
    at : int
        Place of the landmark.
    courses : sequence of MarkerCourse
        The markers.
    level : float
        Coverage of the intervals.

    Returns
    -------
    ModelTable
    """
    row, columns = pipeline.rows[at], pipeline.own_designs[at]
    counts = (row.n, row.n, row.events)
    if row.reason:
        return model_table(row.day, pipeline, pipeline.own, counts, courses, row.reason, level)
    try:
        if row.time is None:
            found = _logistic(columns, row.event, pipeline.penalties[at], level)
        else:
            fit = cox_regression(risk_sets(row.time, row.event), columns, ties=TIES)
            found = wald_model(fit.coefficients, fit.covariance, COX, "Wald interval", level)
    except NotEstimable as refused:
        reason = refused.problems[0].what
        return model_table(row.day, pipeline, pipeline.own, counts, courses, reason, level)
    return model_table(row.day, pipeline, pipeline.own, counts, courses, found, level)


def super_fit(
    pipeline: LandmarkPipeline, courses: Sequence[MarkerCourse], level: float
) -> SuperFit:
    """Table of the model over all landmarks, with errors robust over the rows of a patient.

    Parameters
    ----------
    pipeline : LandmarkPipeline
        Rows and designs.
    courses : sequence of MarkerCourse
        The markers.
    level : float
        Coverage of the intervals.

    Returns
    -------
    SuperFit
    """
    rows = [pipeline.rows[at] for at in pipeline.measured]
    who = np.concatenate([row.patient for row in rows]) if rows else np.empty(0, dtype=np.int64)
    event = np.concatenate([row.event for row in rows]) if rows else np.empty(0)
    counts = (len(np.unique(who)), len(who), len(np.unique(who[event == 1.0])))
    found: FoundModel | str
    if len(rows) < 2:
        found = "a model over landmarks needs two that can be estimated"
    else:
        columns = np.concatenate([pipeline.designs[at] for at in pipeline.measured])
        try:
            if pipeline.survival:
                found = _stratified_cox(pipeline, columns, event, who, level)
            else:
                found = _clustered_logistic(columns, event, who, pipeline.penalty, level)
        except NotEstimable as refused:
            found = refused.problems[0].what
    table = model_table(None, pipeline, pipeline.over_all, counts, courses, found, level)
    return SuperFit(table, None if isinstance(found, str) else found.covariance)


def _logistic(columns: Floats, event: Floats, penalty: str, level: float) -> FoundModel:
    if penalty != "firth":
        try:
            fit = logistic_fit(columns, event)
        except NotEstimable:
            if penalty == "none":
                raise
        else:
            return wald_model(
                fit.coefficients[1:], fit.covariance[1:, 1:], PLAIN, "Wald interval", level
            )
    table = firth_table(columns, event, level)
    interval = "profile penalised likelihood interval"
    return FoundModel(table.coefficients[1:], table.low[1:], table.high[1:], PENALISED, interval)


def _clustered_logistic(
    columns: Floats, event: Floats, who: NDArray[np.int64], penalty: str, level: float
) -> FoundModel:
    firth = penalty == "firth"
    try:
        fit = logistic_fit(columns, event, penalty="firth" if firth else "none")
    except NotEstimable:
        if penalty != "rescue":
            raise
        firth, fit = True, logistic_fit(columns, event, penalty="firth")
    covariance = cluster_robust_covariance(columns, event, fit.coefficients, who, firth=firth)
    method = PENALISED if firth else PLAIN
    found = wald_model(fit.coefficients[1:], covariance[1:, 1:], method, ROBUST, level)
    return FoundModel(found.slopes, found.low, found.high, method, ROBUST, covariance)


def _stratified_cox(
    pipeline: LandmarkPipeline,
    columns: Floats,
    event: Floats,
    who: NDArray[np.int64],
    level: float,
) -> FoundModel:
    rows = [pipeline.rows[at] for at in pipeline.measured]
    times = np.concatenate([row.time for row in rows if row.time is not None])
    strata = np.repeat(np.arange(len(rows)), [row.n for row in rows])
    fit = cox_regression(risk_sets(times, event, strata=strata), columns, cluster=who, ties=TIES)
    method = f"{COX}, stratified by landmark"
    found = wald_model(fit.coefficients, fit.covariance, method, ROBUST, level)
    return FoundModel(found.slopes, found.low, found.high, method, ROBUST, fit.covariance)


def wald_model(
    slopes: Floats, covariance: Floats, method: str, interval: str, level: float
) -> FoundModel:
    """Put limits around coefficients.

    Parameters
    ----------
    slopes : float array (k,)
        Coefficients.
    covariance : float array (k, k)
        Theirs.
    method, interval : str
        In words.
    level : float
        Coverage.

    Returns
    -------
    FoundModel
    """
    half = normal_quantile(level) * np.sqrt(np.diag(covariance))
    return FoundModel(slopes, slopes - half, slopes + half, method, interval, covariance)


def model_table(
    day: float | None,
    pipeline: LandmarkPipeline,
    terms: Sequence[Term],
    counts: tuple[int, int, int],
    courses: Sequence[MarkerCourse],
    found: FoundModel | str,
    level: float,
) -> ModelTable:
    """Write a fitted model as a table.

    Parameters
    ----------
    day : float or None
        The landmark; None for the super-model.
    pipeline : LandmarkPipeline
        Tells whether it is of survival.
    terms : sequence of k Term
        Columns of the model.
    counts : tuple of (int, int, int)
        Patients, rows, patients with the event.
    courses : sequence of MarkerCourse
        The markers.
    found : FoundModel or str
        The fit, or why there is none.
    level : float
        Coverage.

    Returns
    -------
    ModelTable
    """
    patients, rows, events = counts
    measure = "hazard ratio" if pipeline.survival else "odds ratio"
    limiting = events if pipeline.survival else min(events, patients - events)
    coefficients: tuple[CoefficientRow, ...] = ()
    if not isinstance(found, str):
        coefficients = tuple(
            _row(term, courses, found, place, level, (patients, events))
            for place, term in enumerate(terms)
        )
    return ModelTable(
        "all landmarks" if day is None else f"day {day:g}",
        day,
        measure,
        "" if isinstance(found, str) else found.method,
        patients,
        rows,
        events,
        limiting / len(terms),
        coefficients,
        found if isinstance(found, str) else "",
    )


def _row(
    term: Term,
    courses: Sequence[MarkerCourse],
    found: FoundModel,
    place: int,
    level: float,
    counts: tuple[int, int],
) -> CoefficientRow:
    name, unit = term_words(term, courses)
    ratio, low, high = (
        _ratio(float(limit[place])) for limit in (found.slopes, found.low, found.high)
    )
    estimate = Estimate(ratio, low, high, level, found.interval, *counts)
    return CoefficientRow(name, unit, float(found.slopes[place]), estimate)


def _ratio(coefficient: float) -> float | None:
    # beyond this the ratio is no double
    return float(np.exp(coefficient)) if abs(coefficient) < 700.0 else None


def term_words(term: Term, courses: Sequence[MarkerCourse]) -> tuple[str, str]:
    """Name a term, and what one unit of it is.

    Parameters
    ----------
    term : Term
        Of a design.
    courses : sequence of MarkerCourse
        The markers.

    Returns
    -------
    tuple of (str, str)
        Such as ``C-reactive protein`` and ``per doubling``.
    """
    day = "landmark day" if term.power < 2 else "landmark day squared"
    if term.marker is None:
        return day, "per day" if term.power < 2 else "per day squared"
    course = courses[term.marker]
    unit = {
        "log2": "per doubling",
        "sqrt": f"per unit of its square root ({course.unit})",
        "none": f"per {course.unit or 'unit'}",
    }[course.transform]
    if not term.power:
        return course.label, unit
    return f"{course.label} x {day}", f"{unit} and day"
