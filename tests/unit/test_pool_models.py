"""Models of a pool: which is main, what stands beside it, one study, two studies, equal effects."""

from __future__ import annotations

from math import exp, log, sqrt

import pandas as pd
import pytest
from pool_rows import analysis, codes, differences, frame, said

import cartwheel as cw
from cartwheel.stats.pooling.heterogeneity import TAU2_METHODS
from cartwheel.stats.pooling.random_effects import pool_effects

TESTS = pd.DataFrame({
    "study": list("ABCDEF"), "tp": [20, 15, 30, 12, 40, 9], "fp": [10, 5, 12, 3, 22, 1],
    "fn": [5, 6, 4, 8, 10, 3], "tn": [60, 40, 80, 30, 100, 25],
})  # fmt: skip
COUNTS = pd.DataFrame({"study": list("ABCD"), "events": [3, 7, 0, 12], "n": [40, 55, 30, 90]})


def test_one_study_is_given_as_it_is() -> None:
    found = analysis(frame(1))
    assert found.k == 1
    assert found.models == found.leave_one_out == found.cumulative == found.influence == ()
    assert found.heterogeneity.q is None
    assert found.main.name == "one study, not pooled"
    assert found.main.pooled.value == pytest.approx(2.59)
    assert found.main.pooled.low == found.studies[0].estimate.low
    assert found.studies[0].weight_percent == 100.0
    assert codes(found) == ["one_study"]
    assert found.small_studies.reason == "1 study: there is nothing to test"


def test_two_studies_by_hand_and_with_a_warning() -> None:
    # effects 0 and 2 with one error: mean 1, Knapp-Hartung error = half the difference
    found = analysis(differences([0.0, 2.0]))
    assert found.main.effect == pytest.approx(1.0)
    assert found.main.std_error == pytest.approx(1.0)
    # t with one degree of freedom: 12.7062
    assert found.main.pooled.high == pytest.approx(1.0 + 12.7062, rel=1e-4)
    assert "two_studies" in codes(found)
    assert "one degree of freedom" in said(found, "two_studies")
    assert found.leave_one_out == ()
    assert len(found.cumulative) == 2


def test_equal_effects_have_the_floored_interval_and_say_so() -> None:
    found = analysis(differences([1.0, 1.0, 1.0]))
    assert found.main.interval == "knapp_hartung_floor"
    assert "no_spread" in codes(found)
    assert found.main.std_error == pytest.approx(0.5 / sqrt(3.0))
    assert all(row.interval != "knapp_hartung" for row in found.models)
    # without one of them there is no width either, and no number is made up
    assert [refit.estimate.low for refit in found.leave_one_out] == [None] * 3
    assert found.influence == ()


@pytest.mark.parametrize("method", ["common", *TAU2_METHODS])
def test_the_plans_method_is_the_main_one(method: str) -> None:
    found = analysis(frame(), method=method)
    effects = [log(value) for value in (2.59, 2.10, 1.50, 2.15, 1.20, 3.10)]
    variances = [study.std_error**2 for study in found.studies]
    kind = "normal" if method == "common" else "knapp_hartung"
    fit = pool_effects(effects, variances, method=method, interval=kind)
    assert found.main.main
    assert found.main.code == method
    assert found.main.interval == kind
    assert found.main.pooled.value == pytest.approx(exp(fit.estimate), rel=1e-12)
    assert found.main.pooled.low == pytest.approx(exp(fit.low), rel=1e-12)
    others = [(row.code, row.interval) for row in found.models]
    assert len(set(others)) == len(others)
    assert (method, kind) not in others
    assert not any(row.main for row in found.models)
    assert {row.code for row in found.models} | {method} == {"common", *TAU2_METHODS}


def test_prediction_intervals_follow_the_plan() -> None:
    model = analysis(frame()).main
    fewer = analysis(frame(), prediction="k_minus_2").main
    none = analysis(frame(), prediction="none").main
    assert model.prediction_low is not None
    assert fewer.prediction_low is not None
    assert fewer.prediction_low < model.prediction_low
    assert none.prediction_low is none.prediction_high is None
    assert analysis(frame(2), prediction="k_minus_2").main.prediction_low is None


def test_counts_bring_their_own_models() -> None:
    found = analysis(TESTS)
    assert {"MH", "peto", "bivariate"} <= {row.code for row in found.models}
    accuracy = found.accuracy
    assert accuracy is not None
    assert accuracy.studies[0].sensitivity.value == pytest.approx(20 / 25)
    assert accuracy.studies[0].specificity.value == pytest.approx(60 / 70)
    row = next(row for row in found.models if row.code == "bivariate")
    assert row.pooled.value == pytest.approx(accuracy.diagnostic_odds_ratio.value)
    main = analysis(TESTS, method="bivariate").main
    assert main.pooled.value == pytest.approx(row.pooled.value)
    assert all(0.0 <= x <= 1.0 for point in accuracy.confidence_region for x in point)


def test_a_printed_ratio_is_not_replaced_by_its_counts_unasked() -> None:
    table = pd.DataFrame({
        "study": list("ABC"), "OR": [2.0, 3.0, 2.5], "lower": [1.0, 1.5, 1.2],
        "upper": [4.0, 6.0, 5.2], "events_high": [9, 8, 7], "n_high": [20, 22, 25],
        "events_low": [5, 4, 3], "n_low": [21, 20, 24],
    })  # fmt: skip
    assert not {"MH", "peto"} & {row.code for row in analysis(table).models}
    assert "printed_ratio_unused" in codes(analysis(table, method="MH"))


def test_proportions_by_glmm_and_on_other_scales() -> None:
    found = analysis(COUNTS, method="GLMM")
    assert found.main.code == "GLMM"
    assert found.main.p_value is None
    assert found.null_value is None
    assert {"arcsine", "double_arcsine"} <= {row.code for row in found.models}
    assert sum(study.weight_percent for study in found.studies) == pytest.approx(100.0)
    assert [refit.estimate.n for refit in found.leave_one_out] == [3, 3, 3, 3]
    assert found.heterogeneity.tau2.low is None
    double = analysis(COUNTS, proportion_scale="double_arcsine")
    assert double.scale == "double_arcsine"
    assert "double_arcsine" in codes(double)
    # back by the harmonic mean of the studies' own sizes: a study alone comes back as it was
    assert double.studies[0].estimate.value == pytest.approx(3 / 40, abs=0.01)


def test_repeated_clusters_call_for_a_multilevel_model() -> None:
    table = frame(centre=["one", "one", "two", "two", "three", "four"])
    found = analysis(table, cluster="centre")
    assert "dependent_rows" in codes(found)
    row = next(row for row in found.models if row.code == "multilevel")
    assert row.interval == "cluster_robust"
    main = analysis(table, cluster="centre", method="multilevel")
    assert main.main.pooled.value == pytest.approx(row.pooled.value)
    assert "dependent_rows" not in codes(main)
    alone = analysis(frame(), method="multilevel")
    assert alone.main.code == "REML"
    assert "no_clusters" in codes(alone)


def test_one_author_in_two_years_is_two_papers() -> None:
    table = frame(year=[2020, 2021, 2022, 2023, 2024, 2025]).assign(study="Smith")
    assert "dependent_rows" not in codes(analysis(table))
    assert "dependent_rows" in codes(analysis(table.drop(columns="year")))


def test_a_slope_is_tested_against_one() -> None:
    table = pd.DataFrame({"study": list("ABC"), "calibration slope": [0.9, 1.1, 1.0],
                          "SE": [0.1, 0.1, 0.1]})  # fmt: skip
    found = analysis(table, interval="normal")
    assert found.null_value == 1.0
    assert found.main.p_value == pytest.approx(1.0)
    assert found.e_value is None


def test_an_unfit_method_names_every_pool() -> None:
    table = pd.concat([frame(3).assign(outcome="PFS"), frame(3).assign(outcome="OS")])
    with pytest.raises(cw.Refused) as refused:
        analysis(table, method="MH")
    assert [problem.where for problem in refused.value.problems] == ["PFS (HR)", "OS (HR)"]


def test_rows_of_one_cluster_cannot_have_a_multilevel_model() -> None:
    with pytest.raises(cw.Refused, match="two clusters or more") as refused:
        analysis(frame(centre=["one"] * 6), cluster="centre", method="multilevel")
    assert refused.value.problems[0].code == "method_unfit"


def test_a_model_that_fails_is_refused_with_its_pool() -> None:
    table = pd.DataFrame({"study": list("AB"), "events_high": [0, 0], "n_high": [20, 30],
                          "events_low": [4, 5], "n_low": [21, 28]})  # fmt: skip
    with pytest.raises(cw.Refused, match=r"all rows \(OR\)") as refused:
        analysis(table, method="MH")
    assert refused.value.problems[0].code == "ratio_infinite"


def test_patients_are_counted_once() -> None:
    table = frame(n=[60, 40, 50, 30, 20, 10]).assign(study=list("AABCDE"))
    assert analysis(table).patients == 60 + 50 + 30 + 20 + 10
    assert analysis(frame(n=[60, 40, None, 30, 20, 10])).patients is None


def test_limits_beyond_any_number_are_left_open() -> None:
    # two studies, one degree of freedom: the quantile of 0.9999 is 6366
    found = analysis(
        frame(2).assign(HR=[2.0, 8.0], lower=[1.0, 4.0], upper=[4.0, 16.0]), level=0.9999
    )
    assert found.main.pooled.value == pytest.approx(4.0)
    assert found.main.pooled.high is found.main.prediction_high is None
    assert found.main.pooled.low == 0.0
    assert found.e_value is None
