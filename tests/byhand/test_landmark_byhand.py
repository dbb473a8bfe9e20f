"""Landmark prediction on samples small enough to work out with a pencil."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from cartwheel.clinic.reading import table_from_frame
from cartwheel.errors import NotEstimable
from cartwheel.landmarking.cohort import read_patients
from cartwheel.landmarking.courses import last_values
from cartwheel.landmarking.labs import read_labs
from cartwheel.landmarking.plan import landmark_plan_from_dict
from cartwheel.stats.landmark_models import (
    cluster_robust_covariance,
    hazard_of_window,
    window_times,
)
from cartwheel.stats.logistic import logistic_fit
from cartwheel.workflows.landmark import landmark

# eight patients: onset of a, b, c, d; e and f have a mild course, g and h none
PATIENTS = pd.DataFrame(
    {
        "patient": list("abcdefgh"),
        "event": [1, 1, 1, 1, 0, 0, 0, 0],
        "onset": [2.0, 4.0, 6.0, 8.0, 3.0, 9.0, np.nan, np.nan],
    }
)
VALUES = {"a": 1, "b": 8, "c": 4, "d": 16, "e": 2, "f": 2, "g": 4, "h": 1}
LABS = pd.DataFrame(
    [(name, "crp", 1.0, value, "mg/L") for name, value in VALUES.items()]
    + [("c", "crp", 3.5, 32.0, "mg/L"), ("h", "crp", 5.0, 64.0, "mg/L")],
    columns=["patient", "analyte", "day", "value", "unit"],
)


def plan(**changed: Any) -> dict[str, Any]:
    return {
        "outcome": {"event": "event", "onset": "onset"},
        "landmarks_days": [3],
        "markers": [{"analyte": "crp", "transform": "log2"}],
        "max_age_days": 2.0,
        "resampling": {"bootstrap": 0},
        **changed,
    }


def test_who_is_free_and_what_was_known_on_day_three() -> None:
    row = landmark(PATIENTS, LABS, plan()).result.landmarks[0]
    # a has the event by then, and e's mild course has begun: six are left, three with the event
    assert (row.eligible, row.events_left, row.left) == (6, 3, 2)
    assert (row.analysed, row.events, row.missing) == (6, 3, 0)
    assert row.markers[0].median_age_days == 2.0


def test_a_mild_course_may_be_kept_and_is_then_a_caution() -> None:
    outcome = {"event": "event", "onset": "onset", "onset_rule": "events"}
    result = landmark(PATIENTS, LABS, plan(outcome=outcome)).result
    assert (result.landmarks[0].eligible, result.landmarks[0].events_left) == (7, 3)
    assert "onset_events_only" in [note.code for note in result.notes if note.severity == "caution"]


def test_the_area_and_the_risk_of_nobody() -> None:
    result = landmark(PATIENTS, LABS, plan()).result
    found = result.performance[0]
    # events b 8, c 4, d 16; without f 2, g 4, h 1: of nine pairs c and g are tied
    assert found.measures[0].apparent.value == pytest.approx(8.5 / 9, rel=1e-12)
    assert found.null_brier == pytest.approx(0.25, rel=1e-12)


def test_a_window_leaves_out_what_comes_after_it() -> None:
    row = landmark(PATIENTS, LABS, plan(window_days=3.0)).result.landmarks[0]
    assert (row.events_left, row.events) == (2, 2)  # d begins on day 8, after day 6


def test_the_oldest_value_that_may_be_used() -> None:
    with pytest.raises(NotEstimable) as refused:
        landmark(PATIENTS, LABS, plan(max_age_days=1.9))
    assert refused.value.problems[0].code == "no_landmark"
    kept = landmark(PATIENTS, LABS, plan(max_age_days=0.5, missing="impute-last"))
    assert kept.result.landmarks[0].analysed == 6


def test_the_last_value_by_each_day() -> None:
    wanted = landmark_plan_from_dict(plan())
    cohort = read_patients(table_from_frame(PATIENTS), wanted)
    course = read_labs(table_from_frame(LABS), wanted, cohort.names).courses[0]
    by_day_three, by_day_four = (last_values(course, 8, day) for day in (3.0, 4.0))
    assert by_day_three.value[2] == 2.0  # log2 of 4
    assert by_day_four.value[2] == 5.0  # log2 of 32
    assert by_day_four.age_days[2] == 0.5
    assert by_day_four.too_old.tolist() == [True, True, False, *[True] * 5]
    assert by_day_four.later_within_day.tolist() == [*[False] * 7, True]


def test_breslow_hazard_of_three() -> None:
    times = window_times([1.0, 2.0, 2.0, 3.0], [1, 1, 0, 1])
    lp = np.log([1.0, 2.0, 3.0, 4.0])
    # 1/10 at day 1, 1/9 at day 2 (the censored one is still there), 1/4 at day 3
    assert hazard_of_window(times, lp) == pytest.approx(1 / 10 + 1 / 9 + 1 / 4, rel=1e-12)


def test_robust_error_of_an_intercept() -> None:
    # no slope: p is 1/2, information n/4, and the score of a cluster is the sum of y - 1/2
    x, event = [-1.0, 1.0, 1.0, -1.0], [1, 1, 0, 0]
    found = cluster_robust_covariance(x, event, [0.0, 0.0], ["a", "a", "b", "b"])
    # clusters add to +1 and -1; both over an information of 1
    assert found[0, 0] == pytest.approx(2.0, rel=1e-12)
    apart = cluster_robust_covariance(x, event, [0.0, 0.0], [1, 2, 3, 4])
    assert apart[0, 0] == pytest.approx(1.0, rel=1e-12)


# ten patients on two landmarks, one of whom has the event by the second
STACKED_X = np.array(
    [[0.2, 0], [1.1, 0], [-0.7, 0], [2.0, 0], [0.4, 0], [-1.3, 0], [0.9, 0], [1.6, 0], [-0.2, 0],
     [0.1, 0], [0.5, 3], [1.4, 3], [-0.9, 3], [0.8, 3], [-1.0, 3], [0.3, 3], [2.2, 3], [0.0, 3]]
)  # fmt: skip
STACKED_EVENT = np.array([0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0], dtype=float)
STACKED_WHO = np.array([*range(10), 0, 1, 2, 3, 4, 5, 8, 9])


def plain_likelihood(beta: np.ndarray, rows: slice | list[int] = slice(None)) -> float:
    design = np.column_stack([np.ones(len(STACKED_X)), STACKED_X])
    lp, y = (design @ beta)[rows], STACKED_EVENT[rows]
    return float(np.sum(y * lp - np.log1p(np.exp(lp))))


def half_log_information(betas: np.ndarray) -> float:
    """Firth's penalty; each row may have coefficients of its own."""
    design = np.column_stack([np.ones(len(STACKED_X)), STACKED_X])
    p = 1.0 / (1.0 + np.exp(-np.sum(design * betas, axis=1)))
    information = (design * (p * (1.0 - p))[:, None]).T @ design
    return 0.5 * float(np.linalg.slogdet(information)[1])


def slope(function: Any, at: np.ndarray) -> np.ndarray:
    """Derivatives by central differences of the fourth order."""
    step, found = 1e-3, []
    for unit in np.eye(len(at)) * step:
        near = function(at + unit) - function(at - unit)
        far = function(at + 2 * unit) - function(at - 2 * unit)
        found.append((8.0 * near - far) / (12.0 * step))
    return np.array(found)


def test_firth_over_landmarks_is_the_top_of_the_penalised_likelihood() -> None:
    def height(beta: np.ndarray) -> float:
        return -plain_likelihood(beta) - half_log_information(np.tile(beta, (len(STACKED_X), 1)))

    careful = {"maxiter": 5000, "xatol": 1e-9, "fatol": 1e-14}
    best = minimize(height, np.zeros(3), method="Nelder-Mead", options=careful)
    found = logistic_fit(STACKED_X, STACKED_EVENT, penalty="firth").coefficients
    # a search that only looks at heights finds a top to the root of rounding
    np.testing.assert_allclose(found, best.x, atol=1e-6)
    np.testing.assert_allclose(slope(height, found), 0.0, atol=1e-9)


def test_robust_errors_under_firth_by_differences() -> None:
    fitted = logistic_fit(STACKED_X, STACKED_EVENT, penalty="firth").coefficients
    n = len(STACKED_X)

    def of_row(row: int, beta: np.ndarray) -> float:
        """What a row adds: its likelihood, and the penalty in which only it moves."""
        betas = np.tile(fitted, (n, 1))
        betas[row] = beta
        return plain_likelihood(beta, [row]) + half_log_information(betas)

    scores = np.array([slope(lambda beta, row=row: of_row(row, beta), fitted) for row in range(n)])
    # their sum is nought at the top
    np.testing.assert_allclose(scores.sum(axis=0), 0.0, atol=1e-9)
    curvature = slope(lambda beta: slope(plain_likelihood, beta), fitted)
    bread = np.linalg.inv(-curvature)
    clusters = np.array([scores[who == STACKED_WHO].sum(axis=0) for who in range(10)])
    wanted = bread @ clusters.T @ clusters @ bread
    found = cluster_robust_covariance(STACKED_X, STACKED_EVENT, fitted, STACKED_WHO, firth=True)
    # differences of differences keep some nine digits
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-8)
    plain = cluster_robust_covariance(STACKED_X, STACKED_EVENT, fitted, STACKED_WHO)
    assert not np.allclose(found, plain, rtol=1e-3)
