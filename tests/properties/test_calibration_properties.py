"""What must hold for any recalibration and any grouping, and for spline knots."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given, strategies as st
from scipy.special import expit

from cartwheel.stats.calibration import (
    calibration_groups,
    calibration_in_the_large,
    calibration_line,
)


@given(st.integers(0, 2**32 - 1), st.floats(-2.0, 2.0), st.floats(0.3, 3.0))
def test_recalibrating_undoes_a_distortion(seed: int, shift: float, factor: float) -> None:
    rng = np.random.default_rng(seed)
    lp = rng.normal(size=80)
    event = (rng.random(80) < expit(lp)).astype(float)
    intercept, slope, converged = calibration_line(lp, event)
    assume(converged)
    found = calibration_line(shift + factor * lp, event)
    assert found[2]
    # Newton's last step leaves rounding
    np.testing.assert_allclose(found[1] * factor, slope, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(found[0] + found[1] * shift, intercept, rtol=1e-8, atol=1e-10)
    large, other = (calibration_in_the_large(lp + add, event)[0] for add in (0.0, shift))
    np.testing.assert_allclose(other, large - shift, rtol=1e-8, atol=1e-10)


@given(st.integers(0, 2**32 - 1), st.integers(2, 12), st.booleans())
def test_multiplicity_is_duplication(seed: int, wanted: int, tied: bool) -> None:
    rng = np.random.default_rng(seed)
    risk = rng.random(40)
    if tied:
        risk = np.round(risk, 1)
    event = (rng.random(40) < risk).astype(float)
    times = np.bincount(rng.integers(0, 40, 40), minlength=40)
    assume(0 < (event * times).sum() < times.sum())
    short = calibration_groups(risk, event, wanted, multiplicity=times)
    long = calibration_groups(np.repeat(risk, times), np.repeat(event, times), wanted)
    for name in ("low", "high", "n", "events"):
        np.testing.assert_array_equal(getattr(short, name), getattr(long, name))
    # a sum of at most 40 terms in another order
    np.testing.assert_allclose(short.mean_risk, long.mean_risk, rtol=1e-13)
    assert short.n.sum() == times.sum()
    assert short.events.sum() == (event * times).sum()
    lp = 2.0 * risk - 1.0
    ours = calibration_line(lp, event, times)
    theirs = calibration_line(np.repeat(lp, times), np.repeat(event, times))
    assert ours[2] == theirs[2]
    # under separation the last point reached is neither here nor there
    if ours[2]:
        np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-9)
