"""What a past in simulated time comes to: counted, with nobody's row in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from cartwheel import __version__
from cartwheel.canonical import sha256
from cartwheel.errors import PlanRefused, Refused, refuse
from cartwheel.finding import Finding
from cartwheel.provenance import library_versions
from cartwheel.watch.burden import Burden, Foretold, burden
from cartwheel.watch.codes import CodeTable
from cartwheel.watch.drift import Answered, Asked, Drift, DriftPlan, Predicted, drift
from cartwheel.watch.drift_calibration import calibration_drift
from cartwheel.watch.drift_findings import drift_findings
from cartwheel.watch.drift_patient import Outcome
from cartwheel.watch.drift_rows import OTHER_REASONS, CalibrationDrift
from cartwheel.watch.drift_withheld import without_rests
from cartwheel.watch.ward import Ward
from cartwheel.workflows.monitor_compare import against_past, against_result
from cartwheel.workflows.monitor_notes import FEWEST, notes_of
from cartwheel.workflows.monitor_open import is_simulated
from cartwheel.workflows.monitor_outcomes import check_everybody, outcomes_of_patients
from cartwheel.workflows.monitor_plan import OUTCOME, SimulatedPast
from cartwheel.workflows.monitor_result import (
    KIND,
    SCHEMA,
    Compared,
    FollowedFile,
    MonitorSimulation,
    RuleSaid,
    SimulationCounts,
    SimulationSettings,
    SimulationSource,
    TargetCount,
    WholePath,
)
from cartwheel.workflows.monitor_risks import EVERY, predicted_of, risks_of
from cartwheel.workflows.monitor_time import Lived, observation_of, own_codes
from cartwheel.workflows.monitor_when import alerts_by_day, alerts_by_hour

_QUARTERS = 4
_FEW_REASONS = 5
_QUANTITIES = ("quantity", "number")


def summed_up(
    past: SimulatedPast,
    whole_path: WholePath | None = None,
    against: SimulatedPast | Path | None = None,
) -> MonitorSimulation:
    """Count what a past in simulated time comes to.

    Parameters
    ----------
    past : SimulatedPast
        As it was followed.
    whole_path : WholePath, optional
        What the whole path said.
    against : SimulatedPast or Path, optional
        The same files by another ward file, or the result of an earlier one: shown beside it.

    Returns
    -------
    MonitorSimulation

    Raises
    ------
    PlanRefused, CohortRefused, FileRefused
        What is wrong with the outcomes, or with the result to compare with.
    """
    plan, ward = past.plan, past.ward
    outcomes = _outcomes(past)
    foretold, told_by = _foretold(past, outcomes)
    cost = _burden(past, foretold)
    risks = risks_of(past)
    predicted, told = predicted_of(past, risks, outcomes)
    horizons = {one.name: one.horizon_days for one in risks}
    calibration = calibration_drift(DriftPlan((EVERY, EVERY), horizons), predicted)
    drifted = _drift(past, predicted, calibration, horizons)
    settings = SimulationSettings(
        plan.delay_minutes, plan.every_days, plan.responder_minutes, plan.responder_share,
        plan.seed, "" if foretold is None else foretold.what, told_by, plan.within_hours,
    )  # fmt: skip
    return MonitorSimulation(
        kind=KIND,
        schema=SCHEMA,
        source=_source(past),
        simulated=any(one.simulated for one in past.files)
        or any(is_simulated(one) for one in ward.targets),
        settings=settings,
        ward=ward.ward,
        time_zone=ward.time_zone,
        rules=tuple(RuleSaid(one.id, one.text, one.severity) for one in ward.alerts),
        counts=_counts(past),
        targets=tuple(_target_count(one, past) for one in ward.targets),
        burden=cost,
        days=alerts_by_day(past.lived),
        hours=alerts_by_hour(past.lived, ward.time_zone),
        risks=told,
        calibration=calibration,
        drift=drifted,
        findings=_findings(calibration, drifted),
        against=_against(past, cost, settings, against),
        whole_path=whole_path,
        notes=tuple(notes_of(past, told_by, drifted, told)),
    )


def _outcomes(past: SimulatedPast) -> dict[str, Outcome] | None:
    """Give what became of everybody, by patient of the course."""
    file = past.plan.outcomes
    if file is None:
        return None
    found = outcomes_of_patients(file.path, file.event, file.onset, file.followed)
    named = {one.course.patient: name for one, name in _named(past)}
    check_everybody(found, named.values(), Path(file.path).name)
    return {patient: found[name] for patient, name in named.items()}


def _burden(past: SimulatedPast, foretold: Foretold | None) -> Burden:
    return burden(
        (told for one in past.lived for told in one.alerts()),
        [one.stay for one in past.lived],
        foretold,
    )


def _findings(
    calibration: tuple[CalibrationDrift, ...], drifted: Drift | None
) -> tuple[Finding, ...]:
    plan = DriftPlan((EVERY, EVERY), {}) if drifted is None else drifted.plan
    inputs = () if drifted is None else drifted.inputs
    refusals = () if drifted is None else drifted.refusals
    # the quarters of a file are too small to be judged one by one: all of them are
    return drift_findings(Drift(plan, inputs, refusals, calibration))


def _against(
    past: SimulatedPast, cost: Burden, settings: SimulationSettings,
    against: SimulatedPast | Path | None,
) -> Compared | None:  # fmt: skip
    if against is None:
        return None
    if isinstance(against, Path):
        return against_result(against, cost, [one.sha256 for one in past.files], settings)
    other = _burden(against, _foretold(against, _outcomes(against))[0])
    return against_past(cost, past, other, against)


def _foretold(
    past: SimulatedPast, outcomes: Mapping[str, Outcome] | None
) -> tuple[Foretold | None, str]:
    plan = past.plan
    within = timedelta(hours=plan.within_hours)
    if plan.outcomes is not None and outcomes is not None:
        first = {
            one.course.patient: one.course.moment(Decimal(day))
            for one in past.lived
            if (day := outcomes[one.course.patient].day) is not None
        }
        what = plan.foretells or plan.outcomes.event
        return Foretold(what, within, first), "a file of outcomes"
    match = OUTCOME.fullmatch(plan.foretells) if plan.foretells else None
    if match is None:
        return None, ""
    target, grade = match["target"], int(match["grade"])
    what = f"{target} at least {grade}"
    if any(target in file.graded for file in past.files):
        return Foretold(what, within, dict(_graded_first(past, target, grade))), "the files"
    if past.ward.target(target) is None:
        raise refuse(
            PlanRefused, "outcome_unknown", "no file gives this grade, and the ward does not "
            "follow it", where="--foretells", mend="map a column to it: --map crs_grade=astct-crs",
        )  # fmt: skip
    return Foretold(what, within, dict(_told_first(past, target, grade))), "the ward itself"


def _named(past: SimulatedPast) -> Iterator[tuple[Lived, str]]:
    """Give each patient with his name in the file."""
    by_id = {one.course.patient: one for one in past.lived}
    for file in past.files:
        for patient in file.patients:
            yield by_id[patient.id], patient.id.removeprefix(f"{file.name} ")


def _graded_first(past: SimulatedPast, rule: str, grade: int) -> Iterator[tuple[str, datetime]]:
    courses = {one.course.patient: one.course for one in past.lived}
    for file in past.files:
        for patient in file.patients:
            days = [day for day, got in patient.graded.get(rule, ()) if got >= grade]
            if days:
                yield patient.id, courses[patient.id].moment(min(days))


def _told_first(past: SimulatedPast, target: str, grade: int) -> Iterator[tuple[str, datetime]]:
    for one in past.lived:
        reached = [
            change.at
            for change in one.changes()
            if change.after.target == target
            and change.after.low is not None
            and change.after.low >= grade
        ]
        if reached:
            yield one.course.patient, min(reached)


def _source(past: SimulatedPast) -> SimulationSource:
    outcomes = past.plan.outcomes
    return SimulationSource(
        __version__,
        past.ward_name,
        past.ward.identity,
        tuple(
            FollowedFile(one.name, one.sha256, one.simulated, one.rows, len(one.patients),
                         one.graded, one.unused)
            for one in past.files
        ),
        "" if outcomes is None else Path(outcomes.path).name,
        "" if outcomes is None else sha256(Path(outcomes.path).read_bytes()),
        library_versions(),
    )  # fmt: skip


def _counts(past: SimulatedPast) -> SimulationCounts:
    parked: Counter[str] = Counter()
    for one in past.lived:
        for (reason, name), count in one.parked.items():
            parked[f"{reason}: {name}"] += count
    brought = [each for one in past.lived for each in one.course.brought]
    return SimulationCounts(
        len(past.lived),
        len(brought),
        sum(len(one.values) for one in brought),
        sum(one.entries for one in past.lived),
        sum(len(one.told) for one in past.lived),
        dict(sorted(parked.items())),
    )


def _target_count(target: Any, past: SimulatedPast) -> TargetCount:
    settled = still_open = refused = late = 0
    patients: set[str] = set()
    reasons: Counter[str] = Counter()
    given_of: dict[str, set[str]] = {}
    for one in past.lived:
        for change in one.changes():
            after = change.after
            if after.target != target.id:
                continue
            late += change.late
            if after.reasons:
                refused += 1
                reasons.update(after.reasons)
                for reason in after.reasons:
                    given_of.setdefault(reason, set()).add(one.course.patient)
                continue
            patients.add(one.course.patient)
            if after.value is None and after.risk is None:
                still_open += 1
            else:
                settled += 1
    return TargetCount(
        target.id, target.kind, target.title, is_simulated(target), len(patients), settled,
        still_open, refused, late, _told_reasons(reasons, given_of),
    )  # fmt: skip


def _told_reasons(reasons: Counter[str], given_of: Mapping[str, set[str]]) -> dict[str, int]:
    """Give the reasons of several patients: one of few might say a value of theirs."""
    told = {
        reason: count
        for reason, count in reasons.most_common()
        if len(given_of[reason]) >= _FEW_REASONS
    }
    rest = sum(reasons.values()) - sum(told.values())
    return {**told, **({OTHER_REASONS: rest} if rest else {})}


def _drift(
    past: SimulatedPast,
    predicted: Sequence[Predicted],
    calibration: Sequence[CalibrationDrift],
    horizons: Mapping[str, float],
) -> Drift | None:
    """Compare the quarters of each file, in its own order: a file is seldom in order of time."""
    if not any(len(one.patients) >= FEWEST for one in past.files):
        return None
    by_id = {one.course.patient: one for one in past.lived}
    codes = own_codes(past.ward)
    asked: list[Asked] = []
    answered: list[Answered] = []
    quarter: dict[str, str] = {}
    for file in past.files:
        for place, patient in enumerate(file.patients):
            period = quarter[patient.id] = f"quarter {1 + _QUARTERS * place // len(file.patients)}"
            asked += _asked(past.ward, codes, by_id[patient.id], file.name, period)
            answered += _answered(by_id[patient.id], file.name, period)
    plan = DriftPlan(("quarter 1", "quarter 2"), horizons, seed=past.plan.seed)
    told = [replace(one, period=quarter[one.patient]) for one in predicted]
    found = drift(plan, asked, answered, told)
    # a quarter of few must not be all patients less the other quarters
    found = without_rests(replace(found, calibration=(*calibration, *found.calibration)), EVERY)
    return replace(
        found, calibration=tuple(one for one in found.calibration if one.period != EVERY)
    )


def _asked(ward: Ward, codes: CodeTable, one: Lived, centre: str, period: str) -> Iterator[Asked]:
    """Give each number in its canonical unit; what the ward would park counts as parked."""
    for brought in one.course.brought:
        for each in brought.values:
            if ward.names[each.name] not in _QUANTITIES:
                continue
            try:
                seen = observation_of(codes, brought, each, one.course).value
            except Refused:
                seen = None
            number = float(seen) if isinstance(seen, Decimal) else None
            yield Asked(centre, period, one.course.patient, each.name, number, number is None)


def _answered(one: Lived, centre: str, period: str) -> Iterator[Answered]:
    for change in one.changes():
        after = change.after
        yield Answered(centre, period, one.course.patient, after.target, after.reasons)
