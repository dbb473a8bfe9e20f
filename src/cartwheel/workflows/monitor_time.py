"""A centre's past in a simulated time: who knew what when, and what the ward told at once.

The clock is simulated, so is whoever acknowledges alerts; the values are those of the files.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from heapq import heappop, heappush

from cartwheel.errors import CohortRefused, Refused, refuse
from cartwheel.watch.advance import advance
from cartwheel.watch.burden import Stay, Told
from cartwheel.watch.code_values import Reading, Said, looks_like_number, read_said
from cartwheel.watch.codes import CodeRow, CodeTable, Coding
from cartwheel.watch.episode import new_episode
from cartwheel.watch.observation import (
    MILESTONES,
    TREATMENTS,
    Acknowledgement,
    Entry,
    Known,
    Observation,
    Stay as Moved,
    Tick,
)
from cartwheel.watch.standing import AlertEvent, Changed, Event
from cartwheel.watch.ward import Ward
from cartwheel.workflows.monitor_cohort import PastPatient, PastValue

SYSTEM = "99CARTWHEEL"
"""Coding system of the simulated messages: the ward's own names stand for themselves."""

RESPONDER = "simulated responder"
ORIGIN = datetime(2001, 1, 1, 8, tzinfo=UTC)
_SECOND, _MS, _AGAIN = timedelta(seconds=1), timedelta(milliseconds=1), timedelta(seconds=60)
_DAY_SECONDS = Decimal(86400)
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Responder:
    """Somebody who acknowledges alerts, by chance; he is simulated.

    Parameters
    ----------
    median_minutes : float
        Half of what he acknowledges he has acknowledged by then; exponential.
    share : float
        Of alerts, and of escalations, that he ever answers.
    seed : int
        Of the chance: each alert has its own, whatever else happens.
    """

    median_minutes: float = 15.0
    share: float = 0.9
    seed: int = 0

    def delay(self, patient: str, event: AlertEvent) -> timedelta | None:
        """Tell how long an alert waits; None where nobody comes.

        Parameters
        ----------
        patient : str
            In the file.
        event : AlertEvent
            Raised or escalated.

        Returns
        -------
        timedelta or None
        """
        if event.step not in ("raised", "escalated"):
            return None
        place = f"{self.seed}|{patient}|{event.rule}|{event.step}|{event.at.isoformat()}"
        chance = random.Random(place)
        if chance.random() >= self.share:
            return None
        minutes = -math.log(1.0 - chance.random()) * self.median_minutes / math.log(2.0)
        return timedelta(seconds=max(1, round(60.0 * minutes)))


@dataclass(frozen=True, slots=True)
class Calendar:
    """When each patient is infused, and how late what is known of him becomes known.

    Parameters
    ----------
    every_days : float
        Days from one infusion to the next.
    delay_minutes : float
        From taking a value to knowing it.
    seed : int
        Of the order of the patients.
    """

    every_days: float = 3.0
    delay_minutes: float = 60.0
    seed: int = 0

    def infusions(self, patients: Sequence[PastPatient]) -> dict[str, datetime]:
        """Give each patient a moment of infusion.

        Parameters
        ----------
        patients : sequence of PastPatient
            All of them.

        Returns
        -------
        dict of str to datetime
        """
        order = [one.id for one in patients]
        random.Random(f"{self.seed}|calendar").shuffle(order)
        step = timedelta(seconds=round(self.every_days * 86400))
        return {patient: ORIGIN + place * step for place, patient in enumerate(order)}


@dataclass(frozen=True, slots=True)
class Brought:
    """What becomes known of a patient at one moment, of one moment.

    Parameters
    ----------
    known_at, taken_at : datetime
        UTC, in whole seconds.
    values : tuple of PastValue
        In the order of the file, drugs last.
    """

    known_at: datetime
    taken_at: datetime
    values: tuple[PastValue, ...]


@dataclass(frozen=True, slots=True)
class Course:
    """One patient in simulated time.

    Parameters
    ----------
    patient : str
        In the file.
    infusion, begins, ends : datetime
        UTC. From when to when he is followed.
    brought : tuple of Brought
        In the order of knowing.
    """

    patient: str
    infusion: datetime
    begins: datetime
    ends: datetime
    brought: tuple[Brought, ...]

    @property
    def admitted(self) -> datetime:
        """When the ward began to follow him."""
        return self.begins - _SECOND

    def moment(self, day: Decimal) -> datetime:
        """Give the moment of a day.

        Parameters
        ----------
        day : Decimal
            Since the infusion.

        Returns
        -------
        datetime
            UTC, to the second.
        """
        return self.infusion + timedelta(seconds=int((day * _DAY_SECONDS).to_integral_value()))


@dataclass(frozen=True, slots=True)
class Lived:
    """What the ward told of one patient.

    Parameters
    ----------
    course : Course
        Of him.
    told : tuple of (datetime, Event)
        When it was known, and what, in order.
    entries : int
        Lines of the log.
    parked : mapping of (str, str) to int
        Reason and name of what could not be used.
    """

    course: Course
    told: tuple[tuple[datetime, Event], ...]
    entries: int
    parked: Mapping[tuple[str, str], int]

    def alerts(self) -> Iterator[Told]:
        """Give the steps of alerts, as `burden` wants them."""
        for known_at, event in self.told:
            if isinstance(event, AlertEvent):
                yield Told(self.course.patient, known_at, event)

    def changes(self) -> Iterator[Changed]:
        """Give what targets said anew."""
        for _, event in self.told:
            if isinstance(event, Changed):
                yield event

    @property
    def stay(self) -> Stay:
        """From when to when he was followed."""
        return Stay(self.course.patient, self.course.begins, self.course.ends)


def course_of_past(past: PastPatient, infusion: datetime, delay: timedelta) -> Course:
    """Put a patient into simulated time.

    Parameters
    ----------
    past : PastPatient
        As the file has him.
    infusion : datetime
        UTC. His day 0.
    delay : timedelta
        From taking a value to knowing it; the infusion itself is known at once.

    Returns
    -------
    Course
        He is followed from his first value, or the infusion, to when the last value was known.
    """
    bare = Course(past.id, infusion, infusion, infusion, ())
    groups: dict[datetime, list[PastValue]] = {}
    for one in past.values:
        if one.name != "infusion":
            groups.setdefault(bare.moment(one.day), []).append(one)
    # in a message drugs stand behind results
    brought = [
        Brought(at + delay, at, tuple(sorted(values, key=lambda one: one.name in TREATMENTS)))
        for at, values in groups.items()
    ]
    brought.append(Brought(infusion, infusion, (PastValue(Decimal(0), "infusion", "", ""),)))
    brought.sort(key=lambda one: (one.known_at, one.taken_at))
    ends = max(brought[-1].known_at, *(bare.moment(day) for day in _graded_days(past)), infusion)
    begins = min(infusion, *(one.taken_at for one in brought))
    return Course(past.id, infusion, begins, ends + _SECOND, tuple(brought))


def _graded_days(past: PastPatient) -> Iterator[Decimal]:
    yield Decimal(0)
    for marks in past.graded.values():
        yield from (day for day, _ in marks)


def own_codes(ward: Ward) -> CodeTable:
    """Make the table of codes of the simulated messages.

    Parameters
    ----------
    ward : Ward
        Each of its names is its own code.

    Returns
    -------
    CodeTable
    """
    return CodeTable(CodeRow(SYSTEM, name, name) for name in sorted(ward.names))


def said_of(text: str) -> Said:
    """Say a cell as a message says it; several answers are divided by semicolons.

    Parameters
    ----------
    text : str
        As the file has it.

    Returns
    -------
    Said
    """
    words = [" ".join(part.split()) for part in text.split(";")]
    words = [one for one in words if one]
    number = words[0] if len(words) == 1 and looks_like_number(words[0]) else ""
    return Said(number, tuple((one,) for one in words))


def observation_of(
    codes: CodeTable, brought: Brought, one: PastValue, course: Course
) -> Observation:
    """Read a value as the ward reads it from a message.

    Parameters
    ----------
    codes : CodeTable
        Of `own_codes`.
    brought : Brought
        With which it comes.
    one : PastValue
        As the file has it.
    course : Course
        Of the patient.

    Returns
    -------
    Observation

    Raises
    ------
    CohortRefused
        Why it would be parked: what `CodeTable.meaning` and `read_said` refuse.
    """
    meaning = codes.meaning(("hl7",), (Coding(SYSTEM, one.name),), one.unit)
    said = said_of(one.text)
    if one.name in MILESTONES:
        reading = Reading(meaning.name, None)
    elif said.answers:
        reading = read_said(meaning, said)
    else:
        raise refuse(CohortRefused, "value_missing", "a result without a value")
    source = f"{one.name} {brought.taken_at.isoformat()}"
    if meaning.name in TREATMENTS:
        source += f" {one.text}"
    ends = None if one.end_day is None else course.moment(one.end_day)
    return Observation(
        course.patient, reading.name, brought.taken_at, reading.value, reading.unit, reading.limit,
        "final", source, brought.known_at, ends,
    )  # fmt: skip


def live(ward: Ward, codes: CodeTable, course: Course, responder: Responder) -> Lived:
    """Follow one patient through simulated time: the pure step, entry by entry.

    Parameters
    ----------
    ward : Ward
        What is followed.
    codes : CodeTable
        Of `own_codes`.
    course : Course
        Of the patient.
    responder : Responder
        Who acknowledges.

    Returns
    -------
    Lived
    """
    run = _Run(ward, course, responder)
    # the ward's log begins so, where somebody is admitted
    run.take(course.admitted, Moved(course.patient, True, course.admitted))
    parked: Counter[tuple[str, str]] = Counter()
    for brought in course.brought:
        run.until(brought.known_at)
        for one in brought.values:
            try:
                seen = observation_of(codes, brought, one, course)
            except Refused as refused:
                parked[refused.problems[0].code, one.name] += 1
                continue
            run.take(brought.known_at, seen)
    run.until(course.ends)
    # whoever leaves takes his open alerts with him
    run.take(course.ends, Moved(course.patient, False, course.ends))
    return Lived(course, tuple(run.told), run.number, dict(parked))


class _Run:
    """The time of one patient."""

    def __init__(self, ward: Ward, course: Course, responder: Responder) -> None:
        self.told: list[tuple[datetime, Event]] = []
        self.number = 0
        self._ward, self._course, self._responder = ward, course, responder
        self._episode = new_episode(course.patient)
        self._known_at: datetime | None = None
        self._ticked = False
        self._answers: list[tuple[datetime, int, Acknowledgement]] = []

    def until(self, moment: datetime) -> None:
        """Let time pass: the clock, and who acknowledges, up to a moment."""
        while True:
            due = self._due()
            seen = self._answers[0][0] if self._answers else _NEVER
            if min(due, seen) > moment:
                return
            # the clock goes first: what it brings was due before anybody looked
            if due <= seen:
                self.take(due, Tick(self._course.patient, due))
            else:
                at, _, answer = heappop(self._answers)
                # the ward ends an alert; whoever comes then finds nothing open
                self.take(at, answer)

    def _due(self) -> datetime:
        due, known_at = self._episode.due_at, self._known_at
        if due is None or known_at is None:
            return _NEVER
        cut = due.replace(microsecond=due.microsecond // 1000 * 1000)
        due = cut if cut == due else cut + _MS
        # what the clock could not end is not asked for again at once
        again = known_at + _AGAIN if self._ticked and due <= known_at else due
        return max(again, known_at)

    def take(self, known_at: datetime, what: Known | Moved) -> None:
        """Keep one line, and do what follows."""
        self.number += 1
        entry = Entry(self.number, known_at, what)
        self._episode, events = advance(self._ward, self._episode, entry)
        self._known_at, self._ticked = known_at, isinstance(what, Tick)
        for event in events:
            self.told.append((known_at, event))
            if not isinstance(event, AlertEvent):
                continue
            delay = self._responder.delay(self._course.patient, event)
            if delay is None:
                continue
            at = known_at + delay
            answer = Acknowledgement(self._course.patient, event.alert, RESPONDER, "simulated", at)
            heappush(self._answers, (at, self.number, answer))
