"""Bootstrap intervals of reclassification and discrimination improvement, with censoring.

The faults named in ``reclassification`` hold here too, and an interval does not mend them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cartwheel.errors import NotEstimable, refuse
from cartwheel.estimate import Estimate
from cartwheel.stats.descriptive import normal_quantile, quantiles
from cartwheel.stats.distributed import in_order
from cartwheel.stats.integrated_brier import checked_risk
from cartwheel.stats.reclassification_survival import (
    SurvivalImprovement,
    SurvivalReclassification,
    discrimination_improvement_survival,
    net_reclassification_survival,
)
from cartwheel.stats.resample import default_threads, resample_multiplicities, usable
from cartwheel.stats.times import Floats, SurvivalTimes

# from multiplicities (n,) to the old and the new risk of every patient
Refit = Callable[[Floats], tuple[ArrayLike, ArrayLike]]


@dataclass(frozen=True, slots=True)
class PercentileBootstrap:
    """How an interval is to be had from resamples of the patients.

    Parameters
    ----------
    seed : int
        Seed; the same seed gives the same interval for any number of threads.
    resamples : int
        At least 100; 1000 or more for an interval that is quoted.
    level : float
        Coverage, in (0, 1).
    threads : int, optional
        Default: as many as help.
    """

    seed: int
    resamples: int = 1000
    level: float = 0.95
    threads: int | None = None


@dataclass(frozen=True, slots=True)
class SurvivalReclassificationIntervals:
    """Reclassification and improvement for an event by a horizon, each with its interval.

    Parameters
    ----------
    nri, nri_events, nri_nonevents : Estimate
        As in ``SurvivalReclassification``.
    idi, higher, median : Estimate
        As in ``SurvivalImprovement``.
    resamples : int
        Drawn.
    failures : tuple of (str, int)
        Reasons why resamples could not be used, with counts; they are left out.
    """

    nri: Estimate
    nri_events: Estimate
    nri_nonevents: Estimate
    idi: Estimate
    higher: Estimate
    median: Estimate
    resamples: int
    failures: tuple[tuple[str, int], ...]


def reclassification_intervals(
    times: SurvivalTimes,
    risks: tuple[ArrayLike, ArrayLike] | Refit,
    horizon: float,
    bootstrap: PercentileBootstrap,
    *,
    cuts: ArrayLike | None = None,
    estimator: str = "km",
) -> SurvivalReclassificationIntervals:
    """Estimate reclassification for an event by a horizon, with percentile intervals.

    Parameters
    ----------
    times : SurvivalTimes
        The sample.
    risks : two arrays (n,), 0-1, or a function
        Old and new risk of the event by the horizon, where both models come from other patients.
        Where they were made from these, a function of multiplicities (n,) that makes both models
        on that resample and gives everybody's two risks; risks held fixed would make the interval
        too narrow. It must be safe to call from several threads.
    horizon : float, unit of the times
        Within follow-up.
    bootstrap : PercentileBootstrap
        Resamples, seed and level.
    cuts : array, optional
        Bounds of risk categories; without them any change counts.
    estimator : {"km", "ipw"}
        Of the net reclassification.

    Returns
    -------
    SurvivalReclassificationIntervals

    Raises
    ------
    NotEstimable
        What ``net_reclassification_survival`` refuses on all patients; fewer than 100 resamples, or
        fewer than half of them usable.

    Notes
    -----
    Patients are drawn with replacement; limits are quantiles of type 7. Refitted estimates keep
    their optimism: each model is measured in the resample it was made on, as in R ``nricens``.

    References
    ----------
    Efron B, Tibshirani RJ 1993, doi:10.1201/9780429246593. Pencina et al. 2011, doi
    10.1002/sim.4085.
    """
    normal_quantile(bootstrap.level)
    if bootstrap.resamples < 100:
        raise refuse(
            NotEstimable, "resamples", "percentiles need 100 resamples or more", where="bootstrap"
        )
    refit: Refit
    if callable(risks):
        refit = risks
    else:
        fixed = checked_risk(times.n, risks[0]), checked_risk(times.n, risks[1])

        def refit(_: Floats) -> tuple[ArrayLike, ArrayLike]:
            return fixed

    def measured(multiplicity: Floats) -> Floats:
        old, new = refit(multiplicity)
        moved = net_reclassification_survival(
            times,
            old,
            new,
            horizon,
            cuts=cuts,
            estimator=estimator,
            multiplicity=multiplicity,
        )
        rise = discrimination_improvement_survival(
            times, old, new, horizon, multiplicity=multiplicity
        )
        return _numbers(moved, rise)

    draw = resample_multiplicities(times.n, bootstrap.seed, bootstrap.resamples)

    def one(index: int) -> Floats | str:
        try:
            return measured(draw(index))
        except NotEstimable as reason:
            return reason.problems[0].code

    point = measured(np.ones(times.n))
    threads = bootstrap.threads or default_threads(times.n)
    done, failures = usable(in_order(one, bootstrap.resamples, threads=threads))
    if 2 * len(done) < bootstrap.resamples:
        raise refuse(
            NotEstimable,
            "resamples_failed",
            f"{bootstrap.resamples - len(done)} of {bootstrap.resamples} resamples could not be "
            "used",
            mend="an earlier horizon, or simpler models",
        )
    tail = (1.0 - bootstrap.level) / 2.0
    limits = [quantiles(column, [tail, 1.0 - tail]).tolist() for column in np.array(done).T]
    way = "models refitted" if callable(risks) else "risks held fixed"
    method = f"bootstrap percentiles, {len(done)} resamples, {way}"
    events = int(np.count_nonzero(times.event))
    estimates = [
        Estimate(float(value), low, high, bootstrap.level, method, times.n, events)
        for value, (low, high) in zip(point, limits, strict=True)
    ]
    nri, nri_events, nri_nonevents, idi, higher, median = estimates
    return SurvivalReclassificationIntervals(
        nri, nri_events, nri_nonevents, idi, higher, median, bootstrap.resamples, failures
    )


def _numbers(moved: SurvivalReclassification, rise: SurvivalImprovement) -> Floats:
    return np.array(
        [
            *(moved.nri, moved.nri_events, moved.nri_nonevents),
            *(rise.idi, rise.higher, rise.median),
        ]
    )
