"""The updating ladder against R's glm, coxph and their likelihood ratios."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit"))

from reference_data import reference_table
from update_cases import (
    SURVIVAL,
    binary,
    extension,
    ladder_plan,
    linear_score,
    plain,
    scored,
    survival,
)

from cartwheel.stats.competing_times import competing_times
from cartwheel.stats.fine_gray import fine_gray
from cartwheel.stats.subdistribution import subdistribution_risk_sets
from cartwheel.validation.analysed import Target
from cartwheel.validation.result_update import Rung, Update
from cartwheel.validation.updating.file import Updatable
from cartwheel.validation.updating.frame import frame_of
from cartwheel.validation.updating.ladder import climb, ladder_of

GOLDEN = json.loads((Path(__file__).parent / "validate" / "update.json").read_text("utf-8"))
# fits of both stop well below a relative 1e-10; coxph's own tolerance leaves a little more
EXACT, CLOSE = 1e-8, 1e-7


def _birthwt() -> tuple[Target, Updatable, str]:
    table = reference_table("birthwt")
    spec = linear_score(
        {"lwt": "-0.02", "smoke": "0.5", "ht": "1.5"}, risk={"kind": "logistic", "intercept": 1}
    )
    predicted, terms = scored(spec, plain(**{name: table[name] for name in spec.input_names}))
    about = Updatable(predicted, terms, (extension("age", table["age"]),))
    return binary(table["low"]), about, "binary"


def _gbsg(round_to: int) -> tuple[Target, Updatable, str]:
    table = reference_table("gbsg")
    spec = linear_score(
        {"nodes": "0.06", "grade": "0.3", "size": "0.01"},
        outcome={**SURVIVAL, "horizon": 1500, "time_unit": "days"},
        risk={"kind": "cox", "baseline_survival": 0.7, "centre": 1.5},
    )
    predicted, terms = scored(spec, plain(**{name: table[name] for name in spec.input_names}))
    about = Updatable(predicted, terms, (extension("hormon", table["hormon"]),))
    time = np.ceil(table["rfstime"] / round_to) * round_to
    return survival(time, table["status"], 1500.0, "days"), about, "survival"


CASES = {"birthwt": _birthwt, "gbsg": lambda: _gbsg(1), "gbsg_tied": lambda: _gbsg(100)}


def _climbed(name: str) -> tuple[Update, dict[str, Any]]:
    target, about, kind = CASES[name]()
    # at this level every step is made
    update, _ = climb(target, about, ladder_plan(kind, extend=["added"], alpha=0.999999))
    return update, GOLDEN[name]


def _numbers(rung: Rung) -> tuple[list[float], list[float]]:
    errors = [term.std_error for term in rung.terms if term.std_error is not None]
    return [term.coefficient for term in rung.terms], errors


@pytest.mark.parametrize("name", CASES)
def test_likelihoods_and_their_ratios(name: str) -> None:
    update, golden = _climbed(name)
    found = [rung.log_likelihood for rung in update.rungs]
    np.testing.assert_allclose(found, golden["log_likelihood"], rtol=EXACT)
    np.testing.assert_allclose(
        [test.statistic for test in update.tests], golden["statistic"], rtol=CLOSE
    )
    assert [test.df for test in update.tests] == [5, 4, 3, 1]
    assert update.tests[-1].statistic == pytest.approx(golden["anova"][0], rel=CLOSE)
    assert [test.against for test in update.tests] == [
        "as is", "intercept", "slope", "re-estimated",
    ]  # fmt: skip


def test_logistic_coefficients_and_errors() -> None:
    update, golden = _climbed("birthwt")
    for rung in update.rungs[1:]:
        values, errors = _numbers(rung)
        wanted = golden[rung.name.replace("-", "_")]
        # in R the added column is age, per year; the factors multiply old contributions in both
        np.testing.assert_allclose(values + errors, wanted, rtol=EXACT)


@pytest.mark.parametrize("name", ["gbsg", "gbsg_tied"])
def test_cox_coefficients_and_baseline(name: str) -> None:
    update, golden = _climbed(name)
    assert update.rungs[1].terms[0].coefficient == pytest.approx(golden["intercept"][0], rel=EXACT)
    for rung in update.rungs[2:]:
        values, errors = _numbers(rung)
        np.testing.assert_allclose(values + errors, golden[rung.name.replace("-", "_")], rtol=CLOSE)


def test_risks_of_the_fullest_rung() -> None:
    target, about, _ = _birthwt()
    frame = frame_of(target, about.predicted, about.terms, about.extension)
    fit = ladder_of(target, frame).fit("extended", np.ones(target.n))
    risks = 1.0 / (1.0 + np.exp(-fit.predictor[:5]))
    np.testing.assert_allclose(risks, GOLDEN["birthwt"]["first_risks"], rtol=EXACT)


def test_subdistribution_sums_at_the_fit_of_fine_gray() -> None:
    # fine_gray agrees with cmprsk's crr; at its coefficients the sums give its baseline again
    table = reference_table("mgus2")
    time = np.where(table["pstat"] == 1, table["ptime"], table["futime"])
    cause = np.where(table["pstat"] == 1, 1, 2 * table["death"])
    sample = competing_times(time, cause)
    x = np.column_stack((table["age"] / 10.0, table["sex"] == "M")).astype(np.float64)
    fit = fine_gray(sample, x)
    sums = subdistribution_risk_sets(sample, x @ fit.coefficients, 1)
    np.testing.assert_allclose(sums.events / sums.at_risk, fit.baseline_jump, rtol=EXACT)
    assert sums.log_likelihood == pytest.approx(fit.log_likelihood, rel=EXACT)
    np.testing.assert_array_equal(sums.time, fit.time)
