"""The R program of a validation prints the numbers of the JSON: scores, groups, centres, ladder.

R computes them with survival, pROC, riskRegression, cmprsk, Hmisc and metafor.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from r_programs import as_json, differing, linear_score, not_printed, run_program
from reference_data import REPOSITORY, reference_table

import cartwheel as cw
from cartwheel.clinic.score_spec import ScoreSpec

EXAMPLES = REPOSITORY / "examples" / "validate"
# what the program does not print, and says so at its head; settings; counts beside an estimate
KNOWN = (
    r"\.(n|events|level|ideal|alpha|day|missing|parameters|horizon|cost_patients|cost_events)$",
    r"\.(published\.\w+|refusals\[\d+\]\.patients|decision\.(low|high)|thresholds\[\d+\])$",
    r"\.(sensitivity|specificity|risk_times|censor_times|times|survival|incidence)\[\d+\]$",
    r"\.(low|high)\[\d+\]$",
    r"\.(histogram\[\d+\]\[\d\]|curve\[\d+\]\[0\])$",
    r"\.corrected\.\w+$",
    r"result\.sizes",
)
# with times: closed forms of its own for Uno's C and the shares of a band's edge
TIMED = (
    r"\.edges\[\d+\]\.\w+\.(low|high)$",
    r"\.discrimination\[1\]\.(estimate\.(low|high)|std_error)$",
    r"\.comparisons\[\d+\]\.(difference\.(low|high)|p_value)$",
    r"\.updates\[\d+\]\.rungs\[\d+\]\.measures\[\d+\]\.apparent\.(low|high)$",
)
# no probability model of a score without a risk
NO_RISK = (r"\.updates\[\d+\]\.rungs\[\d+\]\.measures\[\d+\]\.apparent\.\w+$",)
COX = {"kind": "cox", "baseline_survival": Decimal("0.7"), "centre": Decimal("1.5")}
LATE = {"kind": "survival", "horizon": 1095, "time_unit": "days"}


def agrees(
    folder: Path,
    data: Path,
    specs: Sequence[ScoreSpec],
    known: Sequence[str] = (),
    **parts: Any,
) -> None:
    wanted = {
        "scores": [{"score": spec.id, "name": spec.id} for spec in specs],
        "resampling": {"bootstrap": 0},
        **parts,
    }
    found = cw.validate(data, wanted, scores={spec.id: spec for spec in specs})
    document = as_json(found.document)
    rows = run_program(folder, document, data, specs)
    assert differing(document, rows) == []
    assert not_printed(document, rows, (*KNOWN, *known)) == []


def test_survival(tmp_path: Path) -> None:
    table = reference_table("gbsg")
    table["site"] = [None if row in (5, 6, 7) else "ABCDE"[row % 5] for row in range(len(table))]
    data = tmp_path / "gbsg.csv"
    table.to_csv(data, index=False)
    limits = {"low": Decimal("0.3"), "high": Decimal("0.5"), "level": Decimal("0.95")}
    risks = [{"risk": Decimal(risk)} for risk in ("0.25", "0.4", "0.6")]
    shown = [risks[0], {**risks[1], **limits}, risks[2]]
    specs = [
        linear_score(
            "sum", {"nodes": "0.06", "grade": "0.3", "size": "0.01"}, COX,
            ("1.2", "1.5", "1.9"), **LATE,
        ),
        # so steep that a risk is exactly 1: it has no linear predictor, here and in R
        linear_score("steep", {"nodes": "0.1", "pgr": "-0.001"}, {**COX, "centre": 0}, **LATE),
        linear_score("bands", {"nodes": "1"}, None, ("3", "10"), shown, **LATE),
        linear_score("grade", {"grade": "1"}, None, **LATE),
    ]  # fmt: skip
    agrees(
        tmp_path,
        data,
        specs,
        (*TIMED, *NO_RISK),
        outcome={"event": "status", "kind": "survival", "time": "rfstime", "time_unit": "days",
                 "horizon": 1095.0},
        subgroups=[{"column": "meno"}, {"column": "age", "cuts": (45.0, 60.0)}, {"column": "site"}],
        centre="site",
        update={"ladder": True, "extend": ("hormon",), "alpha": 0.99999},
        columns={"age": {"unit": "years"}, "hormon": {"day": 0.0}},
        cohort={"exclude": [{"column": "size", "above": 80.0, "reason": "large"}]},
    )  # fmt: skip


def test_binary(tmp_path: Path) -> None:
    data = tmp_path / "birthwt.csv"
    reference_table("birthwt").to_csv(data, index=False)
    shown = [{"risk": Decimal("0.25"), "n": 80, "events": 20}, {"risk": Decimal("0.5")}]
    logistic = {"kind": "logistic", "intercept": Decimal("1.0")}
    specs = [
        linear_score(
            "sum", {"lwt": "-0.02", "smoke": "0.5", "ht": "1.5"}, logistic, ("-3", "-2.2")
        ),
        linear_score("other", {"age": "-0.04", "ptl": "0.7"}, {**logistic, "intercept": 0}),
        linear_score("bands", {"ptl": "1", "smoke": "1"}, None, ("1",), shown),
    ]
    agrees(
        tmp_path,
        data,
        specs,
        NO_RISK,
        level=0.9,
        outcome={"event": "low"},
        subgroups=[{"column": "race"}, {"column": "smoke"}],
        centre="race",
        update={"ladder": True, "extend": ("age",), "alpha": 0.99999},
        columns={"age": {"unit": "years", "day": 0.0}},
    )


def test_competing_risks(tmp_path: Path) -> None:
    table = reference_table("mgus2")
    first = table["ptime"].where(table["pstat"] == 1, table["futime"])
    # whole months: many events and censorings share one time
    table["etime"] = first.clip(lower=1)
    table["cause"] = table["pstat"].where(table["pstat"] == 1, 2 * table["death"])
    table["sexf"] = (table["sex"] == "F").astype(int)
    data = tmp_path / "mgus2.csv"
    table.to_csv(data, index=False)
    late = {"kind": "survival", "horizon": 120, "time_unit": "months"}
    rare = {"kind": "cox", "baseline_survival": Decimal("0.95")}
    specs = [
        linear_score("protein", {"mspike": "0.7", "hgb": "-0.1"}, rare, ("-0.6", "0"), **late),
        linear_score("kidney", {"mspike": "1", "creat": "0.1"}, {**rare, "centre": 2}, **late),
    ]
    agrees(
        tmp_path,
        data,
        specs,
        TIMED,
        outcome={"event": "cause", "kind": "competing", "event_value": 1.0,
                 "competing_values": (2.0,), "time": "etime", "time_unit": "months",
                 "horizon": 120.0},
        subgroups=[{"column": "sex"}],
        centre="sex",
        update={"ladder": True, "extend": ("sexf",), "alpha": 0.99999},
        columns={"sexf": {"day": 0.0}},
    )  # fmt: skip


@pytest.fixture(scope="module")
def developed() -> ScoreSpec:
    """A points score of the first simulated centre."""
    adverse = {
        "ferritin_ug_l_day0": "high",
        "crp_mg_l_day0": "high",
        "platelets_10_9_l_day0": "low",
    }
    wanted = {
        "method": "points",
        "simulated": True,
        "outcome": {"event": "severe_crs", "onset": "crs_onset_day"},
        "predictors": [{"column": name, "direction": end} for name, end in adverse.items()],
        "resampling": {"bootstrap": 0},
    }
    return cw.develop(EXAMPLES / "simulated_centre_a.csv", wanted).score


def test_units_and_words_of_another_centre(developed: ScoreSpec, tmp_path: Path) -> None:
    agrees(
        tmp_path,
        EXAMPLES / "simulated_centre_b.csv",
        [developed],
        NO_RISK,
        simulated=True,
        outcome={"event": "severe CRS", "event_value": "yes", "onset": "crs_onset_day"},
        subgroups=[{"column": "sex"}, {"column": "age_years", "cuts": (40.0, 60.0)}],
        update={"ladder": True, "alpha": 0.9999},
    )


def test_car_t_patients(car22: Path, tmp_path: Path) -> None:
    wanted = {
        "method": "index",
        "outcome": {"event": "severe_crs_astct"},
        "predictors": [
            {"column": name, "direction": "high"} for name in ("crp_mg_l_day0", "ldh_u_l_day0")
        ],
        "resampling": {"bootstrap": 0},
        "index": {"permutations": 0},
    }
    score = cw.develop(car22, wanted).score
    agrees(
        tmp_path,
        car22,
        [score],
        NO_RISK,
        outcome={"event": "severe_crs_astct"},
        scores=[{"score": score.id, "name": 'names <b> & "quotes" \\ \N{GREEK SMALL LETTER MU}'}],
        subgroups=[{"column": "prior_transplant"}],
        withhold={"patients": 10, "events": 2},
        update={"ladder": True},
    )
