"""A valid call of every public statistic of models, nomograms and penalised paths."""

# ruff: noqa: E501 - a call a line reads as a table

from __future__ import annotations

import numpy as np
from statistic_sample import Call, Sample, floats

from cartwheel.stats import (
    auc_variance,
    backward_elimination,
    cox,
    diagnostic_odds,
    elastic_net,
    elastic_net_logistic,
    elastic_net_validation,
    landmark_models,
    logistic,
    logistic_intervals,
    logistic_residuals,
    model_indices,
    nomogram,
    reclassification_interval,
    risk_sets,
    roc,
    times,
    wald_table,
)

FEW = reclassification_interval.PercentileBootstrap(seed=1, resamples=100, threads=1)
VARIABLES = [wald_table.Variable("a", (0,)), wald_table.Variable("b", (1, 2), (2,))]


def followed(d: Sample) -> times.SurvivalTimes:
    return times.survival_times(d.time, d.event)


def rows(d: Sample) -> risk_sets.RiskSets:
    return risk_sets.risk_sets(d.time, d.event)


def points(d: Sample) -> nomogram.Nomogram:
    return nomogram.nomogram(
        [("a", d.knots, d.knots), ("b", [0, 1], [0.0, 0.4])], intercept=d.number
    )


CALLS: dict[str, Call] = {
    "logistic_intervals.logistic_table": lambda d: logistic_intervals.logistic_table(d.x, d.y, d.level),
    "logistic_intervals.logistic_table counts": lambda d: logistic_intervals.logistic_table(d.x, d.y, multiplicity=d.count),
    "logistic_residuals.logistic_residuals": lambda d: logistic_residuals.logistic_residuals(logistic.logistic_fit(d.x, d.y), d.x, d.y),
    "model_indices.gini_mean_difference": lambda d: model_indices.gini_mean_difference(d.score),
    "model_indices.likelihood_r2": lambda d: model_indices.likelihood_r2(d.positive, 3, 100.0, 40.0),
    "model_indices.logistic_indices": lambda d: model_indices.logistic_indices(logistic.logistic_fit(d.x, d.y), d.x, d.y),
    "model_indices.cox_indices": lambda d: model_indices.cox_indices(cox.cox_fit(followed(d), d.x), followed(d), d.x),
    "backward_elimination.backward_elimination": lambda d: backward_elimination.backward_elimination(lambda kept: -10.0 - 2.0 * (3 - len(kept)), [[0], [1, 2]], penalty=d.positive),
    "backward_elimination.backward_logistic": lambda d: backward_elimination.backward_logistic(d.x, d.y, penalty=d.positive, multiplicity=d.count),
    "backward_elimination.backward_cox": lambda d: backward_elimination.backward_cox(followed(d), d.x, penalty=d.positive),
    "landmark_models.cluster_robust_covariance": lambda d: landmark_models.cluster_robust_covariance(d.x, d.y, [0.1, 0.6, -0.3, 0.2], d.cluster),
    "landmark_models.cluster_robust_covariance firth": lambda d: landmark_models.cluster_robust_covariance(d.x, d.y, [0.1, 0.6, -0.3, 0.2], d.cluster, firth=True),
    "landmark_models.window_times": lambda d: landmark_models.window_times(d.time, d.event),
    "landmark_models.hazard_of_window": lambda d: landmark_models.hazard_of_window(landmark_models.window_times(d.time, d.event), floats(d.lp), floats(d.count)),
    "wald_table.wald_table": lambda d: wald_table.wald_table(d.coefficients, d.covariance, VARIABLES),
    "nomogram.nomogram": points,
    "nomogram.nomogram .scale": lambda d: points(d).scale(d.risk_cuts),
    "nomogram.nomogram .risk_scale": lambda d: points(d).risk_scale(d.probabilities),
    "nomogram.nomogram .survival_scale": lambda d: points(d).survival_scale(d.probabilities, d.positive),
    "nomogram.axis_marks": lambda d: nomogram.axis_marks(-1.0, d.positive),
    "auc_variance.somers_dxy": lambda d: auc_variance.somers_dxy(d.score, d.y),
    "auc_variance.obuchowski_variance": lambda d: auc_variance.obuchowski_variance(d.score, d.y),
    "diagnostic_odds.diagnostic_odds_ratio": lambda d: diagnostic_odds.diagnostic_odds_ratio(roc.two_by_two(d.arm, d.y), d.level),
    "elastic_net.saturated_log_likelihood": lambda d: elastic_net.saturated_log_likelihood(rows(d)),
    "elastic_net.penalty_strengths": lambda d: elastic_net.penalty_strengths(d.penalties, np.ones(3), 1.0, (48, 3)),
    "elastic_net_logistic.logistic_elastic_net": lambda d: elastic_net_logistic.logistic_elastic_net(d.x, d.y, alpha=d.number, penalties=d.penalties),
    "elastic_net_logistic.logistic_elastic_net path": lambda d: elastic_net_logistic.logistic_elastic_net(d.x, d.y),
    "elastic_net_validation.cross_validated_elastic_net": lambda d: elastic_net_validation.cross_validated_elastic_net(rows(d), d.x, alpha=d.number, penalties=d.penalties, folds=d.cluster),
    "elastic_net_validation.cross_validated_elastic_net folds": lambda d: elastic_net_validation.cross_validated_elastic_net(rows(d), d.x, penalties=[0.1], folds=d.group),
    "elastic_net_validation.cross_validated_logistic_elastic_net": lambda d: elastic_net_validation.cross_validated_logistic_elastic_net(d.x, d.y, penalties=d.penalties, folds=d.cluster),
    "elastic_net_validation.cross_validated_logistic_elastic_net folds": lambda d: elastic_net_validation.cross_validated_logistic_elastic_net(d.x, d.y, penalties=[0.1], folds=d.group),
    "reclassification_interval.reclassification_intervals": lambda d: reclassification_interval.reclassification_intervals(followed(d), (d.risk, d.risk2), d.horizon, FEW, cuts=d.risk_cuts),
}  # fmt: skip
