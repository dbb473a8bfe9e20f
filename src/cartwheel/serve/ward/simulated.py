"""A simulated past through the whole path: messages, parser, intake, a log, and replay."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from heapq import heapify, heappop, heappush
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from cartwheel.errors import CohortRefused
from cartwheel.serve.ward.followed import WardFollowing
from cartwheel.serve.ward.ingest import Ingest
from cartwheel.serve.ward.keeper import Keeper
from cartwheel.serve.ward.known import verify
from cartwheel.serve.ward.simulated_hl7 import Hl7Sender
from cartwheel.serve.ward.simulated_sent import Sender, Sent, sent_of
from cartwheel.store.database import Store, open_store
from cartwheel.store.ward_json import alert_of, event_text, moment_of
from cartwheel.store.ward_log import events_of
from cartwheel.store.ward_tables import entries, episodes
from cartwheel.watch.intake import Acknowledged, Message, Receipt
from cartwheel.watch.standing import AlertEvent, Event
from cartwheel.watch.ward import Ward
from cartwheel.workflows.monitor import SimulatedPast, responder_of
from cartwheel.workflows.monitor_result import WholePath
from cartwheel.workflows.monitor_time import RESPONDER, Lived, Responder, own_codes

# of what comes at one moment: who looks, what is sent, who leaves
_FIRST, _THEN, _LAST = 1, 2, 3
_NEVER = datetime.max.replace(tzinfo=UTC)
Say = Callable[[str], None]
Said = tuple[str, str, str]
Interface = Literal["hl7", "fhir"]
_DUE = select(func.min(episodes.c.due_at)).where(episodes.c.state.in_(("assigned", "unassigned")))


def through_whole_path(
    past: SimulatedPast,
    folder: Path,
    *,
    interface: Interface = "hl7",
    speed: float | None = None,
    say: Say | None = None,
) -> WholePath:
    """Send a past through the whole path, and compare with the pure step and with a replay.

    Parameters
    ----------
    past : SimulatedPast
        As the pure step followed it.
    folder : Path
        Empty; a SQLite log is made in it.
    interface : {"hl7", "fhir"}
        By which the messages go.
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
        path = _Path(past, store, interface, speed, say)
        path.run()
        followings = {path.following.sha256: path.following}
        checked = verify(store, followings)
        with store.reading() as connection:
            lines = connection.execute(select(func.count()).select_from(entries)).scalar() or 0
        return WholePath(
            interface, "SQLite", path.messages, int(lines), checked.events,
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
        self,
        past: SimulatedPast,
        store: Store,
        interface: Interface,
        speed: float | None,
        say: Say | None,
    ) -> None:
        content = past.ward.identity.encode("ascii")
        self.following = WardFollowing(past.ward, content)
        self.messages = 0
        self._store, self._speed, self._say = store, speed, say
        self._responder: Responder = responder_of(past.plan)
        self._now = datetime(1990, 1, 1, tzinfo=UTC)
        self._begun = (time.monotonic(), self._now)
        self._patients = [_Patient(one, f"S{at:05d}") for at, one in enumerate(past.lived, 1)]
        self._by_id: dict[str, _Patient] = {}
        self._ingest = Ingest(Keeper(store, self.following, (), lambda: self._now))
        self._sender = self._sender_of(past.ward, interface)
        self._waiting: list[tuple[datetime, int, int, _Patient, Sent | Acknowledged]] = []
        self._order = 0

    def _sender_of(self, ward: Ward, interface: Interface) -> Sender:
        if interface == "hl7":
            return Hl7Sender(self._ingest, ZoneInfo(ward.time_zone), own_codes(ward))
        # the official schema of FHIR and its model are read only by whoever sends FHIR
        from cartwheel.serve.ward.simulated_fhir import FhirSender, fhir_codes  # noqa: PLC0415

        return FhirSender(self._ingest, self._store, fhir_codes(ward.names), ward.names)

    def run(self) -> None:
        """Send everything, in order of time."""
        for one in self._patients:
            for sent in sent_of(one.lived.course, one.number):
                self._put(sent.at, _LAST if sent.kind == "left" else _THEN, one, sent)
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
                    before = self.messages
                    self._next()
                    if self._say is not None and before // 200 != self.messages // 200:
                        self._say(f"{self.messages} of {many} messages")
        finally:
            self._ingest.stop()
            self._sender.close()

    def same(self) -> bool:
        """Tell whether every patient's events are those of the pure step."""
        return all(
            one.said == [_said(event) for _, event in one.lived.told] for one in self._patients
        )

    def _put(self, at: datetime, rank: int, who: _Patient, what: Sent | Acknowledged) -> None:
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
        """Take what comes next: messages of one moment, or somebody who has seen an alert."""
        at, _, _, patient, what = self._waiting[0]
        self._wait_for(at)
        if isinstance(what, Acknowledged):
            heappop(self._waiting)
            self._acknowledge(patient, what)
            return
        together = self._together()
        self.messages += len(together)
        receipts = self._sender.send([sent for _, sent in together])
        for (who, _), receipt in zip(together, receipts, strict=True):
            self._told(self._taken(receipt), who)

    def _together(self) -> list[tuple[_Patient, Sent]]:
        """Take the messages of one moment, one of each patient: none waits for another's clock."""
        first = self._waiting[0][:2]
        found: dict[str, tuple[_Patient, Sent]] = {}
        while self._waiting and self._waiting[0][:2] == first:
            _, _, _, patient, what = self._waiting[0]
            if patient.number in found or isinstance(what, Acknowledged):
                break
            heappop(self._waiting)
            found[patient.number] = patient, what
        return list(found.values())

    def _due(self) -> datetime:
        with self._store.reading() as connection:
            found = connection.execute(_DUE).scalar()
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
            if receipt.events:
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
                self._put(at, _FIRST, patient, answer)


def _said(event: Event) -> Said:
    """Write an event without the id of its alert: the two paths number their lines apart."""
    if isinstance(event, AlertEvent):
        return (
            "alert", event.at.isoformat(),
            f"{event.rule} {event.step} {event.severity} {event.late} {event.who}",
        )  # fmt: skip
    kind, at, body = event_text(event)
    return kind, at, body
