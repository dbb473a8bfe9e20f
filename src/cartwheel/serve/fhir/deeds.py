"""What was done and given: Procedure, MedicationAdministration, DeviceUseStatement.

Only the centre's table says what a procedure or a drug is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cartwheel.errors import CohortRefused, Refused, refuse
from cartwheel.serve.fhir.context import (
    FhirContext,
    codings_of,
    forms_of,
    issued_at,
    moment_in,
)
from cartwheel.serve.fhir.json_text import Resource
from cartwheel.watch.code_values import Said, read_said
from cartwheel.watch.codes import Coding, Meaning
from cartwheel.watch.intake import Arrived, Item
from cartwheel.watch.observation import NameKind, Observation, Status, Value, names_known

_DONE: Mapping[str, Status | None] = {
    "completed": "final", "in-progress": "final", "stopped": "final", "active": "final",
    "not-done": "withdrawn", "entered-in-error": "withdrawn",
    "preparation": None, "intended": None,
}  # fmt: skip

_KINDS: Mapping[str, tuple[NameKind, ...]] = {
    "Procedure": ("milestone", "treatment", "yes_no"),
    "MedicationAdministration": ("treatment", "milestone", "yes_no"),
    "DeviceUseStatement": ("choice", "yes_no"),
}
_TIMES: Mapping[str, str] = {
    "Procedure": "performed", "MedicationAdministration": "effective",
    "DeviceUseStatement": "timing",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Deed:
    """Something done or given, of any of the three types."""

    kind: str
    resource: Resource
    concept: Any
    codings: tuple[Coding, ...]
    status: Status


def deed_items(resource: Resource, context: FhirContext) -> Iterator[Item]:
    """Read what was done or given.

    Parameters
    ----------
    resource : mapping
        A sound Procedure, MedicationAdministration or DeviceUseStatement.
    context : FhirContext
        Of the sender.

    Yields
    ------
    Arrived or Parked
        Nothing for what is only planned.
    """
    identifiers = context.whose(resource, resource.get("subject"))
    codings: tuple[Coding, ...] = ()
    name = ""
    try:
        concept = _concept(resource, context)
        codings = codings_of(concept)
        status = _status(resource)
        if status is None:
            return
        deed = _Deed(str(resource["resourceType"]), resource, concept, codings, status)
        if status == "withdrawn":
            meaning = context.codes.name_alone(context.interfaces, codings)
        else:
            meaning = context.codes.meaning(context.interfaces, codings, "")
        name = meaning.name
        yield Arrived(identifiers, _observation(deed, meaning, context))
    except Refused as refused:
        yield context.parked(refused, codings[0] if codings else None, identifiers, name=name)


def _status(resource: Resource) -> Status | None:
    status = resource.get("status")
    if status not in _DONE:
        raise refuse(
            CohortRefused, "status_unknown", "the status does not say whether it was done",
            where=f"{resource['resourceType']}.status",
        )  # fmt: skip
    return _DONE[str(status)]


def _concept(resource: Resource, context: FhirContext) -> Any:
    kind = resource["resourceType"]
    if kind == "Procedure":
        return resource.get("code")
    if kind == "MedicationAdministration":
        own = resource.get("medicationCodeableConcept")
        reference = resource.get("medicationReference")
    else:
        own, reference = None, resource.get("device")
    if own is not None:
        return own
    found = context.find(resource, reference)
    if found is not None:
        concept = found.get("code") if kind == "MedicationAdministration" else found.get("type")
        if concept is not None:
            return concept
    shown = reference.get("display") if isinstance(reference, Mapping) else None
    if shown:
        return {"text": shown}
    raise refuse(
        CohortRefused, "reference_unresolved", "what it refers to was not sent with it",
        where=str(kind), mend="send it contained, in the same bundle, or with its name",
    )  # fmt: skip


def _observation(deed: _Deed, meaning: Meaning, context: FhirContext) -> Observation:
    kind = names_known()[meaning.name]
    if kind not in _KINDS[deed.kind]:
        raise refuse(
            CohortRefused, "code_kind", f"its code stands for a {kind} in the table of codes",
            where=meaning.name, mend="give it the name of a treatment or of a milestone",
        )  # fmt: skip
    begun, ended = _moments(deed, meaning)
    ends = _end(deed, meaning, begun, ended) if kind == "treatment" else None
    value: Value = None
    if deed.status != "withdrawn" and kind != "milestone":
        value = _value(deed, meaning, kind)
    return Observation(
        "", meaning.name, begun, value, "", "", deed.status, context.source(deed.resource),
        issued_at(deed.resource), ends,
    )  # fmt: skip


def _moments(deed: _Deed, meaning: Meaning) -> tuple[datetime, datetime | None]:
    stem = _TIMES[deed.kind]
    where = f"{deed.kind}.{stem}"
    span = deed.resource.get(f"{stem}Period")
    if isinstance(span, Mapping):
        begun = moment_in(span.get("start"), day_is_enough=meaning.day_is_enough, where=where)
        stop = span.get("end")
        return begun, moment_in(stop, where=where) if stop else None
    stated = deed.resource.get(f"{stem}DateTime")
    return moment_in(stated, day_is_enough=meaning.day_is_enough, where=where), None


def _end(deed: _Deed, meaning: Meaning, begun: datetime, ended: datetime | None) -> datetime | None:
    """Say when it was stopped; what runs is over at once where only the moment of it is told."""
    if deed.status == "withdrawn":
        return None
    if ended is not None and ended < begun:
        raise refuse(CohortRefused, "time_order", "it ends before it begins", where=deed.kind)
    if meaning.name != "vasopressors":
        return ended if ended is not None and ended > begun else None
    if ended is None and deed.resource.get("status") in ("completed", "stopped"):
        if "effectivePeriod" in deed.resource:
            raise refuse(
                CohortRefused, "time_missing", "it is over, and nothing says since when",
                where=f"{deed.kind}.{_TIMES[deed.kind]}",
            )  # fmt: skip
        return begun
    return ended


def _value(deed: _Deed, meaning: Meaning, kind: NameKind) -> Value:
    if kind == "yes_no" and not meaning.values:
        return True  # it was done: that is the answer
    return read_said(meaning, Said("", (forms_of(deed.concept),))).value
