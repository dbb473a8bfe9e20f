"""One statistic on a million patients."""

# mypy: disable-error-code="import-not-found,import-untyped"
# ruff: noqa: PLC0415 - a peer that is not installed must not stop the others

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray

from cohorts import Survival, columns_of, survival_data
from peers import peer_seconds, r_seconds
from timing import Comparison, against, paced

Timed = Callable[[], object]
N = 1_000_000


@cache
def _data(tied: bool = True) -> tuple[Survival, NDArray[np.float64]]:
    data = survival_data(N, 1, tied=tied)
    score = data.x[:, 0] + np.random.default_rng(2).standard_normal(N)
    return data, score


def _auc_ours() -> float:
    from cartwheel.stats.delong import auc_delong

    data, score = _data()
    return paced(lambda: auc_delong(score, data.event))


def _auc_scikit_learn() -> Timed:
    from sklearn.metrics import roc_auc_score

    data, score = _data()
    return lambda: roc_auc_score(data.event, score)


def _auc_proc() -> float:
    data, score = _data()
    return r_seconds("delong", {"event": data.event.astype(np.float64), "x0": score})


def area() -> list[Comparison]:
    """AUC with DeLong's interval."""
    case = "AUC with DeLong interval, n=1e6"
    return [
        *against(case, _auc_ours, {"R pROC ci.auc": _auc_proc}),
        *against(
            case,
            _auc_ours,
            {"scikit-learn": lambda: peer_seconds(_auc_scikit_learn)},
            "no interval",
        ),
    ]


def _km_ours(tied: bool) -> float:
    from cartwheel.stats.survival import kaplan_meier, survival_times

    data, _ = _data(tied)
    return paced(lambda: kaplan_meier(survival_times(data.time, data.event)))


def _km_lifelines(tied: bool) -> Timed:
    from lifelines import KaplanMeierFitter

    data, _ = _data(tied)
    return lambda: KaplanMeierFitter().fit(data.time, data.event)


def _km_scikit_survival(tied: bool) -> Timed:
    from sksurv.nonparametric import kaplan_meier_estimator

    data, _ = _data(tied)
    event = data.event == 1
    return lambda: kaplan_meier_estimator(event, data.time, conf_type="log-log")


def _km_greenwood(tied: bool) -> Timed:
    import greenwood

    data, _ = _data(tied)
    return lambda: greenwood.KaplanMeier().fit(greenwood.Surv(data.time, event=data.event))


def _km_r(tied: bool) -> float:
    return r_seconds("survfit", columns_of(_data(tied)[0]))


def survival_curves() -> list[Comparison]:
    """Kaplan-Meier with Greenwood's errors and interval; times in days, and all distinct."""
    lines = []
    for tied in (True, False):
        python = {
            "lifelines": _km_lifelines,
            "scikit-survival": _km_scikit_survival,
            "greenwood": _km_greenwood,
        }
        lines += against(
            f"Kaplan-Meier with interval, n=1e6, {'tied' if tied else 'continuous'}",
            partial(_km_ours, tied),
            {name: partial(peer_seconds, partial(peer, tied)) for name, peer in python.items()}
            | {"R survfit": partial(_km_r, tied)},
        )
    return lines


def _groups(tied: bool) -> NDArray[np.int64]:
    return (_data(tied)[1] > 0).astype(np.int64)


def _log_rank_ours(tied: bool) -> float:
    from cartwheel.stats.log_rank import log_rank
    from cartwheel.stats.survival import survival_times

    data, group = _data(tied)[0], _groups(tied)
    return paced(lambda: log_rank(survival_times(data.time, data.event), group))


def _log_rank_lifelines(tied: bool) -> Timed:
    from lifelines.statistics import logrank_test

    data, high = _data(tied)[0], _groups(tied) == 1
    return lambda: logrank_test(
        data.time[high], data.time[~high], data.event[high], data.event[~high]
    )


def _log_rank_scikit_survival(tied: bool) -> Timed:
    from sksurv.compare import compare_survival

    data, group = _data(tied)[0], _groups(tied)
    outcome = np.empty(N, dtype=[("event", "?"), ("time", "<f8")])
    outcome["event"], outcome["time"] = data.event == 1, data.time
    return lambda: compare_survival(outcome, group)


def _log_rank_greenwood(tied: bool) -> Timed:
    import greenwood

    data, group = _data(tied)[0], _groups(tied)
    return lambda: greenwood.logrank_test(greenwood.Surv(data.time, event=data.event), group)


def _log_rank_r(tied: bool) -> float:
    group = {"group": _groups(tied).astype(np.float64)}
    return r_seconds("survdiff", columns_of(_data(tied)[0]) | group)


def log_rank_tests() -> list[Comparison]:
    """Log-rank test of two groups."""
    lines = []
    for tied in (True, False):
        python = {
            "lifelines": _log_rank_lifelines,
            "scikit-survival": _log_rank_scikit_survival,
            "greenwood": _log_rank_greenwood,
        }
        lines += against(
            f"log-rank test, n=1e6, {'tied' if tied else 'continuous'}",
            partial(_log_rank_ours, tied),
            {name: partial(peer_seconds, partial(peer, tied)) for name, peer in python.items()}
            | {"R survdiff": partial(_log_rank_r, tied)},
        )
    return lines


def _c_ours(with_error: bool) -> float:
    from cartwheel.stats.concordance import concordance, harrell_concordance
    from cartwheel.stats.survival import survival_times

    data, score = _data()
    measure = harrell_concordance if with_error else concordance
    return paced(lambda: measure(survival_times(data.time, data.event), score))


def _c_lifelines() -> Timed:
    from lifelines.utils import concordance_index

    data, score = _data()
    return lambda: concordance_index(data.time, -score, data.event)


def _c_scikit_survival() -> Timed:
    from sksurv.metrics import concordance_index_censored

    data, score = _data()
    event = data.event == 1
    return lambda: concordance_index_censored(event, data.time, score)


def _c_greenwood() -> Timed:
    import greenwood

    data, score = _data()
    outcome = greenwood.Surv(data.time, event=data.event)
    return lambda: greenwood.concordance_index(outcome, score)


def _c_r() -> float:
    data, score = _data()
    return r_seconds("concordance", columns_of(data) | {"x0": score})


def concordances() -> list[Comparison]:
    """Harrell's C, without and with its standard error."""
    python = {
        "lifelines": _c_lifelines,
        "scikit-survival": _c_scikit_survival,
        "greenwood": _c_greenwood,
    }
    return [
        *against(
            "C-index, n=1e6",
            partial(_c_ours, False),
            {name: partial(peer_seconds, peer) for name, peer in python.items()},
        ),
        *against(
            "C-index with standard error, n=1e6",
            partial(_c_ours, True),
            {"R survival concordance": _c_r},
        ),
    ]


CASES = (area, survival_curves, log_rank_tests, concordances)
