"""Drift of calibration while outcomes mature: who is not followed so far counts as censored."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from cartwheel.errors import NotEstimable, PlanRefused, refuse
from cartwheel.estimate import Estimate
from cartwheel.stats.calibration_over_time import observed_by_horizon
from cartwheel.stats.competing_times import competing_times
from cartwheel.stats.descriptive import normal_quantile
from cartwheel.stats.survival import survival_times
from cartwheel.watch.drift_rows import CalibrationDrift, DriftPlan, Predicted, is_reference


def calibration_drift(
    plan: DriftPlan, predicted: Iterable[Predicted]
) -> tuple[CalibrationDrift, ...]:
    """Compare risks with what followed, by centre and period.

    Parameters
    ----------
    plan : DriftPlan
        How.
    predicted : iterable of Predicted
        In any order; one of a patient in each period.

    Returns
    -------
    tuple of CalibrationDrift
        By centre, period and target.

    Raises
    ------
    PlanRefused
        ``horizon_missing``.
    NotEstimable
        ``predicted_twice``, ``risk_range``.
    """
    cells: dict[tuple[str, str, str], dict[str, Predicted]] = {}
    for one in predicted:
        if one.target not in plan.horizons:
            mend = f"say its horizon, or leave the risks of {one.target} out"
            raise refuse(PlanRefused, "horizon_missing", "a risk without its horizon", mend=mend)
        if not 0.0 <= one.risk <= 1.0:
            what, mend = (
                f"a risk of {one.target} is not from 0 to 1",
                "give shares, not percentages",
            )
            raise refuse(NotEstimable, "risk_range", what, mend=mend)
        cell = cells.setdefault((one.centre, one.period, one.target), {})
        if one.patient in cell:
            mend = "take one risk of each patient in each period, such as the first"
            raise refuse(NotEstimable, "predicted_twice", "a patient would count twice", mend=mend)
        cell[one.patient] = one
    return tuple(
        _calibration_row(plan, key, [cells[key][one] for one in sorted(cells[key])])
        for key in sorted(cells)
    )


def _calibration_row(
    plan: DriftPlan, key: tuple[str, str, str], several: Sequence[Predicted]
) -> CalibrationDrift:
    horizon = plan.horizons[key[2]]
    row = CalibrationDrift(*key, is_reference(plan, key[1]), horizon)
    if len(several) < plan.least:
        return replace(row, withheld=True)
    ripe = sum(one.time >= horizon or one.cause > 0 for one in several)
    expected = math.fsum(one.risk for one in several) / len(several)
    observed, error = _observed(plan, several, horizon)
    return replace(
        row,
        patients=len(several),
        ripe=ripe / len(several),
        expected=expected,
        observed=observed,
        ratio=_ratio(plan, observed, error, expected),
    )


def _observed(
    plan: DriftPlan, several: Sequence[Predicted], horizon: float
) -> tuple[Estimate, float]:
    time, cause = np.array([one.time for one in several]), np.array([one.cause for one in several])
    competing = bool((cause > 1).any())
    method = "Aalen-Johansen" if competing else "one minus Kaplan-Meier"
    if competing and not (cause == 1).any():
        followed = float(time.max()) >= horizon
        value = 0.0 if followed else None
        return Estimate(value, method=f"{method}; no event yet", n=len(several), events=0), 0.0
    times = competing_times(time, cause) if competing else survival_times(time, cause)
    last = float(time.max())
    if last < horizon and (cause[time == last] > 0).all():
        # nobody is left without an event: the curve goes on as it is
        horizon = last
    try:
        risk, error, events = observed_by_horizon(times, horizon)
    except NotEstimable as refused:
        if refused.problems[0].code != "horizon_range":
            raise
        return Estimate(None, method=f"{method}; nobody is followed so far", n=len(several)), 0.0
    if not 0.0 < risk < 1.0 or not error > 0.0:
        method = f"{method}; no interval where nobody or everybody has the event"
        return Estimate(risk, method=method, n=len(several), events=events), 0.0
    reach = normal_quantile(plan.level) * error
    low, high = max(0.0, risk - reach), min(1.0, risk + reach)
    method = f"{method}, Wald interval cut to 0 to 1"
    return Estimate(risk, low, high, plan.level, method, len(several), events), error


def _ratio(plan: DriftPlan, observed: Estimate, error: float, expected: float) -> Estimate:
    n, events = observed.n, observed.events
    if observed.value is None or not expected > 0.0:
        why = (
            "no event was predicted" if observed.value is not None else "nobody is followed so far"
        )
        return Estimate(None, method=f"observed over expected; {why}", n=n, events=events)
    ratio = observed.value / expected
    if not error > 0.0:
        method = "observed over expected; no interval where nobody or everybody has the event"
        return Estimate(ratio, method=method, n=n, events=events)
    reach = math.exp(normal_quantile(plan.level) * error / observed.value)
    method = "observed divided by mean predicted risk, interval on the log scale"
    return Estimate(ratio, ratio / reach, ratio * reach, plan.level, method, n, events)
