"""Everything about one pool, and about all of them: the one entry of this room."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cartwheel.errors import PlanRefused
from cartwheel.note import Note
from cartwheel.pooling.analysis.accuracies import accuracy_of
from cartwheel.pooling.analysis.cautions import Seen, cautions_of, one_study_note
from cartwheel.pooling.analysis.columns import check_named_columns
from cartwheel.pooling.analysis.fit import Fit, model_row, p_of_no_effect
from cartwheel.pooling.analysis.fits import pool_stages
from cartwheel.pooling.analysis.heterogeneity import ONE_STUDY, heterogeneity_of
from cartwheel.pooling.analysis.influences import influences_of, subsets_of
from cartwheel.pooling.analysis.members import Floats, Members, members_of, patients_of
from cartwheel.pooling.analysis.mixtures import mixtures_of
from cartwheel.pooling.analysis.models import estimator, fit_main, other_models, unfit
from cartwheel.pooling.analysis.refits import added_one_by_one, left_out_one_by_one
from cartwheel.pooling.analysis.regressions import regressions_of
from cartwheel.pooling.analysis.small_study_effects import e_value_of, small_studies_of
from cartwheel.pooling.analysis.subgroups import subgroups_of
from cartwheel.pooling.plan import PoolPlan
from cartwheel.pooling.result_analysis import Analysis, ModelRow, Pooled
from cartwheel.pooling.study.pools import pools_of
from cartwheel.pooling.study.result import Overlap, StudyTable
from cartwheel.stats.pooling.random_effects import ShrunkenEffects, shrunken_effects

_ORDER = {"caution": 0, "assumption": 1, "information": 2}


def analyses_of(table: StudyTable, plan: PoolPlan) -> tuple[Analysis, ...]:
    """Analyse every pool of a study table.

    Parameters
    ----------
    table : StudyTable
        Rows are pooled within group, outcome and measure, where they are used.
    plan : PoolPlan
        Settings.

    Returns
    -------
    tuple of Analysis
        In order of the file.

    Raises
    ------
    PlanRefused
        ``column_unknown``, ``method_unfit``: all faults at once.
    NotEstimable
        The plan's model cannot be fitted to a pool, which is named.
    """
    check_named_columns(plan, table.studies)
    pools = [members_of(placed, plan.level) for placed in pools_of(table.studies).values()]
    problems = [problem for pool in pools if (problem := unfit(pool, plan)) is not None]
    if problems:
        raise PlanRefused(problems)
    return tuple(analyse(pool, plan, table.overlaps) for pool in pools)


def analyse(members: Members, plan: PoolPlan, overlaps: Sequence[Overlap] = ()) -> Analysis:
    """Pool studies, and ask the pool everything the plan names.

    Parameters
    ----------
    members : Members
        Of one group, outcome and measure.
    plan : PoolPlan
        Settings.
    overlaps : sequence of Overlap
        Suspected shared patients; those of other pools do not count.

    Returns
    -------
    Analysis
        A single study is given as it is.
    """
    if members.k == 1:
        return _single(members, plan)
    fit = fit_main(members, plan)
    main = model_row(members, fit, main=True)
    models = other_models(members, fit, plan)
    heterogeneity = heterogeneity_of(members, fit)
    left_out = left_out_one_by_one(members, plan)
    added, order = added_one_by_one(members, plan)
    subgroups, about_subgroups = subgroups_of(members, plan)
    regressions, about_regressions = regressions_of(members, plan)
    accuracy, about_accuracy = accuracy_of(members)
    own = tuple(one for one in overlaps if set(one.positions) <= set(members.places))
    seen = Seen(members, plan, fit, main, models, heterogeneity, left_out, own)
    first = members.studies[0]
    return Analysis(
        name=members.name,
        group=first.group,
        outcome=first.outcome,
        measure=members.measure,
        scale=members.scale,
        null_value=members.null,
        k=members.k,
        patients=patients_of(members),
        studies=_pooled(members, fit),
        main=main,
        models=models,
        heterogeneity=heterogeneity,
        leave_one_out=left_out,
        cumulative=added,
        influence=influences_of(members, plan),
        subsets=subsets_of(members, plan),
        subgroups=subgroups,
        regressions=regressions,
        small_studies=small_studies_of(members, plan),
        e_value=e_value_of(main, members, plan),
        notes=_sorted(
            *cautions_of(seen),
            *mixtures_of(members),
            *about_accuracy,
            *about_subgroups,
            *about_regressions,
            *([Note("cumulative_order", "information", f"Cumulative: {order}.")] if order else []),
        ),
        accuracy=accuracy,
    )


def _sorted(*notes: Note) -> tuple[Note, ...]:
    return tuple(sorted(notes, key=lambda note: _ORDER[note.severity]))


def _single(members: Members, plan: PoolPlan) -> Analysis:
    study = members.studies[0]
    main = ModelRow(
        name="one study, not pooled",
        code=estimator(plan),
        interval="normal",
        pooled=members.estimate(study.effect, *_reach(members), "one study, normal interval"),
        effect=study.effect,
        std_error=study.std_error,
        p_value=p_of_no_effect(members, study.effect, study.std_error, None),
        prediction_low=None,
        prediction_high=None,
        tau2=None,
        i2=None,
        main=True,
    )
    return Analysis(
        name=members.name,
        group=study.group,
        outcome=study.outcome,
        measure=members.measure,
        scale=members.scale,
        null_value=members.null,
        k=1,
        patients=study.n,
        studies=(
            Pooled(
                study.row,
                study.file,
                study.study,
                study.estimate,
                study.effect,
                study.std_error,
                100.0,
                100.0,
                None,
            ),
        ),
        main=main,
        models=(),
        heterogeneity=ONE_STUDY,
        leave_one_out=(),
        cumulative=(),
        influence=(),
        subsets=None,
        subgroups=(),
        regressions=(),
        small_studies=small_studies_of(members, plan),
        e_value=e_value_of(main, members, plan),
        notes=_sorted(one_study_note(members), *mixtures_of(members)),
        accuracy=None,
    )


def _reach(members: Members) -> tuple[float, float]:
    alone = pool_stages(members, "common", "normal")
    return alone.low, alone.high


def _pooled(members: Members, fit: Fit) -> tuple[Pooled, ...]:
    """Give every study its weights, and its own effect as the model sees it."""
    common = 1.0 / members.variances
    common = 100.0 * common / common.sum()
    weights = _weights(members, fit)
    shrunken = _shrunken(members, fit)
    rows = []
    for i, study in enumerate(members.studies):
        alone = members.subset([i])
        own = None
        if shrunken is not None:
            low, high = float(shrunken.low[i]), float(shrunken.high[i])
            name = f"best linear unbiased prediction, {fit.name}"
            own = alone.estimate(float(shrunken.effect[i]), low, high, name)
        rows.append(
            Pooled(
                row=study.row,
                file=study.file,
                study=study.study,
                estimate=study.estimate,
                effect=study.effect,
                std_error=study.std_error,
                weight_percent=float(weights[i]),
                weight_common_percent=float(common[i]),
                shrunken=own,
            )
        )
    return tuple(rows)


def _weights(members: Members, fit: Fit) -> Floats:
    if fit.weights_percent is not None:
        return fit.weights_percent
    # the bivariate model has no weights of studies: inverse variances stand in
    weights = 1.0 / (members.variances + (fit.tau2 or 0.0))
    return np.asarray(100.0 * weights / weights.sum(), dtype=np.float64)


def _shrunken(members: Members, fit: Fit) -> ShrunkenEffects | None:
    if fit.two_stage is None or fit.code == "common":
        return None
    return shrunken_effects(members.effects, members.variances, fit.two_stage)
