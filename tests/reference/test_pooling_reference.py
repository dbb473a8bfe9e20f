"""Pooling against metafor 3.8: golden/meta.json, case by case and option by option."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import reference_data

from cartwheel.stats.pooling.count_effects import Converted
from cartwheel.stats.pooling.effect_sizes import (
    back_transform,
    incidence_rates,
    mean_difference,
    proportions,
    standardised_mean_difference,
    two_by_two,
)
from cartwheel.stats.pooling.heterogeneity import (
    h_squared,
    i_squared,
    q_profile,
    tau_squared,
    typical_variance,
)
from cartwheel.stats.pooling.influence import baujat, cumulative, gosh, influence, leave_one_out
from cartwheel.stats.pooling.meta_regression import meta_regression, subgroup_analysis
from cartwheel.stats.pooling.random_effects import pool_effects, shrunken_effects
from cartwheel.stats.pooling.refits import Refits

CASES: dict[str, Any] = reference_data.golden("meta")
POOLS = [name for name in CASES if not name.startswith(("mh_", "prop_", "riley_mv"))]
TABLES = [name for name in CASES if name.startswith("mh_")]
PROPORTIONS = [name for name in CASES if name.startswith("prop_")]
METHODS = {"FE": "common"}
INTERVALS = {"z": "normal", "knha": "knapp_hartung", "adhoc": "knapp_hartung_floor"}

# both sides solve for tau2; metafor stops at 1e-10 of it, which reaches every number through tau2
R = 1e-8
# the values are printed with 15 digits
CLOSED = 1e-12


def test_the_golden_file_has_its_cases():
    assert len(POOLS) == 10
    assert len(TABLES) == 3
    assert len(PROPORTIONS) == 1


def close(ours: Any, theirs: Any, rtol: float = R, atol: float = 0.0) -> None:
    """Compare, where R has a number; where it has none, we have none."""
    if theirs is None or theirs == "NA":
        assert ours is None
        return
    np.testing.assert_allclose(ours, np.asarray(theirs, dtype=float), rtol=rtol, atol=atol)


def studies(name: str) -> tuple[np.ndarray, np.ndarray]:
    return np.array(CASES[name]["yi"]), np.array(CASES[name]["vi"])


def pooled_as_in_r(model: dict[str, Any], y: np.ndarray, v: np.ndarray) -> None:
    """Every number of one intercept-only model."""
    method = METHODS.get(model["method"], model["method"])
    fit = pool_effects(y, v, method=method, interval=INTERVALS[model["test"]])
    assert fit.k == model["k"]
    close(fit.estimate, model["beta"][0])
    close(fit.std_error, model["se"] if isinstance(model["se"], float) else model["se"][0])
    close(fit.statistic, model["zval"][0])
    # the tail of the normal distribution multiplies the error of z by z^2
    close(fit.p_value, model["pval"][0], rtol=R * max(10.0, fit.statistic**2))
    # a limit may lie near nought: its error is that of the estimate and the width
    width = fit.high - fit.low
    close(fit.low, model["ci_lb"][0], atol=R * width)
    close(fit.high, model["ci_ub"][0], atol=R * width)
    close(fit.df, model["ddf"])
    # tau2 itself to metafor's threshold, relative to the typical variance where it is small
    close(fit.tau2, model["tau2"], atol=1e-9 * typical_variance(v))
    close(fit.tau2_std_error, model["se_tau2"])
    close(fit.i2, model["I2"], atol=1e-7)
    close(fit.h2, model["H2"])
    close(fit.q, model["QE"], rtol=1e-10)
    close(fit.q_p_value, model["QEp"], rtol=1e-9)
    close(fit.log_likelihood, model["logLik"])
    close(fit.statistic**2, model["QM"], rtol=10 * R)
    if model["pi"] is None:
        assert fit.prediction_low is None
        assert fit.prediction_high is None
    else:
        close(fit.prediction_low, model["pi"]["pi_lb"], atol=R * width)
        close(fit.prediction_high, model["pi"]["pi_ub"], atol=R * width)


@pytest.mark.parametrize("name", POOLS)
@pytest.mark.parametrize("part", ["models_z", "models_knha", "models_adhoc_knha"])
def test_models(name, part):
    models = CASES[name][part]
    assert len(models) == {"models_z": 9, "models_knha": 8, "models_adhoc_knha": 3}[part]
    for model in models:
        pooled_as_in_r(model, *studies(name))


@pytest.mark.parametrize("name", POOLS)
def test_q_profile(name):
    y, v = studies(name)
    low, high = q_profile(y, v)
    typical = typical_variance(v)
    for method, theirs in CASES[name]["qprofile_ci"].items():
        assert theirs["rows"] == ["tau^2", "tau", "I^2(%)", "H^2"]
        tau2 = tau_squared(y, v, method).tau2
        # confint looks no further than ten times the estimate, or 100, and stops there
        searched = max(100.0, 10.0 * tau2)
        stopped = theirs["ub"][0] == pytest.approx(searched, rel=1e-6)
        assert not stopped or high >= searched * (1.0 - 1e-6)
        for column, value in (("est", tau2), ("lb", low), ("ub", high)):
            if column == "ub" and stopped:
                continue
            ours = [value, value**0.5, i_squared(value, typical), h_squared(value, typical)]
            # the root of a tau2 of 1e-11, metafor's stop, is 3e-6; that far from nought
            close(ours, theirs[column], atol=1e-9 if value > 1e-6 else 1e-5)


@pytest.mark.parametrize("name", POOLS)
def test_prediction_interval_of_k_minus_2(name):
    y, v = studies(name)
    theirs = CASES[name]["prediction_riley"]
    for key, df in (("t_km2", y.size - 2), ("t_km1", y.size - 1)):
        fit = pool_effects(y, v, interval="normal", prediction_df=df)
        assert fit.prediction_df == df
        close([fit.prediction_low, fit.prediction_high], theirs[key], atol=1e-9)


def refits_as_in_r(found: Refits, theirs: dict[str, Any], scale: float) -> None:
    close(found.estimate, theirs["estimate"], atol=1e-8 * found.std_error.max())
    close(found.std_error, theirs["se"])
    close(found.estimate / found.std_error, theirs["zval"], atol=1e-8)
    z = np.abs(np.array(theirs["zval"], dtype=float)).max()
    close(found.p_value, theirs.get("pval", theirs.get("pvals")), rtol=1e-8 * max(10.0, z**2))
    close(found.low, theirs["ci.lb"], atol=1e-8 * found.std_error.max())
    close(found.high, theirs["ci.ub"], atol=1e-8 * found.std_error.max())
    # Q of two equal studies is nought but for rounding
    close(found.q, theirs["Q"], rtol=1e-9, atol=1e-12)
    close(found.q_p_value, theirs["Qp"])
    close(found.i2, theirs["I2"], atol=1e-6)
    close(found.h2, theirs["H2"])
    if "tau2" in theirs:
        close(found.tau2, theirs["tau2"], atol=1e-8 * scale)
    else:
        assert not found.tau2.any()
    assert found.estimable.all()


@pytest.mark.parametrize("name", POOLS)
@pytest.mark.parametrize(
    ("part", "method"),
    [("leave1out_reml", "REML"), ("leave1out_dl", "DL"), ("leave1out_fe", "common")],
)
def test_leave_one_out(name, part, method):
    y, v = studies(name)
    found = leave_one_out(y, v, method=method, interval="normal")
    refits_as_in_r(found, CASES[name][part], float(np.median(v)))
    assert (found.k == y.size - 1).all()


@pytest.mark.parametrize("name", POOLS)
def test_cumulative(name):
    y, v = studies(name)
    found = cumulative(y, v, method="REML", interval="normal")
    refits_as_in_r(found, CASES[name]["cumul_reml"], float(np.median(v)))


@pytest.mark.parametrize("name", POOLS)
def test_influence(name):
    y, v = studies(name)
    theirs = CASES[name]["influence_reml"]
    found = influence(y, v, method="REML", interval="normal")
    fields = {
        "rstudent": found.studentised_residual,
        "dffits": found.dffits,
        "cook.d": found.cook,
        "cov.r": found.covariance_ratio,
        "QE.del": found.q_without,
        "hat": found.hat,
        "weight": found.weight_percent,
        "dfbs": found.dfbeta,
    }
    assert set(theirs) == {*fields, "tau2.del", "flagged"}
    for key, ours in fields.items():
        # differences of two estimates, each with metafor's error of 1e-10 of its own
        close(ours, theirs[key], rtol=1e-7, atol=1e-9)
    close(found.tau2_without, theirs["tau2.del"], atol=1e-8 * float(np.median(v)))
    assert found.flagged.tolist() == [mark == "*" for mark in theirs["flagged"]]
    close(found.standardised_residual, CASES[name]["rstandard"])
    close(found.studentised_residual, CASES[name]["rstudent"], rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("name", POOLS)
def test_shrunken_effects(name):
    y, v = studies(name)
    theirs = CASES[name]["blup"]
    found = shrunken_effects(y, v, pool_effects(y, v, interval="normal"))
    close(found.effect, theirs["pred"], atol=1e-9)
    # with a tau2 of 1e-11 in place of nought the error is off by its root times a small share
    close(found.std_error, theirs["se"])
    close(found.low, theirs["pi.lb"], atol=1e-8)
    close(found.high, theirs["pi.ub"], atol=1e-8)


@pytest.mark.parametrize("name", POOLS)
def test_weights(name):
    y, v = studies(name)
    for part, method in (("weights_percent_reml", "REML"), ("weights_percent_fe", "common")):
        close(pool_effects(y, v, method=method).weights_percent, CASES[name][part])


def factor_columns(values: Any) -> tuple[list[str], list[np.ndarray]]:
    """Indicator columns as R makes them: sorted levels, the first left out."""
    levels = sorted(set(values))
    return [str(level) for level in levels[1:]], [
        np.array([value == level for value in values], dtype=float) for level in levels[1:]
    ]


def rows_of(name: str) -> Any:
    """Rows of the case's table, in the order of its effects."""
    table = reference_data.reference_table(CASES[name]["data"])
    if len(table) != len(CASES[name]["yi"]):
        table = table[table["yi"].notna()]
    assert len(table) == len(CASES[name]["yi"])
    return table


def design_of(table: Any, mods: str) -> tuple[np.ndarray, tuple[str, ...], np.ndarray]:
    """Design of an R formula, its names as R's, and which rows have every column."""
    names, columns = ["intrcpt"], [np.ones(len(table))]
    kept = np.ones(len(table), dtype=bool)
    for term in mods.removeprefix("~ ").split(" + "):
        if term.startswith("factor("):
            values = table[term[7:-1]]
            inner, indicators = factor_columns(values.tolist())
            names += [term + level for level in inner]
            columns += indicators
        else:
            names.append(term)
            columns.append(table[term].to_numpy(dtype=float))
            kept &= np.isfinite(columns[-1])
    return np.column_stack(columns)[kept], tuple(names), kept


def regression_as_in_r(model: dict[str, Any], table: Any, y: np.ndarray, v: np.ndarray) -> None:
    design, names, kept = design_of(table, model["mods"])
    y, v = y[kept], v[kept]
    method = METHODS.get(model["method"], model["method"])
    fit = meta_regression(
        y, v, design, names=names, method=method, interval=INTERVALS[model["test"]]
    )
    assert fit.names == tuple(model["terms"])
    assert fit.k == model["k"]
    # metafor's normal equations lose digits on calendar years; ours are right to 1e-13 there by
    # exact fractions (test_pooling_byhand.py)
    rtol = 1e-6 if "year" in model["mods"] else R
    error, small = max(model["se"]), rtol * float(np.median(v))
    close(fit.coefficients, model["beta"], rtol=rtol, atol=rtol * error)
    close(fit.std_error, model["se"], rtol=rtol)
    close(fit.statistic, model["zval"], rtol=rtol, atol=rtol)
    # the tail multiplies the error of the statistic
    close(fit.p_values, model["pval"], rtol=20 * rtol)
    close(fit.low, model["ci_lb"], rtol=rtol, atol=rtol * error)
    close(fit.high, model["ci_ub"], rtol=rtol, atol=rtol * error)
    close(fit.df, model["ddf"])
    close(fit.tau2, model["tau2"], rtol=rtol, atol=small)
    close(fit.tau2_std_error, model["se_tau2"], rtol=rtol)
    close(fit.i2, model["I2"], rtol=rtol, atol=100 * rtol)
    close(fit.h2, model["H2"], rtol=rtol)
    # metafor says 0, not that nothing can be explained, where no tau2 is left without moderators
    close(0.0 if fit.r2 is None else fit.r2, model["R2"] or 0.0, rtol=rtol, atol=100 * rtol)
    close(fit.residual_q, model["QE"], rtol=rtol)
    close(fit.residual_q_p_value, model["QEp"], rtol=20 * rtol)
    close(fit.omnibus_statistic, model["QM"], rtol=rtol)
    close(fit.omnibus_p_value, model["QMp"], rtol=20 * rtol)
    assert fit.omnibus_df == model["QMdf"][0]
    close(fit.omnibus_df_residual, model["QMdf"][1])
    close(fit.log_likelihood, model["logLik"], rtol=rtol)


def regressions(part: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in POOLS:
        for model in CASES[name].get(part, []):
            for one in model if isinstance(model, list) else [model]:
                yield name, one


@pytest.mark.parametrize(("part", "expected"), [("metareg", 30), ("metareg_knha", 10)])
def test_meta_regression(part, expected):
    found = 0
    for name, model in regressions(part):
        regression_as_in_r(model, rows_of(name), *studies(name))
        found += 1
    assert found == expected


@pytest.mark.parametrize("name", [n for n in POOLS if "subgroups" in CASES[n]])
def test_subgroups(name):
    y, v = studies(name)
    theirs = CASES[name]["subgroups"]
    values = rows_of(name)[theirs["by"]].tolist()
    for key, method in (("reml", "REML"), ("dl", "DL")):
        found = subgroup_analysis(y, v, values, method=method, interval="normal")
        assert sorted(found.levels) == sorted(str(level) for level in theirs["levels"])
        for group in theirs["each"]:
            at = found.levels.index(str(group["level"]))
            kept = [i for i, value in enumerate(values) if str(value) == str(group["level"])]
            assert found.members[at] == tuple(kept)
            pooled_as_in_r(group[key], y[kept], v[kept])
            assert (
                found.fits[at].estimate
                == pool_effects(y[kept], v[kept], method=method, interval="normal").estimate
            )
        between = theirs[f"q_between_separate_tau2_{key}"]
        close(found.q_between, between["Q"], rtol=1e-7)
        close(found.p_value, between["p"], rtol=1e-7)
        assert found.df == between["df"]
        if method == "REML":
            common = theirs["common_tau2_reml"]
            close(found.q_between_common, common["QM"], rtol=1e-7)
            close(found.p_value_common, common["QMp"], rtol=1e-7)
            close(found.tau2_common, common["tau2"], atol=1e-8 * float(np.median(v)))
            regression_as_in_r(
                common | {"mods": f"~ factor({theirs['by']})", "terms": names_in(theirs, values)},
                rows_of(name),
                y,
                v,
            )


def names_in(theirs: dict[str, Any], values: list[Any]) -> list[str]:
    """The golden regression calls the groups factor(gg)."""
    return ["intrcpt"] + [f"factor({theirs['by']}){level}" for level in sorted(set(values))[1:]]


@pytest.mark.parametrize("name", POOLS)
def test_baujat(name):
    x, pull = baujat(*studies(name), method="common")
    close(x, CASES[name]["baujat"]["x"], rtol=1e-9, atol=1e-14)
    # the square of a difference of two estimates
    close(pull, CASES[name]["baujat"]["y"], rtol=1e-8, atol=1e-14)


@pytest.mark.parametrize("name", [n for n in POOLS if "gosh_fe" in CASES[n]])
def test_gosh(name):
    theirs = CASES[name]["gosh_fe"]
    found = gosh(*studies(name), method="common", seed=1)
    assert found.complete
    assert found.effect.size == theirs["n_subsets"]
    fields = {
        "k": found.k,
        "QE": found.q,
        "I2": found.i2,
        "H2": found.h2,
        "tau2": found.tau2,
        "estimate": found.effect,
    }
    assert set(theirs["mean"]) == set(theirs["sd"]) == set(fields)
    for key, ours in fields.items():
        close(ours.mean(), theirs["mean"][key], rtol=1e-9)
        close(ours.std(ddof=1), theirs["sd"][key], rtol=1e-9)


def of_this_measure(effect: Converted, theirs: dict[str, Any]) -> None:
    close(effect.effect, theirs["yi"], rtol=CLOSED, atol=1e-14)
    close(effect.variance, theirs["vi"], rtol=CLOSED)


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("measure", ["RR", "OR", "RD", "PETO", "AS"])
def test_two_by_two(name, measure):
    case = CASES[name]
    a, b, c, d = (np.array(case[key], dtype=float) for key in ("ai", "bi", "ci", "di"))
    assert set(case["escalc"]) == {"RR", "OR", "RD", "PETO", "AS"}
    of_this_measure(two_by_two(a, a + b, c, c + d, measure), case["escalc"][measure])


def test_effects_of_the_pools_from_their_tables():
    bcg = rows_of("bcg_rr")
    groups = bcg["tpos"], bcg["tpos"] + bcg["tneg"], bcg["cpos"], bcg["cpos"] + bcg["cneg"]
    of_this_measure(two_by_two(*groups, "RR"), CASES["bcg_rr"])
    of_this_measure(two_by_two(*groups, "OR"), CASES["bcg_or"])
    egger = rows_of("egger2001_or")
    of_this_measure(
        two_by_two(egger["ai"], egger["n1i"], egger["ci"], egger["n2i"], "OR"),
        CASES["egger2001_or"],
    )
    normand = rows_of("normand_md")
    means = [normand[key] for key in ("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i")]
    of_this_measure(mean_difference(*means), CASES["normand_md"])
    of_this_measure(standardised_mean_difference(*means), CASES["normand_smd"])
    catheters = rows_of("nielweise2008")
    of_this_measure(
        incidence_rates(*(catheters[key] for key in ("x1i", "t1i", "x2i", "t2i"))),
        CASES["nielweise2008"],
    )


@pytest.mark.parametrize("name", PROPORTIONS)
@pytest.mark.parametrize("measure", ["PR", "PLN", "PLO", "PAS", "PFT"])
def test_proportions(name, measure):
    case = CASES[name]
    assert set(case["res"]) == {"PR", "PLN", "PLO", "PAS", "PFT"}
    theirs = case["res"][measure]
    found = proportions(case["xi"], case["ni"], measure)
    of_this_measure(found, theirs)
    for key in ("reml", "dl"):
        pooled_as_in_r(theirs[key], found.effect, found.variance)
    fit = pool_effects(found.effect, found.variance, interval="normal")
    ours = back_transform(
        [fit.estimate, fit.low, fit.high, fit.prediction_low, fit.prediction_high],
        measure,
        case["ni"],
    )
    keys = ("pred", "lb", "ub", "pi_lb", "pi_ub")
    close(ours, [theirs["backtransformed"][key] for key in keys])


@pytest.mark.parametrize(
    "name", [n for n in reference_data.golden("python_peers") if n.startswith("meta.")]
)
def test_statsmodels_agrees(name):
    case = reference_data.golden("python_peers")[name]
    table = reference_data.reference_table(case["data"])
    y, v = table["yi"].to_numpy(), table["vi"].to_numpy()
    for method in ("DL", "PM"):
        theirs = case[method]
        fit = pool_effects(y, v, method=method, interval="normal")
        # statsmodels stops its search for Paule-Mandel at 1e-5 of Q
        rtol = 1e-10 if method == "DL" else 1e-4
        close(fit.tau2, theirs["tau2"], rtol=rtol)
        close(fit.estimate, theirs["mean_re"], rtol=rtol)
        close(fit.std_error, theirs["se_re"], rtol=rtol)
        widened = pool_effects(y, v, method=method, interval="knapp_hartung")
        close(widened.std_error, theirs["se_re_hksj"], rtol=rtol)
        # its Q, I2 and H2 are those of a common effect, I2 as a fraction
        common = pool_effects(y, v, method="common", interval="normal")
        close(common.q, theirs["q"], rtol=1e-10)
        close(common.i2 / 100.0, theirs["i2"], rtol=1e-10)
        close(common.h2, theirs["h2"], rtol=1e-10)
