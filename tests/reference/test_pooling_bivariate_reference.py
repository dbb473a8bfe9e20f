"""Two outcomes together, and test accuracy, against metafor 3.8 rma.mv."""

from __future__ import annotations

import numpy as np
import pytest
from pooling_r import POOLING_R, numbers
from reference_data import REFERENCE, golden, reference_table

from cartwheel.stats.pooling import bivariate
from cartwheel.stats.pooling.pair_likelihood import pair_fit

META = golden("meta") if (REFERENCE / "golden" / "meta.json").is_file() else {}
CASES = POOLING_R["bivariate"] + POOLING_R["accuracy"]
# nlminb stops with the covariance 1e-6 away; estimates, at their top, are closer
LOOSE = {"rel": 1e-5}


@pytest.mark.parametrize("case", range(len(CASES)))
def test_at_the_same_covariance(case):
    parts = CASES[case]
    first, second = numbers(parts["tau2"])
    both = parts["rho"] * np.sqrt(first * second)
    pairs = bivariate._pairs(
        numbers(parts["effects"]), numbers(parts["variances"]), parts["within_correlation"]
    )
    between = np.array([[first, both], [both, second]])
    fit = pair_fit(pairs, between, restricted=parts["method"] == "REML")
    # closed form: only rounding differs
    assert fit.log_likelihood == pytest.approx(parts["log_likelihood"], rel=1e-10)
    assert fit.estimate == pytest.approx(numbers(parts["estimate"]), rel=1e-10)
    assert fit.covariance == pytest.approx(numbers(parts["covariance"]), rel=1e-10)


@pytest.mark.parametrize("case", range(len(CASES)))
def test_fit(case):
    parts = CASES[case]
    ours = bivariate.multivariate_effects(
        numbers(parts["effects"]),
        numbers(parts["variances"]),
        within_correlation=parts["within_correlation"],
        method=parts["method"],
    )
    assert ours.log_likelihood == pytest.approx(parts["log_likelihood"], rel=1e-10)
    assert ours.log_likelihood >= parts["log_likelihood"] - 1e-10
    assert ours.estimate == pytest.approx(numbers(parts["estimate"]), **LOOSE)
    assert ours.covariance == pytest.approx(numbers(parts["covariance"]), **LOOSE)
    assert np.diag(ours.between) == pytest.approx(numbers(parts["tau2"]), **LOOSE)
    assert ours.correlation == pytest.approx(parts["rho"], **LOOSE)


@pytest.mark.parametrize("parts", POOLING_R["accuracy"], ids=lambda parts: parts["method"])
def test_accuracy_makes_the_same_logits(parts):
    cells = [parts[key] for key in ("tp", "fn", "fp", "tn")]
    ours = bivariate.bivariate_accuracy(*cells, method=parts["method"])
    assert ours.corrected.any()
    assert ours.effects.estimate == pytest.approx(numbers(parts["estimate"]), **LOOSE)
    assert ours.effects.covariance == pytest.approx(numbers(parts["covariance"]), **LOOSE)


@pytest.mark.parametrize("case", [case for case in META if case == "riley_mv_study_outcome"])
def test_survival_outcomes(case):
    table, expected = reference_table("dat.riley2003"), META[case]
    wide = table.pivot(index="study", columns="outcome", values=["yi", "vi"])
    names = ["DFS", "OS"]
    ours = bivariate.multivariate_effects(
        wide["yi"][names].to_numpy(), wide["vi"][names].to_numpy()
    )
    # the correlation runs to 1, where metafor's optimiser creeps
    assert ours.estimate == pytest.approx(expected["beta"], **LOOSE)
    assert ours.std_error == pytest.approx(expected["se"], **LOOSE)
    assert np.diag(ours.between) == pytest.approx(expected["tau2"], **LOOSE)
    assert ours.correlation == pytest.approx(expected["rho"], rel=1e-8)
    assert ours.log_likelihood == pytest.approx(expected["logLik"], rel=1e-10)
