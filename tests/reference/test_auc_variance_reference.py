"""Obuchowski's variance, Somers' Dxy, the uncorrected rank-sum test and odds ratios of a test."""

from __future__ import annotations

import numpy as np
import pytest
from golden_columns import binary_columns
from reference_data import golden

from cartwheel.errors import NotEstimable
from cartwheel.stats.association import kruskal_wallis_test
from cartwheel.stats.auc_variance import obuchowski_variance, somers_dxy
from cartwheel.stats.delong import delong
from cartwheel.stats.diagnostic_odds import diagnostic_odds_ratio
from cartwheel.stats.roc import roc_curve, two_by_two

CASES = golden("roc")
MARKERS = [name for name, case in CASES.items() if "marker" in case and "n_pos" in case]
R = 1e-8


def columns(name: str) -> tuple[np.ndarray, np.ndarray]:
    case = CASES[name]
    return binary_columns(case["data"], case["positive"], case["marker"])


def test_there_are_cases() -> None:
    assert len(MARKERS) == 16


@pytest.mark.parametrize("name", MARKERS)
def test_obuchowski(name: str) -> None:
    event, marker = columns(name)
    stored = CASES[name]["higher_is_positive"]["obuchowski_var"]
    if stored is None:
        # a marker of two values has one point inside the square: no line goes through it
        assert np.unique(marker).size == 2
        with pytest.raises(NotEstimable) as refusal:
            obuchowski_variance(marker, event)
        assert refusal.value.problems[0].code == "binormal_points"
        return
    assert obuchowski_variance(marker, event) == pytest.approx(stored, rel=R)


@pytest.mark.parametrize("name", MARKERS)
def test_somers(name: str) -> None:
    event, marker = columns(name)
    found, case = somers_dxy(marker, event), CASES[name]
    assert found.dxy == pytest.approx(case["somers_dxy"], rel=R)
    assert found.std_error == pytest.approx(case["rcorr_cens_sd_dxy"], rel=R)
    assert (found.n, found.events) == (case["n"], case["n_pos"])
    # DeLong's error with divisors n instead of n - 1
    area = delong(marker, event)
    assert area.variance is not None
    assert found.std_error == pytest.approx(2.0 * area.variance**0.5, rel=1.0 / case["n_pos"])


@pytest.mark.parametrize("name", MARKERS)
def test_rank_sum_without_continuity_correction(name: str) -> None:
    event, marker = columns(name)
    # of two groups Kruskal and Wallis' statistic is the square of the uncorrected normal one
    found = kruskal_wallis_test(marker, event)
    assert found.p_value == pytest.approx(CASES[name]["mann_whitney"]["p_nocontinuity"], rel=R)


@pytest.mark.parametrize("name", MARKERS)
def test_diagnostic_odds_ratio(name: str) -> None:
    event, marker = columns(name)
    case = CASES[name]
    stored = case["at_best_youden_first"]
    score = marker if case["auto_direction"] == "<" else -marker
    # the cut is where the counts are those stored; the odds ratio must follow
    tables = [two_by_two(score > cut, event) for cut in roc_curve(score, event).thresholds]
    matching = [
        table
        for table in tables
        if (table.true_positive, table.true_negative) == (stored["sens"]["x"], stored["spec"]["x"])
    ]
    assert len(matching) == 1
    found = diagnostic_odds_ratio(matching[0])
    assert found.value == pytest.approx(stored["dor"], rel=R)
    ratio = stored["lr_pos"] / stored["lr_neg"]
    assert found.value == pytest.approx(ratio, rel=R)
