"""Nelson-Aalen, weighted log-rank tests, restricted means, differences (golden km.json)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cartwheel.errors import NotEstimable
from cartwheel.stats.fleming_harrington import (
    TimeWeights,
    log_rank_hazard_ratio,
    pairwise_log_rank,
    weighted_log_rank,
    weighted_log_rank_trend,
)
from cartwheel.stats.nelson_aalen import nelson_aalen
from cartwheel.stats.restricted_mean import restricted_mean, restricted_mean_contrast
from cartwheel.stats.risk_sets import risk_sets
from cartwheel.stats.survival import kaplan_meier, landmark
from cartwheel.stats.survival_difference import survival_difference
from cartwheel.stats.times import SurvivalTimes, survival_times
from cartwheel.stats.weighted_survival import weighted_kaplan_meier

# the golden files carry 15 significant digits; sums of a few hundred such terms follow
RTOL = 1e-10
LIFELINES = {
    "logrank": TimeWeights(),
    "gehan_wilcoxon": TimeWeights("gehan"),
    "tarone_ware": TimeWeights("tarone-ware"),
    "peto": TimeWeights("peto"),
    "fleming_harrington_1_0": TimeWeights(rho=1.0),
    "fleming_harrington_0_1": TimeWeights(gamma=1.0),
    "fleming_harrington_1_1": TimeWeights(rho=1.0, gamma=1.0),
    "fleming_harrington_0.5_0.5": TimeWeights(rho=0.5, gamma=0.5),
}
STATSMODELS = {
    "logrank": TimeWeights(),
    "gehan_gb": TimeWeights("gehan"),
    "tarone_ware_tw": TimeWeights("tarone-ware"),
    "fh_p1": TimeWeights(rho=1.0),
    "fh_p0.5": TimeWeights(rho=0.5),
}


def golden(shared: Path, name: str = "km") -> dict[str, Any]:
    path = shared / "data" / "reference" / "golden" / f"{name}.json"
    return {k: v for k, v in json.loads(path.read_text())["cases"].items() if "group" in v}


def numbers(values: Any) -> np.ndarray:
    odd = {"NA": np.nan, "NaN": np.nan, "Inf": np.inf}
    return np.array([odd.get(v, v) if isinstance(v, str) else v for v in values], dtype=float)


def rows(shared: Path, case: dict[str, Any], *extra: str) -> pd.DataFrame:
    frame = pd.read_csv(shared / "data" / "reference" / f"{case['data']}.csv")
    column, code = case["event"].split("==")
    used = frame[[case["time"], column, case["group"], *extra]].dropna()
    return pd.DataFrame(
        {
            "T": used[case["time"]],
            "E": used[column] == int(code),
            "G": used[case["group"]],
            **{f"S_{name}": used[name] for name in extra},
        }
    )


def times_of(frame: pd.DataFrame) -> SurvivalTimes:
    return survival_times(frame["T"], frame["E"])


def test_cumulative_hazards(shared: Path) -> None:
    checked = 0
    for name, case in golden(shared).items():
        frame = rows(shared, case)
        parts = [(case["overall"], frame)]
        parts += [(case["by_group"][str(g)], frame[frame["G"] == g]) for g in case["levels"]]
        for stored, part in parts:
            found = nelson_aalen(times_of(part))
            at = np.array(stored["index1"]) - 1
            np.testing.assert_allclose(
                found.hazard[at], stored["nelson_aalen"]["cumhaz"], rtol=RTOL, err_msg=name
            )
            np.testing.assert_allclose(found.std_error[at], stored["nelson_aalen"]["se"], rtol=RTOL)
            np.testing.assert_allclose(
                found.survival[at], stored["fleming_harrington_surv"], rtol=RTOL
            )
            apart = nelson_aalen(times_of(part), ties="one-by-one")
            np.testing.assert_allclose(
                apart.survival[at], stored["fh_ties_corrected_surv"], rtol=RTOL
            )
            checked += 1
    assert checked == 25


def test_survdiff_family(shared: Path) -> None:
    checked = 0
    for name, case in golden(shared).items():
        frame = rows(shared, case)
        for key, rho in (("logrank", 0.0), ("peto_peto_rho1", 1.0), ("grho_0.5", 0.5)):
            stored = case[key]
            found = weighted_log_rank(times_of(frame), frame["G"], weights=TimeWeights(rho=rho))
            assert found.n.tolist() == stored["n"]
            assert found.df == stored["df"]
            assert found.statistic == pytest.approx(stored["chisq"], rel=RTOL), (name, key)
            assert found.p_value == pytest.approx(stored["p"], rel=1e-8)
            np.testing.assert_allclose(found.observed, stored["obs"], rtol=RTOL)
            np.testing.assert_allclose(found.expected, stored["exp"], rtol=RTOL)
            np.testing.assert_allclose(found.variance, stored["var"], rtol=RTOL)
            checked += 1
        if "logrank_stratified" in case:
            stored = case["logrank_stratified"]
            part = rows(shared, case, stored["strata"])
            found = weighted_log_rank(
                times_of(part), part["G"], strata=part[f"S_{stored['strata']}"]
            )
            assert found.statistic == pytest.approx(stored["chisq"], rel=RTOL)
            np.testing.assert_allclose(found.observed, stored["obs"], rtol=RTOL)
            np.testing.assert_allclose(found.expected, stored["exp"], rtol=RTOL)
            np.testing.assert_allclose(found.variance, stored["var"], rtol=RTOL)
            checked += 1
        if "logrank_hr" in case:
            test = weighted_log_rank(times_of(frame), frame["G"])
            peto = log_rank_hazard_ratio(test)
            pike = log_rank_hazard_ratio(test, method="pike")
            stored = case["logrank_hr"]
            np.testing.assert_allclose(peto.value, stored["peto"], rtol=RTOL)
            np.testing.assert_allclose(pike.value, stored["pike"], rtol=RTOL)
            error = (np.log(peto.high) - np.log(peto.low)) / 2.0 / 1.959963984540054
            assert error == pytest.approx(stored["peto_se_log"], rel=RTOL)
            checked += 1
    assert checked == 27


def test_pairs_and_trend(shared: Path) -> None:
    checked = 0
    for name, case in golden(shared).items():
        if "pairwise_logrank" not in case:
            continue
        frame, stored = rows(shared, case), case["pairwise_logrank"]
        for adjustment, key in (
            ("holm", "holm"),
            ("benjamini-hochberg", "BH"),
            ("bonferroni", "bonferroni"),
        ):
            found = pairwise_log_rank(times_of(frame), frame["G"], adjustment=adjustment)
            assert found.pairs == tuple(zip(stored["a"], stored["b"], strict=True))
            np.testing.assert_allclose(found.statistic, stored["chisq"], rtol=RTOL)
            # p is about exp(-chisq / 2): chisq times its relative error
            np.testing.assert_allclose(found.p_value, stored["p"], rtol=1e-8)
            np.testing.assert_allclose(found.adjusted, stored[key], rtol=1e-8, err_msg=name)
        codes = frame["G"].map({g: i + 1 for i, g in enumerate(case["levels"])})
        trend = weighted_log_rank_trend(times_of(frame), codes)
        assert trend.statistic == pytest.approx(case["logrank_trend"]["chisq"], rel=RTOL)
        assert trend.p_value == pytest.approx(case["logrank_trend"]["p"], rel=1e-8)
        checked += 1
    assert checked == 3


def test_families_of_python_peers(shared: Path) -> None:
    checked = 0
    for name, case in golden(shared, "python_peers").items():
        if not name.startswith("km."):
            continue
        frame = rows(shared, case)
        for block, table in (
            ("lifelines_weighted_logrank", LIFELINES),
            ("statsmodels_survdiff", STATSMODELS),
        ):
            assert set(case[block]) == set(table)
            for key, weights in table.items():
                found = weighted_log_rank(times_of(frame), frame["G"], weights=weights)
                # both peers' own sums and pseudo-inverses keep about 11 digits
                assert found.statistic == pytest.approx(case[block][key]["chisq"], rel=1e-9), (
                    name,
                    key,
                )
                checked += 1
        if "fixed_time_cloglog_test" in case:
            stored = case["fixed_time_cloglog_test"]
            a, b = (kaplan_meier(times_of(part)) for _, part in frame.groupby("G"))
            compared = survival_difference(a, b, stored["time"])
            # lifelines draws a straight line between the steps of the variance
            assert compared.log_log_z**2 == pytest.approx(stored["chisq"], rel=0.02), name
            checked += 1
        if "rmst" in case:
            for key, (_, part) in zip("ab", frame.groupby("G"), strict=True):
                mean = restricted_mean(times_of(part), case["rmst"]["tau"])
                assert mean.value == pytest.approx(case["rmst"][key], rel=1e-10)
                checked += 1
    assert checked > 50


def test_restricted_means(shared: Path) -> None:
    checked = 0
    for name, case in golden(shared).items():
        frame, stored = rows(shared, case), case["rmst_survfit"]
        for level, mean, error in zip(case["levels"], stored["rmean"], stored["se"], strict=True):
            found = restricted_mean(times_of(frame[frame["G"] == level]), stored["tau"])
            assert found.value == pytest.approx(mean, rel=RTOL), name
            assert found.std_error == pytest.approx(error, rel=RTOL, abs=1e-12)
            checked += 1
        if "rmst2" not in case:
            continue
        stored = case["rmst2"]
        one, nought = (
            restricted_mean(times_of(frame[frame["G"] == level]), stored["tau"])
            for level in case["levels"][::-1]
        )
        assert str(stored["arm1_is"]) == str(case["levels"][1])
        for mean, key in ((one, "1"), (nought, "0")):
            for found, values in (
                (mean.estimate(), stored[f"arm{key}"]),
                (mean.lost_estimate(), stored[f"rmtl{key}"]),
            ):
                np.testing.assert_allclose(
                    [found.value, mean.std_error, found.low, found.high], values, rtol=RTOL
                )
        contrast = restricted_mean_contrast(one, nought)
        mine = [
            [e.value, e.low, e.high, p]
            for e, p in (
                (contrast.difference, contrast.difference_p_value),
                (contrast.ratio, contrast.ratio_p_value),
                (contrast.lost_ratio, contrast.lost_ratio_p_value),
            )
        ]
        # p-values multiply the relative error of z by z squared
        np.testing.assert_allclose(mine, stored["contrast"], rtol=1e-9, err_msg=name)
        checked += 1
    assert checked == 18 + 4


def test_differences_at_fixed_times(shared: Path) -> None:
    checked = refused = 0
    for name, case in golden(shared).items():
        frame = rows(shared, case)
        curves = {g: kaplan_meier(times_of(frame[frame["G"] == g])) for g in case["levels"]}
        for pair in case["survival_difference"]["rows"]:
            for row in pair:
                a, b = curves[row["a"]], curves[row["b"]]
                if not np.isfinite(numbers([row["se"]])[0]):
                    with pytest.raises(NotEstimable):
                        survival_difference(a, b, row["time"])
                    refused += 1
                    continue
                found = survival_difference(a, b, row["time"])
                mine = [found.difference.value, found.std_error, found.z, found.p_value]
                mine += [found.difference.low, found.difference.high]
                mine += [found.log_log_z, found.log_log_p_value]
                theirs = [row["diff"], row["se"], row["z"], row["p"], *row["ci95"]]
                theirs += [row["loglog_z"], row["loglog_p"]]
                # differences of curves that nearly meet lose digits
                np.testing.assert_allclose(
                    numbers([np.nan if v is None else v for v in mine]),
                    numbers(theirs),
                    rtol=1e-9,
                    atol=1e-13,
                    err_msg=f"{name} {row}",
                )
                checked += 1
    assert checked > 20
    assert refused > 0


def test_landmark_comparison(shared: Path) -> None:
    path = shared / "data" / "reference" / "golden" / "km.json"
    stored = json.loads(path.read_text())["cases"]["landmark_example"]
    frame = pd.read_csv(shared / "data" / "reference" / f"{stored['data']}.csv")
    whole = survival_times(frame["time"], frame["status"] == 2)
    kept = landmark(whole, stored["landmark"])
    assert int(kept.sum()) == stored["n"]
    part = survival_times(frame["time"][kept] - stored["landmark"], frame["status"][kept] == 2)
    found = weighted_log_rank(part, frame["sex"][kept])
    assert found.statistic == pytest.approx(stored["chisq"], rel=RTOL)


def test_weights_as_counts(shared: Path) -> None:
    path = shared / "data" / "reference" / "golden" / "km.json"
    stored = json.loads(path.read_text())["cases"]["weighted_km"]
    frame = pd.read_csv(shared / "data" / "reference" / f"{stored['data']}.csv")
    counts = 1 + np.arange(1, len(frame) + 1) % 3
    sets = risk_sets(frame["time"], frame["status"] == 2, case_weights=counts)
    (found,) = weighted_kaplan_meier(sets)
    at = np.searchsorted(found.curve.time, stored["time"])
    np.testing.assert_array_equal(found.curve.time[at], stored["time"])
    np.testing.assert_allclose(found.weight_at_risk[at], stored["n_risk"], rtol=RTOL)
    np.testing.assert_allclose(found.curve.survival[at], stored["surv"], rtol=RTOL)
    np.testing.assert_allclose(
        found.curve.std_error[at] / found.curve.survival[at], stored["se_log_surv"], rtol=RTOL
    )


def test_strata_of_unweighted_rows_are_separate_curves(shared: Path) -> None:
    for case in golden(shared).values():
        frame = rows(shared, case)
        sets = risk_sets(frame["T"], frame["E"], strata=frame["G"])
        for found in weighted_kaplan_meier(sets, interval="log-log"):
            part = frame[frame["G"] == found.stratum]
            plain = kaplan_meier(times_of(part), interval="log-log")
            np.testing.assert_array_equal(found.curve.time, plain.time)
            np.testing.assert_array_equal(found.curve.n_risk, plain.n_risk)
            np.testing.assert_array_equal(found.curve.n_censor, plain.n_censor)
            np.testing.assert_allclose(found.curve.survival, plain.survival, rtol=1e-13)
            np.testing.assert_allclose(found.curve.low, plain.low, rtol=1e-12)
            assert (found.curve.n, found.curve.events) == (plain.n, plain.events)
