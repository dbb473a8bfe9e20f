"""Somers' Dxy, Obuchowski's variance and the diagnostic odds ratio by hand."""

from __future__ import annotations

from math import exp, log, pi, sqrt

import numpy as np
import pytest
from scipy.special import ndtri

from cartwheel.errors import NotEstimable
from cartwheel.stats.auc_variance import obuchowski_variance, somers_dxy
from cartwheel.stats.diagnostic_odds import diagnostic_odds_ratio
from cartwheel.stats.roc import two_by_two


def table(tp: int, fn: int, fp: int, tn: int):
    event = np.repeat([1, 1, 0, 0], [tp, fn, fp, tn])
    return two_by_two(np.repeat([1, 0, 1, 0], [tp, fn, fp, tn]), event)


def test_odds_ratio() -> None:
    found = diagnostic_odds_ratio(table(6, 4, 3, 9))
    half = float(ndtri(0.975)) * sqrt(1 / 6 + 1 / 4 + 1 / 3 + 1 / 9)
    assert found.value == pytest.approx(4.5, rel=1e-12)
    assert found.low == pytest.approx(exp(log(4.5) - half), rel=1e-12)
    assert found.high == pytest.approx(exp(log(4.5) + half), rel=1e-12)
    assert (found.n, found.events) == (22, 10)


def test_odds_ratio_of_empty_cells() -> None:
    assert diagnostic_odds_ratio(table(6, 0, 3, 9)).value is None
    none = diagnostic_odds_ratio(table(0, 6, 3, 9))
    assert (none.value, none.low) == (0.0, None)
    corrected = diagnostic_odds_ratio(table(6, 0, 3, 9), corrected=True)
    assert corrected.value == pytest.approx(6.5 * 9.5 / (3.5 * 0.5), rel=1e-12)
    with pytest.raises(NotEstimable):
        diagnostic_odds_ratio(table(6, 4, 3, 9), 0.0)


def test_somers() -> None:
    # cases 2, 3; controls 1, 3: pairs +1, -1, +1, tie
    found = somers_dxy([2.0, 3.0, 1.0, 3.0], [1, 1, 0, 0])
    assert found.dxy == pytest.approx(0.25, rel=1e-12)
    # each patient's sum less 0.25 times its 2 pairs: cases 0 and 1, controls 2 and -1
    away = np.array([0.0, 1.0, 2.0, -1.0]) - 0.5
    assert found.std_error == pytest.approx(sqrt(float(away @ away)) / 4.0, rel=1e-12)
    with pytest.raises(NotEstimable) as refusal:
        somers_dxy([1.0, 2.0], [1, 1])
    assert refusal.value.problems[0].code == "one_class"


def test_obuchowski_of_two_points() -> None:
    # three levels, so two points: (se, sp) = (0.4, 0.9) and (0.8, 0.5)
    score = np.repeat([3, 2, 1, 3, 2, 1], [4, 4, 2, 2, 8, 10])
    event = np.repeat([1, 0], [10, 20])
    a, b = [], []
    for se, sp in ((0.4, 0.9), (0.8, 0.5)):
        a.append(float(ndtri(se)))
        b.append(float(ndtri(sp)))
    slope = (b[1] - b[0]) / (a[1] - a[0])
    height = b[0] - slope * a[0]
    wide = 1.0 + slope**2
    f = exp(-(height**2) / (2.0 * wide)) / sqrt(2.0 * pi * wide)
    g = -height * slope * exp(-(height**2) / (2.0 * wide)) / sqrt(2.0 * pi * wide**3)
    wanted = f**2 * (1.0 + slope**2 / 2.0 + height**2 / 2.0) + g**2 * slope**2 * 3.0 / 4.0
    assert obuchowski_variance(score, event) == pytest.approx(wanted / 10.0, rel=1e-10)
    with pytest.raises(NotEstimable) as refusal:
        obuchowski_variance([1.0, 2.0, 3.0, 4.0], [0, 0, 1, 1])
    assert refusal.value.problems[0].code == "binormal_points"
