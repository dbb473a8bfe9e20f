"""What a paper prints of one effect, turned into the effect and its standard error.

Each function takes the numbers of one study and gives a pair: the effect on the analysis scale and
its standard error there.
"""

from __future__ import annotations

import math

from scipy.special import ndtri

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.descriptive import normal_quantile
from cartwheel.stats.pooling.printed_numbers import (
    finite_numbers,
    ordered_interval,
    positive_numbers,
)

Pair = tuple[float, float]


def _quantile_of_p(p: float) -> float:
    """Absolute z of a two-sided p-value."""
    finite_numbers(p=p)
    if not 0.0 < p < 1.0:
        raise refuse(
            NotEstimable,
            "p_value",
            f"a p-value of {p:g} has no finite z above 0",
            where="p",
            mend='give the exact value; "< 0.001" alone is a limit, not a value',
        )
    return abs(float(ndtri(0.5 * p)))


def ratio_from_interval(value: float, low: float, high: float, *, level: float = 0.95) -> Pair:
    """Turn a ratio with its interval into its log and standard error.

    Parameters
    ----------
    value, low, high : float
        Ratio and limits, > 0, the ratio between the limits.
    level : float
        Coverage of the interval.

    Returns
    -------
    effect, std_error : float
        log(value), (log high - log low) / (2 z).

    Raises
    ------
    NotEstimable
        ``not_finite``, ``not_positive``, ``interval_order``, ``estimate_outside_interval`` or
        ``level``.

    Notes
    -----
    The error comes from the width, so an interval that is not symmetric about log(value) keeps the
    printed value; judging that asymmetry is the reader's job.

    References
    ----------
    Parmar MKB et al. 1998, doi:10.1002/(SICI)1097-0258(19981230)17:24<2815::AID-SIM110>3.0.CO;2-8.
    """
    positive_numbers(value=value, low=low, high=high)
    ordered_interval(value, low, high)
    width = math.log(high) - math.log(low)
    return math.log(value), width / (2.0 * normal_quantile(level))


def ratio_from_std_error(value: float, std_error_log: float) -> Pair:
    """Turn a ratio with the standard error of its log into the pair.

    Parameters
    ----------
    value, std_error_log : float
        Both > 0; the second on the log scale, not that of the ratio.

    Returns
    -------
    effect, std_error : float

    Raises
    ------
    NotEstimable
        ``not_finite`` or ``not_positive``.
    """
    positive_numbers(value=value, std_error_log=std_error_log)
    return math.log(value), float(std_error_log)


def ratio_from_p_value(value: float, p: float) -> Pair:
    """Turn a ratio with the two-sided p-value of its Wald test into its log and standard error.

    Parameters
    ----------
    value : float
        Ratio, > 0 and not 1.
    p : float
        In (0, 1), exact.

    Returns
    -------
    effect, std_error : float
        log(value), |log value| / z.

    Raises
    ------
    NotEstimable
        ``not_finite``, ``not_positive``, ``p_value`` or ``no_effect``.
    """
    positive_numbers(value=value)
    return difference_from_p_value(math.log(value), p)


def difference_from_interval(value: float, low: float, high: float, *, level: float = 0.95) -> Pair:
    """Turn a difference with its interval into itself and its standard error.

    Parameters
    ----------
    value, low, high : float
        Difference (or anything on its analysis scale) and limits.
    level : float
        Coverage of the interval.

    Returns
    -------
    effect, std_error : float
        value, (high - low) / (2 z).

    Raises
    ------
    NotEstimable
        ``not_finite``, ``interval_order``, ``estimate_outside_interval`` or ``level``.
    """
    finite_numbers(value=value, low=low, high=high)
    ordered_interval(value, low, high)
    return float(value), (high - low) / (2.0 * normal_quantile(level))


def difference_from_p_value(value: float, p: float) -> Pair:
    """Turn a difference with the two-sided p-value of its Wald test into the pair.

    Parameters
    ----------
    value : float
        Difference, not 0.
    p : float
        In (0, 1), exact.

    Returns
    -------
    effect, std_error : float
        value, |value| / z.

    Raises
    ------
    NotEstimable
        ``not_finite``, ``p_value``, or ``no_effect`` where the effect is nil.
    """
    finite_numbers(value=value)
    z = _quantile_of_p(p)
    if value == 0.0:
        raise refuse(
            NotEstimable,
            "no_effect",
            "an effect of nil and a p-value do not give a standard error",
            where="p",
        )
    return float(value), abs(value) / z


def log_hazard_ratio_from_o_minus_e(o_minus_e: float, variance: float) -> Pair:
    """Turn observed less expected events of a log-rank test into a log hazard ratio.

    Parameters
    ----------
    o_minus_e : float
        Of the group whose hazard is the numerator.
    variance : float
        Of it, > 0.

    Returns
    -------
    effect, std_error : float
        (O - E) / V, 1 / sqrt(V).

    Raises
    ------
    NotEstimable
        ``not_finite`` or ``not_positive``.

    References
    ----------
    Yusuf S et al. 1985, doi:10.1016/S0033-0620(85)80003-7. Tierney JF et al. 2007,
    doi:10.1186/1745-6215-8-16.
    """
    finite_numbers(o_minus_e=o_minus_e)
    positive_numbers(variance=variance)
    return o_minus_e / variance, 1.0 / math.sqrt(variance)


def log_hazard_ratio_from_log_rank(
    *,
    events_1: float,
    events_0: float,
    direction: int,
    chi_square: float | None = None,
    p: float | None = None,
    n_1: float | None = None,
    n_0: float | None = None,
) -> Pair:
    """Turn a log-rank test with numbers of events into a log hazard ratio.

    Parameters
    ----------
    events_1, events_0 : float
        Events of the group whose hazard is the numerator, and of the other; > 0 (only their sum
        counts where the patients are given).
    direction : int
        +1 where the first group fares worse, -1 where it fares better: no test says.
    chi_square, p : float
        One of the two: the statistic with one degree of freedom, or its p-value.
    n_1, n_0 : float, optional
        Patients of the groups, both or neither.

    Returns
    -------
    effect, std_error : float

    Raises
    ------
    NotEstimable
        ``not_finite``, ``not_positive``, ``p_value``, ``direction``, or ``statistic`` where not
        exactly one of chi_square and p, or one of n_1 and n_0, is given.

    Notes
    -----
    V is events_1 events_0 / events, or with patients events n_1 n_0 / n^2; O - E = z sqrt(V), so
    effect = z / sqrt(V). Good for hazard ratios that are not far from 1.

    References
    ----------
    Parmar MKB et al. 1998, doi:10.1002/(SICI)1097-0258(19981230)17:24<2815::AID-SIM110>3.0.CO;2-8.
    Tierney JF et al. 2007, doi:10.1186/1745-6215-8-16.
    """
    if (chi_square is None) == (p is None) or (n_1 is None) != (n_0 is None):
        raise refuse(
            NotEstimable,
            "statistic",
            "one of chi_square and p is needed, and n_1 with n_0",
            where="log-rank test",
        )
    if direction not in (-1, 1):
        raise refuse(
            NotEstimable,
            "direction",
            "a log-rank test does not say which group fares worse",
            where="direction",
            mend="give +1 where the first group fares worse, -1 where it fares better",
        )
    positive_numbers(events_1=events_1, events_0=events_0)
    events = events_1 + events_0
    if n_1 is None or n_0 is None:
        variance = events_1 * events_0 / events
    else:
        positive_numbers(n_1=n_1, n_0=n_0)
        variance = events * n_1 * n_0 / (n_1 + n_0) ** 2
    if chi_square is not None:
        positive_numbers(chi_square=chi_square)
        z = math.sqrt(chi_square)
    else:
        z = _quantile_of_p(math.nan if p is None else p)
    return direction * z / math.sqrt(variance), 1.0 / math.sqrt(variance)


def log_hazard_ratio_from_medians(
    median_1: float, median_0: float, events_1: float, events_0: float
) -> Pair:
    """Turn median survival times of two groups into a log hazard ratio.

    Parameters
    ----------
    median_1, median_0 : float
        Of the group whose hazard is the numerator, and of the other, > 0, in one unit.
    events_1, events_0 : float
        Events of each, > 0.

    Returns
    -------
    effect, std_error : float
        log(median_0 / median_1), sqrt(1 / events_1 + 1 / events_0).

    Raises
    ------
    NotEstimable
        ``not_finite`` or ``not_positive``.

    Notes
    -----
    True for constant hazards only; a last resort.

    References
    ----------
    Michiels S et al. 2005, doi:10.1093/ije/dyi077.
    """
    positive_numbers(median_1=median_1, median_0=median_0, events_1=events_1, events_0=events_0)
    return math.log(median_0 / median_1), math.sqrt(1.0 / events_1 + 1.0 / events_0)
