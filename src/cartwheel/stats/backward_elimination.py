"""Backward elimination by Akaike's criterion, as R's ``step``, to compare with published models.

Selection on the outcome makes coefficients too large and intervals too short. It must be repeated
in every resample that judges the model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.columns import float_array
from cartwheel.stats.cox import cox_fit
from cartwheel.stats.estimability import checked_arrays
from cartwheel.stats.logistic import logistic_fit
from cartwheel.stats.times import SurvivalTimes

# from columns kept to log likelihood; with none kept, of the model without predictors
LogLikelihood = Callable[[list[int]], float]


@dataclass(frozen=True, slots=True)
class Elimination:
    """Terms left by backward elimination, and the way there.

    Parameters
    ----------
    kept : tuple of int
        Positions of the terms left, rising.
    columns : tuple of int
        Their columns.
    dropped : tuple of int
        Positions of the terms left out, first to last.
    aic : tuple of float
        Of the full model and after each term dropped; falling.
    penalty : float
        For each parameter: 2 is AIC, log n is BIC.
    """

    kept: tuple[int, ...]
    columns: tuple[int, ...]
    dropped: tuple[int, ...]
    aic: tuple[float, ...]
    penalty: float


def backward_elimination(
    log_likelihood: LogLikelihood,
    terms: Sequence[Sequence[int]],
    *,
    penalty: float = 2.0,
    parameters: int = 0,
) -> Elimination:
    """Drop terms one by one while that lowers the criterion.

    Parameters
    ----------
    log_likelihood : function of list of int
        Log likelihood of the model of these columns, which may be none.
    terms : sequence of sequences of int
        Columns that stay or go together: a category's indicators, a spline.
    penalty : float, > 0
        For each parameter; 2 for AIC, log n (log of the events, for Cox) for BIC.
    parameters : int
        Parameters besides the columns: 1 for an intercept.

    Returns
    -------
    Elimination

    Raises
    ------
    NotEstimable
        No term, a term without columns, a column twice, a penalty not above 0; what
        ``log_likelihood`` refuses.

    Notes
    -----
    Each step drops the term whose loss leaves the smallest -2 log L + penalty k, if that is less
    than without the step; of equals the first. Agrees with R ``step(direction = "backward")``.
    """
    groups = [tuple(term) for term in terms]
    every = [column for term in groups for column in term]
    shared = len(set(every)) < len(every)
    if not groups or not all(groups) or shared or not 0.0 < penalty < np.inf:
        raise refuse(
            NotEstimable,
            "terms",
            "elimination needs terms that share no column, and a penalty above 0",
            where="terms",
        )

    def criterion(kept: list[int]) -> float:
        columns = sorted(column for place in kept for column in groups[place])
        return penalty * (len(columns) + parameters) - 2.0 * log_likelihood(columns)

    kept, dropped = list(range(len(groups))), []
    path = [criterion(kept)]
    while kept:
        tried = [criterion([other for other in kept if other != place]) for place in kept]
        best = int(np.argmin(tried))
        # less by more than rounding
        if not tried[best] < path[-1] - 1e-9 * max(1.0, abs(path[-1])):
            break
        dropped.append(kept.pop(best))
        path.append(tried[best])
    columns = tuple(sorted(column for place in kept for column in groups[place]))
    return Elimination(tuple(kept), columns, tuple(dropped), tuple(path), penalty)


def backward_logistic(
    x: ArrayLike,
    event: ArrayLike,
    terms: Sequence[Sequence[int]] | None = None,
    *,
    penalty: float = 2.0,
    multiplicity: ArrayLike | None = None,
) -> Elimination:
    """Reduce a logistic regression by backward elimination.

    Parameters
    ----------
    x : float array (n, p) or (n,)
        Predictors without intercept, finite.
    event : array (n,)
        1 event, 0 none.
    terms : sequence of sequences of int, optional
        Columns of x that stay or go together; each alone by default.
    penalty : float, > 0
        For each parameter; 2 for AIC.
    multiplicity : array (n,), optional
        How often each row occurs, >= 0.

    Returns
    -------
    Elimination

    Raises
    ------
    NotEstimable
        What ``logistic_fit`` and ``backward_elimination`` refuse; a column that is not there.

    Notes
    -----
    See ``backward_elimination``.
    """
    columns, y, m, _ = checked_arrays(x, event, multiplicity)
    groups = _checked_terms(terms, columns.shape[1])
    weight = np.ones(len(y)) if m is None else m
    sides = np.array([float(weight @ y), float(weight @ (1.0 - y))])
    null = float(sides @ np.log(sides / sides.sum()))

    def log_likelihood(kept: list[int]) -> float:
        return logistic_fit(columns[:, kept], y, multiplicity=m).log_likelihood if kept else null

    return backward_elimination(log_likelihood, groups, penalty=penalty, parameters=1)


def backward_cox(
    times: SurvivalTimes,
    x: ArrayLike,
    terms: Sequence[Sequence[int]] | None = None,
    *,
    penalty: float = 2.0,
    multiplicity: ArrayLike | None = None,
) -> Elimination:
    """Reduce a Cox regression (Efron's ties) by backward elimination.

    Parameters
    ----------
    times : SurvivalTimes
        The sample.
    x : float array (n, p)
        Predictors, finite, patient order.
    terms : sequence of sequences of int, optional
        Columns of x that stay or go together; each alone by default.
    penalty : float, > 0
        For each parameter; 2 for AIC.
    multiplicity : array (n,), optional
        How often each patient counts.

    Returns
    -------
    Elimination

    Raises
    ------
    NotEstimable
        What ``cox_fit`` and ``backward_elimination`` refuse; a column that is not there.

    Notes
    -----
    See ``backward_elimination``.
    """
    full = cox_fit(times, x, multiplicity=multiplicity)
    columns = float_array(x, "x").reshape(times.n, -1)
    groups = _checked_terms(terms, columns.shape[1])

    def log_likelihood(kept: list[int]) -> float:
        if not kept:
            return full.log_likelihood_null
        return cox_fit(times, columns[:, kept], multiplicity=multiplicity).log_likelihood

    return backward_elimination(log_likelihood, groups, penalty=penalty)


def _checked_terms(terms: Sequence[Sequence[int]] | None, p: int) -> Sequence[Sequence[int]]:
    groups = [(column,) for column in range(p)] if terms is None else terms
    if not all(0 <= column < p for term in groups for column in term):
        raise refuse(
            NotEstimable,
            "unknown_column",
            f"a term names a column that is not among {p}",
            where="terms",
        )
    return groups
