"""Kaplan-Meier against R survival 3.5-3 (golden km.json)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cartwheel.stats.survival import (
    INTERVALS,
    KaplanMeier,
    SurvivalTimes,
    kaplan_meier,
    numbers_at_risk,
    reverse_kaplan_meier,
    survival_at,
    survival_times,
)

# the golden files carry 15 significant digits; sums and products of a few hundred terms follow
RTOL = 1e-11
# se and limits near 0 and 1 are differences of such numbers
ATOL = 1e-13


def number(value: Any) -> float:
    return {"NA": np.nan, "NaN": np.nan, "Inf": np.inf, "-Inf": -np.inf}.get(value, value)


def numbers(values: list[Any]) -> np.ndarray:
    return np.array([number(value) for value in values], dtype=float)


def golden(shared: Path) -> dict[str, Any]:
    path = shared / "data" / "reference" / "golden" / "km.json"
    return json.loads(path.read_text())["cases"]


def case_rows(shared: Path, case: dict[str, Any]) -> pd.DataFrame:
    """Rows without a gap in a used column, with columns T, E and G."""
    frame = pd.read_csv(shared / "data" / "reference" / f"{case['data']}.csv")
    assert case["subset"] is None
    column, code = case["event"].split("==")
    used = frame[[case["time"], column, case["group"]]].dropna()
    return pd.DataFrame(
        {"T": used[case["time"]], "E": used[column] == int(code), "G": used[case["group"]]}
    )


def samples(shared: Path) -> list[tuple[str, dict[str, Any], SurvivalTimes]]:
    """Every curve of the golden file: overall, and by group."""
    found = []
    for name, case in golden(shared).items():
        if "overall" not in case:
            continue
        rows = case_rows(shared, case)
        found.append((name, case["overall"], survival_times(rows["T"], rows["E"])))
        for level in case["levels"]:
            group = rows[rows["G"] == level]
            stored = case["by_group"][str(level)]
            found.append((f"{name}={level}", stored, survival_times(group["T"], group["E"])))
    return found


def test_curves(shared: Path) -> None:
    checked = 0
    for name, stored, times in samples(shared):
        at = np.array(stored["index1"]) - 1
        curve = kaplan_meier(times)
        assert (curve.n, curve.events, curve.time.size) == (
            stored["n"],
            stored["events"],
            stored["n_times"],
        ), name
        np.testing.assert_array_equal(curve.time[at], stored["time"])
        np.testing.assert_array_equal(curve.n_risk[at], stored["n_risk"])
        np.testing.assert_array_equal(curve.n_event[at], stored["n_event"])
        np.testing.assert_array_equal(curve.n_censor[at], stored["n_censor"])
        np.testing.assert_allclose(curve.survival[at], stored["surv"], rtol=RTOL, atol=ATOL)
        np.testing.assert_allclose(
            curve.std_error[at], numbers(stored["se_surv_greenwood"]), rtol=RTOL, atol=ATOL
        )
        np.testing.assert_array_equal(numbers_at_risk(times, stored["time"]), stored["n_risk"])
        for time, survival in zip(stored["time"], stored["surv"], strict=True):
            assert survival_at(times, time) == pytest.approx(survival, rel=RTOL, abs=ATOL)
        checked += 1
    assert checked == 25


@pytest.mark.parametrize("interval", INTERVALS)
def test_limits(shared: Path, interval: str) -> None:
    for name, stored, times in samples(shared):
        at = np.array(stored["index1"]) - 1
        curve = kaplan_meier(times, interval=interval)
        limits = stored["ci"][interval]
        for mine, theirs in ((curve.low, limits["lower"]), (curve.high, limits["upper"])):
            np.testing.assert_allclose(
                mine[at], numbers(theirs), rtol=RTOL, atol=ATOL, err_msg=f"{name} {interval}"
            )


@pytest.mark.parametrize("interval", INTERVALS)
def test_quantiles(shared: Path, interval: str) -> None:
    for name, stored, times in samples(shared):
        curve = kaplan_meier(times, interval=interval)
        expected = stored["quantiles"][interval]
        for p, value, low, high in zip(
            expected["p"], expected["q"], expected["lower"], expected["upper"], strict=True
        ):
            found = curve.quantile(p)
            # observed times, or the mean of two: exact
            mine = numbers(
                [np.nan if v is None else v for v in (found.value, found.low, found.high)]
            )
            np.testing.assert_allclose(
                mine, numbers([value, low, high]), rtol=1e-14, err_msg=f"{name} {p}"
            )


def test_fixed_times(shared: Path) -> None:
    checked = 0
    for case in golden(shared).values():
        if "at_times" not in case:
            continue
        rows = case_rows(shared, case)
        stored = case["at_times"]
        for index, stratum in enumerate(stored["strata"]):
            (level,) = [one for one in case["levels"] if f"gf={one}" == stratum]
            group = rows[rows["G"] == level]
            times = survival_times(group["T"], group["E"])
            curve, t = kaplan_meier(times), stored["time"][index]
            found = curve.at(t)
            position = int(np.searchsorted(curve.time, t, side="right")) - 1
            assert numbers_at_risk(times, t)[0] == stored["n_risk"][index]
            assert found.value == pytest.approx(stored["surv"][index], rel=RTOL)
            for mine, theirs in (
                (curve.std_error[position], stored["se"][index]),
                (found.low, stored["lower_log"][index]),
                (found.high, stored["upper_log"][index]),
            ):
                if theirs in ("NA", "NaN"):
                    assert mine is None or np.isnan(mine)
                else:
                    assert mine == pytest.approx(theirs, rel=RTOL)
            checked += 1
    assert checked > 30


def test_reverse_curves(shared: Path) -> None:
    # quantiles are observed times, or the mean of two: exact
    def quantiles(curve: KaplanMeier, limit: str) -> list[float]:
        found = [getattr(curve.quantile(p), limit) for p in (0.25, 0.5, 0.75)]
        return [np.nan if value is None else value for value in found]

    for name, case in golden(shared).items():
        if "reverse_km" not in case:
            continue
        rows, stored = case_rows(shared, case), case["reverse_km"]
        curve = reverse_kaplan_meier(survival_times(rows["T"], rows["E"]), ties="together")
        for limit, key in (("value", "quantiles"), ("low", "lower_log"), ("high", "upper_log")):
            np.testing.assert_allclose(
                quantiles(curve, limit), numbers(stored[key]), rtol=1e-14, err_msg=f"{name} {limit}"
            )
        medians = [
            reverse_kaplan_meier(survival_times(part["T"], part["E"]), ties="together").median.value
            for part in (rows[rows["G"] == level] for level in case["levels"])
        ]
        np.testing.assert_allclose(
            [np.nan if value is None else value for value in medians],
            numbers(stored["median_by_group"]),
            rtol=1e-14,
            err_msg=name,
        )


def test_frequency_weights(shared: Path) -> None:
    stored = golden(shared)["weighted_km"]
    frame = pd.read_csv(shared / "data" / "reference" / f"{stored['data']}.csv")
    counts = 1 + np.arange(1, len(frame) + 1) % 3
    times = survival_times(frame["time"], frame["status"] == 2)
    curve = kaplan_meier(times, multiplicity=counts)
    at = np.searchsorted(curve.time, stored["time"])
    np.testing.assert_array_equal(curve.time[at], stored["time"])
    np.testing.assert_array_equal(curve.n_risk[at], stored["n_risk"])
    np.testing.assert_allclose(curve.survival[at], stored["surv"], rtol=RTOL)
    np.testing.assert_allclose(
        curve.std_error[at], np.multiply(stored["surv"], stored["se_log_surv"]), rtol=RTOL
    )
