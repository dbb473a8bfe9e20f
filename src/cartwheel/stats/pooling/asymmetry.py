"""Whether small studies show other effects than large ones: regressions on precision."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.pooling.choices import critical_value, two_sided_p
from cartwheel.stats.pooling.meta_regression import meta_regression
from cartwheel.stats.pooling.study_inputs import (
    Flags,
    Floats,
    checked_effects,
    refuse_studies,
    study_column,
)
from cartwheel.stats.pooling.two_by_two import checked_table, table_effects

MODELS = ("lm", "random", "common")
PREDICTORS = ("std_error", "variance", "n", "inverse_n", "sqrt_n", "inverse_sqrt_n")
# at an infinitely large study these are 0, so the intercept is an effect
_VANISHING = ("std_error", "variance", "inverse_n", "inverse_sqrt_n")


@dataclass(frozen=True, slots=True)
class AsymmetryTest:
    """A test of funnel asymmetry.

    Parameters
    ----------
    name : str
        ``egger``, ``egger_random``, ``egger_common`` (with the predictor behind where it is not
        the standard error), ``begg``, ``peters``, ``harbord``, ``macaskill``, ``deeks``.
    statistic : float
        t, z, or Kendall's tau for ``begg``.
    df : int or None
        Of t; None for the others.
    p_value : float
        Two-sided.
    bias, bias_std_error : float or None
        Slope on the predictor: asymmetry. None for ``begg``.
    limit, limit_low, limit_high : float or None
        Effect at an infinitely large study, on the analysis scale; None where the predictor does
        not go to 0 there.
    k : int
        Studies tested.
    """

    name: str
    statistic: float
    df: int | None
    p_value: float
    bias: float | None
    bias_std_error: float | None
    limit: float | None
    limit_low: float | None
    limit_high: float | None
    k: int


def egger_test(
    effects: ArrayLike,
    variances: ArrayLike,
    *,
    model: str = "lm",
    predictor: str = "std_error",
    n: ArrayLike | None = None,
    tau2_method: str = "REML",
    level: float = 0.95,
) -> AsymmetryTest:
    """Regress effects on their standard errors, or on another measure of size (Egger).

    With fewer than ten studies it tells next to nothing.

    Parameters
    ----------
    effects, variances : array_like (k,)
        On the analysis scale, variances > 0, k >= 3.
    model : str
        ``lm``: Egger's weighted regression, with a residual factor and t; ``random``: a
        meta-regression with residual heterogeneity; ``common``: one without.
    predictor : str
        ``std_error``, ``variance``, ``n``, ``inverse_n``, ``sqrt_n`` or ``inverse_sqrt_n``.
    n : array_like (k,), optional
        Patients, > 0, for the predictors that need them.
    tau2_method : str
        Estimator of residual heterogeneity for ``random``.
    level : float
        Of the interval of the limit.

    Returns
    -------
    AsymmetryTest

    Raises
    ------
    NotEstimable
        ``model_unknown``, ``predictor_unknown``, ``n_missing``, ``too_few``,
        ``predictor_constant``, ``no_residual``; bad numbers by position.

    Notes
    -----
    ``lm`` with the standard error is the intercept of Egger's plot of z on precision. Agrees with
    metafor 3.8 ``regtest`` to 1e-8 relative.

    References
    ----------
    Egger et al. 1997, doi 10.1136/bmj.315.7109.629. Sterne and Egger 2005,
    doi 10.1002/0470870168.ch6. Thompson and Sharp 1999.
    """
    y, v = checked_effects(effects, variances)
    if model not in MODELS:
        raise refuse(
            NotEstimable, "model_unknown", f"no model {model}", mend="one of " + ", ".join(MODELS)
        )
    x = _predictor(v, predictor, n)
    name = "egger" if model == "lm" else f"egger_{model}"
    name += "" if predictor == "std_error" else f"_{predictor}"
    if model == "lm":
        return weighted_line(name, (y, x, 1.0 / v), level, limit=predictor in _VANISHING)
    _refuse_flat(x, y.size)
    fit = meta_regression(
        y,
        v,
        np.column_stack([np.ones(y.size), x]),
        names=("limit", predictor),
        method="common" if model == "common" else tau2_method,
        interval="normal",
        level=level,
    )
    shown = predictor in _VANISHING
    return AsymmetryTest(
        name=name,
        statistic=float(fit.statistic[1]),
        df=None,
        p_value=float(fit.p_values[1]),
        bias=float(fit.coefficients[1]),
        bias_std_error=float(fit.std_error[1]),
        limit=float(fit.coefficients[0]) if shown else None,
        limit_low=float(fit.low[0]) if shown else None,
        limit_high=float(fit.high[0]) if shown else None,
        k=y.size,
    )


def peters_test(
    a: ArrayLike, n1: ArrayLike, c: ArrayLike, n0: ArrayLike, *, level: float = 0.95
) -> AsymmetryTest:
    """Regress log odds ratios on 1 / n (Peters): not correlated with the effect by itself.

    Parameters
    ----------
    a, n1, c, n0 : array_like (k,)
        Events and patients, exposed and not. Studies without events, or with nothing else, say
        nothing and are left out.
    level : float
        Of the interval of the limit.

    Returns
    -------
    AsymmetryTest

    Raises
    ------
    NotEstimable
        Bad counts by position; ``too_few``, ``predictor_constant``, ``no_residual``.

    Notes
    -----
    Weights 1 / (1 / events + 1 / non-events); 1/2 added where a cell is zero. Agrees with R ``lm``
    to 1e-8 relative.

    References
    ----------
    Peters et al. 2006, doi 10.1001/jama.295.6.676.
    """
    y, total, weights = _ratios(a, n1, c, n0)
    return weighted_line("peters", (y, 1.0 / total, weights), level, limit=True)


def macaskill_test(
    a: ArrayLike, n1: ArrayLike, c: ArrayLike, n0: ArrayLike, *, level: float = 0.95
) -> AsymmetryTest:
    """Regress log odds ratios on the number of patients (Macaskill).

    Parameters
    ----------
    a, n1, c, n0 : array_like (k,)
        As ``peters_test``.
    level : float
        Of the intervals.

    Returns
    -------
    AsymmetryTest
        Without a limit.

    Raises
    ------
    NotEstimable
        As ``peters_test``.

    Notes
    -----
    Weights as Peters. Agrees with R ``lm`` to 1e-8 relative.

    References
    ----------
    Macaskill, Walter and Irwig 2001, doi 10.1002/sim.698.
    """
    y, total, weights = _ratios(a, n1, c, n0)
    return weighted_line("macaskill", (y, total, weights), level, limit=False)


def deeks_test(
    a: ArrayLike, n1: ArrayLike, c: ArrayLike, n0: ArrayLike, *, level: float = 0.95
) -> AsymmetryTest:
    """Regress log diagnostic odds ratios on 1 / sqrt of the effective sample size (Deeks).

    Parameters
    ----------
    a, n1, c, n0 : array_like (k,)
        As ``peters_test``: called high among those with the event, and among those without.
    level : float
        Of the interval of the limit.

    Returns
    -------
    AsymmetryTest

    Raises
    ------
    NotEstimable
        As ``peters_test``.

    Notes
    -----
    Effective size 4 n1 n0 / (n1 + n0), which is also the weight. Agrees with R ``lm`` to 1e-8.

    References
    ----------
    Deeks, Macaskill and Irwig 2005, doi 10.1016/j.jclinepi.2005.01.016.
    """
    table = checked_table(a, n1, c, n0)
    kept = _informative(*table)
    y, _ = table_effects(*table, "OR")
    size = (4.0 * table[1] * table[3] / (table[1] + table[3]))[kept]
    return weighted_line("deeks", (y, 1.0 / np.sqrt(size), size), level, limit=True)


def harbord_test(
    a: ArrayLike, n1: ArrayLike, c: ArrayLike, n0: ArrayLike, *, level: float = 0.95
) -> AsymmetryTest:
    """Egger's regression with the efficient score and its variance in place of log odds (Harbord).

    Parameters
    ----------
    a, n1, c, n0 : array_like (k,)
        As ``peters_test``.
    level : float
        Of the interval of the limit.

    Returns
    -------
    AsymmetryTest

    Raises
    ------
    NotEstimable
        As ``peters_test``.

    Notes
    -----
    Z = a - E(a), V hypergeometric; Z / V on 1 / sqrt(V) with weight V. Agrees with R ``lm`` to
    1e-8 relative.

    References
    ----------
    Harbord, Egger and Sterne 2006, doi 10.1002/sim.2380.
    """
    a_, n1_, c_, n0_ = checked_table(a, n1, c, n0)
    kept = _informative(a_, n1_, c_, n0_)
    a_, n1_, c_, n0_ = a_[kept], n1_[kept], c_[kept], n0_[kept]
    events, total = a_ + c_, n1_ + n0_
    score = a_ - n1_ * events / total
    variance = n1_ * n0_ * events * (total - events) / (total**2 * (total - 1.0))
    line = score / variance, 1.0 / np.sqrt(variance), variance
    return weighted_line("harbord", line, level, limit=True)


def weighted_line(
    name: str, line: tuple[Floats, Floats, Floats], level: float, *, limit: bool
) -> AsymmetryTest:
    """Fit a weighted straight line and test its slope.

    Parameters
    ----------
    name : str
        Of the test.
    line : three float arrays (k,)
        Effects, predictor, weights > 0.
    level : float
        Of the interval of the intercept.
    limit : bool
        Whether the intercept is the effect of an infinitely large study.

    Returns
    -------
    AsymmetryTest

    Raises
    ------
    NotEstimable
        ``too_few``, ``predictor_constant``, ``no_residual``.
    """
    y, x, w = line
    k = y.size
    _refuse_flat(x, k)
    total = float(w.sum())
    middle_x, middle_y = float(w @ x) / total, float(w @ y) / total
    spread = float(w @ (x - middle_x) ** 2)
    slope = float(w @ ((x - middle_x) * (y - middle_y))) / spread
    residual = y - middle_y - slope * (x - middle_x)
    around = float(w @ residual**2)
    if around <= 1e-24 * float(w @ y**2):
        raise refuse(
            NotEstimable,
            "no_residual",
            "the effects lie on a straight line, so there is nothing to test against",
            where="effects",
        )
    scale = around / (k - 2)
    error = sqrt(scale / spread)
    intercept = middle_y - slope * middle_x
    half = critical_value(level, k - 2) * sqrt(scale * (1.0 / total + middle_x**2 / spread))
    return AsymmetryTest(
        name=name,
        statistic=slope / error,
        df=k - 2,
        p_value=two_sided_p(slope / error, k - 2),
        bias=slope,
        bias_std_error=error,
        limit=intercept if limit else None,
        limit_low=intercept - half if limit else None,
        limit_high=intercept + half if limit else None,
        k=k,
    )


def _informative(a: Floats, n1: Floats, c: Floats, n0: Floats) -> Flags:
    return np.asarray((a + c > 0.0) & (a + c < n1 + n0))


def _ratios(
    a: ArrayLike, n1: ArrayLike, c: ArrayLike, n0: ArrayLike
) -> tuple[Floats, Floats, Floats]:
    """Log odds ratios, patients and weights of the studies that say something."""
    table = checked_table(a, n1, c, n0)
    kept = _informative(*table)
    y, _ = table_effects(*table, "OR")
    total = (table[1] + table[3])[kept]
    events = (table[0] + table[2])[kept]
    return y, total, events * (total - events) / total


def _predictor(v: Floats, predictor: str, n: ArrayLike | None) -> Floats:
    if predictor not in PREDICTORS:
        raise refuse(
            NotEstimable,
            "predictor_unknown",
            f"no predictor {predictor}",
            where="predictor",
            mend="one of " + ", ".join(PREDICTORS),
        )
    if predictor in ("std_error", "variance"):
        return np.sqrt(v) if predictor == "std_error" else v
    if n is None:
        raise refuse(NotEstimable, "n_missing", f"the predictor {predictor} needs n", where="n")
    size = study_column(n, "n")
    if size.size != v.size:
        raise refuse(NotEstimable, "length_mismatch", f"{size.size} sizes for {v.size} effects")
    refuse_studies("no_patients", "a study has no patients", size <= 0.0, "n")
    power = {"n": 1.0, "inverse_n": -1.0, "sqrt_n": 0.5, "inverse_sqrt_n": -0.5}[predictor]
    return np.asarray(size**power)


def _refuse_flat(x: Floats, k: int) -> None:
    if k < 3:
        raise refuse(
            NotEstimable,
            "too_few",
            f"{k} studies: a line through them leaves nothing to test",
            where="effects",
            mend="at least 3, and better 10",
        )
    if float(x.max() - x.min()) <= 1e-10 * float(np.abs(x).max()):
        raise refuse(
            NotEstimable,
            "predictor_constant",
            "all studies are of one size, so asymmetry cannot show",
            where="variances",
        )
