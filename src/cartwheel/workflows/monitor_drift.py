"""Drift of a running ward: what comes in, what is answered, what follows; numbers of many."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from cartwheel import __version__
from cartwheel.errors import PlanRefused, refuse
from cartwheel.finding import Finding
from cartwheel.provenance import library_versions
from cartwheel.watch.drift import Drift, DriftPlan, drift
from cartwheel.watch.drift_findings import drift_findings, has_shifted, nothing_yet
from cartwheel.watch.drift_patient import (
    ALL,
    ANSWER_DAYS,
    INPUT_DAYS,
    TOLD_WITHIN,
    By,
    DriftReading,
    PatientRows,
)
from cartwheel.watch.drift_rows import Answered, Asked, Predicted
from cartwheel.watch.drift_withheld import without_rests
from cartwheel.workflows.json_schema import closed_schema
from cartwheel.workflows.monitor_drift_result import (
    KIND,
    SCHEMA,
    DriftCounts,
    DriftSettings,
    DriftSource,
    MonitorDrift,
    ParkedCount,
    RiskCount,
)
from cartwheel.workflows.monitor_open import is_simulated, is_simulated_ward

LEAST = 5
_REFERENCE_MOST = 6
_PERIOD = re.compile(r"\d{4}-(?:0[1-9]|1[0-2]|Q[1-4])")
_RISKS = re.compile(r" in \S+ are (lower|higher)")
_ORDER = ("critical", "major", "minor", "information")


@dataclass(frozen=True, slots=True)
class DriftAsked:
    """How drift of a ward is asked for.

    Parameters
    ----------
    by : {"month", "quarter"}
        Length of a period.
    reference : tuple of (str, str) or None
        First and last period with which the others are compared; None for the first half of the
        periods, at most six.
    permutations : int
        Of each comparison, 1 or more.
    seed : int
        Of them.
    """

    by: By = "month"
    reference: tuple[str, str] | None = None
    permutations: int = 1999
    seed: int = 1


@dataclass(frozen=True, slots=True)
class LogRead:
    """A log as it was read for drift.

    Parameters
    ----------
    rows : sequence of PatientRows
        One of each patient.
    parked : sequence of (str, str, str, int)
        Period, name, reason, items.
    last_entry : int
        Greatest number of a line.
    counted_at : datetime
        UTC.
    outcomes : str
        Name of the file that says what followed.
    """

    rows: Sequence[PatientRows]
    parked: Sequence[tuple[str, str, str, int]]
    last_entry: int
    counted_at: datetime
    outcomes: str = ""


def reference_of(text: str, by: By) -> tuple[str, str]:
    """Read a reference time.

    Parameters
    ----------
    text : str
        ``2026-01..2026-06``, or ``2026-Q1..2026-Q2``; one period alone will do.
    by : {"month", "quarter"}
        Which of the two.

    Returns
    -------
    tuple of (str, str)

    Raises
    ------
    PlanRefused
        ``reference_form``.
    """
    first, dots, last = text.strip().partition("..")
    said = (first, last if dots else first)
    if all(_PERIOD.fullmatch(one) and ("Q" in one) == (by == "quarter") for one in said):
        return said
    form = "2026-01..2026-06" if by == "month" else "2026-Q1..2026-Q2"
    raise refuse(
        PlanRefused, "reference_form", "this is not a reference time", where="reference",
        mend=f"write it as {form}",
    )  # fmt: skip


def drift_of_log(read: LogRead, reading: DriftReading, asked: DriftAsked) -> MonitorDrift:
    """Look for drift in what was read of a ward's log.

    Parameters
    ----------
    read : LogRead
        What was read.
    reading : DriftReading
        How it was read.
    asked : DriftAsked
        How drift is looked for.

    Returns
    -------
    MonitorDrift
        Numbers of fewer than five patients are withheld, and rows by which they could be worked
        out; items that were parked are counted however few they are.

    Raises
    ------
    PlanRefused
        What `cartwheel.watch.drift.drift` refuses.
    """
    counted = [one for one in read.rows if one.values]
    periods = tuple(sorted({period for one in counted for period in _periods(one)}))
    reference = asked.reference or _first_half(periods)
    plan = DriftPlan(
        reference, {one.name: one.horizon_days for one in reading.risks}, least=LEAST,
        permutations=asked.permutations, seed=asked.seed,
    )  # fmt: skip
    places = _places(counted)
    found = without_rests(
        drift(
            plan,
            _asked(counted, places),
            _answered(counted, places),
            _predicted(counted, places),
        ),
        ALL,
    )
    findings = (*_remarks(found, places), *nothing_yet(found, ALL))
    ward = reading.ward
    return MonitorDrift(
        kind=KIND,
        schema=SCHEMA,
        source=DriftSource(
            __version__, ward.identity, read.last_entry,
            read.counted_at.isoformat(timespec="seconds"), read.outcomes, library_versions(),
        ),
        ward=ward.ward,
        simulated=is_simulated_ward(ward),
        settings=DriftSettings(
            asked.by, ward.time_zone, asked.reference is not None,
            TOLD_WITHIN.total_seconds() / 3600.0,
        ),
        counts=DriftCounts(
            len(counted), sum(one.values for one in counted), periods, places,
            sum(not one.place for one in counted),
        ),
        risks=tuple(_risk_counts(counted, reading)),
        drift=found,
        parked=tuple(ParkedCount(*one) for one in read.parked),
        findings=tuple(sorted(findings, key=lambda one: _ORDER.index(one.severity))),
        notes=tuple(_notes(read, reading, found, places)),
    )  # fmt: skip


def monitor_drift_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the file that ``cartwheel monitor drift --json`` writes.

    Returns
    -------
    dict
        Every object closed to unknown keys: there is no place for a row.
    """
    return closed_schema(MonitorDrift, SCHEMA, "Result of cartwheel monitor drift")


def _periods(one: PatientRows) -> Iterator[str]:
    yield from (each.period for each in one.asked)
    yield from (each.period for each in one.answered)
    yield from (each.period for each in one.predicted if each.period != ALL)


def _remarks(found: Drift, places: Sequence[str]) -> Iterator[Finding]:
    """Say of a place what is not said of the ward, and of a period what is not said of all."""
    moved = {(row.name, row.period) for row in found.inputs if not row.centre and has_shifted(row)}

    def at(place: str) -> tuple[Finding, ...]:
        inputs = [row for row in found.inputs if row.centre == place]
        if place:
            inputs = [
                replace(row, adjusted_p=None) if (row.name, row.period) in moved else row
                for row in inputs
            ]
        refusals = tuple(row for row in found.refusals if row.centre == place)
        risks = tuple(row for row in found.calibration if row.centre == place)
        told = drift_findings(Drift(found.plan, tuple(inputs), refusals, risks))
        return tuple(one for one in told if one.code != "drift_withheld")

    whole = at("")
    said = {one.what for one in whole}
    for place in ("", *places):
        for one in whole if not place else at(place):
            without = one.what.replace(f" at {place} in ", " in ")
            every = _RISKS.sub(rf" in {ALL} are \1", without)
            if not {without, every} & (said - {one.what}):
                yield one
    yield from (one for one in drift_findings(found) if one.code == "drift_withheld")


def _first_half(periods: Sequence[str]) -> tuple[str, str]:
    if not periods:
        return "", ""
    many = max(1, min(_REFERENCE_MOST, len(periods) // 2))
    return periods[0], periods[many - 1]


def _places(counted: Sequence[PatientRows]) -> tuple[str, ...]:
    """Name the places; where all are at one, or nobody knows, the ward stands for itself."""
    found = tuple(sorted({one.place for one in counted if one.place}))
    return found if len(found) > 1 else ()


def _asked(counted: Iterable[PatientRows], places: Sequence[str]) -> Iterator[Asked]:
    for one in counted:
        yield from one.asked
        if one.place in places:
            yield from (replace(each, centre=one.place) for each in one.asked)


def _answered(counted: Iterable[PatientRows], places: Sequence[str]) -> Iterator[Answered]:
    for one in counted:
        yield from one.answered
        if one.place in places:
            yield from (replace(each, centre=one.place) for each in one.answered)


def _predicted(counted: Iterable[PatientRows], places: Sequence[str]) -> Iterator[Predicted]:
    for one in counted:
        yield from one.predicted
        if one.place in places:
            yield from (replace(each, centre=one.place) for each in one.predicted)


def _risk_counts(counted: Sequence[PatientRows], reading: DriftReading) -> Iterator[RiskCount]:
    many = Counter(each for one in counted for each in one.why)
    of = {one.id: one for one in reading.ward.targets}
    for risk in reading.risks:
        counts = [many[risk.name, why] for why in ("told", "range", "none", "before", "early")]
        # a few in a cell might be told apart
        told = [count if count == 0 or count >= LEAST else None for count in counts]
        yield RiskCount(
            risk.name, risk.target, risk.event, risk.at_day, risk.horizon_days,
            is_simulated(of[risk.target]), None in told, *told,
        )  # fmt: skip


def _notes(
    read: LogRead, reading: DriftReading, found: Drift, places: Sequence[str]
) -> Iterator[str]:
    first, last = found.plan.reference
    if first:
        yield f"compared with {first} to {last}"
    yield (
        f"a patient belongs to the {reading.by} of the infusion, in {reading.ward.time_zone}: each "
        "counts once"
    )
    yield (
        f"values: of days {INPUT_DAYS[0]} to {INPUT_DAYS[1]} from the infusion, the median of each "
        f"patient; answers: of days {ANSWER_DAYS[0]} to {ANSWER_DAYS[1]}; who is not through these "
        "days does not count yet"
    )
    yield (
        "a row is withheld too where one of fewer than five patients could be worked out from it; "
        "items that could not be used are counted however few they are"
    )
    if places:
        yield "a place is where a patient is, or was last: who moved counts there alone"
    if not reading.risks:
        yield (
            "no risk is compared with what followed: name the event of each in the ward file, "
            "[[calibration]]"
        )
        return
    yield (
        "a risk is the one that was told for its moment within 24 hours; whose horizon has not "
        "come, or who was not followed to it, counts as censored there"
    )
    if read.outcomes:
        yield f"what followed: {read.outcomes}; whom it does not name is left out"
    else:
        yield (
            "what followed is what the ward itself saw: who goes home well is no longer seen, so "
            "that observed risks beyond the stay come out too high"
        )
