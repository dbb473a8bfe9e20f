"""Likelihood of two correlated effects a study, one of which may be missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import log, pi

import numpy as np
from numpy.typing import NDArray

from cartwheel.errors import NotEstimable, refuse

Matrix = NDArray[np.float64]

Loss = Callable[[Matrix], tuple[float, Matrix]]

_STEPS = 100
_WIDTH = 1e-5
# of the gradient, relative to the log-likelihood
_TOLERANCE = 1e-12


@dataclass(frozen=True, slots=True)
class Pairs:
    """Effects of studies.

    Parameters
    ----------
    effects, variances : float array (k, 2)
        0 and 1 where missing.
    present : bool array (k, 2)
        Which are not.
    correlation : float array (k,)
        Of the sampling errors.
    """

    effects: Matrix
    variances: Matrix
    present: NDArray[np.bool_]
    correlation: Matrix


@dataclass(frozen=True, slots=True)
class PairFit:
    """Pooled effects at a given covariance between studies.

    Parameters
    ----------
    estimate : float array (2,)
        Generalised least squares.
    covariance : float array (2, 2)
        Theirs.
    log_likelihood : float
        Restricted or not.
    gradient : float array (2, 2)
        Derivative of it by the elements of the covariance between studies, as if the two
        off-diagonal ones were free.
    """

    estimate: Matrix
    covariance: Matrix
    log_likelihood: float
    gradient: Matrix


def pair_fit(pairs: Pairs, between: Matrix, *, restricted: bool) -> PairFit:
    """Fit at a given covariance between studies.

    Parameters
    ----------
    pairs : Pairs
        The studies.
    between : float array (2, 2)
        Covariance of true effects.
    restricted : bool
        Whether the likelihood is the restricted one.

    Returns
    -------
    PairFit

    Notes
    -----
    Constants as metafor's ``logLik``, with log |X'X| / 2 in the restricted one.
    """
    w, log_determinant = _inverses(pairs, between)
    normal = w.sum(axis=0)
    covariance = _inverse(normal)
    estimate: Matrix = covariance @ np.einsum("kij,kj->i", w, pairs.effects)
    residual = np.where(pairs.present, pairs.effects - estimate, 0.0)
    weighted = np.einsum("kij,kj->ki", w, residual)
    square = float((residual * weighted).sum())
    count = float(pairs.present.sum())
    minus_two = count * log(2.0 * pi) + log_determinant + square
    gradient = weighted.T @ weighted - normal
    if restricted:
        plain = pairs.present.sum(axis=0)
        minus_two += float(
            -2.0 * log(2.0 * pi) - np.log(plain).sum() + np.linalg.slogdet(normal)[1]
        )
        gradient = gradient + np.einsum("kij,jl,klm->im", w, covariance, w)
    return PairFit(estimate, covariance, -0.5 * minus_two, 0.5 * gradient)


def _inverse(m: Matrix) -> Matrix:
    return np.asarray(np.linalg.inv(m), dtype=np.float64)


def _inverses(pairs: Pairs, between: Matrix) -> tuple[Matrix, float]:
    """Inverse covariance of each study, 0 where an effect is missing; sum of log determinants."""
    first = pairs.variances[:, 0] + between[0, 0]
    second = pairs.variances[:, 1] + between[1, 1]
    root = np.sqrt(pairs.variances[:, 0] * pairs.variances[:, 1])
    cross = pairs.correlation * root + between[0, 1]
    both = pairs.present.all(axis=1)
    determinant = first * second - cross**2
    determinant = np.where(both, determinant, 1.0)
    w = np.zeros((len(first), 2, 2))
    w[:, 0, 0] = np.where(both, second / determinant, pairs.present[:, 0] / first)
    w[:, 1, 1] = np.where(both, first / determinant, pairs.present[:, 1] / second)
    w[:, 0, 1] = w[:, 1, 0] = np.where(both, -cross / determinant, 0.0)
    alone = np.where(pairs.present[:, 0], np.log(first), np.log(second))
    return w, float(np.where(both, np.log(determinant), alone).sum())


def fitted_between(pairs: Pairs, *, restricted: bool) -> Matrix:
    """Covariance between studies of largest likelihood.

    Parameters
    ----------
    pairs : Pairs
        The studies.
    restricted : bool
        Whether the likelihood is the restricted one.

    Returns
    -------
    float array (2, 2)
        Positive semidefinite.

    Raises
    ------
    NotEstimable
        ``not_converged``.

    Notes
    -----
    Newton's method over a square root of the covariance, in units of the spread of the effects,
    from several starting points. Any 2 x 2 matrix serves as root: unlike a triangular one it is
    the same for both outcomes, and a covariance at the edge (a correlation of 1) is no corner.
    """
    scale = np.array([_spread(pairs, j) for j in (0, 1)])

    def between_at(root: Matrix) -> tuple[Matrix, Matrix]:
        scaled = scale[:, None] * root.reshape(2, 2)
        return scaled, scaled @ scaled.T

    def loss(root: Matrix) -> tuple[float, Matrix]:
        scaled, between = between_at(root)
        fit = pair_fit(pairs, between, restricted=restricted)
        slope = 2.0 * scale[:, None] * (fit.gradient @ scaled)
        return -fit.log_likelihood, -slope.ravel()

    starts = (
        (0.7, 0.05, 0.05, 0.7),
        (0.6, 0.4, 0.4, 0.6),
        (0.6, -0.4, -0.4, 0.6),
        (0.7, 0.02, 0.03, 0.1),
        (0.1, 0.03, 0.02, 0.7),
    )
    near = [_descended(loss, np.array(start), 1e-4) for start in starts]
    best = min(near, key=lambda end: end[0])
    value, root = _descended(loss, best[1], _TOLERANCE)
    if not float(np.abs(loss(root)[1]).max()) < 1e-5 * (1.0 + abs(value)):
        raise refuse(
            NotEstimable,
            "not_converged",
            "the covariance between studies did not converge",
            mend="pool each outcome by itself",
        )
    return between_at(root)[1]


def _spread(pairs: Pairs, j: int) -> float:
    """Standard deviation of one effect over studies, never 0."""
    kept = pairs.present[:, j]
    typical = float(np.sqrt(pairs.variances[kept, j].mean()))
    return max(float(pairs.effects[kept, j].std()), 0.1 * typical)


def _descended(loss: Loss, root: Matrix, tolerance: float) -> tuple[float, Matrix]:
    """Newton's method with a curvature from differences of the exact gradient."""
    value, gradient = loss(root)
    for _ in range(_STEPS):
        if float(np.abs(gradient).max()) < tolerance * (1.0 + abs(value)):
            break
        curvature = np.column_stack(
            [
                (loss(root + _WIDTH * unit)[1] - loss(root - _WIDTH * unit)[1]) / (2.0 * _WIDTH)
                for unit in np.eye(4)
            ]
        )
        values, vectors = np.linalg.eigh((curvature + curvature.T) / 2.0)
        # turning the root changes nothing: one direction has no curvature and no slope
        bent = np.maximum(np.abs(values), 1e-7 * float(np.abs(values).max()))
        step = vectors @ ((vectors.T @ gradient) / bent)
        step *= min(1.0, 1.0 / max(float(np.abs(step).max()), 1e-300))
        shrink = 1.0
        while shrink > 1e-8:
            there = root - shrink * step
            ahead, slope = loss(there)
            if ahead <= value:
                break
            shrink /= 4.0
        else:
            break
        root, value, gradient = there, ahead, slope
    return value, root
