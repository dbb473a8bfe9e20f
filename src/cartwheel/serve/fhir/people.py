"""People: Patient says who somebody is, Encounter whether and where he is here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cartwheel.errors import CohortRefused, Refused, refuse
from cartwheel.serve.fhir.context import FhirContext, codings_of, issued_at, moment_in
from cartwheel.serve.fhir.json_text import Json, Resource
from cartwheel.watch.intake import Arrived, Identifiers, Item, Merge, Person, Place
from cartwheel.watch.observation import Observation, Status

_NAMES = ("official", "usual", "")
# stays in a bed; who comes to the clinic for an hour is not admitted by it
_STAYS = frozenset({"IMP", "ACUTE", "NONAC", "OBSENC", "SS"})
_HERE = frozenset({"arrived", "triaged", "in-progress", "onleave"})


def patient_items(resource: Resource, context: FhirContext) -> Iterator[Item]:
    """Read a Patient.

    Parameters
    ----------
    resource : mapping
        A sound one, with its id.
    context : FhirContext
        Of the sender.

    Yields
    ------
    Person, Merge, Arrived or Parked
        A link ``replaced-by`` folds this record into the other one, ``replaces`` the other way
        round. Death without its moment is parked.
    """
    identifiers = context.identifiers(resource)
    yield Person(identifiers, _name(resource))
    own = identifiers[:1]
    for link in resource.get("link", ()):
        other = context.whose(resource, link.get("other"))[:1]
        if not other or other == own:
            continue
        if link.get("type") == "replaced-by":
            yield Merge(other, own)
        elif link.get("type") == "replaces":
            yield Merge(own, other)
    if resource.get("deceasedDateTime") or resource.get("deceasedBoolean") is True:
        yield _milestone(
            "death", resource.get("deceasedDateTime"), "final", (resource, identifiers, context)
        )


def _name(resource: Resource) -> str | None:
    names = resource.get("name", ())
    for use in _NAMES:
        for one in names:
            if not use or one.get("use") == use:
                given = " ".join(one.get("given") or ())
                parts = [part for part in (one.get("family"), given) if part]
                shown = ", ".join(parts) or one.get("text", "")
                if shown:
                    return str(shown)[:200]
    return None


def encounter_items(resource: Resource, context: FhirContext) -> Iterator[Item]:
    """Read an Encounter: whether somebody is here, where, and since when no more.

    Parameters
    ----------
    resource : mapping
        A sound one.
    context : FhirContext
        Of the sender.

    Yields
    ------
    Person, Arrived or Parked
    """
    identifiers = context.whose(resource, resource.get("subject"))
    kind = resource.get("class")
    stays = isinstance(kind, Mapping) and kind.get("code") in _STAYS
    status = str(resource.get("status"))
    now = [one for one in resource.get("location", ()) if _is_now(one, status)]
    ward, bed = _where(now, "wa"), _where(now, "bd")
    shown = _location_name(now[0]) if now else ""
    place = _place(status, now, context) if stays else None
    period = _period(resource)
    if stays and status in (*_HERE, "finished") and period.get("start"):
        # first, so that who comes back is known to have come when the ward takes him
        yield _milestone("admission", period["start"], "final", (resource, identifiers, context))
    yield Person(identifiers, None, ward or shown or None, bed or None, place)
    if not stays:
        return
    ended = period.get("end")
    if status == "finished" and ended:
        yield _milestone("discharge", ended, "final", (resource, identifiers, context))


def _place(status: str, now: list[Any], context: FhirContext) -> Place | None:
    wards = context.options.wards
    if status in _HERE:
        if not wards:
            return "here"
        if not now:
            return None
        return "here" if any(set(_names(one)) & wards for one in now) else "left"
    return "left" if status == "finished" else None


def _is_now(one: Resource, status: str) -> bool:
    if status == "finished":
        return False
    period = one.get("period") or {}
    return one.get("status", "active") == "active" and "end" not in period


def _where(locations: list[Any], physical: str) -> str:
    for one in locations:
        if any(each.code == physical for each in codings_of(one.get("physicalType"))):
            return _location_name(one)
    return ""


def _location_name(one: Resource) -> str:
    return next(iter(_names(one)), "")[:80]


def _names(one: Resource) -> Iterator[str]:
    location = one.get("location") or {}
    identifier = location.get("identifier") or {}
    for text in (location.get("display"), location.get("reference"), identifier.get("value")):
        if text:
            yield str(text)


def _period(resource: Resource) -> Mapping[str, Any]:
    found = resource.get("period")
    return found if isinstance(found, Mapping) else {}


def _milestone(
    name: str, stated: Json, status: Status, of: tuple[Resource, Identifiers, FhirContext]
) -> Item:
    resource, identifiers, context = of
    try:
        if not stated:
            raise refuse(CohortRefused, "time_missing", "its moment is not stated", where=name)
        at = moment_in(stated, where=name)
    except Refused as refused:
        return context.parked(refused, None, identifiers, name=name)
    seen = Observation(
        "", name, at, None, "", "", status, context.source(resource, name), issued_at(resource)
    )
    return Arrived(identifiers, seen)
