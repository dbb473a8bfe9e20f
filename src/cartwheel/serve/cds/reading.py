"""What a request brings, read as values that arrive by FHIR are read; nothing is guessed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from cartwheel.clinic.dictionary import variables
from cartwheel.errors import Refused
from cartwheel.serve.fhir.checking import check
from cartwheel.serve.fhir.context import FhirContext
from cartwheel.serve.fhir.json_text import Json, Resource
from cartwheel.serve.fhir.observations import observation_items
from cartwheel.watch.intake import Arrived, Identifiers, Parked
from cartwheel.watch.observation import Observation, supersedes
from cartwheel.watch.policy import Policy
from cartwheel.watch.track import NO_TRACK, Track
from cartwheel.watch.view import View

# clocks of two machines differ; what is later than this was not taken yet
_AHEAD = timedelta(minutes=10)
# one sample by two interfaces: one of them cuts its moment to the minute
_SAME = timedelta(minutes=1)
_MOST_RESOURCES = 2000


@dataclass(frozen=True, slots=True)
class Brought:
    """What a request brings of one patient.

    Parameters
    ----------
    tracks : mapping of str to Track
        Values by name.
    identifiers : tuple of (str, str)
        Of the person.
    unread : tuple of str
        Names whose search failed: what is missing of them may well be there.
    set_aside : tuple of str
        Why values were not used, without the values.
    withdrawn : frozenset of (str, datetime)
        Names and moments of what the sender says does not count.
    """

    tracks: Mapping[str, Track] = field(default_factory=dict)
    identifiers: Identifiers = ()
    unread: tuple[str, ...] = ()
    set_aside: tuple[str, ...] = ()
    withdrawn: frozenset[tuple[str, datetime]] = frozenset()

    def filled(
        self, log: Mapping[str, Track], names: Iterable[str], policy: Policy, now: datetime,
        ageless: frozenset[str] = frozenset(),
    ) -> tuple[Brought, tuple[str, ...]]:  # fmt: skip
        """Take from the ward's own log what the request does not bring, or brings older.

        Parameters
        ----------
        log : mapping of str to Track
            Of the same patient.
        names : iterable of str
            That are needed.
        policy : Policy
            Of the ward: how long a value counts.
        now : datetime
            UTC.
        ageless : frozenset of str
            Names that count whatever their age.

        Returns
        -------
        (Brought, tuple of str)
            With the log's values too of names of which nothing that counts was sent, or of which
            the log has a later one, and these names. What the sender has withdrawn does not come
            back.
        """
        own = {name: self._left(name, log[name]) for name in names if name in log}
        here, there = View(policy, own, now), View(policy, self.tracks, now)
        tracks = dict(self.tracks)
        found: list[str] = []
        for name in sorted(own):
            look = View.last if name in ageless else View.latest
            mine, sent = look(here, name), look(there, name)
            if mine is None or (sent is not None and mine.taken_at <= sent.taken_at + _SAME):
                continue
            tracks[name] = _joined(tracks.get(name, NO_TRACK), own[name])
            found.append(name)
        return replace(self, tracks=tracks), tuple(found)

    def _left(self, name: str, track: Track) -> Track:
        gone = {taken_at for each, taken_at in self.withdrawn if each == name}
        return _track(one for one in track.values if one.taken_at not in gone)

    def view(self, policy: Policy, now: datetime, infusion: datetime | None) -> View:
        """Look at the patient now.

        Parameters
        ----------
        policy : Policy
            Of the ward.
        now : datetime
            UTC.
        infusion : datetime or None
            Day 0, where the ward knows it.

        Returns
        -------
        View
        """
        tracks = dict(self.tracks)
        if infusion is not None:
            began = Observation("", "infusion", infusion, None, source="the ward")
            tracks["infusion"] = NO_TRACK.put(began)
        return View(policy, tracks, now)


def _joined(sent: Track, own: Track) -> Track:
    """Put two tracks together; of one moment what was sent counts."""
    several = [one for one in own.values if one.taken_at not in sent.times]
    return _track(sorted((*sent.values, *several), key=lambda one: one.taken_at))


def _track(several: Iterable[Observation]) -> Track:
    values = tuple(several)
    return Track(tuple(one.taken_at for one in values), values)


@dataclass(slots=True)
class _Gathered:
    versions: dict[str, Observation] = field(default_factory=dict)
    set_aside: dict[str, None] = field(default_factory=dict)

    def take(self, one: Observation, has_id: bool = True) -> None:
        if not has_id:
            # two values without an id are not two versions of one
            one = replace(one, source=f"{len(self.versions)} {one.source}")
        before = self.versions.get(one.source)
        if before is None or supersedes(one, before):
            self.versions[one.source] = one


def read_brought(
    sent: Mapping[str, Json], names: Mapping[str, str], patient: str, context: FhirContext,
    now: datetime,
) -> Brought:  # fmt: skip
    """Read what was sent for the searches of a service.

    Parameters
    ----------
    sent : mapping of str to object
        By key: a resource, a Bundle, an OperationOutcome, or None.
    names : mapping of str to str
        Key -> name of the observations; empty for the person.
    patient : str
        Id of the patient in the sender's system: what is of somebody else is set aside.
    context : FhirContext
        With the centre's table of codes.
    now : datetime
        UTC.

    Returns
    -------
    Brought
    """
    gathered = _Gathered()
    identifiers: Identifiers = ()
    unread: list[str] = []
    for key, name in names.items():
        resources, failed = _resources(sent.get(key))
        if failed and name:
            unread.append(name)
        for one in resources:
            if one.get("resourceType") == "Patient" and not name:
                identifiers = identifiers or _person(one, patient, context, gathered, now)
            elif one.get("resourceType") == "Observation":
                _take(one, patient, context, gathered, now)
    every = gathered.versions.values()
    withdrawn = frozenset((one.name, one.taken_at) for one in every if one.status == "withdrawn")
    return Brought(_tracks(every), identifiers, tuple(unread), tuple(gathered.set_aside), withdrawn)


def _resources(sent: Json) -> tuple[list[Resource], bool]:
    """Give the resources of one search, and whether it failed."""
    if not isinstance(sent, Mapping):
        return [], sent is not None
    kind = sent.get("resourceType")
    if kind == "OperationOutcome":
        return [], True
    if kind != "Bundle":
        return [sent], False
    entries = sent.get("entry") or []
    if not isinstance(entries, Sequence) or isinstance(entries, str):
        return [], True
    found = [
        one["resource"]
        for one in entries[:_MOST_RESOURCES]
        if isinstance(one, Mapping) and isinstance(one.get("resource"), Mapping)
    ]
    outcomes = [one for one in found if one.get("resourceType") == "OperationOutcome"]
    return [one for one in found if one not in outcomes], bool(outcomes and len(found) == 1)


def _take(
    resource: Resource, patient: str, context: FhirContext, gathered: _Gathered, now: datetime
) -> None:
    if not _is_of(resource, patient):
        gathered.set_aside["a value of another patient"] = None
        return
    try:
        check(resource)
        items = list(observation_items(resource, context))
    except Refused as refused:
        first = refused.problems[0]
        gathered.set_aside[f"an Observation that is not sound ({first.code})"] = None
        return
    for item in items:
        if isinstance(item, Parked):
            gathered.set_aside[_why(item)] = None
        elif isinstance(item, Arrived):
            if item.observation.taken_at > now + _AHEAD:
                gathered.set_aside[f"{_label(item.observation.name)}: taken in the future"] = None
            else:
                gathered.take(item.observation, bool(resource.get("id")))


def _is_of(resource: Resource, patient: str) -> bool:
    subject = resource.get("subject")
    said = subject.get("reference") if isinstance(subject, Mapping) else None
    return isinstance(said, str) and (said == f"Patient/{patient}" or said.endswith(
        f"/Patient/{patient}"
    ))  # fmt: skip


def _why(item: Parked) -> str:
    return f"{_label(item.name) if item.name else item.code or 'a value'}: {item.reason}"


def _label(name: str) -> str:
    known = variables().get(name)
    return name if known is None else known.label


def _person(
    resource: Resource, patient: str, context: FhirContext, gathered: _Gathered, now: datetime
) -> Identifiers:
    if resource.get("id") != patient:
        gathered.set_aside["the record of another patient"] = None
        return ()
    try:
        check(resource)
        found = context.identifiers(resource)
    except Refused as refused:
        first = refused.problems[0]
        gathered.set_aside[f"a Patient that is not sound ({first.code})"] = None
        return ()
    years = _years(resource.get("birthDate"), now)
    if years is not None:
        gathered.take(Observation("", "age", now, Decimal(years), "years", source="birthDate"))
    return found


def _years(born: Any, now: datetime) -> int | None:
    """Count whole years; a year of birth alone leaves the age open."""
    try:
        day = date.fromisoformat(born) if isinstance(born, str) and len(born) == 10 else None
    except ValueError:
        return None
    if day is None or day > now.date():
        return None
    return now.year - day.year - ((now.month, now.day) < (day.month, day.day))


def _tracks(versions: Iterable[Observation]) -> dict[str, Track]:
    found: dict[str, Track] = {}
    for one in sorted(versions, key=lambda each: each.taken_at):
        if one.status != "withdrawn":
            found[one.name] = found.get(one.name, NO_TRACK).put(one)
    return found
