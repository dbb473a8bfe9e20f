"""A points score whose logistic model is exact: odds 1/8, doubled by one sign, fourfold by another.

Nobody has both signs without paying for it: the odds are 1/8, 1/4, 1/2 and 1 in cells of 9, 5, 3
and 2 patients with one event each, so the additive model fits every cell without error.
"""

from __future__ import annotations

from math import log

import pandas as pd
import pytest
from develop_examples import plan, predictor

import cartwheel as cw
from cartwheel.clinic.scoring import Assessment, assess

FITTED = {"abs": 1e-8}  # an iterated fit stops within this of the root

CELLS = [(0, 0, 9), (1, 0, 5), (0, 1, 3), (1, 1, 2)]
ROWS = pd.DataFrame(
    [
        {"weak": weak, "strong": strong, "severe": int(place == 0)}
        for weak, strong, size in CELLS
        for place in range(size)
    ]
)
WANTED = plan(
    bootstrap=0,
    predictors=[predictor("weak"), predictor("strong")],
    points={"penalty": "none"},
)


def test_coefficients_points_and_risks() -> None:
    result = cw.develop(ROWS, WANTED).result
    assert result.multivariable is not None
    found = {row.term: row.coefficient for row in result.multivariable.rows}
    assert found == pytest.approx({"weak": log(2), "strong": log(4)}, **FITTED)
    # the weaker sign is worth one point, the stronger log 4 / log 2 = 2
    card = [(row.column, row.range, row.points, row.n) for row in result.score_card]
    assert card == [
        ("weak", "0", 0, 12),
        ("weak", "1", 1, 7),
        ("strong", "0", 0, 14),
        ("strong", "1", 2, 5),
    ]
    # one point doubles the odds of 1/8
    risks = [row.predicted for row in result.risk_table]
    assert risks == pytest.approx([1 / 9, 1 / 5, 1 / 3, 1 / 2], **FITTED)
    assert [row.n for row in result.risk_table] == [9, 5, 3, 2]
    # nothing was rounded, so rounding costs nothing
    for row in result.rounding:
        assert row.exact == pytest.approx(row.points, **FITTED)


def test_auc() -> None:
    # Events have totals 0, 1, 2, 3 (one each); those without 0 (8), 1 (4), 2 (2), 3 (1).
    # Won: 0 -> 0, 1 -> 8, 2 -> 12, 3 -> 14; tied 8, 4, 2, 1. AUC = (34 + 15 / 2) / 60
    result = cw.develop(ROWS, WANTED).result
    assert result.performance.measures[0].apparent.value == pytest.approx(41.5 / 60, abs=1e-12)


def test_the_calculator_gives_the_same() -> None:
    spec = cw.develop(ROWS, WANTED).score
    for (weak, strong, _), risk in zip(CELLS, [1 / 9, 1 / 5, 1 / 3, 1 / 2], strict=True):
        found = assess(spec, {"weak": weak, "strong": strong})
        assert isinstance(found, Assessment)
        assert found.value == weak + 2 * strong
        assert found.risk == pytest.approx(risk, **FITTED)


def test_a_largest_number_of_points_makes_the_weak_sign_vanish_or_not() -> None:
    # largest = 1: one point is worth log 4, so the weak sign gets round(log 2 / log 4 = 0.5),
    # and halves are rounded to even: 0
    wanted = {**WANTED, "points": {"penalty": "none", "largest": 1}}
    result = cw.develop(ROWS, wanted).result
    points = {(row.column, row.range): row.points for row in result.score_card}
    assert points["strong", "1"] == 1
    assert points["weak", "1"] in (0, 1)  # the fit is a hair to one side of the half


def test_the_uncut_model_of_two_signs_is_the_model_itself() -> None:
    result = cw.develop(ROWS, WANTED).result
    # three non-event totals differ, so the AUC of score and uncut model agree without rounding
    ours = [row.apparent.value for row in result.performance.measures if row.name == "auc"]
    theirs = [row.apparent.value for row in result.uncut.measures if row.name == "auc"]
    assert ours == pytest.approx(theirs, abs=1e-12)
