"""An index of one fixed cut-off in eight patients, worked out with pencil and paper."""

from __future__ import annotations

from math import log
from typing import Any

import pandas as pd
import pytest
from develop_examples import CRP, fixed, plan

import cartwheel as cw
from cartwheel.development.result import Development

EXACT = {"abs": 1e-12}
FITTED = {"abs": 1e-8}  # an iterated fit stops within this of the root

# CRP >= 10 gives the point.
#   patient  CRP   event  time  died
#      1       1     0      3     1
#      2       2     0      7     0
#      3       3     0      8     0
#      4      12     1      2     1
#      5      10     0      4     1      exactly at the cut-off
#      6      15     1      5     0
#      7      20     1      6     1
#      8       4     1      9     0
ROWS = pd.DataFrame(
    {
        CRP: [1.0, 2, 3, 12, 10, 15, 20, 4],
        "severe": [0, 0, 0, 1, 0, 1, 1, 1],
        "t_months": [3.0, 7, 8, 2, 4, 5, 6, 9],
        "died": [1, 0, 0, 1, 1, 0, 1, 0],
    }
)


def index(rule: str | None = None, **said: Any) -> Development:
    item = fixed(CRP, 10.0, rule)
    return cw.develop(ROWS, plan("index", bootstrap=0, predictors=[item], **said)).result


def measured(result: Development, name: str) -> float | None:
    return next(row.apparent.value for row in result.performance.measures if row.name == name)


def test_auc_and_brier() -> None:
    # With the point: 3 of 4 have the event; without: 1 of 4. Of the 4 x 4 pairs of a patient with
    # and one without the event: 3 x 3 in the right order, 3 x 1 and 1 x 3 tied, 1 x 1 in the wrong.
    # AUC = (9 + 6 / 2) / 16 = 0.75. Risks 0.75 and 0.25:
    # Brier = (3 x 0.25^2 + 0.75^2 + 0.75^2 + 3 x 0.25^2) / 8 = 1.5 / 8
    result = index(points={"penalty": "none"})
    assert measured(result, "auc") == pytest.approx(0.75, **EXACT)
    assert measured(result, "brier") == pytest.approx(1.5 / 8, **FITTED)
    assert [row.predicted for row in result.risk_table] == pytest.approx([0.25, 0.75], **FITTED)
    assert result.index_model is not None
    assert result.index_model.rows[0].coefficient == pytest.approx(log(9), **FITTED)


def test_firth_adds_half_a_patient_to_each_cell() -> None:
    # 8 patients, one parameter, 4 events: Firth. In a 2 x 2 table that is 0.5 in every cell, so
    # the risks are 3.5 / 5 and 1.5 / 5.
    result = index()
    assert [row.predicted for row in result.risk_table] == pytest.approx([0.3, 0.7], **FITTED)


def test_a_value_at_the_cut_off_follows_the_rule() -> None:
    at_least, above = index(">="), index(">")
    assert [group.n for group in at_least.groups] == [4, 4]
    assert [group.n for group in above.groups] == [5, 3]
    assert [group.events for group in above.groups] == [1, 3]
    assert [row.range for row in at_least.score_card] == ["< 10", ">= 10"]
    assert [row.range for row in above.score_card] == ["<= 10", "> 10"]


def test_observed_risk_of_the_groups() -> None:
    low, high = index().groups
    assert (low.name, low.n, low.events) == ("low", 4, 1)
    assert (high.name, high.n, high.events) == ("high", 4, 3)
    assert low.observed.value == 0.25
    # Wilson for 1 of 4 with z^2 = 3.8414588: centre (0.25 + z^2 / 8) / (1 + z^2 / 4) = 0.372491,
    # half width sqrt(z^2 (0.1875 / 4 + z^2 / 64)) / (1 + z^2 / 4) = 0.326905
    assert low.observed.low == pytest.approx(0.045587, abs=1e-6)
    assert low.observed.high == pytest.approx(0.699358, abs=1e-6)


def test_survival_of_the_groups() -> None:
    # With the point (patients 4, 5, 6, 7): deaths at 2 (4 at risk), 4 (3 at risk), 6 (1 at risk),
    # so S = 3/4, 1/2, 0; by 4.5 months the risk is 1/2, and the median is 4 to 6: S reaches 1/2 at
    # 4 and stays there until 6, and R gives the middle, 5.
    # Without (1, 2, 3, 8): one death at 3 of 4 at risk: risk 1/4, median not reached.
    outcome = {
        "event": "died",
        "kind": "survival",
        "time": "t_months",
        "horizon": 4.5,
    }
    result = index(outcome=outcome)
    low, high = result.groups
    assert low.observed.value == pytest.approx(0.25, **EXACT)
    assert high.observed.value == pytest.approx(0.5, **EXACT)
    curves = {curve.group: curve for curve in result.survival}
    assert curves["high"].median.value == pytest.approx(5.0, **EXACT)
    assert curves["low"].median.value is None
    assert curves["high"].times == (0.0, 2.0, 4.0, 6.0, 6.0)
    assert curves["high"].survival == pytest.approx([1, 0.75, 0.5, 0, 0], **EXACT)
    # Pairs ordered by an event: death at 2 (point): 3 ties, 4 right; at 3 (no point): 3 wrong
    # (times 4, 5, 6), 3 ties; at 4 (point): 2 ties, 3 right; at 6 (point): 3 right.
    # C = (10 + 8 / 2) / 21
    assert measured(result, "c_index") == pytest.approx(14 / 21, **EXACT)


def test_horizon_is_the_median_of_the_event_times_unless_said() -> None:
    outcome = {"event": "died", "kind": "survival", "time": "t_months"}
    result = index(outcome=outcome)
    assert result.outcome.horizon == 3.5  # deaths at 2, 3, 4, 6
    assert "horizon" in [note.code for note in result.notes]
    declared = index(outcome={**outcome, "horizon": 5.0})
    assert declared.outcome.horizon == 5.0
    assert "horizon" not in [note.code for note in declared.notes]


def test_time_counts_from_the_landmark() -> None:
    # At month 2 (day 60.875) patient 4 has died; the others are followed 1, 5, 6, 2, 3, 4, 7 months
    # from there. Horizon 2.5 months after the landmark: with the point (5, 6, 7) one death at 2 of
    # 3 at risk; without (1, 2, 3, 8) one at 1 of 4.
    outcome = {"event": "died", "kind": "survival", "time": "t_months", "horizon": 2.5}
    result = index(outcome=outcome, landmark_day=60.875)
    assert (result.outcome.patients, result.outcome.events) == (7, 3)
    assert (result.guard.cost_patients, result.guard.cost_events) == (1, 1)
    low, high = result.groups
    assert low.observed.value == pytest.approx(1 / 4, **EXACT)
    assert high.observed.value == pytest.approx(1 / 3, **EXACT)
    curve = next(curve for curve in result.survival if curve.group == "high")
    assert curve.times == pytest.approx((0.0, 2.0, 4.0, 4.0), **EXACT)
