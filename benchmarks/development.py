"""Whole developments, honestly validated: the index of three cut-offs, and the points score."""

# mypy: disable-error-code="import-not-found,import-untyped"
# ruff: noqa: PLC0415 - a peer that is not installed must not stop the others

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cohorts import LEUKAEMIA, simulated_leukaemia, simulated_myeloma
from timing import Comparison, against, seconds

Vector = NDArray[np.float64]
RESAMPLES = 1000
RATIOS = {"nlr": "neutrophils", "mlr": "monocytes", "plr": "platelets"}

INDEX_PLAN: dict[str, object] = {
    "schema": "cartwheel-plan/1",
    "title": "Benchmark: index of three searched cut-offs (simulated)",
    "method": "index",
    "simulated": True,
    "cohort": {"id": "patient"},
    "outcome": {
        "kind": "survival",
        "event": "progression_or_death",
        "time": "pfs_months",
        "time_unit": "months",
        "horizon": 12.0,
    },
    "derived": [
        {
            "name": name,
            "numerator": f"{cells}_10_9_l_day0",
            "denominator": "lymphocytes_10_9_l_day0",
            "zero": "refuse",
        }
        for name, cells in RATIOS.items()
    ],
    "predictors": [{"column": name, "direction": "high"} for name in RATIOS],
    "index": {"cutoff": "max_log_rank", "min_fraction": 0.1, "permutations": 0},
    "resampling": {"bootstrap": RESAMPLES, "seed": 1},
}

POINTS_PLAN: dict[str, object] = {
    "schema": "cartwheel-plan/1",
    "title": "Benchmark: points score for severe CRS (simulated)",
    "method": "points",
    "simulated": True,
    "cohort": {"id": "patient"},
    "outcome": {"kind": "binary", "event": "severe_crs"},
    "predictors": [
        {"column": name, "transform": "log2" if "_day0" in name else "none"} for name in LEUKAEMIA
    ],
    "points": {"selection": "univariable", "alpha": 0.10, "penalty": "firth"},
    "resampling": {"bootstrap": RESAMPLES, "seed": 1},
}


def _ours(frame: pd.DataFrame, plan: dict[str, object]) -> float:
    from cartwheel.development.planning.plan import plan_from_dict
    from cartwheel.workflows.develop import develop

    checked = plan_from_dict(deepcopy(plan))
    return seconds(lambda: develop(frame, checked, threads=2))


def _scaled(one_resample: Callable[[np.random.Generator], object], resamples: int) -> float:
    """Time a few resamples of a slow peer and scale to all of them."""

    def work() -> None:
        random = np.random.default_rng(1)
        for _ in range(resamples):
            one_resample(random)

    return seconds(work, repeats=1 if resamples <= 20 else 3) * RESAMPLES / resamples


@cache
def _myeloma() -> tuple[pd.DataFrame, Vector, Vector, Vector]:
    frame = simulated_myeloma(197)
    lymphocytes = frame["lymphocytes_10_9_l_day0"]
    ratios = np.column_stack(
        [frame[f"{cells}_10_9_l_day0"] / lymphocytes for cells in RATIOS.values()]
    )
    time = frame["pfs_months"].to_numpy(float)
    return frame, ratios, time, frame["progression_or_death"].to_numpy(float)


def _candidates(marker: Vector) -> Vector:
    """Midpoints between neighbouring values that leave a tenth on either side."""
    values = np.unique(marker)
    low, high = np.quantile(marker, [0.1, 0.9])
    inside = values[(values >= low) & (values <= high)]
    middles: Vector = (inside[1:] + inside[:-1]) / 2
    return middles


def _cut_by_lifelines(marker: Vector, time: Vector, event: Vector) -> float:
    """What a user writes: one log-rank test for each candidate."""
    from lifelines.statistics import logrank_test

    def chi_square(cut: float) -> float:
        high = marker > cut
        return float(
            logrank_test(time[high], time[~high], event[high], event[~high]).test_statistic
        )

    return float(max(_candidates(marker), key=chi_square))


def _cut_by_numpy(marker: Vector, time: Vector, event: Vector) -> float:
    """What an expert writes: log-rank scores once, then running sums."""
    moments, at = np.unique(time, return_inverse=True)
    at_risk = time.size - np.searchsorted(np.sort(time), moments)
    hazard = np.cumsum(np.bincount(at, weights=event) / at_risk)
    scores = event - hazard[at]
    order = np.argsort(marker, kind="stable")
    below = np.cumsum(scores[order])
    n, size = np.arange(1, time.size + 1), time.size
    spread = n * (size - n) / (size * (size - 1)) * np.sum((scores - scores.mean()) ** 2)
    cuts = _candidates(marker)
    where = np.searchsorted(marker[order], cuts) - 1
    return float(cuts[np.argmax(np.abs(below[where]) / np.sqrt(spread[where]))])


def _index_resample(
    cut_of: Callable[[Vector, Vector, Vector], float], random: np.random.Generator
) -> float:
    from lifelines import CoxPHFitter
    from lifelines.utils import concordance_index

    _, ratios, time, event = _myeloma()
    rows = random.integers(0, time.size, time.size)
    cuts = [cut_of(ratios[rows, i], time[rows], event[rows]) for i in range(ratios.shape[1])]
    total = (ratios > np.array(cuts)).sum(axis=1).astype(float)
    frame = pd.DataFrame({"total": total[rows], "time": time[rows], "event": event[rows]})
    effect = CoxPHFitter().fit(frame, "time", "event").params_["total"]
    score = -effect * total
    apparent = concordance_index(time[rows], score[rows], event[rows])
    return float(apparent - concordance_index(time, score, event))


def index_of_three_cut_offs() -> list[Comparison]:
    """n = 197, three searched cut-offs, 1000 resamples of the whole development."""
    return against(
        "index of 3 cut-offs, n=197, B=1000",
        lambda: _ours(_myeloma()[0], INDEX_PLAN),
        {
            "lifelines log-rank at each cut": lambda: _scaled(
                lambda random: _index_resample(_cut_by_lifelines, random), 5
            ),
            "numpy scan + lifelines Cox and C": lambda: _scaled(
                lambda random: _index_resample(_cut_by_numpy, random), 20
            ),
        },
        "peer scaled from 5 or 20 resamples and does search, Cox and C only; ours is the whole job",
    )


def _columns() -> tuple[Vector, NDArray[np.int64]]:
    frame = simulated_leukaemia()
    x = frame[list(LEUKAEMIA)].to_numpy(float)
    laboratory = [i for i, name in enumerate(LEUKAEMIA) if "_day0" in name]
    x[:, laboratory] = np.log2(x[:, laboratory])
    return x, frame["severe_crs"].to_numpy(int)


def _total_points(x: Vector, coefficients: Vector, fitted_on: Vector) -> Vector:
    """Points by quarter of each predictor: effect at the quarter's median, largest is 10."""
    parts = []
    for i, coefficient in enumerate(coefficients):
        edges = np.unique(np.quantile(fitted_on[:, i], [0.25, 0.5, 0.75]))
        where = np.searchsorted(edges, x[:, i], side="right")
        reference = np.searchsorted(edges, fitted_on[:, i], side="right")
        centres = [
            np.median(fitted_on[reference == k, i]) if np.any(reference == k) else 0.0
            for k in range(edges.size + 1)
        ]
        effect = coefficient * np.array(centres)
        parts.append((effect - effect.min())[where])
    largest = max((part.max() for part in parts), default=1.0) or 1.0
    total: Vector = np.sum([np.round(10 * part / largest) for part in parts], axis=0)
    return total


def _points_resample(x: Vector, event: NDArray[np.int64], random: np.random.Generator) -> float:
    from firthmodels import FirthLogisticRegression
    from sklearn.metrics import roc_auc_score

    rows = random.integers(0, event.size, event.size)
    if np.unique(event[rows]).size < 2:
        return 0.0
    kept = []
    for i in range(x.shape[1]):
        if np.unique(x[rows, i]).size < 2:
            continue
        tested = FirthLogisticRegression().fit(x[rows][:, [i]], event[rows]).lrt(0)
        if tested.lrt_pvalues_[0] < 0.10:
            kept.append(i)
    if not kept:
        return 0.0
    model = FirthLogisticRegression().fit(x[rows][:, kept], event[rows])
    total = _total_points(x[:, kept], np.ravel(model.coef_), x[rows][:, kept])
    return float(roc_auc_score(event[rows], total[rows]) - roc_auc_score(event, total))


def points_score() -> list[Comparison]:
    """n = 125, 17 events, seven candidates, Firth, 1000 resamples of the whole development."""
    x, event = _columns()
    return against(
        "points, Firth, n=125, 17 events, 7 candidates, B=1000",
        lambda: _ours(simulated_leukaemia(), POINTS_PLAN),
        {"firthmodels loop": lambda: _scaled(lambda r: _points_resample(x, event, r), 30)},
        "peer scaled from 30 resamples and does selection, fit, rounding and AUC only",
    )


CASES = (index_of_three_cut_offs, points_score)
