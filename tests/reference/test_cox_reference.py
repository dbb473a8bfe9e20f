"""Cox fits against R survival 3.5-3 coxph and rms cph (golden cox.json)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cartwheel.stats.concordance import harrell_concordance
from cartwheel.stats.cox import (
    baseline_hazard,
    baseline_hazard_at,
    cox_coefficients,
    cox_fit,
    cox_log_likelihood,
)
from cartwheel.stats.survival import SurvivalTimes, survival_times

# 15 stored digits from coxph run to eps 1e-12, whose coefficients keep about 9 of them
RTOL = 1e-8
# right-censored, no strata, no case weights; cluster changes only the robust errors
PLAIN = ("lung_main", "lung_robust_cluster", "pbc_mayo", "gbsg_full", "mgus2_death", "dlbcl_small")


def golden(shared: Path) -> dict[str, Any]:
    path = shared / "data" / "reference" / "golden" / "cox.json"
    return json.loads(path.read_text())["cases"]


def column(frame: pd.DataFrame, term: str) -> pd.Series:
    """One column of the design from its name in R: age, log(bili), factor(grade)2."""
    if (level := re.fullmatch(r"factor\((.+)\)(.+)", term)) is not None:
        return (frame[level[1]] == float(level[2])).astype(float)
    if (logged := re.fullmatch(r"log\((.+)\)", term)) is not None:
        return np.log(frame[logged[1]])
    return frame[term]


def sample(
    shared: Path, case: dict[str, Any], terms: list[str]
) -> tuple[SurvivalTimes, np.ndarray, pd.DataFrame]:
    frame = pd.read_csv(shared / "data" / "reference" / f"{case['data']}.csv")
    time, event, code = re.match(r"Surv\((\w+), ?(\w+)(?:==(\d))?\)", case["formula"]).groups()
    sources = [re.sub(r"factor\((\w+)\)\d|log\((\w+)\)", r"\1\2", term) for term in terms]
    extra = [case["cluster"]] if case.get("cluster") else []
    frame = frame.dropna(subset=[time, event, *sources, *extra])
    x = np.column_stack([column(frame, term) for term in terms]).astype(float)
    return survival_times(frame[time], frame[event] == int(code or 1)), x, frame


def fits(shared: Path) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    cases = golden(shared)
    return [
        (name, cases[name], fit)
        for name in PLAIN
        for fit in cases[name]["fits"]
        if fit["ties"] in ("efron", "breslow")
    ]


def test_fits(shared: Path) -> None:
    assert len(fits(shared)) == 10
    for name, case, stored in fits(shared):
        times, x, _ = sample(shared, case, stored["terms"])
        found = cox_fit(times, x, ties=stored["ties"])
        assert (found.n, found.events, found.df) == (stored["n"], stored["nevent"], stored["df"])
        for mine, theirs in (
            (found.coefficients, "coef"),
            (found.std_error, "se_model"),
            (found.covariance, "vcov"),
            (found.log_likelihood_null, "loglik_null"),
            (found.log_likelihood, "loglik"),
            (found.likelihood_ratio, "lr"),
            (found.score_statistic, "score"),
            (found.wald_statistic, "wald"),
        ):
            # a robust fit stores its Wald and score tests from the sandwich variance
            if case.get("cluster") and theirs in ("wald", "vcov"):
                continue
            # a covariance between nearly independent columns is small beside its rounding
            atol = 1e-9 * np.abs(found.covariance).max() if theirs == "vcov" else 0.0
            np.testing.assert_allclose(
                mine, stored[theirs], rtol=RTOL, atol=atol, err_msg=f"{name} {theirs}"
            )
        if not case.get("cluster"):
            np.testing.assert_allclose(found.z, stored["z"], rtol=RTOL)
            # p is about exp(-z^2 / 2): z^2 times the relative error of z
            np.testing.assert_allclose(found.p_values, stored["p"], rtol=1e-6)
            ratios = [found.hazard_ratio(index) for index in range(found.df)]
            np.testing.assert_allclose([r.value for r in ratios], stored["hr"], rtol=RTOL)
            np.testing.assert_allclose(
                [(r.low, r.high) for r in ratios], stored["hr_ci95"], rtol=RTOL
            )
        assert found.likelihood_ratio_p_value == pytest.approx(stored["lr_p"], rel=1e-6)


def test_fast_coefficients(shared: Path) -> None:
    for name, case, stored in fits(shared):
        if stored["ties"] != "efron":
            continue
        times, x, _ = sample(shared, case, stored["terms"])
        coefficients, converged = cox_coefficients(times, x)
        assert converged
        # the fast path stops within about 1e-10 standard errors
        np.testing.assert_allclose(
            coefficients,
            stored["coef"],
            rtol=RTOL,
            atol=1e-9 * max(stored["se_model"]),
            err_msg=name,
        )


def test_frequency_weights_with_breslow_ties(shared: Path) -> None:
    """R weights and copied rows are the same under Breslow's ties, not under Efron's."""
    case = golden(shared)["lung_weighted"]
    (stored,) = [fit for fit in case["fits"] if fit["ties"] == "breslow"]
    times, x, frame = sample(shared, case, stored["terms"])
    counts = 1 + (frame.index.to_numpy() + 1) % 3
    found = cox_fit(times, x, multiplicity=counts, ties="breslow")
    np.testing.assert_allclose(found.coefficients, stored["coef"], rtol=RTOL)
    np.testing.assert_allclose(found.std_error, stored["se_model"], rtol=RTOL)
    assert found.log_likelihood == pytest.approx(stored["loglik"], rel=RTOL)
    assert found.log_likelihood_null == pytest.approx(stored["loglik_null"], rel=RTOL)


def test_concordance_of_fits(shared: Path) -> None:
    for name, case, stored in fits(shared):
        if case.get("cluster"):
            continue
        times, x, _ = sample(shared, case, stored["terms"])
        found = harrell_concordance(times, x @ np.array(stored["coef"]))
        counts = stored["concordance"]["counts"]
        assert (found.concordant, found.discordant, found.tied_score) == (
            counts["concordant"],
            counts["discordant"],
            counts["tied.x"],
        ), name
        assert found.c == pytest.approx(stored["concordance"]["c"], rel=1e-12)
        assert found.std_error == pytest.approx(stored["concordance"]["se"], rel=1e-12)


def test_baseline_hazards(shared: Path) -> None:
    cases = golden(shared)
    for name in PLAIN:
        case = cases[name]
        stored = case["efron"]
        terms = case["fits"][0]["terms"]
        coefficients = np.array(case["fits"][0]["coef"])
        times, x, _ = sample(shared, case, terms)
        for key, linear_predictor in (
            ("basehaz_uncentered", x @ coefficients),
            ("basehaz_at_means", (x - np.array(stored["means"])) @ coefficients),
        ):
            time, hazard = baseline_hazard(times, linear_predictor)
            at = np.searchsorted(time, stored[key]["time"])
            np.testing.assert_array_equal(time[at], stored[key]["time"])
            np.testing.assert_allclose(
                hazard[at], stored[key]["hazard"], rtol=RTOL, err_msg=f"{name} {key}"
            )
            fast = [baseline_hazard_at(times, linear_predictor, t) for t in stored[key]["time"]]
            np.testing.assert_allclose(fast, stored[key]["hazard"], rtol=RTOL)
        for predicted in stored.get("predicted_survival", ()):
            new = pd.DataFrame([predicted["newdata"]])
            lp = sum(
                b * float(column(new, term).iloc[0])
                for b, term in zip(coefficients, terms, strict=True)
            )
            survival = [
                np.exp(-baseline_hazard_at(times, x @ coefficients, t) * np.exp(lp))
                for t in predicted["time"]
            ]
            np.testing.assert_allclose(survival, predicted["surv"], rtol=RTOL)


def test_likelihood_of_a_given_predictor(shared: Path) -> None:
    for name, case, stored in fits(shared):
        times, x, _ = sample(shared, case, stored["terms"])
        found = cox_log_likelihood(times, x @ np.array(stored["coef"]), ties=stored["ties"])
        assert found == pytest.approx(stored["loglik"], rel=1e-12), name
        null = cox_log_likelihood(times, np.zeros(times.n), ties=stored["ties"])
        assert null == pytest.approx(stored["loglik_null"], rel=1e-12), name


def test_leaving_out_one_term(shared: Path) -> None:
    checked = 0
    for name in PLAIN:
        case = golden(shared)[name]
        stored = case["efron"].get("drop1_lr")
        if stored is None:
            continue
        terms = case["fits"][0]["terms"]
        times, x, _ = sample(shared, case, terms)
        full = cox_fit(times, x)
        for term, statistic in zip(stored["term"][1:], stored["lrt"][1:], strict=True):
            kept = [not (one == term or one[:-1] == term) for one in terms]
            without = cox_fit(times, x[:, kept])
            found = 2.0 * (full.log_likelihood - without.log_likelihood)
            # a difference of log likelihoods of the order of 1e3
            assert found == pytest.approx(statistic, rel=RTOL, abs=1e-9), (name, term)
            checked += 1
    assert checked > 15


def restricted_cubic_spline(x: np.ndarray, knots: list[float]) -> list[np.ndarray]:
    """Harrell's basis: linear in the tails, non-linear terms over the squared span."""
    last, before = knots[-1], knots[-2]
    span = (last - knots[0]) ** 2

    def cube(knot: float) -> np.ndarray:
        return np.maximum(x - knot, 0.0) ** 3

    curved = [
        (
            cube(knot)
            - cube(before) * (last - knot) / (last - before)
            + cube(last) * (before - knot) / (last - before)
        )
        / span
        for knot in knots[:-2]
    ]
    return [x, *curved]


def test_spline_fits(shared: Path) -> None:
    checked = 0
    for name, case in golden(shared).items():
        if not name.startswith("rcs.") or not isinstance(case["knots"], list):
            continue
        time, event, code = re.match(r"Surv\((\w+), ?(\w+)(?:==(\d))?\)", case["formula"]).groups()
        curved = re.findall(r"rcs\((\w+),\d\)", case["formula"])
        if len(curved) > 1:
            continue  # knots are stored for the first variable only
        straight = [t for t in case["terms"] if t.rstrip("'") not in curved]
        frame = pd.read_csv(shared / "data" / "reference" / f"{case['data']}.csv")
        frame = frame.dropna(subset=[time, event, *curved, *straight])
        x = np.column_stack(
            [
                *restricted_cubic_spline(frame[curved[0]].to_numpy(float), case["knots"]),
                *(frame[term] for term in straight),
            ]
        )
        times = survival_times(frame[time], frame[event] == int(code or 1))
        found = cox_fit(times, x)
        # cph stops at its default eps 1e-4; its likelihood is flat there, its coefficients less so
        np.testing.assert_allclose(
            [found.log_likelihood_null, found.log_likelihood], case["loglik"], rtol=1e-8
        )
        np.testing.assert_allclose(
            found.coefficients, case["coef"], rtol=1e-5, atol=1e-4 * found.std_error.max()
        )
        np.testing.assert_allclose(found.std_error, case["se"], rtol=1e-5)
        checked += 1
    assert checked == 2
