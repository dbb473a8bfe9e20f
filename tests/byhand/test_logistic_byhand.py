"""Logistic regressions whose answer can be written down."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cartwheel.errors import NotEstimable
from cartwheel.stats.estimability import separating_columns
from cartwheel.stats.logistic import (
    likelihood_ratio_tests,
    logistic_coefficients,
    logistic_fast,
    logistic_fit,
)

# events a, c and non-events b, d with and without the marker
A, B, C, D = 9, 4, 6, 21
MARKER = np.repeat([1.0, 1.0, 0.0, 0.0], [A, B, C, D])
EVENT = np.repeat([1.0, 0.0, 1.0, 0.0], [A, B, C, D])
CLOSE = 1e-11  # closed forms: rounding only


def test_fourfold_table() -> None:
    fit = logistic_fit(MARKER, EVENT)
    assert fit.coefficients[0] == pytest.approx(math.log(C / D), rel=CLOSE)
    assert fit.coefficients[1] == pytest.approx(math.log(A * D / (B * C)), rel=CLOSE)
    assert fit.std_error[0] == pytest.approx(math.sqrt(1 / C + 1 / D), rel=CLOSE)
    assert fit.std_error[1] == pytest.approx(math.sqrt(1 / A + 1 / B + 1 / C + 1 / D), rel=CLOSE)
    level = sum(k * math.log(k / n) for k, n in ((A, A + B), (B, A + B), (C, C + D), (D, C + D)))
    assert fit.log_likelihood == pytest.approx(level, rel=CLOSE)
    n, events = A + B + C + D, A + C
    null = events * math.log(events / n) + (n - events) * math.log(1 - events / n)
    assert fit.log_likelihood_null == pytest.approx(null, rel=CLOSE)
    assert likelihood_ratio_tests(MARKER, EVENT)[0] == pytest.approx(2 * (level - null), rel=1e-9)
    assert (fit.n, fit.events, fit.converged) == (n, events, True)


def test_weights_instead_of_rows() -> None:
    fit = logistic_fit([1, 1, 0, 0], [1, 0, 1, 0], multiplicity=[A, B, C, D])
    assert fit.coefficients[1] == pytest.approx(math.log(A * D / (B * C)), rel=CLOSE)
    assert (fit.n, fit.events) == (A + B + C + D, A + C)


def test_firth_adds_half_an_event_to_each_cell() -> None:
    for a, b, c, d in ((A, B, C, D), (5, 0, 3, 8), (0, 7, 4, 4)):
        x, y = [1, 1, 0, 0], [1, 0, 1, 0]
        fit = logistic_fit(x, y, penalty="firth", multiplicity=[a, b, c, d])
        odds = (a + 0.5) * (d + 0.5) / ((b + 0.5) * (c + 0.5))
        # Firth's steps shrink by a factor, so the last digits are not for free
        assert fit.coefficients[1] == pytest.approx(math.log(odds), rel=1e-9)
        assert fit.coefficients[0] == pytest.approx(math.log((c + 0.5) / (d + 0.5)), rel=1e-9)


def test_intercept_alone() -> None:
    nothing = np.empty((40, 0))
    event = np.repeat([1.0, 0.0], [7, 33])
    plain, converged = logistic_coefficients(nothing, event)
    assert converged
    assert plain[0] == pytest.approx(math.log(7 / 33), rel=CLOSE)
    firth, converged = logistic_coefficients(nothing, event, firth=True)
    assert converged
    assert firth[0] == pytest.approx(math.log(7.5 / 33.5), rel=1e-8)


def test_offset_is_taken_off_the_intercept() -> None:
    fit = logistic_fit(np.empty((40, 0)), np.repeat([1.0, 0.0], [7, 33]), offset=np.full(40, 1.5))
    assert fit.coefficients[0] == pytest.approx(math.log(7 / 33) - 1.5, rel=CLOSE)


def test_held_columns_stay_at_zero() -> None:
    coefficients, level, converged = logistic_fast(MARKER, EVENT, fixed=[0])
    assert converged
    assert coefficients[1] == 0.0
    assert level == pytest.approx(logistic_fit(MARKER, EVENT).log_likelihood_null, rel=CLOSE)


def code(x: object, event: object, **options: object) -> tuple[str, str]:
    with pytest.raises(NotEstimable) as refusal:
        logistic_fit(x, event, **options)  # type: ignore[arg-type]
    (problem,) = refusal.value.problems
    return problem.code, problem.where


def test_refusals_name_the_column() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(40, 3))
    y = np.tile([0.0, 1.0], 20)
    constant, sum_of_two, separating = x.copy(), x.copy(), x.copy()
    constant[:, 1] = 7.0
    sum_of_two[:, 2] = x[:, 0] - 2.0 * x[:, 1]
    separating[:, 2] = y + 0.1 * rng.random(40)
    missing = x.copy()
    missing[4, 0] = np.nan
    for penalty in ("none", "firth"):
        assert code(constant, y, penalty=penalty) == ("constant_column", "column 1")
        assert code(sum_of_two, y, penalty=penalty) == ("collinear_column", "column 2")
        assert code(missing, y, penalty=penalty) == ("missing_value", "column 0")
        assert code(x, np.ones(40), penalty=penalty)[0] == "one_class"
        assert code(x, y + 1.0, penalty=penalty)[0] == "event_coding"
        assert code(x, y[:-1], penalty=penalty)[0] == "lengths_differ"
    assert code(separating, y) == ("separation", "column 2")
    assert logistic_fit(separating, y, penalty="firth").converged
    assert code(x, y, penalty="ridge")[0] == "unknown_penalty"
    assert code(x, y, multiplicity=np.where(y, 1, -1))[0] == "multiplicity"


def test_separation_by_two_columns_together() -> None:
    grid = np.array([[i, j] for i in range(5) for j in range(5) if i != j], dtype=float)
    event = (grid[:, 0] > grid[:, 1]).astype(float)
    assert separating_columns(grid, event) == (0, 1)
    assert code(grid, event)[0] == "separation"


def test_quasi_complete_separation() -> None:
    # all with the marker have the event, but so have some without
    x, y, m = [1, 0, 0], [1, 1, 0], [4, 5, 9]
    assert separating_columns([1, 0, 0], [1, 1, 0]) == (0,)
    assert code(x, y, multiplicity=m) == ("separation", "column 0")
    assert not logistic_coefficients(x, y, m)[1]
    # at the supremum the marker's patients are certain and the rest have 5 of 14
    supremum = 5 * math.log(5 / 14) + 9 * math.log(9 / 14)
    assert logistic_fast(x, y, m)[1] == pytest.approx(supremum, abs=1e-6)


def test_overlapping_classes_do_not_separate() -> None:
    assert separating_columns(MARKER, EVENT) is None


def test_fast_path_reports_and_does_not_raise() -> None:
    y = np.tile([0.0, 1.0], 20)
    for x, event in (
        (np.ones(40), y),
        (np.column_stack([y, y]), np.roll(y, 1)),
        (np.linspace(0, 1, 40), np.ones(40)),
        (np.full(40, np.nan), y),
    ):
        for firth in (False, True):
            coefficients, converged = logistic_coefficients(x, event, firth=firth)
            assert not converged
            assert np.isfinite(coefficients).all()


def test_fast_path_refuses_what_would_read_past_an_end() -> None:
    y = np.tile([0.0, 1.0], 20)
    x = np.linspace(0, 1, 40)
    for call in (
        lambda: logistic_coefficients(x[:-1], y),
        lambda: logistic_coefficients(x, y, np.ones(39)),
        lambda: logistic_coefficients(x, y, offset=np.ones(41)),
        lambda: logistic_fast(x, y, fixed=[1]),
        lambda: likelihood_ratio_tests(x, y, groups=[[0, 1]]),
        lambda: likelihood_ratio_tests(x, y, groups=[[-1]]),
    ):
        with pytest.raises(NotEstimable):
            call()


def test_results_are_read_only() -> None:
    fit = logistic_fit(MARKER, EVENT)
    with pytest.raises(ValueError, match="read-only"):
        fit.coefficients[0] = 1.0
