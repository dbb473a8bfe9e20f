"""What a pool is asked: studies left out, orders, subgroups, regressions, small studies."""

from __future__ import annotations

from math import log, log2
from typing import Any

import numpy as np
import pytest
from pool_rows import analysis, codes, differences, frame, result, said

from cartwheel.stats.pooling.moderators import meta_regression
from cartwheel.stats.pooling.permutation import permutation_test

CUTS = [300, 400, 400, 650, 1000, 1500]
MANY = [0.3, 0.5, 0.1, 0.8, 0.4, 0.9, 0.2, 0.6, 0.7, 1.4, 1.1]


def many(**plan: Any) -> Any:
    table = differences(MANY).assign(SE=np.linspace(0.1, 0.6, len(MANY)))
    return analysis(table, **plan)


def test_leaving_out_equals_pooling_the_others() -> None:
    found = analysis(frame())
    for place, refit in enumerate(found.leave_one_out):
        again = analysis(frame().drop(index=place)).main
        assert refit.study == found.studies[place].study
        assert refit.estimate.n == 5
        assert refit.estimate.value == pytest.approx(again.pooled.value, rel=1e-9)
        assert refit.estimate.low == pytest.approx(again.pooled.low, rel=1e-9)
        assert refit.p_value == pytest.approx(again.p_value, rel=1e-7)


def test_counted_models_are_left_out_by_the_same_model() -> None:
    table = frame().drop(columns=["HR", "lower", "upper"])
    table = table.assign(events=[3, 7, 2, 12, 5, 4], n=[40, 55, 30, 90, 60, 41])
    found = analysis(table, method="GLMM")
    again = analysis(table.drop(index=2), method="GLMM").main.pooled
    assert found.leave_one_out[2].estimate.value == pytest.approx(again.value, rel=1e-9)
    assert found.cumulative[0].tau2 is None
    assert found.cumulative[-1].estimate.value == pytest.approx(found.main.pooled.value)


@pytest.mark.parametrize(
    ("order", "columns", "expected"),
    [
        ("file", {}, "ABCDEF"),
        ("year", {"year": [2024, 2020, 2022, 2021, 2020, 2019]}, "FBEDCA"),
        ("year", {"year": [2024, None, 2022, 2021, None, 2019]}, "FDCABE"),
        ("year", {}, "ABCDEF"),
        ("precision", {}, "CBDEAF"),
        ("country", {"country": ["z", "b", "a", "c", "b", ""]}, "CBEDAF"),
        ("follow up", {"Follow-Up": [9, 10, 2, 30, 4, 5]}, "CEFABD"),
    ],
)
def test_studies_are_added_in_the_order_asked(
    order: str, columns: dict[str, Any], expected: str
) -> None:
    found = analysis(frame(**columns), order=order)
    assert "".join(refit.study[-1] for refit in found.cumulative) == expected
    assert [refit.estimate.n for refit in found.cumulative] == [1, 2, 3, 4, 5, 6]
    last = found.cumulative[-1].estimate
    assert last.value == pytest.approx(found.main.pooled.value, rel=1e-9)
    missing = order == "year" and (not columns or None in columns["year"])
    assert ("cumulative_order" in codes(found)) == (missing or order == "country")


def test_subgroups_are_pools_of_their_own() -> None:
    table = frame(product=["a", "b", "a", "b", "a", ""])
    found = analysis(table, subgroups=["Product"])
    (division,) = found.subgroups
    assert [(row.level, row.k, row.rows) for row in division.rows] == [
        ("a", 3, (0, 2, 4)),
        ("b", 2, (1, 3)),
    ]
    alone = analysis(table[table["product"] == "a"]).main
    assert division.rows[0].pooled.value == pytest.approx(alone.pooled.value, rel=1e-12)
    assert division.rows[0].prediction_low == pytest.approx(alone.prediction_low, rel=1e-12)
    assert "1 study has no value" in division.note
    assert division.note.startswith("exploratory")
    assert (
        not analysis(table, subgroups=["product"], planned=True)
        .subgroups[0]
        .note.startswith("exploratory")
    )
    # by hand: two levels, Q = difference squared over the sum of the normal variances
    logs, errors = [], []
    for level in "ab":
        row = analysis(table[table["product"] == level], interval="normal").main
        logs.append(row.effect or 0.0)
        errors.append(row.std_error or 0.0)
    q = (logs[0] - logs[1]) ** 2 / (errors[0] ** 2 + errors[1] ** 2)
    assert division.q_between == pytest.approx(q, rel=1e-9)
    assert division.df == 1.0


def test_a_column_that_divides_nothing_is_told() -> None:
    found = analysis(frame(product=["a"] * 6), subgroups=["product"])
    assert found.subgroups == ()
    assert "all rows with a value say 'a'" in said(found, "no_subgroups")


def test_a_regression_is_the_engines() -> None:
    months = [6.0, 12.0, 9.5, 20.0, 15.0, 8.0]
    found = analysis(frame(months=months), regress=["months"], permutations=200, seed=3)
    (regression,) = found.regressions
    y = [study.effect for study in found.studies]
    v = [study.std_error**2 for study in found.studies]
    design = np.column_stack([np.ones(6), months])
    fit = meta_regression(y, v, design, names=("intercept", "months"))
    values = [row.coefficient.value for row in regression.rows]
    assert values == pytest.approx(fit.coefficients.tolist(), rel=1e-12)
    permuted = permutation_test(y, v, design, permutations=200, seed=3)
    assert regression.rows[1].permutation_p_value == permuted.p_values[1]
    assert regression.permutations == 200
    assert (regression.grid[0], regression.grid[-1]) == (6.0, 20.0)
    assert log(regression.fitted[0]) == pytest.approx(values[0] + 6.0 * values[1])
    assert regression.x == tuple(months)
    assert sum(regression.weight_percent) == pytest.approx(100.0)


def test_words_become_levels_and_missing_values_are_left_out() -> None:
    table = frame(product=["a", "b", "a", "c", "b", ""], n=[60, 50, 40, 70, 90, 30])
    found = analysis(table, regress=["product", "product + n"])
    first, second = found.regressions
    assert [row.term for row in first.rows] == [
        "intercept", "product: b (against a)", "product: c (against a)",
    ]  # fmt: skip
    assert first.k == 5
    assert first.grid == first.x == ()
    assert "1 of 6 studies have no value" in first.note
    assert second.columns == ("product", "n")


def test_a_regression_that_cannot_be_fitted_is_told() -> None:
    found = analysis(frame(3, months=[1, 2, 3], week=[2, 2, 2]), regress=["months", "week"])
    assert len(found.regressions) == 1
    assert "only 1 degree of freedom" in found.regressions[0].note
    assert "same value" in said(found, "no_regression")
    few = analysis(frame(2, months=[1, 2]), regress=["months"])
    assert "2 studies cannot carry" in said(few, "no_regression")


def test_the_trend_over_the_studies_own_cutoffs() -> None:
    table = frame(cutoff=[f">={cut}" for cut in CUTS], factor=["ferritin"] * 6)
    found = analysis(table)
    (trend,) = found.regressions
    assert trend.columns == ("cutoff",)
    assert trend.rows[1].term == "log2(cutoff), per doubling"
    assert trend.x == tuple(map(float, CUTS))
    y = [study.effect for study in found.studies]
    v = [study.std_error**2 for study in found.studies]
    design = np.column_stack([np.ones(6), [log2(cut) for cut in CUTS]])
    fit = meta_regression(y, v, design, names=("intercept", "x"))
    assert trend.rows[1].coefficient.value == pytest.approx(fit.coefficients[1], rel=1e-10)
    assert "different_cutoffs" in codes(found)
    assert (trend.grid[0], trend.grid[-1]) == (300.0, 1500.0)
    plain = analysis(table, cutoff_scale="identity").regressions[0]
    assert plain.rows[1].term == "cutoff, per unit"
    assert analysis(table, cutoff_trend=False).regressions == ()
    assert analysis(frame(cutoff=[1, 1, 2, 2, 1, 2])).regressions == ()
    mixed = analysis(table.assign(factor=["ferritin"] * 3 + ["CRP"] * 3))
    assert mixed.regressions == ()
    assert "different factors" in said(mixed, "no_cutoff_trend")


def test_small_studies_are_asked_from_ten_on() -> None:
    few = analysis(frame()).small_studies
    assert (few.asked, few.tests, few.trim_fill) == (False, (), ())
    assert "10.1136/bmj.d4002" in few.reason
    forced = analysis(frame(), small_studies="force").small_studies
    assert forced.asked
    assert forced.forced
    assert forced.reason.startswith("forced")
    assert [test.name for test in forced.tests] == ["egger", "egger_random", "begg"]
    enough = many().small_studies
    assert (enough.asked, enough.forced) == (True, False)
    assert [fill.estimator for fill in enough.trim_fill][:2] == ["L0", "R0"]
    assert many(small_studies="no").small_studies.reason == "the plan asks for none"
    assert enough.fail_safe == ()
    assert [rule for rule, _ in many(fail_safe=True).small_studies.fail_safe] == [
        "rosenthal", "rosenberg", "orwin",
    ]  # fmt: skip


def test_counts_are_tested_by_their_own_tests() -> None:
    table = frame().drop(columns=["HR", "lower", "upper"]).assign(
        ai=[9, 8, 12, 4, 7, 9], n1i=[30, 40, 90, 20, 35, 44], ci=[4, 5, 9, 2, 3, 6],
        n2i=[31, 42, 85, 22, 30, 47],
    )  # fmt: skip
    names = [t.name for t in analysis(table, small_studies="force").small_studies.tests]
    assert names[:2] == ["peters", "harbord"]
    shares = frame().drop(columns=["HR", "lower", "upper"]).assign(
        events=[9, 8, 12, 4, 7, 9], n=[30, 40, 90, 20, 35, 44]
    )  # fmt: skip
    small = analysis(shares, small_studies="force").small_studies
    assert [test.name for test in small.tests] == ["egger_inverse_sqrt_n"]
    assert small.selection is None
    assert "no selection model" in small.reason


def test_subsets_are_pooled_on_request() -> None:
    assert analysis(frame()).subsets is None
    cloud = analysis(frame(), gosh=True).subsets
    assert cloud is not None
    assert (cloud.subsets, cloud.complete, cloud.seed) == (63, True, None)
    assert [len(row) for row in cloud.study_in] == [63] * 6
    big = many(gosh=True, gosh_subsets=5000, seed=4).subsets
    assert (big.subsets, big.complete, len(big.effect)) == (2047, True, 2000)
    some = many(gosh=True, gosh_subsets=300, seed=4).subsets
    assert (some.subsets, some.complete, some.seed) == (300, False, 4)


def test_influence_has_a_row_a_study() -> None:
    found = analysis(frame()).influence
    assert [one.study for one in found] == [f"Study {letter}" for letter in "ABCDEF"]
    assert sum(one.hat or 0.0 for one in found) == pytest.approx(1.0)
    # under a common effect the squared residuals add up to Q
    common = analysis(frame(), method="common")
    assert sum(one.baujat_x or 0.0 for one in found) == pytest.approx(common.heterogeneity.q)


def test_the_e_value_reads_the_outcome_as_the_plan_says() -> None:
    common, rare = analysis(frame()).e_value, analysis(frame(), rare=True).e_value
    assert common is not None
    assert rare is not None
    assert rare.point > common.point
    ratio = analysis(frame()).main.pooled.value or 0.0
    # VanderWeele and Ding: RR + root(RR (RR - 1))
    assert rare.point == pytest.approx(ratio + (ratio * (ratio - 1.0)) ** 0.5)


def test_several_pools_share_one_plan() -> None:
    table = frame(outcome=["PFS", "PFS", "PFS", "OS", "OS", "OS"], product=list("aabaab"))
    found = result(table, subgroups=["product"])
    assert [one.name for one in found.analyses] == ["PFS (HR)", "OS (HR)"]
    assert [len(one.subgroups) for one in found.analyses] == [1, 1]
    assert found.title == "Pooled: PFS (HR); OS (HR)"
