"""What a column's name says, and what it must not be taken to say."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from cartwheel.clinic.naming import ColumnName, read_column_name

Read = tuple[str | None, str | None, float | None, str | None]

NAMES: dict[str, Read] = {
    "ferritin_ug_l_day7": ("ferritin", "ug/L", 7, None),
    "CRP (mg/L) d0": ("crp", "mg/L", 0, None),
    "CRP, mg/L": ("crp", "mg/L", None, None),
    "IL-6 [pg/mL] Day 3": ("il6", "pg/mL", 3, None),
    "il6_pg_ml_peak": ("il6", "pg/mL", None, "peak"),
    "time_days": (None, "days", None, None),
    "pfs_months": (None, "months", None, None),
    "pfs.months": (None, "months", None, None),
    "car_t_cells_per_ul_day14": ("car_t_cells", "/uL", 14, None),
    "car_t_cells_per_ul_peak": ("car_t_cells", "/uL", None, "peak"),
    "marrow_blasts_percent": ("marrow_blasts", "%", None, None),
    "neutrophils_10_9_l_day0": ("neutrophils", "10*9/L", 0, None),
    "Neutrophils x10^9/L day -5": ("neutrophils", "10*9/L", -5, None),
    "absolute neutrophil count (cells/µL)": ("neutrophils", "/uL", None, None),
    "WBC K/uL": ("leukocytes", "10*3/uL", None, None),
    "WBC_G_L": ("leukocytes", "10*9/L", None, None),
    "PLT [G/L]": ("platelets", "10*9/L", None, None),
    "Hb g/dl": ("haemoglobin", "g/dL", None, None),
    "age_years": ("age", "years", None, None),
    "D-Dimer (mg/L FEU) d0": ("d_dimer", "mg{FEU}/L", 0, None),
    "d_dimer_ng_ml_ddu": ("d_dimer_ddu", "ng{DDU}/mL", None, None),
    "IFN-γ pg/mL": ("ifn_gamma", "pg/mL", None, None),
    "β2-microglobulin (mg/L)": ("beta2_microglobulin", "mg/L", None, None),
    "temp °C": ("temperature", "Cel", None, None),
    "heart_rate_per_min": ("heart_rate", "/min", None, None),
    "alk.phos": ("alkaline_phosphatase", None, None, None),
    "ast": ("ast", None, None, None),
    "nlr_day0": ("nlr", None, 0, None),
    "crp_day_minus_5": ("crp", None, -5, None),
    "CRP d−1": ("crp", None, -1, None),
    "aptt_s_day7": ("aptt", "s", 7, None),
    "platelets nadir (10*9/L)": ("platelets", "10*9/L", None, "min"),
    # more than one day, or none that is plain: no day
    "crp-day-7": ("crp", None, None, None),
    "ferritin_d0_d7_max": ("ferritin", None, None, "max"),
    "ferritin day 0-7 max": ("ferritin", None, None, "max"),
    "crp_d0_7": ("crp", None, None, None),
    "day_0_to_7_crp": ("crp", None, None, None),
    # times, not values
    "crp_peak_day": (None, "days", None, "peak"),
    "crs_onset_day": (None, "days", None, None),
    # another unit than the dictionary takes is still read, so that it can be refused
    "platelets_g_l": ("platelets", "g/L", None, None),
    # unknown analyte: its unit is read, no variable
    "il2_pg_ml_day7": (None, "pg/mL", 7, None),
}

NOTHING = [
    "class",
    "N",
    "platform",
    "status",
    "time",
    "s",
    "d",
    "",
    "😀",
    "sex",
    "stage_c",
    "response_code",
    "log2_ferritin",
    "crp_ratio",
    "ferritin_high",
    "platelet_transfusion",
    "delta_crp",
    "albumin_g",
    "wt.loss",
    "meal.cal",
    "severe_crs_astct",
    "fast",
    "salt",
    "plt_transfusions",
    "crp_uln",
]


@pytest.mark.parametrize("column", NAMES)
def test_names_that_say_something(column: str) -> None:
    assert read_column_name(column) == ColumnName(column, *NAMES[column])


@pytest.mark.parametrize("column", NOTHING)
def test_names_that_say_nothing(column: str) -> None:
    assert read_column_name(column) == ColumnName(column, None, None, None, None)


def test_direct_bilirubin_is_not_total_bilirubin() -> None:
    assert read_column_name("direct_bilirubin_mg_dl").variable == "direct_bilirubin"
    assert read_column_name("indirect_bilirubin_mg_dl").variable is None


def test_every_laboratory_column_of_the_real_cohort(car22: Path) -> None:
    with car22.open(encoding="utf-8") as stream:
        header = next(csv.reader(stream))
    laboratory = [name for name in header if "_l_" in name or "_ml_" in name or "_per_ul_" in name]
    assert len(laboratory) > 30
    for name in laboratory:
        read = read_column_name(name)
        assert read.variable is not None, name
        assert read.unit is not None, name
        assert (read.day is None) == (read.summary == "peak"), name
    others = set(header) - set(laboratory) - {"marrow_blasts_percent"}
    assert {name for name in others if read_column_name(name).variable} == set()
