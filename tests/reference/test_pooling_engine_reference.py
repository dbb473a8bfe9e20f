"""Pooling against metafor 3.8 where golden/meta.json has nothing: metafor/make.R."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cartwheel.stats.pooling.effect_sizes import (
    back_transform,
    incidence_rates,
    proportions,
    two_by_two,
)
from cartwheel.stats.pooling.heterogeneity import cochran_q, q_profile, tau_squared
from cartwheel.stats.pooling.influence import baujat, cumulative, gosh, influence, leave_one_out
from cartwheel.stats.pooling.meta_regression import (
    meta_regression,
    permutation_test,
    predict_line,
    subgroup_analysis,
)
from cartwheel.stats.pooling.random_effects import PooledEffects, pool_effects, shrunken_effects

FILE = Path(__file__).parent / "metafor" / "metafor.json"
R_SAYS: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
DATA = R_SAYS["data"]
Y, V = np.array(DATA["yi"]), np.array(DATA["vi"])
ABLAT, YEAR = np.array(DATA["ablat"], dtype=float), np.array(DATA["year"], dtype=float)
ALLOC = DATA["alloc"]
ONES = np.ones(13)
GROUPS = np.column_stack(
    [[one == level for one in ALLOC] for level in ("alternate", "random", "systematic")]
).astype(float)
DESIGNS = {
    "ablat": np.column_stack([ONES, ABLAT]),
    "ablat_year": np.column_stack([ONES, ABLAT, YEAR]),
    "alloc": np.column_stack([ONES, GROUPS[:, 1:]]),
    "cell_means": GROUPS,
    "through_zero": ABLAT[:, None],
}
METHODS = {"EE": "common"}
INTERVALS = {"z": "normal", "knha": "knapp_hartung", "adhoc": "knapp_hartung_floor"}
# both sides converge to 1e-13 of tau2; R prints 15 digits
R = 1e-8


def chosen(row: dict[str, Any]) -> dict[str, str]:
    return {
        "method": METHODS.get(row["method"], row["method"]),
        "interval": INTERVALS[row["test"]],
    }


def close(ours: Any, theirs: Any, rtol: float = R, atol: float = 0.0) -> None:
    if theirs is None or theirs in ([], {}):
        assert ours is None
        return
    np.testing.assert_allclose(ours, np.asarray(theirs, dtype=float), rtol=rtol, atol=atol)


# through zero, metafor's tau2 rests on the Q of centred effects: only a common effect compares
COMPARED = [
    row for row in R_SAYS["regressions"] if row["design"] != "through_zero" or row["method"] == "EE"
]


@pytest.mark.parametrize(
    "row", COMPARED, ids=lambda r: "-".join([r["design"], r["method"], r["test"]])
)
def test_regressions(row):
    design = DESIGNS[row["design"]]
    names = tuple("abc"[: design.shape[1]])
    fit = meta_regression(Y, V, design, names=names, **chosen(row))
    # R's normal equations lose digits with calendar years beside an intercept
    rtol = 1e-6 if row["design"] == "ablat_year" else R
    error = float(np.max(row["se"]))
    close(fit.coefficients, row["beta"], rtol=rtol, atol=rtol * error)
    close(fit.std_error, row["se"], rtol=rtol)
    close(fit.statistic, row["statistic"], rtol=rtol, atol=rtol)
    close(fit.p_values, row["p"], rtol=10 * rtol)
    close(fit.low, row["low"], rtol=rtol, atol=rtol * error)
    close(fit.high, row["high"], rtol=rtol, atol=rtol * error)
    close(fit.log_likelihood, row["log_likelihood"], rtol=rtol)
    close(fit.omnibus_statistic, row["omnibus"], rtol=rtol)
    close(fit.omnibus_p_value, row["omnibus_p"], rtol=10 * rtol)
    close(fit.tau2, row["tau2"], rtol=rtol, atol=1e-12)
    tau2 = tau_squared(Y, V, fit.method, design)
    assert tau2.tau2 == pytest.approx(fit.tau2, rel=1e-12, abs=1e-15)
    assert cochran_q(Y, V, design).q == pytest.approx(fit.residual_q, rel=1e-12)
    if row["design"] == "through_zero":
        # metafor 3.8 centres the effects before it takes Q, which is wrong where the columns do
        # not hold a constant; its own likelihood has the sum of squares that we give
        assert fit.residual_q == pytest.approx(float((Y - ABLAT * fit.coefficients) ** 2 @ (1 / V)))
        return
    close(fit.tau2_std_error, row["tau2_se"], rtol=rtol)
    close(fit.i2, row["i2"], rtol=rtol, atol=1e-9)
    close(fit.h2, row["h2"], rtol=rtol)
    close(fit.r2, row["r2"], rtol=rtol, atol=1e-7)
    close(fit.residual_q, row["q"], rtol=rtol)
    close(fit.residual_q_p_value, row["q_p"], rtol=10 * rtol)
    assert fit.weights_percent.sum() == pytest.approx(100.0)


@pytest.mark.parametrize("row", R_SAYS["lines"], ids=lambda r: f"{r['method']}-{r['test']}")
def test_lines(row):
    fit = meta_regression(Y, V, DESIGNS["ablat"], names=("a", "b"), **chosen(row))
    line = predict_line(fit, [[1, 0], [1, 20], [1, 55]])
    for key in ("fitted", "low", "high", "prediction_low", "prediction_high"):
        close(getattr(line, key), row[key], rtol=1e-7)


def test_q_profile_with_a_moderator():
    # confint of R steps to 1e-14 of the interval that it searches
    close(q_profile(Y, V, DESIGNS["ablat"]), R_SAYS["profile_ablat"], rtol=1e-7)


@pytest.mark.parametrize("row", R_SAYS["deletions"], ids=lambda r: f"{r['method']}-{r['test']}")
def test_deletions(row):
    how = chosen(row)
    found = influence(Y, V, **how)
    fields = {
        "rstudent": found.studentised_residual,
        "rstandard": found.standardised_residual,
        "dffits": found.dffits,
        "cook": found.cook,
        "cov_r": found.covariance_ratio,
        "tau2": found.tau2_without,
        "q": found.q_without,
        "hat": found.hat,
        "weight": found.weight_percent,
        "dfbeta": found.dfbeta,
    }
    for key, ours in fields.items():
        # cook is a squared difference of two estimates
        close(ours, row[key], rtol=1e-8, atol=1e-13)
    assert found.flagged.tolist() == row["flagged"]
    order = np.argsort(YEAR, kind="stable")
    for key, ours in (
        ("leave_one_out", leave_one_out(Y, V, **how)),
        ("cumulative", cumulative(Y, V, order, **how)),
    ):
        theirs = row[key]
        close(ours.estimate, theirs["estimate"])
        close(ours.std_error, theirs["se"])
        close(ours.p_value, theirs.get("pval", theirs.get("pvals")), rtol=1e-7)
        close(ours.low, theirs["ci.lb"], atol=1e-9)
        close(ours.high, theirs["ci.ub"], atol=1e-9)
        close(ours.q, theirs["Q"], atol=1e-12)
        close(ours.q_p_value, theirs["Qp"])
        close(ours.i2, theirs["I2"], atol=1e-8)
        close(ours.h2, theirs["H2"])
        assert ours.estimable.all()
    if row["method"] != "EE":
        shrunk = shrunken_effects(Y, V, pool_effects(Y, V, **how))
        for ours, key in zip(shrunk, ("pred", "se", "pi.lb", "pi.ub"), strict=True):
            close(ours, row["blup"][key])
    x, pull = baujat(Y, V, method=how["method"])
    close(x, row["baujat_x"])
    close(pull, row["baujat_y"], atol=1e-13)


@pytest.mark.parametrize("row", R_SAYS["few"], ids=lambda r: f"{r['k']}-{r['method']}-{r['test']}")
def test_few_studies(row):
    k = row["k"]
    fit = pool_effects(Y[:k], V[:k], **chosen(row))
    assert isinstance(fit, PooledEffects)
    close(fit.estimate, row["beta"])
    close(fit.std_error, row["se"])
    close(fit.p_value, row["p"])
    close(fit.low, row["low"])
    close(fit.high, row["high"])
    close(fit.tau2, row["tau2"], atol=1e-12)
    close(fit.i2, row["i2"], atol=1e-9)
    close(fit.h2, row["h2"])
    close(fit.q, row["q"], atol=1e-14)
    close(fit.q_p_value, row["q_p"])
    # metafor weighs a single study by one over itself
    close(fit.weights_percent, row["weights"])
    if k > 1:
        close(fit.tau2_std_error, row["tau2_se"])
        close(fit.log_likelihood, row["log_likelihood"])
        assert fit.interval == INTERVALS[row["test"]]
    else:
        assert fit.interval == "normal"
        assert fit.tau2_std_error is None
        assert fit.prediction_low is None
        assert fit.df is None


@pytest.mark.parametrize("row", R_SAYS["permutations"], ids=lambda r: f"{r['method']}-{r['test']}")
def test_exact_permutations(row):
    how = chosen(row)
    six = permutation_test(Y[:6], V[:6], DESIGNS["ablat"][:6], seed=1, **how)
    assert six.exact
    # a share of permutations: equal but for the division
    close(six.p_values, row["six"], rtol=1e-12)
    close(six.omnibus_p_value, row["six_omnibus"], rtol=1e-12)
    design = np.column_stack([ONES, [one == "random" for one in ALLOC]])
    group = permutation_test(Y, V, design, seed=1, **how)
    assert group.permutations == 1716
    close(group.p_values, row["group"], rtol=1e-12)
    close(group.omnibus_p_value, row["group_omnibus"], rtol=1e-12)


@pytest.mark.parametrize("row", R_SAYS["subsets"], ids=lambda r: r["method"])
def test_every_subset(row):
    found = gosh(Y[:6], V[:6], method=METHODS.get(row["method"], row["method"]), seed=1)
    theirs = np.array(row["member"], dtype=int)
    # the same subsets in the two orders
    place = {tuple(member): i for i, member in enumerate(found.member.tolist())}
    at = [place[tuple(member)] for member in theirs.tolist()]
    assert len(set(at)) == len(place) == 63
    for key, ours in (
        ("k", found.k),
        ("QE", found.q),
        ("I2", found.i2),
        ("H2", found.h2),
        ("tau2", found.tau2),
        ("estimate", found.effect),
    ):
        if key == "H2" and row["method"] != "EE":
            # gosh leaves H2 below 1 with some estimators, where rma itself gives 1
            close(ours[at], np.maximum(row[key], 1.0).tolist(), rtol=1e-8)
            continue
        close(ours[at], row[key], rtol=1e-8, atol=1e-9 if key == "I2" else 1e-12)


@pytest.mark.parametrize(
    "row", R_SAYS["tables"], ids=lambda r: f"{r['measure']}-{r['to']}-{r['add']}"
)
def test_zero_cells_of_two_by_two(row):
    where = {"only0": "zero_cells_only", "all": "all", "none": "none"}[row["to"]]
    zero = R_SAYS["zero"]
    columns = [np.array([one[key] for one in zero], dtype=float) for key in ("a", "n1", "c", "n0")]
    found = two_by_two(*columns, row["measure"], add=row["add"], where=where)
    if row["measure"] == "AS" and where != "none":
        # R adds to this measure too where add is given, though not by default; we never do
        assert not found.corrected.any()
        return
    compare_or_none(found.effect, row["yi"])
    compare_or_none(found.variance, row["vi"])
    assert found.corrected.any() == (where != "none")


def compare_or_none(ours: np.ndarray, theirs: list[float | None]) -> None:
    """R has NA where we have a number that is not finite."""
    for one, other in zip(ours.tolist(), theirs, strict=True):
        if other is None or isinstance(other, str):
            assert not np.isfinite(one)
        else:
            assert one == pytest.approx(other, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("row", R_SAYS["shares"], ids=lambda r: f"{r['measure']}-{r['to']}")
def test_zero_events_of_proportions(row):
    where = {"only0": "zero_cells_only", "all": "all"}[row["to"]]
    zero = R_SAYS["zero"]
    found = proportions(
        [one["a"] for one in zero], [one["n1"] for one in zero], row["measure"], where=where
    )
    compare_or_none(found.effect, row["yi"])
    compare_or_none(found.variance, row["vi"])


def test_zero_events_of_rates():
    found = incidence_rates([0, 4], [100, 120.5], [3, 9], [90, 200])
    compare_or_none(found.effect, R_SAYS["rates"]["yi"])
    compare_or_none(found.variance, R_SAYS["rates"]["vi"])
    assert found.corrected.tolist() == [True, False]


def test_back_transformation():
    back = R_SAYS["back"]
    for measure in ("PAS", "PFT"):
        close(back_transform(back["values"], measure, back["n"]), back[measure], atol=1e-15)


@pytest.mark.parametrize("method", ["REML", "DL", "common", "PM"])
def test_one_tau2_of_subgroups_is_the_regression_on_them(method):
    for row in R_SAYS["regressions"]:
        if row["design"] == "alloc" and METHODS.get(row["method"], row["method"]) == method:
            found = subgroup_analysis(Y, V, ALLOC, **chosen(row))
            close(found.q_between_common, row["omnibus"])
            close(found.p_value_common, row["omnibus_p"])
            assert found.df_residual_common == (None if row["test"] == "z" else 10)
