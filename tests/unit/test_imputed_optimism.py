"""Imputation inside every resample: what is repeated, what stays the same, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit

from cartwheel.errors import NotEstimable
from cartwheel.stats.imputed_learners import CoxLearner, LogisticLearner
from cartwheel.stats.imputed_optimism import hazard_columns, imputed_pipeline
from cartwheel.stats.resample import bootstrap_optimism
from cartwheel.stats.times import survival_times

Floats = NDArray[np.float64]
N_PATIENTS = 90
ONES = np.ones(N_PATIENTS)


def cohort(seed: int = 1) -> tuple[Floats, Floats, Floats]:
    """Predictors without gaps, with gaps, and a binary outcome."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(N_PATIENTS, 3))
    x[:, 1] += 0.7 * x[:, 0]
    y = (rng.random(N_PATIENTS) < expit(x[:, 0] + 0.5 * x[:, 1])).astype(float)
    holed = x.copy()
    holed[rng.random(N_PATIENTS) < 0.25, 0] = np.nan
    holed[rng.random(N_PATIENTS) < 0.15, 2] = np.nan
    return x, holed, y


def test_without_gaps_it_is_the_plain_development() -> None:
    x, _, y = cohort()
    learner = LogisticLearner(y, 3)
    multiplicity = np.random.default_rng(2).integers(0, 3, N_PATIENTS).astype(float)
    plain = learner.fit(x, multiplicity)
    wanted = learner.performance(learner.linear_predictor(plain, x), ONES)
    for pragmatic in (False, True):
        pipeline = imputed_pipeline(learner, x, outcome=y, imputations=3, pragmatic=pragmatic)
        model = pipeline.fit(multiplicity)
        # an average of three equal numbers may differ in the last place
        np.testing.assert_allclose(pipeline.measure(model, ONES), wanted, rtol=1e-12)
        np.testing.assert_allclose(pipeline.trace(model), plain, rtol=1e-14)
    assert pipeline.measures == ("auc", "calibration_intercept", "calibration_slope", "brier")
    assert pipeline.traced[0] == "coefficient_0"


@pytest.mark.parametrize("pragmatic", [False, True])
def test_threads_do_not_matter(pragmatic: bool) -> None:
    _, holed, y = cohort()
    pipeline = imputed_pipeline(
        LogisticLearner(y, 3, firth=True),
        holed,
        outcome=y,
        imputations=3,
        seed=4,
        pragmatic=pragmatic,
    )
    runs = [
        bootstrap_optimism(pipeline, n=N_PATIENTS, resamples=60, seed=5, threads=threads)
        for threads in (1, 2, 3)
    ]
    for other in runs[1:]:
        assert other.apparent.tobytes() == runs[0].apparent.tobytes()
        assert other.training.tobytes() == runs[0].training.tobytes()
        assert other.test.tobytes() == runs[0].test.tobytes()
    assert runs[0].failed == 0
    assert runs[0].optimism("auc").mean() > 0.0


def test_the_resample_is_imputed_from_itself() -> None:
    _, holed, y = cohort()
    pipeline = imputed_pipeline(LogisticLearner(y, 3), holed, outcome=y, imputations=4)
    multiplicity = ONES.copy()
    multiplicity[30:] = 0.0
    multiplicity[:15] = 3.0
    for table in pipeline.fit(multiplicity).tables:
        for column in (0, 2):
            seen = holed[:30, column]
            gaps = np.isnan(holed[:, column])
            assert np.isin(table[gaps, column], seen).all()
    # the same resample is imputed alike, another one otherwise
    again = pipeline.completed(multiplicity.copy())
    assert all(
        a.tobytes() == b.tobytes()
        for a, b in zip(again, pipeline.fit(multiplicity).tables, strict=True)
    )
    assert pipeline.completed(ONES)[0].tobytes() != again[0].tobytes()
    # and all patients are measured on what all patients taught
    assert pipeline.whole[0].tobytes() == pipeline.completed(ONES)[0].tobytes()


def test_another_sample_than_the_two_is_imputed_too() -> None:
    _, holed, y = cohort()
    pipeline = imputed_pipeline(LogisticLearner(y, 3), holed, outcome=y, imputations=3)
    model = pipeline.fit(ONES)
    half = np.r_[np.full(45, 2.0), np.zeros(45)]
    assert np.isfinite(pipeline.measure(model, half)).all()


def test_the_outcome_is_withheld_where_it_is_not_known() -> None:
    """Predictor 0 follows the outcome: only an imputation that sees it can fill its gaps."""
    rng = np.random.default_rng(3)
    y = rng.permutation(np.repeat([0.0, 1.0], 45))
    x = np.column_stack([y * 6.0 + rng.normal(size=90), rng.normal(size=90)])
    x[::3, 0] = np.nan
    learner = LogisticLearner(y, 2, firth=True)
    areas = {}
    for pragmatic in (False, True):
        pipeline = imputed_pipeline(
            learner, x, outcome=y, imputations=10, seed=1, pragmatic=pragmatic
        )
        areas[pragmatic] = pipeline.measure(pipeline.fit(ONES), ONES)[0]
    assert areas[False] > 0.99
    assert areas[True] < 0.95


def test_hazard_columns_by_hand() -> None:
    times = survival_times([1.0, 2.0, 2.0, 4.0], [1, 1, 0, 1])
    columns = hazard_columns(times)
    np.testing.assert_allclose(
        columns(np.ones(4)),
        [[1.0, 0.25], [1.0, 0.25 + 1 / 3], [0.0, 0.25 + 1 / 3], [1.0, 0.25 + 1 / 3 + 1.0]],
    )
    # a patient twice, another absent: at risk 4, 2 (the absent one not), 1
    np.testing.assert_allclose(columns(np.array([2.0, 0.0, 1.0, 1.0]))[:, 1], [0.5, 0.5, 0.5, 1.5])


def test_cox() -> None:
    rng = np.random.default_rng(6)
    x, holed, _ = cohort()
    time = rng.exponential(np.exp(-x[:, 0]))
    times = survival_times(time, rng.random(N_PATIENTS) < 0.7)
    pipeline = imputed_pipeline(
        CoxLearner(times, 3), holed, outcome=hazard_columns(times), imputations=5
    )
    found = bootstrap_optimism(pipeline, n=N_PATIENTS, resamples=20, seed=1, threads=1)
    assert found.measures == ("c_index", "calibration_slope")
    # the apparent slope of a model in its own completed copies is 1 but for the pooling
    assert found.apparent[1] == pytest.approx(1.0, abs=0.1)
    assert found.training[:, 0].mean() > found.test[:, 0].mean()


def test_refusals_are_named_and_counted() -> None:
    _, holed, y = cohort()
    with pytest.raises(NotEstimable):
        imputed_pipeline(LogisticLearner(y, 3), holed, outcome=y, imputations=0)
    with pytest.raises(NotEstimable):
        imputed_pipeline(LogisticLearner(y, 3), holed, outcome=np.full(N_PATIENTS, np.nan))
    # one event of 90: resamples without it have no model, and are counted
    rare = np.zeros(N_PATIENTS)
    rare[[1, 5]] = 1.0
    pipeline = imputed_pipeline(
        LogisticLearner(rare, 3, firth=True), holed, outcome=rare, imputations=2
    )
    found = bootstrap_optimism(pipeline, n=N_PATIENTS, resamples=60, seed=3, threads=1)
    assert dict(found.failures).get("not_converged", 0) > 0
    times = survival_times(np.arange(1.0, 91.0), np.zeros(N_PATIENTS))
    with pytest.raises(NotEstimable):
        CoxLearner(times, 3).fit(np.nan_to_num(holed), ONES)
