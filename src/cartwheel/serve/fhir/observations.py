"""Observation: the value and each component becomes a value of the ward, or is parked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal, TypeAlias

from cartwheel.errors import CohortRefused, Refused, refuse
from cartwheel.serve.fhir.context import (
    FhirContext,
    codings_of,
    forms_of,
    issued_at,
    moment_in,
)
from cartwheel.serve.fhir.json_text import Resource
from cartwheel.serve.fhir.rules import UCUM
from cartwheel.watch.code_values import Reading, Said, looks_like_number, read_said
from cartwheel.watch.codes import Coding, Meaning
from cartwheel.watch.intake import Arrived, Identifiers, Item
from cartwheel.watch.observation import Observation, Status, names_known

Outcome: TypeAlias = Status | Literal["none"]

_STATUS: Mapping[str, Status] = {
    "registered": "preliminary", "preliminary": "preliminary", "final": "final",
    "amended": "corrected", "corrected": "corrected",
    "entered-in-error": "withdrawn", "cancelled": "withdrawn",
}  # fmt: skip
_COMPARATORS = frozenset({"", "<", ">", "<=", ">="})
_JUST_BEFORE = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class _Part:
    """The whole of an Observation, or one component of it."""

    element: Resource
    codings: tuple[Coding, ...]
    unit: str
    source: str
    where: str


@dataclass(frozen=True, slots=True)
class _Of:
    """What is the same for the parts of one Observation."""

    resource: Resource
    outcome: Outcome
    identifiers: Identifiers
    context: FhirContext
    issued: datetime | None


def observation_items(resource: Resource, context: FhirContext) -> Iterator[Item]:
    """Read an Observation.

    Parameters
    ----------
    resource : mapping
        A sound one.
    context : FhirContext
        Of the sender.

    Yields
    ------
    Arrived or Parked
        Nothing for what has no value yet. A correction without a value, or with one that cannot be
        read, takes back what it corrects: the sender has said that it is wrong.
    """
    identifiers = context.whose(resource, resource.get("subject"))
    parts = list(_parts(resource, context))
    try:
        outcome = _outcome(resource)
    except Refused as refused:
        for part in parts:
            yield context.parked(refused, _first(part), identifiers, unit=part.unit)
        return
    of = _Of(resource, outcome, identifiers, context, issued_at(resource))
    for part in parts:
        yield from _items(part, of)


def _outcome(resource: Resource) -> Status:
    status = resource.get("status")
    if status not in _STATUS:
        raise refuse(
            CohortRefused, "status_unknown", "the status is not known", where="Observation.status"
        )
    return _STATUS[str(status)]


def _parts(resource: Resource, context: FhirContext) -> Iterator[_Part]:
    components = resource.get("component", ())
    if not components or _value_name(resource):
        yield _part(resource, context.source(resource), "Observation")
    for place, one in enumerate(components):
        first = next(iter(codings_of(one.get("code"))), Coding("", str(place)))
        source = context.source(resource, first.system, first.code)
        yield _part(one, source, f"Observation.component[{place}]")


def _part(element: Resource, source: str, where: str) -> _Part:
    quantity = element.get("valueQuantity")
    unit = unit_of(quantity) if isinstance(quantity, Mapping) else ""
    return _Part(element, codings_of(element.get("code")), unit, source, where)


def _first(part: _Part) -> Coding | None:
    return part.codings[0] if part.codings else None


def unit_of(quantity: Resource) -> str:
    """Give the unit of a quantity: its code where that is UCUM, else as it is called.

    Parameters
    ----------
    quantity : mapping
        Quantity.

    Returns
    -------
    str
        Empty without one.
    """
    code, unit = str(quantity.get("code", "")), str(quantity.get("unit", ""))
    return code if code and (quantity.get("system") == UCUM or not unit) else unit


def _items(part: _Part, of: _Of) -> Iterator[Item]:
    name = ""
    try:
        if of.outcome == "withdrawn" or _is_taken_back(part, of):
            yield _withdrawn(part, of)
            return
        if not _value_name(part.element) and not _is_milestone(part, of):
            if of.outcome == "preliminary" or "dataAbsentReason" in part.element:
                return  # no value yet, or none can be had
            raise refuse(CohortRefused, "value_missing", "no value", where=part.where)
        meaning = of.context.codes.meaning(of.context.interfaces, part.codings, part.unit)
        name = meaning.name
        yield _arrived(part, meaning, of)
    except Refused as refused:
        yield of.context.parked(refused, _first(part), of.identifiers, unit=part.unit, name=name)
        if of.outcome == "corrected":
            yield from _taken_back(part, of)


def _is_taken_back(part: _Part, of: _Of) -> bool:
    return (
        of.outcome == "corrected" and not _value_name(part.element) and not _is_milestone(part, of)
    )


def _is_milestone(part: _Part, of: _Of) -> bool:
    try:
        meaning = of.context.codes.meaning(of.context.interfaces, part.codings, "")
    except Refused:
        return False
    return names_known()[meaning.name] == "milestone"


def _arrived(part: _Part, meaning: Meaning, of: _Of) -> Arrived:
    own = part.element.get("valueDateTime")
    milestone = names_known()[meaning.name] == "milestone"
    if milestone and own:
        taken_at = moment_in(own, day_is_enough=meaning.day_is_enough, where="Observation.value")
    else:
        taken_at = _taken_at(of.resource, meaning)
    if milestone:
        reading = Reading(meaning.name, None)
    else:
        reading = read_said(meaning, _said(part, tabled=not meaning.loinc))
    assert of.outcome != "none"
    return Arrived(
        of.identifiers,
        Observation(
            "", reading.name, taken_at, reading.value, reading.unit, reading.limit, of.outcome,
            part.source, of.issued,
        ),
    )  # fmt: skip


def _withdrawn(part: _Part, of: _Of, issued: datetime | None = None) -> Arrived:
    context = of.context
    meaning = context.codes.name_alone(context.interfaces, part.codings)
    taken_at = _taken_at(of.resource, meaning)
    return Arrived(
        of.identifiers,
        Observation(
            "", meaning.name, taken_at, None, "", "", "withdrawn", part.source,
            issued or of.issued,
        ),
    )  # fmt: skip


def _taken_back(part: _Part, of: _Of) -> Iterator[Item]:
    """Withdraw what cannot be read corrected; dated just before, so that the correction counts."""
    if of.issued is None:
        return
    try:
        yield _withdrawn(part, of, of.issued - _JUST_BEFORE)
    except Refused:
        return  # without a name or a moment there is nothing to take back


def _taken_at(resource: Resource, meaning: Meaning) -> datetime:
    for name in ("effectivePeriod", "effectiveTiming"):
        if name in resource:
            raise refuse(
                CohortRefused, "time_period", "a time span stands where a moment is needed",
                where=f"Observation.{name}", mend="send effectiveDateTime",
            )  # fmt: skip
    stated = resource.get("effectiveDateTime") or resource.get("effectiveInstant")
    return moment_in(
        stated, day_is_enough=meaning.day_is_enough, where="Observation.effectiveDateTime"
    )


def _value_name(element: Resource) -> str:
    return next((key for key in element if key.startswith("value")), "")


def _said(part: _Part, *, tabled: bool) -> Said:
    element = part.element
    name = _value_name(element)
    value = element[name]
    if name == "valueQuantity":
        return Said(_number(value, part.where))
    if name == "valueInteger":
        return Said(str(value))
    if name == "valueBoolean":
        return Said("", (("yes" if value else "no", "true" if value else "false"),))
    if name == "valueCodeableConcept":
        forms = forms_of(value)
        if not forms:
            raise refuse(CohortRefused, "value_missing", "an answer without a code or words")
        return Said("", (forms,))
    if name == "valueString" and tabled:
        words = " ".join(value.split())
        return Said(words if looks_like_number(words) else "", ((words,),))
    mend = "give its code a line in the table of codes" if name == "valueString" else ""
    raise refuse(
        CohortRefused, "value_type", f"{name} is not read under this code",
        where=f"{part.where}.{name}", mend=mend or "send valueQuantity",
    )  # fmt: skip


def _number(quantity: Resource, where: str) -> str:
    number = quantity.get("value")
    if not isinstance(number, Decimal | int) or isinstance(number, bool):
        raise refuse(
            CohortRefused, "value_missing", "a quantity without a value",
            where=f"{where}.valueQuantity",
        )  # fmt: skip
    comparator = str(quantity.get("comparator", ""))
    if comparator not in _COMPARATORS:
        raise refuse(CohortRefused, "value_form", "the comparator is not known", where=where)
    return f"{comparator}{number}"
