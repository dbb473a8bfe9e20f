"""A fitted model in the same words, whichever it is, and as a row of the result."""

from __future__ import annotations

from dataclasses import dataclass

from cartwheel.pooling.analysis.members import Floats, Members
from cartwheel.pooling.result_analysis import ModelRow
from cartwheel.stats.pooling.choices import two_sided_p
from cartwheel.stats.pooling.heterogeneity import TAU2_METHODS
from cartwheel.stats.pooling.random_effects import PooledEffects

TWO_STAGE = ("common", *TAU2_METHODS)
INTERVAL_NAMES = {
    "knapp_hartung": "Knapp-Hartung",
    "knapp_hartung_floor": "Knapp-Hartung, never below the normal error",
    "normal": "normal interval",
}
MODEL_NAMES = {
    "MH": "common effect, Mantel-Haenszel",
    "peto": "common effect, Peto's one step",
    "GLMM": "binomial-normal model (GLMM)",
    "multilevel": "effects within clusters, REML, cluster-robust (CR2)",
    "bivariate": "bivariate model of sensitivity and specificity, diagnostic odds ratio",
}


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A model fitted to the studies of a pool, on the analysis scale.

    Parameters
    ----------
    code, interval, name : str
        As of a ``ModelRow``.
    effect, std_error, low, high : float
        Pooled effect.
    df : float or None
        Of t; None for the normal.
    prediction_low, prediction_high : float or None
        Of the true effect of a new study.
    tau2, i2 : float or None
        Heterogeneity by this model; i2 in per cent.
    q, q_df, q_p_value : float or None
        Its test of equal effects.
    weights_percent : float array (k,) or None
        None for a model without weights of studies.
    two_stage : PooledEffects or None
        The engine's own answer for common effect and estimators of tau2.
    """

    code: str
    interval: str
    name: str
    effect: float
    std_error: float
    low: float
    high: float
    df: float | None
    prediction_low: float | None
    prediction_high: float | None
    tau2: float | None
    i2: float | None
    q: float | None
    q_df: int | None
    q_p_value: float | None
    weights_percent: Floats | None
    two_stage: PooledEffects | None = None


def model_row(members: Members, fit: Fit, *, main: bool) -> ModelRow:
    """Write a fit as a row of the result.

    Parameters
    ----------
    members : Members
        What it was fitted to.
    fit : Fit
        The model.
    main : bool
        Whether the plan names it.

    Returns
    -------
    ModelRow
    """
    return ModelRow(
        name=fit.name,
        code=fit.code,
        interval=fit.interval,
        pooled=members.estimate(fit.effect, fit.low, fit.high, fit.name),
        effect=fit.effect,
        std_error=fit.std_error,
        p_value=p_of_no_effect(members, fit.effect, fit.std_error, fit.df),
        prediction_low=members.back(fit.prediction_low),
        prediction_high=members.back(fit.prediction_high),
        tau2=fit.tau2,
        i2=fit.i2,
        main=main,
    )


def p_of_no_effect(
    members: Members, effect: float, std_error: float, df: float | None
) -> float | None:
    """Test that there is no effect, wherever that lies on the analysis scale.

    Parameters
    ----------
    members : Members
        For the measure.
    effect, std_error : float
        On the analysis scale.
    df : float or None
        Of t; None for the normal.

    Returns
    -------
    float or None
        None for a proportion; for a calibration slope the test is of 1.
    """
    if members.null_effect is None or not std_error > 0.0:
        return None
    return two_sided_p((effect - members.null_effect) / std_error, df)


def two_stage_name(code: str, interval: str) -> str:
    """Name a common effect or an estimator of tau2 with its interval.

    Parameters
    ----------
    code, interval : str
        As of a ``ModelRow``.
    """
    kind = "common effect" if code == "common" else f"random effects, {code}"
    return f"{kind}, {INTERVAL_NAMES[interval]}"
