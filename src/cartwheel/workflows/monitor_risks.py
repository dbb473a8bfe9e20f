"""Risks that a simulated ward told, and what followed them: calibration, aware of censoring."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from cartwheel.errors import Refused
from cartwheel.watch.codes import CodeTable
from cartwheel.watch.drift_followed import FollowedRisk, own_horizon, risks_against, tells_risk
from cartwheel.watch.drift_patient import (
    ALL,
    DriftReading,
    Outcome,
    PatientLog,
    Told,
    patient_rows,
)
from cartwheel.watch.drift_rows import Predicted
from cartwheel.watch.observation import Observation
from cartwheel.watch.standing import Changed
from cartwheel.workflows.monitor_plan import SimulatedPast
from cartwheel.workflows.monitor_result import RiskCount
from cartwheel.workflows.monitor_time import Lived, observation_of, own_codes

EVERY = "all quarters"


def risks_of(past: SimulatedPast) -> tuple[FollowedRisk, ...]:
    """List the risks that are compared with what followed.

    Parameters
    ----------
    past : SimulatedPast
        As it was followed.

    Returns
    -------
    tuple of FollowedRisk
        With a file of outcomes, every risk that the ward tells, against the event of the file;
        without one, those of which the ward file says so itself.
    """
    outcomes = past.plan.outcomes
    if outcomes is None:
        return past.ward.risks
    return risks_against(outcomes.event, past.ward.targets, stated=past.ward.risks)


def without_horizon(past: SimulatedPast) -> tuple[str, ...]:
    """List targets that tell a risk and do not say until when.

    Parameters
    ----------
    past : SimulatedPast
        As it was followed.

    Returns
    -------
    tuple of str
    """
    stated = {one.target for one in past.ward.risks}
    return tuple(
        one.id
        for one in past.ward.targets
        if tells_risk(one) and own_horizon(one) is None and one.id not in stated
    )


def predicted_of(
    past: SimulatedPast,
    risks: tuple[FollowedRisk, ...],
    outcomes: Mapping[str, Outcome] | None,
) -> tuple[list[Predicted], tuple[RiskCount, ...]]:
    """Give each risk that was told, with what followed it.

    Parameters
    ----------
    past : SimulatedPast
        As it was followed.
    risks : tuple of FollowedRisk
        Of `risks_of`.
    outcomes : mapping of str to Outcome or None
        By patient of the course.

    Returns
    -------
    (list of Predicted, tuple of RiskCount)
        One row of each patient and risk, its centre the file; and why others have none.
    """
    if not risks:
        return [], ()
    over = max(one.course.ends for one in past.lived)
    reading = DriftReading(past.ward, "quarter", over, risks, outcomes)
    codes = own_codes(past.ward)
    whose = {patient.id: file.name for file in past.files for patient in file.patients}
    found: list[Predicted] = []
    why: Counter[tuple[str, str]] = Counter()
    for one in past.lived:
        rows = patient_rows(_log(one, codes), reading)
        centre = whose[one.course.patient]
        found += [
            replace(row, centre=centre, period=EVERY) for row in rows.predicted if row.period == ALL
        ]
        why.update(rows.why)
    return found, tuple(_count(risk, why) for risk in risks)


def _count(risk: FollowedRisk, why: Mapping[tuple[str, str], int]) -> RiskCount:
    told, spread, none, before, early = (
        why.get((risk.name, reason), 0) for reason in ("told", "range", "none", "before", "early")
    )
    return RiskCount(
        risk.name, risk.target, risk.event, risk.at_day, risk.horizon_days, told, spread, none,
        before, early,
    )  # fmt: skip


def _log(one: Lived, codes: CodeTable) -> PatientLog:
    """Write what drift wants of a patient's log."""
    told = tuple(
        Told(
            number, change.after.target, change.after.at, known_at, change.after.low,
            change.after.risk,
            change.after.risk is None and change.after.risk_low is not None, change.after.reasons,
        )
        for number, (known_at, change) in enumerate(_changes(one))
    )  # fmt: skip
    return PatientLog(one.course.patient, "", tuple(_values(one, codes)), told)


def _changes(one: Lived) -> Iterator[tuple[datetime, Changed]]:
    for known_at, event in one.told:
        if isinstance(event, Changed):
            yield known_at, event


def _values(one: Lived, codes: CodeTable) -> Iterator[Observation]:
    for brought in one.course.brought:
        for each in brought.values:
            try:
                yield observation_of(codes, brought, each, one.course)
            except Refused:
                # it was parked
                continue
