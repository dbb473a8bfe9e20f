"""Checking FHIR: each fault that one validator or another lets pass is refused."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from fhir_samples import (
    encounter,
    ferritin,
    given,
    patient,
    pressure,
    procedure,
    without,
)

from cartwheel.errors import CohortRefused
from cartwheel.serve.fhir.bundles import check_bundle
from cartwheel.serve.fhir.checking import check
from cartwheel.serve.fhir.json_text import read_json, write_json
from cartwheel.serve.fhir.outcomes import issue, outcome


def _problems(resource: Any) -> dict[str, str]:
    with pytest.raises(CohortRefused) as caught:
        check(resource)
    return {one.where: one.code for one in caught.value.problems}


@pytest.mark.parametrize(
    "make", [ferritin, pressure, procedure, given, patient, encounter], ids=lambda one: one.__name__
)
def test_what_is_sound_passes(make: Callable[[], dict[str, Any]]) -> None:
    check(read_json(write_json(make()).encode()))


_FAULTS = {
    "missing status": (without(ferritin(), "status"), "Observation.status", "element_required"),
    "wrong status code": (
        ferritin(status="finished"), "Observation.status", "code_binding"),
    "two values": (ferritin(valueString="much"), "Observation", "element_choice"),
    "unknown element": (ferritin(colour="red"), "Observation", "element_unknown"),
    "obs-6": (
        ferritin(dataAbsentReason={"text": "lost"}), "Observation.dataAbsentReason", "invariant"),
    "obs-7": (
        {**pressure(), "code": pressure()["component"][0]["code"], "valueInteger": 3},
        "Observation.component[0].code", "invariant"),
    "impossible date": (
        ferritin(effectiveDateTime="2026-02-30"), "Observation.effectiveDateTime",
        "element_value"),
    "wrong reference type": (
        ferritin(subject={"reference": "Medication/1"}), "Observation.subject", "reference_type"),
    "wrong type stated": (
        ferritin(subject={"type": "Specimen", "display": "x"}), "Observation.subject",
        "reference_type"),
    "empty array": (ferritin(category=[]), "Observation.category", "element_empty"),
    "empty object": (ferritin(method={}), "Observation.method", "element_empty"),
    "empty text": (
        ferritin(note=[{"text": " "}]), "Observation.note[0].text", "element_empty"),
    "null": (ferritin(method=None), "Observation.method", "element_empty"),
    "number as text": (
        ferritin(valueQuantity={"value": "7"}), "Observation.valueQuantity.value",
        "element_type"),
    "time without zone": (
        ferritin(effectiveDateTime="2026-03-01T12:00:00"), "Observation.effectiveDateTime",
        "element_value"),
    "status of a drug": (
        given(status="done"), "MedicationAdministration.status", "code_binding"),
    "status of a procedure": (procedure(status="final"), "Procedure.status", "code_binding"),
    "link of a patient": (
        patient(link=[{"other": {"reference": "Group/2"}, "type": "replaces"}]),
        "Patient.link[0].other", "reference_type"),
}  # fmt: skip


@pytest.mark.parametrize("fault", _FAULTS)
def test_each_fault_is_refused_at_its_place(fault: str) -> None:
    resource, where, code = _FAULTS[fault]
    found = _problems(resource)
    assert found.get(where) == code, found


def test_no_problem_repeats_what_was_sent() -> None:
    bad = patient(birthDate="31.12.1944", gender="Erika", name=[{"family": ["Musterfrau"]}])
    with pytest.raises(CohortRefused) as caught:
        check(bad)
    told = write_json(outcome(issue(one) for one in caught.value.problems))
    assert "1944" not in told
    assert "Musterfrau" not in told
    assert "Erika" not in told


def test_a_type_that_is_not_taken() -> None:
    assert _problems({"resourceType": "Condition"}) == {"Resource": "resource_type"}
    assert _problems([]) == {"Resource": "resource_type"}


def test_an_issue_says_code_place_and_words() -> None:
    with pytest.raises(CohortRefused) as caught:
        check(ferritin(status="finished"))
    (said,) = outcome(issue(one) for one in caught.value.problems)["issue"]
    assert said["code"] == "code-invalid"
    assert said["expression"] == ["Observation.status"]
    assert said["details"]["coding"][0]["code"] == "code_binding"
    assert "finished" not in said["diagnostics"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"{", "json_form"),
        (b"", "json_form"),
        (b'{"a":1,"a":1}', "json_key_twice"),
        (b'{"a":NaN}', "json_number"),
        (b'{"a":-Infinity}', "json_number"),
        (b'{"a":1e999999999}', "json_number"),
        (b'{"a":1' + b"0" * 50 + b"}", "json_number"),
        (b'{"a":0.' + b"0" * 50 + b"1}", "json_number"),
        (b'{"a":"\\u0000"}', "json_text"),
        (b'{"a":"\\ud800"}', "json_text"),
        (b'{"a\\u0000":1}', "json_text"),
        (b'\xff{"a":1}', "json_encoding"),
        (b'\xef\xbb\xbf{"a":1}', "json_encoding"),
        (b"[" * 50 + b"]" * 50, "json_too_deep"),
        (b"[" * 100_000, "json_too_deep"),
    ],
)
def test_json_that_is_refused(text: bytes, code: str) -> None:
    with pytest.raises(CohortRefused) as caught:
        read_json(text)
    assert caught.value.problems[0].code == code


def test_json_that_is_too_large() -> None:
    with pytest.raises(CohortRefused) as caught:
        read_json(b" " * 11, largest=10)
    assert caught.value.problems[0].code == "json_too_large"


@pytest.mark.parametrize("text", ["72.50", "0.10", "-3.0", "1E+2", "7", "1.0E-9", "100"])
def test_decimals_stay_as_they_are_written(text: str) -> None:
    read = read_json(f'{{"value":{text}}}'.encode())
    again = write_json(read)
    assert str(read["value"]) == text
    assert read_json(again.encode())["value"] == Decimal(text)
    assert again == f'{{"value":{text.replace("E+", "e").replace("E", "e")}}}'


def test_a_bundle_without_requests_is_no_transaction() -> None:
    with pytest.raises(CohortRefused) as caught:
        check_bundle({
            "resourceType": "Bundle", "type": "transaction", "entry": [{"resource": ferritin()}],
        })  # fmt: skip
    assert [one.code for one in caught.value.problems] == ["bundle_request"]


def test_a_document_is_no_transaction() -> None:
    with pytest.raises(CohortRefused) as caught:
        check_bundle({"resourceType": "Bundle", "type": "document"})
    assert [one.code for one in caught.value.problems] == ["bundle_type"]
