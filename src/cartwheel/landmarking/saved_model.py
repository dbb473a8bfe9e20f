"""The super-model as numbers that can be saved and can predict one patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cartwheel.landmarking.accounts import outcome_account
from cartwheel.landmarking.between import BetweenFit
from cartwheel.landmarking.cohort import LandmarkCohort
from cartwheel.landmarking.courses import MarkerCourse
from cartwheel.landmarking.design import Term
from cartwheel.landmarking.labs import marker_variable
from cartwheel.landmarking.pipeline import LandmarkModels, LandmarkPipeline
from cartwheel.landmarking.plan import LandmarkPlan
from cartwheel.landmarking.result_model import (
    BetweenModel,
    DayHazard,
    LandmarkModel,
    ModelMarker,
    ModelTerm,
)
from cartwheel.landmarking.tables import SuperFit

PERCENTILES = (5.0, 95.0)


@dataclass(frozen=True, slots=True, eq=False)
class MadeOf:
    """What a model was made of: plan, patients, markers."""

    plan: LandmarkPlan
    cohort: LandmarkCohort
    courses: Sequence[MarkerCourse]


def saved_model(
    made_of: MadeOf,
    pipeline: LandmarkPipeline,
    models: LandmarkModels,
    fits: tuple[SuperFit, BetweenFit | None],
    simulated: bool,
) -> LandmarkModel | None:
    """Put the super-model into numbers.

    Parameters
    ----------
    made_of : MadeOf
        Plan, patients and markers.
    pipeline : LandmarkPipeline
        Rows and terms.
    models : LandmarkModels
        Made on all patients.
    fits : tuple of (SuperFit, BetweenFit or None)
        The same, with its covariance; and of survival, what answers between landmarks.
    simulated : bool
        Whether the patients were.

    Returns
    -------
    LandmarkModel or None
        None where the super-model does not exist.
    """
    fitted, (fit, between) = models.over_all, fits
    if fitted is None or fit.covariance is None:
        return None
    plan, outcome = made_of.plan, outcome_account(made_of.cohort, made_of.plan.window_days)
    stacked = [pipeline.rows[at] for at in pipeline.measured]
    analytes = [course.analyte for course in made_of.courses]
    hazards = tuple(
        DayHazard(row.day, hazard)
        for row, hazard in zip(stacked, fitted.hazards, strict=bool(fitted.hazards))
        if row.events
    )
    survival = pipeline.survival
    return LandmarkModel(
        kind="cox" if survival else "logistic",
        outcome=outcome.label,
        window_days=plan.window_days,
        first_day=stacked[0].day,
        last_day=stacked[-1].day,
        markers=tuple(
            _marker(course, place, pipeline) for place, course in enumerate(made_of.courses)
        ),
        intercept=fitted.intercept,
        terms=_terms(pipeline.over_all, fitted.slopes, analytes),
        covariance=() if survival else tuple(map(tuple, fit.covariance.tolist())),
        hazards=hazards,
        between=_between(between, analytes),
        patients=fit.table.patients,
        events=fit.table.events,
        level=plan.level,
        simulated=simulated,
    )


def _terms(
    terms: Sequence[Term], slopes: NDArray[np.float64], analytes: Sequence[str]
) -> tuple[ModelTerm, ...]:
    return tuple(
        ModelTerm(
            None if term.marker is None else analytes[term.marker],
            term.power,
            float(slopes[place]),
        )
        for place, term in enumerate(terms)
    )


def _between(fit: BetweenFit | None, analytes: Sequence[str]) -> BetweenModel | None:
    if fit is None or not fit.slopes.size:
        return None
    steps = zip(fit.day.tolist(), fit.hazard.tolist(), strict=True)
    return BetweenModel(
        _terms(fit.terms, fit.slopes, analytes),
        tuple(DayHazard(day, hazard) for day, hazard in steps),
    )


def _marker(course: MarkerCourse, place: int, pipeline: LandmarkPipeline) -> ModelMarker:
    values = np.concatenate([pipeline.rows[at].x[:, place] for at in pipeline.measured])
    low, high = (_undone(float(value), course.transform) for value in _percentiles(values))
    found = marker_variable(course.analyte)
    return ModelMarker(
        analyte=course.analyte,
        label=course.label,
        unit=course.unit,
        transform=course.transform,
        variable=None if found is None else found.name,
        max_age_days=course.max_age_days if np.isfinite(course.max_age_days) else None,
        low=low,
        high=high,
    )


def _percentiles(values: NDArray[np.float64]) -> tuple[float, float]:
    low, high = np.percentile(values, PERCENTILES)
    return float(low), float(high)


def _undone(value: float, transform: str) -> float:
    if transform == "log2":
        return float(np.exp2(value))
    return value * value if transform == "sqrt" else value
