"""The patients: who they are, whether and when they have the event, who is still free of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cartwheel.clinic.columns import ColumnDeclaration, find_column, numeric_column, text_column
from cartwheel.clinic.outcome import Coded, code_causes, code_event, event_problems
from cartwheel.clinic.plan_parts import DAYS_PER
from cartwheel.clinic.reading import RawTable
from cartwheel.errors import CohortRefused, OutcomeRefused, Refused, refuse
from cartwheel.landmarking.plan import LandmarkPlan
from cartwheel.patients import FlowStep

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
PATIENT_NAMES = ("patient", "patient_id", "subject", "subject_id", "id", "usubjid")


@dataclass(frozen=True, slots=True, eq=False)
class LandmarkCohort:
    """Patients with a known outcome, in the order of their names.

    Parameters
    ----------
    names : tuple of str
        Of the n patients; never part of a result.
    event : float array (n,)
        1 event, 0 none (or censored).
    day : float array (n,)
        Day of onset, nan where there is none; of event or last contact in survival.
    survival : bool
        Whether ``day`` is followed time.
    everybody_leaves : bool
        Whether patients without the event leave at their onset day too.
    id_column : str
        Column of the names.
    event_label : str
        For the reader.
    flow : tuple of FlowStep
        From the file to the n patients.
    competing : bool array (n,)
        Who has another event, after which this one cannot come.
    competing_declared : bool
        Whether such events were declared; else nobody can be told to have one.
    onsets_without_event : int
        Patients with neither event who have an onset day.
    read_as_no : tuple of str
        Words read as "no event" beside the declared one.
    """

    names: tuple[str, ...]
    event: Floats
    day: Floats
    survival: bool
    everybody_leaves: bool
    id_column: str
    event_label: str
    flow: tuple[FlowStep, ...]
    competing: Mask
    competing_declared: bool
    onsets_without_event: int
    read_as_no: tuple[str, ...]

    @property
    def n(self) -> int:
        """Patients."""
        return len(self.names)

    def free_at(self, day: float) -> Mask:
        """Mark patients free of the event, and under observation, after a day.

        Parameters
        ----------
        day : float
            The landmark. An event or last contact on it is not after it.

        Returns
        -------
        bool array (n,)
        """
        counts = np.isfinite(self.day)
        if not (self.survival or self.everybody_leaves):
            counts &= (self.event == 1.0) | self.competing
        free: Mask = ~(counts & (self.day <= day))
        return free


def read_patients(table: RawTable, plan: LandmarkPlan) -> LandmarkCohort:
    """Read names and outcomes of the patients.

    Parameters
    ----------
    table : RawTable
        One row a patient.
    plan : LandmarkPlan
        What is predicted.

    Returns
    -------
    LandmarkCohort

    Raises
    ------
    CohortRefused
        ``column_missing``, ``duplicate_name``, ``which_column``, ``id_missing``, ``duplicate_id``.
    OutcomeRefused
        The event is not coded, dated or populated: ``outcome_coding``, ``onset_missing``,
        ``no_events``, ``all_events``, ``too_few_rows``, ``time_negative``, and what its columns
        lack.
    """
    id_column = plan.id or told_by_name(table, PATIENT_NAMES, "--id COLUMN", "patient")
    outcome = plan.outcome
    dated = outcome.time if plan.survival else outcome.onset
    assert dated is not None  # the plan was checked
    wanted = (id_column, outcome.event, dated)
    absent = [problem for name in wanted for problem in find_column(table, name)[1]]
    if absent:
        raise CohortRefused(absent)
    names = _names(table, id_column)
    coded, competing = _coded(table, plan)
    day = _days(table, dated, plan)
    kept, flow = _kept(coded.values, competing, day, plan)
    if not kept.any():
        raise OutcomeRefused(event_problems(np.empty(0), outcome.event))
    order = np.array(sorted(np.flatnonzero(kept), key=lambda row: names[row]), dtype=np.int64)
    event = coded.values[order]
    problems = event_problems(event, outcome.label or outcome.event)
    if problems:
        raise OutcomeRefused(problems)
    return _assembled(plan, names, (order, competing[order]), coded, day, id_column, flow)


def _coded(table: RawTable, plan: LandmarkPlan) -> tuple[Coded, Mask]:
    """Read the event, and who has a competing one."""
    outcome = plan.outcome
    if not outcome.competing_values:
        coded, problems = code_event(table, outcome.event, outcome.event_value)
        if coded is None:
            raise OutcomeRefused(problems)
        return coded, np.zeros(len(coded.values), dtype=bool)
    assert outcome.event_value is not None  # the plan was checked
    causes, problems = code_causes(
        table, outcome.event, outcome.event_value, outcome.competing_values
    )
    if causes is None:
        raise OutcomeRefused(problems)
    other = causes.values == 2.0
    return Coded(np.where(other, 0.0, causes.values), causes.read_as_no), other


def _assembled(
    plan: LandmarkPlan,
    names: Sequence[str],
    chosen: tuple[NDArray[np.int64], Mask],
    coded: Coded,
    day: Floats,
    id_column: str,
    flow: tuple[FlowStep, ...],
) -> LandmarkCohort:
    order, competing = chosen
    event, when = coded.values[order], day[order]
    for array in (event, when, competing):
        array.setflags(write=False)
    mild = np.isfinite(when) & (event == 0.0) & ~competing
    return LandmarkCohort(
        tuple(names[row] for row in order),
        event,
        when,
        plan.survival,
        plan.outcome.onset_rule == "all",
        id_column,
        plan.outcome.label or plan.outcome.event,
        flow,
        competing,
        bool(plan.outcome.competing_values),
        0 if plan.survival else int(mild.sum()),
        coded.read_as_no,
    )


def told_by_name(table: RawTable, known: Sequence[str], option: str, what: str) -> str:
    """Find the one column whose name says that it is the one wanted.

    Parameters
    ----------
    table : RawTable
        Its column names are read.
    known : sequence of str
        Names that say it, in lower case.
    option : str
        How to say it instead.
    what : str
        What is wanted, for the refusal.

    Returns
    -------
    str
        Name as written.

    Raises
    ------
    CohortRefused
        ``which_column`` where no column, or more than one, has such a name.
    """
    columns = [str(name) for name in table.frame.columns]
    found = [name for name in columns if name.strip().casefold() in known]
    if len(found) == 1:
        return found[0]
    heard = "no column is named so" if not found else f"{len(found)} columns could be it"
    shown = ", ".join(columns[:12]) + (", ..." if len(columns) > 12 else "")
    raise refuse(
        CohortRefused,
        "which_column",
        f"which column holds the {what} is not clear: {heard}",
        where=table.name,
        mend=f"say it: {option} (columns: {shown})",
    )


def _names(table: RawTable, column: str) -> list[str]:
    texts = text_column(table, column)
    lacking = sum(text is None for text in texts)
    if lacking:
        raise refuse(
            CohortRefused,
            "id_missing",
            f"{lacking} rows do not name their patient",
            where=f"column '{column}'",
            mend="fill the names in, or leave these rows out",
        )
    names = [str(text) for text in texts]
    if len(set(names)) != len(names):
        raise refuse(
            CohortRefused,
            "duplicate_id",
            f"{len(names) - len(set(names))} rows share a patient's name with an earlier row",
            where=f"column '{column}'",
            mend="keep one row for each patient",
        )
    return names


def _days(table: RawTable, column: str, plan: LandmarkPlan) -> Floats:
    declaration = ColumnDeclaration(column, variable="none")
    read, problems = numeric_column(table, declaration, need_unit=False)
    if read is None:
        raise OutcomeRefused(problems)
    if not plan.survival:
        return read.values
    below = int((read.values < 0.0).sum())
    if below:
        raise refuse(
            OutcomeRefused,
            "time_negative",
            f"{below} times are below zero",
            where=f"column '{column}'",
            mend="count from the infusion, and correct the dates",
        )
    return read.values * DAYS_PER[plan.outcome.time_unit or "days"]


def _kept(
    event: Floats, competing: Mask, day: Floats, plan: LandmarkPlan
) -> tuple[Mask, tuple[FlowStep, ...]]:
    """Leave out whose outcome is not known, and count them."""
    known = np.isfinite(event)
    label = "outcome known"
    if plan.survival:
        known &= np.isfinite(day)
        label = "outcome and time known"
    steps = [_step("in the file", np.ones_like(known), event, None)]
    steps.append(_step(label, known, event, steps[-1]))
    undated = known & ((event == 1.0) | competing) & ~np.isfinite(day)
    if undated.any():
        if plan.outcome.unknown_onset == "refuse":
            raise _onset_missing(int(undated.sum()), plan)
        known = known & ~undated
        steps.append(_step("day of onset known", known, event, steps[-1]))
    return known, tuple(steps)


def _onset_missing(count: int, plan: LandmarkPlan) -> Refused:
    other = " or a competing one" if plan.outcome.competing_values else ""
    return refuse(
        OutcomeRefused,
        "onset_missing",
        f"{count} patients with the event{other} have no onset day, so nobody can say when they "
        "stopped being event-free",
        where=f"column '{plan.outcome.onset}'",
        mend="fill it in, or leave these patients out and count them: --unknown-onset exclude",
    )


def _step(label: str, kept: Mask, event: Floats, before: FlowStep | None) -> FlowStep:
    n, events = int(kept.sum()), int(np.nansum(event[kept] == 1.0))
    if before is None:
        return FlowStep(label, n, events, 0, 0)
    return FlowStep(label, n, events, before.patients - n, before.events - events)
