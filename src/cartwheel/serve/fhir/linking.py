"""What an answer rests on, as references: to resources of a known server, else in words alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, or_, select

from cartwheel.serve.fhir.written import STANDING, Written, standing_id, used_text
from cartwheel.store.ward_json import known_of, moment_text
from cartwheel.store.ward_log import events_of
from cartwheel.store.ward_tables import entries
from cartwheel.watch.alert_rules import AlertRule
from cartwheel.watch.observation import Observation, supersedes
from cartwheel.watch.standing import AlertEvent, InputAt
from cartwheel.watch.targets import shown
from cartwheel.watch.track import LONG_AGO

_SOURCE = re.compile(
    r"(?P<base>https?://[^|\s]+)/(?P<type>Observation|Procedure|MedicationAdministration|"
    r"DeviceUseStatement)/(?P<id>[A-Za-z0-9\-.]{1,64})(?:\|.*)?",
    re.ASCII | re.DOTALL,
)
# moments in one question to the database
_AT_ONCE = 50
Away = Literal["absolute", "words"]


@dataclass(frozen=True, slots=True)
class Links:
    """How things are referred to.

    Parameters
    ----------
    base : str
        Of the server that is told: what it has itself is named by type and id.
    away : {"absolute", "words"}
        How what another server has is named.
    rules : mapping of str to str or (str, str)
        Rule of an alert -> ``target`` or ``name``, and which: see `subjects_of`.
    """

    base: str
    away: Away = "words"
    rules: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def subjects_of(alerts: Iterable[AlertRule]) -> dict[str, tuple[str, str]]:
    """Say what each alert rule is about.

    Parameters
    ----------
    alerts : iterable of AlertRule
        Of the ward file.

    Returns
    -------
    dict of str to (str, str)
        Rule -> ``("target", id)`` or ``("name", name)``; none for several conditions at once, and
        for a value that was not taken.
    """
    found: dict[str, tuple[str, str]] = {}
    for rule in alerts:
        target = getattr(rule.condition, "target", "")
        name = "" if hasattr(rule.condition, "every") else getattr(rule.condition, "name", "")
        if target:
            found[rule.id] = ("target", target)
        elif name:
            found[rule.id] = ("name", name)
    return found


def linked(
    connection: Connection, patient: str, several: Sequence[Written], links: Links
) -> list[dict[str, Any]]:
    """Give resources with what they rest on.

    Parameters
    ----------
    connection : Connection
        Any.
    patient : str
        The ward's own id.
    several : sequence of Written
        Of this patient.
    links : Links
        How things are referred to.

    Returns
    -------
    list of dict
        In the same order: ``basis`` of a RiskAssessment, ``derivedFrom`` of an Observation,
        ``implicated`` of a DetectedIssue.
    """
    moments = {used.taken_at for one in several for used in one.used if used.taken_at is not None}
    taken = _taken_at(connection, patient, moments)
    behind = _Behind(connection, patient, links)
    made: list[dict[str, Any]] = []
    for one in several:
        resource = dict(one.resource)
        if resource["resourceType"] == "DetectedIssue":
            implicated = behind.of(one)
            if implicated:
                resource["implicated"] = implicated
        elif one.used:
            key = "basis" if resource["resourceType"] == "RiskAssessment" else "derivedFrom"
            kinds = ("Observation",) if key == "derivedFrom" else ()
            resource[key] = [
                _reference(_of_input(used, taken, one.entry), links, used_text(used), kinds)
                for used in one.used
            ]
        made.append(resource)
    return made


@dataclass(frozen=True, slots=True)
class _Taken:
    entry: int
    known: Observation


def _taken_at(
    connection: Connection, patient: str, moments: Iterable[datetime]
) -> dict[datetime, list[_Taken]]:
    """Read what was taken at some moments: the rest of a long log stays unread."""
    wanted = sorted(moments)
    found: dict[datetime, list[_Taken]] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        marks = {f'"taken_at":"{one.isoformat()[:19]}' for one in wanted[start : start + _AT_ONCE]}
        asked = [entries.c.body.contains(mark, autoescape=True) for mark in sorted(marks)]
        for one in _observed(connection, patient, or_(*asked)):
            found.setdefault(one.known.taken_at, []).append(one)
    return found


def _observed(connection: Connection, patient: str, condition: Any) -> Iterable[_Taken]:
    rows = connection.execute(
        select(entries.c.number, entries.c.kind, entries.c.body)
        .where(entries.c.patient == patient, entries.c.kind == "observation", condition)
        .order_by(entries.c.number)
    )
    for row in rows:
        known = known_of(row.kind, row.body, patient)
        if isinstance(known, Observation):
            yield _Taken(row.number, known)


def _of_input(used: InputAt, taken: Mapping[datetime, Sequence[_Taken]], entry: int) -> str:
    """Find who calls a value what; nobody where two of them say the same."""
    if used.taken_at is None:
        return ""
    fit = [
        one.known
        for one in taken.get(used.taken_at, ())
        if one.entry <= entry
        and one.known.limit + shown(one.known.value) == used.value
        and one.known.unit == used.unit
    ]
    named = [one for one in fit if one.name == used.name] or fit
    sources = {one.source for one in named}
    return sources.pop() if len(sources) == 1 else ""


def _reference(
    source: str, links: Links, display: str, kinds: tuple[str, ...] = ()
) -> dict[str, Any]:
    match = _SOURCE.fullmatch(source)
    if match is None or (kinds and match["type"] not in kinds):
        return {"display": display}
    place = f"{match['type']}/{match['id']}"
    if match["base"] == links.base.rstrip("/"):
        return {"reference": place, "display": display}
    if links.away == "absolute":
        return {"reference": f"{match['base']}/{place}", "display": display}
    return {"display": display}


@dataclass(frozen=True, slots=True)
class _Answered:
    at: str
    number: int
    entry: int
    is_grade: bool


class _Behind:
    """What alerts are about: a long log is read once for all of them."""

    def __init__(self, connection: Connection, patient: str, links: Links) -> None:
        self._connection, self._patient, self._links = connection, patient, links
        self._values: dict[str, list[_Taken]] = {}
        self._answers: dict[str, list[_Answered]] = {}

    def of(self, one: Written) -> list[dict[str, Any]]:
        alert = one.alert
        about = None if alert is None else self._links.rules.get(alert.rule)
        if alert is None or about is None:
            return []
        kind, named = about
        if kind == "name":
            return self._value(named, alert, one.entry)
        return self._answer(named, alert, one.entry)

    def _value(self, name: str, alert: AlertEvent, entry: int) -> list[dict[str, Any]]:
        if name not in self._values:
            mark = entries.c.body.contains(f'"name":"{name}"', autoescape=True)
            several = _observed(self._connection, self._patient, mark)
            self._values[name] = [each for each in several if each.known.name == name]
        last = _counted(self._values[name], alert.at, entry)
        if last is None:
            return []
        display = f"{name} {last.limit}{shown(last.value)} {last.unit}".strip()
        return [_reference(last.source, self._links, f"{display}, {moment_text(last.taken_at)}")]

    def _answer(self, target: str, alert: AlertEvent, entry: int) -> list[dict[str, Any]]:
        if target not in self._answers:
            mark = f'"target":"{target}"'
            self._answers[target] = [
                _Answered(one.at, one.number, one.entry, '"kind":"grade"' in one.body)
                for one in events_of(self._connection, self._patient, kinds=("changed",))
                if mark in one.body
            ]
        at = moment_text(alert.at)
        fit = [one for one in self._answers[target] if one.entry <= entry and one.at <= at]
        if not fit:
            return []
        last = max(fit, key=lambda one: (one.at, one.number))
        value = standing_id(self._patient, target, last.at)
        # by its identifier: a server that gives ids itself finds it all the same
        return [
            {
                "type": "Observation" if last.is_grade else "RiskAssessment",
                "identifier": {"system": STANDING, "value": value},
                "display": target,
            }
        ]


def _counted(several: Iterable[_Taken], at: datetime, entry: int) -> Observation | None:
    """Find the last value that counted then: of each source the version in force."""
    versions: dict[str, Observation] = {}
    for one in several:
        old = versions.get(one.known.source)
        if one.entry <= entry and (old is None or supersedes(one.known, old)):
            versions[one.known.source] = one.known
    counting = [
        one for one in versions.values() if one.status != "withdrawn" and one.taken_at <= at
    ]
    return max(
        counting,
        key=lambda one: (one.taken_at, one.issued_at or LONG_AGO, one.source),
        default=None,
    )
