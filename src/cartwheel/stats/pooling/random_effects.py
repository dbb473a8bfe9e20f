"""The pooled effect of several studies: common or random effects, with its prediction interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from cartwheel.errors import NotEstimable, refuse
from cartwheel.estimate import Estimate
from cartwheel.stats.kernels import _random_effects_fit
from cartwheel.stats.pooling.choices import (
    critical_value,
    interval_code,
    method_code,
    no_spread,
    pooled_studies,
    refuse_kernel,
    two_sided_p,
)
from cartwheel.stats.pooling.heterogeneity import (
    h_squared,
    i_squared,
    q_p_value,
    tau2_std_error,
)
from cartwheel.stats.pooling.study_inputs import Flags, Floats, read_only

_LOG_2_PI = math.log(2.0 * math.pi)
# effects whose distance is a smaller share of their size are equal
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class PooledEffects:
    """A pooled effect and its heterogeneity, on the analysis scale.

    Parameters
    ----------
    method : str
        Estimator of tau2, or ``common``.
    interval : str
        Kind of interval; ``normal`` for a single study, whatever was asked.
    k : int
        Studies.
    estimate, std_error : float
        Pooled effect; its error by the kind of interval.
    std_error_normal : float
        1 / sqrt(sum of weights), before any Knapp-Hartung widening.
    statistic, df, p_value : float
        Estimate over its error, degrees of freedom of t (None: normal), two-sided test of 0.
    low, high, level : float
        Confidence interval.
    prediction_low, prediction_high, prediction_df : float or None
        Where the true effect of a new study lies; None under a common effect or for one study,
        and the last for a normal quantile.
    tau2, tau2_std_error : float
        Between-study variance; its error None under a common effect or for one study.
    q, q_df, q_p_value : float
        Cochran's test.
    i2, h2 : float
        I2 in per cent; by tau2 and the typical variance, by Q under a common effect.
    weights_percent : float array (k,)
        Of the studies.
    log_likelihood : float
        Restricted for REML; else plain, at tau2.
    """

    method: str
    interval: str
    k: int
    estimate: float
    std_error: float
    std_error_normal: float
    statistic: float
    df: int | None
    p_value: float
    low: float
    high: float
    level: float
    prediction_low: float | None
    prediction_high: float | None
    prediction_df: float | None
    tau2: float
    tau2_std_error: float | None
    q: float
    q_df: int
    q_p_value: float
    i2: float
    h2: float
    weights_percent: Floats
    log_likelihood: float

    @property
    def pooled(self) -> Estimate:
        """The effect with its interval, on the analysis scale; n holds the studies."""
        model = "common effect" if self.method == "common" else f"random effects, {self.method}"
        return Estimate(
            self.estimate,
            self.low,
            self.high,
            self.level,
            f"{model}, {self.interval.replace('_', '-')} interval",
            n=self.k,
        )


class ShrunkenEffects(NamedTuple):
    """True effects of the studies as the model sees them, drawn towards the pooled effect.

    Parameters
    ----------
    effect, std_error, low, high : float array (k,)
        Best linear unbiased predictions and their intervals.
    """

    effect: Floats
    std_error: Floats
    low: Floats
    high: Floats


def heterogeneity_shares(
    method: str, tau2: float, q: float, df: int, trace: float
) -> tuple[float, float]:
    """I2 in per cent and H2 of a model.

    Parameters
    ----------
    method : str
        ``common`` takes them from Q, the others from tau2.
    tau2, q : float
        Of the model.
    df : int
        Studies less coefficients; 0 gives (0, 1).
    trace : float
        tr P at tau2 = 0.

    Returns
    -------
    i2, h2 : float
    """
    if df <= 0:
        return 0.0, 1.0
    if method == "common":
        return (max(0.0, 100.0 * (q - df) / q) if q > 0.0 else 0.0), q / df
    typical = df / trace
    return i_squared(tau2, typical), h_squared(tau2, typical)


def differ(weighted_squares: float | Floats, weight: float | Floats, size: float) -> bool | Flags:
    """Whether effects lie apart by more than rounding, so that their scatter can be a variance.

    Parameters
    ----------
    weighted_squares, weight : float or float array
        Sum of w r2, and of w.
    size : float
        Largest effect, without its sign.

    Returns
    -------
    bool or bool array
    """
    return weighted_squares > _ROUNDING**2 * weight * size**2


def widening(interval: str, weighted_squares: float, df: int) -> float:
    """Factor on the variance of coefficients by the kind of interval.

    Parameters
    ----------
    interval : str
        ``normal``, ``knapp_hartung`` or ``knapp_hartung_floor``.
    weighted_squares : float
        Sum of w r2 at tau2.
    df : int
        Studies less coefficients.

    Returns
    -------
    float
    """
    if interval == "normal":
        return 1.0
    factor = weighted_squares / df
    return max(1.0, factor) if interval == "knapp_hartung_floor" else factor


def pool_effects(
    effects: ArrayLike,
    variances: ArrayLike,
    *,
    method: str = "REML",
    interval: str = "knapp_hartung",
    level: float = 0.95,
    prediction_df: float | None = None,
) -> PooledEffects:
    """Pool effects of several studies into one.

    Parameters
    ----------
    effects, variances : array_like (k,)
        On the analysis scale (log ratio, logit, difference); variances > 0.
    method : str
        ``common``, or an estimator of tau2: ``REML``, ``ML``, ``DL``, ``PM``, ``EB``, ``SJ``,
        ``HS``, ``HE``.
    interval : str
        ``knapp_hartung`` (t with k - 1, variance from the scatter about the pooled effect),
        ``knapp_hartung_floor`` (never narrower than the normal standard error), ``normal``.
    level : float
        Coverage of every interval, in (0, 1).
    prediction_df : float, optional
        Degrees of freedom of the prediction interval, as k - 2 in many papers; by default those of
        the confidence interval, so normal with ``normal``.

    Returns
    -------
    PooledEffects

    Raises
    ------
    NotEstimable
        ``method_unknown``, ``interval_unknown``, ``level``, ``df``, ``not_finite``,
        ``variance_not_positive``, ``weight_infinite``, ``length_mismatch``, ``not_converged``;
        ``no_spread`` where the effects are all equal and the interval is ``knapp_hartung``.

    Notes
    -----
    Weights 1 / (v + tau2). One study is answered with itself and a normal interval. With two, a
    Knapp-Hartung interval has one degree of freedom and is very wide, or very narrow where the two
    agree; the caller should say so. Prediction interval: estimate -+ quantile sqrt(tau2 + SE2).
    Agrees with metafor 3.8 ``rma`` (tests z, knha, adhoc) to 1e-8 (1e-7 for its own iterations).

    References
    ----------
    DerSimonian R, Laird N 1986, doi:10.1016/0197-2456(86)90046-2. Knapp G, Hartung J 2003,
    doi:10.1002/sim.1482. Higgins JPT, Thompson SG, Spiegelhalter DJ 2009,
    doi:10.1111/j.1467-985X.2008.00552.x. Jackson D et al. 2017, doi:10.1002/sim.7411.
    """
    code = method_code(method)
    interval_code(interval)
    y, v = pooled_studies(effects, variances)
    k = y.size
    centre = float(y.mean())
    status, numbers, coef, _, weights = _random_effects_fit.fit(y - centre, v, None, code)
    refuse_kernel(status)
    tau2, tau2_variance, squares, q, trace, log_variances, log_information, _ = numbers.tolist()
    used = interval if k > 1 else "normal"
    factor, total = widening(used, squares, k - 1), float(weights.sum())
    if used == "knapp_hartung" and not differ(squares, total, float(np.abs(y).max())):
        raise no_spread()
    estimate, normal = centre + float(coef[0]), math.sqrt(1.0 / total)
    error = normal * math.sqrt(factor)
    df = None if used == "normal" else k - 1
    reach = critical_value(level, df) * error
    spread = _prediction(method, k, level, df if prediction_df is None else prediction_df)
    width = None if spread is None else spread * math.sqrt(tau2 + error * error)
    i2, h2 = heterogeneity_shares(method, tau2, q, k - 1, trace)
    likelihood = -0.5 * (k * _LOG_2_PI + log_variances + squares)
    if method == "REML":
        likelihood += 0.5 * (_LOG_2_PI + math.log(k) - log_information)
    return PooledEffects(
        method=method,
        interval=used,
        k=k,
        estimate=estimate,
        std_error=error,
        std_error_normal=normal,
        statistic=estimate / error,
        df=df,
        p_value=two_sided_p(estimate / error, df),
        low=estimate - reach,
        high=estimate + reach,
        level=level,
        prediction_low=None if width is None else estimate - width,
        prediction_high=None if width is None else estimate + width,
        prediction_df=None if width is None else (df if prediction_df is None else prediction_df),
        tau2=tau2,
        tau2_std_error=tau2_std_error(tau2_variance),
        q=q,
        q_df=k - 1,
        q_p_value=q_p_value(q, k - 1),
        i2=i2,
        h2=h2,
        weights_percent=read_only(100.0 * weights / total),
        log_likelihood=likelihood,
    )


def _prediction(method: str, k: int, level: float, df: float | None) -> float | None:
    """Quantile of the prediction interval, None where there is none."""
    return None if method == "common" or k == 1 else critical_value(level, df)


def shrunken_effects(
    effects: ArrayLike,
    variances: ArrayLike,
    fit: PooledEffects | None = None,
    *,
    level: float | None = None,
) -> ShrunkenEffects:
    """Predict each study's own true effect from its data and from all the others.

    Parameters
    ----------
    effects, variances : array_like (k,)
        On the analysis scale, those of ``fit``.
    fit : PooledEffects, optional
        Of ``pool_effects``; by default REML with Knapp-Hartung.
    level : float, optional
        Coverage; by default that of the fit.

    Returns
    -------
    ShrunkenEffects

    Raises
    ------
    NotEstimable
        ``length_mismatch``, ``level``, or what ``pool_effects`` refuses.

    Notes
    -----
    With s = tau2 / (tau2 + v): s y + (1 - s) estimate, variance s v + (1 - s)2 SE2; quantile as in
    the fit's interval. Under a common effect every study has the pooled effect. Agrees with
    metafor 3.8 ``blup`` to 1e-8.

    References
    ----------
    Raudenbush SW, Bryk AS 1985, doi:10.3102/10769986010002075.
    """
    y, v = pooled_studies(effects, variances)
    model = pool_effects(y, v) if fit is None else fit
    if model.k != y.size:
        raise refuse(
            NotEstimable,
            "length_mismatch",
            f"the model has {model.k} studies, the effects are of {y.size}",
            where="effects",
        )
    share = model.tau2 / (model.tau2 + v)
    effect = share * y + (1.0 - share) * model.estimate
    error = np.sqrt(share * v + (1.0 - share) ** 2 * model.std_error**2)
    reach = critical_value(model.level if level is None else level, model.df) * error
    return ShrunkenEffects(*map(read_only, (effect, error, effect - reach, effect + reach)))
