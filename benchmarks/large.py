"""One statistic on a million patients."""

# ruff: noqa: PLC0415 - a peer that is not installed must not stop the others

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from cohorts import Survival, survival_data
from timing import Comparison, against, seconds

N = 1_000_000


@cache
def _data() -> tuple[Survival, NDArray[np.float64]]:
    data = survival_data(N, 1)
    score = data.x[:, 0] + np.random.default_rng(2).standard_normal(N)
    return data, score


def _auc_ours() -> float:
    from cartwheel.stats.roc import auc_delong

    data, score = _data()
    return seconds(lambda: auc_delong(score, data.event), repeats=3)


def _auc_scikit_learn() -> float:
    from sklearn.metrics import roc_auc_score

    data, score = _data()
    return seconds(lambda: roc_auc_score(data.event, score), repeats=3)


def _km_ours() -> float:
    from cartwheel.stats.survival import kaplan_meier, survival_times

    data, _ = _data()
    return seconds(lambda: kaplan_meier(survival_times(data.time, data.event)), repeats=3)


def _km_lifelines() -> float:
    from lifelines import KaplanMeierFitter

    data, _ = _data()
    return seconds(lambda: KaplanMeierFitter().fit(data.time, data.event), repeats=3)


def _km_scikit_survival() -> float:
    from sksurv.nonparametric import kaplan_meier_estimator

    data, _ = _data()
    event = data.event == 1
    return seconds(lambda: kaplan_meier_estimator(event, data.time, conf_type="log-log"), repeats=3)


def _c_ours() -> float:
    from cartwheel.stats.concordance import concordance
    from cartwheel.stats.survival import survival_times

    data, score = _data()
    return seconds(lambda: concordance(survival_times(data.time, data.event), score), repeats=3)


def _c_lifelines() -> float:
    from lifelines.utils import concordance_index

    data, score = _data()
    return seconds(lambda: concordance_index(data.time, -score, data.event), repeats=1)


def million_patients() -> list[Comparison]:
    """AUC with DeLong's variance, Kaplan-Meier with interval, concordance; n = 1,000,000."""
    return [
        *against(
            "AUC with DeLong interval, n=1e6",
            _auc_ours,
            {"scikit-learn": _auc_scikit_learn},
            "peer gives no interval",
        ),
        *against(
            "Kaplan-Meier with interval, n=1e6",
            _km_ours,
            {"lifelines": _km_lifelines, "scikit-survival": _km_scikit_survival},
        ),
        *against("concordance, n=1e6", _c_ours, {"lifelines": _c_lifelines}),
    ]


CASES = (million_patients,)
