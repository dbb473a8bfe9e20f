"""Make the target of a development: the outcome of the analysed patients, its horizon.

Its penalty.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cartwheel.development.account.verdicts import EVENTS_PER_PARAMETER
from cartwheel.development.cohort.assembly import Assembled
from cartwheel.development.model.imputer import Table
from cartwheel.development.model.target import BinaryTarget, SurvivalTarget, Target
from cartwheel.development.planning.checks import time_unit
from cartwheel.development.planning.plan import Plan
from cartwheel.development.result import OutcomeSummary
from cartwheel.errors import NotEstimable, OutcomeRefused, refuse
from cartwheel.stats.estimability import separating_columns
from cartwheel.stats.survival import reverse_kaplan_meier, survival_times

Floats = NDArray[np.float64]
COLLINEAR = 1e-18  # squared relative residual: beyond what doubles can tell from zero


def make_target(
    assembled: Assembled, parameters: int, tables: Sequence[Table] | None = None
) -> tuple[Target, bool]:
    """Make the target, and say whether the horizon had to be assumed.

    Parameters
    ----------
    assembled : Assembled
        Who is analysed.
    parameters : int
        Candidate parameters, >= 1. Unless the plan says otherwise, logistic regression is Firth's
        below ten events (or non-events) for each, and above it only where maximum likelihood does
        not exist.
    tables : sequence of tuple of Predictor, optional
        The completed copies, where predictors were imputed.

    Returns
    -------
    tuple of (Target, bool)
        An assumed horizon is the median of the event times.

    Raises
    ------
    OutcomeRefused
        When nobody is at risk at the declared horizon, or nobody had the event by it.
    NotEstimable
        When the plan forbids the penalty and predictors tell the events from the others without a
        mistake.
    """
    plan = assembled.plan
    event = assembled.event[assembled.analysed]
    copies = [assembled.predictors] if tables is None else tables
    if plan.method == "points":
        _refuse_collinear(copies[0])
    if assembled.time is None:
        limiting = min(int(event.sum()), int((event == 0).sum()))
        firth = _firth(plan, limiting / parameters)
        if plan.points.penalty == "none":
            for table in copies:
                _refuse_separation(table, event)
        return BinaryTarget(event, firth, rescue=plan.points.penalty == "auto"), False
    times = survival_times(assembled.time[assembled.analysed], event)
    declared = plan.outcome.horizon
    horizon = float(np.median(times.time[times.event == 1])) if declared is None else declared
    if declared is not None:
        _check_horizon(times.time, event, declared)
    return SurvivalTarget(times, horizon), declared is None


def _firth(plan: Plan, events_per_parameter: float) -> bool:
    if plan.points.penalty == "auto":
        return events_per_parameter < EVENTS_PER_PARAMETER
    return plan.points.penalty == "firth"


def _refuse_collinear(predictors: Table) -> None:
    """Refuse candidates that are sums of one another, and name one of them."""
    plain = np.column_stack([item.values for item in predictors])
    spread = plain.std(axis=0)
    centred = (plain - plain.mean(axis=0)) / spread
    for place in range(1, plain.shape[1]):
        before, here = centred[:, :place], centred[:, place]
        left = here - before @ np.linalg.lstsq(before, here, rcond=None)[0]
        if float(left @ left) < COLLINEAR * len(plain):
            raise refuse(
                NotEstimable,
                "collinear",
                "follows exactly from the predictors named before it",
                where=f"predictor '{predictors[place].column}'",
                mend="leave one of them out",
            )


def _refuse_separation(predictors: Table, event: Floats) -> None:
    """Refuse plain likelihood where it has no maximum, and name the predictors."""
    plain = np.column_stack([item.values for item in predictors])
    places = separating_columns(plain, event)
    if places is None:
        return
    labels = ", ".join(f"'{predictors[place].column}'" for place in places)
    raise refuse(
        NotEstimable,
        "separation",
        "tells events from the others without a mistake, so maximum likelihood has no answer",
        where=f"predictor {labels}",
        mend="use --penalty firth (or auto), or leave it out",
    )


def _check_horizon(time: Floats, event: NDArray[np.int8] | Floats, horizon: float) -> None:
    if not (time > horizon).any():
        raise refuse(
            OutcomeRefused,
            "horizon_beyond",
            "nobody was followed beyond the horizon",
            where=f"horizon {horizon:g}",
            mend="choose an earlier one (--horizon)",
        )
    if not ((time <= horizon) & (event == 1)).any():
        raise refuse(
            OutcomeRefused,
            "horizon_before",
            "nobody had the event by the horizon",
            where=f"horizon {horizon:g}",
            mend="choose a later one (--horizon)",
        )


def outcome_summary(assembled: Assembled, target: Target) -> OutcomeSummary:
    """Say the outcome as analysed, with the follow-up by reverse Kaplan-Meier.

    Parameters
    ----------
    assembled : Assembled
        Who is analysed, by which plan.
    target : Target
        Of the same patients.

    Returns
    -------
    OutcomeSummary
        Time unit, horizon and follow-up are None for a binary outcome.
    """
    plan = assembled.plan
    survival = target if isinstance(target, SurvivalTarget) else None
    return OutcomeSummary(
        kind=plan.outcome.kind,
        label=plan.outcome.label or plan.outcome.event,
        time_unit=None if survival is None else time_unit(plan),
        horizon=None if survival is None else survival.horizon,
        landmark_day=plan.landmark_day,
        patients=target.n,
        events=int(target.event.sum()),
        follow_up=(
            None
            if survival is None
            else reverse_kaplan_meier(survival.times, level=plan.level, ties="together").median
        ),
    )
