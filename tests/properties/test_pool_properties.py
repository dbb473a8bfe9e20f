"""What must hold of every pool: order of rows, turning round, units, and no number made up."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

import cartwheel as cw
from cartwheel.canonical import canonical_json
from cartwheel.pooling.result_analysis import Analysis

EFFECT = st.floats(-2.0, 2.0).map(lambda x: round(x, 3))
ERROR = st.floats(0.05, 1.5).map(lambda x: round(x, 3))
STUDIES = st.lists(st.tuples(EFFECT, ERROR), min_size=2, max_size=7)
METHOD = st.sampled_from(["REML", "DL", "PM", "ML", "SJ", "HE", "common"])
INTERVAL = st.sampled_from(["knapp_hartung", "knapp_hartung_floor", "normal"])
QUICK = settings(max_examples=15, deadline=None)


def table(studies: list[tuple[float, float]]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "study": [f"S{i}" for i in range(len(studies))],
            "measure": "HR",
            "yi": [effect for effect, _ in studies],
            "sei": [error for _, error in studies],
            "kind": ["a" if i % 3 else "b" for i in range(len(studies))],
        }
    )


def only(frame: pd.DataFrame, **plan: Any) -> Analysis:
    (found,) = cw.pool(frame, {"permutations": 0, **plan}).result.analyses
    return found


def main(found: Analysis) -> list[float]:
    row = found.main
    return floats(
        row.effect, row.std_error, row.pooled.value, row.pooled.low, row.pooled.high,
        row.prediction_low, row.prediction_high, row.p_value,
    )  # fmt: skip


def floats(*values: float | None) -> list[float]:
    """Numbers for a comparison; what does not exist is not a number in both."""
    return [np.nan if value is None else value for value in values]


# two searches for the same tau2 from other roundings; the interval multiplies a difference in it
SAME: dict[str, Any] = {"rel": 1e-6, "abs": 1e-9, "nan_ok": True}


@QUICK
@given(STUDIES, METHOD, INTERVAL, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(
    studies: list[tuple[float, float]], method: str, interval: str, draw: Any
) -> None:
    frame = table(studies)
    order = list(range(len(studies)))
    draw.shuffle(order)
    plan = {"method": method, "interval": interval, "subgroups": ["kind"]}
    first, second = only(frame, **plan), only(frame.iloc[order], **plan)
    assert main(first) == pytest.approx(main(second), **SAME)
    weights = {study.study: study.weight_percent for study in first.studies}
    again = {study.study: study.weight_percent for study in second.studies}
    assert weights == pytest.approx(again, **SAME)
    left = {refit.study: refit.estimate.value for refit in first.leave_one_out}
    assert left == pytest.approx(
        {refit.study: refit.estimate.value for refit in second.leave_one_out}, **SAME
    )
    tests = [division.q_between for division in (*first.subgroups, *second.subgroups)]
    assert len(tests) in (0, 2)
    if tests:
        # a difference of estimates near 0, squared
        assert tests[0] == pytest.approx(tests[1], rel=1e-6, abs=1e-6)
    assert [note.code for note in first.notes] == [note.code for note in second.notes]


@QUICK
@given(STUDIES, METHOD)
def test_turning_every_ratio_round_turns_the_pool_round(
    studies: list[tuple[float, float]], method: str
) -> None:
    frame = table(studies)
    turned = frame.assign(comparison="low vs high (invert)")
    first, second = only(frame, method=method).main, only(turned, method=method).main
    assert second.effect == pytest.approx(-(first.effect or 0.0), **SAME)
    assert floats(second.tau2) == pytest.approx(floats(first.tau2), **SAME)
    ends = (first.pooled.low, first.pooled.high)
    if None not in ends:
        assert second.pooled.high == pytest.approx(1.0 / (ends[0] or 1.0), rel=1e-5)
        assert second.pooled.low == pytest.approx(1.0 / (ends[1] or 1.0), rel=1e-5)


@QUICK
@given(STUDIES, EFFECT)
def test_a_shift_of_all_differences_shifts_the_pool(
    studies: list[tuple[float, float]], shift: float
) -> None:
    frame = table(studies).assign(measure="MD")
    first, second = only(frame), only(frame.assign(yi=frame["yi"] + shift))
    assert second.main.effect == pytest.approx((first.main.effect or 0.0) + shift, **SAME)
    # 1e-6: a spread of rounding errors alone is judged on either side of equal
    if first.main.interval == second.main.interval:
        assert second.main.std_error == pytest.approx(first.main.std_error, rel=1e-5, abs=1e-9)


ODD = st.sampled_from(
    ["", "NR", "0", "-1", "1", "1.5", "2,5", "1e9", "1e-9", "inf", "nan", "<0.001", "5 %", "one",
     "0.9-1.1", "1.2 (0.8-1.9)", "=1+1", "\u22121", "1\u00b72"]
)  # fmt: skip
HEADS = ("HR", "lower", "upper", "p", "se", "n", "events", "95% CI", "cutoff", "year", "outcome")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(HEADS), min_size=1, max_size=6, unique=True),
    st.integers(1, 5),
    st.data(),
)
def test_any_table_is_pooled_or_refused_by_row(heads: list[str], rows: int, data: Any) -> None:
    cells = {head: data.draw(st.lists(ODD, min_size=rows, max_size=rows)) for head in heads}
    frame = pd.DataFrame({"study": [f"S{i}" for i in range(rows)], **cells})
    plan = {"permutations": 20, "small_studies": "force", "regress": ["n"]}
    try:
        text = canonical_json(cw.pool(frame, plan))
    except cw.Refused as refused:
        said = [problem.what for problem in refused.problems]
    else:
        said = ["pooled"]
        assert canonical_json(cw.pool(frame, plan)) == text
        check_numbers(text)
    assert said
    assert all(said)


def check_numbers(text: str) -> None:
    for analysis in json.loads(text)["result"]["analyses"]:
        assert analysis["main"]["pooled"]["value"] is not None
        assert np.isfinite(analysis["main"]["effect"])
