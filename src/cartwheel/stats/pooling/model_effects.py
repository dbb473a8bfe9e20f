"""How well a prediction model did in one study: C-statistic and O:E, as pairs to be pooled."""

from __future__ import annotations

import math

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.descriptive import normal_quantile
from cartwheel.stats.pooling.printed_numbers import ordered_interval, positive_numbers
from cartwheel.stats.pooling.reported_effects import Pair


def logit_c_statistic(
    c: float,
    *,
    std_error: float | None = None,
    interval: tuple[float, float] | None = None,
    n: float | None = None,
    events: float | None = None,
    level: float = 0.95,
) -> Pair:
    """Turn a C-statistic into its logit, from what stands beside it.

    Parameters
    ----------
    c : float
        In (0, 1).
    std_error : float, optional
        Of c itself.
    interval : (float, float), optional
        Its limits in (0, 1); the first choice where there is one.
    n, events : float, optional
        Patients and events, 0 < events < n: the last choice.
    level : float
        Coverage of the interval.

    Returns
    -------
    effect, std_error : float
        logit(c); from the interval (logit high - logit low) / (2 z), else SE / (c (1 - c)).

    Raises
    ------
    NotEstimable
        ``c_statistic`` outside (0, 1), ``no_error`` where nothing is given, ``interval_order``,
        ``estimate_outside_interval``, ``not_positive``, ``events_exceed_patients`` or ``level``.

    Notes
    -----
    From counts by Newcombe's method 4, with m = events, l = n - events, s = n / 2 - 1:
    SE^2 = c (1 - c) (1 + s (1 - c) / (2 - c) + s c / (1 + c)) / (m l).

    References
    ----------
    Debray TPA et al. 2017, doi:10.1136/bmj.i6460. Newcombe RG 2006, doi:10.1002/sim.2324. Snell
    KIE et al. 2018, doi:10.1177/0962280217705678.
    """
    limits = interval or ()
    if not all(math.isfinite(value) and 0.0 < value < 1.0 for value in (c, *limits)):
        raise refuse(
            NotEstimable,
            "c_statistic",
            "a C-statistic and its limits lie between 0 and 1",
            where="c",
            mend="divide per cent by 100",
        )
    effect = math.log(c / (1.0 - c))
    if interval is not None:
        low, high = interval
        ordered_interval(c, low, high)
        width = math.log(high / (1.0 - high)) - math.log(low / (1.0 - low))
        return effect, width / (2.0 * normal_quantile(level))
    if std_error is not None:
        positive_numbers(std_error=std_error)
        return effect, std_error / (c * (1.0 - c))
    if n is None or events is None:
        raise refuse(
            NotEstimable,
            "no_error",
            "a C-statistic needs an interval, a standard error, or patients and events",
            where="c",
        )
    positive_numbers(n=n, events=events)
    if events >= n:
        raise refuse(
            NotEstimable, "events_exceed_patients", "events are not fewer than n", where="events"
        )
    half = 0.5 * n - 1.0
    inflation = 1.0 + half * (1.0 - c) / (2.0 - c) + half * c / (1.0 + c)
    return effect, math.sqrt(inflation / (events * (n - events) * c * (1.0 - c)))


def log_observed_expected(
    observed: float,
    expected: float,
    n: float | None = None,
    *,
    std_error: float | None = None,
) -> Pair:
    """Turn observed and expected events, or risks, into the log of their ratio.

    Parameters
    ----------
    observed, expected : float
        Numbers of events, or risks where ``std_error`` is given; > 0.
    n : float, optional
        Patients, observed <= n; None for a Poisson count.
    std_error : float, optional
        Of the observed risk, as from Kaplan-Meier; then n is not used.

    Returns
    -------
    effect, std_error : float
        log(O / E); sqrt((1 - O / n) / O), or sqrt(1 / O) without n, or SE / O.

    Raises
    ------
    NotEstimable
        ``not_finite``, ``not_positive``, ``events_exceed_patients``, or ``no_variance`` where
        everybody had the event.

    Notes
    -----
    The expected number is taken as known without error.

    References
    ----------
    Debray TPA et al. 2017, doi:10.1136/bmj.i6460.
    """
    positive_numbers(observed=observed, expected=expected)
    effect = math.log(observed / expected)
    if std_error is not None:
        positive_numbers(std_error=std_error)
        return effect, std_error / observed
    if n is None:
        return effect, math.sqrt(1.0 / observed)
    positive_numbers(n=n)
    if observed > n:
        raise refuse(
            NotEstimable, "events_exceed_patients", "observed events exceed n", where="observed"
        )
    if observed == n:
        raise refuse(
            NotEstimable,
            "no_variance",
            "everybody had the event, which leaves no variance",
            where="observed",
            mend="leave n out, for a Poisson variance",
        )
    return effect, math.sqrt((1.0 - observed / n) / observed)
