"""Whole validations: three scores with a thousand resamples, a large cohort, imputation nested."""

# mypy: disable-error-code="import-not-found,import-untyped"
# ruff: noqa: PLC0415 - what is timed is loaded when it is timed

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from timing import Comparison, against, paced, table

PATIENTS, LARGE = 200, 100_000
MISSING = 0.15


def _cohort(n: int, missing: float = 0.0) -> pd.DataFrame:
    """Simulated patients: two markers, severe CRS, and time to progression."""
    rng = np.random.default_rng(8)
    ferritin = np.exp(rng.normal(6.5, 1.2, n)).round(0)
    crp = np.exp(rng.normal(2.5, 1.0, n)).round(1)
    line = -1.8 + 0.5 * (np.log2(ferritin) - 9.0) + 0.4 * (np.log2(crp + 0.1) - 3.0)
    time, followed = rng.exponential(14.0 * np.exp(-0.35 * line)), rng.uniform(3.0, 40.0, n)
    frame = pd.DataFrame(
        {
            "ferritin_ug_l_day0": ferritin,
            "crp_mg_l_day0": crp,
            "severe": (rng.random(n) < 1.0 / (1.0 + np.exp(-line))).astype(int),
            "pfs_months": np.minimum(time, followed).round(2) + 0.01,
            "progressed": (time <= followed).astype(int),
        }
    )
    for column in ("ferritin_ug_l_day0", "crp_mg_l_day0"):
        frame.loc[rng.random(n) < missing, column] = np.nan
    return frame


def _outcome(kind: str) -> dict[str, Any]:
    if kind == "binary":
        return {"event": "severe"}
    return {
        "event": "progressed",
        "kind": "survival",
        "time": "pfs_months",
        "time_unit": "months",
        "horizon": 12.0,
    }


@cache
def _score(kind: str) -> Any:
    import cartwheel as cw

    plan = {
        "method": "points",
        "simulated": True,
        "outcome": _outcome(kind),
        "predictors": [
            {"column": "ferritin_ug_l_day0", "direction": "high"},
            {"column": "crp_mg_l_day0", "direction": "high"},
        ],
        "resampling": {"bootstrap": 5},
    }
    return cw.develop(_cohort(400), plan).score


def _validated(kind: str, n: int, scores: int, bootstrap: int, missing: float = 0.0) -> float:
    from cartwheel.workflows.validate import validate

    frame, spec = _cohort(n, missing), _score(kind)
    plan: dict[str, Any] = {
        "simulated": True,
        "outcome": _outcome(kind),
        "scores": [{"score": "it", "name": f"score {place + 1}"} for place in range(scores)],
        "resampling": {"bootstrap": bootstrap},
    }
    if missing:
        plan |= {"missing": "impute", "imputation": {"imputations": 20, "resamples": 500}}
    return paced(lambda: validate(frame, plan, scores={"it": spec}))


def _lines(
    text: str, n: int, scores: int, bootstrap: int, missing: float = 0.0
) -> list[Comparison]:
    return [
        line
        for kind in ("binary", "survival")
        for line in against(
            f"validate, {kind}, {text}",
            lambda kind=kind: _validated(kind, n, scores, bootstrap, missing),  # type: ignore[misc]
            {},
            "no peer does all of it",
        )
    ]


def resampled() -> list[Comparison]:
    """Everything that validate tells of three scores, n = 200, B = 1000."""
    return _lines(f"three scores, n={PATIENTS}, B=1000, everything", PATIENTS, 3, 1000)


def many() -> list[Comparison]:
    """One score in 100,000 patients, no resamples."""
    return _lines(f"one score, n={LARGE}, no resamples, everything", LARGE, 1, 0)


def imputed() -> list[Comparison]:
    """Missing inputs imputed twenty times, anew in each of 500 resamples."""
    return _lines(f"n={PATIENTS}, imputed m=20 in B=500, and B=1000", PATIENTS, 1, 1000, MISSING)


CASES = (resampled, many, imputed)


if __name__ == "__main__":
    print(table([line for case in CASES for line in case()]))
