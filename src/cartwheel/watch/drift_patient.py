"""One patient's log as rows of drift: what was measured, what was answered, what followed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from cartwheel.watch.drift_followed import DEATH, FollowedRisk
from cartwheel.watch.drift_rows import Answered, Asked, Predicted
from cartwheel.watch.observation import MILESTONES, TREATMENTS, Observation
from cartwheel.watch.ward import Ward

By: TypeAlias = Literal["month", "quarter"]
Why: TypeAlias = Literal["told", "range", "none", "before", "early"]
# what becomes known later did not guide anybody at the moment
TOLD_WITHIN = timedelta(hours=24)
ALL = "all periods"
# values and answers of the same days are compared, whenever patients came; days from the infusion
INPUT_DAYS, ANSWER_DAYS = (-7, 7), (0, 28)
_SECONDS = 86_400.0
_NUMBERS = ("quantity", "number")


@dataclass(frozen=True, slots=True)
class Told:
    """An answer that was told.

    Parameters
    ----------
    number : int
        Of the event: later ones are known later.
    target : str
        Id.
    at, known_at : datetime
        UTC. The moment that it is about; when it was told.
    low : float or None
        Lowest grade or value that is possible; None where there is no answer.
    risk : float or None
        0 to 1; None where there is none, or a range.
    is_range : bool
        Missing inputs left the risk open.
    reasons : tuple of str
        Why there is no answer.
    """

    number: int
    target: str
    at: datetime
    known_at: datetime
    low: float | None
    risk: float | None
    is_range: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PatientLog:
    """What drift needs of one patient's log.

    Parameters
    ----------
    patient : str
        The ward's own id.
    place : str
        Where he is or was last; empty where nobody said.
    values : tuple of Observation
        The last version of each that counts.
    told : tuple of Told
        In the order of knowing.
    """

    patient: str
    place: str
    values: tuple[Observation, ...]
    told: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a file says followed.

    Parameters
    ----------
    day : float or None
        Day after the infusion on which the event came; None where it did not.
    followed_day : float or None
        Until when it is known; None for as long as the ward knows.
    """

    day: float | None
    followed_day: float | None = None


@dataclass(frozen=True, slots=True)
class DriftReading:
    """How logs are read.

    Parameters
    ----------
    ward : Ward
        What is followed.
    by : {"month", "quarter"}
        Length of a period, in the ward's own time zone.
    now : datetime
        UTC. Who is not through the days that are compared does not count yet.
    risks : tuple of FollowedRisk
        Which risks are compared with what followed.
    outcomes : mapping of str to Outcome or None
        By the ward's own id, where a file says what followed; who is not in it is left out.
    """

    ward: Ward
    by: By
    now: datetime
    risks: tuple[FollowedRisk, ...] = ()
    outcomes: Mapping[str, Outcome] | None = None
    zone: ZoneInfo = field(init=False)
    numbers: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        ward = self.ward
        asked = {name for target in ward.targets for name in target.reads}
        numbers = frozenset(name for name in asked if ward.names.get(name) in _NUMBERS)
        object.__setattr__(self, "zone", ZoneInfo(ward.time_zone))
        object.__setattr__(self, "numbers", numbers)

    def period(self, moment: datetime) -> str:
        """Name the period of a moment: ``2026-03`` or ``2026-Q1``."""
        local = moment.astimezone(self.zone)
        if self.by == "month":
            return f"{local.year}-{local.month:02d}"
        return f"{local.year}-Q{(local.month + 2) // 3}"


@dataclass(frozen=True, slots=True)
class PatientRows:
    """One patient's part of drift; a centre stands in none of its rows.

    Parameters
    ----------
    place : str
        As of `PatientLog`.
    values : int
        That counted.
    asked, answered, predicted : tuple
        Rows for `cartwheel.watch.drift.drift`; the predicted stand under `ALL` periods too.
    why : tuple of (str, str)
        Name of each followed risk, and what became of it: ``told``; ``range`` or ``none`` where no
        single risk was told; ``before`` where the event had come; ``early`` where the moment is
        still to come or nothing is known of the patient then.
    changes_at : datetime or None
        UTC. When the rows become others though nothing comes in.
    """

    place: str
    values: int
    asked: tuple[Asked, ...]
    answered: tuple[Answered, ...]
    predicted: tuple[Predicted, ...]
    why: tuple[tuple[str, Why], ...]
    changes_at: datetime | None = None


def patient_rows(log: PatientLog, reading: DriftReading) -> PatientRows:
    """Make rows of drift of one patient's log.

    Parameters
    ----------
    log : PatientLog
        Of him.
    reading : DriftReading
        How.

    Returns
    -------
    PatientRows

    Notes
    -----
    A patient belongs to the period of his infusion, or of his first value where none is known; so
    that each counts once, and days of the same kind are compared. From 7 days before the infusion
    to 7 days after it he is asked once for every number that the ward reads: his median, or
    missing; a limit of the laboratory that the ward file states is not asked for. A target had no
    answer where none stood at any moment of the first 28 days. Who is not through these days does
    not count yet. The risk is the one that was told for its moment within 24 hours of it.
    """
    measured = [one for one in log.values if one.name not in MILESTONES]
    if not measured:
        return PatientRows(log.place, 0, (), (), (), ())
    infusion = max(_moments(log, "infusion"), default=None)
    first = min(one.taken_at for one in measured)
    last = max(one.taken_at for one in measured)
    begins = first + timedelta(days=-INPUT_DAYS[0]) if infusion is None else infusion
    period = reading.period(infusion or first)
    asked: tuple[Asked, ...] = ()
    answered: tuple[Answered, ...] = ()
    ends = [begins + timedelta(days=days[1]) for days in (INPUT_DAYS, ANSWER_DAYS)]
    if ends[0] <= reading.now:
        asked = tuple(_asked(log.patient, reading, period, measured, begins))
    if ends[1] <= reading.now:
        answered = tuple(_answered(log, reading, period, infusion or first, last))
    why: list[tuple[str, Why]] = []
    predicted: list[Predicted] = []
    if infusion is not None:
        for risk in reading.risks:
            row, reason = _predicted(log, reading, risk, (infusion, last))
            if reason is not None:
                why.append((risk.name, reason))
            predicted += row
    changes_at = min((end for end in ends if end > reading.now), default=None)
    return PatientRows(
        log.place, len(measured), asked, answered, tuple(predicted), tuple(why), changes_at
    )


def _moments(log: PatientLog, name: str) -> list[datetime]:
    return [one.taken_at for one in log.values if one.name == name]


def _asked(
    patient: str,
    reading: DriftReading,
    period: str,
    measured: Sequence[Observation],
    begins: datetime,
) -> Iterator[Asked]:
    first, last = (begins + timedelta(days=days) for days in INPUT_DAYS)
    found: dict[str, list[Observation]] = {}
    for one in measured:
        # what does not age, such as a height, counts from whenever before; never from after
        lasts = reading.ward.policy.age_of(one.name) is None
        inside = one.taken_at < last and (lasts or first <= one.taken_at)
        if inside and isinstance(one.value, Decimal):
            found.setdefault(one.name, []).append(one)
    stated = set(reading.ward.policy.constants)
    for name in sorted(reading.numbers - {*TREATMENTS, *(stated - found.keys())}):
        several = found.get(name)
        if several is None:
            yield Asked("", period, patient, name, None)
            continue
        value = float(median(float(str(one.value)) for one in several))
        yield Asked("", period, patient, name, value, limited=any(one.limit for one in several))


def _answered(
    log: PatientLog, reading: DriftReading, period: str, begun: datetime, last: datetime
) -> Iterator[Answered]:
    ends = min(last, begun + timedelta(days=ANSWER_DAYS[1]))
    for target in reading.ward.targets:
        course = _course(log.told, target.id)
        standing = [
            one
            for place, one in enumerate(course)
            if one.at <= ends and (place + 1 == len(course) or course[place + 1].at > begun)
        ]
        if not standing:
            continue
        reasons = () if any(not one.reasons for one in standing) else standing[-1].reasons
        short = tuple(_short(reason) for reason in reasons)
        yield Answered("", period, log.patient, target.id, short)


def _short(reason: str) -> str:
    """Say what was wrong, without what to do about it."""
    return reason.partition(" -> ")[0]


def _course(told: Sequence[Told], target: str, known_by: datetime | None = None) -> list[Told]:
    """Give the answers of a target in order of the moments they are about, as last told."""
    found = {
        one.at: one
        for one in told
        if one.target == target and (known_by is None or one.known_at <= known_by)
    }
    return [found[at] for at in sorted(found)]


def _predicted(
    log: PatientLog, reading: DriftReading, risk: FollowedRisk, span: tuple[datetime, datetime]
) -> tuple[list[Predicted], Why | None]:
    infusion, last = span
    moment = infusion + timedelta(days=risk.at_day)
    outcome: Outcome | None = None
    if reading.outcomes is not None:
        outcome = reading.outcomes.get(log.patient)
        if outcome is None:
            return [], None
    came = _came(log, risk, infusion, outcome)
    died = min(_moments(log, DEATH), default=None)
    known = last
    if outcome is not None and outcome.followed_day is not None:
        known = infusion + timedelta(days=outcome.followed_day)
    if (came is not None and came <= moment) or (died is not None and died <= moment):
        return [], "before"
    if max(known, came or known, died or known) <= moment:
        return [], "early"
    stands = [one for one in _course(log.told, risk.target, moment + TOLD_WITHIN)
              if one.at <= moment]  # fmt: skip
    if not stands or stands[-1].risk is None:
        return [], "range" if stands and stands[-1].is_range else "none"
    end, cause = known, 0
    if came is not None and (died is None or came <= died):
        end, cause = came, 1
    elif died is not None:
        end, cause = died, 2
    days = (end - moment).total_seconds() / _SECONDS
    told = stands[-1].risk
    return [
        Predicted("", period, log.patient, risk.name, told, days, cause)
        for period in (reading.period(moment), ALL)
    ], "told"


def _came(
    log: PatientLog, risk: FollowedRisk, infusion: datetime, outcome: Outcome | None
) -> datetime | None:
    if outcome is not None:
        return None if outcome.day is None else infusion + timedelta(days=outcome.day)
    if not risk.rule:
        return min(_moments(log, DEATH), default=None)
    reached = (
        one.at
        for one in _course(log.told, risk.rule)
        if one.at >= infusion and one.low is not None and one.low >= risk.grade
    )
    return next(reached, None)
