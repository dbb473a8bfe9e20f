"""What model and JSON Schema do not see: bindings, invariants, types of references."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from cartwheel.errors import Problem
from cartwheel.serve.fhir.json_text import Json, Resource

LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"

# required bindings; the schema has some of them as mere codes, and the model none
_STATUS: dict[str, frozenset[str]] = {
    "Observation": frozenset(
        {"registered", "preliminary", "final", "amended", "corrected", "cancelled",
         "entered-in-error", "unknown"}
    ),
    "Procedure": frozenset(
        {"preparation", "in-progress", "not-done", "on-hold", "stopped", "completed",
         "entered-in-error", "unknown"}
    ),
    "MedicationAdministration": frozenset(
        {"in-progress", "not-done", "on-hold", "completed", "entered-in-error", "stopped",
         "unknown"}
    ),
    "Encounter": frozenset(
        {"planned", "arrived", "triaged", "in-progress", "onleave", "finished", "cancelled",
         "entered-in-error", "unknown"}
    ),
    "DeviceUseStatement": frozenset(
        {"active", "completed", "entered-in-error", "intended", "stopped", "on-hold"}
    ),
    "Device": frozenset({"active", "inactive", "entered-in-error", "unknown"}),
    "Medication": frozenset({"active", "inactive", "entered-in-error"}),
}  # fmt: skip
_STATUS |= dict.fromkeys(("RiskAssessment", "DetectedIssue"), _STATUS["Observation"])

_WHOSE = frozenset({"Patient", "Group"})
_REFERENCES: Mapping[str, Mapping[str, frozenset[str]]] = {
    "Observation": {
        "subject": _WHOSE | {"Device", "Location"},
        "encounter": frozenset({"Encounter"}),
        "specimen": frozenset({"Specimen"}),
        "device": frozenset({"Device", "DeviceMetric"}),
        "derivedFrom": frozenset(
            {"DocumentReference", "ImagingStudy", "Media", "QuestionnaireResponse", "Observation",
             "MolecularSequence"}
        ),
        "performer": frozenset(
            {"Practitioner", "PractitionerRole", "Organization", "CareTeam", "Patient",
             "RelatedPerson"}
        ),
    },
    "Procedure": {"subject": _WHOSE, "encounter": frozenset({"Encounter"})},
    "MedicationAdministration": {
        "subject": _WHOSE,
        "context": frozenset({"Encounter", "EpisodeOfCare"}),
        "medicationReference": frozenset({"Medication"}),
    },
    "Encounter": {"subject": _WHOSE},
    "DeviceUseStatement": {"subject": _WHOSE, "device": frozenset({"Device"})},
    "Device": {"patient": frozenset({"Patient"})},
    "RiskAssessment": {"subject": _WHOSE, "encounter": frozenset({"Encounter"})},
    "DetectedIssue": {
        "patient": frozenset({"Patient"}),
        "author": frozenset({"Practitioner", "PractitionerRole", "Device"}),
    },
}  # fmt: skip
_LINKED = frozenset({"Patient", "RelatedPerson"})
_TYPED = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]+)?")

_Rule: TypeAlias = Callable[[Resource, str], Iterator[Problem]]


def own_problems(kind: str, resource: Resource, where: str) -> Iterator[Problem]:
    """Find what neither the model nor the JSON Schema of R4 finds.

    Parameters
    ----------
    kind : str
        Type of the resource.
    resource : mapping
        Of any shape.
    where : str
        What expressions begin with.

    Yields
    ------
    Problem
        ``element_empty``, ``code_binding``, ``reference_type``, ``invariant``.
    """
    yield from _empty(resource, where)
    yield from _status(kind, resource, where)
    yield from _references(kind, resource, where)
    rule = _RULES.get(kind)
    if rule is not None:
        yield from rule(resource, where)


def _empty(value: Json, where: str) -> Iterator[Problem]:
    """Find what says nothing: R4 allows no empty array, object or text, and no null."""
    items: Any
    if isinstance(value, Mapping):
        items = [(f"{where}.{key}" if str(key).isalnum() else where, key, one)
                 for key, one in value.items()]  # fmt: skip
    else:
        items = [(f"{where}[{place}]", "", one) for place, one in enumerate(value)]
    for place, key, one in items:
        if one is None:
            # in an array, null keeps the place of what has only an extension
            if isinstance(value, Mapping):
                yield Problem("element_empty", "null says nothing", place, "leave it out")
        elif isinstance(one, Mapping | list):
            if not one:
                yield Problem("element_empty", "an empty element", place, "leave it out")
            elif key != "div":
                yield from _empty(one, place)
        elif isinstance(one, str) and not one.strip():
            yield Problem("element_empty", "an empty text", place, "leave it out")


def _status(kind: str, resource: Resource, where: str) -> Iterator[Problem]:
    status = resource.get("status")
    allowed = _STATUS.get(kind)
    if allowed is None or not isinstance(status, str):
        return
    if status not in allowed:
        yield Problem(
            "code_binding", "the status is none of those that R4 allows", f"{where}.status",
            f"one of {', '.join(sorted(allowed))}",
        )  # fmt: skip


def _references(kind: str, resource: Resource, where: str) -> Iterator[Problem]:
    for name, allowed in _REFERENCES.get(kind, {}).items():
        value = resource.get(name)
        several = value if isinstance(value, list) else [value]
        for place, one in enumerate(several):
            at = f"{where}.{name}[{place}]" if isinstance(value, list) else f"{where}.{name}"
            yield from _reference(one, allowed, at)
    links = resource.get("link") if kind == "Patient" else None
    for place, one in enumerate(links if isinstance(links, list) else ()):
        if isinstance(one, Mapping):
            yield from _reference(one.get("other"), _LINKED, f"{where}.link[{place}].other")


def _reference(value: Json, allowed: frozenset[str], where: str) -> Iterator[Problem]:
    if not isinstance(value, Mapping):
        return
    named = reference_type(value.get("reference"))
    stated = value.get("type")
    for one in (named, stated):
        if isinstance(one, str) and one and one not in allowed:
            yield Problem(
                "reference_type", "it refers to something of another type", where,
                f"refer to {' or '.join(sorted(allowed))}",
            )  # fmt: skip
            return


def reference_type(reference: Json) -> str:
    """Tell the type that a literal reference names.

    Parameters
    ----------
    reference : object
        ``Patient/12``, an absolute one, ``urn:uuid:``, ``#contained`` or nothing.

    Returns
    -------
    str
        Empty where it names none.
    """
    match = _TYPED.fullmatch(reference) if isinstance(reference, str) else None
    return match[1] if match else ""


def _observation(resource: Resource, where: str) -> Iterator[Problem]:
    valued = any(key.startswith("value") for key in resource)
    if valued and "dataAbsentReason" in resource:
        yield Problem(
            "invariant", "obs-6: a reason why there is no value, beside a value",
            f"{where}.dataAbsentReason", "send either",
        )  # fmt: skip
    components = resource.get("component")
    if not valued or not isinstance(components, list):
        return
    own = _codings(resource.get("code"))
    for place, one in enumerate(components):
        if isinstance(one, Mapping) and own and own & _codings(one.get("code")):
            yield Problem(
                "invariant", "obs-7: a component has the code of the whole, which has a value too",
                f"{where}.component[{place}].code",
            )  # fmt: skip


def _codings(concept: Json) -> frozenset[tuple[Any, Any]]:
    codings = concept.get("coding") if isinstance(concept, Mapping) else None
    return frozenset(
        (str(one.get("system")), str(one["code"]))
        for one in (codings if isinstance(codings, list) else ())
        if isinstance(one, Mapping) and "code" in one
    )


def _patient(resource: Resource, where: str) -> Iterator[Problem]:
    if "deceasedBoolean" in resource and "deceasedDateTime" in resource:
        yield Problem("element_choice", "only one of the elements of a choice may be there", where)


def _bundle(resource: Resource, where: str) -> Iterator[Problem]:
    entries = resource.get("entry")
    if resource.get("type") not in ("transaction", "batch") or not isinstance(entries, list):
        return
    seen: set[str] = set()
    for place, one in enumerate(entries):
        at = f"{where}.entry[{place}]"
        if not isinstance(one, Mapping) or not isinstance(one.get("request"), Mapping):
            yield Problem("bundle_request", "bdl-3: an entry without a request", at)
            continue
        url = one.get("fullUrl")
        if isinstance(url, str) and url in seen:
            yield Problem("invariant", "bdl-7: two entries have the same address", f"{at}.fullUrl")
        if url:
            seen.add(str(url))


def _risk(resource: Resource, where: str) -> Iterator[Problem]:
    predictions = resource.get("prediction")
    for place, one in enumerate(predictions if isinstance(predictions, list) else ()):
        if not isinstance(one, Mapping):
            continue
        at = f"{where}.prediction[{place}]"
        if "probabilityDecimal" in one and "probabilityRange" in one:
            yield Problem("element_choice", "only one of the elements of a choice may be there", at)
        limits = one.get("probabilityRange")
        stated = [limits.get(key) for key in ("low", "high")] if isinstance(limits, Mapping) else []
        for limit in stated:
            if isinstance(limit, Mapping) and (limit.get("code"), limit.get("system")) != (
                "%", UCUM,
            ):  # fmt: skip
                yield Problem("invariant", "ras-1: the limits of a range are in percent", at)
        if isinstance(limits, Mapping) and not _is_percent(limits):
            yield Problem("invariant", "ras-2: a range is from 0 to 100, low to high", at)
        share = one.get("probabilityDecimal")
        if isinstance(share, Decimal | float | int) and not 0 <= share <= 1:
            yield Problem("invariant", "a probability is from 0 to 1", at)


def _is_percent(limits: Mapping[str, Any]) -> bool:
    values = [
        one.get("value") if isinstance(one, Mapping) else None
        for one in (limits.get("low"), limits.get("high"))
    ]
    known = [one for one in values if isinstance(one, Decimal | float | int)]
    return all(0 <= one <= 100 for one in known) and known == sorted(known)


_RULES: Mapping[str, _Rule] = {
    "RiskAssessment": _risk,
    "Observation": _observation,
    "Patient": _patient,
    "Bundle": _bundle,
}
