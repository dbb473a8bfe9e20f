"""Is the cumulative baseline hazard at a horizon what a given model says? A likelihood ratio."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.times import Floats, SurvivalTimes, kernel_counts

# of the multiplier, which is of the size of the numbers at risk
_ABSOLUTE, _RELATIVE = 1e-11, 1e-14


def efron_denominators(
    times: SurvivalTimes,
    linear_predictor: Floats,
    horizon: float,
    multiplicity: NDArray[np.generic] | None = None,
) -> Floats:
    """Sums of relative hazards at risk, one for each event by the horizon.

    Parameters
    ----------
    times : SurvivalTimes
        The sample.
    linear_predictor : float array (n,), patient order
        Log relative hazards, below 700.
    horizon : float, unit of the times
        Events later than this are left out.
    multiplicity : array (n,), optional
        How often each patient counts; not checked.

    Returns
    -------
    float array (events,)
        Under tied events Efron's: the k-th of d events has k / d of their own hazards taken away.
        The sum of their inverses is ``baseline_hazard_at``.
    """
    counts = kernel_counts(multiplicity)
    weight = np.ones(times.n) if counts is None else counts
    weight = weight[times.order]
    risk = weight * np.exp(linear_predictor[times.order])
    happened = times.event[times.order].astype(np.float64)
    starts = times.block_start[:-1]
    at_risk = np.cumsum(risk[::-1])[::-1][starts]
    deaths = np.add.reduceat(weight * happened, starts)
    dying = np.add.reduceat(risk * happened, starts)
    wanted = (times.block_time <= horizon + times.tolerance) & (deaths > 0)
    copies = np.rint(deaths[wanted]).astype(np.int64)
    place = np.arange(int(copies.sum())) - np.repeat(np.cumsum(copies) - copies, copies)
    part = place / np.repeat(copies, copies)
    found: Floats = np.repeat(at_risk[wanted], copies) - part * np.repeat(dying[wanted], copies)
    return found


def baseline_ratio_test(
    times: SurvivalTimes,
    linear_predictor: Floats,
    horizon: float,
    multiplicity: NDArray[np.generic] | None = None,
) -> float:
    """Test that the cumulative baseline hazard at a horizon is 1, given the relative hazards.

    With ``linear_predictor`` = log(-log(1 - risk at the horizon)) it asks whether the predicted
    risks are right in the large. Added to a likelihood ratio of relative hazards (which says
    nothing of the baseline) it gives the likelihood ratio of both together.

    Parameters
    ----------
    times : SurvivalTimes
        The sample.
    linear_predictor : float array (n,), patient order
        Log cumulative hazard that is predicted at the horizon.
    horizon : float, unit of the times
        Within follow-up.
    multiplicity : array (n,), optional
        How often each patient counts; not checked.

    Returns
    -------
    float
        Likelihood-ratio chi-square on one degree of freedom.

    Raises
    ------
    NotEstimable
        ``no_events`` by the horizon.

    Notes
    -----
    Nonparametric likelihood of a cumulative hazard H with a jump at each event: the sum of log dH
    minus Y dH, Y the sum of relative hazards at risk. Without restriction dH = 1 / Y; under H = 1
    at the horizon dH = 1 / (Y + c), and the ratio is 2 sum(log(1 + c / Y) - c / (Y + c)). Given the
    relative hazards, this likelihood times the partial likelihood is the whole one, so the two
    chi-squares add up.

    References
    ----------
    Pan XR, Zhou M 2002, doi 10.1006/jmva.2000.1977. Murphy SA 1995,
    doi 10.1080/01621459.1995.10476645.
    """
    at_risk = efron_denominators(times, linear_predictor, horizon, multiplicity)
    if not at_risk.size:
        raise refuse(NotEstimable, "no_events", f"no event by {horizon:g}", where="horizon")

    def beyond(multiplier: float) -> float:
        return float((1.0 / (at_risk + multiplier)).sum()) - 1.0

    # below 1 at the number of events, and not below 1 where one term alone is 1
    low, high = 1.0 - float(at_risk.min()), float(at_risk.size)
    if beyond(low) <= 0.0:
        multiplier = low
    elif beyond(high) >= 0.0:
        multiplier = high
    else:
        multiplier = brentq(beyond, low, high, xtol=_ABSOLUTE, rtol=_RELATIVE)
    share = multiplier / at_risk
    return 2.0 * float((np.log1p(share) - share / (1.0 + share)).sum())
