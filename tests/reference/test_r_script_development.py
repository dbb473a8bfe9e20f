"""The R program of a development prints the numbers of the JSON, on simulated and real patients.

R computes them with survival, pROC and Hmisc; Firth's likelihood is maximised in the program.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from develop_examples import fixed, plan, predictor
from r_programs import as_json, differing, not_printed, run_program
from reference_data import REFERENCE, not_carried

import cartwheel as cw

# what the program does not print, and says so at its head; settings; counts beside an estimate
KNOWN = (
    r"\.(n|events|level|day|seed|resamples|failed|permutations|p_adjusted)$",
    r"\.(missing|below_limit|above_limit|candidate_parameters|cost_patients|cost_events|cut)$",
    r"\.landmark_day$|\.failures\[",
    r"\.(frequency|wander\.\w+|wander_grid.*)$",
    r"\.survival\[\d+\]\.(times|survival|low|high|censor_times|risk_times)\[",
    r"\.(thresholds|sensitivity|specificity|curve|corrected|histogram)\[",
    r"\.(optimism|corrected)\.\w+$",
    r"^result\.instability\.",
    # made of resamples
    r"measures\[\d+\]\.apparent\.(low|high)$",
    r"\.roc\[0\]\.auc\.(low|high)$",
)
GBSG = {
    "event": "status", "kind": "survival", "time": "rfstime", "time_unit": "days",
    "horizon": 1095.0,
}  # fmt: skip
PBC = {
    "event": "status", "kind": "survival", "event_value": 2.0, "time": "time",
    "time_unit": "days", "horizon": 1826.25,
}  # fmt: skip
PBC_COLUMNS = {
    "bili": {"variable": "total_bilirubin", "unit": "mg/dL", "day": 0.0},
    "albumin": {"unit": "g/dL", "day": 0.0},
    "protime": {"day": 0.0},
}
YEARS = {"age": {"unit": "years"}}
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "three ways to a cut-off": (
        "gbsg.csv",
        plan(
            "index",
            outcome=GBSG,
            predictors=[
                predictor("nodes"),
                {"column": "pgr", "direction": "low", "cutoff": {"method": "max_log_rank"}},
                predictor("size", cutoff={"method": "closest_corner"}),
                fixed("grade", 3.0),
            ],
            adjust=["age", "meno"],
            associations={"columns": ["hormon", "grade", "er", "age"]},
            columns=YEARS,
        ),
    ),
    "transforms, steps, backward selection": (
        "gbsg.csv",
        plan(
            outcome=GBSG,
            predictors=[
                predictor("nodes", transform="rcs4"),
                {"column": "pgr", "transform": "sqrt", "direction": "low"},
                predictor("size", steps=(20.0, 30.0)),
                predictor("grade"),
                {"column": "age", "transform": "rcs3"},
                {"column": "er", "direction": "low", "cutoff": {"method": "youden"}},
            ],
            points={"selection": "backward"},
            adjust=["meno"],
            columns=YEARS,
        ),
    ),
    "exclusions, no horizon, univariable selection": (
        "gbsg.csv",
        plan(
            outcome={key: said for key, said in GBSG.items() if key != "horizon"},
            predictors=[predictor("nodes", transform="log2"), *map(predictor, ("size", "age"))],
            points={"selection": "univariable", "largest": 3, "bands": ("a", "b", "c", "d")},
            columns=YEARS,
            cohort={
                "exclude": [
                    {"column": "grade", "equals": 3.0, "reason": "grade 3"},
                    {"column": "size", "above": 80.0, "reason": "large"},
                    {"column": "age", "below": 30.0, "reason": "young"},
                ]
            },
        ),
    ),
    "logistic regression": (
        "birthwt.csv",
        plan(
            outcome={"event": "low"},
            predictors=[
                predictor("age"),
                {"column": "lwt", "direction": "low", "transform": "rcs3"},
                *map(predictor, ("smoke", "ptl", "ht")),
            ],
            points={"selection": "backward", "alpha": 0.1},
            columns=YEARS,
            adjust=["ui"],
        ),
    ),
    "words, coding, categories": (
        "aSAH.csv",
        plan(
            "points",
            outcome={"event": "outcome", "event_value": "Poor"},
            predictors=[
                predictor("wfns"),
                predictor("s100b", transform="log2"),
                *map(predictor, ("age", "gender")),
            ],
            columns={**YEARS, "gender": {"coding": {"Female": 0.0, "Male": 1.0}}},
            associations={"columns": ["gos6", "gender"], "multiplicity": "bonferroni"},
        ),
    ),
    "units and a landmark": (
        "pbc.csv",
        plan(
            landmark_day=100.0,
            outcome=PBC,
            predictors=[
                predictor("bili", steps=(1.2, 3.4)),
                {
                    "column": "albumin",
                    "direction": "low",
                    "cutoff": {"method": "fixed", "value": 3.5},
                },
                predictor("protime"),
            ],
            columns=PBC_COLUMNS,
            associations={"columns": ["sex"]},
        ),
    ),
}
REAL: dict[str, dict[str, Any]] = {
    "index by Firth": plan(
        "index",
        outcome={"event": "severe_crs_astct", "onset": "crs_onset_day"},
        predictors=[predictor("crp_mg_l_day0"), predictor("ferritin_ug_l_day0")],
        associations={"columns": ["crs_grade_astct", "il6_pg_ml_peak", "response_code"]},
    ),
    "points by Firth": plan(
        outcome={"event": "severe_crs_astct"},
        predictors=[
            predictor("crp_mg_l_day0", transform="log2"),
            predictor("il6_pg_ml_day0"),
            predictor("ldh_u_l_day0", transform="rcs3"),
        ],
        level=0.9,
    ),
    "landmark": plan(
        "index",
        landmark_day=7.0,
        outcome={"event": "severe_crs_astct", "onset": "crs_onset_day"},
        predictors=[predictor("il6_pg_ml_day7"), predictor("crp_mg_l_day7")],
    ),
}


def agrees(folder: Path, data: Path, wanted: Any) -> None:
    document = as_json(cw.develop(data, wanted).document)
    rows = run_program(folder, document, data)
    assert differing(document, rows) == []
    assert not_printed(document, rows, KNOWN) == []


@pytest.mark.parametrize("name", CASES)
def test_public_patients(name: str, tmp_path: Path) -> None:
    file, wanted = CASES[name]
    if not (REFERENCE / file).is_file():
        not_carried(file)
    agrees(tmp_path, REFERENCE / file, wanted)


@pytest.mark.parametrize("name", REAL)
def test_car_t_patients(name: str, car22: Path, tmp_path: Path) -> None:
    agrees(tmp_path, car22, REAL[name])


def test_of_imputed_predictors_complete_cases_are_repeated(tmp_path: Path) -> None:
    data = REFERENCE / "pbc.csv"
    if not data.is_file():
        not_carried(data.name)
    wanted = plan(
        missing="impute",
        imputation={"imputations": 2, "iterations": 1},
        outcome={key: said for key, said in PBC.items() if key != "horizon"},
        predictors=[*map(predictor, ("chol", "platelet", "protime"))],
        columns={name: {"variable": "none"} for name in ("chol", "platelet")},
    )
    document = as_json(cw.develop(data, wanted).document)
    rows = run_program(tmp_path, document, data)
    assert differing(document, rows) == []
    here = "result.imputation.complete_cases.performance.measures[0].apparent"
    assert {f"{here}.{end}" for end in ("value", "low", "high")} <= {row["place"] for row in rows}
