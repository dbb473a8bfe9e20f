"""What a code stands for, and what was said under it: read, or refused without the value."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cartwheel.clinic.loinc import loinc_codes
from cartwheel.errors import CohortRefused
from cartwheel.watch.code_values import Said, read_said
from cartwheel.watch.codes import CodeRow, CodeTable, Coding, Meaning
from cartwheel.watch.observation import names_known

HL7 = ("hl7:NORTH", "hl7")


def _refused(table: CodeTable, *codings: Coding, unit: str = "") -> str:
    with pytest.raises(CohortRefused) as refused:
        table.meaning(HL7, codings, unit)
    return refused.value.problems[0].code


def _name(table: CodeTable, system: str, code: str, unit: str = "") -> str:
    return table.meaning(HL7, (Coding(system, code),), unit).name


def test_every_loinc_code_of_the_dictionary_is_known_by_each_name_of_the_system() -> None:
    table = CodeTable()
    for code, known in loinc_codes().items():
        for system in ("LN", "http://loinc.org", "urn:oid:2.16.840.1.113883.6.1", " loinc "):
            assert _name(table, system, code) == known.variable


def test_a_code_in_no_table_is_unmapped_and_a_slip_of_the_pen_is_told() -> None:
    table = CodeTable()
    assert _refused(table, Coding("L", "FERR")) == "code_unmapped"
    assert _refused(table, Coding("LN", "2345-7")) == "code_unmapped"
    assert _refused(table, Coding("LN", "2276-5")) == "loinc_check_digit"
    assert _refused(table, Coding("LN", "ferritin")) == "code_unmapped"
    assert _refused(table, Coding("", "")) == "code_missing"
    # a LOINC number under another system is no LOINC code
    assert _refused(table, Coding("L", "2276-4")) == "code_unmapped"


def test_the_narrowest_line_counts() -> None:
    table = CodeTable(
        [
            CodeRow("*", "X", "crp"),
            CodeRow("L", "X", "ferritin"),
            CodeRow("L", "X", "ldh", interface="hl7"),
            CodeRow("L", "X", "albumin", interface="hl7:north"),
            CodeRow("L", "X", "creatinine", unit="umol/L"),
        ]
    )
    assert _name(table, "OTHER", "X") == "crp"
    assert _name(table, "l", "X") == "albumin"
    assert table.meaning(("hl7:SOUTH", "hl7"), (Coding("L", "X"),)).name == "ldh"
    assert table.meaning(("fhir",), (Coding("L", "X"),)).name == "ferritin"
    assert _name(table, "L", "X", "umol/L") == "creatinine"
    assert _refused(table, Coding("L", "x")) == "code_unmapped"


def test_the_centre_counts_before_loinc_and_two_codes_must_agree() -> None:
    table = CodeTable([CodeRow("LN", "2276-4", "crp"), CodeRow("L", "A", "ldh")])
    both = (Coding("L", "FERR"), Coding("LN", "2276-4"))
    assert CodeTable().meaning(HL7, both, "ug/L").name == "ferritin"
    assert table.meaning(HL7, both, "mg/L").name == "crp"
    assert _refused(table, Coding("L", "A"), Coding("LN", "2276-4")) == "codes_disagree"
    assert _refused(CodeTable(), Coding("LN", "2276-4"), Coding("LN", "2532-0")) == "codes_disagree"


def test_what_is_set_aside_is_counted_as_that() -> None:
    table = CodeTable([CodeRow("L", "PHOTO", "-")])
    assert _refused(table, Coding("L", "PHOTO")) == "code_set_aside"
    with pytest.raises(CohortRefused) as refused:
        table.name_alone(HL7, (Coding("L", "PHOTO"),))
    assert refused.value.problems[0].code == "code_set_aside"


def test_a_unit_is_assumed_only_where_the_centre_declares_it() -> None:
    bare = CodeTable([CodeRow("L", "LEU", "leukocytes")])
    stated = CodeTable([CodeRow("L", "LEU", "leukocytes", unit="-", read_unit="G/L")])
    meaning = bare.meaning(HL7, (Coding("L", "LEU"),))
    with pytest.raises(CohortRefused) as refused:
        read_said(meaning, Said("3.4"))
    assert refused.value.problems[0].code == "unit_missing"
    read = read_said(stated.meaning(HL7, (Coding("L", "LEU"),)), Said("3.4"))
    assert (read.value, read.unit) == (Decimal("3.4"), "10*9/L")
    # where a unit is sent, the line for values without one says nothing
    assert _refused(stated, Coding("L", "LEU"), unit="/nL") == "code_unmapped"


def test_a_unit_that_a_sender_writes_wrongly_is_read_as_the_centre_declares() -> None:
    table = CodeTable([CodeRow("L", "CRP", "crp", unit="mg/dl*", read_unit="mg/dL")])
    read = read_said(table.meaning(HL7, (Coding("L", "CRP"),), "mg/dl*"), Said("1.5"))
    assert (read.value, read.unit) == (Decimal(15), "mg/L")


def test_the_withdrawn_needs_no_unit_but_one_meaning() -> None:
    table = CodeTable(
        [
            CodeRow("L", "CRP", "crp", unit="mg/L"),
            CodeRow("L", "DD", "d_dimer", unit="mg/L FEU"),
            CodeRow("L", "DD", "d_dimer_ddu", unit="mg/L DDU"),
        ]
    )
    assert table.name_alone(HL7, (Coding("L", "CRP"),)).name == "crp"
    assert table.name_alone(HL7, (Coding("LN", "2276-4"),)).name == "ferritin"
    with pytest.raises(CohortRefused) as refused:
        table.name_alone(HL7, (Coding("L", "DD"),))
    assert refused.value.problems[0].code == "codes_disagree"


@pytest.mark.parametrize(
    ("name", "unit", "said", "value", "kept", "limit"),
    [
        ("ferritin", "ng/mL", Said("<1.5"), Decimal("1.5"), "ug/L", "<"),
        ("crp", "mg/dL", Said(">=30"), Decimal(300), "mg/L", ">"),
        ("temperature", "[degF]", Said("101.3"), Decimal("38.5"), "Cel", ""),
        ("d_dimer", "mg{DDU}/L", Said("2"), Decimal(2), "mg{DDU}/L", ""),
        ("ice", "1", Said("8"), Decimal(8), "", ""),
        ("ice_naming", "", Said("3"), Decimal(3), "", ""),
        ("ferritin_baseline", "ug/L", Said("500"), Decimal(500), "ug/L", ""),
        ("oxygen_device", "", Said("", (("B", "BIPAP"),)), "BiPAP", "", ""),
        ("haemophagocytosis", "", Said("", (("Yes",),)), True, "", ""),
        ("died_of_crs", "", Said("", (("no",),)), False, "", ""),
        ("raised_icp_signs", "", Said("", (("none",),)), (), "", ""),
        ("anticytokine", "", Said("", (("J04", "tocilizumab"),)), "tocilizumab", "", ""),
        ("vasopressors", "", Said("", (("C01", "Noradrenalin"),)), "norepinephrine", "", ""),
        ("iec_hs_severity", "", Said("", (("severe",),)), "severe", "", ""),
        ("infusion", "", Said(), None, "", ""),
    ],
)  # fmt: skip
def test_each_kind_of_value_is_read(
    name: str, unit: str, said: Said, value: object, kept: str, limit: str
) -> None:
    read = read_said(Meaning(name, unit), said)
    assert (read.value, read.unit, read.limit) == (value, kept, limit)
    assert read.name == ("d_dimer_ddu" if "DDU" in unit else name)
    assert read.name in names_known()


@pytest.mark.parametrize(
    ("name", "unit", "said", "code"),
    [
        ("ferritin", "", Said("812.77"), "unit_missing"),
        ("ferritin", "mmol/L", Said("812.77"), "unit_not_accepted"),
        ("creatinine", "mg/dL", Said("812.77"), "implausible"),
        ("crp", "mg/L", Said("-812.77"), "negative_value"),
        ("crp", "mg/L", Said("812,77"), "decimal_mark"),
        ("crp", "mg/L", Said("812.77 H"), "not_a_number"),
        ("crp", "mg/L", Said("", (("812.77",),)), "not_a_number"),
        ("crp", "mg/L", Said("1e99"), "not_a_number"),
        ("crp", "mg/L", Said("<-0.5"), "negative_value"),
        ("ice_naming", "", Said("812.77"), "implausible"),
        ("ice_naming", "mg/L", Said("2"), "unit_not_accepted"),
        ("ice_naming", "", Said("<3"), "not_a_number"),
        ("seizure", "", Said("", (("812.77",),)), "answer_unmapped"),
        ("seizure", "", Said("", (("none",), ("812.77",))), "answers_many"),
        ("seizure", "", Said(), "answer_missing"),
        ("seizure", "", Said("", (("unknown",),)), "answer_missing"),
        ("splenomegaly", "", Said("", (("812.77",),)), "answer_unmapped"),
        ("splenomegaly", "", Said("", (("unknown",),)), "answer_missing"),
        ("raised_icp_signs", "", Said("", (("none",), ("papilloedema",))), "answer_unmapped"),
        ("vasopressors", "", Said("", (("dobutamine",),)), "not_a_vasopressor"),
        ("anticytokine", "", Said("", (("x" * 61,),)), "answer_missing"),
        ("ferritin_baseline", "", Said("812.77"), "unit_missing"),
        ("ferritin_baseline", "ug/L", Said("-812.77"), "negative_value"),
    ],
)
def test_what_cannot_be_read_is_refused_without_the_value(
    name: str, unit: str, said: Said, code: str
) -> None:
    with pytest.raises(CohortRefused) as refused:
        read_said(Meaning(name, unit), said)
    assert refused.value.problems[0].code == code
    assert "812" not in str(refused.value)


def test_code_and_unit_must_be_of_one_kind() -> None:
    meaning = CodeTable().meaning(HL7, (Coding("LN", "2160-0"),), "umol/L")
    with pytest.raises(CohortRefused) as refused:
        read_said(meaning, Said("88"))
    assert refused.value.problems[0].code == "loinc_unit"


def test_answers_are_read_by_the_table_and_never_guessed() -> None:
    row = CodeRow("L", "O2", "oxygen_device", values=(("RL", "room air"), ("NB", "nasal cannula")))
    meaning = CodeTable([row]).meaning(HL7, (Coding("L", "O2"),))
    assert read_said(meaning, Said("", (("rl", "Raumluft"),))).value == "room air"
    with pytest.raises(CohortRefused) as refused:
        read_said(meaning, Said("", (("room air",),)))
    assert refused.value.problems[0].code == "answer_unmapped"
    every = CodeTable([CodeRow("L", "T", "anticytokine", values=(("*", "tocilizumab"),))])
    found = read_said(every.meaning(HL7, (Coding("L", "T"),)), Said("", (("anything",),)))
    assert found.value == "tocilizumab"
    number = CodeTable([CodeRow("L", "M", "mrd", read_unit="%", values=(("NEG", "0"),))])
    read = read_said(number.meaning(HL7, (Coding("L", "M"),)), Said("", (("neg",),)))
    assert (read.value, read.unit) == (Decimal(0), "%")
