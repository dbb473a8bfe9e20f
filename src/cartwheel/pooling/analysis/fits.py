"""One model fitted to the studies of a pool, by its code."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cartwheel.errors import NotEstimable
from cartwheel.pooling.analysis.count_models import COUNT_MODELS
from cartwheel.pooling.analysis.fit import MODEL_NAMES, TWO_STAGE, Fit, two_stage_name
from cartwheel.pooling.analysis.members import Floats, Members
from cartwheel.pooling.plan import PoolPlan
from cartwheel.stats.pooling.multilevel import multilevel
from cartwheel.stats.pooling.random_effects import PooledEffects, pool_effects


def fit_model(members: Members, code: str, interval: str, plan: PoolPlan) -> Fit:
    """Fit a model by its code.

    Parameters
    ----------
    members : Members
        Two studies or more.
    code : str
        As of a ``ModelRow``.
    interval : str
        For an estimator of tau2; the others have their own.
    plan : PoolPlan
        For the prediction interval and the correlation of errors.

    Returns
    -------
    Fit
        Where all effects are equal, a Knapp-Hartung interval has no width: then the floored one is
        given, and ``interval`` says so.

    Raises
    ------
    NotEstimable
        As of the model.
    """
    if code in TWO_STAGE:
        return _two_stage(members, code, "normal" if code == "common" else interval, plan)
    fit = _multilevel if code == "multilevel" else COUNT_MODELS[code]
    fitted = fit(members, plan)
    if plan.prediction == "none":
        return replace(fitted, prediction_low=None, prediction_high=None)
    return fitted


def _two_stage(members: Members, code: str, interval: str, plan: PoolPlan) -> Fit:
    k = members.k
    few = plan.prediction == "k_minus_2" and k < 3
    found = pool_stages(
        members,
        code,
        interval,
        float(k - 2) if plan.prediction == "k_minus_2" and not few else None,
    )
    none = few or plan.prediction == "none"
    return Fit(
        code=code,
        interval=found.interval,
        name=two_stage_name(code, found.interval),
        effect=found.estimate,
        std_error=found.std_error,
        low=found.low,
        high=found.high,
        df=found.df,
        prediction_low=None if none else found.prediction_low,
        prediction_high=None if none else found.prediction_high,
        tau2=None if code == "common" else found.tau2,
        i2=found.i2,
        q=found.q,
        q_df=found.q_df,
        q_p_value=found.q_p_value,
        weights_percent=found.weights_percent,
        two_stage=found,
    )


def pool_stages(
    members: Members, code: str, interval: str, prediction_df: float | None = None
) -> PooledEffects:
    """Pool by inverse variances; with the floored interval where all effects are equal.

    Parameters
    ----------
    members : Members
        The studies.
    code, interval : str
        Method and interval of ``pool_effects``.
    prediction_df : float, optional
        As there.

    Returns
    -------
    PooledEffects
    """
    try:
        return pool_effects(
            members.effects, members.variances, method=code, interval=interval,
            level=members.level, prediction_df=prediction_df,
        )  # fmt: skip
    except NotEstimable as refusal:
        if refusal.problems[0].code != "no_spread":
            raise
    return pool_effects(
        members.effects, members.variances, method=code, interval="knapp_hartung_floor",
        level=members.level, prediction_df=prediction_df,
    )  # fmt: skip


def _multilevel(members: Members, plan: PoolPlan) -> Fit:
    correlation = plan.sampling_correlation or 0.0
    clusters = [study.cluster for study in members.studies]
    found = multilevel(
        members.effects, members.variances, clusters, level=plan.level,
        sampling_correlation=correlation,
    )  # fmt: skip
    error = found.std_error if found.robust_std_error is None else found.robust_std_error
    variances = (found.sigma2_between, found.sigma2_within)
    return Fit(
        code="multilevel",
        interval="cluster_robust",
        name=MODEL_NAMES["multilevel"],
        effect=float(found.coefficients[0]),
        std_error=float(error[0]),
        low=float(found.low[0]),
        high=float(found.high[0]),
        df=None if found.robust_df is None else float(found.robust_df[0]),
        prediction_low=found.prediction_low,
        prediction_high=found.prediction_high,
        tau2=sum(variances),
        i2=found.i2_between + found.i2_within,
        q=None,
        q_df=None,
        q_p_value=None,
        weights_percent=_clustered_weights(members, variances, correlation),
    )


def _clustered_weights(
    members: Members, variances: tuple[float, float], correlation: float
) -> Floats:
    """Weights of generalised least squares: row sums of the inverse covariance, as shares."""
    between, within = variances
    labels = np.array([study.cluster for study in members.studies])
    error = np.sqrt(members.variances)
    same = labels[:, None] == labels[None, :]
    covariance = np.where(same, between + correlation * np.outer(error, error), 0.0)
    np.fill_diagonal(covariance, members.variances + between + within)
    weights = np.linalg.solve(covariance, np.ones(members.k))
    return np.asarray(100.0 * weights / weights.sum())
