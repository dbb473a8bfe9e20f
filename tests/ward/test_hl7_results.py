"""Results (ORU): values, units, status, times and who calls them what."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hl7_messages import FERRITIN, ORDER, PATIENT, header, message, read, results, seen, waiting

from cartwheel.errors import CohortRefused
from cartwheel.watch.codes import CodeRow, CodeTable
from cartwheel.watch.observation import supersedes

LOCAL = CodeTable(
    [
        CodeRow("L", "CRPT", "crp", read_unit="mg/L"),
        CodeRow("L", "O2DEV", "oxygen_device", values=(("1", "room air"), ("2", "nasal cannula"))),
        CodeRow("L", "ICP", "raised_icp_signs"),
        CodeRow("L", "CART", "infusion"),
        CodeRow("L", "CARTD", "infusion", day_is_enough=True),
        CodeRow("L", "AGE", "age", read_unit="years", day_is_enough=True),
        CodeRow("L", "ICENAM", "ice_naming"),
        CodeRow("L", "FOTO", "-"),
    ]
)


def _reason(*observations: str, codes: CodeTable | None = None, order: str = ORDER) -> str:
    (one,) = waiting(read(results(*observations, order=order), codes).items)
    return one.reason


def test_a_result_is_read_whole() -> None:
    made = read(results(FERRITIN))
    (one,) = seen(made.items)
    assert made.key == "LIS|NORTH|C1"
    assert (one.patient, one.name, one.value, one.unit) == ("", "ferritin", Decimal(812), "ug/L")
    assert one.taken_at == datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
    assert one.issued_at == datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
    assert (one.status, one.limit, one.source) == ("final", "", "NORTH|F200|LN|2276-4|")
    (arrived,) = made.items
    assert arrived.identifiers == (("NORTH", "4711"),)
    assert arrived.name_shown == "Musterfrau, Erika"


@pytest.mark.parametrize(
    ("kind", "value", "unit", "kept", "limit"),
    [
        ("NM", "812", "ng/mL", "812", ""),
        ("NM", "+8.50", "mg/L", "8500.00", ""),
        ("NM", "<5", "ug/L", "5", "<"),
        ("SN", "<^1.5", "ug/L", "1.5", "<"),
        ("SN", ">^100", "ug/L", "100", ">"),
        ("SN", ">=^100", "ug/L", "100", ">"),
        ("SN", "^100", "ug/L", "100", ""),
        ("SN", "=^100", "ug/L", "100", ""),
        ("NM", "812", "mcg/L^microgram per litre^L", "812", ""),
        ("NM", "812", "^ug/L", "812", ""),
    ],
)
def test_numbers_and_their_units(kind: str, value: str, unit: str, kept: str, limit: str) -> None:
    (one,) = seen(read(results(f"OBX|1|{kind}|2276-4^^LN||{value}|{unit}|||||F")).items)
    assert (str(one.value), one.unit, one.limit) == (kept, "ug/L", limit)


@pytest.mark.parametrize(
    ("kind", "value", "unit", "reason"),
    [
        ("SN", "^1^:^128", "ug/L", "value_ratio"),
        ("SN", "^1^-^5", "ug/L", "value_range"),
        ("SN", "^3^+", "ug/L", "value_ratio"),
        ("SN", "~^3", "ug/L", "values_many"),
        ("SN", "<>^3", "ug/L", "value_form"),
        ("SN", "1.5", "ug/L", "value_form"),
        ("SN", "<", "ug/L", "value_missing"),
        ("NM", "1~2", "ug/L", "values_many"),
        ("NM", "1,5", "ug/L", "decimal_mark"),
        ("NM", "see note", "ug/L", "not_a_number"),
        ("NM", "", "ug/L", "value_missing"),
        ("NM", '""', "ug/L", "value_missing"),
        ("ST", "812", "ug/L", "value_type"),
        ("ED", "812", "ug/L", "value_type"),
        ("", "812", "ug/L", "value_type"),
        ("CE", "POS^positive^L", "ug/L", "not_a_number"),
        ("NM", "812", "", "unit_missing"),
        ("NM", "812", "furlong", "unit_unknown"),
        ("NM", "812", "Cel", "loinc_unit"),
        ("NM", "99999999", "ug/L", "implausible"),
        ("NM", "-3", "ug/L", "negative_value"),
    ],
)
def test_what_cannot_be_used_is_parked_with_the_reason_and_without_the_value(
    kind: str, value: str, unit: str, reason: str
) -> None:
    made = read(results(f"OBX|1|{kind}|2276-4^Ferritin^LN||{value}|{unit}|||||F"))
    (one,) = made.items
    assert one == waiting(made.items)[0]
    assert (one.reason, one.code, one.system) == (reason, "2276-4", "LN")
    assert one.identifiers == (("NORTH", "4711"),)
    said = value.strip("^<>=~-")
    assert len(said) < 3 or said not in one.what


def test_an_unmapped_code_is_parked_and_the_others_are_kept() -> None:
    made = read(results("OBX|1|NM|XYZ^Local^L||12|U|||||F", FERRITIN, FERRITIN.replace("LN", "L")))
    assert [one.reason for one in waiting(made.items)] == ["code_unmapped", "code_unmapped"]
    assert len(seen(made.items)) == 1
    assert (waiting(made.items)[0].code, waiting(made.items)[0].unit) == ("XYZ", "U")
    assert _reason("OBX|1|NM|^^LN||12|U|||||F") == "code_missing"
    assert _reason("OBX|1|NM|FOTO^^L||12||||||F", codes=LOCAL) == "code_set_aside"


def test_the_alternate_code_is_read_where_the_first_is_unknown() -> None:
    (one,) = seen(read(results("OBX|1|NM|F1^Ferr^L^2276-4^Ferritin^LN||12|ug/L|||||F")).items)
    assert one.name == "ferritin"


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("OBX|1|ST|CRPT^^L||<0.6||||||F", "crp", Decimal("0.6")),
        ("OBX|1|NM|CRPT^^L||12||||||F", "crp", Decimal(12)),
        ("OBX|1|CE|O2DEV^^L||2^Brille^L||||||F", "oxygen_device", "nasal cannula"),
        ("OBX|1|NM|O2DEV^^L||1||||||F", "oxygen_device", "room air"),
        ("OBX|1|CWE|ICP^^L||^papilloedema~^posturing||||||F", "raised_icp_signs",
         ("posturing", "papilloedema")),
        ("OBX|1|TX|ICP^^L||none||||||F", "raised_icp_signs", ()),
        ("OBX|1|NM|ICENAM^^L||2||||||F", "ice_naming", Decimal(2)),
    ],
)  # fmt: skip
def test_the_table_of_the_centre_reads_text_and_answers(
    line: str, name: str, value: object
) -> None:
    (one,) = seen(read(results(line), LOCAL).items)
    assert (one.name, one.value) == (name, value)


def test_an_answer_in_no_table_is_parked() -> None:
    assert _reason("OBX|1|CE|O2DEV^^L||7^Zelt^L||||||F", codes=LOCAL) == "answer_unmapped"
    assert _reason("OBX|1|ST|CRPT^^L||positiv||||||F", codes=LOCAL) == "not_a_number"


@pytest.mark.parametrize(
    ("status", "kept"),
    [("F", "final"), ("C", "corrected"), ("P", "preliminary"), ("R", "preliminary"),
     ("S", "preliminary"), ("D", "withdrawn"), ("W", "withdrawn"), ("X", "withdrawn")],
)  # fmt: skip
def test_each_status(status: str, kept: str) -> None:
    value = "" if kept == "withdrawn" else "12"
    (one,) = seen(read(results(f"OBX|1|NM|2276-4^^LN||{value}|ug/L|||||{status}")).items)
    assert (one.status, one.value is None) == (kept, kept == "withdrawn")


@pytest.mark.parametrize("status", ["N", "O", "I"])
def test_what_was_not_asked_or_is_pending_brings_nothing(status: str) -> None:
    assert read(results(f"OBX|1|NM|2276-4^^LN||||||||{status}")).items == ()


def test_a_status_is_not_guessed() -> None:
    bare = ORDER.removesuffix("|||F")
    assert _reason("OBX|1|NM|2276-4^^LN||12|ug/L", order=bare) == "status_missing"
    assert _reason("OBX|1|NM|2276-4^^LN||12|ug/L|||||Q") == "status_unknown"
    (one,) = seen(read(results("OBX|1|NM|2276-4^^LN||12|ug/L")).items)
    assert one.status == "final"  # of its order, OBR-25


def test_a_withdrawal_needs_neither_value_nor_unit_and_has_the_same_source() -> None:
    first = seen(read(results(FERRITIN)).items)[0]
    gone = seen(read(results("OBX|1|NM|2276-4^^LN||||||||D|||20261122093000")).items)[0]
    assert gone.source == first.source
    assert supersedes(gone, first)


def test_a_correction_that_cannot_be_read_takes_back_what_it_corrects() -> None:
    first = seen(read(results(FERRITIN)).items)[0]
    line = FERRITIN.replace("|812|ug/L|", "|800|zz|").replace("|F|||", "|C|||")
    later = ORDER.replace("20261122100000", "20261122120000")
    made = read(results(line, order=later))
    assert [one.reason for one in waiting(made.items)] == ["unit_unknown"]
    (gone,) = seen(made.items)
    assert (gone.status, gone.value, gone.source) == ("withdrawn", None, first.source)
    assert supersedes(gone, first)
    table = CodeTable([CodeRow("LN", "2276-4", "ferritin", unit="zz", read_unit="ug/L")])
    (again,) = seen(read(results(line, order=later), table).items)
    assert supersedes(again, gone)


def test_times_come_from_the_result_or_its_order_and_never_from_the_sending() -> None:
    own = "OBX|1|NM|2276-4^^LN||12|ug/L|||||F|||20261122071500-0500"
    assert seen(read(results(own)).items)[0].taken_at == datetime(2026, 11, 22, 12, 15, tzinfo=UTC)
    bare = ORDER.replace("20261122093000", "")
    assert _reason("OBX|1|NM|2276-4^^LN||12|ug/L|||||F", order=bare) == "time_missing"


@pytest.mark.parametrize(
    ("time", "reason"),
    [
        ("20261122", "time_imprecise"),
        ("2026112209", "time_imprecise"),
        ("202611", "time_form"),
        ("20261322093000", "time_form"),
        ("20261122250000", "time_form"),
        ("20261122093000+2500", "time_form"),
        ("18001122093000", "time_form"),
        ("yesterday", "time_form"),
        ("20261025023000", "time_ambiguous"),
        ("20260329023000", "time_nonexistent"),
    ],
)
def test_a_time_is_not_guessed(time: str, reason: str) -> None:
    assert _reason(f"OBX|1|NM|2276-4^^LN||12|ug/L|||||F|||{time}") == reason


def test_the_doubled_hour_is_read_with_its_offset() -> None:
    line = "OBX|1|NM|8310-5^^LN||38|Cel|||||F|||20261025023000"
    moments = [
        seen(read(results(line + offset)).items)[0].taken_at for offset in ("+0200", "+0100")
    ]
    assert [one.hour for one in moments] == [0, 1]


def test_a_sender_in_another_zone_says_so_in_its_header() -> None:
    away = header(sent="20261122090500+0000")
    line = "OBX|1|NM|2276-4^^LN||12|ug/L|||||F|||20261122090000"
    assert seen(read(results(line, head=away)).items)[0].taken_at.hour == 9
    # an offset that is the ward's own in summer leaves winter times to the ward's zone
    summer = header(sent="20260722090500+0200")
    assert seen(read(results(line, head=summer)).items)[0].taken_at.hour == 8


def test_a_day_is_enough_where_the_table_says_so() -> None:
    (age,) = seen(read(results("OBX|1|NM|AGE^^L||61||||||F|||20261122"), LOCAL).items)
    assert age.taken_at == datetime(2026, 11, 21, 23, 0, tzinfo=UTC)
    assert (age.name, age.value, age.unit) == ("age", Decimal(61), "years")


def test_the_infusion_is_the_time_that_is_its_value_or_that_of_the_result() -> None:
    def moment(line: str) -> datetime:
        (one,) = seen(read(results(line), LOCAL).items)
        assert (one.name, one.value) == ("infusion", None)
        return one.taken_at

    assert moment("OBX|1|TS|CART^^L||202611201030||||||F").hour == 9
    assert moment("OBX|1|CE|CART^^L||Y^yes||||||F").hour == 8
    assert moment("OBX|1|DT|CARTD^^L||20261120||||||F").day == 19
    assert _reason("OBX|1|DT|CART^^L||20261120||||||F", codes=LOCAL) == "time_imprecise"


def test_sources() -> None:
    def sources(*segments: str) -> list[str]:
        return [one.source for one in seen(read(message(PATIENT, *segments)).items)]

    line = "OBX|1|NM|{}^^LN|{}|12|{}|||||F|||{}"
    lab = line.format("2276-4", "", "ug/L", "")
    assert sources(ORDER, lab, line.format("2276-4", "1.2", "ug/L", "")) == [
        "NORTH|F200|LN|2276-4|",
        "NORTH|F200|LN|2276-4|1.2",
    ]
    placer = ORDER.replace("F200", "")
    assert sources(placer, lab) == ["NORTH|P100|LN|2276-4|"]
    # without an order number, at the bedside, and where one order has several times: by the time
    none = placer.replace("P100", "")
    timed = "NORTH|{}|LN|{}||2026-11-22T08:30:00+00:00"
    assert sources(none, lab) == [timed.format("", "2276-4")]
    warm = line.format("8867-4", "", "/min", "")
    assert sources(ORDER, warm) == [timed.format("F200", "8867-4")]
    later = line.format("2276-4", "", "ug/L", "202611220945")
    assert sources(ORDER, later) == ["NORTH|F200|LN|2276-4||2026-11-22T08:45:00+00:00"]
    second = ORDER.replace("20261122093000", "20261122103000")
    assert len(set(sources(ORDER, lab, second, lab))) == 2
    # an identifier of its own is enough
    assert sources(ORDER, lab + "|||||||R77") == ["NORTH|OBX-21|R77"]
    assert sources(ORDER.replace("F200", "F" * 300), lab)[0].startswith("sha256:")


def test_several_orders_and_results_in_one_message() -> None:
    second = ORDER.replace("F200", "F201").replace("20261122093000", "20261122110000")
    crp = "OBX|1|NM|1988-5^CRP^LN||12|mg/L|||||F"
    made = read(message(PATIENT, "PV1|1|I", ORDER, "NTE|1||text", FERRITIN, crp, second, crp))
    assert [(one.name, one.taken_at.hour) for one in seen(made.items)] == [
        ("ferritin", 8), ("crp", 8), ("crp", 10),
    ]  # fmt: skip


def test_segments_out_of_order_are_taken_where_the_meaning_is_certain() -> None:
    usual = read(results(FERRITIN)).items
    assert read(message(ORDER, FERRITIN, PATIENT)).items == usual
    assert read(message(FERRITIN, ORDER, PATIENT)).items == usual
    with pytest.raises(CohortRefused) as refused:
        read(message(PATIENT, FERRITIN, ORDER, ORDER))
    assert refused.value.problems[0].code == "segment_order"


def test_a_bad_time_of_issue_falls_back_to_the_sending() -> None:
    odd = ORDER.replace("20261122100000", "soon")
    (one,) = seen(read(results(FERRITIN, order=odd)).items)
    assert one.issued_at == datetime(2026, 11, 22, 9, 5, tzinfo=UTC)
