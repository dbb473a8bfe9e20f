"""Models that pool counts instead of effects: Mantel-Haenszel, Peto, GLMM, bivariate."""

from __future__ import annotations

import numpy as np

from cartwheel.errors import NotEstimable, refuse
from cartwheel.pooling.analysis.fit import MODEL_NAMES, Fit
from cartwheel.pooling.analysis.members import Members
from cartwheel.pooling.plan import PoolPlan
from cartwheel.pooling.result_studies import Counts
from cartwheel.stats.pooling.binomial_normal import pool_proportions_glmm
from cartwheel.stats.pooling.bivariate import bivariate_accuracy
from cartwheel.stats.pooling.common_effect import MantelHaenszel
from cartwheel.stats.pooling.heterogeneity import i_squared, typical_variance
from cartwheel.stats.pooling.two_by_two import mantel_haenszel, mantel_haenszel_rates, peto


def counts_of(members: Members) -> tuple[Counts, ...] | None:
    """Counts of all studies.

    Parameters
    ----------
    members : Members
        The pool.

    Returns
    -------
    tuple of Counts or None
        None where a study has none.
    """
    found = tuple(study.counts for study in members.studies if study.counts is not None)
    return found if len(found) == members.k else None


Columns = tuple[list[float], list[float], list[float], list[float]]


def two_groups(members: Members) -> Columns | None:
    """Events and patients of two groups in all studies.

    Parameters
    ----------
    members : Members
        The pool.

    Returns
    -------
    tuple of four lists, or None
        Events and patients, exposed and not; None where a study lacks them.
    """
    counts = counts_of(members)
    if counts is None:
        return None
    events, n = [one.events for one in counts], [one.n for one in counts]
    others = [one.reference_events for one in counts if one.reference_events is not None]
    sizes = [one.reference_n for one in counts if one.reference_n is not None]
    return (events, n, others, sizes) if len(others) == len(sizes) == members.k else None


def _needed(members: Members) -> Columns:
    columns = two_groups(members)
    if columns is None:
        raise refuse(
            NotEstimable, "no_counts", "a study has no events and patients", where=members.name
        )
    return columns


def _mantel_haenszel(members: Members, plan: PoolPlan) -> Fit:
    a, n1, c, n0 = _needed(members)
    if members.measure == "IRR":
        counts = counts_of(members) or ()
        times = [one.person_time or 0.0 for one in counts]
        others = [one.reference_person_time or 0.0 for one in counts]
        return _summed("MH", mantel_haenszel_rates(a, times, c, others, level=plan.level))
    return _summed("MH", mantel_haenszel(a, n1, c, n0, measure=members.measure, level=plan.level))


def _peto(members: Members, plan: PoolPlan) -> Fit:
    return _summed("peto", peto(*_needed(members), level=plan.level))


def _summed(code: str, found: MantelHaenszel) -> Fit:
    return Fit(
        code=code,
        interval="normal",
        name=MODEL_NAMES[code],
        effect=found.estimate,
        std_error=found.std_error,
        low=found.low,
        high=found.high,
        df=None,
        prediction_low=None,
        prediction_high=None,
        tau2=None,
        i2=found.i2,
        q=found.q,
        q_df=found.q_df,
        q_p_value=found.q_p_value,
        weights_percent=found.weights_percent,
    )


def _glmm(members: Members, plan: PoolPlan) -> Fit:
    counts = counts_of(members)
    if counts is None:
        raise refuse(
            NotEstimable, "no_counts", "a study has no events and patients", where=members.name
        )
    found = pool_proportions_glmm(
        [one.events for one in counts], [one.n for one in counts], level=plan.level
    )
    weights = 1.0 / (members.variances + found.tau2)
    return Fit(
        code="GLMM",
        interval="normal",
        name=MODEL_NAMES["GLMM"],
        effect=found.estimate,
        std_error=found.std_error,
        low=found.low,
        high=found.high,
        df=None,
        prediction_low=found.prediction_low,
        prediction_high=found.prediction_high,
        tau2=found.tau2,
        i2=i_squared(found.tau2, typical_variance(members.variances)),
        q=found.q,
        q_df=found.q_df,
        q_p_value=found.q_p_value,
        weights_percent=100.0 * weights / weights.sum(),
    )


def _bivariate(members: Members, plan: PoolPlan) -> Fit:
    tp, sick, fp, well = _needed(members)
    found = bivariate_accuracy(
        tp, np.subtract(sick, tp), fp, np.subtract(well, fp), level=plan.level
    )
    ratio, effects = found.diagnostic_odds_ratio, found.effects
    spread = float(effects.between.sum())
    low, high, value = (float(np.log(x)) for x in (ratio.low, ratio.high, ratio.value))
    error = float(np.sqrt(effects.covariance.sum()))
    reach = (high - low) / 2.0 / error * float(np.sqrt(error**2 + spread))
    return Fit(
        code="bivariate",
        interval="normal",
        name=MODEL_NAMES["bivariate"],
        effect=value,
        std_error=error,
        low=low,
        high=high,
        df=None,
        prediction_low=value - reach,
        prediction_high=value + reach,
        tau2=spread,
        i2=None,
        q=None,
        q_df=None,
        q_p_value=None,
        weights_percent=None,
    )


COUNT_MODELS = {
    "MH": _mantel_haenszel,
    "peto": _peto,
    "GLMM": _glmm,
    "bivariate": _bivariate,
}
