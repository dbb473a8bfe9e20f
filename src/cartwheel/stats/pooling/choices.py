"""What is chosen when studies are pooled: estimator of tau2, kind of interval, its coverage."""

from __future__ import annotations

import math

from numpy.typing import ArrayLike
from scipy.special import ndtri, stdtr, stdtrit

from cartwheel.errors import NotEstimable, Refused, refuse
from cartwheel.stats.pooling.study_inputs import Floats, checked_effects, refuse_studies

# code of each estimator in the kernel
METHODS = {
    "common": 0,
    "DL": 1,
    "HE": 2,
    "HS": 3,
    "SJ": 4,
    "PM": 5,
    "EB": 6,
    "ML": 7,
    "REML": 8,
}
# the same for the kind of interval
INTERVALS = {"normal": 0, "knapp_hartung": 1, "knapp_hartung_floor": 2}
# beyond this the third power of a weight is no number
_LEAST_VARIANCE = 1e-90


def _code(name: str, known: dict[str, int], what: str) -> int:
    if name not in known:
        raise refuse(
            NotEstimable,
            f"{what}_unknown",
            f"{name!r} is not one of {', '.join(known)}",
            where=what,
        )
    return known[name]


def method_code(method: str) -> int:
    """Number of an estimator of tau2 in the kernel.

    Parameters
    ----------
    method : str
        ``common``, ``DL``, ``HE``, ``HS``, ``SJ``, ``PM``, ``EB``, ``ML`` or ``REML``.

    Returns
    -------
    int

    Raises
    ------
    NotEstimable
        ``method_unknown``.
    """
    return _code(method, METHODS, "method")


def interval_code(interval: str) -> int:
    """Number of a kind of interval in the kernel.

    Parameters
    ----------
    interval : str
        ``normal``, ``knapp_hartung`` or ``knapp_hartung_floor``.

    Returns
    -------
    int

    Raises
    ------
    NotEstimable
        ``interval_unknown``.
    """
    return _code(interval, INTERVALS, "interval")


def pooled_studies(effects: ArrayLike, variances: ArrayLike) -> tuple[Floats, Floats]:
    """Check effects and variances that a random-effects model is fitted to.

    Parameters
    ----------
    effects, variances : array_like (k,)
        On the analysis scale.

    Returns
    -------
    tuple of float arrays (k,)

    Raises
    ------
    NotEstimable
        What ``checked_effects`` refuses; ``weight_infinite`` for a variance below 1e-90.
    """
    y, v = checked_effects(effects, variances)
    if v.min() < _LEAST_VARIANCE:
        refuse_studies(
            "weight_infinite",
            "a variance is so small that its weight is beyond computing",
            v < _LEAST_VARIANCE,
            "variances",
            "check the interval or standard error that was typed",
        )
    return y, v


def critical_value(level: float, df: float | None) -> float:
    """Half-width of a two-sided interval in standard errors.

    Parameters
    ----------
    level : float
        Coverage, in (0, 1).
    df : float or None
        Of the t distribution; None for the normal.

    Returns
    -------
    float

    Raises
    ------
    NotEstimable
        ``level`` or ``df``.
    """
    if not 0.0 < level < 1.0:
        raise refuse(NotEstimable, "level", f"coverage {level} is not between 0 and 1")
    if df is None:
        return float(ndtri((1.0 + level) / 2.0))
    if not 0.0 < df < math.inf:
        raise refuse(NotEstimable, "df", f"{df} degrees of freedom are not above 0")
    return float(stdtrit(df, (1.0 + level) / 2.0))


def two_sided_p(statistic: float, df: float | None) -> float:
    """Two-sided p-value of a z or t statistic.

    Parameters
    ----------
    statistic : float
        Estimate over its standard error.
    df : float or None
        Of the t distribution; None for the normal.

    Returns
    -------
    float
    """
    if df is None:
        return math.erfc(abs(statistic) / math.sqrt(2.0))
    return 2.0 * float(stdtr(df, -abs(statistic)))


def refuse_kernel(status: int) -> None:
    """Raise the refusal that fits what stopped the kernel; do nothing if it got through.

    Parameters
    ----------
    status : int
        Of the kernel.

    Raises
    ------
    NotEstimable
        ``not_converged`` or ``collinear_column``.
    """
    if status == 0:
        return
    if status == 2:
        raise refuse(
            NotEstimable,
            "collinear_column",
            "under the weights of the studies a moderator is determined by the others",
            mend="leave one of them out",
        )
    raise refuse(
        NotEstimable,
        "not_converged",
        "the between-study variance could not be found",
        mend='look for extreme variances, or use method "DL"',
    )


def no_spread() -> Refused:
    """Refusal of a Knapp-Hartung interval where the effects do not differ at all.

    Returns
    -------
    Refused
        To be raised by the caller.
    """
    return refuse(
        NotEstimable,
        "no_spread",
        "the effects do not differ, so the Knapp-Hartung standard error is 0",
        where="effects",
        mend='use interval "knapp_hartung_floor" or "normal"',
    )
