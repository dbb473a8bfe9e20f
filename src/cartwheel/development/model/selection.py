"""Which candidates are kept for the multivariable model; repeated in every resample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from cartwheel.development.model.target import BinaryTarget, SurvivalTarget, Target
from cartwheel.stats.cox import cox_fit
from cartwheel.stats.logistic import likelihood_ratio_tests

Floats = NDArray[np.float64]
Kept = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Selector:
    """Selection of candidates by p-value.

    Parameters
    ----------
    target : Target
        The outcome.
    rule : str
        ``none`` keeps all; ``univariable`` keeps those whose likelihood-ratio test alone has
        p < alpha; ``backward`` drops the candidate with the largest Wald p until all are < alpha.
    alpha : float
        In (0, 1).
    """

    target: Target
    rule: str
    alpha: float

    def select(self, blocks: Sequence[Floats], multiplicity: Floats) -> Kept:
        """Mark the kept candidates.

        Parameters
        ----------
        blocks : sequence of float array (n, k)
            Design columns of each of the c candidates.
        multiplicity : float array (n,)
            How often each patient counts.

        Returns
        -------
        bool array (c,)
            May be all False.

        Raises
        ------
        NotEstimable
            When a model that the rule needs does not converge.
        """
        if self.rule == "univariable":
            return self._univariable(blocks, multiplicity)
        if self.rule == "backward":
            return self._backward(blocks, multiplicity)
        return np.ones(len(blocks), dtype=bool)

    def _univariable(self, blocks: Sequence[Floats], multiplicity: Floats) -> Kept:
        widths = np.array([block.shape[1] for block in blocks])
        statistics = _alone(self.target, blocks, multiplicity)
        kept: Kept = chdtrc(widths, statistics) < self.alpha
        return kept

    def _backward(self, blocks: Sequence[Floats], multiplicity: Floats) -> Kept:
        kept = np.ones(len(blocks), dtype=bool)
        while kept.any():
            places = [int(place) for place in np.flatnonzero(kept)]
            p_values = _wald(self.target, [blocks[place] for place in places], multiplicity)
            worst = int(np.argmax(p_values))
            if p_values[worst] < self.alpha:
                break
            kept[places[worst]] = False
        return kept


def _alone(target: Target, blocks: Sequence[Floats], multiplicity: Floats) -> Floats:
    """Likelihood-ratio statistic of each candidate alone."""
    if isinstance(target, BinaryTarget):
        starts = np.cumsum([0, *(block.shape[1] for block in blocks)])
        groups = [list(range(start, stop)) for start, stop in pairwise(starts)]
        return likelihood_ratio_tests(
            np.ascontiguousarray(np.hstack(blocks)),
            target.event,
            multiplicity,
            firth=target.firth,
            groups=groups,
        )
    assert isinstance(target, SurvivalTarget)
    fits = (cox_fit(target.times, block, multiplicity=multiplicity) for block in blocks)
    return np.array([fit.likelihood_ratio for fit in fits])


def coefficients_with_covariance(
    target: Target, x: Floats, multiplicity: Floats | None = None
) -> tuple[Floats, Floats]:
    """Fit a model and give its coefficients, without intercept, with their covariance.

    Parameters
    ----------
    target : Target
        The outcome.
    x : float array (n, p)
        Design columns.
    multiplicity : float array (n,), optional
        How often each patient counts; once by default.

    Returns
    -------
    tuple of (float array (p,), float array (p, p))

    Raises
    ------
    NotEstimable
        When it does not converge.
    """
    if isinstance(target, BinaryTarget):
        fit = target.logistic(x, multiplicity)
        return fit.coefficients[1:], fit.covariance[1:, 1:]
    assert isinstance(target, SurvivalTarget)
    cox = cox_fit(target.times, x, multiplicity=multiplicity)
    return cox.coefficients, cox.covariance


def _wald(target: Target, blocks: Sequence[Floats], multiplicity: Floats) -> Floats:
    """Wald p-value of each candidate in the model of all of them."""
    x = np.ascontiguousarray(np.hstack(blocks))
    coefficients, covariance = coefficients_with_covariance(target, x, multiplicity)
    p_values = np.empty(len(blocks))
    start = 0
    for place, block in enumerate(blocks):
        stop = start + block.shape[1]
        beta = coefficients[start:stop]
        statistic = beta @ np.linalg.solve(covariance[start:stop, start:stop], beta)
        p_values[place] = chdtrc(stop - start, statistic)
        start = stop
    return p_values
