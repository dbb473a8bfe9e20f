"""Searching what the ward says of a patient: a page of it, and where the next one is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Connection

from cartwheel.errors import CohortRefused, refuse
from cartwheel.serve.fhir.linking import Links, linked
from cartwheel.serve.fhir.written import KINDS, Written, written_of
from cartwheel.store.database import Store
from cartwheel.store.ward_log import events_of
from cartwheel.store.ward_people import own_identifiers, owners_of, root_of

_COUNT, _MOST = 50, 500
_WHOSE = ("patient", "subject")
_KNOWN = (*_WHOSE, "patient.identifier", "subject.identifier", "code", "method", "_id", "_count")
_EVENTS = {"RiskAssessment": ("changed",), "Observation": ("changed",), "DetectedIssue": ("alert",)}


def searched(
    store: Store, kind: str, parameters: Sequence[tuple[str, str]], base: str, *,
    strict: bool = False, rules: Mapping[str, tuple[str, str]] | None = None,
    systems: Mapping[str, str] | None = None,
) -> tuple[dict[str, Any], str]:  # fmt: skip
    """Find what the ward says of a patient, and who he is.

    Parameters
    ----------
    store : Store
        Where the log is.
    kind : str
        One of `KINDS`.
    parameters : sequence of (str, str)
        ``patient`` or ``subject`` (the ward's own id), or ``patient.identifier`` (system|value);
        ``code`` or ``method``; ``_id``; ``_count``.
    base : str
        Public address of this interface: links begin with it.
    strict : bool
        Whether a parameter that is not known is refused.
    rules : mapping, optional
        What alerts are about: see `linking.subjects_of`.
    systems : mapping of str to str, optional
        System of a number as the asker names it -> as the ward keeps it.

    Returns
    -------
    (dict, str)
        A Bundle of the type ``searchset``, the oldest first; the ward's own id, empty where nobody
        is known by this number.

    Raises
    ------
    CohortRefused
        ``patient_needed``, ``search_parameter``.
    """
    asked = _asked(parameters, strict=strict)
    with store.reading() as connection:
        patient = _patient(connection, asked, systems or {})
        found = _found(connection, kind, patient) if patient else []
        code = asked.get("code") or asked.get("method")
        found = [one for one in found if _fits(one, code, asked.get("_id"))]
        after, count = _number(asked, "_after", 0), _number(asked, "_count", _COUNT)
        rest = [one for one in found if one.event > after]
        page = rest[: min(count, _MOST)]
        linking = Links(base, "absolute", rules or {})
        resources = linked(connection, patient or "", page, linking)
    # the number of a record stands in no address
    numbers = ("patient.identifier", "subject.identifier")
    kept = {key: value for key, value in asked.items() if key not in ("_after", *numbers)}
    if patient:
        kept["patient"] = patient
    links = [_link("self", base, kind, {**kept, **_shown(after)})]
    if len(rest) > len(page) and page:
        links.append(_link("next", base, kind, {**kept, "_after": str(page[-1].event)}))
    bundle: dict[str, Any] = {
        "resourceType": "Bundle", "type": "searchset", "total": len(found), "link": links,
    }  # fmt: skip
    if page:
        bundle["entry"] = [
            {"fullUrl": f"{base}/{kind}/{one['id']}", "resource": one, "search": {"mode": "match"}}
            for one in resources
        ]  # fmt: skip
    return bundle, patient or ""


def _found(connection: Connection, kind: str, patient: str) -> list[Written]:
    assert kind in KINDS
    events = events_of(connection, patient, kinds=_EVENTS[kind])
    written = written_of(events, {"reference": f"Patient/{patient}"})
    return [one for one in written if one.resource["resourceType"] == kind]


def _asked(parameters: Sequence[tuple[str, str]], *, strict: bool) -> dict[str, str]:
    asked: dict[str, str] = {}
    for name, value in parameters:
        if name in (*_KNOWN, "_after"):
            asked[name] = value
        elif strict and not name.startswith("_"):
            raise refuse(
                CohortRefused, "search_parameter", "a parameter that is not known",
                mend=f"ask by {', '.join(_KNOWN)}",
            )  # fmt: skip
    return asked


def _patient(
    connection: Connection, asked: Mapping[str, str], systems: Mapping[str, str]
) -> str | None:
    own = next((asked[name] for name in _WHOSE if asked.get(name)), None)
    if own is not None:
        return _root(connection, own.rpartition("/")[2])
    numbered = asked.get("patient.identifier") or asked.get("subject.identifier")
    if not numbered or "|" not in numbered:
        raise refuse(
            CohortRefused, "patient_needed", "the search does not say of which patient",
            mend="ask with patient=ID, or patient.identifier=SYSTEM|VALUE by POST to _search",
        )  # fmt: skip
    system, _, value = numbered.partition("|")
    number = (systems.get(system, system), value)
    owner = owners_of(connection, [number]).get(number)
    return _root(connection, owner) if owner else None


def _root(connection: Connection, patient: str) -> str | None:
    """Find the record that counts, where some were folded into others."""
    return root_of(connection, patient) if own_identifiers(connection, patient) else None


def _fits(one: Written, code: str | None, identity: str | None) -> bool:
    if identity and one.resource["id"] != identity:
        return False
    if not code:
        return True
    concept = one.resource.get("method") or one.resource["code"]
    return any(each["code"] == code.rpartition("|")[2] for each in concept["coding"])


def _number(asked: Mapping[str, str], name: str, otherwise: int) -> int:
    text = asked.get(name)
    if text is None:
        return otherwise
    if not (text.isascii() and text.isdigit() and len(text) < 18):
        raise refuse(CohortRefused, "search_parameter", f"{name} is no number", where=name)
    return int(text)


def _shown(after: int) -> dict[str, str]:
    return {"_after": str(after)} if after else {}


def _link(relation: str, base: str, kind: str, asked: Mapping[str, str]) -> dict[str, str]:
    return {"relation": relation, "url": f"{base}/{kind}?{urlencode(asked)}"}
