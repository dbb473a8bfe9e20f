"""What the numbers of a pool oblige to say, and what they do not."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from pool_rows import analysis, codes, differences, frame, said

from cartwheel.pooling.analysis.wording import estimate_text, interval_text, number_text, p_text


def spread(values: list[float], errors: list[float]) -> pd.DataFrame:
    return differences(values).assign(SE=errors)


def test_shared_patients_are_pooled_once_each_way() -> None:
    table = frame(overlap_note=["", "same patients as Study A", "", "", "", ""])
    found = analysis(table)
    text = said(found, "overlap_pooled")
    for left, kept in ((1, 0), (0, 1)):
        again = analysis(table.drop(index=left)).main.pooled
        assert f"{estimate_text(again, 'HR')} (k = 5) with only row" in text
        assert f"(Study {'AB'[kept]})" in text
    assert estimate_text(found.main.pooled, "HR") in text


def test_two_rows_that_share_patients_leave_one_study() -> None:
    table = frame(2, overlap_note=["", "same patients as Study A"])
    assert "(this study alone)" in said(analysis(table), "overlap_pooled")


def test_a_narrow_knapp_hartung_interval_is_told() -> None:
    # closer together than their errors suggest
    narrow = analysis(differences([1.0, 1.01, 1.02, 1.03], 0.5))
    assert "knapp_hartung_narrow" in codes(narrow)
    floored = analysis(differences([1.0, 1.01, 1.02, 1.03], 0.5), interval="knapp_hartung_floor")
    ends = interval_text(floored.main.pooled.low, floored.main.pooled.high, "MD")
    assert ends in said(narrow, "knapp_hartung_narrow")
    assert "knapp_hartung_narrow" not in codes(floored)
    assert "knapp_hartung_narrow" not in codes(analysis(differences([0.0, 1.0, 2.5], 0.2)))


def test_a_prediction_interval_across_no_effect_is_told() -> None:
    found = analysis(spread([0.2, 1.8, 0.5, 1.5, 1.0], [0.2] * 5))
    assert found.main.pooled.low is not None
    assert found.main.pooled.low > 0
    assert found.main.prediction_low is not None
    assert found.main.prediction_low < 0
    assert "excludes 0" in said(found, "prediction_crosses")
    assert "heterogeneous" in codes(found)


def test_a_study_with_most_of_the_weight_is_named() -> None:
    found = analysis(spread([1.0, 1.2, 0.9], [0.05, 0.6, 0.7]))
    assert said(found, "dominated").startswith("Row 0 (Study 1) has ")
    assert "dominated" not in codes(analysis(differences([1.0, 1.2, 0.9])))


def test_a_conclusion_that_hangs_on_one_study_is_told() -> None:
    table = spread([1.0, 0.1, 0.1, 0.05, 0.1], [0.2, 0.15, 0.15, 0.15, 0.15])
    found = analysis(table, interval="normal", method="common")
    assert "excludes 0" in said(found, "leave_one_out")
    assert "without row 0 (Study 1)" in said(found, "leave_one_out")
    assert "without row 1" not in said(found, "leave_one_out")
    steady = analysis(differences([1.0, 1.1, 1.2, 0.9, 1.05], 0.1))
    assert "leave_one_out" not in codes(steady)
    assert "models_disagree" not in codes(steady)


def test_a_conclusion_that_hangs_on_the_model_is_told() -> None:
    found = analysis(differences([0.0, 2.0]))
    assert "common effect, normal interval" in said(found, "models_disagree")
    assert "includes 0" in said(found, "models_disagree")


@pytest.mark.parametrize(
    ("columns", "code", "word"),
    [
        ({"adjusted": ["yes", "no", "yes", "", "unclear", "yes"]}, "mixed_adjustment", "not said"),
        ({"cutoff": [400, 650, 400, 400, 400, 400]}, "different_cutoffs", "400, 650"),
        ({"cutoff": ["ULN", "650", "", "", "", ""]}, "different_cutoffs", "4 rows do not say"),
        (
            {"comparison": ["per doubling"] + ["high vs low"] * 5},
            "per_unit_and_cutoff",
            "Row 0 gives an effect per unit",
        ),
        (
            {"comparison": ["per doubling", "per 10 U/L"] * 3},
            "different_units",
            "per 10 u/l; per doubling",
        ),
        ({"timepoint": ["day 0", "before infusion"] * 3}, "different_times", "rows 1, 3, 5"),
        ({"timepoint": ["baseline"] * 5 + ["month 1 after infusion"]}, "after_infusion", "Row 5"),
        ({"timepoint": ["day +7"] * 6}, "after_infusion", "Rows 0, 1, 2, 3, 4, 5"),
        ({"time point": ["week 2"] * 6}, "after_infusion", "Rows"),
    ],
)
def test_mixtures_are_told(columns: dict[str, Any], code: str, word: str) -> None:
    assert word in said(analysis(frame(**columns), cutoff_trend=False), code)


@pytest.mark.parametrize(
    "when",
    ["baseline", "at infusion", "day 0 before infusion", "before lymphodepletion", "pre-CAR-T",
     "day -5", "per original method", "infusion or pre-lymphodepletion", "day 0"],
)  # fmt: skip
def test_what_was_known_in_time_is_not_called_late(when: str) -> None:
    found = analysis(frame(timepoint=[when] * 6, adjusted=["yes"] * 6, cutoff=[400] * 6))
    assert not {"after_infusion", "different_times", "mixed_adjustment", "different_cutoffs"} & set(
        codes(found)
    )


def test_a_single_late_study_is_told_too() -> None:
    found = analysis(frame(1, timepoint=["month 3 after infusion"]))
    assert codes(found) == ["after_infusion", "one_study"]


def test_cautions_come_first() -> None:
    order = ["caution", "assumption", "information"]
    found = analysis(frame(timepoint=["day 0", "day +7"] * 3), method="common")
    severities = [note.severity for note in found.notes]
    assert severities == sorted(severities, key=order.index)
    assert len(set(severities)) > 1


def test_numbers_are_written_so_that_they_can_be_read() -> None:
    assert number_text(None, "HR") == "-"
    assert number_text(0.0004, "OR") == "0.0004"
    assert number_text(0.0, "MD") == "0.00"
    assert number_text(123456.0, "HR") == "123000"
    assert number_text(9.46e-05, "HR") == "0.0000946"
    assert (number_text(9.46e-12, "HR"), number_text(9.46e12, "HR")) == ("9.46e-12", "9.46e+12")
    assert number_text(0.7654, "C") == "0.765"
    assert interval_text(0.05, 0.1, "proportion") == "5.0 to 10.0 %"
    assert interval_text(1.0, None, "HR") == "1.00 to beyond any number"
    assert interval_text(None, None, "HR") == "no interval"
    assert (p_text(0.04999), p_text(0.0004), p_text(None)) == ("0.050", "< 0.001", "-")
