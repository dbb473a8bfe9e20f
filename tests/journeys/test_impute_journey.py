"""``--missing impute`` from the command line, on real files, and against a simulated truth."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pandas as pd
import pytest
from develop_examples import CRP, FERRITIN, cartwheel, cohort, plan, predictor, saved
from scipy.special import expit

import cartwheel as cw
from cartwheel.clinic.score import read_score
from cartwheel.stats.roc import auc
from cartwheel.workflows.schema import develop_schema

Run = Callable[..., subprocess.CompletedProcess[str]]
SCHEMA = jsonschema.Draft202012Validator(develop_schema())
FLAGS = ("--event", "severe", "--predictors", f"{CRP},{FERRITIN}", "--direction", "high")
IMPUTE = ("--missing", "impute", "--imputations", "4", "--bootstrap", "6")


def holed(n: int = 80, share: float = 0.2) -> pd.DataFrame:
    draw = np.random.default_rng(8)
    frame = cohort(n)
    for column in (CRP, FERRITIN):
        frame.loc[draw.random(n) < share, column] = np.nan
    return frame


def outputs(folder: Path) -> tuple[str | Path, ...]:
    return (
        *("--json", folder / "r.json", "--score", folder / "s.toml"),
        *("--report", folder / "r.html", "--save-plan", folder / "p.toml"),
    )


@pytest.mark.parametrize("method", ["index", "points"])
@pytest.mark.parametrize("kind", ["binary", "survival"])
def test_every_output_tells_of_the_imputation(method: str, kind: str, tmp_path: Path) -> None:
    path = saved(holed(), tmp_path)
    flags = FLAGS if kind == "binary" else ("--event", "progressed", *FLAGS[2:])
    timed = () if kind == "binary" else ("--time", "pfs_months", "--horizon", "12")
    done = cartwheel(
        *("develop", path, "--method", method, *flags, *timed, *IMPUTE, "--id", "patient"),
        *("--adjust", "age_years", "--day", "age_years=0", "--associations", "sex"),
        *outputs(tmp_path),
    )
    assert (done.code, done.err) == (0, "")
    document = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    SCHEMA.validate(document)
    result = document["result"]
    found = result["imputation"]
    assert document["plan"]["imputation"] == {"imputations": 4, "iterations": 5}
    assert f"missing predictors of {found['patients']} imputed 4 times" in done.out
    assert "Missing at random is an assumption" in " ".join(done.out.split())
    assert f"complete ({found['complete_cases']['patients']}): " in done.out
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "Missing at random is an assumption, not a finding" in page
    assert "complete cases alone" in page
    assert "completed copies" in page
    for row in (*result["univariable"]["rows"], *result["adjusted_model"]["rows"][:1]):
        assert "Rubin" in row["test"] or row["missing_information"] is None
    assert "pooled over 4 imputations" in result["univariable"]["method"]
    assert any("chained equations" in paragraph for paragraph in result["methods"])
    for text in (page, done.out, (tmp_path / "r.json").read_text(encoding="utf-8")):
        assert "SENTINEL" not in text
    score = read_score(tmp_path / "s.toml")
    assert score.identity == result["score_sha256"]
    assert "imputed" in score.population.text
    again = cartwheel("develop", path, "--plan", tmp_path / "p.toml", "--json", "-")
    assert again.out == (tmp_path / "r.json").read_text(encoding="utf-8")


def test_two_processes_write_the_same_bytes(start_cartwheel: Run, tmp_path: Path) -> None:
    saved(holed(), tmp_path)
    told = [
        start_cartwheel(
            *("develop", "cohort.csv", "--method", "index", *FLAGS, *IMPUTE),
            *("--threads", threads, "--json", "-"),
        )
        for threads in ("1", "2")
    ]
    assert {done.returncode for done in told} == {0}
    assert told[0].stdout == told[1].stdout


def test_the_page_holds_every_number_of_the_block(tmp_path: Path) -> None:
    path = saved(holed(), tmp_path)
    done = cartwheel("develop", path, "--method", "points", *FLAGS, *IMPUTE, *outputs(tmp_path))
    assert done.code == 0, done.err
    found = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["result"]["imputation"]
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    section = page.split('<section id="imputation">')[1].split("</section>")[0]
    shown = {float(value) for value in re.findall(r'<data value="([^"]+)">', section)}
    numbers = [found["patients"], found["percent"], found["imputations"], found["seed"]]
    numbers += [row[key] for row in found["variables"] for key in ("missing", "percent")]
    numbers += [row["error"] for row in found["monte_carlo"]] + [found["missing_information"]]
    for measure in found["complete_cases"]["performance"]["measures"]:
        numbers += [measure["apparent"]["value"], measure["corrected"]["value"]]
    assert {float(number) for number in numbers} <= shown


def test_flags_beside_a_plan(tmp_path: Path) -> None:
    path = saved(holed(), tmp_path)
    given = ("develop", path, "--method", "points", *FLAGS, *IMPUTE)
    assert cartwheel(*given, "--save-plan", tmp_path / "p.toml").code == 0
    written = tomllib.loads((tmp_path / "p.toml").read_text(encoding="utf-8"))
    assert written["missing"] == "impute"
    assert written["imputation"]["imputations"] == 4
    beside = ("develop", path, "--plan", tmp_path / "p.toml")
    more = cartwheel(*beside, "--imputations", "7", "--json", tmp_path / "7.json")
    assert more.code == 0, more.err
    seven = json.loads((tmp_path / "7.json").read_text(encoding="utf-8"))
    assert seven["result"]["imputation"]["imputations"] == 7
    back = cartwheel(*beside, "--missing", "complete", "--json", tmp_path / "c.json")
    assert back.code == 0, back.err
    left_out = json.loads((tmp_path / "c.json").read_text(encoding="utf-8"))
    assert left_out["result"]["imputation"] is None
    kept = holed()[[CRP, FERRITIN]].notna().all(axis=1).sum()
    assert left_out["result"]["outcome"]["patients"] == kept


def test_the_guard_looks_at_imputed_predictors_too(tmp_path: Path) -> None:
    frame = holed().rename(columns={CRP: "crp_mg_l_day5"})
    path = saved(frame, tmp_path)
    done = cartwheel(
        *("develop", path, "--method", "points", "--event", "severe", "--onset", "onset_day"),
        *("--predictors", "crp_mg_l_day5", *IMPUTE),
    )
    assert done.code == 2
    assert "--landmark 5" in done.err


@pytest.mark.parametrize("method", ["index", "points"])
def test_primary_biliary_cholangitis(method: str, shared: Path) -> None:
    frame = pd.read_csv(shared / "data" / "reference" / "pbc.csv")
    frame = frame.assign(death=(frame["status"] == 2).astype(int)).rename(columns={"time": "days"})
    columns = ["bili", "chol", "copper", "platelet", "edema"]
    wanted = plan(
        method,
        bootstrap=10,
        missing="impute",
        imputation={"imputations": 10},
        outcome={
            "event": "death",
            "kind": "survival",
            "time": "days",
            "time_unit": "days",
            "horizon": 1826.0,
        },
        predictors=[
            *({"column": c, "direction": "high", "transform": "log2"} for c in columns[:3]),
            {"column": "platelet", "direction": "low"},
            predictor("edema", cutoff={"method": "fixed", "value": 0.5}),
        ],
        columns={
            "platelet": {"unit": "10*9/L", "variable": "platelets"},
            "bili": {"unit": "mg/dL"},
            "chol": {"unit": "mg/dL"},
        },
    )
    result = cw.develop(frame, wanted).result
    assert result.outcome.patients == 418
    found = result.imputation
    assert found is not None
    assert {row.column: row.missing for row in found.variables} == {
        "chol": 134,
        "copper": 108,
        "platelet": 11,
    }
    assert found.complete_cases is not None
    assert found.complete_cases.patients == frame[columns].dropna().shape[0]
    main = result.performance.measures[0]
    assert main.apparent.value is not None
    assert main.corrected.value is not None
    # bilirubin alone orders these patients well, as everyone knows
    assert 0.7 < main.corrected.value < main.apparent.value < 0.9
    rows = {row.term: row for row in result.univariable.rows}
    assert rows["bili"].missing_information is None
    missing = rows["chol"].missing_information
    assert missing is not None
    assert 0.05 < missing < 0.7
    text = " ".join(note.text for note in result.notes)
    assert "White, Royston and Wood" in text


def test_cart_patients_with_ferritin_missing(car22: Path) -> None:
    wanted = plan(
        bootstrap=20,
        missing="impute",
        imputation={"imputations": 10},
        outcome={"event": "severe_crs_astct", "onset": "crs_onset_day"},
        predictors=[predictor("crp_mg_l_day0"), predictor("ferritin_ug_l_day0")],
    )
    result = cw.develop(car22, wanted).result
    complete = cw.develop(car22, {**wanted, "missing": "complete", "imputation": {}}).result
    assert (result.outcome.patients, result.outcome.events) == (59, 12)
    assert complete.outcome.patients == 37
    found = result.imputation
    assert found is not None
    assert found.complete_cases is not None
    assert found.complete_cases.performance == complete.performance
    assert [(row.column, row.missing) for row in found.variables] == [("ferritin_ug_l_day0", 22)]
    assert "C22-" not in cw.develop(car22, wanted).to_json()


def simulated(draw: np.random.Generator, n: int) -> pd.DataFrame:
    """Three correlated predictors and an outcome that all of them move."""
    base = draw.normal(size=n)
    x = np.column_stack([0.7 * base + 0.7 * draw.normal(size=n) for _ in range(3)])
    event = draw.random(n) < expit(-0.6 + 0.8 * x[:, 0] + 0.6 * x[:, 1])
    columns = {f"x{place}": np.round(x[:, place], 3) for place in range(3)}
    return pd.DataFrame({**columns, "event": event.astype(int)})


def truth(developed: Any, test: pd.DataFrame) -> float:
    """AUC of the score card itself among many new patients without a value missing."""
    total = np.zeros(len(test))
    for term in developed.score.terms:
        for band in term.bands:
            low = -np.inf if band.from_ is None else float(band.from_)
            high = np.inf if band.to is None else float(band.to)
            values = test[term.input].to_numpy()
            above = values >= low if band.from_inclusive else values > low
            under = values <= high if band.to_inclusive else values < high
            total += np.where(above & under, float(band.points), 0.0)
    return auc(total, test["event"].to_numpy(dtype=float))


@pytest.mark.slow
@pytest.mark.parametrize("method", ["index", "points"])
def test_corrected_performance_is_near_the_truth(method: str) -> None:
    draw = np.random.default_rng(20261121)
    test = simulated(draw, 20_000)
    apparent, corrected = [], []
    for _ in range(60):
        frame = simulated(draw, 150)
        for column in ("x0", "x1"):
            frame.loc[draw.random(150) < 0.3, column] = np.nan
        wanted = plan(
            method,
            bootstrap=40,
            missing="impute",
            imputation={"imputations": 10},
            outcome={"event": "event"},
            predictors=[predictor(f"x{place}") for place in range(3)],
            index={"permutations": 0},
        )
        developed = cw.develop(frame, wanted)
        main = developed.result.performance.measures[0]
        real = truth(developed, test)
        assert main.apparent.value is not None
        assert main.corrected.value is not None
        apparent.append(main.apparent.value - real)
        corrected.append(main.corrected.value - real)
    error = np.std(corrected, ddof=1) / np.sqrt(60)
    # three standard errors of the simulation, and a hundredth for what a bootstrap leaves
    assert abs(np.mean(corrected)) < 3 * error + 0.01
    assert np.mean(apparent) > np.mean(corrected)
