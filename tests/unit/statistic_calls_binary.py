"""A valid call of every other public statistic."""

# ruff: noqa: E501 - a call a line reads as a table
from __future__ import annotations

import numpy as np
from small_pipeline import EventRate
from statistic_sample import Call, N, Sample, floats

from cartwheel.stats import (
    association,
    brier,
    calibration,
    calibration_curves,
    cross_validation,
    cut_bootstrap,
    cut_metrics,
    cut_permutation,
    cutpoint,
    decision,
    delong,
    descriptive,
    distributed,
    estimability,
    expected_optimism,
    firth,
    flic,
    hosmer_lemeshow,
    imputation_data,
    impute,
    imputed_learners,
    imputed_optimism,
    imputed_scale,
    instability,
    labels,
    logistic,
    lowess,
    maximally_selected,
    maximally_selected_exact,
    maximally_selected_gauss,
    multiplicity_adjustment,
    net_benefit,
    optimism_interval,
    partial_auc,
    pooled_tests,
    rank_scores,
    reclassification,
    resample,
    resample_632,
    ridge_logistic,
    roc,
    rubin,
    samplesize,
    samplesize_development,
    samplesize_validation,
    smooth_calibration,
    sorted_marker,
    spline,
    stratified_bootstrap,
    times,
    validation_indices,
    wald,
)
from cartwheel.stats.columns import raw_array
from cartwheel.stats.kernels import _logistic_profile

KINDS = ("number", "binary", "number")


def marker(d: Sample) -> sorted_marker.SortedMarker:
    return sorted_marker.sorted_marker(d.score)


def scores(d: Sample) -> np.ndarray:
    return rank_scores.wilcoxon_scores(d.lp)


def sizes(d: Sample) -> np.ndarray:
    return sorted_marker.candidate_cuts(marker(d), min_fraction=0.1).group_sizes


def rate(d: Sample) -> EventRate:
    return EventRate(descriptive.coded_column(d.y, "y"))


def size(d: Sample) -> int:
    return rate(d).event.size


def matched(d: Sample, labels: np.ndarray) -> EventRate:
    """Give the pipeline of as many patients as there are labels: it is the caller's to see to."""
    descriptive.same_length(y=rate(d).event, labels=raw_array(labels, "labels").ravel())
    return rate(d)


def optimism(d: Sample) -> resample.Optimism:
    return resample.bootstrap_optimism(rate(d), n=size(d), resamples=20, seed=1)


def table(d: Sample) -> imputation_data.ImputationData:
    return imputation_data.imputation_data(d.gaps, kinds=KINDS, auxiliary=d.helpers)


def curve(d: Sample) -> roc.RocCurve:
    return roc.roc_curve(d.score, d.y)


def profile(d: Sample):
    return _logistic_profile.detail(floats(d.x), floats(d.y), None, None, True, 1e-11, 1.96, [])


CALLS: dict[str, Call] = {
    # describing and comparing columns
    "association.trend_test": lambda d: association.trend_test(d.y, d.group),
    "association.spearman_test": lambda d: association.spearman_test(d.score, d.score2),
    "association.kruskal_wallis_test": lambda d: association.kruskal_wallis_test(d.score, d.group),
    "association.rank_sum_test": lambda d: association.rank_sum_test(d.score, d.arm),
    "association.jonckheere_terpstra_test": lambda d: association.jonckheere_terpstra_test(d.score, d.group),
    "association.fisher_test": lambda d: association.fisher_test(d.table),
    "association.chi_square_test": lambda d: association.chi_square_test(d.table3),
    "association.association": lambda d: association.association(d.group, d.score, "number"),
    "association.association binary": lambda d: association.association(d.group, d.y, "binary"),
    "association.association category": lambda d: association.association(d.score, d.group, "category"),
    "descriptive.finite_column": lambda d: descriptive.finite_column(d.score, "score"),
    "descriptive.coded_column": lambda d: descriptive.coded_column(d.y, "y"),
    "descriptive.same_length": lambda _: descriptive.same_length(a=np.ones(3), b=np.ones(3)),
    "descriptive.normal_quantile": lambda d: descriptive.normal_quantile(d.level),
    "descriptive.quantiles": lambda d: descriptive.quantiles(d.score, d.probabilities, d.count),
    "descriptive.wilson_interval": lambda d: descriptive.wilson_interval(d.positive, 9.0, d.level),
    "descriptive.exact_interval": lambda d: descriptive.exact_interval(d.positive, 9.0, d.level),
    "descriptive.standardised_difference": lambda d: descriptive.standardised_difference(d.score, d.score2),
    "descriptive.standardised_difference_of_categories": lambda d: descriptive.standardised_difference_of_categories(d.counts_a, d.counts_b),
    "labels.coded_labels": lambda d: labels.coded_labels(d.group, N, "group"),
    "lowess.lowess": lambda d: lowess.lowess(d.score, d.lp, span=d.span),
    "multiplicity_adjustment.bonferroni": lambda d: multiplicity_adjustment.bonferroni(d.p_values),
    "multiplicity_adjustment.holm": lambda d: multiplicity_adjustment.holm(d.p_values),
    "multiplicity_adjustment.benjamini_hochberg": lambda d: multiplicity_adjustment.benjamini_hochberg(d.p_values),
    "rank_scores.wilcoxon_scores": lambda d: rank_scores.wilcoxon_scores(d.score),
    "rank_scores.normal_scores": lambda d: rank_scores.normal_scores(d.score),
    "rank_scores.median_scores": lambda d: rank_scores.median_scores(d.score),
    "rank_scores.nelson_aalen_scores": lambda d: rank_scores.nelson_aalen_scores(times.survival_times(d.time, d.event)),
    "spline.sample_quantiles": lambda d: spline.sample_quantiles(d.score, d.probabilities, d.count),
    "spline.spline_knots": lambda d: spline.spline_knots(d.score, 4, d.count),
    "spline.restricted_cubic_spline": lambda d: spline.restricted_cubic_spline(d.score, d.knots),
    # ROC
    "roc.auc": lambda d: roc.auc(d.score, d.y, d.count),
    "roc.weighted_auc": lambda d: roc.weighted_auc(d.score, d.case, d.control),
    "roc.roc_curve": lambda d: roc.roc_curve(d.score, d.y),
    "roc.roc_curve weighted": lambda d: roc.roc_curve(d.score, case_weight=d.case, control_weight=d.control),
    "roc.two_by_two": lambda d: roc.two_by_two(d.arm, d.y, d.level),
    "roc.two_by_two exact": lambda d: roc.two_by_two(d.arm, d.y, interval="exact"),
    "delong.delong": lambda d: delong.delong(d.score, d.y),
    "delong.delong .estimate": lambda d: delong.delong(d.score, d.y).estimate(d.level, "logit"),
    "delong.auc_delong": lambda d: delong.auc_delong(d.score, d.y, level=d.level),
    "delong.delong_compare": lambda d: delong.delong_compare(d.score, d.score2, d.y, level=d.level),
    "delong.delong_compare_groups": lambda d: delong.delong_compare_groups(delong.delong(d.score, d.y), delong.delong(d.score2, d.y), level=d.level),
    "partial_auc.partial_auc": lambda d: partial_auc.partial_auc(curve(d), low=d.number),
    "partial_auc.sensitivity_at_specificity": lambda d: partial_auc.sensitivity_at_specificity(curve(d), d.number),
    "partial_auc.specificity_at_sensitivity": lambda d: partial_auc.specificity_at_sensitivity(curve(d), d.number),
    # cut-offs
    "sorted_marker.sorted_marker": lambda d: sorted_marker.sorted_marker(d.score),
    "sorted_marker.candidate_cuts": lambda d: sorted_marker.candidate_cuts(marker(d), min_fraction=d.fraction),
    "sorted_marker.case_and_control_weights": lambda d: sorted_marker.case_and_control_weights(marker(d), d.case, d.control),
    "sorted_marker.checked_presence": lambda d: sorted_marker.checked_presence(marker(d), d.count),
    "sorted_marker.check_min_fraction": lambda d: sorted_marker.check_min_fraction(d.fraction),
    "cutpoint.best_cut": lambda d: cutpoint.best_cut(marker(d), d.case, d.control, criterion="youden", multiplicity=d.count, min_fraction=d.fraction),
    "cutpoint.best_cut corner": lambda d: cutpoint.best_cut(marker(d), d.case, d.control, criterion="closest_corner"),
    "cutpoint.best_cut_fast": lambda d: cutpoint.best_cut_fast(marker(d), d.case, d.control),
    "cutpoint.best_log_rank_cut": lambda d: cutpoint.best_log_rank_cut(marker(d), d.lp, multiplicity=d.count, min_fraction=d.fraction),
    "cutpoint.best_log_rank_cut_fast": lambda d: cutpoint.best_log_rank_cut_fast(marker(d), d.lp),
    "cut_metrics.best_cut_by_metric": lambda d: cut_metrics.best_cut_by_metric(marker(d), d.case, d.control, metric="accuracy", min_fraction=d.fraction),
    "cut_metrics.best_cut_by_metric chi-square": lambda d: cut_metrics.best_cut_by_metric(marker(d), d.case, d.control, metric="chi_square", min_fraction=0.1),
    "cut_metrics.best_cut_by_metric odds": lambda d: cut_metrics.best_cut_by_metric(marker(d), d.case, d.control, metric="odds_ratio", min_fraction=0.3),
    "cut_metrics.best_cut_by_metric kappa": lambda d: cut_metrics.best_cut_by_metric(marker(d), d.case, d.control, metric="kappa"),
    "cut_metrics.best_cut_by_metric gap": lambda d: cut_metrics.best_cut_by_metric(marker(d), d.case, d.control, metric="predictive_value_gap"),
    "cut_metrics.cost_weighted_cut": lambda d: cut_metrics.cost_weighted_cut(marker(d), d.case, d.control, cost=d.positive, prevalence=d.prevalence),
    "cut_metrics.cut_at_sensitivity": lambda d: cut_metrics.cut_at_sensitivity(marker(d), d.case, d.control, sensitivity=d.number),
    "cut_metrics.cut_at_specificity": lambda d: cut_metrics.cut_at_specificity(marker(d), d.case, d.control, specificity=d.number),
    "cut_metrics.chi_square_p": lambda d: cut_metrics.chi_square_p(d.positive),
    "cut_bootstrap.bootstrap_cut": lambda d: cut_bootstrap.bootstrap_cut(marker(d), d.case, d.control, criterion="youden", resamples=10, seed=1, min_fraction=d.fraction),
    "cut_bootstrap.bootstrap_cut .estimate": lambda d: cut_bootstrap.bootstrap_cut(marker(d), d.case, d.control, criterion="youden", resamples=10, seed=1).estimate(d.level),
    "cut_bootstrap.bootstrap_log_rank_cut": lambda d: cut_bootstrap.bootstrap_log_rank_cut(marker(d), d.lp, resamples=10, seed=1, min_fraction=d.fraction),
    "cut_permutation.permutation_p": lambda d: cut_permutation.permutation_p(marker(d), criterion="max_log_rank", min_fraction=d.fraction, seed=1, permutations=19, scores=d.lp),
    "cut_permutation.permutation_p youden": lambda d: cut_permutation.permutation_p(marker(d), criterion="youden", min_fraction=d.fraction, seed=1, permutations=19, case_weight=d.case, control_weight=d.control),
    "maximally_selected.lausen_schumacher_p": lambda d: maximally_selected.lausen_schumacher_p(d.positive, d.fraction),
    "maximally_selected.lausen_schumacher_improved_p": lambda d: maximally_selected.lausen_schumacher_improved_p(d.positive, d.group_sizes, 48),
    "maximally_selected_exact.integer_scores": lambda d: maximally_selected_exact.integer_scores(d.score),
    "maximally_selected_exact.hothorn_lausen_p": lambda d: maximally_selected_exact.hothorn_lausen_p(d.positive, maximally_selected_exact.integer_scores(d.score), d.group_sizes),
    "maximally_selected_gauss.gaussian_p": lambda d: maximally_selected_gauss.gaussian_p(d.positive, d.group_sizes, 48),
    # regression of a yes-or-no outcome
    "estimability.design_columns": lambda d: estimability.design_columns(d.x),
    "estimability.float_vector": lambda d: estimability.float_vector(d.score),
    "estimability.checked_arrays": lambda d: estimability.checked_arrays(d.x, d.y, d.count, d.offset),
    "estimability.refuse_failure": lambda d: estimability.refuse_failure(profile(d), floats(d.x), floats(d.y), None, "firth"),
    "estimability.separating_columns": lambda d: estimability.separating_columns(d.x, d.y),
    "logistic.logistic_fit": lambda d: logistic.logistic_fit(d.x, d.y, multiplicity=d.count, offset=d.offset),
    "logistic.logistic_fit firth": lambda d: logistic.logistic_fit(d.x, d.y, penalty="firth"),
    "logistic.logistic_fit .risk": lambda d: logistic.logistic_fit(d.x, d.y).risk(d.new),
    "logistic.logistic_coefficients": lambda d: logistic.logistic_coefficients(d.x, d.y, d.count),
    "logistic.logistic_fast": lambda d: logistic.logistic_fast(d.x, d.y, d.count),
    "logistic.likelihood_ratio_tests": lambda d: logistic.likelihood_ratio_tests(d.x, d.y, d.count),
    "logistic.reported_fit": lambda d: logistic.reported_fit(profile(d), "firth"),
    "firth.firth_table": lambda d: firth.firth_table(d.x, d.y, d.level, multiplicity=d.count),
    "firth.firth_profile_interval": lambda d: firth.firth_profile_interval(d.x, d.y, 1, d.level),
    "firth.penalised_likelihood_ratio_test": lambda d: firth.penalised_likelihood_ratio_test(d.x, d.y, [0, 2], multiplicity=d.count),
    "flic.corrected_intercept": lambda d: flic.corrected_intercept(d.lp, d.y, d.weight),
    "flic.flic": lambda d: flic.flic(d.x, d.y, level=d.level, multiplicity=d.count),
    "flic.flic_coefficients": lambda d: flic.flic_coefficients(d.x, d.y, d.count),
    "flic.flac": lambda d: flic.flac(d.x, d.y, level=d.level),
    "ridge_logistic.ridge_logistic": lambda d: ridge_logistic.ridge_logistic(d.x, d.y, d.positive, multiplicity=d.count),
    "ridge_logistic.default_penalties": lambda _: ridge_logistic.default_penalties(N),
    "ridge_logistic.choose_ridge": lambda d: ridge_logistic.choose_ridge(d.x, d.y, penalties=d.ridge_penalties),
    "ridge_logistic.choose_ridge folds": lambda d: ridge_logistic.choose_ridge(d.x, d.y, penalties=[10.0, 1.0], method="cross-validation", folds=3),
    "wald.wald_test": lambda d: wald.wald_test(d.coefficients, d.covariance, [0, 2]),
    # calibration, utility
    "brier.brier_binary": lambda d: brier.brier_binary(floats(d.risk), floats(d.y), d.count),
    "calibration.calibration_line": lambda d: calibration.calibration_line(d.lp, d.y, d.count),
    "calibration.calibration_in_the_large": lambda d: calibration.calibration_in_the_large(d.lp, d.y, d.count),
    "calibration.logistic_calibration": lambda d: calibration.logistic_calibration(d.lp, d.y, level=d.level, multiplicity=d.count),
    "calibration.calibration_groups": lambda d: calibration.calibration_groups(d.risk, d.y, 4, multiplicity=d.count),
    "calibration_curves.calibration_curve": lambda d: calibration_curves.calibration_curve(d.risk, d.y, multiplicity=d.count),
    "calibration_curves.calibration_curve lowess": lambda d: calibration_curves.calibration_curve(d.risk, d.y, smoother="lowess"),
    "calibration_curves.observed_expected": lambda d: calibration_curves.observed_expected(d.risk, d.y, level=d.level),
    "hosmer_lemeshow.hosmer_lemeshow": lambda d: hosmer_lemeshow.hosmer_lemeshow(d.risk, d.y, 5),
    "hosmer_lemeshow.sum_of_squares_test": lambda d: hosmer_lemeshow.sum_of_squares_test(d.x, d.y, d.risk),
    "decision.net_benefit": lambda d: decision.net_benefit(floats(d.risk), floats(d.y), floats(d.thresholds), d.count),
    "decision.checked_thresholds": lambda d: decision.checked_thresholds(d.thresholds),
    "decision.decision_curve": lambda d: decision.decision_curve(d.risk, d.y, d.thresholds, prevalence=d.prevalence, multiplicity=d.count),
    "validation_indices.validation_indices": lambda d: validation_indices.validation_indices(d.risk, d.y),
    "smooth_calibration.smooth_calibration": lambda d: smooth_calibration.smooth_calibration(d.risk, d.y, grid=d.thresholds),
    "imputed_scale.scale_of": lambda d: imputed_scale.scale_of(np.unique(floats(d.score))),
    "net_benefit.net_benefit_of": lambda d: net_benefit.net_benefit_of(d.risk, d.y, d.thresholds).measure(),
    "reclassification.risk_categories": lambda d: reclassification.risk_categories(floats(d.risk), d.risk_cuts),
    "reclassification.moves": lambda d: reclassification.moves(floats(d.risk), floats(d.risk2), d.risk_cuts),
    "reclassification.net_reclassification": lambda d: reclassification.net_reclassification(d.risk, d.risk2, d.y, cuts=d.risk_cuts, level=d.level),
    "reclassification.net_reclassification any change": lambda d: reclassification.net_reclassification(d.risk, d.risk2, d.y),
    "reclassification.discrimination_improvement": lambda d: reclassification.discrimination_improvement(d.risk, d.risk2, d.y, level=d.level),
    # resampling
    "distributed.in_order": lambda _: distributed.in_order(lambda piece: piece, 3),
    "distributed.some": lambda _: distributed.some(lambda piece: piece, 0, 3),
    "resample.resample_multiplicities": lambda _: resample.resample_multiplicities(N, 1, 3)(2),
    "resample.bootstrap_optimism": lambda d: resample.bootstrap_optimism(rate(d), n=size(d), resamples=5, seed=1),
    "resample.optimism_of_draws": lambda d: resample.optimism_of_draws(rate(d), resample.resample_multiplicities(size(d), 1, 3), n=size(d), resamples=3, run=distributed.in_order),
    "resample.usable": lambda _: resample.usable([np.ones(2), "failed"]),
    "resample.default_threads": lambda _: resample.default_threads(N),
    "resample.stacked": lambda _: resample.stacked([np.ones(2)], 2),
    "resample.sealed": lambda _: resample.sealed(np.ones(2)),
    "resample_632.bootstrap_632": lambda d: resample_632.bootstrap_632(rate(d), n=size(d), resamples=5, seed=1),
    "resample_632.no_information_brier": lambda d: resample_632.no_information_brier(d.risk, d.y),
    "cross_validation.fold_assignments": lambda d: cross_validation.fold_assignments(N, folds=4, repeats=2, seed=1, strata=d.strata),
    "cross_validation.cross_validation": lambda d: cross_validation.cross_validation(matched(d, d.group), d.group),
    "cross_validation.leave_one_cluster_out": lambda d: cross_validation.leave_one_cluster_out(matched(d, d.group), d.group),
    "stratified_bootstrap.stratified_multiplicities": lambda d: stratified_bootstrap.stratified_multiplicities(d.strata, 1, 3)(2),
    "stratified_bootstrap.cluster_multiplicities": lambda d: stratified_bootstrap.cluster_multiplicities(d.cluster, 1, 3)(2),
    "stratified_bootstrap.stratified_optimism": lambda d: stratified_bootstrap.stratified_optimism(matched(d, d.strata), strata=d.strata, resamples=5, seed=1),
    "stratified_bootstrap.cluster_optimism": lambda d: stratified_bootstrap.cluster_optimism(matched(d, d.cluster), cluster=d.cluster, resamples=5, seed=1),
    "optimism_interval.location_shifted_interval": lambda d: optimism_interval.location_shifted_interval(optimism(d), "squared_error", level=d.level),
    "instability.prediction_instability": lambda d: instability.prediction_instability(rate(d), n=size(d), resamples=5, seed=1),
    "instability.prediction_bands": lambda d: instability.prediction_bands(instability.prediction_instability(rate(d), n=size(d), resamples=5, seed=1), level=d.level),
    "instability.calibration_instability": lambda d: instability.calibration_instability(instability.prediction_instability(rate(d), n=size(d), resamples=5, seed=1), d.case, d.control, groups=2),
    # imputation
    "imputation_data.imputation_data": lambda d: imputation_data.imputation_data(d.gaps, kinds=KINDS, auxiliary=d.helpers),
    "impute.imputation_streams": lambda _: impute.imputation_streams(1, 2),
    "impute.impute_fast": lambda d: impute.impute_fast(table(d), None, impute.imputation_streams(1, 2)),
    "impute.chained_imputations": lambda d: impute.chained_imputations(table(d), imputations=2, iterations=2, seed=1, multiplicity=d.count),
    "impute.convergence": lambda d: impute.convergence(impute.chained_imputations(table(d), imputations=2, iterations=4, seed=1)),
    "impute.with_auxiliary": lambda d: impute.with_auxiliary(table(d), d.helpers),
    "imputed_optimism.imputed_pipeline": lambda d: imputed_optimism.imputed_pipeline(imputed_learners.LogisticLearner(floats(d.y), 3), d.gaps, outcome=d.helpers, kinds=KINDS, imputations=2).measures,
    "imputed_optimism.hazard_columns": lambda d: imputed_optimism.hazard_columns(times.survival_times(d.time, d.event))(np.ones(np.size(d.time))),
    "rubin.pool_estimates": lambda d: rubin.pool_estimates(d.estimates, d.variances, complete_df=40.0, level=d.level),
    "rubin.refuse_few": lambda _: rubin.refuse_few(5),
    "rubin.pool_covariance": lambda d: rubin.pool_covariance(d.estimates, d.covariances),
    "rubin.stacked_covariances": lambda d: rubin.stacked_covariances(d.estimates, d.covariances),
    "rubin.between_imputations": lambda d: rubin.between_imputations(floats(d.estimates)),
    "pooled_tests.pooled_wald_test": lambda d: pooled_tests.pooled_wald_test(d.estimates, d.covariances),
    "pooled_tests.pooled_chi_square_test": lambda d: pooled_tests.pooled_chi_square_test(d.statistics, 2),
    "pooled_tests.pooled_likelihood_ratio_test": lambda d: pooled_tests.pooled_likelihood_ratio_test(d.statistics, d.statistics_pooled, 2),
    # sizes of studies
    "expected_optimism.r2_cox_snell_from_d": lambda d: expected_optimism.r2_cox_snell_from_d(d.positive, d.prevalence),
    "expected_optimism.auc_from_r2_cox_snell": lambda d: expected_optimism.auc_from_r2_cox_snell(d.r2, d.prevalence),
    "expected_optimism.expected_optimism": lambda d: expected_optimism.expected_optimism(125, 40, 5, auc=d.area),
    "samplesize.expected_shrinkage": lambda d: samplesize.expected_shrinkage(d.positive * 20.0, 5),
    "samplesize.events_per_parameter": lambda _: samplesize.events_per_parameter(20, 4, n=100),
    "samplesize.max_r2_cox_snell": lambda d: samplesize.max_r2_cox_snell(d.prevalence),
    "samplesize.r2_cox_snell_from_auc": lambda d: samplesize.r2_cox_snell_from_auc(d.area, d.prevalence),
    "samplesize.riley_minimum_n_shrinkage": lambda d: samplesize.riley_minimum_n_shrinkage(d.r2, 5, d.number),
    "samplesize.riley_minimum_n_optimism": lambda d: samplesize.riley_minimum_n_optimism(d.r2, 5, d.number),
    "samplesize.riley_minimum_n_intercept": lambda d: samplesize.riley_minimum_n_intercept(d.prevalence, d.fraction),
    "samplesize_development.minimum_n_binary": lambda d: samplesize_development.minimum_n_binary(d.r2, 5, d.prevalence),
    "samplesize_development.max_r2_cox_snell_survival": lambda d: samplesize_development.max_r2_cox_snell_survival(d.prevalence),
    "samplesize_development.riley_minimum_n_survival_risk": lambda d: samplesize_development.riley_minimum_n_survival_risk(d.fraction, d.positive, d.number),
    "samplesize_development.minimum_n_survival": lambda d: samplesize_development.minimum_n_survival(d.r2, 5, rate=d.fraction, mean_follow_up=d.positive, horizon=d.number),
    "samplesize_development.expected_shrinkage_continuous": lambda d: samplesize_development.expected_shrinkage_continuous(d.r2, 5, 100.0 * d.positive),
    "samplesize_development.minimum_n_continuous": lambda d: samplesize_development.minimum_n_continuous(d.r2, 5, mean=d.positive, sd=d.number),
    "samplesize_validation.normal_linear_predictor": lambda d: samplesize_validation.normal_linear_predictor(d.fraction, d.number),
    "samplesize_validation.beta_risks": lambda d: samplesize_validation.beta_risks(d.positive, d.number),
    "samplesize_validation.linear_predictor_from_auc": lambda d: samplesize_validation.linear_predictor_from_auc(d.area, d.prevalence),
    "samplesize_validation.observed_linear_predictor": lambda d: samplesize_validation.observed_linear_predictor(d.lp),
    "samplesize_validation.observed_linear_predictor .sensitivity": lambda d: samplesize_validation.observed_linear_predictor(d.lp).sensitivity(d.number),
    "samplesize_validation.validation_n_observed_expected": lambda d: samplesize_validation.validation_n_observed_expected(d.prevalence, width=d.fraction, ratio=d.number),
    "samplesize_validation.validation_n_slope": lambda d: samplesize_validation.validation_n_slope(samplesize_validation.observed_linear_predictor(d.lp), width=d.fraction, slope=d.number),
    "samplesize_validation.auc_standard_error": lambda d: samplesize_validation.auc_standard_error(d.area, d.prevalence, d.positive * 100.0),
    "samplesize_validation.validation_n_auc": lambda d: samplesize_validation.validation_n_auc(d.area, d.prevalence, width=d.fraction),
    "samplesize_validation.validation_n_net_benefit": lambda d: samplesize_validation.validation_n_net_benefit(d.prevalence, d.r2, sensitivity=d.area, specificity=d.number, width=d.fraction),
}  # fmt: skip
