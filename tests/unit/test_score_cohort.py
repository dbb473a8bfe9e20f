"""Whole cohorts: which column is which input, what is added, what is refused and counted."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from score_examples import bare_document, points_document

import cartwheel as cw
from cartwheel.clinic.score import read_score, score_from_document
from cartwheel.clinic.scoring import Assessment
from cartwheel.errors import CohortRefused, FileRefused, ScoreRefused
from cartwheel.workflows.score_cohort import score_cohort

EASIX = pd.DataFrame(
    {
        "patient": ["A", "B", "C", "D", "E"],
        "LDH (U/L)": [280.0, 467.0, 300.0, np.nan, 250.0],
        "creatinine_umol_l": [97.24, 88.4, 176.8, 88.4, 88.4e4],
        "platelets": ["90 10*9/L", "100 G/L", "40 K/uL", "90 G/L", "90 G/L"],
    },
    index=[7, 7, 9, 10, 11],
)


def codes(refused: pytest.ExceptionInfo[Any]) -> set[str]:
    return {problem.code for problem in refused.value.problems}


def test_a_pandas_frame_gets_columns_of_answers() -> None:
    before = EASIX.copy()
    found = cw.score("easix", EASIX)
    pd.testing.assert_frame_equal(EASIX, before)
    assert list(found.columns[:4]) == list(EASIX.columns)
    assert list(found.index) == list(EASIX.index)
    # by hand: 280 * 1.1 / 90; 467 * 1 / 100 = 4.67, which is not above 4.67; 300 * 2 / 40
    assert found["easix_value"].tolist()[:3] == [280 * 1.1 / 90, 4.67, 15.0]
    assert found["easix_band"].tolist()[:3] == ["low", "low", "high"]
    assert found["easix_value"].isna().tolist() == [False, False, False, True, True]
    assert found["easix_band"].isna().tolist() == [False, False, False, True, True]
    assert "LDH is missing" in found["easix_reasons"].iloc[3]
    assert "not possible" in found["easix_reasons"].iloc[4]
    assert found["easix_reasons"].isna().tolist()[:3] == [True] * 3


def test_another_kind_of_frame_stays_that_kind() -> None:
    table = pa.Table.from_pandas(EASIX, preserve_index=False)
    found = cw.score("easix", table)
    assert isinstance(found, pa.Table)
    assert found["easix_value"].to_pylist()[1:4] == [4.67, 15.0, None]
    assert found["easix_band"].to_pylist() == ["low", "low", "high", None, None]


def test_a_range_has_its_limits_and_every_band() -> None:
    frame = pd.DataFrame(
        {
            "anc": ["1.0 G/L", "4 G/L"], "platelets": ["90 G/L", "200 G/L"],
            "haemoglobin": ["9.5 g/dL", "NA"], "crp": ["40 mg/L", "1 mg/L"],
            "ferritin": [None, "100 ng/mL"],
        }
    )  # fmt: skip
    found = cw.score("car-hematotox", frame)
    # 1 + 1 + 0 + 1 + (0 to 2); 0 + 0 + (0 to 1) + 0 + 0
    assert found["car_hematotox_value_low"].tolist() == [3.0, 0.0]
    assert found["car_hematotox_value_high"].tolist() == [5.0, 1.0]
    assert found["car_hematotox_value"].isna().all()
    assert found["car_hematotox_band"].tolist() == ["high", "low"]
    assert "Ferritin is missing: the answer holds" in found["car_hematotox_warnings"].iloc[0]


def test_columns_that_cannot_be_told_are_refused_all_at_once() -> None:
    frame = pd.DataFrame({"LDH (U/L)": [1.0], "ldh u/l": [1.0], "creatinine": [1.1]})
    with pytest.raises(CohortRefused) as refused:
        cw.score("easix", frame)
    assert codes(refused) == {"column", "unit_missing"}
    assert len(refused.value.problems) == 3
    with pytest.raises(CohortRefused) as refused:
        cw.score("easix", EASIX, units={"sodium": "mmol/L"}, columns={"ldh": "K", "na": "LDH"})
    assert codes(refused) == {"unknown_column", "unknown_input", "column"}
    with pytest.raises(CohortRefused, match="cannot be turned"):
        cw.score("easix", EASIX, units={"LDH (U/L)": "mg/dL"})


def test_the_limit_of_a_laboratory_is_not_taken_from_the_patients() -> None:
    spec = read_score("r-iss")
    frame = pd.DataFrame(
        {
            "beta2_microglobulin": ["2 mg/L"], "albumin": ["40 g/L"], "LDH (U/L)": [300],
            "high_risk_cytogenetics": ["no"],
        }
    )  # fmt: skip
    with pytest.raises(CohortRefused) as refused:
        cw.score(spec, frame)
    assert [each.where for each in refused.value.problems] == ["input 'ldh_uln'"]
    found = cw.score(spec, frame.assign(ldh_uln="250 U/L"))
    assert found["r_iss_band"].tolist() == ["II"]


def test_a_frame_is_not_scored_twice_under_one_name() -> None:
    with pytest.raises(CohortRefused) as refused:
        cw.score("easix", cw.score("easix", EASIX))
    assert codes(refused) == {"column_taken"}


def test_what_is_no_frame_is_refused() -> None:
    with pytest.raises(CohortRefused) as refused:
        cw.score("easix", 3)  # type: ignore[type-var]
    assert codes(refused) == {"not_a_frame"}


def test_options_of_parameters_and_column_names() -> None:
    frame = pd.DataFrame({"N": [7.65], "monocytes": [0.9], "platelets": [300], "lymphocytes": [3]})
    units = dict.fromkeys(frame.columns, "10*9/L")
    stated: dict[str, Any] = {"units": units, "columns": {"neutrophils": "N"}}
    # 7.65 / 3 is 2.55, the cut-off itself
    for option, value in (("gt", 0.0), ("ge", 1.0)):
        found = cw.score("cipi", frame, choices={"comparison": option}, **stated)
        assert found["cipi_value"].tolist() == [value]
    with pytest.raises(ScoreRefused):
        cw.score("cipi", frame, choices={"comparison": "eq"}, **stated)


def test_days_and_disease_give_warnings() -> None:
    spec = score_from_document(points_document())
    frame = pd.DataFrame(
        {"F": ["1200 ug/L"], "CRP mg/L day 0": [32], "bulky": ["no"]},
    )
    about = {"disease": "myeloma", "product": "cilta-cel"}
    found = cw.score(
        spec, frame, columns={"ferritin_ug_l_day0": "F"}, days={"ferritin": -9}, about=about
    )
    warned = found["example_severe_crs_warnings"].iloc[0]
    assert "measured on day -9; the score asks for day 0" in warned
    assert "outside the population: the score was made in B-ALL" in warned
    assert "cilta-cel" not in warned  # the score does not say its product


def test_a_patient_file_says_days_and_disease(tmp_path: Path) -> None:
    spec = score_from_document(points_document())
    path = tmp_path / "patient.json"
    path.write_text(
        json.dumps(
            {
                "ferritin": {"value": 1200, "unit": "ug/L", "day": -9}, "crp": "32 mg/L",
                "bulky": "no", "disease": "Multiple  Myeloma",
            }
        )
    )  # fmt: skip
    found = cw.score(spec, patient=path)
    assert isinstance(found, Assessment)
    assert any("measured on day -9" in warning for warning in found.warnings)
    assert any("outside the population" in warning for warning in found.warnings)
    assert not any("not used" in warning for warning in found.warnings)
    with pytest.raises(ScoreRefused) as refused:
        cw.score(spec, patient=path, days={"sodium": 3})
    assert codes(refused) == {"unknown_input"}
    with pytest.raises(ScoreRefused) as refused:
        cw.score(spec, patient=path, about={"sex": "f"})
    assert codes(refused) == {"unknown_about"}


def test_reasons_are_counted_with_their_rows(tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("x,note\n1,\n,gap\n200,far\npos,word\n-,gap\n\n3,\n", encoding="utf-8")
    spec = score_from_document(
        bare_document(inputs=[{"name": "x", "label": "X", "minimum": 0, "maximum": 100}])
    )
    found = score_cohort(spec, sheet)
    counts = found.counts
    assert (counts.rows, counts.scored, counts.ranged, counts.refused) == (6, 2, 0, 4)
    seen = {each.code: (each.rows, each.first) for each in counts.reasons}
    assert seen == {"missing": (2, (3, 6)), "implausible": (1, (4,)), "not_a_number": (1, (5,))}
    rows = list(csv.DictReader(io.StringIO(found.table())))
    assert [row["note"] for row in rows] == ["", "gap", "far", "word", "gap", ""]
    assert [row["bare_value"] for row in rows] == ["1.0", "", "", "", "", "3.0"]
    assert [type(each).__name__ for _, each in found.assessments()].count("Unscorable") == 4


def test_a_sheet_cut_short_is_refused(tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("x,y\n1,2\n3\n", encoding="utf-8")
    spec = score_from_document(bare_document())
    with pytest.raises(FileRefused) as refused:
        score_cohort(spec, sheet)
    assert codes(refused) == {"ragged_rows"}
    with pytest.raises(FileRefused):
        score_cohort(spec, tmp_path / "absent.csv")
    sheet.write_text("x,y\n", encoding="utf-8")
    assert score_cohort(spec, sheet).counts.rows == 0


def test_a_workbook_and_a_parquet_file(tmp_path: Path) -> None:
    plain = EASIX.reset_index(drop=True)
    plain.to_excel(tmp_path / "sheet.xlsx", index=False)
    plain.to_parquet(tmp_path / "sheet.parquet")
    spec = read_score("easix")
    for name, row in (("sheet.xlsx", 2), ("sheet.parquet", 1)):
        found = score_cohort(spec, tmp_path / name)
        assert found.found.value.tolist()[1:3] == [4.67, 15.0]
        assert int(found.sheet.rows[0]) == row
        assert found.table().splitlines()[1].startswith("A,280.0,97.24,90 10*9/L,3.42")


def test_a_fraction_is_not_taken_for_a_percentage() -> None:
    document = bare_document(inputs=[{"name": "x", "label": "X", "variable": "spo2", "unit": "%"}])
    document["examples"][0] = {"inputs": {"x": "97 %"}, "value": 97}
    spec = score_from_document(document)
    found = cw.score(spec, pd.DataFrame({"SpO2 (%)": [97.0, 0.97]}))
    assert found["bare_value"].isna().tolist() == [False, True]


def lab(random: np.random.Generator, n: int, middle: float, places: int) -> np.ndarray:
    values = np.round(middle * random.lognormal(0, 0.4, n), places)
    values[random.random(n) < 0.05] = np.nan
    return values


@pytest.mark.parametrize("name", ["easix-log2", "car-hematotox"])
def test_a_million_rows_are_scored(name: str) -> None:
    random, n = np.random.default_rng(5), 1_000_000
    frame = pd.DataFrame(
        {
            "ldh_u_l": lab(random, n, 250, 0), "creatinine_umol_l": lab(random, n, 88, 0),
            "platelets_10_9_l": lab(random, n, 120, 0), "anc": lab(random, n, 2, 2),
            "haemoglobin_g_dl": lab(random, n, 10, 1), "crp_mg_l": lab(random, n, 10, 1),
            "ferritin_ug_l": lab(random, n, 500, 0),
        }
    )  # fmt: skip
    found = cw.score(name, frame, units={"anc": "10*9/L"})
    assert found.iloc[:, 7].notna().sum() > n / 2


def test_a_simulated_sheet_keeps_the_word(tmp_path: Path) -> None:
    path = tmp_path / "simulated_sheet.csv"
    path.write_text("neutrophils_10_9_l,lymphocytes_10_9_l\n4,2\n3,1.5\n", encoding="utf-8")
    scored = score_cohort(read_score("nlr"), path)
    assert [line.count("SIMULATED") for line in scored.table().splitlines()] == [0, 1, 1]
    for _, found in scored.assessments():
        assert isinstance(found, Assessment)
        assert "SIMULATED DATA: not real patients" in found.warnings
