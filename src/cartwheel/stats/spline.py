"""Restricted cubic splines: knots at quantiles and Harrell's basis."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.columns import float_array, refuse_vast

Array = NDArray[np.float64]

# Harrell FE 2015, Regression Modeling Strategies, 2nd ed., table 2.3
# beyond this one copy more is no longer another number
_MOST_COPIES = 1e15
_KNOT_QUANTILES = {
    3: np.array([0.10, 0.50, 0.90]),
    4: np.array([0.05, 0.35, 0.65, 0.95]),
    5: np.array([0.05, 0.275, 0.50, 0.725, 0.95]),
}


def sample_quantiles(
    x: ArrayLike, probabilities: ArrayLike, multiplicity: ArrayLike | None = None
) -> Array:
    """Quantiles of a sample whose rows occur several times; nothing is validated.

    Parameters
    ----------
    x : float array (n,)
        Values, finite.
    probabilities : float array (q,)
        In [0, 1].
    multiplicity : array (n,), optional
        How often each value occurs, integers >= 0 of sum >= 1; the same as repeating the value.

    Returns
    -------
    float array (q,)

    Notes
    -----
    R's type 7: linear between the order statistics at 1 + (n - 1) p.
    """
    values = float_array(x, "x")
    p = float_array(probabilities, "probabilities")
    if values.ndim != 1 or not values.size:
        raise refuse(NotEstimable, "knots", "one column of values is needed", where="x")
    if not np.isfinite(values).all():
        raise refuse(NotEstimable, "missing_value", "a value is missing or infinite")
    if not ((p >= 0.0) & (p <= 1.0)).all():
        raise refuse(NotEstimable, "probability", "a probability outside 0 to 1")
    if multiplicity is None:
        ordered = np.sort(values)
        place = (len(ordered) - 1) * p
        below = np.floor(place).astype(np.intp)
        above = np.ceil(place).astype(np.intp)
    else:
        order = np.argsort(values)
        ordered = values[order]
        reached = np.cumsum(_counts(multiplicity, values)[order])
        place = (reached[-1] - 1) * p
        # the row that holds the copy number k, counted from 0, is the first to reach k + 1
        below = np.searchsorted(reached, np.floor(place), side="right")
        above = np.searchsorted(reached, np.ceil(place), side="right")
    share = place - np.floor(place)
    low, high = ordered[below], ordered[above]
    result: Array = np.where(high == low, low, (1.0 - share) * low + share * high)
    return result


def _counts(multiplicity: ArrayLike, values: Array) -> Array:
    counts = float_array(multiplicity, "multiplicity")
    if (
        counts.shape != values.shape
        or not ((counts >= 0.0) & (counts < np.inf)).all()
        or not 1.0 <= counts.sum() <= _MOST_COPIES
    ):
        raise refuse(
            NotEstimable,
            "multiplicity",
            "multiplicities are numbers from 0, one a value, and together from 1 to 10^15",
        )
    return counts


def spline_knots(x: ArrayLike, n_knots: int, multiplicity: ArrayLike | None = None) -> Array:
    """Place the knots of a restricted cubic spline at quantiles of the predictor.

    Parameters
    ----------
    x : float array (n,)
        Predictor, finite, any unit.
    n_knots : int
        3, 4 or 5.
    multiplicity : array (n,), optional
        How often each value occurs, integers >= 0; the same as repeating the value.

    Returns
    -------
    float array (k,), k <= n_knots
        Increasing. Knots that coincide because of ties are merged, so there may be fewer than
        asked for; a spline of k knots costs k - 1 parameters.

    Raises
    ------
    NotEstimable
        ``knots`` if the number is not 3, 4 or 5, or fewer than 3 distinct knots remain;
        ``missing_value`` if a value is missing or infinite.

    Notes
    -----
    Quantiles .10 .50 .90; .05 .35 .65 .95; .05 .275 .50 .725 .95 of R's type 7. Agrees with
    ``rms::rcs`` 6.5 to rounding where n >= 100 and the outer values are not heavily tied. Below
    100 values ``rms`` takes the fifth smallest and largest for the outer knots; here the quantiles
    are kept, so that a resample and the sample follow one rule. State the knots when comparing.

    References
    ----------
    Harrell FE 2015, doi:10.1007/978-3-319-19425-7.
    """
    if n_knots not in _KNOT_QUANTILES:
        raise refuse(
            NotEstimable, "knots", f"no rule for {n_knots} knots", mend="choose 3, 4 or 5 knots"
        )
    knots = sample_quantiles(x, _KNOT_QUANTILES[n_knots], multiplicity)
    distinct: Array = knots[np.append(True, knots[1:] > knots[:-1])]
    if len(distinct) < 3:
        raise refuse(
            NotEstimable,
            "knots",
            "too many equal values: fewer than 3 distinct knots remain",
            mend="use the predictor as it is, or in groups",
        )
    return distinct


def restricted_cubic_spline(x: ArrayLike, knots: ArrayLike) -> Array:
    """Expand a predictor into Harrell's restricted cubic spline basis.

    Parameters
    ----------
    x : float array (n,)
        Predictor, in the unit of the knots.
    knots : float array (k,)
        Strictly increasing, k >= 3.

    Returns
    -------
    float array (n, k - 1)
        x itself, then k - 2 terms that are 0 up to their knot and linear beyond the last knot.

    Raises
    ------
    NotEstimable
        ``knots`` if there are fewer than 3 or they do not increase.

    Notes
    -----
    With u+ = max(u, 0), term j is [(x - t_j)+^3 - (x - t_k-1)+^3 (t_k - t_j)/(t_k - t_k-1)
    + (x - t_k)+^3 (t_k-1 - t_j)/(t_k - t_k-1)] / (t_k - t_1)^2. Missing values stay missing.
    Agrees with ``Hmisc::rcspline.eval(norm = 2)``, which ``rms::rcs`` uses, to rounding.

    References
    ----------
    Devlin TF, Weeks BJ 1986, Proc 11th SAS Users Group Int Conf 646-651. Harrell FE 2015,
    doi:10.1007/978-3-319-19425-7.
    """
    t = float_array(knots, "knots")
    if t.ndim != 1 or len(t) < 3 or not (t[1:] > t[:-1]).all():
        raise refuse(
            NotEstimable, "knots", "knots must increase strictly, and there must be 3 or more"
        )
    values = float_array(x, "x")
    if values.ndim != 1 or np.isinf(values).any():
        raise refuse(NotEstimable, "not_finite", "one column of finite values is needed")
    refuse_vast(values[~np.isnan(values)], "x")
    refuse_vast(t, "knots")
    if not float(t[-1] - t[0]) ** 2 > 0.0:
        raise refuse(NotEstimable, "knots", "the knots lie too close together for arithmetic")
    cubes = np.maximum(values[:, None] - t, 0.0) ** 3
    last, before, first = t[-1], t[-2], t[:-2]
    terms = (
        cubes[:, :-2]
        - cubes[:, -2:-1] * ((last - first) / (last - before))
        + cubes[:, -1:] * ((before - first) / (last - before))
    ) / (last - t[0]) ** 2
    return np.column_stack([values, terms])
