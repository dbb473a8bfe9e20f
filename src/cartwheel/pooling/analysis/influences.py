"""How much single studies move a pool: deletion diagnostics, Baujat, subsets."""

from __future__ import annotations

import math

import numpy as np

from cartwheel.errors import NotEstimable
from cartwheel.pooling.analysis.members import Members
from cartwheel.pooling.analysis.models import estimator, two_stage_interval
from cartwheel.pooling.plan import PoolPlan
from cartwheel.pooling.result_questions import Influence, SubsetCloud
from cartwheel.stats.pooling.gosh import gosh
from cartwheel.stats.pooling.influence import baujat, influence

DRAWN = 2000


def influences_of(members: Members, plan: PoolPlan) -> tuple[Influence, ...]:
    """Measure what each study does to the pooled effect.

    Parameters
    ----------
    members : Members
        The pool.
    plan : PoolPlan
        With its estimator of tau2; REML for a model that has none.

    Returns
    -------
    tuple of Influence
        Empty below three studies, or where the effects do not differ at all.
    """
    if members.k < 3:
        return ()
    y, v = members.effects, members.variances
    try:
        found = influence(y, v, method=estimator(plan), interval=two_stage_interval(plan))
    except NotEstimable:
        return ()
    across, up = baujat(y, v)
    return tuple(
        Influence(
            study=study.study,
            row=study.row,
            studentised_residual=_known(found.studentised_residual[i]),
            dffits=_known(found.dffits[i]),
            cook=_known(found.cook[i]),
            covariance_ratio=_known(found.covariance_ratio[i]),
            hat=_known(found.hat[i]),
            weight_percent=_known(found.weight_percent[i]),
            tau2_without=_known(found.tau2_without[i]),
            q_without=_known(found.q_without[i]),
            dfbeta=_known(found.dfbeta[i]),
            baujat_x=_known(across[i]),
            baujat_y=_known(up[i]),
            flagged=bool(found.flagged[i]),
        )
        for i, study in enumerate(members.studies)
    )


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def subsets_of(members: Members, plan: PoolPlan) -> SubsetCloud | None:
    """Pool every subset of the studies, or many (GOSH), where the plan asks for it.

    Parameters
    ----------
    members : Members
        The pool.
    plan : PoolPlan
        ``gosh``, ``gosh_subsets``, ``seed``, and the estimator.

    Returns
    -------
    SubsetCloud or None
        None where not asked, or below three studies.
    """
    if not plan.gosh or members.k < 3:
        return None
    found = gosh(
        members.effects, members.variances, method=estimator(plan), subsets=plan.gosh_subsets,
        seed=plan.seed,
    )  # fmt: skip
    total = int(found.effect.size)
    shown = np.arange(total)
    if total > DRAWN:
        # the subsets stand in order of their binary number: a random choice keeps every study
        shown = np.sort(np.random.default_rng(plan.seed).choice(total, DRAWN, replace=False))
    return SubsetCloud(
        subsets=total,
        complete=found.complete,
        seed=found.seed if total <= DRAWN else plan.seed,
        effect=tuple(map(float, found.effect[shown])),
        i2=tuple(map(float, found.i2[shown])),
        study_in=tuple("".join(map(str, column)) for column in found.member[shown].T.tolist()),
    )
