"""Other variances of the area under the ROC curve than DeLong's, to compare with other programs.

``delong`` is the one to report: it assumes no shape and is unbiased.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, pi, sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.concordance_general import general_concordance
from cartwheel.stats.descriptive import coded_column, finite_column, same_length
from cartwheel.stats.risk_sets import risk_sets
from cartwheel.stats.roc import roc_curve


@dataclass(frozen=True, slots=True)
class SomersDxy:
    """Rank correlation of a score with an event.

    Parameters
    ----------
    dxy : float
        2 (AUC - 0.5): concordant less discordant pairs of a patient with and one without the event.
    std_error : float
        Infinitesimal jackknife.
    n, events : int
        Patients and events.
    """

    dxy: float
    std_error: float
    n: int
    events: int


def somers_dxy(score: ArrayLike, event: ArrayLike) -> SomersDxy:
    """Estimate Somers' rank correlation of a score with an event, with its standard error.

    Parameters
    ----------
    score : array_like (n,)
        Higher means the event is likelier.
    event : array_like (n,), bool or 0/1
        1 event.

    Returns
    -------
    SomersDxy

    Raises
    ------
    NotEstimable
        No case or no control, a score not finite, an event not 0/1.

    Notes
    -----
    The sum over patients of (concordant - discordant pairs - dxy pairs)^2, its root over the pairs:
    for an event, DeLong's error with divisors n instead of n - 1, doubled. Agrees with R
    ``Hmisc::rcorr.cens`` (S.D.) to 1e-8 relative.

    References
    ----------
    Newson R 2006, doi:10.1177/1536867X0600600302.
    """
    values, happened = finite_column(score, "score"), coded_column(event, "event")
    same_length(score=values, event=happened)
    events = int(happened.sum())
    if not 0 < events < happened.size:
        raise refuse(
            NotEstimable, "one_class", "all patients or none have the event", where="event"
        )
    # the event, as a time: those with it come first, all at one time, so are pairs with the others
    sets = risk_sets(2.0 - happened, happened)
    found = general_concordance(sets, values)
    return SomersDxy(2.0 * (found.c - 0.5), 2.0 * found.std_error, happened.size, events)


def obuchowski_variance(score: ArrayLike, event: ArrayLike) -> float:
    """Estimate the variance of the area under the ROC curve from a binormal curve.

    Used for planning; a score that is not normal in both groups on some common scale gets another
    variance than it has.

    Parameters
    ----------
    score : array_like (n,)
        Higher means the event is likelier.
    event : array_like (n,), bool or 0/1
        1 event.

    Returns
    -------
    float
        Of the area.

    Raises
    ------
    NotEstimable
        What ``roc_curve`` refuses; ``binormal_points`` where fewer than two points of the curve
        have sensitivity and specificity inside (0, 1), or all have one sensitivity.

    Notes
    -----
    A line through the points of the curve, normal quantile of specificity on that of sensitivity,
    has intercept A and slope B. With E = exp(-A^2 / (2 (1 + B^2))), f = E / sqrt(2 pi (1 + B^2)),
    g = A B f / (1 + B^2) and k controls a case, the variance is
    (f^2 (1 + B^2 / k + A^2 / 2) + g^2 B^2 (1 + k) / (2 k)) / cases. Agrees with R
    ``pROC::var(method = "obuchowski")`` to 1e-8 relative.

    References
    ----------
    Obuchowski NA, McClish DK 1997,
    doi:10.1002/(SICI)1097-0258(19970715)16:13<1529::AID-SIM565>3.0.CO;2-H.
    """
    curve = roc_curve(score, event)
    happened = coded_column(event, "event")
    inside = (
        (curve.sensitivity > 0.0)
        & (curve.sensitivity < 1.0)
        & (curve.specificity > 0.0)
        & (curve.specificity < 1.0)
    )
    across, up = ndtri(curve.sensitivity[inside]), ndtri(curve.specificity[inside])
    if across.size < 2 or not float(np.ptp(across)) > 0.0:
        raise refuse(
            NotEstimable,
            "binormal_points",
            "the ROC curve has too few points for a binormal curve",
            where="score",
            mend="use delong",
        )
    away = across - across.mean()
    b = float(away @ up) / float(away @ away)
    a = float(up.mean()) - b * float(across.mean())
    cases = float(happened.sum())
    ratio = (happened.size - cases) / cases
    spread = 1.0 + b * b
    f = exp(-a * a / (2.0 * spread)) / sqrt(2.0 * pi * spread)
    g = a * b * f / spread
    per_case = f * f * (1.0 + b * b / ratio + a * a / 2.0)
    per_case += g * g * b * b * (1.0 + ratio) / (2.0 * ratio)
    return per_case / cases
