"""What each study does to the pooled effect: left out, added, its residual, its pull."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaincinv

from cartwheel.stats.kernels import _random_effects_refits
from cartwheel.stats.pooling.choices import method_code
from cartwheel.stats.pooling.gosh import Subsets as Subsets, gosh as gosh
from cartwheel.stats.pooling.random_effects import pool_effects
from cartwheel.stats.pooling.refits import (
    Refits as Refits,
    cumulative as cumulative,
    leave_one_out as leave_one_out,
    pool_samples as pool_samples,
    several_studies,
)
from cartwheel.stats.pooling.study_inputs import Flags, Floats, read_only


@dataclass(frozen=True, slots=True, eq=False)
class Influence:
    """Deletion diagnostics; a value for each study in every array.

    Parameters
    ----------
    studentised_residual, standardised_residual : float array (k,)
        From the fit without the study, and from the fit with it.
    dffits, cook, covariance_ratio, dfbeta : float array (k,)
        Change of the study's fitted value, of the estimate (squared), of its variance, and of the
        estimate in standard errors.
    tau2_without, q_without : float array (k,)
        Heterogeneity of the others.
    hat, weight_percent : float array (k,)
        Leverage, and weight in per cent.
    flagged : bool array (k,)
        By metafor's rule: |dffits| > 3 sqrt(1 / (k - 1)), Cook's distance above the median of
        chi-square with 1 df, hat > 3 / k, or |dfbeta| > 1.
    """

    studentised_residual: Floats
    standardised_residual: Floats
    dffits: Floats
    cook: Floats
    covariance_ratio: Floats
    tau2_without: Floats
    q_without: Floats
    hat: Floats
    weight_percent: Floats
    dfbeta: Floats
    flagged: Flags


def _deletions(
    y: Floats, v: Floats, method: str, interval: str
) -> tuple[Floats, Floats, Floats, Floats]:
    """Without each study: tau2, estimate, variance of the estimate, its Knapp-Hartung factor."""
    table = _random_effects_refits.leave_one_out(y, v, method_code(method))
    factor = np.ones(y.size)
    if interval != "normal" and y.size > 2:
        factor = table[:, 3] / (y.size - 2)
        if interval == "knapp_hartung_floor":
            factor = np.maximum(factor, 1.0)
    return table[:, 0], table[:, 1], factor / table[:, 2], factor


def influence(
    effects: ArrayLike,
    variances: ArrayLike,
    *,
    method: str = "REML",
    interval: str = "knapp_hartung",
) -> Influence:
    """Measure what each study does to the pooled effect.

    Parameters
    ----------
    effects, variances : array_like (k,)
        On the analysis scale; variances > 0; at least two studies.
    method, interval : str
        As in ``pool_effects``; the kind of interval enters through the variance of the estimate.

    Returns
    -------
    Influence

    Raises
    ------
    NotEstimable
        ``one_study``, and what ``pool_effects`` refuses.

    Notes
    -----
    m and V: estimate and its variance, s its Knapp-Hartung factor (1 with ``normal``); (i):
    without study i; w = 1 / (v + tau2), h = w / sum w. Studentised: (y - m(i)) / sqrt(s(i) (v +
    tau2(i)) + V(i)). Standardised: (y - m) / sqrt(v + tau2 - 1 / sum w). DFFITS: (m - m(i)) /
    sqrt(s(i) h (v + tau2(i))). Cook: (m - m(i))2 / V. Covariance ratio: V(i) / V. DFBETA: (m -
    m(i)) over the error that all studies have under tau2(i), with s(i). With two studies the other
    one is left alone, and has s(i) = 1. Where the other studies' effects are equal, s(i) is 0 and
    what it divides is nan. Agrees with metafor 3.8 ``influence`` to 1e-8.

    References
    ----------
    Viechtbauer W, Cheung MWL 2010, doi:10.1002/jrsm.11.
    """
    y, v = several_studies(effects, variances, "the influence of a study")
    full = pool_effects(y, v, method=method, interval=interval)
    k, centre = y.size, float(y.mean())
    residual = y - centre
    tau2, estimate, variance, factor = _deletions(residual, v, method, interval)
    # where the others have one effect their Knapp-Hartung factor is 0: what it divides is undefined
    factor = np.where(factor > 0.0, factor, np.nan)
    change = (full.estimate - centre) - estimate
    weight = 1.0 / (v + full.tau2)
    hat = weight / weight.sum()
    # of all studies, under the tau2 of the others
    total_without = factor / variance + 1.0 / (v + tau2)
    deviation = residual - (full.estimate - centre)
    dffits = change / np.sqrt(factor * hat * (v + tau2))
    dfbeta = change / np.sqrt(factor / total_without)
    cook = change**2 / full.std_error**2
    table = _random_effects_refits.leave_one_out(residual, v, method_code("common"))
    flagged = (
        (np.abs(dffits) > 3.0 * np.sqrt(1.0 / (k - 1)))
        | (cook > 2.0 * float(gammaincinv(0.5, 0.5)))
        | (hat > 3.0 / k)
        | (np.abs(dfbeta) > 1.0)
    )
    flagged.setflags(write=False)
    return Influence(
        studentised_residual=read_only(
            (residual - estimate) / np.sqrt(factor * (v + tau2) + variance)
        ),
        standardised_residual=read_only(deviation / np.sqrt(1.0 / weight - 1.0 / weight.sum())),
        dffits=read_only(dffits),
        cook=read_only(cook),
        covariance_ratio=read_only(variance / full.std_error**2),
        tau2_without=read_only(tau2),
        q_without=read_only(table[:, 4].copy()),
        hat=read_only(hat),
        weight_percent=read_only(100.0 * hat),
        dfbeta=read_only(dfbeta),
        flagged=flagged,
    )


def baujat(
    effects: ArrayLike, variances: ArrayLike, *, method: str = "common"
) -> tuple[Floats, Floats]:
    """Set each study's share in the heterogeneity against its pull on the pooled effect.

    Parameters
    ----------
    effects, variances : array_like (k,)
        On the analysis scale; variances > 0; at least two studies.
    method : str
        As in ``pool_effects``; the plot was proposed for a common effect.

    Returns
    -------
    x, y : float array (k,)
        Squared Pearson residual, which sums to Q under a common effect; squared change of the
        estimate without the study, over its variance then.

    Raises
    ------
    NotEstimable
        ``one_study``, and what ``pool_effects`` refuses.

    Notes
    -----
    Agrees with metafor 3.8 ``baujat`` to 1e-8.

    References
    ----------
    Baujat B et al. 2002, doi:10.1002/sim.1221.
    """
    y, v = several_studies(effects, variances, "a Baujat plot")
    full = pool_effects(y, v, method=method, interval="normal")
    centre = float(y.mean())
    _, estimate, variance, _ = _deletions(y - centre, v, method, "normal")
    change = (full.estimate - centre) - estimate
    return (
        read_only((y - full.estimate) ** 2 / (v + full.tau2)),
        read_only(change**2 / variance),
    )
