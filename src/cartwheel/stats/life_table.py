"""At risk, events and censorings at each distinct time: what every curve without a model needs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cartwheel.stats.times import Floats, Integers, SurvivalTimes


class LifeTable(NamedTuple):
    """At risk, events and censorings at each distinct time at which somebody leaves."""

    time: Floats
    n_risk: Integers
    n_event: Integers
    n_censor: Integers


def life_table(times: SurvivalTimes, counts: Floats | None) -> LifeTable:
    """Count who is at risk, has the event and is censored at each distinct time.

    Parameters
    ----------
    times : SurvivalTimes
        The sample.
    counts : float array (n,) of whole numbers, or None
        How often each patient counts; not checked.

    Returns
    -------
    LifeTable
        Arrays (k,), times ascending.
    """
    weight = np.ones(times.n) if counts is None else counts
    weight = weight[times.order]
    starts = times.block_start[:-1]
    leaving = np.add.reduceat(weight, starts)
    deaths = np.add.reduceat(weight * times.event[times.order], starts)
    n_risk = np.cumsum(leaving[::-1])[::-1]
    present = leaving > 0.0
    whole = [np.rint(a[present]).astype(np.int64) for a in (n_risk, deaths, leaving - deaths)]
    return LifeTable(times.block_time[present], *whole)
