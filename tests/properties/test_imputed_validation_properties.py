"""An imputed validation: the same for any number of threads, and honest about what is missing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from imputed_cohorts import (
    gappy,
    logistic_document,
    plan_of,
    points_of_two,
    simulated,
    with_gaps,
)

from cartwheel.canonical import canonical_json
from cartwheel.errors import Refused
from cartwheel.validation.analysed import Scoreable
from cartwheel.validation.cohort.scoring import predict
from cartwheel.validation.imputing.imputation import impute_validation
from cartwheel.validation.imputing.imputed_copies import make_copier
from cartwheel.validation.imputing.imputed_table import table_columns
from cartwheel.validation.judging.points import point_measures
from cartwheel.validation.result import ImputedValidation

KINDS = ("binary", "survival", "competing")
SMALL = {"imputations": 4, "iterations": 4, "resamples": 60}


def documents(kind: str):
    return [logistic_document(kind), points_of_two()]


def validated(
    kind: str, seed: int = 3, threads: int = 1, n: int = 120, **asked
) -> ImputedValidation:
    inputs, target = simulated(seed, n, kind)
    cohort = gappy(documents(kind), with_gaps(inputs, seed, 0.15), target, names={"b": "two"})
    return impute_validation(cohort, plan_of(kind, **(SMALL | asked)), 0.95, threads)


@pytest.mark.parametrize("kind", KINDS)
def test_threads_do_not_matter(kind: str) -> None:
    one, four = validated(kind), validated(kind, threads=4)
    assert one == four


def test_the_answer_can_be_written() -> None:
    found = validated("binary")
    assert canonical_json(found) == canonical_json(validated("binary"))


@pytest.mark.parametrize("kind", KINDS)
def test_values_do_not_depend_on_resamples_but_on_the_seed(kind: str) -> None:
    few, none = validated(kind), validated(kind, resamples=0)
    for one, other in zip(few.measures, none.measures, strict=True):
        assert one.imputed.value == other.imputed.value
        assert one.missing_information == other.missing_information
    inputs, target = simulated(3, 120, kind)
    cohort = gappy(documents(kind), with_gaps(inputs, 3, 0.15), target, names={"b": "two"})
    plan = plan_of(kind, **SMALL)
    other_seed = plan.model_copy(update={"resampling": plan.resampling.model_copy(
        update={"seed": 7})})  # fmt: skip
    assert impute_validation(cohort, other_seed, 0.95, 1).measures != few.measures


@pytest.mark.parametrize("kind", KINDS)
def test_every_interval_holds_its_estimate(kind: str) -> None:
    for resamples in (0, 60):
        found = validated(kind, resamples=resamples)
        told = [row.imputed for row in found.measures if row.imputed.low is not None]
        assert told
        for estimate in told:
            assert estimate.low <= estimate.value <= estimate.high
            assert estimate.n == 120
        for row in found.measures:
            assert row.monte_carlo_error >= 0.0
            assert row.missing_information is None or 0.0 <= row.missing_information <= 1.0


def test_fewer_gaps_bring_the_answer_to_the_complete_one() -> None:
    """With one gap in 400 patients the imputed numbers are nearly those of all known values."""
    inputs, target = simulated(5, 400, "binary")
    gaps = {name: values.copy() for name, values in inputs.items()}
    gaps["one"][7] = np.nan
    whole = gappy([logistic_document()], inputs, target)
    wanted = point_measures(whole.target, whole.predicted[0])
    found = impute_validation(
        gappy([logistic_document()], gaps, target), plan_of("binary", resamples=0), 0.95, 1
    )
    assert found.complete_patients == 399
    for row, value in zip(found.measures, wanted, strict=True):
        # one patient of 400 moves none of the measures by more than a hundredth or so
        assert row.imputed.value == pytest.approx(value, abs=0.02)


def test_a_score_whose_inputs_are_known_has_no_monte_carlo_error() -> None:
    inputs, target = simulated(6, 120, "binary")
    gaps = with_gaps(inputs, 6, 0.15) | {"one": inputs["one"], "two": inputs["two"]}
    cohort = gappy(documents("binary"), gaps, target, names={"b": "two"})
    found = impute_validation(cohort, plan_of("binary", **SMALL), 0.95, 1)
    mine = [row for row in found.measures if row.score == "score 1"]
    assert [row.monte_carlo_error for row in mine] == [0.0]
    others = [row for row in found.measures if row.score == "score 0"]
    assert all(row.monte_carlo_error > 0.0 for row in others)


def test_a_refused_value_takes_its_patient_out_of_both_analyses() -> None:
    inputs, target = simulated(8, 120, "binary")
    gaps = with_gaps(inputs, 8, 0.1)
    # an answer that is neither of the codes: the score refuses it, in patients with and without
    # another gap
    gaps["yes"][[3, 4]] = 5.0
    gaps["one"][3] = np.nan
    gaps["one"][4] = gaps["two"][4] = 0.5
    cohort = gappy([logistic_document()], gaps, target)
    found = impute_validation(cohort, plan_of("binary", **SMALL), 0.95, 1)
    assert found.patients == 118
    assert "2 of 120 eligible patients" in found.text
    assert all(row.imputed.n == 118 for row in found.measures)


def test_values_beyond_a_limit_are_imputed_from_and_scored() -> None:
    inputs, target = simulated(9, 120, "binary")
    gaps = with_gaps(inputs, 9, 0.1)
    below = {int(row): "<-1" for row in np.flatnonzero(gaps["one"] < -1.0)}
    assert len(below) > 5
    cohort = gappy([logistic_document()], gaps, target, texts={"one": below})
    as_numbers = gaps | {"one": np.where(gaps["one"] < -1.0, np.nextafter(-1.0, -2.0), gaps["one"])}
    plain = gappy([logistic_document()], as_numbers, target)
    plan = plan_of("binary", **SMALL)
    one, other = (impute_validation(each, plan, 0.95, 1) for each in (cohort, plain))
    assert one.patients == other.patients == 120
    for row, same in zip(one.measures, other.measures, strict=True):
        assert row.imputed == same.imputed


def test_an_auxiliary_column_may_have_gaps_and_is_told() -> None:
    inputs, target = simulated(10, 120, "survival")
    gaps = with_gaps(inputs, 10, 0.1)
    helps = np.where(np.arange(120) % 9 == 0, np.nan, inputs["one"] + 0.1)
    cohort = gappy([logistic_document("survival")], gaps, target, auxiliary={"helps": helps})
    plan = plan_of("survival", **(SMALL | {"auxiliary": ("helps",)}))
    found = impute_validation(cohort, plan, 0.95, 1)
    assert [item.column for item in found.inputs] == ["one", "two", "yes", "helps"]
    assert "and from helps" in found.text
    # the auxiliary column nearly is the input, so that little is left to guess of it
    without = impute_validation(
        gappy([logistic_document("survival")], gaps, target), plan_of("survival", **SMALL), 0.95, 1
    )
    assert found.measures[0].imputed != without.measures[0].imputed


@settings(max_examples=15)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(25, 70),
    share=st.floats(0.02, 0.5),
    kind=st.sampled_from(KINDS),
)
def test_never_breaks(seed: int, n: int, share: float, kind: str) -> None:
    inputs, target = simulated(seed, n, kind)
    gaps = with_gaps(inputs, seed, share)
    try:
        cohort = gappy(documents(kind), gaps, target, names={"b": "two"})
        found = impute_validation(
            cohort, plan_of(kind, imputations=2, iterations=2, resamples=5), 0.95, 1
        )
    except Refused:
        return
    for row in found.measures:
        for value in (row.imputed.value, row.imputed.low, row.imputed.high):
            assert value is None or np.isfinite(value)


@pytest.mark.parametrize("document", [logistic_document(), points_of_two()])
@pytest.mark.parametrize("seed", [11, 12, 13])
def test_somebody_absent_teaches_nothing(document, seed: int) -> None:
    """Other values and another outcome of a patient not in the resample change no bit.

    The standardisation is held, as it is over resamples: it is made once from all patients, and
    rounding alone may turn a draw among donors.
    """
    inputs, target = simulated(seed, 100, "binary")
    gaps = with_gaps(inputs, seed, 0.15)
    absent = int(np.flatnonzero(np.isfinite(np.column_stack(list(gaps.values()))).all(axis=1))[0])
    multiplicity = np.ones(100)
    multiplicity[absent], multiplicity[absent + 1] = 0.0, 2.0
    cohort = gappy([document], gaps, target, names={"b": "two"})
    rows = np.arange(100)
    copier = make_copier(
        cohort.scoreables,
        rows,
        target,
        predict,
        table_columns(cohort.scoreables, rows, {}),
        known=[predict(item) for item in cohort.scoreables],
        plan=(10, 5, 1),
    )
    design, values = copier.data.design.copy(), copier.data.values.copy()
    design[absent] += 5.0
    values[absent] += 5.0 * (np.array(copier.data.kinds) == "number")
    event = target.event.copy()
    event[absent] = 1.0 - event[absent]
    other = replace(
        copier,
        target=replace(target, event=event),
        data=replace(copier.data, design=design, values=values),
        outcome=lambda _: np.ascontiguousarray(event[:, None]),
    )
    np.testing.assert_array_equal(other.repeat(multiplicity, 0), copier.repeat(multiplicity, 0))
    # with the patient present the same change is felt
    everyone = np.ones(100)
    assert (other.repeat(everyone, 0) != copier.repeat(everyone, 0)).any()


@pytest.mark.slow
def test_intervals_cover_with_values_missing_at_random() -> None:
    """95 % intervals of AUC and slope, values missing completely at random in 3 in 10 patients."""
    inputs, target = simulated(99, 200_000, "binary")
    whole = gappy([logistic_document()], inputs, target)
    truth = dict(
        zip(
            ("auc", "calibration_in_the_large", "calibration_slope"),
            point_measures(whole.target, whole.predicted[0])[:3],
            strict=True,
        )
    )
    runs = 250
    for asked in ({"resamples": 0}, {"resamples": 120}):
        held = dict.fromkeys(truth, 0)
        for run in range(runs):
            sample, outcome = simulated(1000 + run, 200, "binary")
            cohort = gappy([logistic_document()], with_gaps(sample, run, 0.12), outcome)
            found = impute_validation(
                cohort, plan_of("binary", imputations=5, iterations=4, **asked), 0.95, 2
            )
            for row in found.measures:
                if row.name in truth:
                    held[row.name] += row.imputed.low <= truth[row.name] <= row.imputed.high
        for name, count in held.items():
            # 3.5 standard errors of 250 runs at 95 % are 4.8 per cent
            assert 0.90 <= count / runs <= 0.995, (asked, name, count / runs)


def test_two_scores_see_the_same_imputed_patients() -> None:
    inputs, target = simulated(12, 120, "binary")
    gaps = with_gaps(inputs, 12, 0.15)
    twice = gappy([logistic_document(), logistic_document(id="again")], gaps, target)
    found = impute_validation(twice, plan_of("binary", **SMALL), 0.95, 1)
    first = [row for row in found.measures if row.score == "score 0"]
    second = [row for row in found.measures if row.score == "score 1"]
    assert [row.imputed for row in first] == [row.imputed for row in second]
    assert isinstance(twice.scoreables[0], Scoreable)
