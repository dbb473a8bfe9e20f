"""What must hold of ROC areas for any scores."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import assume, given, settings, strategies as st

from cartwheel.stats.roc import auc, delong, roc_curve, weighted_auc

# few different values, so that ties are the rule
PATIENTS = st.lists(
    st.tuples(
        st.integers(-4, 4).map(float),
        st.booleans(),
        st.integers(0, 3),
        st.floats(0.0, 5.0, allow_subnormal=False),
        st.floats(0.0, 5.0, allow_subnormal=False),
    ),
    min_size=1,
    max_size=30,
)


def same(a: float, b: float) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b))


@settings(deadline=None)
@given(PATIENTS)
def test_area_of_an_event(patients):
    x, event, times, *_ = (np.array(column) for column in zip(*patients, strict=True))
    area = auc(x, event)
    pairs = [float(a > b) + 0.5 * float(a == b) for a in x[event] for b in x[~event]]
    assert same(area, sum(pairs) / len(pairs) if pairs else math.nan)
    # 1 - area: one rounding of a quotient
    np.testing.assert_allclose(auc(-x, event), 1.0 - area, atol=1e-15)
    np.testing.assert_allclose(auc(x, ~event), 1.0 - area, atol=1e-15)
    assert same(auc(x[::-1], event[::-1]), area)
    assert same(auc(np.exp(x), event), area)
    repeated = auc(np.repeat(x, times), np.repeat(event, times))
    assert same(auc(x, event, times), repeated)
    assert same(auc(x, event, times.astype(float)), repeated)


@settings(deadline=None)
@given(PATIENTS)
def test_weighted_area(patients):
    x, _, _, case, control = (np.array(column) for column in zip(*patients, strict=True))
    assume(case.sum() > 1e-3 and control.sum() > 1e-3)
    area = weighted_auc(x, case, control)
    above = (x[:, None] > x) + 0.5 * (x[:, None] == x)
    expected = case @ above @ control / (case.sum() * control.sum())
    # sums of at most 900 products in another order
    np.testing.assert_allclose(area, expected, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(weighted_auc(-x, case, control), 1.0 - area, atol=1e-13)


@settings(deadline=None)
@given(PATIENTS)
def test_curve_encloses_the_area(patients):
    x, event, *_ = (np.array(column) for column in zip(*patients, strict=True))
    assume(0 < event.sum() < event.size)
    curve = roc_curve(x, event)
    assert (np.diff(curve.thresholds) < 0).all()
    assert (np.diff(curve.sensitivity) >= 0).all()
    assert (np.diff(curve.specificity) <= 0).all()
    under = np.trapezoid(curve.sensitivity, 1.0 - curve.specificity)
    # trapezia count a tie half, as the area does; at most 10 of them
    np.testing.assert_allclose(under, auc(x, event), atol=1e-14)
    for threshold, sensitivity in zip(curve.thresholds, curve.sensitivity, strict=True):
        assert (x[event] > threshold).mean() == sensitivity


@settings(deadline=None)
@given(PATIENTS)
def test_delong(patients):
    x, event, *_ = (np.array(column) for column in zip(*patients, strict=True))
    assume(min(event.sum(), (~event).sum()) >= 2)
    found = delong(x, event)
    turned = delong(-x, event)
    # means of at most 30 placements
    np.testing.assert_allclose(found.auc, auc(x, event), atol=1e-14)
    np.testing.assert_allclose(turned.variance, found.variance, rtol=1e-10, atol=1e-16)
    assert 0.0 <= found.variance <= 0.25
