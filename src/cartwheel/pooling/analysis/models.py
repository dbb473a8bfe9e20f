"""Which model is the plan's for a pool, and every other one that can be held beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cartwheel.errors import NotEstimable, Problem, Refused
from cartwheel.pooling.analysis.count_models import counts_of, two_groups
from cartwheel.pooling.analysis.fit import INTERVAL_NAMES, TWO_STAGE, Fit, model_row
from cartwheel.pooling.analysis.fits import fit_model
from cartwheel.pooling.analysis.members import Members
from cartwheel.pooling.plan import PoolPlan
from cartwheel.pooling.result_analysis import ModelRow
from cartwheel.stats.pooling.effect_sizes import back_transform, proportions
from cartwheel.stats.pooling.heterogeneity import TAU2_METHODS
from cartwheel.stats.pooling.random_effects import pool_effects

_RAW = ("two_by_two", "accuracy", "rates")
_NEEDS = {
    "MH": "events and patients (or person-time) of two groups in every row, for OR, RR, RD or IRR",
    "peto": "events and patients of two groups in every row, for OR",
    "GLMM": "events and patients in every row of a proportion",
    "bivariate": "tp, fp, fn and tn in every row",
    "multilevel": "rows of two clusters or more, and all of these are of one",
}
_OTHER_SCALES = (("arcsine", "PAS"), ("double_arcsine", "PFT"))


def estimator(plan: PoolPlan) -> str:
    """Give the estimator of tau2 for questions that only two-stage models answer.

    Parameters
    ----------
    plan : PoolPlan
        With its method; REML where that has no estimator of its own.
    """
    return plan.method if plan.method in TWO_STAGE else "REML"


def two_stage_interval(plan: PoolPlan) -> str:
    """Give the interval that goes with the estimator.

    Parameters
    ----------
    plan : PoolPlan
        A common effect has a normal interval: Knapp and Hartung's is one of random effects.
    """
    return "normal" if plan.method == "common" else plan.interval


def main_code(members: Members, plan: PoolPlan) -> str:
    """Tell the model of a pool.

    Parameters
    ----------
    members : Members
        The pool.
    plan : PoolPlan
        With its method.

    Returns
    -------
    str
        The plan's method; REML where a multilevel model is asked and every cluster has one row, as
        it is then the same model.
    """
    if plan.method == "multilevel" and not repeated_clusters(members):
        return "REML"
    return plan.method


def repeated_clusters(members: Members) -> bool:
    """Whether two rows of a pool share a cluster.

    Parameters
    ----------
    members : Members
        The pool.
    """
    return len({study.cluster for study in members.studies}) < members.k


def unfit(members: Members, plan: PoolPlan) -> Problem | None:
    """Say why the plan's method cannot pool these studies.

    Parameters
    ----------
    members : Members
        The pool; one study is not pooled, so any method will do.
    plan : PoolPlan
        With its method.

    Returns
    -------
    Problem or None
    """
    code = plan.method
    if members.k < 2 or code not in _NEEDS or available(members, code):
        return None
    return Problem(
        "method_unfit",
        f"method {code} needs {_NEEDS[code]}",
        members.name,
        "choose what is pooled with --measure, --outcome or --group, or use --method REML",
    )


def available(members: Members, code: str) -> bool:
    """Whether the studies of a pool have what a model from counts or clusters needs.

    Parameters
    ----------
    members : Members
        The pool.
    code : str
        ``MH``, ``peto``, ``GLMM``, ``bivariate`` or ``multilevel``.
    """
    if code == "multilevel":
        return len({study.cluster for study in members.studies}) > 1
    if code == "GLMM":
        return members.measure == "proportion" and counts_of(members) is not None
    if two_groups(members) is None:
        return False
    if code == "bivariate":
        return all(study.route == "accuracy" for study in members.studies)
    if code == "MH" and members.measure == "IRR":
        return all(one.person_time for one in counts_of(members) or ())
    return members.measure == "OR" or (code == "MH" and members.measure in ("RR", "RD"))


def fit_main(members: Members, plan: PoolPlan) -> Fit:
    """Fit the plan's model to a pool of two studies or more.

    Parameters
    ----------
    members : Members
        The pool.
    plan : PoolPlan
        With its method.

    Returns
    -------
    Fit

    Raises
    ------
    NotEstimable
        As of the model, with the pool named.
    """
    try:
        return fit_model(members, main_code(members, plan), plan.interval, plan)
    except Refused as refusal:
        raise type(refusal)(
            replace(problem, where=f"{members.name}, {problem.where}".strip(", "))
            for problem in refusal.problems
        ) from None


def other_models(members: Members, main: Fit, plan: PoolPlan) -> tuple[ModelRow, ...]:
    """Pool by every other model, so that the choice can be seen to matter or not.

    Parameters
    ----------
    members : Members
        Two studies or more.
    main : Fit
        The plan's model.
    plan : PoolPlan
        Settings.

    Returns
    -------
    tuple of ModelRow
        Common effect, every estimator of tau2, the other intervals, and the models from counts,
        clusters and accuracy where the rows have what these need; those that cannot be fitted are
        left out.
    """
    rows = []
    seen = {(main.code, main.interval)}
    for code, interval in _others(members, plan):
        try:
            fit = fit_model(members, code, interval, plan)
        except NotEstimable:
            continue
        if (fit.code, fit.interval) not in seen:
            seen.add((fit.code, fit.interval))
            rows.append(model_row(members, fit, main=False))
    return (*rows, *_other_scales(members, plan))


def _others(members: Members, plan: PoolPlan) -> Iterator[tuple[str, str]]:
    own = estimator(plan) if estimator(plan) != "common" else "REML"
    yield "common", "normal"
    for interval in INTERVAL_NAMES:
        yield own, interval
    kept = two_stage_interval(plan) if plan.method != "common" else "knapp_hartung"
    for code in TAU2_METHODS:
        yield code, kept
    raw = all(study.route in _RAW for study in members.studies)
    for code in ("MH", "peto"):
        if raw and available(members, code):
            yield code, "normal"
    for code in ("GLMM", "bivariate"):
        if available(members, code):
            yield code, "normal"
    if repeated_clusters(members):
        yield "multilevel", "cluster_robust"


def _other_scales(members: Members, plan: PoolPlan) -> Iterator[ModelRow]:
    """Proportions pooled on the arcsine scales, which need nothing added to a zero."""
    counts = counts_of(members)
    if members.measure != "proportion" or counts is None:
        return
    n = [one.n for one in counts]
    interval = "knapp_hartung_floor" if plan.interval == "knapp_hartung_floor" else plan.interval
    for scale, code in _OTHER_SCALES:
        if scale == members.scale:
            continue
        try:
            found = proportions([one.events for one in counts], n, code)
            fit = pool_effects(found.effect, found.variance, interval=interval, level=plan.level)
        except NotEstimable:
            continue
        name = f"random effects, REML, {INTERVAL_NAMES[fit.interval]}, {scale.replace('_', ' ')}"
        ends = [fit.estimate, fit.low, fit.high]
        if fit.prediction_low is not None and fit.prediction_high is not None:
            ends += [fit.prediction_low, fit.prediction_high]
        values = [float(x) for x in back_transform(ends, code, n)]
        none = len(values) < 5 or plan.prediction == "none"
        row_name = f"{name} scale"
        yield ModelRow(
            name=row_name,
            code=scale,
            interval=fit.interval,
            pooled=replace(
                members.estimate(None, None, None, row_name),
                value=values[0],
                low=values[1],
                high=values[2],
            ),
            effect=None,
            std_error=None,
            p_value=None,
            prediction_low=None if none else values[3],
            prediction_high=None if none else values[4],
            tau2=None,
            i2=fit.i2,
            main=False,
        )
