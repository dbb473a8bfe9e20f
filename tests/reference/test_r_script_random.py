"""What rests on random numbers: R repeats the procedure, and differs within Monte-Carlo error."""

from __future__ import annotations

import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from develop_examples import plan, predictor
from r_programs import as_json, differing, linear_score, run_program, too_far_apart
from reference_data import reference_table

import cartwheel as cw
from cartwheel.clinic.score_spec import ScoreSpec
from cartwheel.demonstration import __file__ as demonstration
from cartwheel.report.r_script import r_script

DEMO = Path(demonstration).with_name("simulated_myeloma_197.csv")
DEMO_PLAN = DEMO.with_name("plan_simulated_myeloma.toml")


def printed(rows: list[dict[str, str]], *ends: str) -> list[str]:
    """Places of random numbers that end so."""
    found = [row["place"] for row in rows if row["rests_on"] == "random numbers"]
    return [place for place in found if place.endswith(ends)]


def test_an_index_searched_again(tmp_path: Path) -> None:
    document = as_json(cw.develop(DEMO, DEMO_PLAN).document)
    rows = run_program(tmp_path, document, DEMO, resamples=60, permutations=300)
    assert differing(document, rows) == []
    own = document["plan"]["resampling"]["bootstrap"]
    settled = [row for row in rows if ".wander" not in row["place"]]
    assert too_far_apart(settled, 60 / own) == []
    for number, cutoff in enumerate(document["result"]["cutoffs"]):
        bars = cutoff["wander_grid"]
        for end, share in (("value", 0.5), ("low", 0.025), ("high", 0.975)):
            place = f"result.cutoffs[{number}].wander.{end}"
            there = next(float(row["value"]) for row in rows if row["place"] == place)
            # cuts lie on few places, so their percentiles are compared by the share below them:
            # binomial, four standard errors of the difference, of 60 draws and of ours
            reach = 4.0 * math.sqrt(share * (1.0 - share) * (1 / 60 + 1 / own))
            below = sum(count for cut, count in bars if cut < there - 1e-9) / own
            reached = sum(count for cut, count in bars if cut <= there + 1e-9) / own
            assert below - reach <= share <= reached + reach, place
    assert len(printed(rows, ".p_adjusted")) == 3
    assert len(printed(rows, ".wander.value", ".wander.low", ".wander.high")) == 9
    assert len(printed(rows, ".optimism.value", ".corrected.value")) == 16


def test_a_selection_repeated(tmp_path: Path) -> None:
    data = tmp_path / "birthwt.csv"
    reference_table("birthwt").to_csv(data, index=False)
    wanted = plan(
        outcome={"event": "low"},
        predictors=[predictor("age"), predictor("lwt"), *map(predictor, ("smoke", "ptl", "ht"))],
        points={"selection": "backward", "alpha": 0.1},
        columns={"age": {"unit": "years"}},
        bootstrap=60,
    )
    document = as_json(cw.develop(data, wanted).document)
    rows = run_program(tmp_path, document, data, resamples=60)
    assert differing(document, rows) == []
    assert too_far_apart(rows) == []
    assert len(printed(rows, ".frequency")) == 5


def with_gaps(names: tuple[str, ...], folder: Path) -> Path:
    """The birth weights, a fifth of some columns missing at random."""
    table, draw = reference_table("birthwt"), np.random.default_rng(4)
    for name in names:
        table[name] = table[name].where(draw.random(len(table)) > 0.2)
    table.to_csv(folder / "gaps.csv", index=False)
    return folder / "gaps.csv"


@pytest.fixture(scope="module")
def imputed_index() -> dict[str, Any]:
    return plan(
        "index",
        outcome={"event": "low"},
        missing="impute",
        imputation={"imputations": 8, "iterations": 3},
        predictors=[{"column": "lwt", "direction": "low"}, predictor("age"), predictor("smoke")],
        index={"permutations": 200},
        columns={"age": {"unit": "years"}},
        bootstrap=8,
    )


def test_predictors_imputed(imputed_index: dict[str, Any], tmp_path: Path) -> None:
    data = with_gaps(("lwt", "smoke"), tmp_path)
    document = as_json(cw.develop(data, imputed_index).document)
    rows = run_program(tmp_path, document, data, resamples=8, permutations=200)
    assert differing(document, rows) == []
    # eight copies and as many resamples: no tails, and no variances
    ends = (".value", ".cut", ".coefficient", ".p_adjusted")
    rows = [row for row in rows if row["place"].endswith(ends)]
    assert too_far_apart(rows, few=8) == []
    wanted = (
        "result.performance.measures[0].apparent.value",
        "result.performance.measures[0].corrected.value",
        "result.cutoffs[0].cut",
        "result.cutoffs[0].p_adjusted",
        "result.index_model.rows[0].coefficient",
    )
    assert set(wanted) <= set(printed(rows, *wanted))


def test_without_mice_the_program_says_so_and_goes_on(
    imputed_index: dict[str, Any], tmp_path: Path
) -> None:
    data = with_gaps(("lwt", "smoke"), tmp_path)
    document = as_json(cw.develop(data, {**imputed_index, "resampling": {"bootstrap": 0}}).document)
    text = r_script(document).replace(
        'requireNamespace("mice"', 'requireNamespace("a.package.that.is.not.there"'
    )
    rows = run_program(tmp_path, document, data, text=text)
    assert differing(document, rows) == []
    assert printed(rows, "value") == []
    here = "result.imputation.complete_cases.performance.measures[0].apparent.value"
    assert here in [row["place"] for row in rows]


LOGISTIC = {"kind": "logistic", "intercept": Decimal("1.0")}


def validated(data: Path, spec: ScoreSpec, **parts: Any) -> dict[str, Any]:
    wanted = {
        "outcome": {"event": "low"},
        "scores": [{"score": spec.id}],
        "columns": {"age": {"unit": "years", "day": 0.0}},
        **parts,
    }
    return as_json(cw.validate(data, wanted, scores={spec.id: spec}).document)


def test_a_validation_and_its_ladder_in_resamples(tmp_path: Path) -> None:
    data = tmp_path / "birthwt.csv"
    reference_table("birthwt").to_csv(data, index=False)
    spec = linear_score("sum", {"lwt": "-0.02", "smoke": "0.5", "ht": "1.5"}, LOGISTIC)
    document = validated(
        data, spec, resampling={"bootstrap": 40}, update={"ladder": True, "extend": ("age",)}
    )
    rows = run_program(tmp_path, document, data, [spec], resamples=40)
    assert differing(document, rows) == []
    assert too_far_apart(rows) == []
    assert len(printed(rows, "chosen_share[0][1]", "chosen_share[4][1]")) == 2
    ladder = [place for place in printed(rows, ".corrected.value") if "rungs" in place]
    # four rungs of six measures; a new intercept alone keeps the order, and so the AUC
    assert len(ladder) == 23
    assert any("plot.curve" in place for place in printed(rows, "[2]"))
    assert printed(rows, "decision.curves[0].low[3]")


def test_firth_rungs_in_resamples(car22: Path, tmp_path: Path) -> None:
    of_index = {
        "method": "index",
        "outcome": {"event": "severe_crs_astct"},
        "predictors": [
            {"column": name, "direction": "high"} for name in ("crp_mg_l_day0", "ldh_u_l_day0")
        ],
        "resampling": {"bootstrap": 0},
        "index": {"permutations": 0},
    }
    spec = cw.develop(car22, of_index).score
    document = validated(
        car22,
        spec,
        outcome={"event": "severe_crs_astct"},
        columns={},
        resampling={"bootstrap": 40},
        update={"ladder": True},
    )
    told = " ".join(rung["text"] for rung in document["result"]["updates"][0]["rungs"])
    assert "Firth" in told
    rows = run_program(tmp_path, document, car22, [spec], resamples=40)
    assert differing(document, rows) == []
    assert too_far_apart(rows) == []


@pytest.mark.parametrize("resamples", [0, 50])
def test_inputs_imputed(resamples: int, tmp_path: Path) -> None:
    data = with_gaps(("lwt", "smoke"), tmp_path)
    spec = linear_score("sum", {"lwt": "-0.02", "smoke": "0.5", "ht": "1.5"}, LOGISTIC)
    copies = 3 if resamples else 40
    document = validated(
        data,
        spec,
        missing="impute",
        imputation={"imputations": copies, "iterations": 3, "resamples": resamples},
        resampling={"bootstrap": 0},
    )
    rows = run_program(tmp_path, document, data, [spec], resamples=resamples)
    assert differing(document, rows) == []
    assert "result.imputation.patients" in [row["place"] for row in rows]
    if resamples:
        # of three copies neither variance nor missing information can be compared
        rows = [row for row in rows if row["place"].endswith((".value", ".low", ".high"))]
    assert too_far_apart(rows) == []
    here = "result.imputation.measures[0].imputed"
    assert len(printed(rows, f"{here}.value", f"{here}.low", f"{here}.high")) >= 3
