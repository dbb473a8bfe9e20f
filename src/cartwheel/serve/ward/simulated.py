"""A simulated past through the whole path: HL7 text, its parser, the intake, a log, and replay."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from heapq import heapify, heappop, heappush
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from cartwheel.errors import CohortRefused
from cartwheel.serve.hl7.parsing import parse
from cartwheel.serve.ward.followed import WardFollowing
from cartwheel.serve.ward.ingest import Ingest
from cartwheel.serve.ward.keeper import Keeper
from cartwheel.serve.ward.known import verify
from cartwheel.store.database import Store, open_store
from cartwheel.store.ward_json import alert_of, event_text, moment_of
from cartwheel.store.ward_log import events_of
from cartwheel.store.ward_tables import entries, episodes
from cartwheel.watch.codes import CodeTable
from cartwheel.watch.intake import Acknowledged, Message, Receipt
from cartwheel.watch.observation import MILESTONES, TREATMENTS
from cartwheel.watch.standing import AlertEvent, Event
from cartwheel.workflows.monitor import SimulatedPast, responder_of
from cartwheel.workflows.monitor_result import WholePath
from cartwheel.workflows.monitor_time import (
    RESPONDER,
    SYSTEM,
    Brought,
    Course,
    Lived,
    Responder,
    own_codes,
    said_of,
)

APPLICATION, FACILITY = "CARTWHEEL-SIMULATION", "SIMULATED"
_ESCAPES = {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "~": "\\R\\", "&": "\\T\\"}
_NEVER = datetime.max.replace(tzinfo=UTC)
Say = Callable[[str], None]
Said = tuple[str, str, str]


def through_whole_path(
    past: SimulatedPast, folder: Path, *, speed: float | None = None, say: Say | None = None
) -> WholePath:
    """Send a past through the whole path, and compare with the pure step and with a replay.

    Parameters
    ----------
    past : SimulatedPast
        As the pure step followed it.
    folder : Path
        Empty; a SQLite log is made in it.
    speed : float, optional
        So many times as fast as it was; None is as fast as it goes.
    say : callable, optional
        Told how far it is.

    Returns
    -------
    WholePath

    Raises
    ------
    FileRefused
        The folder cannot be used.
    CohortRefused
        Why a message was not taken: that would be our fault.
    """
    store = open_store(folder)
    try:
        path = _Path(past, store, speed, say)
        path.run()
        followings = {path.following.sha256: path.following}
        checked = verify(store, followings)
        with store.reading() as connection:
            lines = connection.execute(select(func.count()).select_from(entries)).scalar() or 0
        return WholePath(
            "hl7", "SQLite", path.messages, int(lines), checked.events,
            path.same(), checked.same and not checked.unexplained,
        )  # fmt: skip
    finally:
        store.close()


@dataclass(slots=True)
class _Patient:
    """One patient on the way."""

    lived: Lived
    number: str
    id: str = ""
    last_event: int = 0
    said: list[Said] = field(default_factory=list)


class _Path:
    """All patients together, in the order of the simulated time."""

    def __init__(
        self, past: SimulatedPast, store: Store, speed: float | None, say: Say | None
    ) -> None:
        content = past.ward.identity.encode("ascii")
        self.following = WardFollowing(past.ward, content)
        self.messages = 0
        self._store, self._speed, self._say = store, speed, say
        self._codes: CodeTable = own_codes(past.ward)
        self._zone = ZoneInfo(past.ward.time_zone)
        self._responder: Responder = responder_of(past.plan)
        self._now = datetime(1990, 1, 1, tzinfo=UTC)
        self._begun = (time.monotonic(), self._now)
        self._patients = [_Patient(one, f"S{at:05d}") for at, one in enumerate(past.lived, 1)]
        self._by_id: dict[str, _Patient] = {}
        self._ingest = Ingest(Keeper(store, self.following, (), lambda: self._now))
        self._waiting: list[tuple[datetime, int, int, _Patient, Message | Acknowledged]] = []
        self._order = 0

    def run(self) -> None:
        """Send everything, in order of time."""
        for one in self._patients:
            for at, rank, content in _sent(one):
                self._put(at, rank, one, parse(content, self._zone, self._codes))
        heapify(self._waiting)
        if self._waiting:
            self._begun = (time.monotonic(), self._waiting[0][0])
        many = len(self._waiting)
        self._ingest.start()
        try:
            while self._waiting:
                due = self._due()
                # the clock goes first: what it brings was due before anything came
                if due <= self._waiting[0][0]:
                    self._tick(due)
                else:
                    self._next()
                    if self._say is not None and self.messages % 200 == 0:
                        self._say(f"{self.messages} of {many} messages")
        finally:
            self._ingest.stop()

    def same(self) -> bool:
        """Tell whether every patient's events are those of the pure step."""
        return all(
            one.said == [_said(event) for _, event in one.lived.told] for one in self._patients
        )

    def _put(self, at: datetime, rank: int, who: _Patient, what: Message | Acknowledged) -> None:
        self._order += 1
        heappush(self._waiting, (at, rank, self._order, who, what))

    def _wait_for(self, at: datetime) -> None:
        """Let simulated time go on; at a stated speed, let real time go on as well."""
        self._now = max(at, self._now)
        if self._speed:
            real, simulated = self._begun
            ahead = (at - simulated).total_seconds() / self._speed - (time.monotonic() - real)
            if ahead > 0:
                time.sleep(ahead)

    def _tick(self, due: datetime) -> None:
        """Let the clock look at everybody whose moment has come."""
        self._wait_for(due)
        for each in self._taken(self._ingest.tick()).patients:
            self._read(self._by_id[each])

    def _next(self) -> None:
        """Take what comes next: a message, or somebody who has seen an alert."""
        at, _, _, patient, what = heappop(self._waiting)
        self._wait_for(at)
        if isinstance(what, Acknowledged):
            self._acknowledge(patient, what)
            return
        self.messages += 1
        self._told(self._taken(self._ingest.accept(what)), patient)

    def _due(self) -> datetime:
        with self._store.reading() as connection:
            wanted = select(func.min(episodes.c.due_at)).where(
                episodes.c.state.in_(("assigned", "unassigned"))
            )
            found = connection.execute(wanted).scalar()
        return _NEVER if found is None else moment_of(found)

    def _taken(self, receipt: Receipt) -> Receipt:
        if receipt.durable:
            return receipt
        assert receipt.problem is not None
        raise CohortRefused((receipt.problem,))

    def _told(self, receipt: Receipt, patient: _Patient) -> None:
        for each in receipt.patients:
            patient.id = each
            self._by_id[each] = patient
            self._read(patient)

    def _acknowledge(self, patient: _Patient, what: Acknowledged) -> None:
        key = f"{what.alert} {what.at.isoformat()}"
        message = Message("page", key, key.encode("utf-8"), (what,))
        self._taken(self._ingest.accept(message))
        self._read(patient)

    def _read(self, patient: _Patient) -> None:
        """Read what a patient's log told anew, and let the responder hear of it."""
        with self._store.reading() as connection:
            kept = list(events_of(connection, patient.id, after=patient.last_event))
        for one in kept:
            patient.last_event = one.number
            if one.kind != "alert":
                patient.said.append((one.kind, one.at, one.body))
                continue
            event = alert_of(one.body)
            patient.said.append(_said(event))
            delay = self._responder.delay(patient.lived.course.patient, event)
            if delay is None:
                continue
            at = moment_of(one.known_at) + delay
            if at <= patient.lived.course.ends:
                answer = Acknowledged(patient.id, event.alert, RESPONDER, "simulated", at)
                self._put(at, 1, patient, answer)


def _said(event: Event) -> Said:
    """Write an event without the id of its alert: the two paths number their lines apart."""
    if isinstance(event, AlertEvent):
        return (
            "alert", event.at.isoformat(),
            f"{event.rule} {event.step} {event.severity} {event.late} {event.who}",
        )  # fmt: skip
    kind, at, body = event_text(event)
    return kind, at, body


def _sent(one: _Patient) -> Iterator[tuple[datetime, int, bytes]]:
    """Write every message about a patient, with the moment at which it is sent."""
    course = one.lived.course
    yield course.admitted, 2, message_text(course.admitted, "ADT^A01", one.number, 0, ())
    for place, brought in enumerate(course.brought, 1):
        segments = result_segments(brought, course)
        yield (
            brought.known_at,
            2,
            message_text(brought.known_at, "ORU^R01", one.number, place, segments),
        )
    end = len(course.brought) + 1
    yield course.ends, 3, message_text(course.ends, "ADT^A03", one.number, end, ())


def message_text(
    at: datetime, kind: str, number: str, place: int, segments: tuple[str, ...]
) -> bytes:
    """Write an HL7 message of version 2.5.1.

    Parameters
    ----------
    at : datetime
        UTC. When it is sent.
    kind : str
        Such as ``ORU^R01``.
    number : str
        Of the simulated patient.
    place : int
        Of the message among his.
    segments : tuple of str
        Behind PID and PV1.

    Returns
    -------
    bytes
    """
    head = (
        f"MSH|^~\\&|{APPLICATION}|{FACILITY}|CARTWHEEL|WARD|{_time(at)}||{kind}|"
        f"{number}-{place}|P|2.5.1|||||||UNICODE UTF-8"
    )
    pid = f"PID|1||{number}^^^{FACILITY}^MR||Simulated^{number}"
    lines = (head, pid, "PV1|1|I|SIMULATED", *segments)
    return ("\r".join(lines) + "\r").encode("utf-8")


def result_segments(brought: Brought, course: Course) -> tuple[str, ...]:
    """Write what becomes known of one moment.

    Parameters
    ----------
    brought : Brought
        Values of one moment.
    course : Course
        Of the patient.

    Returns
    -------
    tuple of str
        OBR and OBX of results, ORC and RXA of what was given.
    """
    at = _time(brought.taken_at)
    lines = [f"OBR|1|||SIM^simulated^{SYSTEM}|||{at}|||||||||||||||||||F"]
    for place, one in enumerate(brought.values, 1):
        code = f"{one.name}^^{SYSTEM}"
        if one.name in TREATMENTS:
            end = "" if one.end_day is None else _time(course.moment(one.end_day))
            drug = " ".join(_escaped(one.text).split())
            lines.append(f"ORC|RE||{drug}")
            lines.append(f"RXA|0|1|{at}|{end}|{one.name}^{drug}^{SYSTEM}|1||||||||||||||CP|A")
        elif one.name in MILESTONES:
            lines.append(f"OBX|{place}|DTM|{code}||{at}||||||F|||{at}")
        else:
            answers = [words[0] for words in said_of(one.text).answers]
            text = "~".join(_escaped(each) for each in answers)
            lines.append(f"OBX|{place}|ST|{code}||{text}|{_escaped(one.unit)}|||||F|||{at}")
    return tuple(lines)


def _time(at: datetime) -> str:
    return at.strftime("%Y%m%d%H%M%S") + "+0000"


def _escaped(text: str) -> str:
    plain = "".join(" " if ord(sign) < 32 else sign for sign in text)
    return "".join(_ESCAPES.get(sign, sign) for sign in plain)
