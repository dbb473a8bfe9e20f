"""Selection of candidates where predictors were imputed: their tests pooled over the copies."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cartwheel.development.model.selection import Selector, coefficients_with_covariance
from cartwheel.development.model.target import BinaryTarget, Target
from cartwheel.stats.pooled_tests import pooled_wald_test
from cartwheel.stats.rubin import pool_estimates

Floats = NDArray[np.float64]
Kept = NDArray[np.bool_]
Blocks = Sequence[Floats]


def select_pooled(selector: Selector, copies: Sequence[Blocks], multiplicity: Floats) -> Kept:
    """Mark the kept candidates by the plan's rule and threshold, on pooled tests.

    Parameters
    ----------
    selector : Selector
        The rule.
    copies : sequence of sequences of float array (n, k)
        For each copy the design columns of each candidate; the same objects in every copy where
        nothing of a candidate was imputed.
    multiplicity : float array (n,)
        How often each patient counts.

    Returns
    -------
    bool array (c,)
        May be all False.

    Raises
    ------
    NotEstimable
        When a model that the rule needs does not converge in a copy.

    Notes
    -----
    A candidate that was imputed is tested by its pooled Wald statistic, for one column by Rubin's
    rules with the degrees of freedom of Barnard and Rubin, for several by D1 with Reiter's. Models
    in which nothing was imputed are tested as in complete cases.

    References
    ----------
    Wood AM, White IR, Royston P 2008, doi:10.1002/sim.3177. Li KH, Raghunathan TE, Rubin DB 1991,
    doi:10.1080/01621459.1991.10475152.
    """
    if selector.rule == "univariable":
        kept = np.empty(len(copies[0]), dtype=bool)
        for place, block in enumerate(copies[0]):
            if _shared(copies, [place]):
                kept[place] = selector.select([block], multiplicity)[0]
                continue
            alone = [[blocks[place]] for blocks in copies]
            kept[place] = pooled_p_values(selector.target, alone, multiplicity)[0] < selector.alpha
        return kept
    if selector.rule == "backward":
        return _backward(selector, copies, multiplicity)
    return np.ones(len(copies[0]), dtype=bool)


def _shared(copies: Sequence[Blocks], places: Sequence[int]) -> bool:
    """Whether these candidates are the same in every copy."""
    return all(copies[-1][place] is copies[0][place] for place in places)


def _backward(selector: Selector, copies: Sequence[Blocks], multiplicity: Floats) -> Kept:
    kept = np.ones(len(copies[0]), dtype=bool)
    while kept.any():
        places = [int(place) for place in np.flatnonzero(kept)]
        if _shared(copies, places):
            left = selector.select([copies[0][place] for place in places], multiplicity)
            kept[[place for place, stays in zip(places, left, strict=True) if not stays]] = False
            break
        chosen = [[blocks[place] for place in places] for blocks in copies]
        p_values = pooled_p_values(selector.target, chosen, multiplicity)
        worst = int(np.argmax(p_values))
        if p_values[worst] < selector.alpha:
            break
        kept[places[worst]] = False
    return kept


def complete_df(target: Target, parameters: int, multiplicity: Floats | None = None) -> float:
    """Degrees of freedom that the complete data would have, for Barnard and Rubin.

    Parameters
    ----------
    target : Target
        The outcome.
    parameters : int
        Columns of the model, without intercept.
    multiplicity : float array (n,), optional
        The sample; every patient once by default.

    Returns
    -------
    float
        Patients (binary) or events (survival) less parameters, at least 1.
    """
    weight = np.ones(target.n) if multiplicity is None else multiplicity
    if isinstance(target, BinaryTarget):
        return max(float(weight.sum()) - parameters - 1.0, 1.0)
    return max(float(weight @ target.event) - parameters, 1.0)


def pooled_p_values(target: Target, copies: Sequence[Blocks], multiplicity: Floats) -> Floats:
    """Pooled p-value of each candidate in the model of all of them.

    Parameters
    ----------
    target : Target
        The outcome.
    copies : sequence of sequences of float array (n, k)
        For each copy the design columns of each candidate in the model.
    multiplicity : float array (n,)
        How often each patient counts.

    Returns
    -------
    float array (c,)

    Raises
    ------
    NotEstimable
        When a copy's model does not converge.
    """
    parts = [
        coefficients_with_covariance(target, np.ascontiguousarray(np.hstack(blocks)), multiplicity)
        for blocks in copies
    ]
    estimates = np.stack([part[0] for part in parts])
    covariances = np.stack([part[1] for part in parts])
    df = complete_df(target, estimates.shape[1], multiplicity)
    single = pool_estimates(
        estimates, np.diagonal(covariances, axis1=1, axis2=2), complete_df=df
    ).p_values
    edges = np.cumsum([0, *(block.shape[1] for block in copies[0])])
    return np.array(
        [
            single[start]
            if stop - start == 1
            else pooled_wald_test(
                estimates, covariances, range(start, stop), complete_df=df
            ).p_value
            for start, stop in pairwise(edges.tolist())
        ]
    )
