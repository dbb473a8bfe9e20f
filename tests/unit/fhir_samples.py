"""Resources for tests of FHIR, made here."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from cartwheel.serve.fhir.checking import check
from cartwheel.serve.fhir.context import FhirContext, FhirOptions
from cartwheel.serve.fhir.json_text import write_json
from cartwheel.serve.fhir.parsing import items_of
from cartwheel.watch.codes import CodeRow, CodeTable
from cartwheel.watch.intake import Arrived, Item, Parked
from cartwheel.watch.observation import Observation

UCUM = "http://unitsofmeasure.org"
LOCAL = "http://north.example/codes"
MRN = "http://north.example/mrn"

CODES = CodeTable(
    [
        CodeRow(LOCAL, "CART", "infusion", day_is_enough=True),
        CodeRow(LOCAL, "TOCI", "anticytokine"),
        CodeRow(LOCAL, "NORA", "vasopressors", values=(("NORA", "norepinephrine"),)),
        CodeRow(LOCAL, "O2DEV", "oxygen_device",
                values=(("HFNC", "high-flow nasal cannula"), ("RA", "room air"))),
        CodeRow(LOCAL, "CRPX", "crp"),
    ]
)  # fmt: skip


def ferritin(**more: Any) -> dict[str, Any]:
    """A sound Observation of ferritin, 72.50 ug/L."""
    return {
        "resourceType": "Observation",
        "id": "f1",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "2276-4"}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2026-03-01T12:00:00+01:00",
        "issued": "2026-03-01T12:30:00Z",
        "valueQuantity": {
            "value": Decimal("72.50"), "unit": "ug/L", "system": UCUM, "code": "ug/L",
        },
        **more,
    }  # fmt: skip


def pressure(**more: Any) -> dict[str, Any]:
    """A blood pressure: two components."""

    def part(code: str, value: int) -> dict[str, Any]:
        return {
            "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
            "valueQuantity": {"value": value, "unit": "mmHg", "system": UCUM, "code": "mm[Hg]"},
        }

    made = ferritin(id="bp1", component=[part("8480-6", 85), part("8462-4", 50)])
    made["code"] = {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]}
    del made["valueQuantity"]
    return {**made, **more}


def procedure(**more: Any) -> dict[str, Any]:
    """An infusion."""
    return {
        "resourceType": "Procedure",
        "id": "cart",
        "status": "completed",
        "code": {"coding": [{"system": LOCAL, "code": "CART"}]},
        "subject": {"reference": "Patient/p1"},
        "performedDateTime": "2026-02-20",
        **more,
    }


def given(code: str = "TOCI", **more: Any) -> dict[str, Any]:
    """A drug that was given."""
    return {
        "resourceType": "MedicationAdministration",
        "id": "drug1",
        "status": "completed",
        "medicationCodeableConcept": {
            "coding": [{"system": LOCAL, "code": code, "display": "tocilizumab"}]
        },
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2026-03-01T10:00:00Z",
        **more,
    }


def patient(**more: Any) -> dict[str, Any]:
    """Somebody."""
    return {
        "resourceType": "Patient",
        "id": "p1",
        "identifier": [{"system": MRN, "value": "4711"}],
        "name": [{"use": "official", "family": "Musterfrau", "given": ["Erika"]}],
        **more,
    }


def encounter(**more: Any) -> dict[str, Any]:
    """A stay."""
    return {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "in-progress",
        "class": {
            "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP",
        },
        "subject": {"reference": "Patient/p1"},
        "location": [{"location": {"display": "Ward 7"}}],
        **more,
    }  # fmt: skip


def without(resource: dict[str, Any], *names: str) -> dict[str, Any]:
    """Leave elements out."""
    return {key: value for key, value in resource.items() if key not in names}


def text_of(resource: Any) -> bytes:
    """Write a resource as a sender would: decimals keep their digits."""
    return write_json(resource).encode()


def read(resource: dict[str, Any], options: FhirOptions | None = None) -> tuple[Item, ...]:
    """Check and read a resource."""
    check(resource)
    return items_of(resource, FhirContext(CODES, options or FhirOptions()))


def seen(items: Sequence[Item]) -> list[Observation]:
    return [one.observation for one in items if isinstance(one, Arrived)]


def waiting(items: Sequence[Item]) -> list[Parked]:
    return [one for one in items if isinstance(one, Parked)]
