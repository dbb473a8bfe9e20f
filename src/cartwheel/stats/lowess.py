"""A locally weighted line through points: how observed events follow predicted risk."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.descriptive import finite_column, same_length
from cartwheel.stats.kernels import _lowess
from cartwheel.stats.times import Floats


def lowess(
    x: ArrayLike, y: ArrayLike, *, span: float = 2.0 / 3.0, delta: float | None = None
) -> Floats:
    """Smooth y over x by local straight lines with tricube weights, without robustness steps.

    For a 0/1 outcome robustness steps must be left out: they would take the rarer outcome for
    outliers.

    Parameters
    ----------
    x, y : array (n,), finite
        Points, in any order.
    span : float in (0, 1]
        Share of the points that each line is fitted to.
    delta : float, optional
        Points closer than this to the last fitted one are interpolated; by default a hundredth of
        the range of x. 0 fits every point.

    Returns
    -------
    float array (n,)
        The smooth at each point, in the order given.

    Raises
    ------
    NotEstimable
        Values not finite, lengths that differ, a span outside (0, 1], a negative delta.

    Notes
    -----
    Agrees with R ``lowess(iter = 0)`` to rounding.

    References
    ----------
    Cleveland 1979, doi 10.1080/01621459.1979.10481038.
    """
    places, values = finite_column(x, "x"), finite_column(y, "y")
    n = same_length(x=places, y=values)
    if not 0.0 < span <= 1.0:
        raise refuse(NotEstimable, "span", f"span {span:g} is not in (0, 1]", where="span")
    order = np.argsort(places, kind="stable")
    ascending = np.ascontiguousarray(places[order])
    step = 0.01 * float(ascending[-1] - ascending[0]) if delta is None else float(delta)
    if not step >= 0.0:
        raise refuse(NotEstimable, "delta", "delta must not be negative", where="delta")
    if n < 3:
        return np.full(n, float(values.mean())) if n == 1 else values.copy()
    nearest = max(2, min(n, int(span * n + 1e-7)))
    fitted = np.empty(n)
    _lowess.smooth(
        ascending, np.ascontiguousarray(values[order]), nearest, step, fitted, np.empty(n)
    )
    smooth = np.empty(n)
    smooth[order] = fitted
    return smooth
