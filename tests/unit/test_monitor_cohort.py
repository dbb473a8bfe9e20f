"""A centre's past is read as it is written; what the ward does not know is counted, not guessed."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from cartwheel.errors import CohortRefused, PlanRefused
from cartwheel.watch.observation import names_known
from cartwheel.workflows.monitor_cohort import PastFile, PastOptions, events_of_patients, read_past


def read(folder: Path, text: str, **said: object) -> PastFile:
    path = folder / "past.csv"
    path.write_text(text, encoding="utf-8")
    return read_past(path, names_known(), PastOptions(**said))  # type: ignore[arg-type]


def test_a_long_file(tmp_path: Path) -> None:
    text = (
        "patient,analyte,day,value,unit,end_day\n"
        "A,C-reactive protein,1.5,40,mg/L,\n"
        "A,vasopressors,2,norepinephrine,,3\n"
        "A,strange,2,1,,\n"
        "B,crp,0,,mg/L,\n"
    )
    found = read(tmp_path, text)
    assert found.rows == 4
    assert found.unused == {"strange": 1}
    first, second = found.patients
    assert [(one.name, one.day, one.text) for one in first.values] == [
        ("crp", Decimal("1.5"), "40"),
        ("vasopressors", Decimal(2), "norepinephrine"),
    ]
    assert first.values[1].end_day == Decimal(3)
    assert second.values == ()


def test_a_sheet_by_day_with_grades_and_drugs(tmp_path: Path) -> None:
    text = "patient,day,temp,crs,toci,silt,note\nA,1,39.2,1,0,1,x\nA,2,38.0,3,1,1,\nA,3,,0,0,0,\n"
    mapping = {
        "temp": "temperature", "crs": "astct-crs", "toci": "anticytokine", "silt": "anticytokine",
        "note": "none",
    }  # fmt: skip
    found = read(tmp_path, text, mapping=mapping, units={"temp": "Cel"})
    (only,) = found.patients
    assert found.graded == ("astct-crs",)
    assert found.unused == {}
    assert only.graded["astct-crs"] == ((Decimal(1), 1), (Decimal(2), 3), (Decimal(3), 0))
    told = [(one.day, one.name, one.text, one.unit) for one in only.values]
    assert told == [
        (Decimal(1), "temperature", "39.2", "Cel"),
        (Decimal(1), "anticytokine", "silt", ""),
        (Decimal(2), "temperature", "38.0", "Cel"),
        (Decimal(2), "anticytokine", "toci", ""),
        (Decimal(2), "anticytokine", "silt", ""),
    ]


def test_ids_that_repeat_are_told_apart_by_falling_days(tmp_path: Path) -> None:
    text = "patient,day,crp\nA,1,5\nA,2,6\nA,0,7\n"
    assert len(read(tmp_path, text, units={"crp": "mg/L"}).patients) == 1
    several = read(tmp_path, text, units={"crp": "mg/L"}, runs=True).patients
    assert [len(one.values) for one in several] == [2, 1]


@pytest.mark.parametrize(
    ("text", "mapping", "code"),
    [
        ("whose,day,crp\nA,1,5\nA,2,5\n", {}, "column_missing"),
        ("patient,day,crp\nA,1,5\nA,2,5\n", {"crq": "crp"}, "map_unknown"),
        ("patient,day,crp\nA,1,5\nA,2,5\n", {"crp": "crpp"}, "map_unknown"),
        ("patient,day,crp,b\nA,1,5,6\nA,2,5,6\n", {"crp": "crp", "b": "crp"}, "map_twice"),
        ("patient,day,crp\nA,soon,5\nB,1,2\n", {}, "not_a_number"),
        ("patient,day,crp\n,1,5\nB,1,2\n", {}, "no_patient"),
    ],
)
def test_what_is_refused(tmp_path: Path, text: str, mapping: dict[str, str], code: str) -> None:
    with pytest.raises((CohortRefused, PlanRefused)) as refused:
        read(tmp_path, text, mapping=mapping)
    assert [one.code for one in refused.value.problems] == [code]
    assert "soon" not in str(refused.value)


def test_outcomes_of_patients(tmp_path: Path) -> None:
    path = tmp_path / "patients.csv"
    path.write_text("patient,bad,when\nA,1,4.5\nB,0,\nC,yes,2\n", encoding="utf-8")
    assert events_of_patients(path, "bad", "when") == {"A": Decimal("4.5"), "C": Decimal(2)}
    path.write_text("patient,bad,when\nA,1,\nB,0,\n", encoding="utf-8")
    with pytest.raises(CohortRefused, match="no day says when"):
        events_of_patients(path, "bad", "when")
