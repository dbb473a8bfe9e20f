"""Which public functions promise less than the others, and why."""

from __future__ import annotations

# not held to refusing bad input: callers check once, these run a thousand times
_FAST = "runs inside resamples, documented as not checked: its public twin checks"
_STEP = "takes what a public function has checked and sorted, never what a person types"

UNCHECKED: dict[str, str] = {
    **dict.fromkeys(
        (
            "brier.brier_binary",
            "brier.brier_score",
            "calibration.calibration_in_the_large",
            "calibration.calibration_line",
            "competing.cumulative_incidence_at",
            "concordance.concordance",
            "cox.cox_coefficients",
            "cox_baseline.baseline_hazard_at",
            "cutpoint.best_cut_fast",
            "cutpoint.best_log_rank_cut_fast",
            "decision.net_benefit",
            "fine_gray.fine_gray_coefficients",
            "flic.flic_coefficients",
            "hazard_restriction.baseline_ratio_test",
            "hazard_restriction.efron_denominators",
            "imputed_scale.scale_of",
            "impute.impute_fast",
            "landmark_models.hazard_of_window",
            "log_rank.log_rank_scores",
            "logistic.likelihood_ratio_tests",
            "logistic.logistic_coefficients",
            "logistic.logistic_fast",
            "roc.auc",
            "subdistribution.subdistribution_risk_sets",
            "roc.weighted_auc",
            "survival.horizon_weights",
            "survival.survival_at",
            "time_dependent.auc_at",
            "uno.uno_c",
        ),
        _FAST,
    ),
    **dict.fromkeys(
        (
            "censoring.censoring_influence",
            "columns.float_array",
            "columns.raw_array",
            "competing_variance.safe_inverse",
            "cox_design.refuse_tiny",
            "cox_design.shaped",
            "cox_likelihood.likelihood_of",
            "cox_robust.robust_score_statistic",
            "cox_robust.sandwich",
            "estimability.design_columns",
            "estimability.float_vector",
            "estimability.refuse_failure",
            "estimability.separating_columns",
            "flic.corrected_intercept",
            "life_table.life_table",
            "log_rank.compared",
            "log_rank.trend",
            "logistic.reported_fit",
            "observed_expected.observed_expected",
            "partial_likelihood.varying",
            "reclassification.moves",
            "reclassification.risk_categories",
            "resample.sealed",
            "ridge.column_penalties",
            "resample.stacked",
            "risk_set_sums.borne",
            "risk_set_sums.cumulative",
            "risk_set_sums.risk_set_sums",
            "risk_set_sums.score_residuals",
            "rubin.between_imputations",
            "survival_interval.survival_limits",
            "times.distinct_times",
            "times.kernel_counts",
            "weighted_survival.left_continuous_survival",
        ),
        _STEP,
    ),
}

# the numbers of a result that may be missing or infinite, by their field, with what that says
MISSING_MEANS: dict[str, dict[str, str]] = {
    "survival.kaplan_meier": {
        ".std_error": "Greenwood's error does not exist where the curve is at 0",
        ".low": "no limit where the curve is at 0, or on a scale without one at 1",
        ".high": "no limit where the curve is at 0, or on a scale without one at 1",
    },
    "nelson_aalen.nelson_aalen": {".high": "no limit on the log scale before the first event"},
    "competing.aalen_johansen": {
        ".low": "no limit on a scale that does not reach 0 or 1",
        ".high": "no limit on a scale that does not reach 0 or 1",
    },
    "roc.roc_curve": {".thresholds": "the curve begins at plus and ends at minus infinity"},
    "pooled_tests.pooled_wald_test": {".df2": "infinite: the imputations do not differ"},
    "pooled_tests.pooled_chi_square_test": {".df2": "infinite: the imputations do not differ"},
    "pooled_tests.pooled_likelihood_ratio_test": {
        ".df2": "infinite: the imputations do not differ"
    },
    "spline.restricted_cubic_spline": {"": "a missing value stays missing, as documented"},
    "uno.uno_concordance": {".tau": "infinite: all of follow-up, as asked for"},
}
MISSING_MEANS["survival.reverse_kaplan_meier"] = MISSING_MEANS["survival.kaplan_meier"]
MISSING_MEANS["weighted_survival.weighted_kaplan_meier"] = {
    f"[{place}].curve{field}": meaning
    for place in ("0", "1", "")
    for field, meaning in MISSING_MEANS["survival.kaplan_meier"].items()
}

# numbers that are missing or infinite and mean something, by function and argument
TAKEN: dict[tuple[str, str], str] = {
    ("start_stop.split_at_change", "change"): "missing: the state never changed",
    ("imputation_data.imputation_data", "gaps"): "missing values are what it is for",
    ("impute.chained_imputations", "gaps"): "missing values are what it is for",
    ("impute.convergence", "gaps"): "missing values are what it is for",
    ("impute.with_auxiliary", "gaps"): "missing values are what it is for",
    ("imputed_optimism.imputed_pipeline", "gaps"): "missing values are what it is for",
    ("imputed_optimism.imputed_pipeline", "y"): "belongs to the learner, which is the caller's",
    ("spline.restricted_cubic_spline", "score"): "a missing value stays missing, as documented",
    ("uno.uno_concordance", "tau"): "infinite: all of follow-up",
    ("uno.compare_uno", "tau"): "infinite: all of follow-up",
    ("cut_metrics.chi_square_p", "positive"): "an infinite chi-square has the p-value 0",
    ("model_indices.likelihood_r2", "positive"): "an infinite likelihood ratio has R2 at its most",
    ("wald.wald_test", "covariance"): "only the rows and columns tested are read",
}

# faults known and not yet mended, as a pattern of "argument: form": another exception than a
# refusal, or a number that is none; a mended one leaves the list
OPEN: dict[str, str] = {}
