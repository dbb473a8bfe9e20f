"""Pooled effects of groups of studies, and whether they differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.pooling.choices import pooled_studies
from cartwheel.stats.pooling.heterogeneity import q_p_value
from cartwheel.stats.pooling.moderators import MetaRegression, meta_regression
from cartwheel.stats.pooling.random_effects import PooledEffects, pool_effects
from cartwheel.stats.pooling.study_inputs import Floats


@dataclass(frozen=True, slots=True, eq=False)
class SubgroupAnalysis:
    """Each group pooled by itself, and two tests between the groups.

    Parameters
    ----------
    levels : tuple of str
        Groups, in order of their first study.
    members : tuple of tuple of int
        Positions of their studies, from 0.
    fits : tuple of PooledEffects
        One for each, its own tau2. ``interval`` says what was used: normal for a single study,
        ``knapp_hartung_floor`` where ``knapp_hartung`` was asked and all effects are equal.
    q_between, df, p_value : float, int, float
        Differences of the groups' effects, tau2 separate; chi-square.
    q_between_common, p_value_common : float or None
        The same with one tau2 for all: chi-square with normal intervals, else F; None where there
        are no more studies than groups.
    df_residual_common : int or None
        Denominator of that F; None for chi-square.
    tau2_common : float or None
        That one tau2.
    """

    levels: tuple[str, ...]
    members: tuple[tuple[int, ...], ...]
    fits: tuple[PooledEffects, ...]
    q_between: float
    df: int
    p_value: float
    q_between_common: float | None
    p_value_common: float | None
    df_residual_common: int | None
    tau2_common: float | None


def subgroup_analysis(
    effects: ArrayLike,
    variances: ArrayLike,
    groups: Sequence[str],
    *,
    method: str = "REML",
    interval: str = "knapp_hartung",
    level: float = 0.95,
) -> SubgroupAnalysis:
    """Pool groups of studies apart, and test whether their effects differ.

    Parameters
    ----------
    effects, variances : array_like (k,)
        On the analysis scale; variances > 0.
    groups : sequence of str (k,)
        Group of each study; at least two differ.
    method, interval, level
        As in ``pool_effects``.

    Returns
    -------
    SubgroupAnalysis

    Raises
    ------
    NotEstimable
        ``one_group``, ``length_mismatch``, and what ``pool_effects`` refuses.

    Notes
    -----
    Separate tau2: Cochran's Q of the groups' effects with weights 1 / SE2. SE is the normal
    standard error whatever the interval: a Knapp-Hartung error of two or three studies is too
    unsteady to weigh a group with. One tau2: the test of moderators of a regression on the groups.
    Agrees with metafor 3.8 to 1e-8.

    References
    ----------
    Borenstein M, Higgins JPT 2013, doi:10.1007/s11121-013-0377-7.
    """
    y, v = pooled_studies(effects, variances)
    names = [str(group) for group in groups]
    if len(names) != y.size:
        raise refuse(
            NotEstimable,
            "length_mismatch",
            f"{len(names)} groups for {y.size} studies",
            where="groups",
        )
    levels = tuple(dict.fromkeys(names))
    if len(levels) < 2:
        raise refuse(NotEstimable, "one_group", "all studies are in one group", where="groups")
    members = tuple(
        tuple(i for i, name in enumerate(names) if name == level_name) for level_name in levels
    )
    fits = tuple(_one_group(y, v, place, (method, interval, level)) for place in members)
    estimate = np.array([fit.estimate for fit in fits])
    weight = 1.0 / np.array([fit.std_error_normal for fit in fits]) ** 2
    mean = float(weight @ estimate / weight.sum())
    q, df = float(weight @ (estimate - mean) ** 2), len(levels) - 1
    common = _common(y, v, names, levels, (method, interval, level))
    return SubgroupAnalysis(
        levels=levels,
        members=members,
        fits=fits,
        q_between=q,
        df=df,
        p_value=q_p_value(q, df),
        q_between_common=None if common is None else common.omnibus_statistic,
        p_value_common=None if common is None else common.omnibus_p_value,
        df_residual_common=None if common is None else common.omnibus_df_residual,
        tau2_common=None if common is None else common.tau2,
    )


def _one_group(
    y: Floats, v: Floats, place: tuple[int, ...], how: tuple[str, str, float]
) -> PooledEffects:
    """Pool one group, with the floored interval where its effects are all equal."""
    method, interval, level = how
    effects, variances = y[list(place)], v[list(place)]
    try:
        return pool_effects(effects, variances, method=method, interval=interval, level=level)
    except NotEstimable as refusal:
        if refusal.problems[0].code != "no_spread":
            raise
    return pool_effects(
        effects, variances, method=method, interval="knapp_hartung_floor", level=level
    )


def _common(
    y: Floats,
    v: Floats,
    names: Sequence[str],
    levels: Sequence[str],
    how: tuple[str, str, float],
) -> MetaRegression | None:
    """Regression on the groups, None where it has no study to spare."""
    method, interval, level = how
    if y.size <= len(levels):
        return None
    design = np.column_stack(
        [np.ones(y.size)] + [np.array([name == one for name in names]) for one in levels[1:]]
    )
    return meta_regression(
        y,
        v,
        design,
        names=("intercept", *levels[1:]),
        method=method,
        interval=interval,
        level=level,
    )
