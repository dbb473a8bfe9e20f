"""A nomogram small enough to draw by hand."""

from __future__ import annotations

from math import log

import numpy as np
import pytest

from cartwheel.errors import NotEstimable
from cartwheel.stats.nomogram import axis_marks, nomogram

# log odds = -2 + 0.04 age - 0.5 treated, age 20 to 70: 2 units wide, treated 0.5
TERMS = [("age", [20, 45, 70], [0.8, 1.8, 2.8]), ("treated", [0, 1], [0.0, -0.5])]


def test_points_and_scales() -> None:
    found = nomogram(TERMS, intercept=-2.0)
    assert found.points_per_unit == pytest.approx(50.0, rel=1e-12)
    assert found.axes[0].points.tolist() == pytest.approx([0.0, 50.0, 100.0])
    assert found.axes[1].points.tolist() == pytest.approx([25.0, 0.0])
    # 0 points: age 20, treated
    assert found.origin == pytest.approx(-2.0 + 0.8 - 0.5)
    assert found.largest_total == pytest.approx(125.0)
    assert float(found.linear_predictor(125.0)) == pytest.approx(-2.0 + 2.8)
    assert found.risk_scale([0.5]).total_points.tolist() == pytest.approx([1.7 * 50.0])
    # survival 0.8 where exp(lp) times the baseline hazard is -log 0.8
    scale = found.survival_scale([0.8], 0.1)
    assert scale.total_points.tolist() == pytest.approx([(log(-log(0.8) / 0.1) + 1.7) * 50.0])
    with pytest.raises(ValueError, match="read-only"):
        found.axes[0].points[0] = 1.0


def test_another_maximum() -> None:
    found = nomogram(TERMS, intercept=-2.0, maximum=10.0)
    assert found.axes[0].points.tolist() == pytest.approx([0.0, 5.0, 10.0])
    back = found.total_points(found.linear_predictor([0.0, 3.0]))
    assert back.tolist() == pytest.approx([0.0, 3.0])


@pytest.mark.parametrize(
    ("low", "high", "marks"),
    [
        (14.0, 45.0, range(10, 50, 5)),
        (80.0, 250.0, range(80, 261, 20)),
        (0.0, 1.0, np.arange(11) / 10),
        # 0.61 an interval is nearer to 0.5 than to 1 on R's scale
        (-3.2, 2.9, np.arange(-7, 7) / 2),
        (0.0, 0.011, np.arange(12) / 1000),
    ],
)
def test_round_marks(low: float, high: float, marks: list[float]) -> None:
    np.testing.assert_allclose(axis_marks(low, high), list(marks), atol=1e-12)


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ([], "terms"),
        ([TERMS[0], TERMS[0]], "terms"),
        ([("a", [1, 1], [0.0, 1.0])], "marks"),
        ([("a", [1], [0.0])], "marks"),
        ([("a", [1, 2], [0.0, np.nan])], "marks"),
        ([("a", [1, 2], [0.0, 1.0, 2.0])], "marks"),
        ([("a", [1, 2], [1.0, 1.0])], "no_span"),
    ],
)
def test_refusals(terms: list, code: str) -> None:
    with pytest.raises(NotEstimable) as refusal:
        nomogram(terms)
    assert refusal.value.problems[0].code == code


def test_refusals_of_scales() -> None:
    found = nomogram(TERMS)
    for call, code in (
        (lambda: found.risk_scale([0.0, 0.5]), "probability"),
        (lambda: found.risk_scale([np.nan]), "not_finite"),
        (lambda: found.scale(["high"]), "not_a_number"),
        (lambda: found.survival_scale([1.0], 0.1), "probability"),
        (lambda: found.survival_scale([0.5], 0.0), "cumulative_hazard"),
        (lambda: found.survival_scale([0.5], np.inf), "cumulative_hazard"),
        (lambda: axis_marks(1.0, 1.0), "range"),
        (lambda: nomogram(TERMS, maximum=np.nan), "no_span"),
    ):
        with pytest.raises(NotEstimable) as refusal:
            call()
        assert refusal.value.problems[0].code == code
