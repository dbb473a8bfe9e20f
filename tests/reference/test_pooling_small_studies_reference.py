"""Funnel asymmetry, trim and fill, fail-safe numbers, selection, against metafor 3.8 and R lm."""

from __future__ import annotations

import numpy as np
import pytest
from pooling_r import POOLING_R, numbers
from reference_data import REFERENCE, golden
from scipy.special import stdtrit

from cartwheel.errors import NotEstimable
from cartwheel.stats.pooling import small_studies as small
from cartwheel.stats.pooling.random_effects import pool_effects
from cartwheel.stats.pooling.selection_model import step_selection

META = golden("meta") if (REFERENCE / "golden" / "meta.json").is_file() else {}
FUNNELS = [case for case in META if "regtest" in META[case]]
# both sides solve for tau2 to far below this
CLOSE = {"rel": 1e-8, "abs": 1e-10}
# p-values of one study's weight in a thousand digits of R's pnorm: the far tail loses a few
TAIL = {"rel": 1e-7, "abs": 1e-300}


def study_arrays(case):
    parts = META[case]
    return np.array(parts["yi"], dtype=float), np.array(parts["vi"], dtype=float)


@pytest.mark.parametrize("case", FUNNELS)
def test_regression_tests(case):
    y, v = study_arrays(case)
    found = META[case]["regtest"]
    expected = found["lm_sei_classic_egger"]
    egger = small.egger_test(y, v)
    assert egger.name == "egger"
    assert egger.statistic == pytest.approx(expected["t"], **CLOSE)
    assert egger.p_value == pytest.approx(expected["p"], **TAIL)
    assert egger.df == expected["df"]
    assert egger.bias == pytest.approx(expected["bias_intercept"], **CLOSE)
    assert egger.bias_std_error == pytest.approx(expected["bias_se"], **CLOSE)
    assert egger.limit == pytest.approx(expected["slope"], **CLOSE)
    half = (egger.limit_high - egger.limit_low) / 2
    assert half / stdtrit(egger.df, 0.975) == pytest.approx(expected["slope_se"], **CLOSE)
    for name, options in {
        "rma_reml_sei": {"model": "random"},
        "rma_fe_sei": {"model": "common"},
        "rma_vi": {"model": "random", "predictor": "variance"},
    }.items():
        expected, ours = found[name], small.egger_test(y, v, **options)
        assert ours.statistic == pytest.approx(expected["z"], **CLOSE)
        assert ours.p_value == pytest.approx(expected["p"], **TAIL)
        assert ours.limit == pytest.approx(expected["limit"], **CLOSE)
        if "limit_ci" in expected:
            assert [ours.limit_low, ours.limit_high] == pytest.approx(expected["limit_ci"], **CLOSE)


@pytest.mark.parametrize("case", FUNNELS)
def test_rank_correlation(case):
    ours, expected = small.begg_test(*study_arrays(case)), META[case]["ranktest"]
    assert ours.statistic == pytest.approx(expected["tau"], **CLOSE)
    assert ours.p_value == pytest.approx(expected["p"], **CLOSE)


@pytest.mark.parametrize("estimator", ["L0", "R0", "Q0"])
@pytest.mark.parametrize("case", FUNNELS)
def test_trim_and_fill(case, estimator):
    y, v = study_arrays(case)
    fits = META[case]["trimfill"].get(estimator) or {}
    for ours_name, name in (("REML", "REML"), ("DL", "DL"), ("common", "FE")):
        options = {"estimator": estimator, "method": ours_name, "interval": "normal"}
        if name not in fits:
            # metafor has no number for these either
            with pytest.raises(NotEstimable) as caught:
                small.trim_and_fill(y, v, **options)
            assert caught.value.problems[0].code == "q0_undefined"
            continue
        ours, expected = small.trim_and_fill(y, v, **options), fits[name]
        assert (ours.missing, ours.side) == (expected["k0"], expected["side"])
        assert ours.missing_std_error == pytest.approx(expected["se_k0"], **CLOSE)
        if expected["p_k0"] == "NA":
            assert ours.missing_p_value is None
        else:
            assert ours.missing_p_value == pytest.approx(expected["p_k0"], **CLOSE)
        # trimfill drops the threshold of the fit it is given: its REML steps stop at 1e-5
        close = {"rel": 1e-4, "abs": 1e-5} if name == "REML" else CLOSE
        assert [ours.fit.estimate] == pytest.approx(expected["beta"], **close)
        assert ours.fit.std_error == pytest.approx(expected["se"], **close)
        assert [ours.fit.low, ours.fit.high] == pytest.approx(expected["ci"], **close)
        assert ours.fit.tau2 == pytest.approx(expected["tau2"], **close)
        assert ours.filled_effects == pytest.approx(numbers(expected["filled_yi"]), **close)


@pytest.mark.parametrize("case", FUNNELS)
def test_fail_safe(case):
    y, v = study_arrays(case)
    expected = META[case]["fsn"]
    for rule in ("rosenthal", "rosenberg"):
        assert small.fail_safe_n(y, v, rule=rule) == expected[rule]["n"]
        ours = small.combined_p_value(y, v, rule=rule)
        assert ours == pytest.approx(expected[rule]["p"], **TAIL)
    orwin = expected["orwin"]
    assert y.mean() == pytest.approx(orwin["mean"], **CLOSE)
    assert small.fail_safe_n(y, v, rule="orwin") == orwin["n"]
    assert small.fail_safe_n(y, v, rule="orwin", target=orwin["target"]) == orwin["n"]


PREDICTORS = {
    "sei": "std_error",
    "vi": "variance",
    "ni": "n",
    "ninv": "inverse_n",
    "sqrtni": "sqrt_n",
    "sqrtninv": "inverse_sqrt_n",
}
MODELS = {
    "lm": ("lm", "REML"),
    "rma_REML": ("random", "REML"),
    "rma_DL": ("random", "DL"),
    "rma_FE": ("common", "REML"),
}


@pytest.mark.parametrize("case", range(len(POOLING_R["asymmetry"])))
def test_regression_on_every_predictor(case):
    parts = POOLING_R["asymmetry"][case]
    y, v, n = (numbers(parts[key]) for key in ("effects", "variances", "n"))
    assert len(parts["results"]) == len(PREDICTORS) * len(MODELS)
    for expected in parts["results"]:
        model, tau2_method = MODELS[expected["model"]]
        predictor = PREDICTORS[expected["predictor"]]
        ours = small.egger_test(
            y, v, model=model, predictor=predictor, n=n, tau2_method=tau2_method
        )
        # regtest stops its own REML steps at 1e-5 of tau2
        close = {"rel": 1e-4 if expected["model"] == "rma_REML" else 1e-8, "abs": 1e-10}
        assert ours.statistic == pytest.approx(expected["statistic"], **close)
        assert ours.p_value == pytest.approx(expected["p"], **close)
        assert ours.bias == pytest.approx(expected["bias"], **close)
        assert ours.bias_std_error == pytest.approx(expected["bias_se"], **close)
        if expected["model"] == "lm":
            assert ours.df == expected["df"]
        if expected["limit_ci"] == "NA":
            assert ours.limit is None
        else:
            assert ours.limit == pytest.approx(expected["limit"], **close)
            limits = [ours.limit_low, ours.limit_high]
            assert limits == pytest.approx(expected["limit_ci"], **close)


@pytest.mark.parametrize("case", range(len(POOLING_R["asymmetry_counts"])))
@pytest.mark.parametrize("name", ["peters", "harbord", "macaskill", "deeks"])
def test_regressions_of_counts(case, name):
    parts = POOLING_R["asymmetry_counts"][case]
    ours = getattr(small, f"{name}_test")(*(parts[key] for key in ("a", "n1", "c", "n0")))
    expected = parts[name]
    assert (ours.name, ours.df) == (name, expected["df"])
    assert ours.statistic == pytest.approx(expected["t"], **CLOSE)
    assert ours.p_value == pytest.approx(expected["p"], **CLOSE)
    assert ours.bias == pytest.approx(expected["bias"], **CLOSE)
    assert ours.bias_std_error == pytest.approx(expected["bias_se"], **CLOSE)
    if name == "macaskill":
        assert ours.limit is None
    else:
        assert ours.limit == pytest.approx(expected["limit"], **CLOSE)


@pytest.mark.parametrize("case", range(len(POOLING_R["rank"])))
def test_rank_correlation_with_ties(case):
    parts = POOLING_R["rank"][case]
    ours = small.begg_test(parts["effects"], parts["variances"])
    assert ours.statistic == pytest.approx(parts["tau"], **CLOSE)
    assert ours.p_value == pytest.approx(parts["p"], **CLOSE)


@pytest.mark.parametrize("case", range(len(POOLING_R["fail_safe"])))
def test_fail_safe_options(case):
    parts = POOLING_R["fail_safe"][case]
    y, v = parts["effects"], parts["variances"]
    for name, options in {
        "rosenthal": {},
        "rosenberg": {"rule": "rosenberg"},
        "orwin": {"rule": "orwin"},
        "orwin_target": {"rule": "orwin", "target": 0.1},
        "orwin_weighted": {"rule": "orwin", "weighted": True},
    }.items():
        assert small.fail_safe_n(y, v, **options) == parts[name]


@pytest.mark.parametrize("case", range(len(POOLING_R["trim_fill"])))
def test_trim_and_fill_on_a_given_side(case):
    parts = POOLING_R["trim_fill"][case]
    ours = small.trim_and_fill(
        parts["effects"],
        parts["variances"],
        estimator=parts["estimator"],
        side=parts["side"],
        method=parts["method"],
        interval="normal",
    )
    assert ours.missing == parts["k0"]
    assert ours.missing_std_error == pytest.approx(parts["se_k0"], rel=1e-5)
    # trimfill fits again with metafor's own threshold of 1e-5
    assert ours.fit.estimate == pytest.approx(parts["estimate"], rel=1e-4)
    assert ours.fit.std_error == pytest.approx(parts["std_error"], rel=1e-4)
    assert ours.fit.tau2 == pytest.approx(parts["tau2"], rel=1e-4)
    assert ours.filled_effects == pytest.approx(numbers(parts["filled"]).ravel(), rel=1e-4)


@pytest.mark.parametrize("case", range(len(POOLING_R["selection"])))
def test_step_selection(case):
    parts = POOLING_R["selection"][case]
    steps = np.atleast_1d(parts["steps"]).tolist()
    ours = step_selection(
        parts["effects"],
        parts["variances"],
        steps=steps,
        alternative=parts["alternative"].replace(".", "_"),
    )
    # the likelihood is flat at its top: metafor's optimiser stops with the estimates 1e-6 away
    assert ours.log_likelihood == pytest.approx(parts["log_likelihood"], rel=1e-10)
    assert ours.log_likelihood >= parts["log_likelihood"] - 1e-10
    assert ours.likelihood_ratio == pytest.approx(parts["likelihood_ratio"], rel=1e-8)
    assert ours.p_value == pytest.approx(parts["p_value"], rel=1e-8)
    loose = {"rel": 1e-5, "abs": 1e-7}
    assert ours.estimate == pytest.approx(parts["estimate"], **loose)
    assert ours.std_error == pytest.approx(parts["std_error"], **loose)
    assert ours.tau2 == pytest.approx(parts["tau2"], **loose)
    assert ours.tau2_std_error == pytest.approx(parts["tau2_std_error"], **loose)
    assert ours.weights == pytest.approx(numbers(parts["weights"])[1:], **loose)
    assert ours.weight_std_error == pytest.approx(numbers(parts["weight_std_error"])[1:], **loose)
    plain = pool_effects(parts["effects"], parts["variances"], method="ML")
    assert ours.likelihood_ratio == pytest.approx(
        2 * (ours.log_likelihood - plain.log_likelihood), rel=1e-8
    )
