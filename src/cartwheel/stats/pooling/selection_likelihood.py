"""Likelihood of published effects when publication depends on intervals of the p-value."""

from __future__ import annotations

from dataclasses import dataclass
from math import log, pi

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Selection:
    """Published effects.

    Parameters
    ----------
    effects, variances : float array (k,)
        Effects with the direction hoped for positive.
    cuts : float array (k, J)
        Effects at which each study would pass from one interval of p to the next, decreasing.
    interval : int array (k,)
        In which interval each study fell, 0 (smallest p) to J.
    two_sided : bool
        Whether p-values are.
    """

    effects: Matrix
    variances: Matrix
    cuts: Matrix
    interval: NDArray[np.int64]
    two_sided: bool


@dataclass(frozen=True, slots=True)
class Curvature:
    """Log-likelihood with its derivatives by (mean, tau2, weights).

    Parameters
    ----------
    value : float
        Log-likelihood.
    gradient : float array (J + 2,)
        First derivatives.
    hessian : float array (J + 2, J + 2)
        Second ones.
    """

    value: float
    gradient: Matrix
    hessian: Matrix


def selection_likelihood(selection: Selection, parameters: Matrix) -> Curvature:
    """Log-likelihood of the step model.

    Parameters
    ----------
    selection : Selection
        The studies.
    parameters : float array (J + 2,)
        Mean, tau2 >= 0, weights > 0 of all intervals but the first.

    Returns
    -------
    Curvature

    Notes
    -----
    sum of log N(y; mean, v + tau2) + log w(p) - log A, A = sum over intervals of w times the
    chance of falling there.
    """
    mean, tau2 = float(parameters[0]), float(parameters[1])
    weights = np.concatenate([[1.0], parameters[2:]])
    size = len(parameters)
    total = selection.variances + tau2
    residual = selection.effects - mean
    value = float(-0.5 * (np.log(2.0 * pi * total) + residual**2 / total).sum())
    value += float(np.log(weights[selection.interval]).sum())
    gradient, hessian = np.zeros(size), np.zeros((size, size))
    gradient[0] = (residual / total).sum()
    gradient[1] = 0.5 * ((residual**2 / total - 1.0) / total).sum()
    hessian[0, 0] = -(1.0 / total).sum()
    hessian[0, 1] = hessian[1, 0] = -(residual / total**2).sum()
    hessian[1, 1] = (0.5 / total**2 - residual**2 / total**3).sum()
    counts = np.bincount(selection.interval, minlength=len(weights))[1:]
    gradient[2:] = counts / weights[1:]
    hessian[np.arange(2, size), np.arange(2, size)] = -counts / weights[1:] ** 2
    chances = _chances(selection, mean, total)
    norm = chances[0] @ weights
    value -= float(np.log(norm).sum())
    # derivatives of the norm by mean, tau2 and each weight
    first = np.column_stack([chances[1] @ weights, chances[2] @ weights, chances[0][:, 1:]])
    share = first / norm[:, None]
    gradient -= share.sum(axis=0)
    hessian += share.T @ share
    second = np.zeros((size, size))
    second[0, 0] = ((chances[3] @ weights) / norm).sum()
    second[0, 1] = second[1, 0] = ((chances[4] @ weights) / norm).sum()
    second[1, 1] = ((chances[5] @ weights) / norm).sum()
    for row in (0, 1):
        second[row, 2:] = (chances[row + 1][:, 1:] / norm[:, None]).sum(axis=0)
        second[2:, row] = second[row, 2:]
    return Curvature(value, gradient, hessian - second)


def _chances(selection: Selection, mean: float, total: Matrix) -> tuple[Matrix, ...]:
    """Chance of each interval (k, J + 1), and its derivatives m, t, mm, mt, tt."""
    spread = np.sqrt(total)[:, None]
    parts = [_below(selection.cuts, mean, spread, 1.0)]
    if selection.two_sided:
        parts.append(_below(selection.cuts, mean, spread, -1.0))
    found = []
    for order in range(6):
        # below the cut: intervals of larger p; differences of neighbours are the intervals
        pieces = []
        for sign, part in zip((1.0, -1.0), parts, strict=False):
            top = np.ones((len(total), 1)) if order == 0 else np.zeros((len(total), 1))
            if selection.two_sided:
                zero = _below(np.zeros((len(total), 1)), mean, spread, sign)[order]
            else:
                zero = np.zeros((len(total), 1))
            pieces.append(-np.diff(np.hstack([top, part[order], zero]), axis=1))
        found.append(np.asarray(sum(pieces), dtype=np.float64))
    return tuple(found)


def _below(cuts: Matrix, mean: float, spread: Matrix, sign: float) -> tuple[Matrix, ...]:
    """Chance that sign times the effect lies below a cut, with its five derivatives."""
    u = (cuts - sign * mean) / spread
    density = np.exp(-0.5 * u**2 - 0.5 * log(2.0 * pi))
    return (
        np.asarray(ndtr(u)),
        -sign * density / spread,
        -density * u / (2.0 * spread**2),
        -u * density / spread**2,
        sign * density * (1.0 - u**2) / (2.0 * spread**3),
        density * u * (3.0 - u**2) / (4.0 * spread**4),
    )
