"""The Cox model that answers between landmarks: one baseline hazard, the landmark day a term."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cartwheel.errors import Refused
from cartwheel.landmarking.courses import MarkerCourse
from cartwheel.landmarking.design import Term, design
from cartwheel.landmarking.fitting import TIES
from cartwheel.landmarking.pipeline import LandmarkPipeline
from cartwheel.landmarking.result import ModelTable
from cartwheel.landmarking.tables import COX, ROBUST, FoundModel, model_table, wald_model
from cartwheel.stats.cox_general import cox_regression
from cartwheel.stats.cox_prediction import cox_baseline
from cartwheel.stats.risk_sets import risk_sets

Floats = NDArray[np.float64]
LABEL = "days between landmarks"


@dataclass(frozen=True, slots=True, eq=False)
class BetweenFit:
    """The model on all patients.

    Parameters
    ----------
    table : ModelTable
        For the reader.
    terms : tuple of k Term
        Its columns.
    slopes : float array (k,)
        Log hazard ratios; empty where it could not be fitted.
    day, hazard : float array (m,)
        Days with an event, and the cumulative baseline hazard after each.
    """

    table: ModelTable
    terms: tuple[Term, ...]
    slopes: Floats
    day: Floats
    hazard: Floats


def between_fit(
    pipeline: LandmarkPipeline,
    terms: tuple[Term, ...],
    courses: Sequence[MarkerCourse],
    level: float,
) -> BetweenFit:
    """Fit the model with one baseline hazard to the stacked rows of all landmarks.

    Parameters
    ----------
    pipeline : LandmarkPipeline
        Rows of a survival outcome.
    terms : tuple of Term
        Of ``between_terms``.
    courses : sequence of MarkerCourse
        The markers.
    level : float
        Coverage of the intervals.

    Returns
    -------
    BetweenFit

    Notes
    -----
    Time runs from day 0; a row enters at its landmark and is ended at its window. Breslow's ties;
    errors robust over the rows of a patient. Agrees with R survival 3.5-3 ``coxph(Surv(day,
    stop, event) ~ ... + day + cluster(id), ties = "breslow")`` and ``basehaz(centered = FALSE)``
    to 1e-8 relative.

    References
    ----------
    van Houwelingen 2007, doi 10.1111/j.1467-9469.2006.00529.x.
    """
    rows = [pipeline.rows[at] for at in pipeline.measured]
    none = np.empty(0)
    who = np.concatenate([row.patient for row in rows])
    event = np.concatenate([row.event for row in rows])
    counts = (len(np.unique(who)), len(who), len(np.unique(who[event == 1.0])))

    def told(found: FoundModel | str) -> ModelTable:
        table = model_table(None, pipeline, terms, counts, courses, found, level)
        return replace(table, label=LABEL)

    if len(rows) < 2:
        reason = "a model over landmarks needs two that can be estimated"
        return BetweenFit(told(reason), terms, none, none, none)
    columns = np.concatenate([design(terms, row.x, row.day) for row in rows])
    # counted from the first landmark, which may lie before day 0
    origin = rows[0].day
    start = np.repeat([row.day - origin for row in rows], [row.n for row in rows])
    left = np.concatenate([row.time for row in rows if row.time is not None])
    try:
        sets = risk_sets(start + left, event, start=start)
        fit = cox_regression(sets, columns, cluster=who, ties=TIES)
        with np.errstate(over="ignore"):
            time, hazard = cox_baseline(sets, columns, fit)
    except Refused as refused:
        return BetweenFit(told(refused.problems[0].what), terms, none, none, none)
    if not np.isfinite(hazard).all():
        reason = "its baseline hazard, where every marker is 0, is beyond numbers"
        return BetweenFit(told(reason), terms, none, none, none)
    method = f"{COX}, one baseline hazard over all days"
    found = wald_model(fit.coefficients, fit.covariance, method, ROBUST, level)
    steps = np.flatnonzero(np.diff(hazard, prepend=0.0) > 0.0)
    return BetweenFit(told(found), terms, fit.coefficients, origin + time[steps], hazard[steps])
