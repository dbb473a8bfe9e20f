"""rms's table of Wald tests and its indices of Cox models with restricted cubic splines."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from reference_data import golden, reference_table

from cartwheel.stats.cox import CoxFit, cox_fit
from cartwheel.stats.model_indices import cox_indices
from cartwheel.stats.spline import restricted_cubic_spline, spline_knots
from cartwheel.stats.times import SurvivalTimes, survival_times
from cartwheel.stats.wald_table import Variable, wald_table

CASES = {name: case for name, case in golden("cox").items() if name.startswith("rcs.")}
# cph stops at a gain in log likelihood of 1e-4 of 1e-4: its coefficients are within 1e-7 or so of
# the maximum where the spline's terms are nearly collinear (pbc), far closer elsewhere
FIT = 2e-7
R = 1e-8


class Model:
    """A golden formula, fitted; the knots of every curve from the data."""

    def __init__(self, case: dict[str, Any]) -> None:
        left, right = case["formula"].split("~")
        surv = re.fullmatch(r"Surv\((\w+),(\w+)(?:==(\d+))?\)", left.strip())
        assert surv
        time, event, code = surv.groups()
        parsed = [re.fullmatch(r"(?:rcs\()?(\w+)(?:,(\d)\))?", t.strip()) for t in right.split("+")]
        parts = [term.groups() for term in parsed if term]
        assert len(parts) == len(parsed)
        table = reference_table(case["data"])
        table = table.dropna(subset=[time, event, *(name for name, _ in parts)])
        self.times: SurvivalTimes = survival_times(table[time], table[event] == int(code or 1))
        self.knots, columns, self.variables = {}, [], []
        for name, knots in parts:
            x = table[name].to_numpy(float)
            block = x[:, None]
            if knots:
                self.knots[name] = spline_knots(x, int(knots))
                block = restricted_cubic_spline(x, self.knots[name])
            first = sum(part.shape[1] for part in columns)
            own = tuple(range(first, first + block.shape[1]))
            self.variables.append(Variable(name, own, own[1:]))
            columns.append(block)
        self.x = np.column_stack(columns)
        self.fit: CoxFit = cox_fit(self.times, self.x)


def test_there_are_cases() -> None:
    assert list(CASES) == ["rcs.lung.age", "rcs.pbc.bili", "rcs.mgus2.hgb"]


@pytest.mark.parametrize("name", CASES)
def test_fits_with_knots_from_the_data(name: str) -> None:
    case = CASES[name]
    model = Model(case)
    np.testing.assert_allclose(next(iter(model.knots.values())), case["knots"], rtol=1e-12)
    assert model.x.shape[1] == len(case["terms"])
    np.testing.assert_allclose(model.fit.coefficients, case["coef"], rtol=FIT)
    np.testing.assert_allclose(model.fit.std_error, case["se"], rtol=FIT)
    ours = [model.fit.log_likelihood_null, model.fit.log_likelihood]
    np.testing.assert_allclose(ours, case["loglik"], rtol=R)


@pytest.mark.parametrize("name", CASES)
def test_anova(name: str) -> None:
    case = CASES[name]
    model = Model(case)
    rows = wald_table(model.fit.coefficients, model.fit.covariance, model.variables)
    labels = {"nonlinear": " Nonlinear", "total nonlinear": "TOTAL NONLINEAR", "total": "TOTAL"}
    assert [labels.get(row.part, row.variable) for row in rows] == case["anova_rows"]
    for row, (chi_square, df, p_value) in zip(rows, case["anova"], strict=True):
        assert row.test.df == df
        assert row.test.statistic == pytest.approx(chi_square, rel=FIT)
        # rms takes 1 minus the distribution function, which ends at 1e-16
        assert row.test.p_value == pytest.approx(p_value, rel=1e-6, abs=1e-14)


@pytest.mark.parametrize("name", CASES)
def test_stats(name: str) -> None:
    case = CASES[name]
    model, stored = Model(case), case["stats"]
    found = cox_indices(model.fit, model.times, model.x)
    share, fit = found.likelihood_r2, model.fit
    ours = {
        "Obs": fit.n,
        "Events": fit.events,
        "Model L.R.": found.likelihood_ratio,
        "d.f.": found.df,
        "P": found.p_value,
        "Score": found.score,
        "Score P": found.score_p_value,
        "R2": found.nagelkerke,
        f"R2({fit.n})": share.r2,
        f"R2({fit.df},{fit.n})": share.r2_adjusted,
        f"R2({fit.events})": share.effective_r2,
        f"R2({fit.df},{fit.events})": share.effective_r2_adjusted,
        "Dxy": found.dxy,
        "g": found.g,
        "gr": found.g_ratio,
    }
    assert set(ours) == set(stored)
    for key, value in ours.items():
        assert value == pytest.approx(stored[key], rel=R, abs=1e-14), key
