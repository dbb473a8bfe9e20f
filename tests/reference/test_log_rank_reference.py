"""Log-rank tests against R survdiff, scores against R maxstat (golden files)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cartwheel.stats.log_rank import log_rank, log_rank_scores, log_rank_trend
from cartwheel.stats.survival import SurvivalTimes, landmark, survival_times

# 15 stored digits; the statistic is a quotient of differences of such sums
RTOL = 1e-10


def golden(shared: Path, name: str) -> dict[str, Any]:
    path = shared / "data" / "reference" / "golden" / name
    return json.loads(path.read_text())["cases"]


def rows_of(shared: Path, case: dict[str, Any], *extra: str) -> pd.DataFrame:
    frame = pd.read_csv(shared / "data" / "reference" / f"{case['data']}.csv")
    column, _, code = case["event"].partition("==")
    used = frame[[case["time"], column, *extra]].dropna()
    return used.assign(T=used[case["time"]], E=used[column] == int(code or 1))


def times_of(rows: pd.DataFrame) -> SurvivalTimes:
    return survival_times(rows["T"], rows["E"])


def log_rank_cases(shared: Path) -> list[tuple[str, dict[str, Any]]]:
    return [item for item in golden(shared, "km.json").items() if "logrank" in item[1]]


def same(found: Any, stored: dict[str, Any]) -> None:
    assert found.statistic == pytest.approx(stored["chisq"], rel=RTOL)
    # a p-value repeats the statistic's relative error times about half the statistic
    assert found.p_value == pytest.approx(stored["p"], rel=1e-8)
    assert found.df == stored["df"]
    np.testing.assert_allclose(found.observed, stored["obs"], rtol=RTOL)
    np.testing.assert_allclose(found.expected, stored["exp"], rtol=RTOL)
    np.testing.assert_allclose(found.variance, stored["var"], rtol=RTOL)


def test_log_rank(shared: Path) -> None:
    cases = log_rank_cases(shared)
    assert len(cases) == 7
    for _, case in cases:
        rows = rows_of(shared, case, case["group"])
        found = log_rank(times_of(rows), rows[case["group"]])
        same(found, case["logrank"])
        np.testing.assert_array_equal(found.n, case["logrank"]["n"])
        assert list(found.labels) == case["levels"]


def test_stratified(shared: Path) -> None:
    checked = 0
    for _, case in log_rank_cases(shared):
        if "logrank_stratified" not in case:
            continue
        stored = case["logrank_stratified"]
        rows = rows_of(shared, case, case["group"], stored["strata"])
        assert len(rows) == stored["n"]
        same(log_rank(times_of(rows), rows[case["group"]], strata=rows[stored["strata"]]), stored)
        checked += 1
    assert checked == 2


def test_pairwise(shared: Path) -> None:
    checked = 0
    for _, case in log_rank_cases(shared):
        stored = case.get("pairwise_logrank")
        if stored is None:
            continue
        rows = rows_of(shared, case, case["group"])
        levels = sorted(case["levels"])
        for a, b, statistic, p in zip(
            stored["a"], stored["b"], stored["chisq"], stored["p"], strict=True
        ):
            assert {a, b} <= set(levels)
            pair = rows[rows[case["group"]].isin([a, b])]
            found = log_rank(times_of(pair), pair[case["group"]])
            assert found.statistic == pytest.approx(statistic, rel=RTOL)
            assert found.p_value == pytest.approx(p, rel=1e-8)
            checked += 1
    assert checked == 12


def test_trend(shared: Path) -> None:
    checked = 0
    for _, case in log_rank_cases(shared):
        stored = case.get("logrank_trend")
        if stored is None:
            continue
        rows = rows_of(shared, case, case["group"])
        ranks = np.searchsorted(sorted(case["levels"]), rows[case["group"]]) + 1
        found = log_rank_trend(times_of(rows), ranks)
        assert found.statistic == pytest.approx(stored["chisq"], rel=RTOL)
        assert found.p_value == pytest.approx(stored["p"], rel=1e-8)
        assert found.df == 1
        checked += 1
    assert checked == 3


def test_landmark(shared: Path) -> None:
    stored = golden(shared, "km.json")["landmark_example"]
    frame = pd.read_csv(shared / "data" / "reference" / f"{stored['data']}.csv")
    event = frame["status"] == 2
    left = landmark(survival_times(frame["time"], event), stored["landmark"])
    assert left.sum() == stored["n"]
    after = survival_times(frame["time"][left] - stored["landmark"], event[left])
    found = log_rank(after, frame["sex"][left])
    assert found.statistic == pytest.approx(stored["chisq"], rel=RTOL)


def test_scores_give_every_standardised_statistic_of_maxstat(shared: Path) -> None:
    checked = 0
    for name, case in golden(shared, "cutpoint_selection.json").items():
        if not name.startswith("maxstat."):
            continue
        rows = rows_of(shared, case, case["marker"])
        # the stored n counts the rows of the file; two of DLBCL's have no time
        assert len(rows) == case["n"] - 2 * (case["data"] == "DLBCL")
        scores = log_rank_scores(times_of(rows))
        marker = rows[case["marker"]].to_numpy(dtype=float)
        n, spread = len(rows), float(((scores - scores.mean()) ** 2).sum())
        for cut, statistic in zip(case["cuts"], case["stats"], strict=True):
            # cuts are stored with 15 digits, the marker with its own: one ulp apart at times
            below = marker <= cut * (1 + 1e-13) + 1e-13
            m = int(below.sum())
            sd = np.sqrt(m * (n - m) / (n * (n - 1)) * spread)
            found = abs(scores[below].sum() - m * scores.mean()) / sd
            # a centred sum of many scores loses a few digits where it is near 0
            assert found == pytest.approx(statistic, rel=1e-9, abs=1e-12), (name, cut)
            checked += 1
    assert checked > 500
