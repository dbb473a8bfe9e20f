"""The pooled effect computed again: a study left out, studies added, suspected copies left out."""

from __future__ import annotations

from collections.abc import Sequence

from cartwheel.errors import NotEstimable
from cartwheel.estimate import Estimate
from cartwheel.pooling.analysis.columns import column_of
from cartwheel.pooling.analysis.fit import TWO_STAGE, model_row, p_of_no_effect, two_stage_name
from cartwheel.pooling.analysis.fits import fit_model
from cartwheel.pooling.analysis.members import Members
from cartwheel.pooling.analysis.models import main_code, two_stage_interval
from cartwheel.pooling.plan import PoolPlan
from cartwheel.pooling.result_questions import Refit
from cartwheel.stats.pooling.refits import Refits, cumulative, leave_one_out


def left_out_one_by_one(members: Members, plan: PoolPlan) -> tuple[Refit, ...]:
    """Pool again without each study.

    Parameters
    ----------
    members : Members
        The pool.
    plan : PoolPlan
        With its model, which is fitted anew each time.

    Returns
    -------
    tuple of Refit
        One for each study; empty below three studies, where nothing is left to be pooled.
    """
    if members.k < 3:
        return ()
    code = main_code(members, plan)
    remaining = [members.without(i) for i in range(members.k)]
    if code not in TWO_STAGE:
        return tuple(_again(part, members, i, plan) for i, part in enumerate(remaining))
    found = leave_one_out(
        members.effects, members.variances, method=code, interval=_interval(code, plan),
        level=members.level,
    )  # fmt: skip
    return tuple(_refit(found, i, part, members, i) for i, part in enumerate(remaining))


def added_one_by_one(members: Members, plan: PoolPlan) -> tuple[tuple[Refit, ...], str]:
    """Pool the first study, the first two, and so on, in the plan's order.

    Parameters
    ----------
    members : Members
        The pool.
    plan : PoolPlan
        With its order and model.

    Returns
    -------
    tuple of (tuple of Refit, str)
        One for each study, empty for a single one; and what must be said of the order, if anything.
    """
    if members.k < 2:
        return (), ""
    order, said = _order(members, plan)
    code = main_code(members, plan)
    parts = [members.subset(order[: i + 1]) for i in range(members.k)]
    if code not in TWO_STAGE:
        return tuple(_again(part, members, order[i], plan) for i, part in enumerate(parts)), said
    found = cumulative(
        members.effects, members.variances, order, method=code, interval=_interval(code, plan),
        level=members.level,
    )  # fmt: skip
    rows = tuple(_refit(found, i, part, members, order[i]) for i, part in enumerate(parts))
    return rows, said


def pooled_again(members: Members, plan: PoolPlan) -> Estimate:
    """Pool some of the studies by the plan's model; a single one is given as it is.

    Parameters
    ----------
    members : Members
        What is left.
    plan : PoolPlan
        With its model.

    Returns
    -------
    Estimate
        On the scale of the measure; without a value where the model cannot be fitted.
    """
    if members.k == 1:
        return members.studies[0].estimate
    try:
        fit = fit_model(members, main_code(members, plan), plan.interval, plan)
    except NotEstimable as refusal:
        return Estimate(None, method=f"not estimable: {refusal.problems[0].what}", n=members.k)
    return members.estimate(fit.effect, fit.low, fit.high, fit.name)


def _interval(code: str, plan: PoolPlan) -> str:
    return "normal" if code == "common" else two_stage_interval(plan)


def _order(members: Members, plan: PoolPlan) -> tuple[list[int], str]:
    """Positions in order, ties as in the file, and what must be said."""
    places = list(range(members.k))
    if plan.order == "file":
        return places, ""
    if plan.order == "precision":
        return sorted(places, key=lambda i: float(members.variances[i])), ""
    column = column_of(members.studies, plan.order)
    missing = places if column is None else [i for i in places if not column.texts[i]]
    if column is None or len(missing) == members.k:
        return places, f"no row says its {plan.order}, so studies are added in order of the file"
    known = [i for i in places if i not in missing]
    numbers = column.numbers
    if numbers is not None:
        known.sort(key=lambda i: numbers[i] or 0.0)
    else:
        known.sort(key=lambda i: column.texts[i])
    said = f"rows without {plan.order} are added last" if missing else ""
    return [*known, *missing], said


def _refit(found: Refits, i: int, part: Members, whole: Members, position: int) -> Refit:
    study = whole.studies[position]
    single = part.k == 1
    interval = "normal" if single else found.interval
    name = two_stage_name(found.method, interval)
    effect, error = float(found.estimate[i]), float(found.std_error[i])
    low, high = float(found.low[i]), float(found.high[i])
    df = None if interval == "normal" else float(part.k - 1)
    sure = bool(found.estimable[i])
    if not sure:
        name += " (the effects do not differ: no interval)"
    return Refit(
        study=study.study,
        row=study.row,
        estimate=part.estimate(effect, low if sure else None, high if sure else None, name),
        tau2=None if single or found.method == "common" else float(found.tau2[i]),
        i2=None if single else float(found.i2[i]),
        q_p_value=None if single else float(found.q_p_value[i]),
        p_value=p_of_no_effect(part, effect, error, df) if sure else None,
    )


def _again(part: Members, whole: Members, position: int, plan: PoolPlan) -> Refit:
    """Refit a model that has no fast path."""
    study = whole.studies[position]
    if part.k == 1:
        only = part.studies[0]
        p = p_of_no_effect(part, only.effect, only.std_error, None)
        return Refit(study.study, study.row, part.studies[0].estimate, None, None, None, p)
    try:
        fit = fit_model(part, main_code(part, plan), plan.interval, plan)
    except NotEstimable as refusal:
        nothing = Estimate(None, method=f"not estimable: {refusal.problems[0].what}", n=part.k)
        return Refit(study.study, study.row, nothing, None, None, None, None)
    row = model_row(part, fit, main=False)
    return Refit(study.study, study.row, row.pooled, fit.tau2, fit.i2, fit.q_p_value, row.p_value)


def kept_positions(members: Members, left: Sequence[int]) -> list[int]:
    """Positions of the studies of a pool but for some.

    Parameters
    ----------
    members : Members
        The pool.
    left : sequence of int
        Places in the study table of those that are left out.
    """
    return [i for i, place in enumerate(members.places) if place not in left]
