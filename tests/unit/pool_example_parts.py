"""One analysis from invented studies, by the package's own statistics, as the JSON holds it."""

from __future__ import annotations

import math

import numpy as np

from cartwheel.errors import CartwheelError
from cartwheel.estimate import Estimate
from cartwheel.note import Note
from cartwheel.pooling.result_accuracy import Accuracy, AccuracyRow
from cartwheel.pooling.result_analysis import Analysis, EValue, Heterogeneity, ModelRow, Pooled
from cartwheel.pooling.result_questions import (
    Influence,
    MetaRegression,
    Refit,
    RegressionRow,
    SmallStudies,
    SmallStudyTest,
    SubgroupRow,
    Subgroups,
    SubsetCloud,
    TrimFill,
)
from cartwheel.pooling.study.scales import null_value, off_scale
from cartwheel.stats.descriptive import wilson_interval
from cartwheel.stats.pooling.bivariate import bivariate_accuracy, hsroc_sensitivity
from cartwheel.stats.pooling.e_value import e_value
from cartwheel.stats.pooling.gosh import gosh
from cartwheel.stats.pooling.heterogeneity import q_profile, typical_variance
from cartwheel.stats.pooling.influence import baujat, influence
from cartwheel.stats.pooling.moderators import meta_regression, predict_line
from cartwheel.stats.pooling.random_effects import pool_effects, shrunken_effects
from cartwheel.stats.pooling.refits import cumulative, leave_one_out
from cartwheel.stats.pooling.small_studies import begg_test, egger_test, trim_and_fill
from cartwheel.stats.pooling.subgroups import subgroup_analysis

TOO_FEW = "fewer than ten studies: tests for small-study effects would say nothing reliable"
NAMES = {"knapp_hartung": "Knapp-Hartung", "normal": "normal interval"}


def analysis_of(name, studies, *, subgroups=(), regress=(), clouds=False, forced=False):
    """Pool these studies and ask every question that their number allows."""
    first = studies[0]
    y = np.array([study.effect for study in studies])
    v = np.array([study.std_error**2 for study in studies])
    scale = first.scale
    main = model_row(y, v, scale, first.measure, "REML", "knapp_hartung", main=True)
    kind = "knapp_hartung" if len(studies) > 1 else "normal"
    fit = pool_effects(y, v, interval=kind)
    common = pool_effects(y, v, method="common", interval="normal")
    several = len(studies) > 1
    blups = shrunken_effects(y, v) if several else None
    return Analysis(
        name=name,
        group=first.group,
        outcome=first.outcome,
        measure=first.measure,
        scale=scale,
        null_value=null_value(first.measure),
        k=len(studies),
        patients=sum(s.n for s in studies) if all(s.n for s in studies) else None,
        studies=tuple(
            Pooled(
                row=study.row,
                file=study.file,
                study=study.study,
                estimate=study.estimate,
                effect=study.effect,
                std_error=study.std_error,
                weight_percent=float(fit.weights_percent[i]),
                weight_common_percent=float(common.weights_percent[i]),
                shrunken=back(blups.effect[i], blups.low[i], blups.high[i], scale, "BLUP")
                if blups
                else None,
            )
            for i, study in enumerate(studies)
        ),
        main=main,
        models=tuple(
            model_row(y, v, scale, first.measure, method, interval)
            for method, interval in (
                ("common", "normal"), ("REML", "normal"), ("DL", "normal"), ("DL", "knapp_hartung"),
                ("PM", "knapp_hartung"), ("ML", "knapp_hartung"), ("SJ", "knapp_hartung"),
            )
        ) if several else (),
        heterogeneity=heterogeneity(y, v, fit),
        leave_one_out=refits(studies, leave_one_out(y, v), scale) if len(studies) > 2 else (),
        cumulative=refits(studies, cumulative(y, v), scale) if several else (),
        influence=influences(studies, y, v) if len(studies) > 2 else (),
        subsets=cloud(y, v) if clouds else None,
        subgroups=tuple(subgroups_by(column, studies, y, v, scale) for column in subgroups),
        regressions=tuple(regression_on(column, studies, y, v, scale) for column in regress),
        small_studies=small(y, v, scale, forced),
        e_value=e_value_of(main.pooled, first.measure),
        notes=notes(len(studies)),
    )  # fmt: skip


def back(value, low, high, scale, method, n=None):
    """Bring an estimate back to the scale of the measure."""
    limits = [None if not math.isfinite(x) else off_scale(float(x), scale) for x in (low, high)]
    return Estimate(off_scale(float(value), scale), *limits, 0.95, method, n=n)


def model_row(y, v, scale, measure, method, interval, main=False):
    interval = interval if y.size > 1 else "normal"
    fit = pool_effects(y, v, method=method, interval=interval)
    kind = "common effect" if method == "common" else f"random effects, {method}"
    name = f"{kind}, {NAMES[interval]}"
    prediction = (fit.prediction_low, fit.prediction_high)
    low, high = (None if x is None else off_scale(x, scale) for x in prediction)
    return ModelRow(
        name=name,
        code=method,
        interval=interval,
        pooled=back(fit.estimate, fit.low, fit.high, scale, name, n=fit.k),
        effect=fit.estimate,
        std_error=fit.std_error,
        p_value=None if null_value(measure) is None else fit.p_value,
        prediction_low=low,
        prediction_high=high,
        tau2=fit.tau2,
        i2=fit.i2,
        main=main,
    )


def heterogeneity(y, v, fit):
    if y.size == 1:
        empty = Estimate(None)
        return Heterogeneity(None, None, None, empty, empty, None, empty, empty)
    low, high = q_profile(y, v)
    typical = typical_variance(v)
    tau2 = [fit.tau2, low, high]

    def of(values):
        return Estimate(*map(float, values), 0.95, "Q-profile")

    return Heterogeneity(
        q=fit.q,
        q_df=fit.q_df,
        q_p_value=fit.q_p_value,
        tau2=of(tau2),
        tau=of([math.sqrt(t) for t in tau2]),
        tau2_std_error=fit.tau2_std_error,
        i2=of([100 * t / (t + typical) for t in tau2]),
        h2=of([(t + typical) / typical for t in tau2]),
    )


def refits(studies, found, scale):
    return tuple(
        Refit(
            study=study.study,
            row=study.row,
            estimate=back(
                found.estimate[i], found.low[i], found.high[i], scale, "REML", n=int(found.k[i])
            ),
            tau2=float(found.tau2[i]),
            i2=float(found.i2[i]),
            q_p_value=float(found.q_p_value[i]),
            p_value=float(found.p_value[i]),
        )
        for i, study in enumerate(studies)
    )


def influences(studies, y, v):
    found = influence(y, v)
    x, up = baujat(y, v)
    names = ("studentised_residual", "dffits", "cook", "covariance_ratio", "hat",
             "weight_percent", "tau2_without", "q_without", "dfbeta")  # fmt: skip
    return tuple(
        Influence(
            study=study.study,
            row=study.row,
            **{name: float(getattr(found, name)[i]) for name in names},
            baujat_x=float(x[i]),
            baujat_y=float(up[i]),
            flagged=bool(found.flagged[i]),
        )
        for i, study in enumerate(studies)
    )


def cloud(y, v):
    found = gosh(y, v, subsets=1000, seed=7)
    return SubsetCloud(
        subsets=int(found.effect.size),
        complete=found.complete,
        seed=found.seed,
        effect=tuple(map(float, found.effect)),
        i2=tuple(map(float, found.i2)),
        study_in=tuple("".join(map(str, column)) for column in found.member.T),
    )


def moderator(study, column):
    return next(one for one in study.moderators if one.name == column)


def subgroups_by(column, studies, y, v, scale):
    found = subgroup_analysis(y, v, [moderator(study, column).text for study in studies])
    rows = []
    for level, members, fit in zip(found.levels, found.members, found.fits, strict=True):
        limits = (fit.prediction_low, fit.prediction_high)
        low, high = (None if x is None else off_scale(x, scale) for x in limits)
        pooled = back(fit.estimate, fit.low, fit.high, scale, "REML", n=fit.k)
        rows.append(SubgroupRow(level, fit.k, pooled, low, high, fit.tau2, fit.i2, fit.q, members))
    return Subgroups(
        column=column,
        rows=tuple(rows),
        tau2="separate",
        q_between=found.q_between,
        df=float(found.df),
        p_value=found.p_value,
        q_between_common=found.q_between_common,
        p_value_common=found.p_value_common,
        planned=False,
        note="exploratory: not named before looking",
    )


def regression_on(column, studies, y, v, scale):
    x = np.array([moderator(study, column).number for study in studies], dtype=float)
    design = np.column_stack([np.ones_like(x), x])
    fit = meta_regression(y, v, design, names=("intercept", column))
    grid = np.linspace(x.min(), x.max(), 41)
    line = predict_line(fit, np.column_stack([np.ones_like(grid), grid]))

    def returned(values):
        return tuple(off_scale(float(value), scale) for value in values)

    return MetaRegression(
        columns=(column,),
        k=fit.k,
        rows=tuple(
            RegressionRow(
                name,
                Estimate(float(fit.coefficients[i]), float(fit.low[i]), float(fit.high[i]), 0.95),
                float(fit.p_values[i]),
                None,
            )
            for i, name in enumerate(fit.names)
        ),
        tau2=fit.tau2,
        i2=fit.i2,
        r2=fit.r2,
        residual_q=fit.residual_q,
        residual_q_p_value=fit.residual_q_p_value,
        omnibus_statistic=fit.omnibus_statistic,
        omnibus_df=float(fit.omnibus_df),
        omnibus_p_value=fit.omnibus_p_value,
        omnibus_permutation_p_value=None,
        permutations=0,
        grid=tuple(map(float, grid)),
        fitted=returned(line.fitted),
        low=returned(line.low),
        high=returned(line.high),
        x=tuple(map(float, x)),
        weight_percent=tuple(map(float, fit.weights_percent)),
        note="ten studies a column are needed for a trend to mean much",
    )


def small(y, v, scale, forced):
    if y.size < 10 and not forced:
        return SmallStudies(False, False, TOO_FEW, (), (), None, None, None, ())
    fills = []
    for estimator in ("L0", "R0"):
        found = trim_and_fill(y, v, estimator=estimator)
        fit = found.fit
        fills.append(
            TrimFill(
                found.estimator,
                found.side,
                found.missing,
                back(fit.estimate, fit.low, fit.high, scale, f"trim and fill, {estimator}", fit.k),
                tuple(map(float, found.filled_effects)),
                tuple(map(float, np.sqrt(found.filled_variances))),
            )
        )
    tests = tuple(
        SmallStudyTest(name, found.statistic, found.df, found.p_value, None, None)
        for name, found in (("egger", egger_test(y, v)), ("begg", begg_test(y, v)))
    )
    reason = TOO_FEW if y.size < 10 else ""
    return SmallStudies(True, y.size < 10, reason, tests, tuple(fills), None, None, None, ())


def accuracy_of(studies, tables):
    """Sensitivity and specificity pooled in pairs."""
    found = bivariate_accuracy(*map(list, zip(*tables, strict=True)))

    def share(events, n):
        low, high = wilson_interval(events, n, 0.95)
        return Estimate(events / n, float(low), float(high), 0.95, "Wilson", n=n, events=events)

    def summary(name):
        ratio = getattr(found, name)
        return Estimate(ratio.value, ratio.low, ratio.high, 0.95, "bivariate", n=len(tables))

    rates = [fp / (fp + tn) for _, _, fp, tn in tables]
    grid = np.linspace(min(rates), max(rates), 41)
    names = ("sensitivity", "specificity", "positive_likelihood_ratio",
             "negative_likelihood_ratio", "diagnostic_odds_ratio")  # fmt: skip
    return Accuracy(
        studies=tuple(
            AccuracyRow(study.study, study.row, share(tp, tp + fn), share(tn, tn + fp))
            for study, (tp, fn, fp, tn) in zip(studies, tables, strict=True)
        ),
        **{name: summary(name) for name in names},
        correlation=found.effects.correlation,
        tau2_sensitivity=float(found.effects.between[0, 0]),
        tau2_specificity=float(found.effects.between[1, 1]),
        corrected=(),
        confidence_region=tuple(map(tuple, found.confidence_region.tolist())),
        prediction_region=tuple(map(tuple, found.prediction_region.tolist())),
        curve=tuple(zip(grid.tolist(), hsroc_sensitivity(found.curve, grid).tolist(), strict=True))
        if found.curve is not None
        else (),
    )


def e_value_of(pooled, measure):
    if measure not in ("HR", "OR"):
        return None
    try:
        found = e_value(pooled.value, pooled.low, pooled.high, measure=measure, rare=False)
    except CartwheelError:
        return None
    return EValue(found.point, found.limit, found.method)


def notes(k):
    if k > 2:
        return ()
    text = "one study: nothing is pooled" if k == 1 else "two studies: an interval with 1 df"
    return (Note("few_studies", "caution", text),)
