"""Fine-Gray, Firth with profile intervals, and discrimination at a horizon."""

# mypy: disable-error-code="import-not-found,import-untyped"
# ruff: noqa: PLC0415 - a peer that is not installed must not stop the others

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cohorts import (
    LEUKAEMIA,
    Competing,
    Survival,
    columns_of,
    competing_data,
    simulated_leukaemia,
    survival_data,
)
from peers import peer_seconds, r_seconds
from timing import Comparison, against, paced

Timed = Callable[[], object]
Vector = NDArray[np.float64]
HORIZONS = np.array([180.0, 365.0, 540.0])  # also in peers.R


def _auc_ours(data: Survival) -> float:
    from cartwheel.stats.survival import survival_times
    from cartwheel.stats.time_dependent import time_dependent_auc

    return paced(
        lambda: time_dependent_auc(survival_times(data.time, data.event), data.x[:, 0], HORIZONS)
    )


def _auc_scikit_survival(data: Survival) -> Timed:
    from sksurv.metrics import cumulative_dynamic_auc

    outcome = np.empty(data.time.size, dtype=[("event", "?"), ("time", "<f8")])
    outcome["event"], outcome["time"] = data.event == 1, data.time
    return lambda: cumulative_dynamic_auc(outcome, outcome, data.x[:, 0], HORIZONS)


def _auc_greenwood(data: Survival) -> Timed:
    import greenwood

    outcome = greenwood.Surv(data.time, event=data.event)
    return lambda: greenwood.time_dependent_auc(outcome, data.x[:, 0], HORIZONS)


def time_dependent_areas() -> list[Comparison]:
    """Cumulative/dynamic AUC at three horizons, with intervals that allow for censoring."""
    lines = []
    for n in (1_000, 100_000):
        data = survival_data(n, 1)
        case, ours = f"time-dependent AUC, 3 horizons, n={n:,}", partial(_auc_ours, data)
        peer = {"R riskRegression Score": partial(r_seconds, "score", columns_of(data))}
        lines += against(f"{case}, with intervals", ours, peer)
        without = {"scikit-survival": _auc_scikit_survival, "greenwood": _auc_greenwood}
        lines += against(
            f"{case}, with intervals",
            ours,
            {name: partial(peer_seconds, partial(work, data)) for name, work in without.items()},
            "peer gives no interval",
        )
    return lines


def _fine_gray_ours(data: Competing) -> float:
    from cartwheel.stats.competing_times import competing_times
    from cartwheel.stats.fine_gray import fine_gray

    return paced(lambda: fine_gray(competing_times(data.time, data.cause), data.x))


def _fine_gray_comprisk(data: Competing) -> Timed:
    from comprisk import FineGrayRegression

    return lambda: FineGrayRegression(cause=1, robust_se=True).fit(
        data.x, time=data.time, event=data.cause
    )


def _fine_gray_greenwood(data: Competing) -> Timed:
    import greenwood

    cause = pd.Categorical(
        np.array(["none", "event", "other"])[data.cause], ["none", "event", "other"]
    )
    outcome = greenwood.Surv(data.time, event=cause)
    return lambda: greenwood.FineGray("event").fit(outcome, data.x)


def fine_gray_fits() -> list[Comparison]:
    """Fine-Gray with standard errors that allow for estimated censoring weights."""
    lines = []
    for n in (2_000, 100_000):
        data = competing_data(n, 5)
        python = {"comprisk": _fine_gray_comprisk, "greenwood": _fine_gray_greenwood}
        lines += against(
            f"Fine-Gray, n={n:,}, p=5",
            partial(_fine_gray_ours, data),
            {
                "R cmprsk crr": partial(r_seconds, "crr", columns_of(data)),
                "R survival finegray + coxph": partial(r_seconds, "finegray", columns_of(data)),
            }
            | {name: partial(peer_seconds, partial(peer, data)) for name, peer in python.items()},
        )
    return lines


def rare_event() -> tuple[Vector, NDArray[np.int64]]:
    """Seven candidates, laboratory values as log2 in standard deviations, and 17 events of 125."""
    frame = simulated_leukaemia()
    x = frame[list(LEUKAEMIA)].to_numpy(float)
    laboratory = [i for i, name in enumerate(LEUKAEMIA) if "_day0" in name]
    x[:, laboratory] = np.log2(x[:, laboratory])
    x[:, laboratory] = (x - x.mean(axis=0))[:, laboratory] / x.std(axis=0)[laboratory]
    return np.ascontiguousarray(x), frame["severe_crs"].to_numpy(np.int64)


def _firth_ours() -> float:
    from cartwheel.stats.firth import firth_table

    x, event = rare_event()
    return paced(lambda: firth_table(x, event))


def _firth_firthmodels() -> Timed:
    from firthmodels import FirthLogisticRegression

    x, event = rare_event()

    def work() -> object:
        return FirthLogisticRegression().fit(x, event).lrt().conf_int(method="pl")

    work()  # compiles, for half a minute
    return work


def _firth_logistf() -> float:
    x, event = rare_event()
    columns = {f"x{i}": column for i, column in enumerate(x.T)}
    return r_seconds("logistf", {"event": event.astype(np.float64)} | columns)


def firth_fits() -> list[Comparison]:
    """Firth's logistic regression, profile interval and penalised test of every coefficient."""
    return against(
        "Firth with profile intervals, n=125, p=7",
        _firth_ours,
        {"firthmodels": lambda: peer_seconds(_firth_firthmodels), "R logistf": _firth_logistf},
    )


CASES = (time_dependent_areas, fine_gray_fits, firth_fits)
