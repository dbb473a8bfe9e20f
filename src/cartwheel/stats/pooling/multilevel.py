"""Pool several effects from one study: effects within studies, and robust standard errors."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, stdtr, stdtrit

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.descriptive import normal_quantile
from cartwheel.stats.pooling.cluster_robust import bias_reduced
from cartwheel.stats.pooling.clustered import Block, Matrix, Summed, blocks_of, summed
from cartwheel.stats.pooling.study_design import study_design
from cartwheel.stats.pooling.study_inputs import Floats, checked_effects, read_only

_STEPS = 2000
# relative change of the variances at which scoring stops
_TOLERANCE = 1e-12


@dataclass(frozen=True, slots=True)
class Multilevel:
    """Effects pooled over and within studies.

    Parameters
    ----------
    k : int
        Effects.
    clusters : int
        Studies.
    coefficients : float array (p,)
        One mean, or one coefficient a column of the design.
    std_error : float array (p,)
        Under the model.
    robust_std_error, robust_df : float array (p,) or None
        CR2 and its Satterthwaite degrees of freedom; None where not asked.
    statistic, p_values, low, high : float array (p,)
        By the robust error and t where there is one, else by the model and the normal.
    level : float
        Of the intervals.
    robust : str
        ``CR2`` or ``none``.
    sigma2_between, sigma2_within : float
        Variance of studies, and of effects within studies.
    i2_between, i2_within : float
        Per cent of the typical total variance.
    sampling_correlation : float
        Assumed, of the sampling errors within a study.
    prediction_low, prediction_high : float or None
        Interval for the effect of a new study, for one mean only.
    log_likelihood : float
        Restricted.
    """

    k: int
    clusters: int
    coefficients: Floats
    std_error: Floats
    robust_std_error: Floats | None
    robust_df: Floats | None
    statistic: Floats
    p_values: Floats
    low: Floats
    high: Floats
    level: float
    robust: str
    sigma2_between: float
    sigma2_within: float
    i2_between: float
    i2_within: float
    sampling_correlation: float
    prediction_low: float | None
    prediction_high: float | None
    log_likelihood: float


def multilevel(
    effects: ArrayLike,
    variances: ArrayLike,
    cluster: Sequence[Hashable] | NDArray[Any],
    *,
    design: ArrayLike | None = None,
    robust: str = "CR2",
    level: float = 0.95,
    sampling_correlation: float = 0.0,
) -> Multilevel:
    """Pool effects of which several come from one study, by restricted maximum likelihood.

    Parameters
    ----------
    effects, variances : array_like (k,)
        On the analysis scale; variances > 0.
    cluster : sequence (k,)
        Study of each effect; equal labels are one study.
    design : array_like (k, p), optional
        Columns of a meta-regression, with the intercept; by default the intercept alone.
    robust : str
        ``CR2`` or ``none``.
    level : float
        Of the intervals, in (0, 1).
    sampling_correlation : float
        Assumed correlation of sampling errors within a study, in [0, 1); 0 takes them as
        independent, which overlapping patients are not.

    Returns
    -------
    Multilevel

    Raises
    ------
    NotEstimable
        Bad effects or variances, by position; ``cluster_missing``, ``one_cluster``,
        ``one_effect_each`` (nothing to tell the two variances apart), ``robust_unknown``,
        ``sampling_correlation``, what ``study_design`` refuses, ``robust_not_estimable``,
        ``not_converged``.

    Notes
    -----
    Effect = X b + study + effect within study + sampling error. Fisher scoring from three starting
    points, variances kept at 0 where the likelihood falls. I2 after Nakagawa and Santos 2012.
    Agrees with metafor 3.8 ``rma.mv(random = ~ 1 | study/effect)`` to 1e-10 in the restricted
    likelihood, and with it and clubSandwich 0.5.8 to 1e-8 in coefficients, errors and degrees of
    freedom at the same variances; the variances themselves agree to 1e-5, as closely as metafor's
    optimiser stops.

    References
    ----------
    Konstantopoulos 2011, doi 10.1002/jrsm.35. Pustejovsky and Tipton 2022,
    doi 10.1007/s11121-021-01246-3.
    """
    y, v = checked_effects(effects, variances)
    members = _members(cluster, y.size)
    x = study_design(np.ones(y.size) if design is None else design, y.size)
    _refuse_wrong(robust, sampling_correlation)
    z = normal_quantile(level)
    sizes = np.bincount(members)
    if (sizes == 1).all():
        raise refuse(
            NotEstimable,
            "one_effect_each",
            "every study has one effect, so variances between and within cannot be told apart",
            where="cluster",
            mend="pool with one level, or check the labels of the studies",
        )
    blocks = blocks_of(y, v, members, x.basis, sampling_correlation)
    (between, within), fit = _restricted(blocks, float(v.mean()), y)
    coefficients = x.back @ fit.coefficients
    std_error = np.sqrt(np.diag(x.back @ fit.covariance @ x.back.T))
    error, df = std_error, None
    if robust == "CR2":
        found = bias_reduced(blocks, fit, (between, within), x.back)
        error, df = np.sqrt(np.maximum(np.diag(found.covariance), 0.0)), found.df
        _refuse_no_spread(error, df)
    half = np.full(len(error), z) if df is None else stdtrit(df, (1.0 + level) / 2.0)
    statistic = coefficients / error
    tail = ndtr(-np.abs(statistic)) if df is None else stdtr(df, -np.abs(statistic))
    low, high = None, None
    if design is None:
        ahead = float(half[0] * np.sqrt(error[0] ** 2 + between + within))
        low, high = float(coefficients[0]) - ahead, float(coefficients[0]) + ahead
    typical = _typical_variance(blocks)
    return Multilevel(
        k=y.size,
        clusters=sizes.size,
        coefficients=read_only(coefficients),
        std_error=read_only(std_error),
        robust_std_error=None if df is None else read_only(error),
        robust_df=None if df is None else read_only(df),
        statistic=read_only(statistic),
        p_values=read_only(2.0 * tail),
        low=read_only(coefficients - half * error),
        high=read_only(coefficients + half * error),
        level=level,
        robust=robust,
        sigma2_between=between,
        sigma2_within=within,
        i2_between=100.0 * between / (between + within + typical),
        i2_within=100.0 * within / (between + within + typical),
        sampling_correlation=sampling_correlation,
        prediction_low=low,
        prediction_high=high,
        log_likelihood=fit.log_likelihood,
    )


def _members(cluster: Sequence[Hashable] | NDArray[Any], k: int) -> NDArray[np.int64]:
    """Number the studies in order of appearance."""
    labels = list(cluster)
    if len(labels) != k:
        raise refuse(NotEstimable, "length_mismatch", f"{len(labels)} study labels for {k} effects")
    missing = [
        i + 1
        for i, label in enumerate(labels)
        if label is None or (isinstance(label, float) and np.isnan(label))
    ]
    if missing:
        raise refuse(
            NotEstimable,
            "cluster_missing",
            "an effect has no study",
            where=f"cluster, effect {missing[0]}",
            mend="name the study of each effect",
        )
    numbers: dict[Hashable, int] = {}
    members = np.array([numbers.setdefault(label, len(numbers)) for label in labels], np.int64)
    if len(numbers) < 2:
        raise refuse(
            NotEstimable,
            "one_cluster",
            "all effects come from one study",
            where="cluster",
            mend="at least two studies are needed",
        )
    return members


def _refuse_wrong(robust: str, sampling_correlation: float) -> None:
    if robust not in ("CR2", "none"):
        raise refuse(
            NotEstimable, "robust_unknown", f"no robust error {robust}", mend="CR2 or none"
        )
    if not 0.0 <= sampling_correlation < 1.0:
        raise refuse(
            NotEstimable,
            "sampling_correlation",
            f"a correlation of {sampling_correlation} is not in [0, 1)",
            where="sampling_correlation",
        )


def _refuse_no_spread(error: Matrix, df: Matrix) -> None:
    if not (np.isfinite(df) & (df > 0.0) & (error > 0.0)).all():
        raise refuse(
            NotEstimable,
            "robust_not_estimable",
            "a coefficient rests on too few studies for a robust standard error",
            mend='use robust "none", or a simpler design',
        )


def _restricted(
    blocks: tuple[Block, ...], sampling: float, effects: Floats
) -> tuple[tuple[float, float], Summed]:
    """The two variances of largest restricted likelihood, and the fit there."""
    spread = max(float(np.var(effects)), 0.1 * sampling)
    starts = ((spread / 2, spread / 2), (spread, 0.01 * spread), (0.01 * spread, spread))
    near = [_scored(blocks, np.array(start), 1e-3) for start in starts]
    best, _ = max(near, key=lambda end: end[1].log_likelihood)
    return _scored(blocks, np.array(best), _TOLERANCE)


def _scored(
    blocks: tuple[Block, ...], here: Matrix, tolerance: float
) -> tuple[tuple[float, float], Summed]:
    now = summed(blocks, float(here[0]), float(here[1]))
    scale = float(here.sum())
    before, damped = np.zeros(2), 1.0
    for _ in range(_STEPS):
        step = _bounded_step(here, now)
        # expected information below the observed one makes scoring swing about the top
        if float(step @ before) < 0.0:
            damped = max(damped / 2.0, 0.25)
        before = step
        shrink = damped
        while shrink > 1e-12:
            there = np.maximum(here + shrink * step, 0.0)
            then = summed(blocks, float(there[0]), float(there[1]))
            if then.log_likelihood >= now.log_likelihood - 1e-12 * abs(now.log_likelihood):
                break
            shrink /= 4.0
        moved = float(np.abs(there - here).max())
        here, now = there, then
        if moved <= tolerance * (float(here.max()) + 1e-6 * scale):
            return (float(here[0]), float(here[1])), now
    raise refuse(
        NotEstimable,
        "not_converged",
        "the variances between and within studies did not converge",
        mend="pool one effect a study instead",
    )


def _bounded_step(here: Matrix, now: Summed) -> Matrix:
    """Scoring step; a variance at 0 that wants to fall, or would fall below, is held there."""
    free = (here > 0.0) | (now.score > 0.0)
    step = np.zeros_like(here)
    for _ in range(2):
        if not free.any():
            break
        part = now.information[np.ix_(free, free)]
        step = np.where(free, 0.0, -here)
        step[free] = np.linalg.lstsq(part, now.score[free], rcond=1e-14)[0]
        falling = free & (here + step < 0.0) & (here == 0.0)
        if not falling.any():
            break
        free &= ~falling
    return step


def _typical_variance(blocks: tuple[Block, ...]) -> float:
    """(k - p) / trace(P), P without random effects: Higgins and Thompson's, generalised."""
    p, n = blocks[0].design.shape[2], sum(block.effects.size for block in blocks)
    normal, inner, trace = np.zeros((p, p)), np.zeros((p, p)), 0.0
    for block in blocks:
        w = np.linalg.inv(block.sampling)
        wx = w @ block.design
        normal += np.einsum("mip,miq->pq", block.design, wx)
        inner += np.einsum("mip,miq->pq", wx, wx)
        trace += float(np.trace(w, axis1=1, axis2=2).sum())
    taken = float(np.trace(np.linalg.solve(normal, inner)))
    return float((n - p) / (trace - taken))
