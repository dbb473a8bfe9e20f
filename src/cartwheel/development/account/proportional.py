"""Whether the hazard ratios of a development hold over all of follow-up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cartwheel.development.account.design import Block
from cartwheel.development.model.target import SurvivalTarget, Target
from cartwheel.development.result import ProportionalHazards, ProportionalTerm
from cartwheel.errors import NotEstimable
from cartwheel.stats.cox_general import cox_regression
from cartwheel.stats.proportional_hazards import (
    ProportionalHazardsTest,
    proportional_hazards_test,
)
from cartwheel.stats.risk_sets import RiskSets, risk_sets

Floats = NDArray[np.float64]
_METHOD = (
    "score test of scaled Schoenfeld residuals against time (Grambsch and Therneau 1994, as "
    "survival's cox.zph), Cox model with Efron ties"
)


def proportional_hazards(
    target: Target, totals: Floats, blocks: Sequence[Block], score_label: str
) -> ProportionalHazards | None:
    """Test the total alone, and the predictors in one model.

    Parameters
    ----------
    target : Target
        The outcome of the n patients.
    totals : float array (n,) or (m, n)
        The score, in each completed copy where predictors were imputed.
    blocks : sequence of Block
        Its predictors.
    score_label : str
        Reader's name of the total.

    Returns
    -------
    ProportionalHazards or None
        None for a binary outcome, and where the total has no Cox model.
    """
    if not isinstance(target, SurvivalTarget):
        return None
    sets = risk_sets(target.times.time, target.times.event)
    alone = _tested(sets, _first(totals[..., None]), None)
    if alone is None:
        return None
    columns = [_first(block.columns) for block in blocks]
    ends = np.cumsum([0, *(part.shape[1] for part in columns)])
    places = [list(range(ends[i], ends[i + 1])) for i in range(len(columns))]
    joint = _tested(sets, np.hstack(columns), places)
    copy = "; in the first completed copy" if totals.ndim > 1 else ""
    return ProportionalHazards(
        _METHOD + copy,
        _term(alone, 0, score_label),
        ()
        if joint is None
        else tuple(_term(joint, place, block.label) for place, block in enumerate(blocks)),
        None if joint is None else joint.global_p_value,
    )


def _first(columns: Floats) -> Floats:
    return columns if columns.ndim == 2 else columns[0]


def _tested(
    sets: RiskSets, x: Floats, terms: Sequence[Sequence[int]] | None
) -> ProportionalHazardsTest | None:
    try:
        return proportional_hazards_test(sets, x, cox_regression(sets, x), terms=terms)
    except NotEstimable:
        return None


def _term(found: ProportionalHazardsTest, place: int, label: str) -> ProportionalTerm:
    return ProportionalTerm(
        label,
        float(found.statistic[place]),
        float(found.df[place]),
        float(found.p_value[place]),
    )
