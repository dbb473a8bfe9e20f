"""What the estimation of censoring weights adds to the error of what they weigh."""

from __future__ import annotations

import numpy as np

from cartwheel.stats.times import Floats, SurvivalTimes


def censoring_influence(
    times: SurvivalTimes, at_event: Floats, at_horizon: float, horizon: float
) -> Floats:
    """Influence of each patient, through the censoring curve G, on a weighted sum.

    Parameters
    ----------
    times : SurvivalTimes
        The sample.
    at_event : float array (n,), patient order
        Summands that carry 1 / G(T-); 0 for other patients.
    at_horizon : float
        Sum of the summands that carry 1 / G(horizon).
    horizon : float, unit of the times
        Censorings beyond it do not matter.

    Returns
    -------
    float array (n,), patient order
        To be added to n times the patient's own summand, minus the sum.

    Notes
    -----
    n times the integral over u <= horizon of R(u) dM_k(u) / Y(u): R(u) sums what is weighted for
    staying uncensored beyond u, M_k is the censoring martingale of patient k and Y counts those
    with T >= u. Takes G as exp(-Nelson-Aalen), as riskRegression and timeROC do; tied times are
    one time, so the order of rows does not matter.

    References
    ----------
    Blanche, Dartigues and Jacqmin-Gadda 2013, doi 10.1002/sim.5958.
    """
    starts = times.block_start[:-1]
    n = times.n
    at_risk = (n - starts).astype(np.float64)
    censored = np.add.reduceat((times.event[times.order] == 0).astype(np.float64), starts)
    passed = np.cumsum(np.add.reduceat(at_event[times.order], starts))
    weighted = float(passed[-1]) - passed + at_horizon
    open_still = times.block_time <= horizon + times.tolerance
    ratio = np.where(open_still, weighted / at_risk, 0.0)
    compensator = np.cumsum(ratio * censored / at_risk)
    by_row = np.repeat(compensator, np.diff(times.block_start))
    own = np.repeat(ratio, np.diff(times.block_start))
    influence = np.empty(n)
    influence[times.order] = n * (np.where(times.event[times.order] == 0, own, 0.0) - by_row)
    return influence
