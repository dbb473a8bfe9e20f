"""Subgroups asked for beforehand: each told or withheld, and whether a score's effect differs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import chdtrc

from cartwheel.errors import NotEstimable
from cartwheel.stats.competing_times import cause_specific_times
from cartwheel.stats.cox import cox_fit
from cartwheel.stats.logistic import logistic_fit
from cartwheel.validation.analysed import Floats, Integers, Predicted, Target
from cartwheel.validation.grouping import Grouping
from cartwheel.validation.groups.group_rows import Flags, group_row, too_few, unknown_name
from cartwheel.validation.judging.observed import event_by_horizon
from cartwheel.validation.judging.points import linear_predictor
from cartwheel.validation.plan import ValidationPlan
from cartwheel.validation.result_groups import Interaction, Subgroup

# the design has two columns a group: with more groups it outgrows memory before it says anything
MOST_GROUPS_TESTED = 50

_MODELS = {
    "binary": "logistic regression",
    "survival": "Cox regression (Efron ties)",
    "competing": "cause-specific Cox regression (Efron ties)",
}


def subgroups(
    target: Target,
    predicted: Sequence[Predicted],
    groupings: Sequence[Grouping],
    plan: ValidationPlan,
    level: float,
) -> tuple[Subgroup, ...]:
    """Measure every score in every group of every column, where the group is large enough.

    Parameters
    ----------
    target : Target
        The outcome of n patients.
    predicted : sequence of Predicted
        The scores, of the same patients.
    groupings : sequence of Grouping
        The columns that the plan names, of the same patients.
    plan : ValidationPlan
        Its ``withhold`` says how large a group has to be.
    level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    tuple of Subgroup
        One for each column. Patients without a value are the last row, told or withheld like the
        others; there is no such row where everybody has one.

    Notes
    -----
    Events are counted by the horizon for survival and competing outcomes. A group withheld has its
    counts and the reason, and takes no part in the interaction test.
    """
    counted = event_by_horizon(target)
    return tuple(
        _subgroup(target, predicted, grouping, counted, plan, level) for grouping in groupings
    )


def _subgroup(
    target: Target,
    predicted: Sequence[Predicted],
    grouping: Grouping,
    counted: Flags,
    plan: ValidationPlan,
    level: float,
) -> Subgroup:
    *known, unknown = grouping.members()
    groups = list(zip(grouping.levels, known, strict=True))
    if len(unknown):
        groups.append((unknown_name(grouping.levels), unknown))
    rows = []
    for name, members in groups:
        withheld = too_few(target, counted, members, plan.withhold)
        rows.append(group_row(name, target, predicted, counted, members, withheld, level))
    told = [
        members for members, row in zip(known, rows[: len(known)], strict=True) if not row.withheld
    ]
    tests = [interaction(target, each, told) for each in predicted]
    return Subgroup(
        column=grouping.column,
        label=grouping.label,
        rows=tuple(rows),
        interactions=tuple(each for each in tests if each is not None),
    )


def interaction(
    target: Target, predicted: Predicted, groups: Sequence[Integers]
) -> Interaction | None:
    """Test whether the effect of a score differs between groups of patients.

    Parameters
    ----------
    target : Target
        The outcome of n patients.
    predicted : Predicted
        The score, of the same patients.
    groups : sequence of int array (m,)
        Places of the patients of each group.

    Returns
    -------
    Interaction or None
        None where fewer than two groups have different scores within them, there are more than 50
        groups, or a model cannot be fitted (one outcome only, separation).

    Notes
    -----
    Twice the difference of the log likelihoods of score + group and score x group, with one degree
    of freedom for each group but the first. The score enters as its linear predictor (log odds, or
    log(-log(1 - risk))), so that the slopes are calibration slopes; without a risk as its value.
    For competing risks the models are those of the hazard of the event asked for. Agrees with R
    ``anova`` of ``glm`` and of survival ``coxph`` to 1e-8 relative.
    """
    score, said = _score(target, predicted)
    varied = [rows for rows in groups if len(rows) and float(np.ptp(score[rows])) > 0.0]
    if not 2 <= len(varied) <= MOST_GROUPS_TESTED:
        return None
    patients = np.concatenate(varied)
    column = score[patients]
    # the test does not depend on the unit, the iterations may
    column = (column - column.mean()) / column.std()
    member = np.repeat(np.arange(len(varied)), [len(rows) for rows in varied])
    indicator = (member[:, None] == np.arange(1, len(varied))).astype(np.float64)
    common = np.column_stack([column, indicator])
    separate = np.column_stack([common, column[:, None] * indicator])
    taken = target.subset(patients)
    try:
        gain = _log_likelihood(taken, separate) - _log_likelihood(taken, common)
    except NotEstimable:
        return None
    statistic, df = max(0.0, 2.0 * gain), float(len(varied) - 1)
    return Interaction(
        score=predicted.name,
        test=f"likelihood ratio of {_MODELS[target.kind]} on {said} and group, with and without "
        f"their product; {len(varied)} groups",
        statistic=statistic,
        df=df,
        p_value=float(chdtrc(df, statistic)),
    )


def _score(target: Target, predicted: Predicted) -> tuple[Floats, str]:
    if predicted.risk is not None:
        found = linear_predictor(target.kind, predicted.risk)
        if found is not None:
            return found, "linear predictor"
    return predicted.marker, "value"


def _log_likelihood(target: Target, columns: Floats) -> float:
    if target.competing is not None:
        return cox_fit(cause_specific_times(target.competing, 1), columns).log_likelihood
    if target.times is not None:
        return cox_fit(target.times, columns).log_likelihood
    return logistic_fit(columns, target.event).log_likelihood
