"""Harrell's C against R survival::concordance (golden cox.json)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cartwheel.stats.concordance import concordance, harrell_c, harrell_concordance
from cartwheel.stats.survival import SurvivalTimes, survival_times

# counts are whole numbers: only the division and 15 stored digits are left
RTOL = 1e-12


def golden(shared: Path) -> dict[str, Any]:
    path = shared / "data" / "reference" / "golden" / "cox.json"
    return json.loads(path.read_text())["cases"]


def sample(shared: Path, case: dict[str, Any], marker: str) -> tuple[SurvivalTimes, np.ndarray]:
    frame = pd.read_csv(shared / "data" / "reference" / f"{case['data']}.csv")
    column, code = case["event"].split("==")
    used = frame[[case["time"], column, marker]].dropna()
    return survival_times(used[case["time"]], used[column] == int(code)), used[marker].to_numpy(
        float
    )


def test_markers(shared: Path) -> None:
    cases = {k: v for k, v in golden(shared).items() if k.startswith("harrell.")}
    assert len(cases) == 6
    for case in cases.values():
        times, marker = sample(shared, case, case["marker"])
        found = harrell_concordance(times, marker)
        counts = case["counts"]
        assert found.concordant == counts["concordant"]
        assert found.discordant == counts["discordant"]
        assert found.tied_score == counts["tied.x"]
        assert found.tied_time == counts["tied.y"]
        assert found.tied_both == counts["tied.xy"]
        assert found.c == pytest.approx(case["c"], rel=RTOL)
        assert found.std_error == pytest.approx(case["se"], rel=RTOL)
        assert concordance(times, marker) == pytest.approx(case["c"], rel=RTOL)
        estimate = harrell_c(times, marker)
        assert estimate.value == pytest.approx(case["c"], rel=RTOL)
        # 1.96 to 16 digits: qnorm(0.975)
        assert estimate.high == pytest.approx(case["c"] + 1.959963984540054 * case["se"], rel=RTOL)


def test_two_markers_of_one_sample(shared: Path) -> None:
    cases = golden(shared)
    stored = cases["paired_concordance"]
    like = cases["harrell.pbc.bili"]
    for index, (marker, sign) in enumerate((("bili", 1.0), ("albumin", -1.0))):
        times, values = sample(shared, {**like, "data": stored["data"]}, marker)
        found = harrell_concordance(times, sign * values)
        assert found.c == pytest.approx(stored["c"][index], rel=RTOL)
        assert found.std_error**2 == pytest.approx(stored["var"][index][index], rel=RTOL)
