"""Pooling over copies, the imputation table and its outcome columns, by hand."""

from __future__ import annotations

from math import exp, log, sqrt

import numpy as np
import pandas as pd
import pytest
from imputed_cohorts import (
    gappy,
    logistic_document,
    plan_of,
    points_of_two,
    simulated,
    with_gaps,
)
from scipy.special import stdtrit

import cartwheel as cw
from cartwheel.clinic.batch.measured import InputColumn
from cartwheel.clinic.score import score_from_document
from cartwheel.clinic.score_terms import Input
from cartwheel.errors import CohortRefused
from cartwheel.stats.competing_times import competing_times
from cartwheel.stats.survival import survival_times
from cartwheel.validation.analysed import Target
from cartwheel.validation.imputing.imputation import impute_validation
from cartwheel.validation.imputing.imputed_measures import CopiedMeasure, pool_copies
from cartwheel.validation.imputing.imputed_outcome import outcome_columns
from cartwheel.validation.imputing.imputed_table import as_numbers, table_columns

BINARY = Target("binary", np.tile([0.0, 1.0], 20), None, None, None, None)


def pooled(name: str, values: list[float], errors: list[float], resampled=None, drawn=0):
    copied = CopiedMeasure(name, np.array(values), np.array(errors), 40, 20)
    draws = None if resampled is None else np.array(resampled)
    return pool_copies(copied, draws, drawn=drawn, level=0.95)


def test_rubin_on_three_copies_of_a_slope() -> None:
    found = pooled("calibration_slope", [0.8, 1.0, 1.2], [0.2, 0.2, 0.2])
    # within 0.04, between 0.04, total 0.04 + 4/3 * 0.04; df = 2 (1 + 1/r)^2 with r = 4/3
    total, df = 0.04 + 4 / 3 * 0.04, 2 * (1 + 3 / 4) ** 2
    reach = stdtrit(df, 0.975) * sqrt(total)
    assert found.estimate.value == pytest.approx(1.0)
    assert found.estimate.low == pytest.approx(1.0 - reach)
    assert found.estimate.high == pytest.approx(1.0 + reach)
    assert found.monte_carlo_error == pytest.approx(sqrt(0.04 / 3))
    assert found.missing_information == pytest.approx((4 / 3 + 2 / (df + 3)) / (4 / 3 + 1))


def test_an_area_is_pooled_as_log_odds() -> None:
    # odds 1, 2 and 4: log odds 0, log 2, 2 log 2
    found = pooled("auc", [1 / 2, 2 / 3, 4 / 5], [0.1, 0.1, 0.1])
    assert found.estimate.value == pytest.approx(2 / 3)
    own = np.array([1 / 2, 2 / 3, 4 / 5])
    assert found.monte_carlo_error == pytest.approx(own.std(ddof=1) / sqrt(3))


def test_a_ratio_is_pooled_as_logarithm() -> None:
    found = pooled("observed_expected", [0.5, 1.0, 2.0], [0.1, 0.1, 0.1])
    assert found.estimate.value == pytest.approx(1.0)
    assert found.estimate.low == pytest.approx(1.0 / found.estimate.high)


def test_percentiles_are_centred_on_the_estimate() -> None:
    # 101 resamples from 0 to 1: median 0.5, percentiles 0.025 and 0.975
    draws = np.linspace(0.0, 1.0, 101).tolist()
    found = pooled("calibration_slope", [0.9, 1.1], [0.1, 0.1], draws, 101)
    assert found.estimate.value == pytest.approx(1.0)
    assert found.estimate.low == pytest.approx(1.0 - 0.475)
    assert found.estimate.high == pytest.approx(1.0 + 0.475)
    assert "101 bootstrap resamples" in found.estimate.method


def test_percentiles_of_a_ratio_are_centred_on_its_scale() -> None:
    draws = np.exp(np.linspace(-1.0, 1.0, 101)).tolist()
    found = pooled("observed_expected", [2.0, 2.0], [0.1, 0.1], draws, 101)
    assert found.estimate.low == pytest.approx(2.0 * exp(-0.95))
    assert found.estimate.high == pytest.approx(2.0 * exp(0.95))
    assert found.monte_carlo_error == 0.0


def test_lost_resamples_are_counted_and_too_few_give_no_interval() -> None:
    draws = [*np.linspace(0.0, 1.0, 60).tolist(), *[np.nan] * 40]
    found = pooled("calibration_slope", [0.9, 1.1], [0.1, 0.1], draws, 110)
    assert "50 could not be measured" in found.estimate.method
    none = pooled("calibration_slope", [0.9, 1.1], [0.1, 0.1], [1.0] * 39, 200)
    assert none.estimate.low is none.estimate.high is none.estimate.level is None
    assert "only 39 of 200 resamples could be measured, at least 40" in none.estimate.method
    few = pooled("calibration_slope", [0.9, 1.1], [0.1, 0.1], [1.0] * 10, 10)
    assert few.estimate.low is None
    assert "10 resamples are too few, at least 40 are needed" in few.estimate.method


def test_without_standard_errors_there_is_no_interval() -> None:
    found = pooled("scaled_brier", [0.1, 0.2], [np.nan, np.nan])
    assert found.estimate.value == pytest.approx(0.15)
    assert found.estimate.low is None
    assert found.missing_information is None


def test_perfect_separation_in_a_copy_leaves_the_scale_of_log_odds() -> None:
    found = pooled("auc", [1.0, 0.9], [np.nan, 0.3])
    assert found.estimate.value == pytest.approx(0.95)
    assert found.estimate.low is None


def test_a_measure_that_does_not_exist_says_so() -> None:
    found = pooled("calibration_slope", [np.nan, 1.0, np.nan], [np.nan, 0.1, np.nan])
    assert found.estimate.value is None
    assert "2 of 3 completed copies" in found.estimate.method


def test_outcome_columns_of_a_survival_outcome() -> None:
    target = Target(
        "survival",
        np.array([1.0, 0.0, 1.0]),
        survival_times([1.0, 2.0, 3.0], [1, 0, 1]),
        None,
        2.0,
        "months",
    )
    found = outcome_columns(target)(np.ones(3))
    # hazards: 1/3 at 1, nothing at 2, 1 at 3
    np.testing.assert_allclose(found, [[1, 1 / 3], [0, 1 / 3], [1, 4 / 3]])
    twice = outcome_columns(target)(np.array([2.0, 1.0, 0.0]))
    np.testing.assert_allclose(twice[:, 1], [2 / 3, 2 / 3, 2 / 3])


def test_outcome_columns_of_competing_risks() -> None:
    both = competing_times([1.0, 2.0, 3.0, 4.0], [1, 2, 0, 1])
    target = Target("competing", np.array([1.0, 0, 0, 1]), both.times, both, 2.0, "months")
    found = outcome_columns(target)(np.ones(4))
    first = [1 / 4, 1 / 4, 1 / 4, 5 / 4]
    second = [0, 1 / 3, 1 / 3, 1 / 3]
    np.testing.assert_allclose(found[:, 1], first)
    np.testing.assert_allclose(found[:, 3], second)
    np.testing.assert_allclose(found[:, [0, 2]], [[1, 0], [0, 1], [0, 0], [1, 0]])


def columns_of_two_scores():
    return {
        "one": np.tile([1.0, 2.0, 4.0, np.nan], 10),
        "two": np.linspace(-1.0, 1.0, 40),
        "yes": np.tile([0.0, 1.0], 20),
        "helps": np.linspace(0.0, 1.0, 40),
        "flat": np.ones(40),
    }


def test_a_column_of_two_scores_is_imputed_once() -> None:
    inputs = columns_of_two_scores()
    cohort = gappy(
        [logistic_document(), points_of_two()], inputs, BINARY, names={"b": "two"},
        texts={"one": {0: "<2", 1: "yes"}},
    )  # fmt: skip
    found = table_columns(
        cohort.scoreables,
        np.arange(40),
        {"helps": inputs["helps"], "flat": inputs["flat"], "two": inputs["two"]},
    )
    assert [item.column for item in found] == ["one", "two", "yes", "helps"]
    assert [len(item.uses) for item in found] == [2, 2, 1, 0]
    one = found[0]
    # a value below 2 stands just below it; a word that is no number is a gap
    assert one.values[0] == np.nextafter(2.0, -np.inf)
    assert np.isnan(one.values[1])
    assert one.missing == 11
    assert found[2].scale.kind == "binary"
    for use in one.uses:
        np.testing.assert_array_equal(use.by_level, one.scale.known)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        (np.full(40, np.nan), "all_missing"),
        (np.tile([3.0, np.nan], 20), "constant_input"),
        (np.r_[1.0, 2.0, 3.0, np.full(37, np.nan)], "too_few_observed"),
    ],
)
def test_what_cannot_be_imputed_is_refused_by_name(values, code: str) -> None:
    cohort = gappy([logistic_document()], columns_of_two_scores(), BINARY)
    cohort.scoreables[0].columns["one"].numbers[:] = values
    with pytest.raises(CohortRefused) as refused:
        impute_validation(cohort, plan_of("binary", resamples=0), 0.95, 1)
    problem = refused.value.problems[0]
    assert problem.code == code
    assert problem.where == "column 'one'"
    assert problem.mend


def test_nothing_missing_is_the_complete_cases_exactly() -> None:
    inputs = columns_of_two_scores() | {"one": np.tile([1.0, 2.0, 4.0, 3.0], 10)}
    cohort = gappy([logistic_document()], inputs, BINARY)
    found = impute_validation(cohort, plan_of("binary", resamples=0), 0.95, 1)
    assert found.inputs == ()
    assert found.failed == 0
    assert found.patients == found.complete_patients == 40
    for row in found.measures:
        assert row.imputed == row.complete
        assert row.monte_carlo_error == 0.0
    assert "none was missing" in found.text


def test_a_patient_whose_limit_settles_nothing_is_in_neither_analysis() -> None:
    """Above -5 may be below or above the cut-off at 0: the score refuses it, gap or not."""
    inputs = columns_of_two_scores() | {"one": np.tile([1.0, -2.0, 4.0, -3.0], 10)}
    inputs["two"][[8, 9]] = np.nan
    names, texts = {"b": "two"}, {"one": {0: ">-5", 8: ">-5"}}
    cohort = gappy([points_of_two()], inputs, BINARY, names=names, texts=texts)
    found = impute_validation(cohort, plan_of("binary", resamples=0), 0.95, 1)
    # of the patients 0, 8 and 9 only the last can be completed
    assert (found.patients, found.complete_patients) == (38, 37)
    assert [item.missing for item in found.inputs] == [1]
    only = gappy(
        [points_of_two()],
        inputs | {"two": np.where(np.arange(40) == 9, 0.0, inputs["two"])},
        BINARY,
        names=names,
        texts=texts,
    )
    none = impute_validation(only, plan_of("binary", resamples=0), 0.95, 1)
    assert (none.patients, none.complete_patients, none.inputs) == (38, 38, ())
    assert all(row.imputed == row.complete for row in none.measures)


def test_texts_are_read_in_the_unit_of_the_column() -> None:
    item = Input(name="crp", label="CRP", variable="crp", unit="mg/L")
    texts = {0: "1.5 mg/dL", 1: "<3", 2: ">100", 3: "soon", 4: "2,5", 5: "4 U/L"}
    column = InputColumn("mg/L", np.r_[np.full(6, np.nan), 7.0, np.nan], texts)
    found = as_numbers(item, column)
    beyond = [np.nextafter(3.0, -np.inf), np.nextafter(100.0, np.inf)]
    np.testing.assert_array_equal(
        found, [15.0, *beyond, np.nan, 2.5, np.nan, 7.0, np.nan]
    )  # fmt: skip


def test_three_codes_are_a_category() -> None:
    stage = {"I": 1, "II": 2, "III": 4}
    document = logistic_document(
        inputs=[
            {"name": "one", "label": "First", "low": -10, "high": 10},
            {"name": "yes", "label": "Stage", "coding": stage},
        ],
        terms=[
            {"kind": "linear", "input": "one", "coefficient": 1},
            {"kind": "linear", "input": "yes", "coefficient": 1},
        ],
        examples=[{"inputs": {"one": 0, "yes": "II"}, "value": 2}],
    )
    inputs = columns_of_two_scores()
    inputs["one"] = np.linspace(-1.0, 1.0, 40)
    inputs["yes"] = np.tile([1.0, 2.0, 4.0, np.nan], 10)
    cohort = gappy([document], inputs, BINARY)
    (_, column) = table_columns(cohort.scoreables, np.arange(40), {})
    assert column.scale.kind == "category"
    np.testing.assert_array_equal(column.scale.original(np.array([0.0, 2.0])), [1.0, 4.0])
    found = impute_validation(cohort, plan_of("binary", resamples=0), 0.95, 1)
    # no imputed patient is refused: each has one of the three codes
    assert (found.patients, found.complete_patients) == (40, 30)


def test_a_log_scale_is_the_mean_of_logarithms() -> None:
    found = pooled("observed_expected", [0.8, 1.1, 1.3], [0.1, 0.1, 0.1])
    assert found.estimate.value == pytest.approx(exp((log(0.8) + log(1.1) + log(1.3)) / 3))


@pytest.mark.parametrize("share", [0.0, 0.1])
def test_complete_cases_stand_as_in_the_main_table(share: float) -> None:
    inputs, target = simulated(3, 150, "binary")
    held = with_gaps(inputs, 3, share) if share else inputs
    rows = pd.DataFrame(held).assign(event=target.event)
    rows["yes"] = rows["yes"].map({0.0: "no", 1.0: "yes"})
    plan = {
        "outcome": {"event": "event"},
        "scores": [{"score": "bare", "name": "a"}],
        "missing": "impute",
        "imputation": {"imputations": 2, "iterations": 1, "resamples": 3},
        "resampling": {"bootstrap": 50},
    }
    done = cw.validate(rows, plan, scores={"bare": score_from_document(logistic_document())}).result
    score = done.scores[0]
    shown = {
        one.name: one.estimate
        for one in (*score.discrimination, *score.calibration, *score.overall)
    }
    assert done.imputation is not None
    told = {row.name: row for row in done.imputation.measures}
    assert shown["scaled_brier"].low is not None
    for name, row in told.items():
        assert row.complete == shown[name]
        if not share:
            assert row.imputed == row.complete
    if share:
        assert "3 resamples are too few, at least 40 are needed" in told["auc"].imputed.method
