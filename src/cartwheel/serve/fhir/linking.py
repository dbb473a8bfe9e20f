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
from cartwheel.store.ward_log import KeptEvent, events_of
from cartwheel.store.ward_tables import entries
from cartwheel.watch.alert_rules import AlertRule
from cartwheel.watch.observation import Observation
from cartwheel.watch.standing import AlertEvent, InputAt
from cartwheel.watch.targets import shown

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
    made: list[dict[str, Any]] = []
    for one in several:
        resource = dict(one.resource)
        if resource["resourceType"] == "DetectedIssue":
            implicated = _implicated(connection, patient, one, links)
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


def _implicated(
    connection: Connection, patient: str, one: Written, links: Links
) -> list[dict[str, Any]]:
    alert = one.alert
    about = None if alert is None else links.rules.get(alert.rule)
    if alert is None or about is None:
        return []
    kind, named = about
    if kind == "name":
        return _by_value(connection, patient, alert, named, one.entry, links)
    events = events_of(connection, patient, kinds=("changed",))
    return _by_standing(patient, alert, named, one.entry, events)


def _by_value(
    connection: Connection, patient: str, alert: AlertEvent, name: str, entry: int, links: Links
) -> list[dict[str, Any]]:
    mark = entries.c.body.contains(f'"name":"{name}"', autoescape=True)
    values = [
        each.known
        for each in _observed(connection, patient, mark & (entries.c.number <= entry))
        if each.known.name == name and each.known.taken_at <= alert.at
    ]
    if not values:
        return []
    last = max(values, key=lambda each: each.taken_at)
    when = moment_text(last.taken_at)
    display = f"{name} {last.limit}{shown(last.value)} {last.unit}".strip()
    return [_reference(last.source, links, f"{display}, {when}")]


def _by_standing(
    patient: str, alert: AlertEvent, target: str, entry: int, events: Iterable[KeptEvent]
) -> list[dict[str, Any]]:
    at, mark = moment_text(alert.at), f'"target":"{target}"'
    fit = [one for one in events if one.entry <= entry and one.at <= at and mark in one.body]
    if not fit:
        return []
    last = max(fit, key=lambda one: (one.at, one.number))
    grade = '"kind":"grade"' in last.body
    # by its identifier: a server that gives ids itself finds it all the same
    return [
        {
            "type": "Observation" if grade else "RiskAssessment",
            "identifier": {"system": STANDING, "value": standing_id(patient, target, last.at)},
            "display": target,
        }
    ]
