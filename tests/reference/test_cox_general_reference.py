"""General Cox fits against R survival 3.5-3 (golden cox.json): strata, weights, clusters, ridge."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cartwheel.stats.concordance_general import concordance_difference, general_concordance
from cartwheel.stats.cox_exact import cox_exact
from cartwheel.stats.cox_firth import cox_firth
from cartwheel.stats.cox_general import CoxRegression, Ridge, cox_regression
from cartwheel.stats.cox_prediction import cox_baseline, cox_curves
from cartwheel.stats.cox_residuals import cox_residuals
from cartwheel.stats.elastic_net import cox_elastic_net
from cartwheel.stats.explained_variation import explained_variation
from cartwheel.stats.proportional_hazards import proportional_hazards_test
from cartwheel.stats.risk_sets import RiskSets, risk_sets
from cartwheel.stats.times import survival_times

# 15 stored digits from coxph run to eps 1e-12, whose coefficients keep about 9 of them
RTOL = 1e-8
# glmnet adds 2.2e-14 to a censored time so that it follows a death at the same time; times above
# 256 swallow that, and its sort decides who is at risk (gbsg has 39 such ties): up to 2.3e-4 of a
# standardised coefficient. With times in another unit glmnet agrees to 1e-8:
# test_elastic_net_reference.py
GLMNET = 3e-4
# coxphf stops when its score is below 1e-4 or so
COXPHF = 1e-7


def golden(shared: Path) -> dict[str, Any]:
    path = shared / "data" / "reference" / "golden" / "cox.json"
    return json.loads(path.read_text())["cases"]


def column(frame: pd.DataFrame, term: str) -> pd.Series:
    """One column of the design from its name in R: age, log(bili), factor(grade)2."""
    if (level := re.fullmatch(r"factor\((.+)\)(.+)", term)) is not None:
        return (frame[level[1]] == float(level[2])).astype(float)
    if (logged := re.fullmatch(r"log\((.+)\)", term)) is not None:
        return np.log(frame[logged[1]])
    if frame[term].dtype == object or str(frame[term].dtype).startswith(("str", "string")):
        return (frame[term] == sorted(frame[term].unique())[1]).astype(float)
    return frame[term].astype(float)


def sample(
    shared: Path, case: dict[str, Any], terms: list[str]
) -> tuple[RiskSets, np.ndarray, pd.DataFrame]:
    """Rows of a case as R takes them."""
    frame = pd.read_csv(shared / "data" / "reference" / f"{case['data']}.csv")
    inside = re.match(r"Surv\(([^)]+)\)", case["formula"])[1].split(",")
    *spans, outcome = (part.strip() for part in inside)
    event, _, code = outcome.partition("==")
    strata = re.findall(r"strata\((\w+)\)", case["formula"])
    sources = [re.sub(r"factor\((\w+)\).*|log\((\w+)\)", r"\1\2", term) for term in terms]
    extra = [case["cluster"]] if case.get("cluster") else []
    frame["weights"] = 1 + (frame.index.to_numpy() + 1) % 3
    frame = frame.dropna(subset=[*spans, event, *sources, *strata, *extra])
    sets = risk_sets(
        frame[spans[-1]],
        frame[event] == int(code or 1),
        start=frame[spans[0]] if len(spans) == 2 else None,
        strata=frame[strata[0]] if strata else None,
        case_weights=frame["weights"] if case.get("weights") else None,
    )
    return sets, np.column_stack([column(frame, term) for term in terms]), frame


def fitted(
    shared: Path, case: dict[str, Any], stored: dict[str, Any]
) -> tuple[RiskSets, np.ndarray, CoxRegression]:
    sets, x, frame = sample(shared, case, stored["terms"])
    cluster = frame[case["cluster"]] if case.get("cluster") else None
    if stored["ties"] == "exact":
        return sets, x, cox_exact(sets, x)
    return sets, x, cox_regression(sets, x, cluster=cluster, ties=stored["ties"])


def every_fit(shared: Path) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    return [
        (name, case, fit) for name, case in golden(shared).items() for fit in case.get("fits", ())
    ]


def test_fits(shared: Path) -> None:
    cases = every_fit(shared)
    assert len(cases) == 16
    for name, case, stored in cases:
        _, _, found = fitted(shared, case, stored)
        assert (found.n, found.events) == (stored["n"], stored["nevent"])
        assert found.df == stored["df"]
        for mine, key in (
            (found.coefficients, "coef"),
            (np.sqrt(np.diag(found.model_covariance)), "se_model"),
            (found.covariance, "vcov"),
            (found.log_likelihood_null, "loglik_null"),
            (found.log_likelihood, "loglik"),
            (found.likelihood_ratio, "lr"),
            (found.score_statistic, "score"),
            (found.wald_statistic, "wald"),
            (found.z, "z"),
        ):
            # a covariance between nearly independent columns is small beside its rounding
            atol = 1e-9 * np.abs(found.covariance).max() if key == "vcov" else 0.0
            np.testing.assert_allclose(
                mine, stored[key], rtol=RTOL, atol=atol, err_msg=f"{name} {key}"
            )
        # p is about exp(-z^2 / 2): z^2 times the relative error of z
        np.testing.assert_allclose(found.p_values, stored["p"], rtol=1e-6)
        assert found.likelihood_ratio_p_value == pytest.approx(stored["lr_p"], rel=1e-6)
        ratios = [found.hazard_ratio(index) for index in range(found.coefficients.size)]
        np.testing.assert_allclose([r.value for r in ratios], stored["hr"], rtol=RTOL)
        np.testing.assert_allclose([(r.low, r.high) for r in ratios], stored["hr_ci95"], rtol=RTOL)
        if "se_robust" in stored:
            np.testing.assert_allclose(found.std_error, stored["se_robust"], rtol=RTOL)
            assert found.robust_score_statistic == pytest.approx(stored["robust_score"], rel=RTOL)


def test_information_criteria(shared: Path) -> None:
    for name, case, stored in every_fit(shared):
        _, _, found = fitted(shared, case, stored)
        aic = -2.0 * found.log_likelihood + 2.0 * found.df
        assert aic == pytest.approx(stored["aic"], rel=RTOL), name
        bic = -2.0 * found.log_likelihood + np.log(found.events) * found.df
        assert bic == pytest.approx(stored["bic_events"], rel=RTOL), name


def test_means_and_linear_predictors(shared: Path) -> None:
    checked = 0
    for name, case in golden(shared).items():
        if "efron" not in case:
            continue
        sets, x, found = fitted(shared, case, case["fits"][0])
        stored = case["efron"]
        # R leaves columns of -1, 0 and 1 only uncentred
        means = np.where(np.isin(x, (-1.0, 0.0, 1.0)).all(axis=0), 0.0, found.means)
        np.testing.assert_allclose(means, stored["means"], rtol=RTOL, err_msg=name)
        centred = found.linear_predictor - means @ found.coefficients
        for stratum in range(len(sets.strata) if len(sets.strata) > 1 else 0):
            # predict(type = "lp") centres within strata
            centred = centred - np.where(
                sets.stratum == stratum, centred[sets.stratum == stratum].mean(), 0.0
            )
        lp = stored["linear_predictor_centered"]
        np.testing.assert_allclose(
            centred[: len(lp["first"])], lp["first"], rtol=1e-7, atol=1e-8, err_msg=name
        )
        assert float(centred @ centred) == pytest.approx(lp["sumsq"], rel=1e-7)
        checked += 1
    assert checked == 9


def test_ridge(shared: Path) -> None:
    checked = 0
    for name, case in golden(shared).items():
        if not name.startswith("coxph_ridge"):
            continue
        inside = re.search(r"ridge\((.+)\)", case["formula"])[1].split(",")
        theta = float(inside.pop().split("=")[1])
        sets, x, _ = sample(shared, case, inside)
        found = cox_regression(sets, x, ridge=Ridge(theta))
        # coxpenal stops at its default eps 1e-9 of the likelihood: about 1e-6 of a coefficient
        np.testing.assert_allclose(found.coefficients, case["coef"], rtol=2e-6, err_msg=name)
        np.testing.assert_allclose(
            [found.log_likelihood_null, found.log_likelihood], case["loglik"], rtol=RTOL
        )
        np.testing.assert_allclose(found.df, case["df"], rtol=1e-6)
        checked += 1
    assert checked == 3


def test_residuals(shared: Path) -> None:
    checked = 0
    for name, case in golden(shared).items():
        if "residuals" not in case.get("efron", {}):
            continue
        sets, x, fit = fitted(shared, case, case["fits"][0])
        found, stored = cox_residuals(sets, x, fit), case["efron"]["residuals"]
        for key in ("martingale", "deviance"):
            mine, thin = getattr(found, key), stored[key]
            # near 0 residuals are small differences, of coefficients that keep 9 digits
            np.testing.assert_allclose(
                mine[: len(thin["first"])], thin["first"], rtol=1e-7, atol=1e-8, err_msg=name
            )
            assert mine.size == thin["n"]
            assert float(mine.sum()) == pytest.approx(thin["sum"], abs=1e-6)
            assert float(mine @ mine) == pytest.approx(thin["sumsq"], rel=1e-7)
        for key, mine in (
            ("score", found.score),
            ("schoenfeld", found.schoenfeld),
            ("scaledsch", found.scaled_schoenfeld),
            ("dfbeta", found.dfbeta),
            ("dfbetas", found.dfbetas),
        ):
            theirs = np.array(stored[key])
            # of the largest in each column: 1e-7
            scale = np.abs(theirs).max(axis=0)
            np.testing.assert_allclose(
                mine[: len(theirs)] / scale, theirs / scale, atol=1e-7, err_msg=f"{name} {key}"
            )
        checked += 1
    assert checked == 4


def test_proportional_hazards(shared: Path) -> None:
    checked = 0
    for name, case in golden(shared).items():
        if "cox_zph" not in case.get("efron", {}):
            continue
        sets, x, fit = fitted(shared, case, case["fits"][0])
        for transform, stored in case["efron"]["cox_zph"].items():
            found = proportional_hazards_test(sets, x, fit, transform=transform)
            # scores at an estimate that keeps 9 digits
            np.testing.assert_allclose(
                [*found.statistic, found.global_statistic],
                stored["chisq"],
                rtol=1e-7,
                err_msg=f"{name} {transform}",
            )
            assert [*found.df, found.global_df] == stored["df"]
            np.testing.assert_allclose(
                [*found.p_value, found.global_p_value], stored["p"], rtol=1e-6
            )
            checked += 1
    assert checked == 28


def test_baseline_hazards_and_curves(shared: Path) -> None:
    checked = curves = 0
    for name, case in golden(shared).items():
        if "efron" not in case:
            continue
        sets, x, fit = fitted(shared, case, case["fits"][0])
        stored = case["efron"]
        tables = stored["basehaz_uncentered"]
        for label in sets.strata:
            table = tables if "time" in tables else tables[f"sex={label}"]
            time, hazard = cox_baseline(sets, x, fit, stratum=label)
            at = np.searchsorted(time, table["time"])
            np.testing.assert_array_equal(time[at], table["time"])
            np.testing.assert_allclose(hazard[at], table["hazard"], rtol=RTOL, err_msg=name)
            checked += 1
        if "basehaz_at_means" in stored:
            found = cox_curves(sets, x, fit, np.array(stored["means"]))
            at = np.searchsorted(found.time, stored["basehaz_at_means"]["time"])
            np.testing.assert_allclose(
                found.hazard[at, 0], stored["basehaz_at_means"]["hazard"], rtol=RTOL, err_msg=name
            )
        for predicted in stored.get("predicted_survival", ()):
            row = pd.DataFrame([predicted["newdata"]]).astype(float)
            new = [float(column(row, term).iloc[0]) for term in case["fits"][0]["terms"]]
            for interval in ("log", "log-log", "plain"):
                limits = f"lower_{interval.replace('-', '')}", f"upper_{interval.replace('-', '')}"
                found = cox_curves(sets, x, fit, new, interval=interval)
                at = np.searchsorted(found.time, predicted["time"])
                np.testing.assert_allclose(found.survival[at, 0], predicted["surv"], rtol=RTOL)
                np.testing.assert_allclose(
                    found.std_log[at, 0], predicted["se_log_surv"], rtol=RTOL
                )
                if limits[0] in predicted:
                    np.testing.assert_allclose(found.low[at, 0], predicted[limits[0]], rtol=RTOL)
                    np.testing.assert_allclose(found.high[at, 0], predicted[limits[1]], rtol=RTOL)
                    curves += 1
    assert checked == 10
    assert curves >= 4


def test_elastic_net(shared: Path) -> None:
    checked = 0
    for name, case in golden(shared).items():
        if not name.startswith("glmnet_cox"):
            continue
        frame = pd.read_csv(shared / "data" / "reference" / f"{case['data']}.csv")
        sets = risk_sets(frame[case["time"]], frame["status"])
        x = frame[case["x"]].to_numpy(float)
        found = cox_elastic_net(sets, x, alpha=case["alpha"], penalties=case["lambda"])
        start = cox_elastic_net(sets, x, alpha=case["alpha"]).penalty[0]
        assert start == pytest.approx(case["lambda_max"], rel=GLMNET)
        # glmnet starts a ridge at an infinite penalty, whatever it prints
        kept = slice(1 if case["alpha"] == 0 else 0, None)
        spread = x.std(axis=0)
        np.testing.assert_allclose(
            (found.coefficients * spread)[kept],
            (np.array(case["coef"]) * spread)[kept],
            atol=GLMNET,
            err_msg=name,
        )
        np.testing.assert_allclose(found.deviance_ratio[kept], case["dev_ratio"][kept], atol=GLMNET)
        checked += 1
    assert checked == 3


def test_firth(shared: Path) -> None:
    path = shared / "data" / "reference" / "golden" / "logit.json"
    cases = json.loads(path.read_text())["cases"]
    checked = 0
    for name, case in cases.items():
        if not name.startswith("coxphf"):
            continue
        terms = list(case["coef"])
        sets, x, _ = sample(shared, case, terms)
        found = cox_firth(sets, x)
        # coxphf prints the likelihood of columns divided by their standard deviation
        scaled = float(np.log(x.std(axis=0, ddof=1)).sum())
        likelihoods = np.array([found.log_likelihood_null, found.log_likelihood]) - scaled
        for mine, theirs in (
            (found.coefficients, list(case["coef"].values())),
            (found.std_error, case["se"]),
            (np.exp(found.low), case["hr_ci_lower"]),
            (np.exp(found.high), case["hr_ci_upper"]),
            (found.p_values, case["p"]),
            (likelihoods, case["loglik"]),
        ):
            np.testing.assert_allclose(mine, theirs, rtol=COXPHF, err_msg=name)
        checked += 1
    assert checked == 2


TIME_WEIGHTS = {
    "n": "pairs",
    "S": "survival",
    "S/G": "survival/censoring",
    "n/G2": "uno",
    "I": "events",
}


def test_concordance_of_every_fit(shared: Path) -> None:
    checked = 0
    for name, case, stored in every_fit(shared):
        sets, x, frame = sample(shared, case, stored["terms"])
        score = x @ np.array(stored["coef"])
        cluster = frame[case["cluster"]] if case.get("cluster") else None
        found = general_concordance(sets, score, cluster=cluster)
        counts = stored["concordance"]["counts"]
        np.testing.assert_allclose(
            [found.concordant, found.discordant, found.tied_score],
            [counts["concordant"], counts["discordant"], counts["tied.x"]],
            rtol=1e-12,
            err_msg=name,
        )
        assert found.c == pytest.approx(stored["concordance"]["c"], rel=1e-11), name
        assert found.std_error == pytest.approx(stored["concordance"]["se"], rel=1e-9), name
        checked += 1
    assert checked == 16


def test_concordance_variants(shared: Path) -> None:
    checked = 0
    for name, case in golden(shared).items():
        for key, stored in case.get("efron", {}).get("concordance_variants", {}).items():
            sets, x, _ = sample(shared, case, case["fits"][0]["terms"])
            score = x @ np.array(case["fits"][0]["coef"])
            found = general_concordance(sets, score, time_weights=TIME_WEIGHTS[key])
            assert found.c == pytest.approx(stored["c"], rel=1e-10), (name, key)
            assert found.std_error == pytest.approx(stored["se"], rel=1e-9), (name, key)
            checked += 1
    assert checked == 25


def test_paired_concordance(shared: Path) -> None:
    stored = golden(shared)["paired_concordance"]
    frame = pd.read_csv(shared / "data" / "reference" / "pbc.csv")
    sets = risk_sets(frame["time"], frame["status"] == 2)
    first = general_concordance(sets, frame["bili"])
    second = general_concordance(sets, -frame["albumin"])
    found = concordance_difference(first, second)
    assert found.covariance == pytest.approx(stored["var"][0][1], rel=1e-9)
    assert found.difference.value == pytest.approx(stored["diff"], rel=1e-10)
    assert found.std_error == pytest.approx(stored["se_diff"], rel=1e-9)
    assert found.z == pytest.approx(stored["z"], rel=1e-9)


def test_explained_variation(shared: Path) -> None:
    checked = 0
    for name, case in golden(shared).items():
        if "royston" not in case.get("efron", {}):
            continue
        sets, x, _ = sample(shared, case, case["fits"][0]["terms"])
        times = survival_times(sets.stop, sets.event)
        found = explained_variation(times, x @ np.array(case["fits"][0]["coef"]))
        stored = case["efron"]["royston"]
        for mine, key in (
            (found.d, "D"),
            (found.d_std_error, "se(D)"),
            (found.r_squared_d, "R.D"),
            (found.r_squared_kent, "R.KO"),
            (found.r_squared_nagelkerke, "R.N"),
            (found.concordance, "C.GH"),
        ):
            assert mine == pytest.approx(stored[key], rel=RTOL), (name, key)
        checked += 1
    assert checked == 5
