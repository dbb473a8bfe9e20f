"""Wald tests of spline terms against R rms anova.cph (golden cox.json)."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cartwheel.errors import NotEstimable
from cartwheel.stats.cox_general import cox_regression
from cartwheel.stats.risk_sets import risk_sets
from cartwheel.stats.spline import restricted_cubic_spline, spline_knots
from cartwheel.stats.wald import wald_test


def test_terms_of_spline_models(shared: Path) -> None:
    reference = shared / "data" / "reference"
    cases = json.loads((reference / "golden" / "cox.json").read_text())["cases"]
    checked = 0
    for name, case in cases.items():
        if not name.startswith("rcs."):
            continue
        time, event, code = re.match(r"Surv\((\w+), ?(\w+)(?:==(\d))?\)", case["formula"]).groups()
        terms = case["formula"].split("~")[1].strip().split("+")
        sources = [re.sub(r"rcs\((\w+),\d\)", r"\1", term) for term in terms]
        frame = pd.read_csv(reference / f"{case['data']}.csv")
        frame = frame.dropna(subset=[time, event, *sources])
        blocks = []
        for term, source in zip(terms, sources, strict=True):
            values = frame[source].to_numpy(float)
            size = re.search(r",(\d)\)", term)
            if size is None:
                blocks.append(values[:, None])
            else:
                knots = spline_knots(values, int(size[1]))
                blocks.append(restricted_cubic_spline(values, knots))
        sets = risk_sets(frame[time], frame[event] == int(code or 1))
        fit = cox_regression(sets, np.column_stack(blocks))
        stops = np.cumsum([block.shape[1] for block in blocks])
        starts = stops - [block.shape[1] for block in blocks]
        wanted, curved = [], []
        for start, stop in zip(starts, stops, strict=True):
            wanted.append(range(start, stop))
            if stop - start > 1:
                wanted.append(range(start + 1, stop))
                curved += range(start + 1, stop)
        if len(curved) > max(stops - starts) - 1:
            wanted.append(curved)
        wanted.append(range(int(stops[-1])))
        assert len(wanted) == len(case["anova_rows"])
        for columns, (statistic, df, p_value) in zip(wanted, case["anova"], strict=True):
            found = wald_test(fit.coefficients, fit.covariance, [int(j) for j in columns])
            assert found.df == df
            # cph stops at its default eps of 1e-4 of the likelihood
            assert found.statistic == pytest.approx(statistic, rel=1e-4), name
            assert found.p_value == pytest.approx(p_value, rel=1e-3, abs=1e-14)
            checked += 1
        stats = case["stats"]
        assert (sets.n, sets.events) == (stats["Obs"], stats["Events"])
        assert fit.likelihood_ratio == pytest.approx(stats["Model L.R."], rel=1e-6)
        assert fit.score_statistic == pytest.approx(stats["Score"], rel=1e-8)
    assert checked == 14


@pytest.mark.parametrize("columns", [[], [2], [-1], [0, 0]])
def test_columns_that_do_not_exist(columns: list[int]) -> None:
    with pytest.raises(NotEstimable) as caught:
        wald_test([1.0, 2.0], np.eye(2), columns)
    assert caught.value.problems[0].code == "columns_unknown"


def test_by_hand() -> None:
    found = wald_test([1.0, 2.0, 5.0], np.diag([0.25, 4.0, 1.0]), [0, 1])
    assert found.statistic == pytest.approx(4.0 + 1.0)
    # the upper tail of chi-square with two degrees of freedom
    assert found.p_value == pytest.approx(np.exp(-2.5))
    with pytest.raises(NotEstimable):
        wald_test([1.0, 2.0], np.ones((2, 2)), [0, 1])
