"""The centre's table as a file: everything wrong is said at once, with its row."""

from __future__ import annotations

from pathlib import Path

import pytest

from cartwheel.errors import FileRefused
from cartwheel.watch.code_file import (
    checked_rows,
    code_csv,
    read_code_csv,
    read_code_toml,
)
from cartwheel.watch.codes import CodeRow

SOUND = """system,code,name,interface,unit,read_unit,values,day_is_enough,note
L,FERR,ferritin,,,,,,
L,LEU,leukocytes,hl7:NORTH,-,G/L,,,the old analyser
# a remark

L,O2,oxygen_device,,,,RL=room air; NB=nasal cannula,,
OPS,8-549,infusion,,,,,yes,"CAR-T, any"
L,PHOTO,-,,,,,,
"""
SAME = """
[[code]]
system = "L"
code = "FERR"
name = "ferritin"

[[code]]
system = "L"
code = "LEU"
name = "leukocytes"
interface = "hl7:NORTH"
unit = "-"
read_unit = "G/L"
note = "the old analyser"

[[code]]
system = "L"
code = "O2"
name = "oxygen_device"
values = {RL = "room air", NB = "nasal cannula"}

[[code]]
system = "OPS"
code = "8-549"
name = "infusion"
day_is_enough = true
note = "CAR-T, any"

[[code]]
system = "L"
code = "PHOTO"
name = "-"
"""


def _codes(text: str) -> list[tuple[str, str]]:
    with pytest.raises(FileRefused) as refused:
        read_code_csv(text)
    return [(one.where, one.code) for one in refused.value.problems]


def test_a_table_is_read_and_written_again() -> None:
    table = read_code_csv(SOUND)
    assert len(table.rows) == 5
    assert table.rows[1] == CodeRow(
        "L", "LEU", "leukocytes", "hl7:NORTH", "-", "G/L", note="the old analyser"
    )
    assert table.rows[2].values == (("RL", "room air"), ("NB", "nasal cannula"))
    assert table.rows[3].day_is_enough
    assert read_code_csv(code_csv(table)).rows == table.rows
    assert read_code_toml(SAME).rows == table.rows


def test_semicolons_tabs_and_the_mark_of_a_spreadsheet_are_read() -> None:
    assert read_code_csv("\ufeffsystem;code;name\r\nL;A;crp\r\n").rows == (
        CodeRow("L", "A", "crp"),
    )
    assert read_code_csv("system\tcode\tname\nL\tA\tcrp\n").rows == (CodeRow("L", "A", "crp"),)
    assert read_code_csv("").rows == ()
    assert read_code_toml("").rows == ()


def test_everything_wrong_is_said_at_once_with_its_row() -> None:
    rows = [
        "system,code,name,unit,read_unit,values,day_is_enough",
        "L,A,ferritine,,,,",
        "L,B,crp,,furlong,,",
        "L,C,crp,,mmol/L,,",
        "L,D,oxygen_device,,,RL=roomy air,",
        "L,E,infusion,,,,perhaps",
        "L,,crp,,,,",
        "L,F,crp,,,,",
        "l,F,ldh,,,,",
        "L,G,crp,,,POS=high,",
        "L,H,oxygen_device,,mg/L,,",
        "L,I,crp,,,POS,",
        "L,J,infusion,,,A=b,",
        "L,K,crp,,,*=5,",
        "L,M,crp,,,NEG=0,",
        "L,N,crp,,,,,one too many",
    ]
    assert _codes("\n".join(rows)) == [
        ("row 2", "name_unknown"),
        ("row 3", "unit_unknown"),
        ("row 4", "unit_not_accepted"),
        ("row 5", "answer_unknown"),
        ("row 6", "cell_form"),
        ("row 7", "code_missing"),
        ("row 9", "code_twice"),
        ("row 10", "answer_unknown"),
        ("row 11", "unit_not_accepted"),
        ("row 12", "cell_form"),
        ("row 13", "answer_unknown"),
        ("row 14", "answer_unknown"),
        ("row 16", "cell_form"),
    ]


def test_a_heading_and_a_document_are_checked() -> None:
    assert [code for _, code in _codes("sistem,code,name,code\n")] == [
        "column_unknown",
        "column_missing",
        "column_twice",
    ]
    assert _codes('system,code,name\nL,"A,crp\n') == [("", "code_file")]
    for text in ("= x", "[table]\na = 1", "code = 3"):
        with pytest.raises(FileRefused) as refused:
            read_code_toml(text)
        assert refused.value.problems[0].code == "code_file"
    with pytest.raises(FileRefused) as refused:
        checked_rows([("here", {"code": "A", "name": "crp", "colour": "red", "system": 3})])
    assert [one.code for one in refused.value.problems] == ["key_unknown", "cell_form"]


def test_an_answer_that_csv_cannot_hold_is_refused_in_toml_too() -> None:
    text = '[[code]]\nsystem = "L"\ncode = "A"\nname = "seizure"\nvalues = { "a;b" = "none" }\n'
    with pytest.raises(FileRefused) as refused:
        read_code_toml(text)
    assert refused.value.problems[0].code == "cell_form"


def test_the_table_of_the_page_is_sound() -> None:
    page = (Path(__file__).parents[2] / "docs" / "hl7.md").read_text(encoding="utf-8")
    example = page.split("```\nsystem,")[1].split("```")[0]
    assert len(read_code_csv("system," + example).rows) == 6
