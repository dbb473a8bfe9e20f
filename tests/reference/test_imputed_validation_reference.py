"""Measures pooled over given completed copies against R: pROC, survival, mice::pool.scalar.

validate/imputed.json is made by validate/imputed.R from the five completed copies of pbc.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from reference_data import golden, reference_table
from scipy.special import expit
from score_examples import bare_document

from cartwheel.clinic.score import score_from_document
from cartwheel.stats.survival import survival_times
from cartwheel.validation.analysed import Predicted, Target
from cartwheel.validation.imputing.imputed_measures import CopiedMeasure, closed_form, pool_copies
from cartwheel.validation.judging.measures import calibration, discrimination, overall

MADE: dict[str, Any] = json.loads(
    (Path(__file__).parent / "validate" / "imputed.json").read_text(encoding="utf-8")
)
CASES = [(kind, name) for kind in ("binary", "survival") for name in MADE[kind]]


def copies(kind: str) -> list[tuple[Target, Predicted]]:
    spec = score_from_document(bare_document())
    found = []
    for _, part in reference_table("mi_pbc_completed").groupby("imp"):
        lp = (
            0.03 * part["age"]
            + 0.6 * np.log(part["bili"])
            + 0.4 * np.log(part["copper"])
            + 0.3 * part["stage"]
            + 0.0005 * part["chol"]
            - 5.5
        ).to_numpy()
        event = part["status"].to_numpy(dtype=float)
        if kind == "binary":
            risk, target = expit(lp), Target("binary", event, None, None, None, None)
        else:
            risk = -np.expm1(-np.exp(lp))
            times = survival_times(part["time"].to_numpy(dtype=float), event)
            target = Target("survival", event, times, None, float(MADE["horizon"]), "days")
        nobody = np.full(len(lp), -1, dtype=np.intp)
        found.append((target, Predicted("lp", spec, lp, "high", risk, "risk", nobody, ())))
    return found


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_pooled_over_given_copies(kind: str, name: str) -> None:
    wanted = MADE[kind][name]
    rows = []
    for target, predicted in copies(kind):
        measures = (
            *discrimination(target, predicted, 0.95),
            *calibration(target, predicted, 0.95),
            *overall(target, predicted, 0.95),
        )
        row = closed_form(measures, name)
        assert row is not None
        rows.append((row.estimate.value, row.std_error))
    values, errors = np.array(rows, dtype=float).T
    pooled = pool_copies(
        CopiedMeasure(name, values, errors, len(target.event), int(target.event.sum())),
        None,
        drawn=0,
        level=0.95,
    )
    estimate = pooled.estimate
    found = [estimate.value, estimate.low, estimate.high]
    # variances by survival and pROC agree with ours to 1e-8; the logit and its way back keep that
    np.testing.assert_allclose(found, [wanted["value"], wanted["low"], wanted["high"]], rtol=1e-7)
    # shares of variance between copies lose digits where they are small
    assert pooled.missing_information == pytest.approx(wanted["fmi"], rel=1e-6)
    assert pooled.monte_carlo_error == pytest.approx(wanted["error"], rel=1e-6)


def test_golden_scalar() -> None:
    """The golden scalar is an AUC; its degrees of freedom are those of a small sample."""
    case = golden("dca_nri_mi")["pool_scalar"]
    q, u = np.array(case["Q"]), np.array(case["U"])
    pooled = pool_copies(
        CopiedMeasure("calibration_slope", q, np.sqrt(u), case["n"], 0), None, drawn=0, level=0.95
    )
    assert pooled.estimate.value == pytest.approx(case["qbar"], rel=1e-8)
    assert pooled.monte_carlo_error == pytest.approx(np.sqrt(case["b"] / len(q)), rel=1e-8)
    # with Rubin's degrees of freedom the missing information is r and df of the formula alone
    r = (1 + 1 / len(q)) * case["b"] / case["ubar"]
    df = (len(q) - 1) * (1 + 1 / r) ** 2
    assert pooled.missing_information == pytest.approx((r + 2 / (df + 3)) / (r + 1), rel=1e-8)
