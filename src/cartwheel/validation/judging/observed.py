"""Observed risk of a group of patients, and who stands for whom at the horizon."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cartwheel.errors import NotEstimable, refuse
from cartwheel.estimate import Estimate
from cartwheel.stats.competing import aalen_johansen
from cartwheel.stats.descriptive import exact_interval
from cartwheel.stats.survival import horizon_weights, kaplan_meier
from cartwheel.stats.times import SurvivalTimes
from cartwheel.validation.analysed import Target
from cartwheel.validation.judging.timed_points import EVENT, WHOLE

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

EXACT = "exact (Clopper-Pearson) interval"


@dataclass(frozen=True, slots=True, eq=False)
class AtHorizon:
    """Patients as cases and controls at the horizon, weighted for those censored before.

    Parameters
    ----------
    case, control : float array (n,)
        Weight of patients with the event by the horizon, and of those without: followed beyond it,
        or with another event before. Both 0 for those censored by the horizon.
    beyond : bool array (n,)
        Followed beyond the horizon.
    complete : bool
        False where the weights do not stand for everybody: nobody is followed beyond the horizon.
    """

    case: Floats
    control: Floats
    beyond: Mask
    complete: bool


def timed(target: Target) -> tuple[SurvivalTimes, float]:
    """Give times and horizon of an outcome that has them.

    Parameters
    ----------
    target : Target
        Survival or competing.

    Returns
    -------
    times : SurvivalTimes
    horizon : float

    Raises
    ------
    NotEstimable
        ``horizon_range`` where there are none.
    """
    if target.times is None or target.horizon is None:
        raise refuse(NotEstimable, "horizon_range", "times need a horizon", where="horizon")
    return target.times, target.horizon


def at_horizon(target: Target) -> AtHorizon:
    """Weigh the patients whose status at the horizon is known.

    Parameters
    ----------
    target : Target
        Survival or competing.

    Returns
    -------
    AtHorizon

    Notes
    -----
    1 / G(T-) for events by the horizon, 1 / G(horizon) for those followed beyond it; G is the
    Kaplan-Meier curve of censoring in all patients, events first at tied times. The weights add up
    to n. A patient with another event by the horizon is a control: Blanche's definition ii, and
    that of riskRegression.

    References
    ----------
    Blanche, Dartigues and Jacqmin-Gadda 2013, doi 10.1002/sim.5958.
    """
    times, horizon = timed(target)
    event_weight, free_weight = horizon_weights(times, horizon)
    case = np.where(target.event == 1, event_weight, 0.0)
    control = free_weight + (event_weight - case)
    whole = float(case.sum() + control.sum()) > WHOLE * target.n
    return AtHorizon(case, control, free_weight > 0.0, whole)


def event_by_horizon(target: Target) -> Mask:
    """Mark patients with the event, for times by the horizon.

    Parameters
    ----------
    target : Target
        The outcome.

    Returns
    -------
    bool array (n,)
    """
    happened = target.event == 1
    if target.kind == "binary":
        return np.asarray(happened)
    times, horizon = timed(target)
    return np.asarray(happened & (times.time <= horizon + times.tolerance))


def observed_risk(target: Target, members: Mask, level: float) -> Estimate | None:
    """Observed risk of a group of patients.

    Parameters
    ----------
    target : Target
        The outcome.
    members : bool array (n,)
        The group.
    level : float
        Coverage, in (0, 1).

    Returns
    -------
    Estimate or None
        0-1; None for a group without patients. Its value is None where follow-up of the group ends
        before the horizon. ``events`` are those by the horizon.

    Notes
    -----
    Binary: proportion with the exact interval. Survival: 1 minus Kaplan-Meier, log interval, as R
    ``survfit``. Competing risks: Aalen-Johansen, log interval with the infinitesimal jackknife.
    Where nobody or everybody has the event these have no interval; then it is the exact one of
    those whose status at the horizon is known.
    """
    n = int(np.count_nonzero(members))
    if not n:
        return None
    happened = event_by_horizon(target) & members
    events = int(np.count_nonzero(happened))
    if target.kind == "binary":
        low, high = exact_interval(events, n, level)
        return Estimate(events / n, low, high, level, f"proportion, {EXACT}", n, events)
    times, horizon = timed(target)
    known = members & ((times.time >= horizon - times.tolerance) | (times.event == 1))
    reached = members & (times.time >= horizon - times.tolerance)
    if not reached.any() and not bool(known[members].all()):
        last = float(times.time[members].max())
        method = f"not estimable: follow-up of the group ends at {last:g}, before the horizon"
        return Estimate(None, method=method, n=n, events=events)
    count = int(np.count_nonzero(known))
    if events in (0, count):
        low, high = exact_interval(events, count, level)
        method = f"{EXACT} of the {count} whose status at the horizon is known"
        return Estimate(float(events > 0), low, high, level, method, n, events)
    return replace(_from_curve(target, members, level), n=n, events=events)


def _from_curve(target: Target, members: Mask, level: float) -> Estimate:
    part = target.subset(np.flatnonzero(members))
    times, horizon = timed(part)
    # one who is followed to within the rounding of times is followed to the horizon
    moment = min(horizon, max(float(times.block_time[-1]), horizon - times.tolerance))
    if part.competing is not None:
        return aalen_johansen(part.competing, level=level).at(moment, EVENT)
    free = kaplan_meier(times, level=level).at(moment)
    assert free.value is not None
    return Estimate(
        1.0 - free.value,
        None if free.high is None else 1.0 - free.high,
        None if free.low is None else 1.0 - free.low,
        level,
        "1 - Kaplan-Meier at the horizon, log interval (Greenwood)",
    )


def moment_said(target: Target) -> str:
    """Say by when events are counted.

    Parameters
    ----------
    target : Target
        The outcome.

    Returns
    -------
    str
        Such as `` by 12 months``, with the space before it; empty without a horizon.
    """
    if target.horizon is None:
        return ""
    return f" by {target.horizon:g} {target.time_unit or ''}".rstrip()
