"""The outcome of a validation: read, timed, and followed for long enough to be judged."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cartwheel.clinic.findings import Findings
from cartwheel.clinic.outcome import code_causes, code_event, event_problems
from cartwheel.clinic.outcome_times import from_landmark, read_onset, read_times
from cartwheel.clinic.plan_parts import DAYS_PER
from cartwheel.clinic.reading import RawTable
from cartwheel.clinic.score_spec import ScoreSpec
from cartwheel.errors import OutcomeRefused, Problem
from cartwheel.patients import OutcomeSummary
from cartwheel.stats.competing_times import competing_times
from cartwheel.stats.survival import reverse_kaplan_meier, survival_times
from cartwheel.validation.analysed import Integers, Target
from cartwheel.validation.cohort.checks import time_unit
from cartwheel.validation.plan import ValidationPlan

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

FEWEST = 2  # events, and patients without, below which no measure of a score exists
FEW_AT_HORIZON = 10


@dataclass(frozen=True, slots=True, eq=False)
class ReadOutcome:
    """The outcome of all N rows.

    Parameters
    ----------
    event : float array (N,)
        1 the event asked for, 0 none, censored or another event, nan not known.
    cause : float array (N,) or None
        As ``event``, but 2 for another event; competing only.
    time : float array (N,) or None
        From day 0, in the plan's unit; None for a binary outcome.
    read_as_no : tuple of str
        Words of the event column that count as no event under the declared coding.
    """

    event: Floats
    cause: Floats | None
    time: Floats | None
    read_as_no: tuple[str, ...]

    @property
    def known(self) -> Mask:
        """Whose outcome is known."""
        known: Mask = np.isfinite(self.event)
        return known if self.time is None else known & np.isfinite(self.time)


def outcome_label(plan: ValidationPlan) -> str:
    """Name the outcome for the reader.

    Parameters
    ----------
    plan : ValidationPlan
        Any plan.

    Returns
    -------
    str
        Its label, or its column.
    """
    return plan.outcome.label or plan.outcome.event


def read_outcome(table: RawTable, plan: ValidationPlan, findings: Findings) -> ReadOutcome:
    """Read event and time.

    Parameters
    ----------
    table : RawTable
        The cohort; the columns are there.
    plan : ValidationPlan
        Free of contradictions.
    findings : Findings
        Takes every problem.

    Returns
    -------
    ReadOutcome
        Unusable where there were problems.
    """
    said = plan.outcome
    event = np.full(len(table.frame), np.nan)
    cause: Floats | None = None
    words: tuple[str, ...] = ()
    if said.kind == "competing":
        assert said.event_value is not None
        causes, problems = code_causes(table, said.event, said.event_value, said.competing_values)
        if causes is not None:
            cause, words = causes.values, causes.read_as_no
            event = np.where(np.isnan(cause), np.nan, (cause == 1).astype(float))
    else:
        coded, problems = code_event(table, said.event, said.event_value)
        if coded is not None:
            event, words = coded.values, coded.read_as_no
    findings.add(OutcomeRefused, problems)
    time = None
    if said.time is not None:
        time, problems = read_times(table, said.time, time_unit(plan))
        findings.add(OutcomeRefused, problems)
    return ReadOutcome(event, cause, time, words)


def event_days(
    table: RawTable, plan: ValidationPlan, outcome: ReadOutcome, kept: Mask, findings: Findings
) -> Floats | None:
    """Days on which events happened (or follow-up ended), for the guard.

    Parameters
    ----------
    table : RawTable
        The cohort.
    plan : ValidationPlan
        Names the column of onset days, or of times.
    outcome : ReadOutcome
        Of all rows.
    kept : bool array (N,)
        Who is looked at.
    findings : Findings
        Takes what is wrong with the onset days.

    Returns
    -------
    float array (N,) or None
        None where no column gives them.
    """
    if outcome.time is not None:
        return outcome.time * DAYS_PER[time_unit(plan) or "days"]
    if plan.outcome.onset is None:
        return None
    day, problems = read_onset(table, plan.outcome.onset, outcome.event, kept)
    findings.add(OutcomeRefused, problems)
    return day


def own_horizon(spec: ScoreSpec, unit: str | None) -> float | None:
    """Convert the horizon of a score into the cohort's unit of time.

    Parameters
    ----------
    spec : ScoreSpec
        The score.
    unit : str or None
        Unit of the cohort's times.

    Returns
    -------
    float or None
        None where the score has none, or the cohort no times.
    """
    said = spec.outcome
    if said.horizon is None or said.time_unit is None or unit is None:
        return None
    horizon = float(said.horizon)
    if said.time_unit == unit:
        return horizon
    return horizon * DAYS_PER[said.time_unit] / DAYS_PER[unit]


def settle_horizon(
    plan: ValidationPlan, specs: Sequence[ScoreSpec], event_times: Floats
) -> tuple[float | None, str]:
    """Decide at which time risk is read.

    Parameters
    ----------
    plan : ValidationPlan
        May say it.
    specs : sequence of ScoreSpec
        May say it; they agree where the plan does not.
    event_times : float array (k,)
        Times of the events of the eligible patients, as the horizon.

    Returns
    -------
    horizon : float or None
        In the cohort's unit, from the landmark where there is one; None for a binary outcome.
    source : str
        ``plan``, ``score``, or ``assumed``: the median of the event times, where all scores are
        indices without a horizon.
    """
    if plan.outcome.kind == "binary" or plan.outcome.horizon is not None:
        return plan.outcome.horizon, "plan"
    horizons = [own for spec in specs if (own := own_horizon(spec, time_unit(plan))) is not None]
    if horizons:
        return horizons[0], "score"
    return (float(np.median(event_times)) if len(event_times) else None), "assumed"


def make_target(
    plan: ValidationPlan, outcome: ReadOutcome, rows: Integers, horizon: float | None
) -> Target:
    """Make the outcome of some of the patients, decided once.

    Parameters
    ----------
    plan : ValidationPlan
        Kind, unit and landmark.
    outcome : ReadOutcome
        Of all rows.
    rows : int array (n,)
        Patients with a known outcome.
    horizon : float or None
        In the plan's unit, from the landmark where there is one.

    Returns
    -------
    Target
    """
    event = np.ascontiguousarray(outcome.event[rows])
    event.setflags(write=False)
    if outcome.time is None:
        return Target("binary", event, None, None, None, None)
    unit = time_unit(plan) or "days"
    time = from_landmark(outcome.time[rows], plan.landmark_day, unit)
    if outcome.cause is None:
        times = survival_times(time, event)
        return Target("survival", event, times, None, horizon, unit)
    competing = competing_times(time, outcome.cause[rows].astype(np.int64))
    return Target("competing", event, competing.times, competing, horizon, unit)


def target_problems(
    plan: ValidationPlan, event: Floats, time: Floats | None, horizon: float | None
) -> tuple[Problem, ...]:
    """Find out whether there is anything to be judged: events, others, follow-up.

    Parameters
    ----------
    plan : ValidationPlan
        For its words.
    event : float array (n,)
        1 or 0, of the patients analysed.
    time : float array (n,) or None
        As the horizon.
    horizon : float or None
        From the landmark where there is one.

    Returns
    -------
    tuple of Problem
        ``too_few_rows``, ``no_events``, ``all_events``, ``few_events``, ``few_without_event``
        (binary), ``follow_up_short``, ``few_events_by_horizon``. No patient's time is in them.
    """
    where = f"outcome '{outcome_label(plan)}'"
    if time is None:
        return event_problems(event, outcome_label(plan)) or _too_few(event, where)
    if not event.any() or len(event) < FEWEST:
        return event_problems(event, outcome_label(plan))
    if horizon is None:
        return ()
    unit = time_unit(plan)
    if not (time >= horizon).any():
        return (
            Problem(
                "follow_up_short",
                f"nobody was followed to the horizon ({horizon:.4g} {unit})",
                where,
                _earlier(time, unit),
            ),
        )
    by_horizon = int((event[time <= horizon] == 1).sum())
    if by_horizon < FEWEST:
        return (
            Problem(
                "few_events_by_horizon",
                f"{by_horizon} of {int(event.sum())} events happened by the horizon "
                f"({horizon:.4g} {unit})",
                where,
                "choose a later one (--horizon); a score is judged by patients with the event",
            ),
        )
    return ()


def _too_few(event: Floats, where: str) -> tuple[Problem, ...]:
    counts = (
        (int(event.sum()), "few_events", "with"),
        (int((event == 0).sum()), "few_without_event", "without"),
    )
    return tuple(
        Problem(
            code,
            f"{count} of {len(event)} patients {side} the event",
            where,
            "a score is judged by patients of both kinds; at least two of each are needed to "
            "compute anything at all, and a hundred to say much",
        )
        for count, code, side in counts
        if count < FEWEST
    )


def _earlier(time: Floats, unit: str | None) -> str:
    """Offer a horizon that ten patients reached, rounded down so that it is nobody's time."""
    if len(time) < FEW_AT_HORIZON:
        return "choose an earlier one (--horizon)"
    reached = float(np.sort(time)[-FEW_AT_HORIZON])
    if reached <= 0:
        return "choose an earlier one (--horizon)"
    step = 10.0 ** (math.floor(math.log10(reached)) - 1)
    rounded = math.floor(reached / step) * step
    return f"choose an earlier one: --horizon {rounded:.2g} (in {unit}) was reached by at least ten"


def summary(plan: ValidationPlan, target: Target) -> OutcomeSummary:
    """Say the outcome as analysed, with the follow-up by reverse Kaplan-Meier.

    Parameters
    ----------
    plan : ValidationPlan
        Label, landmark and level.
    target : Target
        Of the patients analysed.

    Returns
    -------
    OutcomeSummary
        With competing risks follow-up ends at the first event of any kind.
    """
    follow_up = None
    if target.times is not None:
        follow_up = reverse_kaplan_meier(target.times, level=plan.level, ties="together").median
    return OutcomeSummary(
        kind=target.kind,
        label=outcome_label(plan),
        time_unit=target.time_unit,
        horizon=target.horizon,
        landmark_day=plan.landmark_day,
        patients=target.n,
        events=int(target.event.sum()),
        follow_up=follow_up,
    )
