"""Pulling: what is new on the hospital's FHIR server of the patients that the ward follows."""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import select

from cartwheel.errors import FileRefused, Refused, refuse
from cartwheel.serve.fhir.checking import check, type_of
from cartwheel.serve.fhir.context import REFERRED_TO, FhirContext, issued_at
from cartwheel.serve.fhir.http import FhirServer, NotAnswered
from cartwheel.serve.fhir.intake import FhirIntake
from cartwheel.serve.fhir.json_text import Resource, write_json
from cartwheel.serve.fhir.naming import with_id
from cartwheel.store.ward_json import moment_text
from cartwheel.store.ward_people import FOLLOWED
from cartwheel.store.ward_tables import episodes, identifiers
from cartwheel.watch.intake import Identifiers, Message, Parked

PULLED = ("Encounter", "Procedure", "MedicationAdministration", "Observation")
# what a server says it changed then may become visible a little later
OVERLAP = timedelta(minutes=5)
_COUNT, _MOST_PAGES = 200, 10_000
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 300.0


@dataclass(slots=True)
class Pulled:
    """What one round brought.

    Parameters
    ----------
    patients, resources : int
        Asked for; read.
    new : int
        That were not there yet.
    aside : int
        That cannot be used as they stand, or only in part.
    """

    patients: int = 0
    resources: int = 0
    new: int = 0
    aside: int = 0


class Cursors:
    """Up to when each patient's resources of one type were read; kept in a file.

    Parameters
    ----------
    path : Path
        It holds moments and hashes, no patient's number.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, str] = {}
        with suppress(OSError, ValueError):
            read = json.loads(path.read_text(encoding="utf-8"))
            if isinstance(read, dict):
                self._known = {str(key): str(value) for key, value in read.items()}

    def since(self, kind: str, identity: str) -> str:
        """Give the moment from which on is asked; empty for everything."""
        return self._known.get(_hashed(kind, identity), "")

    def move(self, kind: str, identity: str, until: datetime) -> None:
        """Take note that everything up to a moment is durable here."""
        self._known[_hashed(kind, identity)] = moment_text(until - OVERLAP)
        # whole or not at all: what is lost is only read once more
        beside = self._path.with_suffix(".new")
        beside.write_text(json.dumps(self._known, sort_keys=True), encoding="utf-8")
        os.replace(beside, self._path)


def _hashed(kind: str, identity: str) -> str:
    return hashlib.sha256(f"{kind}|{identity}".encode()).hexdigest()[:32]


@dataclass(slots=True)
class Puller:
    """Reads what is new from one server, again and again.

    Parameters
    ----------
    server : FhirServer
        The hospital's.
    intake : FhirIntake
        Where it goes. Its options for `name` have the server's address as their base.
    cursors : Cursors
        Kept from round to round.
    name : str
        Of the server, as a sender.
    kinds : tuple of str
        Types that are read.
    every : float
        Seconds between two rounds.
    """

    server: FhirServer
    intake: FhirIntake
    cursors: Cursors
    name: str = "pull"
    kinds: tuple[str, ...] = PULLED
    every: float = 30.0
    problem: str = ""
    _ending: threading.Event = field(default_factory=threading.Event)
    _bell: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to read."""
        self._ending.clear()
        self._thread = threading.Thread(target=self._run, name="cartwheel-fhir-pull", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the round that runs; before the intake is stopped."""
        self._ending.set()
        self._bell.set()
        if self._thread is not None:
            self._thread.join(60.0)
            self._thread = None

    def wake(self) -> None:
        """Read now: a subscription says that there is news."""
        self._bell.set()

    def pull(self) -> Pulled:
        """Read once what is new.

        Returns
        -------
        Pulled

        Raises
        ------
        FileRefused
            ``not_pulled``; what was durable by then is not read again.
        """
        done = Pulled()
        for patient in self._followed():
            there = self._there(patient, done)
            if there is None:
                continue
            done.patients += 1
            for kind in self.kinds:
                self._read(kind, there, done)
        return done

    def _run(self) -> None:
        wait = _FIRST_WAIT
        while not self._ending.is_set():
            self._bell.clear()
            try:
                self.pull()
            except Refused as refused:
                self.problem = refused.problems[0].what
                pause, wait = wait, min(2 * wait, _LONGEST_WAIT)
            except Exception as fault:
                # its text may hold what was read
                self.problem = f"a fault of ours ({type(fault).__name__})"
                pause, wait = wait, min(2 * wait, _LONGEST_WAIT)
            else:
                self.problem, pause, wait = "", self.every, _FIRST_WAIT
            self._bell.wait(pause)

    def _followed(self) -> list[Identifiers]:
        """List the numbers of each patient who is followed."""
        wanted = (
            select(identifiers.c.patient, identifiers.c.system, identifiers.c.value)
            .join(episodes, episodes.c.patient == identifiers.c.patient)
            .where(episodes.c.state.in_(FOLLOWED))
            .order_by(identifiers.c.patient, identifiers.c.system, identifiers.c.value)
        )
        found: dict[str, list[tuple[str, str]]] = {}
        with self.intake.store.reading() as connection:
            for row in connection.execute(wanted):
                found.setdefault(row.patient, []).append((row.system, row.value))
        return [tuple(one) for one in found.values()]

    def _there(self, numbers: Identifiers, done: Pulled) -> str | None:
        """Find a patient's id on the server: by what is known, else by one of his identifiers."""
        own = f"{self.server.base}/Patient"
        known = next((value for system, value in numbers if system == own), None)
        if known is not None:
            return known
        named = self._systems()
        for system, value in numbers:
            asked = f"{named.get(system, system)}|{value}"
            found = [
                one
                for one in self._search("Patient", {"identifier": asked})
                if type_of(one) == "Patient"
            ]
            if len(found) == 1 and found[0].get("id"):
                self._take(found[0], done)
                return str(found[0]["id"])
        return None

    def _systems(self) -> Mapping[str, str]:
        """Say how the server calls the systems that the ward calls otherwise."""
        options = self.intake.senders.get(self.name, self.intake.options)
        return {ours: theirs for theirs, ours in options.systems.items()}

    def _read(self, kind: str, patient: str, done: Pulled) -> None:
        asked = {"patient": patient, "_count": str(_COUNT)}
        since = self.cursors.since(kind, patient)
        if since:
            asked["_lastUpdated"] = f"ge{since}"
        latest: datetime | None = None
        for one in self._search(kind, asked):
            if type_of(one) != kind:
                continue
            self._fetch_referred(one, done)
            self._take(one, done)
            changed = issued_at(one)
            if changed is not None and "lastUpdated" in one.get("meta", {}):
                latest = changed if latest is None else max(latest, changed)
        # only after the last page: pages come in any order
        if latest is not None:
            self.cursors.move(kind, patient, latest)

    def _search(self, kind: str, asked: Mapping[str, str]) -> Iterator[Resource]:
        """Read every page; by POST, so that no patient stands in an address of ours."""
        answer = self.server.send("POST", f"{kind}/_search", urlencode(asked).encode(), _FORM)
        for _ in range(_MOST_PAGES):
            bundle = answer.document()
            if answer.status != 200 or type_of(bundle) != "Bundle":
                raise _not_pulled(f"the server answered {answer.status} to a search for {kind}")
            for entry in _several(bundle.get("entry")):
                if type_of(entry.get("resource")):
                    yield entry["resource"]
            following = next(
                (one.get("url") for one in _several(bundle.get("link"))
                 if one.get("relation") == "next"),
                None,
            )  # fmt: skip
            if not isinstance(following, str):
                return
            answer = self.server.send("GET", following)
        raise _not_pulled("the pages of a search have no end")

    def _fetch_referred(self, resource: Resource, done: Pulled) -> None:
        """Read the drug or the device that a resource only refers to, where it is not here yet."""
        for name in ("medicationReference", "device"):
            one = resource.get(name)
            said = one.get("reference") if isinstance(one, Mapping) else None
            kind, _, identity = str(said or "").removeprefix(f"{self.server.base}/").partition("/")
            if kind not in REFERRED_TO or not _ID.fullmatch(identity):
                continue
            if self.intake.last(self.name, kind, identity) is None:
                answer = self.server.send("GET", f"{kind}/{identity}")
                found = answer.document()
                if answer.status == 200 and type_of(found) == kind:
                    self._take(found, done)

    def _take(self, resource: Resource, done: Pulled) -> None:
        done.resources += 1
        content = write_json(resource).encode()
        context = self.intake.context(self.name)
        try:
            check(resource)
        except Refused as refused:
            self._set_aside(resource, content, refused, context)
            done.aside += 1
            return
        taken = self.intake.take(with_id(resource), content, context)
        done.new += taken.receipt.outcome == "stored"
        done.aside += bool(taken.parked)

    def _set_aside(
        self, resource: Resource, content: bytes, refused: Refused, context: FhirContext
    ) -> None:
        """Keep what is not sound, and count it: who was asked for it cannot be told."""
        first = refused.problems[0]
        whose = resource.get("subject")
        numbers = context.whose(resource, whose) if isinstance(whose, Mapping) else ()
        parked = Parked("resource_unsound", f"{first.where}: {first.what}", identifiers=numbers)
        key = f"{self.name}|unsound|{hashlib.sha256(content).hexdigest()}"
        receipt = self.intake.ingest.accept(Message("fhir", key, content, (parked,)))
        if receipt.problem is not None:
            raise FileRefused(receipt.problem)


def _several(value: Any) -> Sequence[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _not_pulled(what: str) -> Refused:
    return refuse(NotAnswered, "not_pulled", what, where="the FHIR server")
