"""What must not change a development: the order of rows, the unit of time, the unit of a value."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from develop_examples import CRP, FERRITIN, SURVIVAL, cohort, plan, predictor
from hypothesis import given, settings, strategies as st

import cartwheel as cw
from cartwheel.development.result import Development

# apparent numbers are sums over patients: another order adds them in another order
ORDER = {"rel": 1e-9, "abs": 1e-9}
METHODS = ["index", "points"]
KINDS = ["binary", "survival"]


def wanted(method: str, kind: str, **said: Any) -> dict[str, Any]:
    outcome = {"event": "severe"} if kind == "binary" else dict(SURVIVAL)
    return plan(method, bootstrap=0, **{"outcome": outcome, **said})


def apparent(result: Development) -> list[float]:
    found = [row.apparent.value for row in result.performance.measures]
    found += [row.apparent.value for row in result.uncut.measures]
    found += [row.cut for row in result.cutoffs]
    found += [row.predicted for row in result.risk_table]
    found += [row.observed.value for row in result.groups]
    tables = (result.univariable, result.index_model, result.multivariable)
    found += [row.coefficient for table in tables if table for row in table.rows]
    # a number that does not exist must be missing on both sides, and approx knows no None
    return [1e99 if value is None else value for value in found]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", METHODS)
@given(seed=st.integers(0, 1000), order=st.randoms(use_true_random=False))
@settings(max_examples=8)
def test_the_order_of_patients(method: str, kind: str, seed: int, order: Any) -> None:
    frame = cohort(70, seed)
    places = list(range(70))
    order.shuffle(places)
    shuffled = frame.iloc[places].reset_index(drop=True)
    one, two = (cw.develop(rows, wanted(method, kind)).result for rows in (frame, shuffled))
    assert apparent(one) == pytest.approx(apparent(two), **ORDER)
    assert one.flow == two.flow


@pytest.mark.parametrize("method", METHODS)
@given(seed=st.integers(0, 1000))
@settings(max_examples=8)
def test_the_unit_of_time(method: str, seed: int) -> None:
    months = cohort(70, seed)
    days = months.rename(columns={"pfs_months": "pfs_days"})
    days["pfs_days"] *= 30.4375  # the plan's month, exact in binary, so that ties stay ties
    outcome = {**SURVIVAL, "time": "pfs_days"}
    one = cw.develop(months, wanted(method, "survival")).result
    two = cw.develop(days, plan(method, bootstrap=0, outcome=outcome)).result
    assert two.outcome.horizon == pytest.approx(30.4375 * (one.outcome.horizon or 0), rel=1e-12)
    assert [row.cut for row in one.cutoffs] == [row.cut for row in two.cutoffs]
    # nothing but order and ratios of times enters these; the rest is rounding
    assert apparent(one) == pytest.approx(apparent(two), **ORDER)
    hazards = [[r.effect.value for r in res.univariable.rows] for res in (one, two)]
    assert hazards[0] == pytest.approx(hazards[1], **ORDER)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", METHODS)
@given(seed=st.integers(0, 1000))
@settings(max_examples=8)
def test_the_unit_of_a_laboratory_value(method: str, kind: str, seed: int) -> None:
    frame = cohort(70, seed)
    other = frame.rename(columns={CRP: "crp_mg_dl_day0", FERRITIN: "ferritin_ng_ml_day0"})
    other["crp_mg_dl_day0"] = (other["crp_mg_dl_day0"] / 10).round(2)
    names = [predictor("crp_mg_dl_day0"), predictor("ferritin_ng_ml_day0")]
    one = cw.develop(frame, wanted(method, kind)).result
    two = cw.develop(other, wanted(method, kind, predictors=names)).result
    assert one.performance == two.performance
    assert one.uncut == two.uncut
    assert [row.cut for row in one.cutoffs] == [row.cut for row in two.cutoffs]
    assert [(row.points, row.n) for row in one.score_card] == [
        (row.points, row.n) for row in two.score_card
    ]


@pytest.mark.parametrize("method", METHODS)
@given(seed=st.integers(0, 1000))
@settings(max_examples=8)
def test_turning_a_marker_round_turns_its_direction(method: str, seed: int) -> None:
    frame = cohort(70, seed)
    frame["up"], frame["down"] = frame[CRP], -frame[CRP]
    cut = {"cutoff": {"method": "youden"}}
    high, low = (
        cw.develop(
            frame,
            wanted(method, "binary", predictors=[{"column": column, "direction": end, **cut}]),
        ).result
        for column, end in (("up", "high"), ("down", "low"))
    )
    assert high.cutoffs[0].cut == -low.cutoffs[0].cut
    assert (high.cutoffs[0].rule, low.cutoffs[0].rule) == (">=", "<=")
    assert high.performance == low.performance


@given(seed=st.integers(0, 1000), column=st.sampled_from(["sex", "note", "unused"]))
@settings(max_examples=8)
def test_columns_that_the_plan_does_not_name(seed: int, column: str) -> None:
    frame = cohort(70, seed)
    more = frame.assign(**{column: np.arange(70), "more": "text"})
    one, two = (cw.develop(rows, plan(bootstrap=3)).result for rows in (frame, more))
    # the score names the hash of the whole sheet that it was made from, and the sheets differ
    assert replace(one, score_sha256="") == replace(two, score_sha256="")
