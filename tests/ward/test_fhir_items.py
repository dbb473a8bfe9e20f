"""FHIR resources as items of the ward: values, units, moments, status, people."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from fhir_samples import (
    CODES,
    LOCAL,
    MRN,
    UCUM,
    encounter,
    ferritin,
    given,
    patient,
    pressure,
    procedure,
    read,
    seen,
    waiting,
    without,
)

from cartwheel.serve.fhir.context import FhirContext, FhirOptions
from cartwheel.serve.fhir.parsing import items_of, with_withdrawals
from cartwheel.watch.intake import Arrived, Merge, Person

ELEVEN = datetime(2026, 3, 1, 11, tzinfo=UTC)


def _reason(resource: dict[str, Any]) -> str:
    (one,) = waiting(read(resource))
    return one.reason


def _one(resource: dict[str, Any]) -> Any:
    (one,) = seen(read(resource))
    return one


def test_a_value_is_read_whole() -> None:
    (arrived,) = read(ferritin(), FhirOptions("https://north.example/fhir"))
    assert isinstance(arrived, Arrived)
    assert arrived.identifiers == (("https://north.example/fhir/Patient", "p1"),)
    one = arrived.observation
    assert (one.patient, one.name, str(one.value), one.unit) == ("", "ferritin", "72.50", "ug/L")
    assert one.taken_at == ELEVEN
    assert one.issued_at == datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    assert (one.status, one.limit) == ("final", "")
    assert one.source == "https://north.example/fhir/Observation/f1"


@pytest.mark.parametrize(
    ("status", "kept"),
    [
        ("registered", "preliminary"),
        ("preliminary", "preliminary"),
        ("final", "final"),
        ("amended", "corrected"),
        ("corrected", "corrected"),
        ("entered-in-error", "withdrawn"),
        ("cancelled", "withdrawn"),
    ],
)
def test_status(status: str, kept: str) -> None:
    one = _one(ferritin(status=status))
    assert one.status == kept
    assert (one.value is None) == (kept == "withdrawn")


def test_a_status_that_is_unknown_waits() -> None:
    assert _reason(ferritin(status="unknown")) == "status_unknown"


@pytest.mark.parametrize(
    ("quantity", "kept", "limit"),
    [
        ({"value": Decimal("8.5"), "unit": "mg/L"}, "8500.0", ""),
        ({"value": 5, "comparator": "<", "unit": "ug/L"}, "5", "<"),
        ({"value": 5, "comparator": ">=", "code": "ug/L", "system": UCUM}, "5", ">"),
        ({"value": 812, "unit": "microgram per litre", "code": "ug/L", "system": UCUM}, "812", ""),
    ],
)
def test_quantities(quantity: dict[str, Any], kept: str, limit: str) -> None:
    one = _one(ferritin(valueQuantity=quantity))
    assert (str(one.value), one.limit) == (kept, limit)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"valueQuantity": {"value": 7}}, "unit_missing"),
        ({"valueQuantity": {"value": 7, "unit": "s"}}, "loinc_unit"),
        ({"valueQuantity": {"value": 7, "code": "ug/Liter", "system": UCUM}}, "unit_unknown"),
        ({"valueQuantity": {"unit": "ug/L"}}, "value_missing"),
        ({"effectiveDateTime": "2026-03-01"}, "time_imprecise"),
        ({"effectiveDateTime": "2026-03"}, "time_imprecise"),
        ({"code": {"coding": [{"system": "http://loinc.org", "code": "2276-5"}]}},
         "loinc_check_digit"),
        ({"code": {"coding": [{"system": LOCAL, "code": "OTHER"}]}}, "code_unmapped"),
        ({"code": {"text": "Ferritin"}}, "code_unmapped"),
        ({"code": {"coding": [{"system": "http://loinc.org", "code": "2276-4"},
                              {"system": "http://loinc.org", "code": "1988-5"}]}},
         "codes_disagree"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_waits_and_says_why(more: dict[str, Any], reason: str) -> None:
    (one,) = waiting(read(ferritin(**more)))
    assert one.reason == reason
    assert one.identifiers == (("Patient", "p1"),)
    assert "72" not in one.what


def test_other_kinds_of_time() -> None:
    span = without(ferritin(effectivePeriod={"start": "2026-03-01T10:00:00Z"}), "effectiveDateTime")
    assert _reason(span) == "time_period"
    assert _reason(without(ferritin(), "effectiveDateTime")) == "time_missing"
    at = without(ferritin(effectiveInstant="2026-03-01T11:00:00.123456789Z"), "effectiveDateTime")
    assert _one(at).taken_at == ELEVEN.replace(microsecond=123456)


def test_the_centres_code_beside_loinc() -> None:
    both = [{"system": LOCAL, "code": "FERR"}, {"system": "http://loinc.org", "code": "2276-4"}]
    assert _one(ferritin(code={"coding": both})).name == "ferritin"


def test_components_are_values_of_their_own() -> None:
    first, second = seen(read(pressure()))
    assert (first.name, first.value, first.unit) == ("systolic_pressure", Decimal(85), "mm[Hg]")
    assert (second.name, second.value) == ("diastolic_pressure", Decimal(50))
    assert first.source != second.source
    assert first.taken_at == second.taken_at == ELEVEN


def test_answers_in_words_are_read_by_the_table() -> None:
    code = {"coding": [{"system": LOCAL, "code": "O2DEV"}]}
    coded = without(ferritin(code=code), "valueQuantity")
    one = _one({**coded, "valueCodeableConcept": {"coding": [{"code": "HFNC"}]}})
    assert (one.name, one.value) == ("oxygen_device", "high-flow nasal cannula")
    assert _one({**coded, "valueString": "RA"}).value == "room air"
    assert _reason({**coded, "valueString": "mask?"}) == "answer_unmapped"
    assert _reason({**coded, "valueTime": "10:00:00"}) == "value_type"


def test_no_value_yet_is_no_value() -> None:
    bare = without(ferritin(), "valueQuantity")
    assert read({**bare, "status": "registered"}) == ()
    assert read({**bare, "dataAbsentReason": {"text": "not performed"}}) == ()
    assert _reason(bare) == "value_missing"


def test_a_correction_that_says_nothing_takes_the_value_back() -> None:
    bare = without(ferritin(), "valueQuantity")
    (one,) = seen(read({**bare, "status": "amended", "dataAbsentReason": {"text": "lost"}}))
    assert (one.status, one.value) == ("withdrawn", None)


def test_a_correction_that_cannot_be_read_takes_the_value_back() -> None:
    items = read(ferritin(status="corrected", valueQuantity={"value": 7, "unit": "s"}))
    assert [one.reason for one in waiting(items)] == ["loinc_unit"]
    (gone,) = seen(items)
    assert gone.status == "withdrawn"
    assert gone.issued_at < datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


def test_an_infusion_by_its_day() -> None:
    one = _one(procedure())
    assert (one.name, one.value, one.taken_at) == (
        "infusion", None, datetime(2026, 2, 20, tzinfo=UTC)
    )  # fmt: skip
    assert _one(procedure(status="entered-in-error")).status == "withdrawn"
    assert read(procedure(status="preparation")) == ()
    assert _reason(procedure(status="unknown")) == "status_unknown"
    assert _reason(procedure(code={"coding": [{"system": LOCAL, "code": "CRPX"}]})) == "code_kind"


def test_drugs_and_how_long_they_run() -> None:
    dose = _one(given())
    assert (dose.name, dose.value, dose.ends_at) == ("anticytokine", "tocilizumab", None)
    begun, ended = "2026-03-01T10:00:00Z", "2026-03-01T18:00:00Z"
    bare = without(given("NORA"), "effectiveDateTime")
    runs = _one({**bare, "status": "in-progress", "effectivePeriod": {"start": begun}})
    assert (runs.name, runs.value, runs.ends_at) == ("vasopressors", "norepinephrine", None)
    over = _one({**bare, "effectivePeriod": {"start": begun, "end": ended}})
    assert over.ends_at == datetime(2026, 3, 1, 18, tzinfo=UTC)
    assert _reason({**bare, "effectivePeriod": {"start": begun}}) == "time_missing"
    assert _reason({**bare, "effectivePeriod": {"start": ended, "end": begun}}) in (
        "time_order", "element_value")  # fmt: skip
    assert _one(given(status="not-done")).status == "withdrawn"
    once = _one(given("NORA"))
    assert once.ends_at == once.taken_at


def test_a_drug_that_is_contained_or_missing() -> None:
    bare = without(given(), "medicationCodeableConcept")
    drug = {
        "resourceType": "Medication", "id": "m",
        "code": {"coding": [{"system": LOCAL, "code": "TOCI"}]},
    }  # fmt: skip
    inside = {**bare, "contained": [drug], "medicationReference": {"reference": "#m"}}
    assert _one(inside).name == "anticytokine"
    outside = {**bare, "medicationReference": {"reference": "Medication/9"}}
    assert _reason(outside) == "reference_unresolved"


def test_oxygen_by_a_device() -> None:
    device = {
        "resourceType": "Device", "id": "d",
        "type": {"coding": [{"system": LOCAL, "code": "O2DEV", "display": "HFNC"}]},
    }  # fmt: skip
    used = {
        "resourceType": "DeviceUseStatement", "id": "u", "status": "active",
        "contained": [device], "device": {"reference": "#d"},
        "subject": {"reference": "Patient/p1"}, "timingDateTime": "2026-03-01T11:00:00Z",
    }  # fmt: skip
    one = _one(used)
    assert (one.name, one.value) == ("oxygen_device", "high-flow nasal cannula")


def test_a_person_and_all_his_numbers() -> None:
    visit = {"type": {"coding": [{"code": "VN"}]}, "system": "urn:v", "value": "V1"}
    numbers = [*patient()["identifier"], visit]
    (one,) = read(patient(identifier=numbers), FhirOptions(systems={MRN: "NORTH"}))
    assert one == Person((("Patient", "p1"), ("NORTH", "4711")), "Musterfrau, Erika")


def test_death_with_and_without_its_moment() -> None:
    items = read(patient(deceasedDateTime="2026-03-02T10:00:00Z"))
    (one,) = seen(items)
    assert (one.name, one.taken_at) == ("death", datetime(2026, 3, 2, 10, tzinfo=UTC))
    (aside,) = waiting(read(patient(deceasedBoolean=True)))
    assert (aside.reason, aside.name) == ("time_missing", "death")
    assert not waiting(read(patient(deceasedBoolean=False)))


def test_links_fold_records() -> None:
    other = {"other": {"reference": "Patient/p2"}}
    gone = read(patient(link=[{**other, "type": "replaced-by"}]))
    assert Merge((("Patient", "p2"),), (("Patient", "p1"),)) in gone
    stays = read(patient(link=[{**other, "type": "replaces"}]))
    assert Merge((("Patient", "p1"),), (("Patient", "p2"),)) in stays
    same = read(patient(link=[{**other, "type": "seealso"}]))
    assert not [one for one in same if isinstance(one, Merge)]


def _stay(options: FhirOptions | None = None, **more: Any) -> tuple[Any, list[Any]]:
    items = read(encounter(**more), options)
    (person,) = [one for one in items if isinstance(one, Person)]
    return person, seen(items)


def test_a_stay() -> None:
    person, values = _stay()
    assert (person.place, person.ward, values) == ("here", "Ward 7", [])
    over, (left,) = _stay(status="finished", period={"end": "2026-03-09T09:00:00Z"})
    assert (over.place, left.name) == ("left", "discharge")
    assert _stay(status="planned")[0].place is None
    # it is no longer said to have begun only where it is said no more: both versions have it
    begun = {"start": "2026-03-02T09:00:00Z"}
    _, (come,) = _stay(period=begun)
    _, (still, gone) = _stay(status="finished", period={**begun, "end": "2026-03-09T09:00:00Z"})
    assert (come.name, come.taken_at, come.source) == (still.name, still.taken_at, still.source)
    assert (come.name, gone.name) == ("admission", "discharge")
    assert _stay(status="planned", period=begun)[1] == []
    visit = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}
    assert _stay(**{"class": visit})[0].place is None


def test_only_this_ward() -> None:
    ours = FhirOptions(wards=frozenset({"Ward 7"}))
    assert _stay(ours)[0].place == "here"
    other = [{"location": {"display": "Ward 8"}}]
    assert _stay(ours, location=other)[0].place == "left"
    moved = [
        {"location": {"display": "Ward 8"}, "status": "completed"},
        {"location": {"display": "Ward 7"}, "status": "active"},
    ]
    assert _stay(ours, location=moved)[0].place == "here"


def test_what_an_earlier_version_said_is_taken_back() -> None:
    context = FhirContext(CODES, FhirOptions())
    before = items_of(pressure(), context)
    panel = pressure(subject={"reference": "Patient/p2"})
    panel["component"] = panel["component"][:1]
    now = with_withdrawals(items_of(panel, context), before)
    gone = [one for one in now if isinstance(one, Arrived) and one.observation.value is None]
    assert {one.identifiers for one in gone} == {(("Patient", "p1"),)}
    assert {one.observation.name for one in gone} == {"systolic_pressure", "diastolic_pressure"}
    assert with_withdrawals(before, before) == before
