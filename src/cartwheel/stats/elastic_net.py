"""Lasso and elastic-net paths of a Cox model, as glmnet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.columns import float_array
from cartwheel.stats.cox_design import SortedDesign, design_matrix, sorted_design
from cartwheel.stats.cox_likelihood import Likelihood, likelihood_of
from cartwheel.stats.kernels import _coordinate_descent
from cartwheel.stats.risk_sets import RiskSets
from cartwheel.stats.times import Floats

_ITERATIONS = 100
# largest change of a standardised coefficient in the last step
_TOLERANCE = 1e-11
# glmnet's stand-in for alpha = 0 where the largest penalty is sought
_LEAST_ALPHA = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class CoxPath:
    """Penalised Cox models along decreasing penalties.

    Parameters
    ----------
    penalty : float array (k,)
        Lambda, as given.
    coefficients : float array (k, p)
        Log hazard ratios per unit of each column.
    nonzero : int64 array (k,)
        Columns in the model.
    deviance_ratio : float array (k,)
        Share of the null deviance explained.
    alpha : float
        1 lasso, 0 ridge.
    """

    penalty: Floats
    coefficients: Floats
    nonzero: np.ndarray[tuple[int], np.dtype[np.int64]]
    deviance_ratio: Floats
    alpha: float


def cox_elastic_net(
    sets: RiskSets,
    x: ArrayLike,
    *,
    alpha: float = 1.0,
    penalties: ArrayLike | None = None,
    offset: ArrayLike | None = None,
) -> CoxPath:
    """Fit a Cox model with an elastic-net penalty at each of several strengths.

    Choose the strength by cross-validation of the whole development, never by the fit itself.

    Parameters
    ----------
    sets : RiskSets
        The rows: times, strata, case weights.
    x : array (n, p), finite, row order
        Predictors; scaled inside to standard deviation 1 (divisor n).
    alpha : float in [0, 1]
        Share of the lasso: 1 lasso, 0 ridge.
    penalties : array (k,), > 0, optional
        Lambda; else 100 values from the least that leaves no column in, down to 1/10000 of it
        (1/100 with fewer rows than columns).
    offset : array (n,), optional
        Added to each linear predictor.

    Returns
    -------
    CoxPath

    Raises
    ------
    NotEstimable
        Shapes that do not fit or values not finite; no event, or none while others are at
        risk; alpha outside [0, 1]; a penalty not
        above 0; all columns constant; no convergence.

    Notes
    -----
    Minimises -log L / n + lambda (alpha |b|_1 + (1 - alpha) |b|^2 / 2) over standardised
    coefficients, Breslow's ties, n the sum of weights: Newton steps on the whole information, each
    solved by coordinate descent, to 1e-11. A constant column keeps the coefficient 0. Agrees with R
    glmnet 4.1-6 (family cox) to 1e-8 where its times are small numbers: it moves censored times on
    by 2.2e-14, which a time above 256 swallows, and then takes who is censored at the time of a
    death for at risk or not as its sort leaves them.

    References
    ----------
    Simon et al. 2011, doi 10.18637/jss.v039.i05.
    """
    if not 0.0 <= alpha <= 1.0:
        raise refuse(NotEstimable, "alpha_range", f"alpha {alpha} is not between 0 and 1")
    if not sets.events:
        raise refuse(NotEstimable, "no_events", "no patient has the event", where="event")
    design = design_matrix(x, sets.n)
    rows = _standardised(sorted_design(sets, design, offset))
    likelihood = likelihood_of(sets, rows, "breslow")
    total = float(rows.weight.sum())
    null, score, _ = likelihood(np.zeros(design.shape[1]))
    saturated = saturated_log_likelihood(sets)
    if not saturated - null > 1e-12 * max(1.0, abs(null)):
        raise refuse(
            NotEstimable,
            "nobody_to_compare",
            "no event happens while others are at risk",
            mend="a Cox model needs events while others of the stratum are followed",
        )
    strengths = penalty_strengths(penalties, score / total, alpha, design.shape)
    beta = np.zeros(design.shape[1])
    coefficients, ratio = np.empty((strengths.size, beta.size)), np.empty(strengths.size)
    for index, strength in enumerate(strengths):
        l1, l2 = strength * alpha, strength * (1.0 - alpha)
        beta, reached = _minimum(likelihood, beta, total, l1, l2)
        coefficients[index] = beta / rows.scale
        ratio[index] = (reached - null) / (saturated - null)
    nonzero = np.count_nonzero(coefficients, axis=1).astype(np.int64)
    for array in (strengths, coefficients, nonzero, ratio):
        array.setflags(write=False)
    return CoxPath(strengths, coefficients, nonzero, ratio, alpha)


def _standardised(rows: SortedDesign) -> SortedDesign:
    """Columns of standard deviation 1, divisor n."""
    spread = np.sqrt(rows.weight @ rows.x**2 / rows.weight.sum())
    if not spread.any():
        raise refuse(NotEstimable, "constant", "every column has one value in all patients")
    spread[spread == 0.0] = 1.0
    return SortedDesign(
        np.ascontiguousarray(rows.x / spread),
        rows.centre,
        rows.scale * spread,
        rows.weight,
        rows.offset,
        rows.offset_centre,
    )


def penalty_strengths(
    penalties: ArrayLike | None, pull: Floats, alpha: float, shape: tuple[int, ...]
) -> Floats:
    """Penalties as given, or falling from the least that leaves no column in.

    Parameters
    ----------
    penalties : array (k,), > 0, or None
        Lambda.
    pull : float array (p,)
        Score a patient of each standardised column with no column in.
    alpha : float in [0, 1]
        Share of the lasso.
    shape : tuple of int
        Of the design: fewer rows than columns end at 1/100 instead of 1/10000.

    Returns
    -------
    float array (k,)

    Raises
    ------
    NotEstimable
        Penalties not finite or not above 0; columns of no relation to the outcome.
    """
    if penalties is None:
        largest = float(np.abs(pull).max()) / max(alpha, _LEAST_ALPHA)
        if not largest > 0.0:
            raise refuse(NotEstimable, "no_association", "no column is related to the outcome")
        least = 1e-4 if shape[0] >= shape[1] else 1e-2
        # a hair above, lest rounding let the first column in
        return (1.0 + 1e-12) * largest * np.geomspace(1.0, least, 100)
    given = float_array(penalties, "penalties").reshape(-1).copy()
    if not given.size or not np.isfinite(given).all() or not (given > 0.0).all():
        raise refuse(
            NotEstimable,
            "penalty_invalid",
            "penalties must be finite and above 0",
            where="penalties",
        )
    return given


def saturated_log_likelihood(sets: RiskSets) -> float:
    """Log likelihood, Breslow's ties, of a model with a term for every tied time.

    Parameters
    ----------
    sets : RiskSets
        The rows.

    Returns
    -------
    float
        The deviance of a model is twice its distance from this.
    """
    dead = np.add.reduceat((sets.weight * sets.event)[sets.order], sets.block_start[:-1])
    dead = dead[dead > 0.0]
    return -float(dead @ np.log(dead))


def _minimum(
    likelihood: Likelihood, beta: Floats, total: float, l1: float, l2: float
) -> tuple[Floats, float]:
    """Coefficients at one strength, from those at the one before, and their log likelihood."""

    def objective(reached: float, at: Floats) -> float:
        return -reached / total + l1 * float(np.abs(at).sum()) + 0.5 * l2 * float(at @ at)

    reached, score, information = likelihood(beta)
    value = objective(reached, beta)
    work = np.empty(beta.size)
    for _ in range(_ITERATIONS):
        quadratic = information / total
        linear = score / total + quadratic @ beta
        target = beta.copy()
        _coordinate_descent.descend(
            quadratic, linear, l1, l2, _TOLERANCE / 10.0, 100_000, target, work
        )
        step, share = target - beta, 1.0
        for _ in range(40):
            trial = target if share == 1.0 else beta + share * step
            new = likelihood(trial)
            if objective(new[0], trial) <= value + 1e-13 * abs(value):
                break
            share *= 0.5
        else:
            break
        beta, (reached, score, information) = trial, new
        value = objective(reached, beta)
        if float(np.abs(step).max()) <= _TOLERANCE:
            return beta, reached
    raise refuse(
        NotEstimable,
        "no_convergence",
        "the penalised fit did not converge",
        mend="stronger penalties; with next to none a column may separate early events",
    )
