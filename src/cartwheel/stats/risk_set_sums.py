"""Sums over risk sets at given coefficients, and the residuals of rows that follow from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cartwheel.stats.cox_design import SortedDesign
from cartwheel.stats.kernels import _risk_sets
from cartwheel.stats.risk_sets import RiskSets
from cartwheel.stats.times import Floats


@dataclass(frozen=True, slots=True, eq=False)
class RiskSetSums:
    """For each block, what its tied deaths add up to; D_k are the denominators of its deaths.

    Parameters
    ----------
    relative_risk : float array (n,)
        exp(linear predictor), sorted order, on the centred scale.
    hazard, spared : float arrays (k,)
        Sum of w / D_k, and of f w / D_k, which its own deaths do not bear.
    variance : float array (k,)
        Sum of w / D_k squared.
    mean_hazard, mean_spared : float arrays (k, p)
        The same sums, each term times the mean of x at risk under D_k.
    mean : float array (k, p)
        Mean over its deaths of those means: what a death's x is compared with.
    deaths : float array (k,)
        Number of deaths.
    outer : tuple of float arrays
        (c0, c1, c2, S1, E1): w (S1 - f E1)(S1 - f E1)' / D_k^2 summed is
        c0 S1 S1' - c1 (S1 E1' + E1 S1') + c2 E1 E1'.
    """

    relative_risk: Floats
    hazard: Floats
    spared: Floats
    variance: Floats
    mean_hazard: Floats
    mean_spared: Floats
    mean: Floats
    deaths: Floats
    outer: tuple[Floats, Floats, Floats, Floats, Floats]


def risk_set_sums(sets: RiskSets, rows: SortedDesign, beta: Floats, ties: str) -> RiskSetSums:
    """Add up each block's risk set at given coefficients.

    Parameters
    ----------
    sets : RiskSets
        The rows.
    rows : SortedDesign
        Their predictors.
    beta : float array (p,)
        Coefficients on the scale of ``rows``.
    ties : {"efron", "breslow"}
        Approximation where several events share a time.

    Returns
    -------
    RiskSetSums
    """
    k, p = sets.blocks, rows.x.shape[1]
    relative = np.exp(rows.x @ beta + rows.offset)
    s0, e0, deaths, dead = (np.empty(k) for _ in range(4))
    s1, e1 = np.empty((k, p)), np.empty((k, p))
    _risk_sets.risk_set_sums(
        rows.x,
        relative * rows.weight,
        rows.weight,
        sets.event[sets.order],
        sets.block_start,
        sets.first,
        sets.entering,
        sets.entry_start,
        s0,
        e0,
        s1,
        e1,
        deaths,
        dead,
    )
    died = deaths > 0.0
    inverse = np.where(died, 1.0 / np.where(died, s0, 1.0), 0.0)
    sums = [dead * inverse, np.zeros(k), dead * inverse**2, np.zeros(k), np.zeros(k)]
    # per death, without its weight, for the mean: sum of 1/D, of f/D
    plain = [deaths * inverse, np.zeros(k)]
    if ties == "efron":
        tied = np.flatnonzero(deaths > 1.0)
        terms = _tied(s0[tied], e0[tied], deaths[tied])
        weight = dead[tied] / deaths[tied]
        for target, total in zip(sums, terms, strict=True):
            target[tied] = weight * total
        for target, total in zip(plain, terms[:2], strict=True):
            target[tied] = total
    hazard, spared, c0, c1, c2 = sums
    count = np.where(died, deaths, 1.0)
    return RiskSetSums(
        relative,
        hazard,
        spared,
        c0,
        c0[:, None] * s1 - c1[:, None] * e1,
        c1[:, None] * s1 - c2[:, None] * e1,
        ((plain[0] / count)[:, None] * s1) - ((plain[1] / count)[:, None] * e1),
        deaths,
        (c0, c1, c2, s1, e1),
    )


def _tied(s0: Floats, e0: Floats, deaths: Floats) -> tuple[Floats, ...]:
    """Sums over k < d of 1/D, f/D, 1/D^2, f/D^2, f^2/D^2 with D = S0 - f E0, f = k/d."""
    repeat = deaths.astype(np.int64)
    block = np.repeat(np.arange(s0.size), repeat)
    k = np.arange(block.size) - np.repeat(np.cumsum(repeat) - repeat, repeat)
    f = k / deaths[block]
    inverse = 1.0 / (s0[block] - f * e0[block])
    terms = (inverse, f * inverse, inverse**2, f * inverse**2, (f * inverse) ** 2)
    return tuple(np.bincount(block, term, s0.size).astype(np.float64) for term in terms)


def cumulative(sets: RiskSets, steps: Floats) -> Floats:
    """Add steps up within strata.

    Parameters
    ----------
    sets : RiskSets
        The rows.
    steps : float array (k,) or (k, p)
        One a block.

    Returns
    -------
    float array of the same shape
        Sum of the steps of the stratum so far.
    """
    total = np.cumsum(steps, axis=0)
    starts = np.flatnonzero(sets.first)
    for start in starts[1:]:
        end = sets.blocks_of(int(sets.block_stratum[start])).stop
        total[start:end] = np.cumsum(steps[start:end], axis=0)
    return total


def borne(sets: RiskSets, steps: Floats, spared: Floats | None = None) -> Floats:
    """Add up, for each row, the steps of the blocks at which it is at risk.

    Parameters
    ----------
    sets : RiskSets
        The rows.
    steps : float array (k,) or (k, p)
        One a block.
    spared : float array like ``steps``, optional
        What a row with the event does not bear of its own block.

    Returns
    -------
    float array (n,) or (n, p), sorted order
    """
    total = cumulative(sets, steps)
    block = sets.block_of
    found = total[block]
    if sets.entry is not None:
        later = np.flatnonzero(sets.first[sets.entry] == 0)
        found[later] -= total[sets.entry[later] - 1]
    if spared is not None:
        died = np.flatnonzero(sets.event[sets.order])
        found[died] -= spared[block[died]]
    return found


def score_residuals(sets: RiskSets, rows: SortedDesign, sums: RiskSetSums) -> Floats:
    """Contribution of each row to the score, unweighted.

    Parameters
    ----------
    sets : RiskSets
        The rows.
    rows : SortedDesign
        Their predictors.
    sums : RiskSetSums
        At the coefficients.

    Returns
    -------
    float array (n, p), sorted order, on the scale of ``rows``
    """
    hazard = borne(sets, sums.hazard, sums.spared)
    means = borne(sets, sums.mean_hazard, sums.mean_spared)
    score = -sums.relative_risk[:, None] * (rows.x * hazard[:, None] - means)
    died = np.flatnonzero(sets.event[sets.order])
    score[died] += rows.x[died] - sums.mean[sets.block_of[died]]
    return score
