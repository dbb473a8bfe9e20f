"""People (ADT): who is here, who left, and which records are of one person."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hl7_messages import FERRITIN, PATIENT, header, message, read, seen, waiting

from cartwheel.errors import CohortRefused
from cartwheel.serve.hl7.context import Hl7Options
from cartwheel.watch.intake import Merge, Person

VISIT = "PV1|1|I|WARD7^12^B|||ICU^1^A" + "|" * 13 + "V55"
HERE = Hl7Options(wards=frozenset({"WARD7"}))


def _person(kind: str, *segments: str, options: Hl7Options | None = None) -> Person:
    made = read(message(PATIENT, *segments, head=header(kind)), None, options or Hl7Options())
    (one,) = [each for each in made.items if isinstance(each, Person)]
    return one


@pytest.mark.parametrize(
    ("kind", "place"),
    [("ADT^A01", "here"), ("ADT^A13", "here"), ("ADT^A03", "left"), ("ADT^A11", "left"),
     ("ADT^A02", None), ("ADT^A08", None), ("ADT^A31", None), ("ADT^A01^ADT_A01", "here")],
)  # fmt: skip
def test_stays(kind: str, place: str | None) -> None:
    one = _person(kind, VISIT)
    assert (one.place, one.ward, one.bed) == (place, "WARD7", "12-B")
    assert one.identifiers == (("NORTH", "4711"),)
    assert one.name_shown == "Musterfrau, Erika"


def test_only_this_ward_admits() -> None:
    other = VISIT.replace("WARD7", "WARD9")
    assert _person("ADT^A01", VISIT, options=HERE).place == "here"
    assert _person("ADT^A01", other, options=HERE).place is None
    assert _person("ADT^A03", VISIT, options=HERE).place == "left"
    assert _person("ADT^A03", other, options=HERE).place is None
    assert _person("ADT^A02", VISIT, options=HERE).place == "here"
    assert _person("ADT^A02", other.replace("ICU", "WARD7"), options=HERE).place == "left"
    assert _person("ADT^A02", other, options=HERE).place is None
    assert _person("ADT^A01", options=HERE).place is None


def test_only_numbers_of_a_person_identify_him() -> None:
    numbers = (
        "4711^^^NORTH^MR~V55^^^NORTH^VN~A1^^^NORTH^AN~99^^^&1.2.3&ISO^MR~88~77^^^NORTH^NI~^^^X"
    )
    one = read(message(PATIENT.replace("4711^^^NORTH^MR", numbers), head=header("ADT^A08")))
    assert one.items[0].identifiers == (
        ("NORTH", "4711"), ("1.2.3", "99"), ("NORTH", "88"), ("NORTH#NI", "77"),
    )  # fmt: skip
    known = Hl7Options(authorities={"NORTH": "urn:oid:1.2"})
    assert _person("ADT^A08", options=known).identifiers == (("urn:oid:1.2", "4711"),)


def test_an_old_message_has_its_number_in_the_second_field() -> None:
    old = PATIENT.replace("|1||4711^^^NORTH^MR|", "|1|4711||")
    made = read(message(old, head=header("ADT^A08", version="2.2")))
    assert made.items[0].identifiers == (("NORTH", "4711"),)


def test_discharge_and_death_are_milestones_where_the_minute_is_known() -> None:
    out = VISIT + "|" * 26 + "20261201110000"
    made = read(message(PATIENT, out, head=header("ADT^A03")))
    (one,) = seen(made.items)
    assert (one.name, one.value, one.status) == ("discharge", None, "final")
    assert one.taken_at == datetime(2026, 12, 1, 10, tzinfo=UTC)
    (back,) = seen(read(message(PATIENT, out, head=header("ADT^A13"))).items)
    assert (back.status, back.source) == ("withdrawn", one.source)
    dead = PATIENT + "|" * 21 + "{}|Y"
    (died,) = seen(read(message(dead.format("202612011100"), head=header("ADT^A08"))).items)
    assert died.name == "death"
    (parked,) = waiting(read(message(dead.format("20261201"), head=header("ADT^A08"))).items)
    assert (parked.reason, parked.name) == ("time_imprecise", "death")


def test_an_admission_comes_before_the_place_that_follows_from_it() -> None:
    come = VISIT + "|" * 25 + "20261201110000"
    made = read(message(PATIENT, come, head=header("ADT^A01")))
    (one,) = seen(made.items)
    assert (one.name, one.taken_at) == ("admission", datetime(2026, 12, 1, 10, tzinfo=UTC))
    assert [type(each).__name__ for each in made.items] == ["Arrived", "Person"]
    (cancelled,) = seen(read(message(PATIENT, come, head=header("ADT^A11"))).items)
    assert (cancelled.status, cancelled.source) == ("withdrawn", one.source)


@pytest.mark.parametrize("visit_class", ["O", "E", "P", "R", "o"])
@pytest.mark.parametrize("kind", ["ADT^A01", "ADT^A03", "ADT^A11", "ADT^A13"])
def test_a_visit_that_is_no_stay_takes_nobody_in_or_off(kind: str, visit_class: str) -> None:
    ended = (VISIT + "|" * 25 + "20261201100000|20261201110000").replace("|I|", f"|{visit_class}|")
    made = read(message(PATIENT, ended, head=header(kind)))
    assert [each.place for each in made.items if isinstance(each, Person)] == [None]
    assert seen(made.items) == []
    # a place that is named is the ward, whatever the visits there are called
    made = read(message(PATIENT, ended, head=header(kind)), None, HERE)
    assert [each.place for each in made.items if isinstance(each, Person)] != [None]
    assert len(seen(made.items)) == 1


def test_a_stay_in_another_ward_is_neither_admission_nor_discharge() -> None:
    other = VISIT.replace("WARD7", "WARD9") + "|" * 25 + "20261201100000|20261201110000"
    for kind in ("ADT^A01", "ADT^A03", "ADT^A11", "ADT^A13"):
        assert seen(read(message(PATIENT, other, head=header(kind)), None, HERE).items) == []


def test_a_death_in_a_discharge_is_known_before_the_ward_lets_go() -> None:
    dead = PATIENT + "|" * 21 + "202612011100|Y"
    made = read(message(dead, VISIT, head=header("ADT^A03")))
    assert [type(each).__name__ for each in made.items] == ["Arrived", "Person"]


def test_results_in_an_adt_message_are_read() -> None:
    (one,) = seen(read(message(PATIENT, VISIT, FERRITIN, head=header("ADT^A08"))).items)
    assert one.name == "ferritin"
    assert one.source.endswith("2026-11-22T08:30:00+00:00")


def test_merges() -> None:
    gone = "MRG|815^^^NORTH^MR~V1^^^NORTH^VN"
    made = read(message(PATIENT, gone, head=header("ADT^A40^ADT_A39")))
    into = (("NORTH", "4711"),)
    assert made.items == (
        Merge(into, (("NORTH", "815"),)),
        Person(into, "Musterfrau, Erika"),
    )
    second = PATIENT.replace("4711", "4712")
    two = read(message(PATIENT, gone, second, gone.replace("815", "816"), head=header("ADT^A40")))
    assert [one for one in two.items if isinstance(one, Merge)][1].gone == (("NORTH", "816"),)


@pytest.mark.parametrize(
    ("segments", "code"),
    [
        ((PATIENT,), "merge_form"),
        (("MRG|815^^^NORTH^MR",), "merge_form"),
        ((PATIENT, PATIENT, "MRG|815^^^NORTH^MR"), "merge_form"),
        ((PATIENT, "MRG|4711^^^NORTH^MR"), "merge_same"),
        ((PATIENT, "MRG|V1^^^NORTH^VN"), "pid_number_missing"),
        ((), "merge_form"),
    ],
)
def test_merges_that_say_too_little(segments: tuple[str, ...], code: str) -> None:
    with pytest.raises(CohortRefused) as refused:
        read(message(*segments, head=header("ADT^A40")))
    assert refused.value.problems[0].code == code
    assert "4711" not in str(refused.value)
