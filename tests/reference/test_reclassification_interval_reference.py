"""Bootstrap intervals of IDI and NRI with censoring beside those that survIDINRI printed."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from prediction_cases import model_matrix
from reference_data import golden, reference_table

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.cox import baseline_hazard_at, cox_coefficients
from cartwheel.stats.reclassification_interval import (
    PercentileBootstrap,
    reclassification_intervals,
)
from cartwheel.stats.times import survival_times

CASE = golden("dca_nri_mi")["idi_survival"]


def test_refitted_models() -> None:
    table = reference_table(CASE["data"])
    times = survival_times(table["time"], table["status"] == 2)
    designs = [model_matrix(table, CASE[key]) for key in ("base", "new")]

    def refit(multiplicity: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        risks = []
        for x in designs:
            slopes, converged = cox_coefficients(times, x, multiplicity)
            if not converged:
                raise refuse(NotEstimable, "not_converged", "a model did not converge")
            linear = x @ slopes
            hazard = baseline_hazard_at(times, linear, CASE["t0"], multiplicity)
            risks.append(-np.expm1(-hazard * np.exp(linear)))
        return risks[0], risks[1]

    found = reclassification_intervals(times, refit, CASE["t0"], PercentileBootstrap(seed=1))
    assert found.failures == ()
    ours = {"m1": found.idi, "m2": found.higher, "m3": found.median}
    for key, estimate in ours.items():
        value, low, high, _ = CASE[key]
        width = high - low
        # another baseline hazard between events: see test_reclassification_reference.py
        assert estimate.value == pytest.approx(value, abs=4e-3)
        # theirs perturbs the estimating equations, ours draws patients; each limit of 1000 draws
        # has a Monte-Carlo error of about a twentieth of the width
        assert [estimate.low, estimate.high] == pytest.approx([low, high], abs=0.15 * width), key
