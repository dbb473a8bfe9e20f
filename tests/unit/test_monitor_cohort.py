"""A centre's past is read as it is written; what the ward does not know is counted, not guessed."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from cartwheel.errors import CohortRefused, PlanRefused
from cartwheel.watch.drift_patient import Outcome
from cartwheel.watch.observation import names_known
from cartwheel.workflows.monitor_cohort import PastFile, PastOptions, read_past
from cartwheel.workflows.monitor_outcomes import check_everybody, outcomes_of_patients


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


LONG = "patient,day,analyte,value,end_day\n"


@pytest.mark.parametrize(
    ("text", "mapping", "code"),
    [
        ("whose,day,crp\nA,1,5\nA,2,5\n", {}, "column_missing"),
        ("patient,day,crp\nA,1,5\nA,2,5\n", {"crq": "crp"}, "map_unknown"),
        ("patient,day,crp\nA,1,5\nA,2,5\n", {"crp": "crpp"}, "map_unknown"),
        ("patient,day,crp,b\nA,1,5,6\nA,2,5,6\n", {"crp": "crp", "b": "crp"}, "map_twice"),
        ("patient,day,crp\nA,soon,5\nB,1,2\n", {}, "not_a_number"),
        ("patient,day,crp\n,1,5\nB,1,2\n", {}, "no_patient"),
        (f"{LONG}A,1,vasopressors,x,99999999999\nB,1,crp,5,\n", {}, "not_a_number"),
        (f"{LONG}A,1,vasopressors,x,soon\nB,1,crp,5,\n", {}, "not_a_number"),
    ],
)
def test_what_is_refused(tmp_path: Path, text: str, mapping: dict[str, str], code: str) -> None:
    with pytest.raises((CohortRefused, PlanRefused)) as refused:
        read(tmp_path, text, mapping=mapping)
    assert [one.code for one in refused.value.problems] == [code]
    assert "soon" not in str(refused.value)


def test_outcomes_of_patients(tmp_path: Path) -> None:
    path = tmp_path / "patients.csv"
    path.write_text("patient,bad,when,seen\nA,1,4.5,\nB,0,,9\nC,yes,2,30\n", encoding="utf-8")
    assert outcomes_of_patients(path, "bad", "when") == {
        "A": Outcome(4.5), "B": Outcome(None), "C": Outcome(2.0)
    }  # fmt: skip
    assert outcomes_of_patients(path, "bad", "when", "seen") == {
        "A": Outcome(4.5), "B": Outcome(None, 9.0), "C": Outcome(2.0, 30.0)
    }  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "codes"),
    [
        ("A,1,,3\nB,0,,3", ["no_onset"]),
        ("A,,,3\nB,perhaps,,3", ["event_unclear"]),
        ("A,0,,3\nA,1,2,3", ["patient_twice"]),
        ("A,0,,\nB,0,,2", ["no_last_day"]),
        ("A,0,,2\n,0,,2", ["no_patient"]),
        ("A,1,,3\nA,0,,3\nB,x,,soon", ["patient_twice", "event_unclear", "no_onset",
                                       "no_last_day"]),
    ],
)  # fmt: skip
def test_outcomes_that_are_refused(tmp_path: Path, rows: str, codes: list[str]) -> None:
    path = tmp_path / "patients.csv"
    path.write_text(f"patient,bad,when,seen\n{rows}\n", encoding="utf-8")
    with pytest.raises(CohortRefused) as refused:
        outcomes_of_patients(path, "bad", "when", "seen")
    assert {one.code for one in refused.value.problems} <= set(codes)
    assert refused.value.problems[0].code == codes[0]
    # rows are named, never who or what stands in them
    assert "perhaps" not in str(refused.value)
    assert "soon" not in str(refused.value)


def test_outcomes_have_to_be_of_everybody() -> None:
    known = {"A": Outcome(None), "B": Outcome(2.0)}
    check_everybody(known, ["A", "B"], "patients.csv")
    for names, said in (
        (["A", "Z"], "of 1 of 2 patients the file of outcomes says nothing"),
        (["Y", "Z"], "no patient of the files stands in the file of outcomes"),
    ):
        with pytest.raises(CohortRefused, match=said) as refused:
            check_everybody(known, names, "patients.csv")
        assert "Z" not in str(refused.value)
