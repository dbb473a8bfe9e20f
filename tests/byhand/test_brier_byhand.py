"""The Brier score on paper."""

from __future__ import annotations

import numpy as np
import pytest

from cartwheel.stats.brier import brier_binary, brier_score
from cartwheel.stats.survival import survival_times


def test_binary() -> None:
    risk, event = np.array([0.2, 0.9, 0.5]), np.array([0, 1, 1])
    assert brier_binary(risk, event) == pytest.approx((0.04 + 0.01 + 0.25) / 3, rel=1e-14)
    assert brier_binary(risk, event, np.array([2, 0, 1])) == pytest.approx(0.33 / 3, rel=1e-14)


def test_without_censoring_it_is_the_binary_score() -> None:
    times = survival_times([1, 2, 3, 4], [1, 1, 1, 1])
    risk = np.array([0.9, 0.6, 0.3, 0.2])
    assert brier_score(times, risk, 2.0) == pytest.approx(
        brier_binary(risk, np.array([1, 1, 0, 0])), rel=1e-14
    )


def test_a_censored_patient_is_stood_for_by_those_beyond() -> None:
    # censored at 1 of 3: the other two count 3/2 each
    times = survival_times([1, 2, 4], [0, 1, 0])
    risk = np.array([0.5, 0.8, 0.1])
    assert brier_score(times, risk, 3.0) == pytest.approx(
        (1.5 * 0.2**2 + 1.5 * 0.1**2) / 3, rel=1e-14
    )
