"""Patients scored again in any order, or several times, have the score they had."""

from __future__ import annotations

import numpy as np
from hypothesis import given, strategies as st
from score_examples import bare_document
from validation_cohorts import BANDS, assembled, cohort, outcome_of, spec

from cartwheel.clinic.score import score_from_document
from cartwheel.clinic.scoring import Assessment, assess
from cartwheel.validation.cohort.scoring import predict

CELLS = st.sampled_from(["0", "1", "2.5", "1000", "", "<1", "abc", "7", "3"])
BANDED = [
    {**BANDS[0], "observed": {"n": 10, "events": 1, "risk": 0.1, "source": "t"}},
    {**BANDS[1], "observed": {"n": 10, "events": 6, "risk": 0.6, "source": "t"}},
]


@given(
    cells=st.lists(CELLS, min_size=4, max_size=4),
    rows=st.lists(st.integers(0, 7), min_size=1, max_size=12),
)
def test_rows_taken_again_are_scored_as_before(cells: list[str], rows: list[int]) -> None:
    limited = spec(inputs=[{"name": "x", "label": "X", "minimum": 0, "maximum": 99}], bands=BANDED)
    found = assembled(cohort(x=[*cells, "1", "2", "3", "4"], crs=[0, 1] * 4), limited)
    one = found.scoreables[0]
    whole, scored = predict(one)
    again, still = predict(one, rows=np.array(rows, dtype=np.intp))
    assert np.array_equal(still, scored[rows])
    for name in ("value", "risk", "band"):
        before, after = getattr(whole, name), getattr(again, name)
        assert np.array_equal(before[rows], after, equal_nan=name != "band")
    assert np.array_equal(found.analysed, scored)
    for place, cell in enumerate([*cells, "1", "2", "3", "4"]):
        answer = assess(limited, {"x": cell})
        known = isinstance(answer, Assessment) and answer.value is not None
        assert known == scored[place]
        if isinstance(answer, Assessment) and answer.value is not None:
            assert whole.value[place] == answer.value
            assert whole.bands[whole.band[place]] == answer.band


def test_the_risk_of_a_band_stands_for_its_patients() -> None:
    found = assembled(specs=spec(bands=BANDED))
    said = found.predicted[0]
    assert said.risk_source == "band risk"
    assert said.risk is not None
    assert said.risk.tolist() == [0.1, 0.1, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6]
    assert said.marker.tolist() == list(range(8))
    without = score_from_document(bare_document(bands=BANDS, outcome=outcome_of()), where="test")
    assert assembled(specs=without).predicted[0].risk_source == "value"
