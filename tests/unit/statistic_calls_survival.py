"""A valid call of every public statistic of times to an event."""

# ruff: noqa: E501 - a call a line reads as a table

from __future__ import annotations

import numpy as np
from statistic_sample import Call, N, Sample, floats

from cartwheel.stats import (
    brier,
    calibration_curves,
    calibration_over_time,
    censoring,
    competing,
    competing_times,
    competing_variance,
    concordance,
    concordance_general,
    cox,
    cox_baseline,
    cox_design,
    cox_exact,
    cox_firth,
    cox_general,
    cox_likelihood,
    cox_prediction,
    cox_residuals,
    cox_robust,
    decision,
    descriptive,
    elastic_net,
    explained_variation,
    fine_gray,
    fleming_harrington,
    gray,
    hazard_restriction,
    integrated_brier,
    life_table,
    log_rank,
    nelson_aalen,
    net_benefit,
    observed_expected,
    proportional_hazards,
    reclassification_survival,
    reconstruction,
    restricted_mean,
    ridge,
    risk_set_sums,
    risk_sets,
    smooth_calibration,
    start_stop,
    subdistribution,
    survival,
    survival_difference,
    survival_interval,
    time_dependent,
    times,
    uno,
    weighted_survival,
)


def followed(d: Sample) -> times.SurvivalTimes:
    return times.survival_times(d.time, d.event)


def rivals(d: Sample) -> competing_times.CompetingTimes:
    return competing_times.competing_times(d.time, d.cause)


def rows(d: Sample) -> risk_sets.RiskSets:
    return risk_sets.risk_sets(d.time, d.event, case_weights=d.weight)


def late(d: Sample) -> risk_sets.RiskSets:
    return risk_sets.risk_sets(d.time, d.event, start=d.start, strata=d.strata)


def plain(d: Sample) -> risk_sets.RiskSets:
    return risk_sets.risk_sets(d.time, d.event)


def fitted(d: Sample) -> cox_general.CoxRegression:
    return cox_general.cox_regression(plain(d), d.x)


def design(d: Sample) -> cox_design.SortedDesign:
    return cox_design.sorted_design(plain(d), cox_design.design_matrix(d.x, N), None)


def arms(d: Sample, side: int) -> times.SurvivalTimes:
    time, event = (
        descriptive.finite_column(d.time, "time"),
        descriptive.finite_column(d.event, "event"),
    )
    inside = descriptive.finite_column(d.arm, "arm") == side
    descriptive.same_length(time=time, event=event, arm=inside)
    return times.survival_times(time[inside], event[inside])


def curves(d: Sample, side: int) -> survival.KaplanMeier:
    return survival.kaplan_meier(arms(d, side))


def sums(d: Sample) -> risk_set_sums.RiskSetSums:
    return risk_set_sums.risk_set_sums(plain(d), design(d), np.zeros(3), "efron")


def table(d: Sample) -> competing_variance.IncidenceTable:
    return competing_variance.incidence_table(rivals(d), None, None)


FLAT = observed_expected.TimeWeights()
LATE = observed_expected.TimeWeights(rho=0.0, gamma=1.0)

CALLS: dict[str, Call] = {
    # times and curves
    "times.survival_times": lambda d: times.survival_times(d.time, d.event),
    "times.check_times": lambda d: times.check_times(floats(d.time), floats(d.event)),
    "times.distinct_times": lambda d: times.distinct_times(d.time),
    "times.checked_multiplicity": lambda d: times.checked_multiplicity(followed(d), d.count),
    "times.kernel_counts": lambda d: times.kernel_counts(d.count),
    "times.numbers_at_risk": lambda d: times.numbers_at_risk(followed(d), d.at),
    "times.landmark": lambda d: times.landmark(followed(d), d.horizon),
    "life_table.life_table": lambda d: life_table.life_table(followed(d), None),
    "survival.kaplan_meier": lambda d: survival.kaplan_meier(followed(d), multiplicity=d.count, level=d.level),
    "survival.kaplan_meier log-log": lambda d: survival.kaplan_meier(followed(d), interval="log-log"),
    "survival.kaplan_meier plain": lambda d: survival.kaplan_meier(followed(d), interval="plain"),
    "survival.kaplan_meier .at": lambda d: survival.kaplan_meier(followed(d)).at(d.horizon),
    "survival.kaplan_meier .quantile": lambda d: survival.kaplan_meier(followed(d)).quantile(d.prevalence),
    "survival.reverse_kaplan_meier": lambda d: survival.reverse_kaplan_meier(followed(d), level=d.level),
    "survival.survival_at": lambda d: survival.survival_at(followed(d), d.horizon, d.count),
    "survival.horizon_weights": lambda d: survival.horizon_weights(followed(d), d.horizon, d.count),
    "survival_difference.survival_difference": lambda d: survival_difference.survival_difference(curves(d, 0), curves(d, 1), d.horizon, level=d.level),
    "survival_interval.survival_limits": lambda d: survival_interval.survival_limits(np.asarray([0.9, 0.5]), np.asarray([0.05, 0.1]), d.level, "log"),
    "nelson_aalen.nelson_aalen": lambda d: nelson_aalen.nelson_aalen(followed(d), multiplicity=d.count, level=d.level),
    "nelson_aalen.nelson_aalen .at": lambda d: nelson_aalen.nelson_aalen(followed(d)).at(d.horizon),
    "weighted_survival.weighted_kaplan_meier": lambda d: weighted_survival.weighted_kaplan_meier(rows(d), level=d.level),
    "weighted_survival.weighted_kaplan_meier late": lambda d: weighted_survival.weighted_kaplan_meier(late(d)),
    "weighted_survival.left_continuous_survival": lambda d: weighted_survival.left_continuous_survival(plain(d), floats(d.time)),
    "restricted_mean.restricted_mean": lambda d: restricted_mean.restricted_mean(followed(d), d.tau),
    "restricted_mean.restricted_mean .estimate": lambda d: restricted_mean.restricted_mean(followed(d), d.tau).estimate(level=d.level),
    "restricted_mean.restricted_mean_contrast": lambda d: restricted_mean.restricted_mean_contrast(restricted_mean.restricted_mean(arms(d, 0), d.tau), restricted_mean.restricted_mean(arms(d, 1), d.tau), level=d.level),
    "reconstruction.reconstruct_times": lambda d: reconstruction.reconstruct_times(d.curve_time, d.curve_survival, risk_times=d.risk_times, at_risk=d.at_risk),
    "start_stop.survival_split": lambda d: start_stop.survival_split(d.time, d.event, d.breaks, start=d.start),
    "start_stop.split_at_change": lambda d: start_stop.split_at_change(d.time, d.event, d.change),
    "start_stop.landmark_rows": lambda d: start_stop.landmark_rows(d.time, d.event, d.horizon),
    "risk_sets.risk_sets": lambda d: risk_sets.risk_sets(d.time, d.event, start=d.start, strata=d.strata, case_weights=d.weight),
    # tests
    "log_rank.log_rank": lambda d: log_rank.log_rank(followed(d), d.group, strata=d.strata),
    "log_rank.log_rank_trend": lambda d: log_rank.log_rank_trend(followed(d), d.group),
    "log_rank.log_rank_scores": lambda d: log_rank.log_rank_scores(followed(d), d.count),
    "log_rank.compared": lambda d: log_rank.compared((0, 1), np.asarray(d.arm), np.array([9.0, 7.0]), np.array([8.0, 8.0]), np.array([[3.0, -3.0], [-3.0, 3.0]])),
    "log_rank.trend": lambda _: log_rank.trend(np.array([0.0, 1.0]), np.array([1.0, -1.0]), np.array([[3.0, -3.0], [-3.0, 3.0]])),
    "observed_expected.observed_expected": lambda d: observed_expected.observed_expected(followed(d), np.asarray(d.arm), None, FLAT),
    "fleming_harrington.weighted_log_rank": lambda d: fleming_harrington.weighted_log_rank(followed(d), d.group, weights=LATE, strata=d.strata),
    "fleming_harrington.weighted_log_rank_trend": lambda d: fleming_harrington.weighted_log_rank_trend(followed(d), d.group, weights=LATE),
    "fleming_harrington.pairwise_log_rank": lambda d: fleming_harrington.pairwise_log_rank(followed(d), d.group),
    "fleming_harrington.log_rank_hazard_ratio": lambda d: fleming_harrington.log_rank_hazard_ratio(log_rank.log_rank(followed(d), d.arm), level=d.level),
    # Cox
    "cox.cox_fit": lambda d: cox.cox_fit(followed(d), d.x, multiplicity=d.count),
    "cox.cox_fit breslow": lambda d: cox.cox_fit(followed(d), d.x, ties="breslow"),
    "cox.cox_fit .hazard_ratio": lambda d: cox.cox_fit(followed(d), d.lp).hazard_ratio(0, level=d.level),
    "cox.cox_coefficients": lambda d: cox.cox_coefficients(followed(d), floats(d.x), d.count),
    "cox_baseline.check_ties": lambda _: cox_baseline.check_ties("efron"),
    "cox_baseline.cox_log_likelihood": lambda d: cox_baseline.cox_log_likelihood(followed(d), d.lp, multiplicity=d.count),
    "cox_baseline.baseline_hazard": lambda d: cox_baseline.baseline_hazard(followed(d), d.lp),
    "cox_baseline.baseline_hazard_at": lambda d: cox_baseline.baseline_hazard_at(followed(d), floats(d.lp), d.horizon, d.count),
    "cox_design.design_matrix": lambda d: cox_design.design_matrix(d.x, N),
    "cox_design.column_labels": lambda _: cox_design.column_labels(2, ["a", "b"]),
    "cox_design.sorted_design": lambda d: cox_design.sorted_design(plain(d), cox_design.design_matrix(d.x, N), d.offset),
    "cox_exact.cox_exact": lambda d: cox_exact.cox_exact(plain(d), d.x, offset=d.offset),
    "cox_firth.cox_firth": lambda d: cox_firth.cox_firth(plain(d), d.x, offset=d.offset, level=d.level),
    "cox_general.cox_regression": lambda d: cox_general.cox_regression(rows(d), d.x, cluster=d.cluster, offset=d.offset),
    "cox_general.cox_regression late": lambda d: cox_general.cox_regression(late(d), d.x),
    "cox_general.cox_regression ridge": lambda d: cox_general.cox_regression(plain(d), d.x, ridge=ridge.Ridge(d.positive)),
    "cox_general.cox_regression .hazard_ratio": lambda d: fitted(d).hazard_ratio(1, level=d.level),
    "cox_general.check_estimable": lambda d: cox_general.check_estimable(plain(d), design(d), ("a", "b", "c"), None),
    "cox_likelihood.likelihood_of": lambda d: cox_likelihood.likelihood_of(plain(d), design(d), "efron")(np.zeros(3)),
    "cox_prediction.cox_baseline": lambda d: cox_prediction.cox_baseline(plain(d), d.x, fitted(d)),
    "cox_prediction.cox_curves": lambda d: cox_prediction.cox_curves(plain(d), d.x, fitted(d), d.new, level=d.level),
    "cox_residuals.model_sums": lambda d: cox_residuals.model_sums(plain(d), d.x, fitted(d))[1].hazard,
    "cox_residuals.cox_residuals": lambda d: cox_residuals.cox_residuals(plain(d), d.x, fitted(d)),
    "cox_robust.cluster_members": lambda d: cox_robust.cluster_members(d.cluster, N),
    "cox_robust.sandwich": lambda d: cox_robust.sandwich(plain(d), design(d), np.zeros(3), "efron", cox_robust.cluster_members(d.cluster, N), np.eye(3)),
    "cox_robust.robust_score_statistic": lambda d: cox_robust.robust_score_statistic(plain(d), design(d), "efron", cox_robust.cluster_members(d.cluster, N)),
    "elastic_net.cox_elastic_net": lambda d: elastic_net.cox_elastic_net(plain(d), d.x, alpha=d.number, penalties=d.penalties, offset=d.offset),
    "proportional_hazards.proportional_hazards_test": lambda d: proportional_hazards.proportional_hazards_test(plain(d), d.x, fitted(d)),
    "ridge.column_penalties": lambda d: ridge.column_penalties(ridge.Ridge(d.positive), floats(d.x)),
    "risk_set_sums.risk_set_sums": lambda d: risk_set_sums.risk_set_sums(plain(d), design(d), np.zeros(3), "efron").hazard,
    "risk_set_sums.cumulative": lambda d: risk_set_sums.cumulative(plain(d), sums(d).hazard),
    "risk_set_sums.borne": lambda d: risk_set_sums.borne(plain(d), sums(d).hazard),
    "risk_set_sums.score_residuals": lambda d: risk_set_sums.score_residuals(plain(d), design(d), sums(d)),
    "explained_variation.explained_variation": lambda d: explained_variation.explained_variation(followed(d), d.lp),
    # discrimination, calibration, utility at a horizon
    "concordance.concordance": lambda d: concordance.concordance(followed(d), floats(d.score), d.count),
    "concordance.harrell_concordance": lambda d: concordance.harrell_concordance(followed(d), d.score),
    "concordance.harrell_c": lambda d: concordance.harrell_c(followed(d), d.score, level=d.level),
    "concordance_general.general_concordance": lambda d: concordance_general.general_concordance(rows(d), d.score, cluster=d.cluster),
    "concordance_general.general_concordance late": lambda d: concordance_general.general_concordance(late(d), d.score, time_weights="pairs"),
    "concordance_general.concordance_difference": lambda d: concordance_general.concordance_difference(concordance_general.general_concordance(plain(d), d.score), concordance_general.general_concordance(plain(d), d.score2), level=d.level),
    "uno.uno_c": lambda d: uno.uno_c(followed(d), floats(d.score), d.tau, d.count),
    "uno.uno_concordance": lambda d: uno.uno_concordance(followed(d), d.score, d.tau),
    "uno.uno_concordance .estimate": lambda d: uno.uno_concordance(followed(d), d.score, d.tau).estimate(d.level),
    "uno.compare_uno": lambda d: uno.compare_uno(uno.uno_concordance(followed(d), d.score, d.tau), uno.uno_concordance(followed(d), d.score2, d.tau), level=d.level),
    "time_dependent.auc_at": lambda d: time_dependent.auc_at(followed(d), floats(d.score), d.horizon, d.count),
    "time_dependent.time_dependent_auc": lambda d: time_dependent.time_dependent_auc(followed(d), d.score, d.at, level=d.level),
    "time_dependent.time_dependent_auc competing": lambda d: time_dependent.time_dependent_auc(rivals(d), d.score, d.horizon),
    "time_dependent.compare_time_dependent_auc": lambda d: time_dependent.compare_time_dependent_auc(time_dependent.time_dependent_auc(followed(d), d.score, d.at), time_dependent.time_dependent_auc(followed(d), d.score2, d.at)),
    "censoring.censoring_influence": lambda d: censoring.censoring_influence(followed(d), survival.horizon_weights(followed(d), d.horizon)[0], 1.0, d.horizon),
    "brier.brier_score": lambda d: brier.brier_score(followed(d), floats(d.risk), d.horizon, d.count),
    "integrated_brier.checked_risk": lambda d: integrated_brier.checked_risk(N, d.risk),
    "integrated_brier.checked_horizon": lambda d: integrated_brier.checked_horizon(followed(d), d.horizon),
    "integrated_brier.brier_with_error": lambda d: integrated_brier.brier_with_error(followed(d), d.risk, d.horizon),
    "integrated_brier.brier_with_error competing": lambda d: integrated_brier.brier_with_error(rivals(d), d.risk, d.horizon),
    "integrated_brier.brier_with_error .estimate": lambda d: integrated_brier.brier_with_error(followed(d), d.risk, d.horizon).estimate(d.level),
    "integrated_brier.compare_brier": lambda d: integrated_brier.compare_brier(integrated_brier.brier_with_error(followed(d), d.risk, d.horizon), integrated_brier.brier_with_error(followed(d), d.risk2, d.horizon), level=d.level),
    "integrated_brier.integrated_brier": lambda d: integrated_brier.integrated_brier(followed(d), lambda _: d.risk, d.horizon),
    "calibration_curves.calibration_curve_over_time": lambda d: calibration_curves.calibration_curve_over_time(followed(d), d.risk, d.horizon),
    "calibration_curves.observed_expected times": lambda d: calibration_curves.observed_expected(d.risk, followed(d), d.horizon, level=d.level),
    "calibration_over_time.observed_by_horizon": lambda d: calibration_over_time.observed_by_horizon(followed(d), d.horizon),
    "calibration_over_time.survival_calibration_groups": lambda d: calibration_over_time.survival_calibration_groups(followed(d), d.risk, d.horizon, 3),
    "decision.decision_curve_over_time": lambda d: decision.decision_curve_over_time(followed(d), d.risk, d.horizon, d.thresholds, multiplicity=d.count),
    "smooth_calibration.smooth_calibration times": lambda d: smooth_calibration.smooth_calibration(d.risk, followed(d), d.horizon, grid=d.thresholds),
    "net_benefit.net_benefit_of times": lambda d: net_benefit.net_benefit_of(d.risk, followed(d), d.thresholds, d.horizon).measure(),
    "reclassification_survival.net_reclassification_survival": lambda d: reclassification_survival.net_reclassification_survival(followed(d), d.risk, d.risk2, d.horizon, cuts=d.risk_cuts),
    "reclassification_survival.discrimination_improvement_survival": lambda d: reclassification_survival.discrimination_improvement_survival(followed(d), d.risk, d.risk2, d.horizon),
    # competing risks
    "competing_times.competing_times": lambda d: competing_times.competing_times(d.time, d.cause),
    "competing_times.checked_cause": lambda d: competing_times.checked_cause(rivals(d), 1),
    "competing_times.cause_specific_times": lambda d: competing_times.cause_specific_times(rivals(d), 1),
    "competing_times.block_counts": lambda d: competing_times.block_counts(rivals(d), None, None),
    "competing_variance.entry_blocks": lambda d: competing_variance.entry_blocks(followed(d), d.start),
    "competing_variance.incidence_table": lambda d: competing_variance.incidence_table(rivals(d), None, None),
    "competing_variance.safe_inverse": lambda _: competing_variance.safe_inverse(np.array([0.0, 2.0])),
    "competing_variance.jackknife_errors": lambda d: competing_variance.jackknife_errors(rivals(d), table(d), None),
    "competing_variance.aalen_errors": lambda d: competing_variance.aalen_errors(table(d)),
    "hazard_restriction.efron_denominators": lambda d: hazard_restriction.efron_denominators(followed(d), floats(d.lp), d.horizon, d.count),
    "hazard_restriction.baseline_ratio_test": lambda d: hazard_restriction.baseline_ratio_test(followed(d), floats(d.lp) - 2.0, d.horizon, d.count),
    "subdistribution.subdistribution_risk_sets": lambda d: subdistribution.subdistribution_risk_sets(rivals(d), floats(d.lp), 1, d.count),
    "competing.cumulative_incidence_at": lambda d: competing.cumulative_incidence_at(rivals(d), 1, d.horizon, d.count),
    "competing.aalen_johansen": lambda d: competing.aalen_johansen(rivals(d), multiplicity=d.count, level=d.level),
    "competing.aalen_johansen aalen": lambda d: competing.aalen_johansen(rivals(d), variance="aalen", interval="log-log"),
    "competing.aalen_johansen late": lambda d: competing.aalen_johansen(rivals(d), entry=d.start, interval="plain"),
    "competing.aalen_johansen .at": lambda d: competing.aalen_johansen(rivals(d)).at(d.horizon, 1),
    "competing.mean_time_lost": lambda d: competing.mean_time_lost(rivals(d), 1, d.tau, level=d.level),
    "gray.gray_test": lambda d: gray.gray_test(rivals(d), d.group, strata=d.strata),
    "fine_gray.fine_gray": lambda d: fine_gray.fine_gray(rivals(d), d.x, multiplicity=d.count),
    "fine_gray.fine_gray groups": lambda d: fine_gray.fine_gray(rivals(d), d.x, censoring_group=d.strata),
    "fine_gray.fine_gray .incidence": lambda d: fine_gray.fine_gray(rivals(d), d.x).incidence(d.new, d.at),
    "fine_gray.fine_gray_coefficients": lambda d: fine_gray.fine_gray_coefficients(rivals(d), floats(d.x), 1, d.count),
}  # fmt: skip
