"""The calculator, which has no numerical library, against the floor that fitted the model."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from hypothesis import given, strategies as st

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit"))

from score_examples import bare_document

from cartwheel.clinic.score import score_from_document
from cartwheel.clinic.scoring import Assessment, assess
from cartwheel.stats.spline import restricted_cubic_spline


@given(
    st.lists(st.integers(-40, 160), min_size=3, max_size=5, unique=True),
    st.data(),
    st.lists(st.floats(0.01, 1e5), min_size=1, max_size=5),
)
def test_a_spline_of_log2(knots: list[int], data: st.DataObject, values: list[float]) -> None:
    ordered = [knot / 10 for knot in sorted(knots)]
    weights = st.integers(-1000, 1000).map(lambda weight: weight / 128)
    coefficients = data.draw(st.lists(weights, min_size=len(knots) - 1, max_size=len(knots) - 1))
    spec = score_from_document(
        bare_document(
            terms=[
                {
                    "kind": "spline", "input": "x", "transform": "log2", "knots": ordered,
                    "coefficients": coefficients,
                }
            ],
            examples=[{"inputs": {"x": 1}, "value": 0, "tolerance": 1e9}],
        )
    )  # fmt: skip
    x = np.log2(np.asarray(values))
    basis = restricted_cubic_spline(x, np.asarray(ordered))
    for row, value in zip(basis, values, strict=True):
        found = assess(spec, {"x": value})
        assert isinstance(found, Assessment)
        assert found.value is not None
        # cubes of up to 20 over knots as close as 0.1 cancel in double precision, not in decimal
        span = max(1.0, float(np.max(np.abs(x - ordered[0]))))
        slack = 1e-13 * 1000 / 128 * 40 * span**3 / min(np.diff(ordered)) / np.ptp(ordered) ** 2
        assert abs(found.value - float(row @ coefficients)) <= slack + 1e-12 * abs(found.value)
