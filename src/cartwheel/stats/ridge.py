"""A quadratic penalty on the coefficients of a regression."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.columns import float_array, refuse_vast
from cartwheel.stats.times import Floats


@dataclass(frozen=True, slots=True)
class Ridge:
    """A quadratic penalty theta / 2 times the sum of squared coefficients.

    Parameters
    ----------
    theta : float > 0, or tuple of p floats >= 0
        Weight of the penalty; one for each column if they differ (0: not penalised).
    scaled : bool
        Whether coefficients are first multiplied by the standard deviation (n - 1) of their
        column, as ``survival::ridge`` does.
    """

    theta: float | tuple[float, ...]
    scaled: bool = True


def column_penalties(ridge: Ridge | None, design: Floats) -> Floats:
    """Weight of the penalty of each column, for coefficients per unit.

    Parameters
    ----------
    ridge : Ridge or None
        The penalty; None is none.
    design : float array (n, p)
        The columns.

    Returns
    -------
    float array (p,)

    Raises
    ------
    NotEstimable
        A weight negative, missing or infinite, none above 0, or another number of weights.
    """
    n, p = design.shape
    if ridge is None:
        return np.zeros(p)
    refuse_vast(design, "x")
    given = float_array(ridge.theta, "ridge")
    theta = np.full(p, float(given)) if given.ndim == 0 else given
    if theta.shape != (p,) or not (np.isfinite(theta) & (theta >= 0.0)).all() or not theta.any():
        raise refuse(
            NotEstimable,
            "ridge_invalid",
            "a ridge must be finite and above 0: one weight, or one for each column",
            where="ridge",
            mend="leave it out to fit without",
        )
    spread = design.var(axis=0, ddof=1) if ridge.scaled and n > 1 else np.ones(p)
    # a constant column has no spread to scale by: it is held at 0 all the same
    return np.asarray(theta * np.where(spread > 0.0, spread, 1.0))
