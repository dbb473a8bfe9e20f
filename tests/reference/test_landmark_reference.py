"""Stacked landmark models against R: glm with robcov and sandwich, coxph with cluster."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from cartwheel.landmarking.between import between_fit
from cartwheel.landmarking.design import Term, own_terms
from cartwheel.stats.cox_general import cox_regression
from cartwheel.stats.descriptive import normal_quantile
from cartwheel.stats.landmark_models import (
    cluster_robust_covariance,
    hazard_of_window,
    window_times,
)
from cartwheel.stats.logistic import logistic_fit
from cartwheel.stats.risk_sets import risk_sets

STORED = json.loads(
    (Path(__file__).parent / "landmark" / "landmark.json").read_text(encoding="utf-8")
)
ROWS = {name: np.array(values) for name, values in STORED["rows"].items()}
CASES: dict[str, Any] = STORED["cases"]
# both are converged to rounding, and 17 digits are stored
TIGHT = 1e-8


def columns(case: str) -> np.ndarray:
    a, b, day = ROWS["a"], ROWS["b"], ROWS["day"]
    interactions = [a * day, b * day]
    return np.column_stack(
        {
            "logistic_linear": [a, b, day],
            "logistic_interactions": [a, b, day, day**2, *interactions],
            "cox_main": [a, b],
            "cox_interactions": [a, b, *interactions],
            "between_main": [a, b, day],
            "between_interactions": [a, b, *interactions, day, day**2],
        }[case]
    )


def close(found: Any, stored: list[float]) -> None:
    # beside the largest entry, since single covariances may lie near nought
    wanted = np.array(stored)
    scale = float(np.abs(wanted).max())
    np.testing.assert_allclose(np.ravel(found), wanted, rtol=TIGHT, atol=TIGHT * scale)


def test_every_case_is_compared() -> None:
    assert set(CASES) == {
        "logistic_linear", "logistic_interactions", "cox_main", "cox_interactions",
        "between_main", "between_interactions",
    }  # fmt: skip


@pytest.mark.parametrize("case", [name for name in CASES if name.startswith("logistic")])
def test_logistic_over_landmarks(case: str) -> None:
    x = columns(case)
    fit = logistic_fit(x, ROWS["event"])
    close(fit.coefficients, CASES[case]["coefficients"])
    found = cluster_robust_covariance(x, ROWS["event"], fit.coefficients, ROWS["id"])
    close(found, CASES[case]["robcov"])
    close(found, CASES[case]["vcovcl"])


@pytest.mark.parametrize("case", [name for name in CASES if name.startswith("cox")])
def test_cox_over_landmarks(case: str) -> None:
    x, days = columns(case), sorted(set(ROWS["day"].tolist()))
    sets = risk_sets(ROWS["left"], ROWS["event"], strata=ROWS["day"])
    fit = cox_regression(sets, x, cluster=ROWS["id"], ties="breslow")
    close(fit.coefficients, CASES[case]["coefficients"])
    close(fit.covariance, CASES[case]["robust"])
    close(fit.model_covariance, CASES[case]["model"])
    close(fit.log_likelihood, CASES[case]["loglik"])
    hazards = []
    for day in days:
        at = ROWS["day"] == day
        times = window_times(ROWS["left"][at], ROWS["event"][at])
        hazards.append(hazard_of_window(times, x[at] @ fit.coefficients))
    close(hazards, CASES[case]["hazard"])


class _Stacked:
    """What ``between_fit`` reads of a pipeline: rows by landmark."""

    survival = True

    def __init__(self) -> None:
        days = sorted(set(ROWS["day"].tolist()))
        self.rows = tuple(_row(day) for day in days)
        self.measured = tuple(range(len(days)))


def _row(day: float) -> SimpleNamespace:
    at = ROWS["day"] == day
    # what is left of rounded days: the ends that R was given have one digit too
    left = np.round(day + ROWS["left"][at], 1) - day
    x = np.column_stack([ROWS["a"][at], ROWS["b"][at]])
    return SimpleNamespace(
        day=day, n=int(at.sum()), patient=ROWS["id"][at], event=ROWS["event"][at], time=left, x=x
    )


@pytest.mark.parametrize("case", [name for name in CASES if name.startswith("between")])
def test_one_baseline_over_all_days(case: str) -> None:
    own, day = own_terms(2), [Term(None, 1)]
    full = [*own, Term(0, 1), Term(1, 1), *day, Term(None, 2)]
    terms = tuple([*own, *day] if case == "between_main" else full)
    courses = [SimpleNamespace(label=name, unit="", transform="none") for name in "ab"]
    found = between_fit(cast("Any", _Stacked()), terms, cast("Any", courses), 0.95)
    stored = CASES[case]
    close(found.slopes, stored["coefficients"])
    np.testing.assert_allclose(found.day, stored["time"], atol=1e-9)
    close(found.hazard, stored["hazard"])
    errors = np.sqrt(np.diag(np.reshape(stored["robust"], (len(terms), -1))))
    half = normal_quantile(0.95) * errors
    for row, slope, width in zip(
        found.table.coefficients, stored["coefficients"], half, strict=True
    ):
        assert row.ratio.low == pytest.approx(np.exp(slope - width), rel=TIGHT)
        assert row.ratio.high == pytest.approx(np.exp(slope + width), rel=TIGHT)
