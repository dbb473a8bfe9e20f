"""Writing back: what the ward says is put to the hospital's server, once, whatever happens."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, Connection, select

from cartwheel.errors import FileRefused, Refused, refuse
from cartwheel.serve.fhir.http import FhirServer
from cartwheel.serve.fhir.json_text import write_json
from cartwheel.serve.fhir.linking import Links, linked
from cartwheel.serve.fhir.written import KINDS, name_of, written_of
from cartwheel.store.database import Store
from cartwheel.store.ward_log import KeptEvent
from cartwheel.store.ward_outbox import OutboxRow, Subscription
from cartwheel.store.ward_people import identifiers_of
from cartwheel.store.ward_tables import events
from cartwheel.watch.intake import Identifiers
from cartwheel.watch.standing import AlertEvent, Event

KIND = "fhir"
By = Literal["id", "identifier"]


def fhir_subscription(
    target: str, kinds: tuple[str, ...] = ("RiskAssessment", "DetectedIssue")
) -> Subscription:
    """Say which events a hospital's server is told of.

    Parameters
    ----------
    target : str
        Name of it in the settings.
    kinds : tuple of str
        Of ``RiskAssessment``, ``Observation`` (grades), ``DetectedIssue`` (alerts).

    Returns
    -------
    Subscription
    """

    def wants(event: Event) -> bool:
        if isinstance(event, AlertEvent):
            return "DetectedIssue" in kinds
        grade = event.after.kind == "grade"
        return ("Observation" if grade else "RiskAssessment") in kinds

    return Subscription(target, KIND, wants)


def fhir_sender(
    store: Store, server: FhirServer, by: By = "id",
    rules: Mapping[str, tuple[str, str]] | None = None, systems: Mapping[str, str] | None = None,
) -> Callable[[OutboxRow], None]:  # fmt: skip
    """Make what puts rows of the outbox to a server.

    Parameters
    ----------
    store : Store
        Where the log is.
    server : FhirServer
        The hospital's.
    by : {"id", "identifier"}
        How a resource is the same one when it is put again: ``PUT Type/id`` with an id of ours, or
        ``PUT Type?identifier=...`` for servers that give ids themselves.
    rules : mapping, optional
        What alerts are about: see `linking.subjects_of`.
    systems : mapping of str to str, optional
        System of a number as the server names it -> as the ward keeps it.

    Returns
    -------
    callable
        Takes an `OutboxRow`; raises FileRefused ``not_delivered`` unless the server has it. Sent
        twice, it is there once.
    """

    def deliver(row: OutboxRow) -> None:
        _put(server, resource_for(store, row, server.base, rules, systems), by)

    return deliver


def resource_for(
    store: Store, row: OutboxRow, base: str, rules: Mapping[str, tuple[str, str]] | None = None,
    systems: Mapping[str, str] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Write what a row of the outbox is about, as it is known now.

    Parameters
    ----------
    store : Store
        Where the log is.
    row : OutboxRow
        Of this kind.
    base : str
        Of the server: the patient is named by his id there, else by one of his identifiers; values
        that it has itself are referred to.
    rules : mapping, optional
        What alerts are about: see `linking.subjects_of`.
    systems : mapping of str to str, optional
        System of a number as the server names it -> as the ward keeps it.

    Returns
    -------
    dict
        RiskAssessment, Observation or DetectedIssue. A row that is sent late, after a later one of
        the same thing, says what that one said: nothing newer is overwritten.

    Raises
    ------
    FileRefused
        ``not_delivered`` where the patient has no number.
    """
    event = int(json.loads(row.body)["event"])
    with store.reading() as connection:
        subject = _subject(identifiers_of(connection, row.patient), base, systems or {})
        mine = next(_events(connection, events.c.number == event), None)
        if mine is None:
            raise _not_delivered("the event is not in the log")
        # a thing is what was said of one moment, or one alert: the rest need not be read
        same = (events.c.patient == mine.patient) & (events.c.kind == mine.kind)
        if mine.kind != "alert":
            same &= events.c.at == mine.at
        name = name_of(mine)
        written = written_of(_events(connection, same), subject)
        one = next(one for one in written if one.resource["id"] == name)
        (resource,) = linked(connection, row.patient, [one], Links(base, "words", rules or {}))
    assert resource["resourceType"] in KINDS
    return resource


def _events(connection: Connection, condition: ColumnElement[bool]) -> Iterator[KeptEvent]:
    for row in connection.execute(select(events).where(condition).order_by(events.c.number)):
        yield KeptEvent(row.number, row.entry_number, row.ordinal, row.patient, row.at,
                        row.known_at, row.kind, row.body)  # fmt: skip


def _subject(numbers: Identifiers, base: str, systems: Mapping[str, str]) -> dict[str, Any]:
    there = f"{base.rstrip('/')}/Patient"
    for system, value in numbers:
        if system == there:
            return {"reference": f"Patient/{value}"}
    named = {ours: theirs for theirs, ours in systems.items()}
    for own, value in numbers:
        system = named.get(own, own)
        # an identifier of FHIR has a URI as its system; an id on another server is none
        if ":" in system and not system.endswith("/Patient"):
            return {"type": "Patient", "identifier": {"system": system, "value": value}}
    raise _not_delivered("the patient has no number that this server knows")


def _put(server: FhirServer, resource: dict[str, Any], by: By) -> None:
    kind = resource["resourceType"]
    body = {key: value for key, value in resource.items() if key != "meta"}
    if by == "id":
        path = f"{kind}/{resource['id']}"
    else:
        one = resource["identifier"][0]
        path = f"{kind}?{urlencode({'identifier': one['system'] + '|' + one['value']})}"
        del body["id"]
    try:
        answer = server.send("PUT", path, write_json(body).encode(), {"Prefer": "return=minimal"})
    except Refused as refused:
        raise _not_delivered(refused.problems[0].what) from None
    if not 200 <= answer.status < 300:
        raise _not_delivered(f"the server answered {answer.status}")


def _not_delivered(what: str) -> FileRefused:
    found = refuse(
        FileRefused, "not_delivered", what, where="the FHIR server", mend="look at the server"
    )
    assert isinstance(found, FileRefused)
    return found
