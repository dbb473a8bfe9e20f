"""Regressions of the effects on columns of the studies, and the trend over their own cut-offs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cartwheel.errors import NotEstimable, Problem
from cartwheel.estimate import Estimate
from cartwheel.note import Note
from cartwheel.pooling.analysis.columns import Column, column_of, columns_named
from cartwheel.pooling.analysis.members import Floats, Members
from cartwheel.pooling.analysis.models import estimator, two_stage_interval
from cartwheel.pooling.plan import PoolPlan
from cartwheel.pooling.result_questions import MetaRegression, RegressionRow
from cartwheel.pooling.study.pools import fold
from cartwheel.stats.pooling.moderators import (
    MetaRegression as Fitted,
    meta_regression,
    predict_line,
)
from cartwheel.stats.pooling.permutation import PermutationTest, permutation_test

CUTOFF = "cutoff"
_POINTS = 41
_ENOUGH = 10


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """A regression before it is fitted."""

    columns: tuple[str, ...]
    names: tuple[str, ...]
    kept: tuple[int, ...]
    design: Floats
    line: Floats | None
    logged: bool
    note: str


def regressions_of(
    members: Members, plan: PoolPlan
) -> tuple[tuple[MetaRegression, ...], tuple[Note, ...]]:
    """Regress the effects of a pool on what the plan names, and on the studies' own cut-offs.

    Parameters
    ----------
    members : Members
        The pool.
    plan : PoolPlan
        ``regress``, ``cutoff_trend``, ``cutoff_scale``, ``permutations`` and the estimator.

    Returns
    -------
    tuple of (tuple of MetaRegression, tuple of Note)
        And why one that was asked for could not be fitted.
    """
    found: list[MetaRegression] = []
    notes: list[Note] = []
    for entry in plan.regress if members.k > 1 else ():
        names = columns_named(entry, members.studies)
        try:
            found.append(_fitted(members, _asked(members, names), plan))
        except NotEstimable as refusal:
            text = f"No regression on {entry}: {refusal.problems[0].what}."
            notes.append(Note("no_regression", "caution", text))
    if plan.cutoff_trend:
        trend = _trend(members, plan)
        if isinstance(trend, Note):
            notes.append(trend)
        elif trend is not None:
            found.append(trend)
    return tuple(found), tuple(notes)


def _asked(members: Members, names: Sequence[str]) -> _Asked:
    """Lay out a regression: numbers as they are, words as one column a level but the first."""
    columns = [column_of(members.studies, name) or _empty(name, members.k) for name in names]
    kept = tuple(i for i in range(members.k) if all(column.texts[i] for column in columns))
    design, terms = [np.ones(len(kept))], ["intercept"]
    for column in columns:
        if column.numbers is not None:
            terms.append(column.name)
            design.append(np.array([column.numbers[i] or 0.0 for i in kept]))
            continue
        levels = list(dict.fromkeys(column.texts[i] for i in kept))
        for level in levels[1:]:
            terms.append(f"{column.name}: {level} (against {levels[0]})")
            design.append(np.array([float(column.texts[i] == level) for i in kept]))
    single = len(columns) == 1 and columns[0].numbers is not None
    line = design[1] if single and len(design) > 1 else None
    missing = members.k - len(kept)
    note = f"{missing} of {members.k} studies have no value and are left out" if missing else ""
    return _Asked(tuple(names), tuple(terms), kept, np.column_stack(design), line, False, note)


def _empty(name: str, k: int) -> Column:
    return Column(name, ("",) * k, None)


def _trend(members: Members, plan: PoolPlan) -> MetaRegression | Note | None:
    """Trend over the studies' own cut-offs, where three or more differ."""
    kept = tuple(i for i, study in enumerate(members.studies) if study.cutoff is not None)
    cuts = np.array([members.studies[i].cutoff or 0.0 for i in kept])
    logged = plan.cutoff_scale == "log"
    if len(set(cuts.tolist())) < 3:
        return None
    factors = {fold(members.studies[i].factor) for i in kept}
    why = ""
    if len(factors) > 1:
        why = "they are cut-offs of different factors"
    elif logged and not (cuts > 0.0).all():
        why = "a cut-off is not above 0 (cutoff_scale = 'identity' in the plan takes them)"
    if not why:
        x = np.log2(cuts) if logged else cuts
        missing = members.k - len(kept)
        said = "a trend between studies over the cut-offs that each chose, not a dose-response "
        said += "within patients"
        if missing:
            said += f"; {missing} of {members.k} studies have no single number as cut-off"
        asked = _Asked(
            (CUTOFF,),
            ("intercept", "log2(cutoff), per doubling" if logged else "cutoff, per unit"),
            kept,
            np.column_stack([np.ones(len(kept)), x]),
            cuts,
            logged,
            said,
        )
        try:
            return _fitted(members, asked, plan)
        except NotEstimable as refusal:
            why = refusal.problems[0].what
    return Note("no_cutoff_trend", "information", f"No trend over the cut-offs: {why}.")


def _fitted(members: Members, asked: _Asked, plan: PoolPlan) -> MetaRegression:
    part = members.subset(asked.kept) if asked.kept else members
    method, interval = estimator(plan), two_stage_interval(plan)
    if len(asked.names) == 1 or not asked.kept:
        raise _nothing(asked)
    try:
        fit = _regression(part, asked, method, interval)
    except NotEstimable as refusal:
        if refusal.problems[0].code != "no_spread":
            raise
        interval = "knapp_hartung_floor"
        fit = _regression(part, asked, method, interval)
    permuted = None
    if plan.permutations >= 2:
        permuted = permutation_test(
            part.effects, part.variances, asked.design, permutations=plan.permutations,
            seed=plan.seed, method=method, interval=interval,
        )  # fmt: skip
    grid, line = _line(part, asked, fit)
    return MetaRegression(
        columns=asked.columns,
        k=fit.k,
        rows=tuple(_row(fit, i, part.level, permuted) for i in range(len(fit.names))),
        tau2=fit.tau2,
        i2=fit.i2,
        r2=fit.r2,
        residual_q=fit.residual_q,
        residual_q_p_value=fit.residual_q_p_value,
        omnibus_statistic=fit.omnibus_statistic,
        omnibus_df=float(fit.omnibus_df),
        omnibus_p_value=fit.omnibus_p_value,
        omnibus_permutation_p_value=None if permuted is None else permuted.omnibus_p_value,
        permutations=0 if permuted is None else permuted.permutations,
        grid=grid,
        fitted=line[0],
        low=line[1],
        high=line[2],
        x=() if asked.line is None else tuple(map(float, asked.line)),
        weight_percent=() if asked.line is None else tuple(map(float, fit.weights_percent)),
        note=_note(asked, fit, plan, interval),
    )


def _nothing(asked: _Asked) -> NotEstimable:
    what = "no study has a value" if not asked.kept else "all studies have the same value"
    return NotEstimable(Problem("no_moderators", what))


def _regression(part: Members, asked: _Asked, method: str, interval: str) -> Fitted:
    return meta_regression(
        part.effects, part.variances, asked.design, names=asked.names, method=method,
        interval=interval, level=part.level,
    )  # fmt: skip


def _row(fit: Fitted, i: int, level: float, permuted: PermutationTest | None) -> RegressionRow:
    return RegressionRow(
        term=fit.names[i],
        coefficient=Estimate(
            float(fit.coefficients[i]),
            float(fit.low[i]),
            float(fit.high[i]),
            level,
            f"meta-regression, {fit.method}, {fit.interval.replace('_', '-')} interval",
            n=fit.k,
        ),
        p_value=float(fit.p_values[i]),
        permutation_p_value=None if permuted is None else float(permuted.p_values[i]),
    )


_Line = tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]


def _line(part: Members, asked: _Asked, fit: Fitted) -> tuple[tuple[float, ...], _Line]:
    """Fitted line and its interval over one numeric column, on the scale of the measure."""
    if asked.line is None:
        return (), ((), (), ())
    low, high = float(asked.line.min()), float(asked.line.max())
    grid = np.geomspace(low, high, _POINTS) if asked.logged else np.linspace(low, high, _POINTS)
    grid[0], grid[-1] = low, high
    x = np.log2(grid) if asked.logged else grid
    found = predict_line(fit, np.column_stack([np.ones(_POINTS), x]))
    ends = [[part.back(float(value)) for value in one] for one in found[:3]]
    if any(value is None for one in ends for value in one):
        return (), ((), (), ())
    first, second, third = (tuple(v for v in one if v is not None) for one in ends)
    return tuple(map(float, grid)), (first, second, third)


def _note(asked: _Asked, fit: Fitted, plan: PoolPlan, interval: str) -> str:
    said = [asked.note] if asked.note else []
    if not plan.planned and asked.columns != (CUTOFF,):
        said.append("exploratory: not said to be named before looking at the data")
    terms = len(asked.names) - 1
    if fit.k < _ENOUGH * terms:
        said.append(
            f"{fit.k} studies for {terms} {'coefficient' if terms == 1 else 'coefficients'}: about "
            f"{_ENOUGH} for each are asked for"
        )
    said.append("an association between studies need not hold between patients")
    if interval != two_stage_interval(plan):
        said.append("the studies lie on the line: the floored Knapp-Hartung error is used")
    left = fit.residual_q_df
    if left < 3 and math.isfinite(fit.tau2):
        said.append(f"only {left} degree{'s' if left > 1 else ''} of freedom are left")
    return "; ".join(said)
