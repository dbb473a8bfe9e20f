"""How much studies differ beyond chance: tau2 by eight estimators, Q, Q-profile, I2 and H2."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, gammainccinv, gammaincinv

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.kernels import _random_effects_fit
from cartwheel.stats.pooling.choices import METHODS, method_code, pooled_studies, refuse_kernel
from cartwheel.stats.pooling.study_design import study_design
from cartwheel.stats.pooling.study_inputs import Floats

TAU2_METHODS = ("DL", "PM", "REML", "ML", "EB", "SJ", "HS", "HE")


@dataclass(frozen=True, slots=True)
class TauSquared:
    """An estimate of the between-study variance.

    Parameters
    ----------
    tau2 : float
        On the analysis scale, squared; never negative.
    std_error : float or None
        Of tau2; None for a common effect and for a single study.
    method : str
        The estimator.
    iterations : int
        Weighted regressions that it took.
    """

    tau2: float
    std_error: float | None
    method: str
    iterations: int


class CochranQ(NamedTuple):
    """Cochran's test of equal effects.

    Parameters
    ----------
    q : float
        Weighted sum of squares about the common effect (or the common regression).
    df : int
        Studies less coefficients.
    p_value : float
        By chi-square; 1 for a single study.
    """

    q: float
    df: int
    p_value: float


def q_p_value(q: float, df: int) -> float:
    """Chance of a larger Q if the effects were equal.

    Parameters
    ----------
    q : float
        Cochran's.
    df : int
        Degrees of freedom; 0 gives 1.

    Returns
    -------
    float
    """
    return float(chdtrc(df, q)) if df > 0 else 1.0


def centred_studies(
    effects: ArrayLike, variances: ArrayLike, design: ArrayLike | None
) -> tuple[Floats, Floats, Floats | None, int]:
    """Check studies and give effects about their mean, which moves no heterogeneity.

    Parameters
    ----------
    effects, variances : array_like (k,)
        On the analysis scale.
    design : float array (k, p), optional
        Moderators with the intercept's column; None for an intercept alone.

    Returns
    -------
    effects, variances : float array (k,)
        The first less their mean where there is an intercept.
    basis : float array (k, p) or None
        Of the moderators.
    p : int
        Coefficients.
    """
    y, v = pooled_studies(effects, variances)
    if design is None:
        return y - y.mean(), v, None, 1
    checked = study_design(design, y.size)
    if checked.alone:
        return y - y.mean(), v, None, 1
    centred = y if checked.intercept is None else y - y.mean()
    return centred, v, checked.basis, checked.basis.shape[1]


def tau_squared(
    effects: ArrayLike,
    variances: ArrayLike,
    method: str = "REML",
    design: ArrayLike | None = None,
) -> TauSquared:
    """Estimate the variance of the true effects between studies.

    Parameters
    ----------
    effects, variances : array_like (k,)
        On the analysis scale; variances > 0.
    method : str
        ``REML``, ``ML``, ``DL`` (DerSimonian-Laird), ``PM`` (Paule-Mandel), ``EB`` (empirical
        Bayes, the same as PM), ``SJ`` (Sidik-Jonkman), ``HS`` (Hunter-Schmidt), ``HE`` (Hedges,
        also Cochran's) or ``common`` (0).
    design : float array (k, p), optional
        Moderators with the intercept's column: the variance that they leave.

    Returns
    -------
    TauSquared

    Raises
    ------
    NotEstimable
        What the checks of effects and design refuse, ``method_unknown``, ``not_converged``.

    Notes
    -----
    With P the projection of the weighted regression (stats/kernels/_random_effects.pyx): DL
    (Q - df) / tr P; HS (Q - k) / sum w, k even with moderators; HE by plain weights; SJ from the
    mean squared deviation, never 0; PM where the generalised Q meets its df; ML and REML the
    highest maximum over tau2 >= 0, found by bracketing every one, to about 1e-13. All are cut at
    0. One study has tau2 0. Standard errors are those of metafor: 2 tr(P S P S), S = v + tau2, for
    the quadratic forms, the expected information for ML and REML.
    Agrees with metafor 3.8 to 1e-8, standard errors included, at its tightest threshold.

    References
    ----------
    Veroniki AA et al. 2016, doi:10.1002/jrsm.1164. Viechtbauer W 2005,
    doi:10.3102/10769986030003261. DerSimonian R, Laird N 1986, doi:10.1016/0197-2456(86)90046-2.
    Sidik K, Jonkman JN 2005, doi:10.1111/j.1467-9876.2005.00489.x.
    """
    code = method_code(method)
    y, v, x, p = centred_studies(effects, variances, design)
    crude = -1.0 if x is None else mean_squared_deviation(effects)
    status, numbers, *_ = _random_effects_fit.fit(y, v, x, code, crude)
    refuse_kernel(status)
    return TauSquared(
        float(numbers[0]), tau2_std_error(numbers[1]), method, int(numbers[7]) if y.size > p else 0
    )


def tau2_std_error(variance: float) -> float | None:
    """Root of the kernel's variance of tau2, None where it has none.

    Parameters
    ----------
    variance : float
        Negative where there is none.

    Returns
    -------
    float or None
    """
    return math.sqrt(variance) if variance >= 0.0 else None


def mean_squared_deviation(effects: ArrayLike) -> float:
    """Mean squared deviation of the effects from their plain mean: where Sidik-Jonkman starts.

    Parameters
    ----------
    effects : array_like (k,)
        On the analysis scale.

    Returns
    -------
    float
    """
    return float(np.var(np.asarray(effects, dtype=np.float64)))


def cochran_q(
    effects: ArrayLike, variances: ArrayLike, design: ArrayLike | None = None
) -> CochranQ:
    """Test that all studies have the same true effect.

    Parameters
    ----------
    effects, variances : array_like (k,)
        On the analysis scale; variances > 0.
    design : float array (k, p), optional
        Moderators with the intercept's column: the test of what they leave.

    Returns
    -------
    CochranQ

    Raises
    ------
    NotEstimable
        What the checks of effects and design refuse.

    Notes
    -----
    Sum of w r2 with w = 1 / v, chi-square with k - p degrees of freedom. Its power is poor with
    few studies and absolute with very many. Agrees with metafor 3.8 to 1e-10.

    References
    ----------
    Cochran WG 1954, doi:10.2307/3001666.
    """
    y, v, x, p = centred_studies(effects, variances, design)
    status, numbers, *_ = _random_effects_fit.fit(y, v, x, METHODS["common"])
    refuse_kernel(status)
    q, df = float(numbers[3]), y.size - p
    return CochranQ(q, df, q_p_value(q, df))


def q_profile(
    effects: ArrayLike,
    variances: ArrayLike,
    design: ArrayLike | None = None,
    level: float = 0.95,
) -> tuple[float, float]:
    """Give a confidence interval of tau2 that holds whatever the estimator.

    Parameters
    ----------
    effects, variances : array_like (k,)
        On the analysis scale; variances > 0.
    design : float array (k, p), optional
        Moderators with the intercept's column.
    level : float
        Coverage, in (0, 1).

    Returns
    -------
    low, high : float
        Limits of tau2; (0, 0) where the effects lie closer together than chance alone would have
        them, which metafor calls an empty set.

    Raises
    ------
    NotEstimable
        ``one_study``, ``level``, ``not_converged``, or what the checks refuse.

    Notes
    -----
    The values of tau2 at which the generalised Q meets the quantiles of its chi-square. Agrees
    with metafor 3.8 ``confint`` to 1e-8, but for its upper limit of 100, which we do not have.

    References
    ----------
    Viechtbauer W 2007, doi:10.1002/sim.2514.
    """
    if not 0.0 < level < 1.0:
        raise refuse(NotEstimable, "level", f"coverage {level} is not between 0 and 1")
    y, v, x, p = centred_studies(effects, variances, design)
    half = 0.5 * (y.size - p)
    if half <= 0.0:
        raise refuse(
            NotEstimable, "one_study", "one study says nothing of the variance between studies"
        )
    tail = 0.5 * (1.0 - level)
    low, failed = _random_effects_fit.q_falls_to(y, v, x, 2.0 * float(gammainccinv(half, tail)))
    refuse_kernel(failed)
    high, failed = _random_effects_fit.q_falls_to(y, v, x, 2.0 * float(gammaincinv(half, tail)))
    refuse_kernel(failed)
    return low, high


def typical_variance(variances: ArrayLike, design: ArrayLike | None = None) -> float:
    """Give the one sampling variance that stands for those of all studies in I2 and H2.

    Parameters
    ----------
    variances : array_like (k,)
        Of the effects, > 0; at least two.
    design : float array (k, p), optional
        Moderators with the intercept's column.

    Returns
    -------
    float

    Raises
    ------
    NotEstimable
        ``one_study``, or what the checks refuse.

    Notes
    -----
    (k - p) / tr P at tau2 = 0; without moderators (k - 1) sum w / ((sum w)2 - sum w2).

    References
    ----------
    Higgins JPT, Thompson SG 2002, doi:10.1002/sim.1186.
    """
    y, v, x, p = centred_studies(np.zeros(np.size(np.asarray(variances))), variances, design)
    if y.size <= p:
        raise refuse(NotEstimable, "one_study", "one study has no typical variance among others")
    status, numbers, *_ = _random_effects_fit.fit(y, v, x, METHODS["common"])
    refuse_kernel(status)
    return float((y.size - p) / numbers[4])


def i_squared(tau2: float, typical: float) -> float:
    """Share of the variation that is not chance, in per cent.

    Parameters
    ----------
    tau2 : float
        Between studies.
    typical : float
        ``typical_variance`` of the same studies.

    Returns
    -------
    float
        0 to 100.

    Notes
    -----
    100 tau2 / (tau2 + typical), which is 100 (Q - df) / Q only for DL.
    """
    return 100.0 * tau2 / (tau2 + typical)


def h_squared(tau2: float, typical: float) -> float:
    """Total variation over that by chance.

    Parameters
    ----------
    tau2 : float
        Between studies.
    typical : float
        ``typical_variance`` of the same studies.

    Returns
    -------
    float
        1 or more.
    """
    return (tau2 + typical) / typical
