"""The score as a test that is positive from a band on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cartwheel.estimate import Estimate
from cartwheel.stats.censoring import censoring_influence
from cartwheel.stats.descriptive import exact_interval
from cartwheel.stats.roc import two_by_two
from cartwheel.validation.analysed import Predicted, Target
from cartwheel.validation.judging.observed import AtHorizon, at_horizon, timed
from cartwheel.validation.result_score import BandEdge

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

NAMES = {
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "ppv": "positive predictive value",
    "npv": "negative predictive value",
}


def band_edges(target: Target, predicted: Predicted, level: float) -> tuple[BandEdge, ...]:
    """Take every step between two bands as a test, positive on the adverse side.

    Parameters
    ----------
    target : Target
        The outcome.
    predicted : Predicted
        The score, of the same patients; those without a band are left out.
    level : float
        Coverage, in (0, 1).

    Returns
    -------
    tuple of BandEdge
        From the step next to the best band to that next to the worst; one less than bands.

    Notes
    -----
    Binary: proportions with exact intervals. With times: shares of weights that stand for those
    censored by the horizon (see ``observed.at_horizon``), their errors by influence functions that
    allow for the estimated weights, and the exact interval of the number of patients that would
    have that error without censoring (Korn and Graubard's), so that 0 and 1 have an interval too;
    without censoring it is that of the proportion.

    References
    ----------
    Clopper and Pearson 1934, doi 10.1093/biomet/26.4.404. Blanche, Dartigues and Jacqmin-Gadda
    2013, doi 10.1002/sim.5958. Korn and Graubard 1998, Survey Methodology 24:193-201.
    """
    count = len(predicted.bands)
    adverse_high = predicted.adverse == "high"
    edges = []
    for step in range(1, count):
        if adverse_high:
            positive, names = predicted.band >= step, predicted.bands[step:]
        else:
            positive, names = predicted.band < count - step, predicted.bands[: count - step]
        found = _worth(target, positive, predicted.band >= 0, level)
        edges.append(BandEdge(positive=names, **found))
    return tuple(edges)


def _worth(target: Target, positive: Mask, used: Mask, level: float) -> dict[str, Estimate]:
    if target.kind == "binary":
        table = two_by_two(positive[used], target.event[used], level, "exact")
        return {
            "sensitivity": table.sensitivity,
            "specificity": table.specificity,
            "ppv": table.ppv,
            "npv": table.npv,
        }
    weights = at_horizon(target)
    case, control = weights.case > 0.0, weights.control > 0.0
    shares = {
        "sensitivity": (case & used, positive),
        "specificity": (control & used, ~positive),
        "ppv": ((case | control) & positive & used, case),
        "npv": ((case | control) & ~positive & used, control),
    }
    return {
        name: _share(target, weights, NAMES[name], among, hit, level)
        for name, (among, hit) in shares.items()
    }


def _share(
    target: Target, weights: AtHorizon, name: str, among: Mask, hit: Mask, level: float
) -> Estimate:
    """Weighted share of those ``among`` some who are ``hit``."""
    n, events = int(np.count_nonzero(among)), int(np.count_nonzero(among & hit))
    if not weights.complete:
        method = f"{name}: nobody is followed beyond the horizon"
        return Estimate(None, method=method, n=n, events=events)
    if not n:
        return Estimate(None, method=f"{name}: nobody in its denominator", n=0, events=0)
    weight = np.where(among, weights.case + weights.control, 0.0)
    total = float(weight.sum())
    if 0 < events < n:
        value, effective = _effective(target, weights, weight, hit)
    else:
        value, effective = float(events > 0), total**2 / float(weight @ weight)
    low, high = exact_interval(value * effective, effective, level)
    method = (
        f"{name} at the horizon, weighted for censoring; exact interval of {effective:.1f} "
        "patients, as many as tell the same uncensored"
    )
    return Estimate(value, low, high, level, method, n, events)


def _effective(
    target: Target, weights: AtHorizon, weight: Floats, hit: Mask
) -> tuple[float, float]:
    """A weighted share, and how many uncensored patients would tell it with the same variance."""
    times, horizon = timed(target)
    total = float(weight.sum())
    value = float(weight[hit].sum()) / total
    summand = weight * (hit - value)
    at_event = np.where(weights.beyond, 0.0, summand)
    through = censoring_influence(times, at_event, float(summand[weights.beyond].sum()), horizon)
    influence = target.n * summand + through
    variance = float(influence @ influence) / (target.n * total) ** 2
    # not more than the weights stand for
    return value, value * (1.0 - value) / max(variance, value * (1.0 - value) / total)
