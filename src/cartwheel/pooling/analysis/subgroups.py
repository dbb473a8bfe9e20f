"""Subgroups of the studies by a column, each pooled by itself, and the test between them."""

from __future__ import annotations

import numpy as np

from cartwheel.errors import NotEstimable
from cartwheel.note import Note
from cartwheel.pooling.analysis.columns import Column, column_of
from cartwheel.pooling.analysis.fit import TWO_STAGE, Fit, model_row
from cartwheel.pooling.analysis.fits import fit_model
from cartwheel.pooling.analysis.members import Members
from cartwheel.pooling.analysis.models import main_code, two_stage_interval
from cartwheel.pooling.plan import PoolPlan
from cartwheel.pooling.result_questions import SubgroupRow, Subgroups
from cartwheel.stats.pooling.heterogeneity import q_p_value
from cartwheel.stats.pooling.subgroups import subgroup_analysis

_Test = tuple[float | None, float | None, float | None, float | None, float | None]


def subgroups_of(
    members: Members, plan: PoolPlan
) -> tuple[tuple[Subgroups, ...], tuple[Note, ...]]:
    """Divide a pool by each column that the plan names.

    Parameters
    ----------
    members : Members
        The pool.
    plan : PoolPlan
        ``subgroups``, ``planned`` and the model.

    Returns
    -------
    tuple of (tuple of Subgroups, tuple of Note)
        And why a column could not divide the pool, where it could not.
    """
    found: list[Subgroups] = []
    notes: list[Note] = []
    if members.k < 2:
        return (), ()
    for name in plan.subgroups:
        column = column_of(members.studies, name)
        levels = [] if column is None else list(dict.fromkeys(t for t in column.texts if t))
        if column is None or len(levels) < 2:
            why = f"all rows with a value say '{levels[0]}'" if levels else "no row has a value"
            notes.append(Note("no_subgroups", "information", f"No subgroups by {name}: {why}."))
            continue
        try:
            found.append(_divided(members, column, levels, plan))
        except NotEstimable as refusal:
            text = f"No subgroups by {name}: {refusal.problems[0].what}."
            notes.append(Note("no_subgroups", "caution", text))
    return tuple(found), tuple(notes)


def _divided(members: Members, column: Column, levels: list[str], plan: PoolPlan) -> Subgroups:
    rows: list[SubgroupRow] = []
    fits: list[tuple[float, float]] = []
    for level in levels:
        places = tuple(i for i, text in enumerate(column.texts) if text == level)
        part = members.subset(places)
        row, effect, error = _one(part, level, places, plan)
        rows.append(row)
        fits.append((effect, error))
    between = _between(members, column, fits, plan)
    return Subgroups(
        column=column.name,
        rows=tuple(rows),
        tau2="separate",
        q_between=between[0],
        df=between[1],
        p_value=between[2],
        q_between_common=between[3],
        p_value_common=between[4],
        planned=plan.planned,
        note=_limits(members, column, rows, plan),
    )


def _one(
    part: Members, level: str, places: tuple[int, ...], plan: PoolPlan
) -> tuple[SubgroupRow, float, float]:
    """Pool one level; effect and normal error for the test between levels."""
    if part.k == 1:
        only = part.studies[0]
        row = SubgroupRow(level, 1, only.estimate, None, None, None, None, None, places)
        return row, only.effect, only.std_error
    fit: Fit = fit_model(part, main_code(part, plan), plan.interval, plan)
    written = model_row(part, fit, main=False)
    error = fit.std_error if fit.two_stage is None else fit.two_stage.std_error_normal
    row = SubgroupRow(
        level,
        part.k,
        written.pooled,
        written.prediction_low,
        written.prediction_high,
        fit.tau2,
        fit.i2,
        fit.q,
        places,
    )
    return row, fit.effect, error


def _between(
    members: Members, column: Column, fits: list[tuple[float, float]], plan: PoolPlan
) -> _Test:
    """Test between the levels: Q, df, p; and with one common tau2, Q or F, and p."""
    effect = np.array([one[0] for one in fits])
    weight = 1.0 / np.array([one[1] for one in fits]) ** 2
    mean = float(weight @ effect / weight.sum())
    q, df = float(weight @ (effect - mean) ** 2), len(fits) - 1
    separate = (q, float(df), q_p_value(q, df))
    code = main_code(members, plan)
    if code not in TWO_STAGE:
        return (*separate, None, None)
    kept = column.filled
    part = members.subset(kept)
    try:
        found = subgroup_analysis(
            part.effects, part.variances, [column.texts[i] for i in kept], method=code,
            interval=two_stage_interval(plan), level=members.level,
        )  # fmt: skip
    except NotEstimable:
        return (*separate, None, None)
    return (*separate, found.q_between_common, found.p_value_common)


def _limits(members: Members, column: Column, rows: list[SubgroupRow], plan: PoolPlan) -> str:
    said = [] if plan.planned else ["exploratory: not said to be named before looking at the data"]
    missing = members.k - len(column.filled)
    if missing:
        said.append(f"{missing} {'study has' if missing == 1 else 'studies have'} no value and "
                    "stand in no subgroup")  # fmt: skip
    alone = sum(row.k == 1 for row in rows)
    if alone == len(rows):
        said.append("every subgroup is one study, so nothing is pooled in them")
    elif alone:
        said.append(f"{alone} of {len(rows)} subgroups {'is' if alone == 1 else 'are'} one study")
    if len(plan.subgroups) > 1:
        said.append(f"one of {len(plan.subgroups)} divisions, and p is not corrected for that")
    return "; ".join(said)
