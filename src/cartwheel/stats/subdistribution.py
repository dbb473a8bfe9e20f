"""Risk sets of Fine and Gray's model whose linear predictor is given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cartwheel.stats.competing_times import CompetingTimes
from cartwheel.stats.times import Floats, Integers, kernel_counts


@dataclass(frozen=True, slots=True, eq=False)
class SubdistributionRiskSets:
    """Sums over those at risk at each time with an event of the cause.

    Parameters
    ----------
    time : float array (k,)
        Distinct times with the event.
    events : int array (k,)
        How many, multiplicities counted.
    at_risk : float array (k,)
        Weighted sum of relative hazards; events over it is the jump of the cumulative baseline.
    log_likelihood : float
        Log pseudo-likelihood.
    """

    time: Floats
    events: Integers
    at_risk: Floats
    log_likelihood: float


def subdistribution_risk_sets(
    competing: CompetingTimes,
    linear_predictor: Floats,
    cause: int,
    multiplicity: NDArray[np.generic] | None = None,
) -> SubdistributionRiskSets:
    """Sum relative subdistribution hazards over those at risk, for a predictor that is given.

    Parameters
    ----------
    competing : CompetingTimes
        The sample.
    linear_predictor : float array (n,), patient order
        Log relative subdistribution hazards, below 700.
    cause : int
        Code of the cause of interest.
    multiplicity : array (n,), optional
        How often each patient counts; not checked.

    Returns
    -------
    SubdistributionRiskSets
        Without any time where the cause does not occur.

    Notes
    -----
    Patients with another event stay at risk with weight G(t-) / G(T-), G the Kaplan-Meier curve of
    censoring, the convention ``crr`` of ``fine_gray``; Breslow's ties. At the coefficients of a fit
    it gives the fit's baseline and likelihood.

    References
    ----------
    Fine and Gray 1999, doi 10.1080/01621459.1999.10474144.
    """
    times = competing.times
    order, starts = times.order, times.block_start[:-1]
    counts = kernel_counts(multiplicity)
    weight = (np.ones(times.n) if counts is None else counts)[order]
    predictor, codes = linear_predictor[order], competing.cause[order]
    risk = weight * np.exp(predictor)

    def by_time(values: Floats) -> Floats:
        return np.asarray(np.add.reduceat(values, starts), dtype=np.float64)

    present = np.cumsum(weight[::-1])[::-1][starts]
    censored = by_time(weight * (codes == 0))
    kept = 1.0 - np.divide(censored, present, out=np.zeros_like(present), where=present > 0)
    before = np.concatenate(([1.0], np.cumprod(kept)[:-1]))
    # nobody is censored away before those who are there, so it is above 0 where they are
    lifted = np.where(before > 0.0, before, 1.0)
    others = by_time(risk * ((codes != 0) & (codes != cause))) / lifted
    stayed = np.concatenate(([0.0], np.cumsum(others)[:-1]))
    at_risk = np.cumsum(risk[::-1])[::-1][starts] + before * stayed
    deaths = by_time(weight * (codes == cause))
    own = by_time(weight * predictor * (codes == cause))
    happened = deaths > 0
    reached = float((own[happened] - deaths[happened] * np.log(at_risk[happened])).sum())
    found = (
        times.block_time[happened],
        np.rint(deaths[happened]).astype(np.int64),
        at_risk[happened],
    )
    for array in found:
        array.setflags(write=False)
    return SubdistributionRiskSets(*found, reached)
