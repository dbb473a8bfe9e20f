"""Pool two outcomes together: sensitivity with specificity, or PFS with OS."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, pi, sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtri, expit, ndtr

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.descriptive import normal_quantile
from cartwheel.stats.pooling.pair_likelihood import Matrix, Pairs, fitted_between, pair_fit
from cartwheel.stats.pooling.study_inputs import (
    Floats,
    events_within,
    read_only,
    refuse_studies,
    whole_counts,
)

METHODS = ("REML", "ML")


@dataclass(frozen=True, slots=True)
class BivariateEffects:
    """Two pooled effects.

    Parameters
    ----------
    k : int
        Studies with at least one of the two.
    observed : tuple of int
        Studies with the first, with the second.
    method : str
        ``REML`` or ``ML``.
    estimate, std_error, low, high, p_values : float array (2,)
        On the analysis scale, normal.
    covariance : float array (2, 2)
        Of the estimates.
    between : float array (2, 2)
        Covariance of true effects over studies.
    correlation : float or None
        Of true effects; None where one of them does not vary.
    within_correlation : float array (k,)
        Assumed, of the sampling errors.
    prediction_low, prediction_high : float array (2,)
        For a new study.
    level : float
        Of the intervals.
    log_likelihood : float
        Restricted with REML.
    """

    k: int
    observed: tuple[int, int]
    method: str
    estimate: Floats
    std_error: Floats
    low: Floats
    high: Floats
    p_values: Floats
    covariance: Floats
    between: Floats
    correlation: float | None
    within_correlation: Floats
    prediction_low: Floats
    prediction_high: Floats
    level: float
    log_likelihood: float


@dataclass(frozen=True, slots=True)
class HsrocCurve:
    """The summary curve of the hierarchical model, as parameters.

    Parameters
    ----------
    accuracy, threshold, shape : float
        Lambda, Theta and beta of Rutter and Gatsonis.
    accuracy_variance, threshold_variance : float
        Over studies.
    """

    accuracy: float
    threshold: float
    shape: float
    accuracy_variance: float
    threshold_variance: float


@dataclass(frozen=True, slots=True)
class RatioInterval:
    """A ratio with its interval.

    Parameters
    ----------
    value, low, high : float
        On the scale of the ratio.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class BivariateAccuracy:
    """Sensitivity and specificity of a test, pooled together.

    Parameters
    ----------
    sensitivity, specificity : RatioInterval
        Of the summary point, as proportions.
    positive_likelihood_ratio, negative_likelihood_ratio, diagnostic_odds_ratio : RatioInterval
        At the summary point.
    effects : BivariateEffects
        The fit: logit sensitivity, logit specificity.
    corrected : bool array (k,)
        Studies to which 1/2 was added.
    confidence_region, prediction_region : float array (points, 2)
        Outlines as (1 - specificity, sensitivity).
    curve : HsrocCurve or None
        None where one of the two does not vary between studies.
    """

    sensitivity: RatioInterval
    specificity: RatioInterval
    positive_likelihood_ratio: RatioInterval
    negative_likelihood_ratio: RatioInterval
    diagnostic_odds_ratio: RatioInterval
    effects: BivariateEffects
    corrected: np.ndarray[tuple[int], np.dtype[np.bool_]]
    confidence_region: Floats
    prediction_region: Floats
    curve: HsrocCurve | None


def multivariate_effects(
    effects: ArrayLike,
    variances: ArrayLike,
    *,
    within_correlation: ArrayLike = 0.0,
    method: str = "REML",
    level: float = 0.95,
) -> BivariateEffects:
    """Pool two outcomes of the same studies, such as PFS and OS, in one model.

    Parameters
    ----------
    effects, variances : array_like (k, 2)
        On the analysis scale, variances > 0; NaN in both where a study lacks the outcome.
    within_correlation : float or array_like (k,)
        Of the sampling errors of the two, in (-1, 1): known from patient data, or assumed.
    method : str
        ``REML`` or ``ML``.
    level : float
        Of the intervals, in (0, 1).

    Returns
    -------
    BivariateEffects

    Raises
    ------
    NotEstimable
        Bad numbers by position; ``too_few`` (an outcome in fewer than two studies, or fewer than
        two studies with both), ``within_correlation``, ``method_unknown``, ``not_converged``.

    Notes
    -----
    Unstructured covariance between studies, kept from being indefinite by its Cholesky root; a
    correlation of 1 or -1 is a common answer with few studies and means that the data do not say.
    Agrees with metafor 3.8 ``rma.mv(struct = "UN")`` to 1e-8 in the likelihood and to 1e-8 in
    estimates and errors at the same covariance; the covariance to 1e-5, as metafor's optimiser
    stops.

    References
    ----------
    van Houwelingen, Arends and Stijnen 2002, doi 10.1002/sim.1040.
    Riley 2009, doi 10.1111/j.1467-985X.2008.00593.x.
    """
    pairs = _pairs(effects, variances, within_correlation)
    if method not in METHODS:
        raise refuse(
            NotEstimable, "method_unknown", f"no method {method}", where="method", mend="REML or ML"
        )
    z = normal_quantile(level)
    between = fitted_between(pairs, restricted=method == "REML")
    fit = pair_fit(pairs, between, restricted=method == "REML")
    std_error = np.sqrt(np.diag(fit.covariance))
    ahead = np.sqrt(np.diag(fit.covariance) + np.diag(between))
    scale = sqrt(between[0, 0] * between[1, 1])
    return BivariateEffects(
        k=len(pairs.effects),
        observed=(int(pairs.present[:, 0].sum()), int(pairs.present[:, 1].sum())),
        method=method,
        estimate=read_only(fit.estimate),
        std_error=read_only(std_error),
        low=read_only(fit.estimate - z * std_error),
        high=read_only(fit.estimate + z * std_error),
        p_values=read_only(2.0 * ndtr(-np.abs(fit.estimate) / std_error)),
        covariance=read_only(fit.covariance),
        between=read_only(between),
        correlation=float(between[0, 1] / scale) if scale > 0.0 else None,
        within_correlation=read_only(pairs.correlation),
        prediction_low=read_only(fit.estimate - z * ahead),
        prediction_high=read_only(fit.estimate + z * ahead),
        level=level,
        log_likelihood=fit.log_likelihood,
    )


def bivariate_accuracy(
    tp: ArrayLike,
    fn: ArrayLike,
    fp: ArrayLike,
    tn: ArrayLike,
    *,
    method: str = "REML",
    level: float = 0.95,
) -> BivariateAccuracy:
    """Pool sensitivity and specificity with the bivariate model of Reitsma.

    Parameters
    ----------
    tp, fn, fp, tn : array_like (k,)
        Patients with the event called high and low, without it called high and low.
    method : str
        ``REML`` or ``ML``.
    level : float
        Of intervals and regions, in (0, 1).

    Returns
    -------
    BivariateAccuracy

    Raises
    ------
    NotEstimable
        Counts by position; a study without patients with, or without, the event; as
        ``multivariate_effects``.

    Notes
    -----
    Logits with variance 1/x + 1/(n - x); 1/2 is added to all four counts of a study with a zero.
    Regions by the chi-square distribution with 2 degrees of freedom. Studies should share a
    threshold, or the summary point means little and the curve is the result. Agrees with metafor
    3.8 ``rma.mv`` as ``multivariate_effects``.

    References
    ----------
    Reitsma et al. 2005, doi 10.1016/j.jclinepi.2005.02.022.
    Harbord et al. 2007, doi 10.1093/biostatistics/kxl004 (the curve).
    """
    cells = np.stack(whole_counts(tp=tp, fn=fn, fp=fp, tn=tn))
    for part, total in ((0, "patients with the event"), (2, "patients without the event")):
        events_within(cells[part], cells[part] + cells[part + 1], "counts", total)
    corrected = (cells == 0.0).any(axis=0)
    cells = cells + 0.5 * corrected
    logits = np.column_stack([np.log(cells[0] / cells[1]), np.log(cells[3] / cells[2])])
    variances = np.column_stack([1 / cells[0] + 1 / cells[1], 1 / cells[2] + 1 / cells[3]])
    fit = multivariate_effects(logits, variances, method=method, level=level)
    corrected.setflags(write=False)
    outlines = [
        expit(ellipse(fit.estimate, spread, level)[:, ::-1] * np.array([-1.0, 1.0]))
        for spread in (fit.covariance, fit.covariance + fit.between)
    ]
    sens, spec = (_proportion(fit, j) for j in (0, 1))
    return BivariateAccuracy(
        sensitivity=sens,
        specificity=spec,
        positive_likelihood_ratio=_log_ratio(fit, _positive(fit)),
        negative_likelihood_ratio=_log_ratio(fit, _negative(fit)),
        diagnostic_odds_ratio=_log_ratio(fit, (float(fit.estimate.sum()), np.ones(2))),
        effects=fit,
        corrected=corrected,
        confidence_region=read_only(outlines[0]),
        prediction_region=read_only(outlines[1]),
        curve=_curve(fit),
    )


def hsroc_sensitivity(curve: HsrocCurve, false_positive_rate: ArrayLike) -> Floats:
    """Sensitivity on the summary curve.

    Parameters
    ----------
    curve : HsrocCurve
        Its parameters.
    false_positive_rate : array_like (points,)
        1 - specificity, in (0, 1). Do not draw it beyond the rates of the studies.

    Returns
    -------
    float array (points,)

    Raises
    ------
    NotEstimable
        ``rate_outside`` for a rate not in (0, 1).
    """
    rate = np.asarray(false_positive_rate, dtype=np.float64)
    if not ((rate > 0.0) & (rate < 1.0)).all():
        raise refuse(NotEstimable, "rate_outside", "a false-positive rate is not in (0, 1)")
    logit = np.log(rate) - np.log1p(-rate)
    half = exp(-curve.shape / 2.0)
    return np.asarray(expit(curve.accuracy * half + half**2 * logit))


def ellipse(centre: ArrayLike, covariance: ArrayLike, level: float, points: int = 181) -> Floats:
    """Outline of the region that holds a share of a bivariate normal distribution.

    Parameters
    ----------
    centre : array_like (2,)
        Its mean.
    covariance : array_like (2, 2)
        Positive semidefinite.
    level : float
        Share, in (0, 1).
    points : int
        Of the outline, the first repeated at the end.

    Returns
    -------
    float array (points, 2)
    """
    normal_quantile(level)
    values, vectors = np.linalg.eigh(np.asarray(covariance, dtype=np.float64))
    angle = np.linspace(0.0, 2.0 * pi, points)
    circle = np.stack([np.cos(angle), np.sin(angle)])
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    radius = sqrt(float(chdtri(2.0, 1.0 - level)))
    return np.asarray(np.asarray(centre) + radius * (root @ circle).T)


def _pairs(effects: ArrayLike, variances: ArrayLike, within_correlation: ArrayLike) -> Pairs:
    y = np.array(effects, dtype=np.float64)
    v = np.array(variances, dtype=np.float64)
    if y.ndim != 2 or y.shape[1:] != (2,) or y.shape != v.shape or not len(y):
        raise refuse(
            NotEstimable, "length_mismatch", "effects and variances need two columns of one length"
        )
    present = ~np.isnan(y)
    refuse_studies(
        "not_finite",
        "an effect has no variance, or a variance no effect, or is infinite",
        ((present != ~np.isnan(v)) | np.isinf(y) | np.isinf(v)).any(axis=1),
        "effects",
        "give both, or leave both empty where the outcome was not reported",
    )
    refuse_studies(
        "variance_not_positive",
        "a variance is zero or negative",
        np.asarray((np.where(present, v, 1.0) <= 0.0).any(axis=1)),
        "variances",
    )
    rho = np.array(np.broadcast_to(np.asarray(within_correlation, dtype=np.float64), len(y)))
    refuse_studies(
        "within_correlation",
        "a correlation is not in (-1, 1)",
        np.asarray(~(np.abs(rho) < 1.0)),
        "within_correlation",
    )
    kept = present.any(axis=1)
    both = int(present.all(axis=1).sum())
    if both < 2 or present.sum() < 5:
        raise refuse(
            NotEstimable,
            "too_few",
            f"{both} studies report both outcomes: no correlation between them can be estimated",
            where="effects",
            mend="pool each outcome by itself",
        )
    return Pairs(
        np.where(present, y, 0.0)[kept], np.where(present, v, 1.0)[kept], present[kept], rho[kept]
    )


def _proportion(fit: BivariateEffects, j: int) -> RatioInterval:
    return RatioInterval(*(float(expit(x[j])) for x in (fit.estimate, fit.low, fit.high)))


def _log_ratio(fit: BivariateEffects, ratio: tuple[float, Matrix]) -> RatioInterval:
    """A ratio by its logarithm and the derivatives of that by the two logits."""
    value, slope = ratio
    half = normal_quantile(fit.level) * sqrt(float(slope @ fit.covariance @ slope))
    return RatioInterval(exp(value), exp(value - half), exp(value + half))


def _positive(fit: BivariateEffects) -> tuple[float, Matrix]:
    sens, spec = (float(expit(x)) for x in fit.estimate)
    return log(sens) - log(float(expit(-fit.estimate[1]))), np.array([1.0 - sens, spec])


def _negative(fit: BivariateEffects) -> tuple[float, Matrix]:
    sens, spec = (float(expit(x)) for x in fit.estimate)
    return log(float(expit(-fit.estimate[0]))) - log(spec), np.array([-sens, -(1.0 - spec)])


def _curve(fit: BivariateEffects) -> HsrocCurve | None:
    a, b = sqrt(fit.between[0, 0]), sqrt(fit.between[1, 1])
    # a curve of infinite steepness says nothing
    if min(a, b) <= 1e-6 * max(a, b, 1e-300):
        return None
    root = sqrt(b / a)
    first, second = root * float(fit.estimate[0]), float(fit.estimate[1]) / root
    both = float(fit.between[0, 1])
    return HsrocCurve(
        accuracy=first + second,
        threshold=0.5 * (first - second),
        shape=log(b / a),
        accuracy_variance=2.0 * (a * b + both),
        threshold_variance=0.5 * (a * b - both),
    )
