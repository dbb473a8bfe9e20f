"""What a past in simulated time comes to: counted, with nobody's row in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from cartwheel import __version__
from cartwheel.canonical import sha256
from cartwheel.errors import PlanRefused, Refused, refuse
from cartwheel.provenance import library_versions
from cartwheel.watch.burden import Foretold, burden
from cartwheel.watch.codes import CodeTable
from cartwheel.watch.drift import Answered, Asked, Drift, DriftPlan, drift
from cartwheel.watch.drift_findings import drift_findings
from cartwheel.watch.ward import Ward
from cartwheel.workflows.monitor_cohort import events_of_patients
from cartwheel.workflows.monitor_plan import OUTCOME, SimulatedPast
from cartwheel.workflows.monitor_result import (
    KIND,
    SCHEMA,
    FollowedFile,
    MonitorSimulation,
    SimulationCounts,
    SimulationSettings,
    SimulationSource,
    TargetCount,
    WholePath,
)
from cartwheel.workflows.monitor_time import Lived, observation_of, own_codes

_QUARTERS = 4
_FEWEST = 40
_FEW_REASONS = 5
_QUANTITIES = ("quantity", "number")


def summed_up(past: SimulatedPast, whole_path: WholePath | None = None) -> MonitorSimulation:
    """Count what a past in simulated time comes to.

    Parameters
    ----------
    past : SimulatedPast
        As it was followed.
    whole_path : WholePath, optional
        What the whole path said.

    Returns
    -------
    MonitorSimulation
    """
    plan, ward = past.plan, past.ward
    foretold, told_by = _foretold(past)
    cost = burden(
        (told for one in past.lived for told in one.alerts()),
        [one.stay for one in past.lived],
        foretold,
    )
    drifted = _drift(past)
    return MonitorSimulation(
        kind=KIND,
        schema=SCHEMA,
        source=_source(past),
        simulated=any(one.simulated for one in past.files)
        or any(_is_simulated(one) for one in ward.targets),
        settings=SimulationSettings(
            plan.delay_minutes, plan.every_days, plan.responder_minutes, plan.responder_share,
            plan.seed, "" if foretold is None else foretold.what, told_by, plan.within_hours,
        ),
        ward=ward.ward,
        counts=_counts(past),
        targets=tuple(_target_count(one, past) for one in ward.targets),
        burden=cost,
        drift=drifted,
        findings=() if drifted is None else drift_findings(drifted),
        whole_path=whole_path,
        notes=tuple(_notes(past, told_by, drifted)),
    )  # fmt: skip


def _foretold(past: SimulatedPast) -> tuple[Foretold | None, str]:
    plan = past.plan
    within = timedelta(hours=plan.within_hours)
    if plan.outcomes is not None:
        days = events_of_patients(plan.outcomes.path, plan.outcomes.event, plan.outcomes.onset)
        first = {
            one.course.patient: one.course.moment(days[name])
            for one, name in _named(past)
            if name in days
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


def _is_simulated(target: object) -> bool:
    made = getattr(target, "spec", None) or getattr(target, "model", None)
    return bool(getattr(made, "simulated", False))


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
        target.id, target.kind, target.title, _is_simulated(target), len(patients), settled,
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
    return {**told, **({"other reasons": rest} if rest else {})}


def _drift(past: SimulatedPast) -> Drift | None:
    """Compare the quarters of each file, in its own order: a file is seldom in order of time."""
    if not any(len(one.patients) >= _FEWEST for one in past.files):
        return None
    by_id = {one.course.patient: one for one in past.lived}
    codes = own_codes(past.ward)
    asked: list[Asked] = []
    answered: list[Answered] = []
    for file in past.files:
        for place, patient in enumerate(file.patients):
            period = f"quarter {1 + _QUARTERS * place // len(file.patients)}"
            asked += _asked(past.ward, codes, by_id[patient.id], file.name, period)
            answered += _answered(by_id[patient.id], file.name, period)
    plan = DriftPlan(("quarter 1", "quarter 2"), {}, seed=past.plan.seed)
    return drift(plan, asked, answered)


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


def _notes(past: SimulatedPast, told_by: str, drifted: Drift | None) -> Iterator[str]:
    yield "the clock and whoever acknowledges alerts are simulated"
    for file in past.files:
        whose = "simulated patients" if file.simulated else "values of the file as they are"
        yield f"{file.name}: {whose}"
        if file.graded:
            yield f"{file.name}: its grades ({', '.join(file.graded)}) are not sent to the ward"
    if told_by == "the ward itself":
        yield "what followed is the ward's own answer: an alert on the same rule foretells itself"
    if drifted is not None and drifted.inputs:
        yield "drift: quarters of a file in its own order, which need not be the order of time"
        yield "drift: blank cells of a file are not counted; its shares missing say nothing"
    elif drifted is None:
        yield f"drift was not looked for: no file has {_FEWEST} patients"
