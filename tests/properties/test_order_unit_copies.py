"""Order of patients, unit of time and copies of rows: the same for every public statistic."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from result_numbers import numbers
from statistic_calls import CALLS
from statistic_sample import PATIENT_COLUMNS, TIME_COLUMNS, N, sample

# the same sums in another order; fits that stop within 1e-9 of a standard error
RTOL, ATOL = 1e-8, 1e-10
DAYS = 30.4375

# results that belong to places of patients, not to patients, and why
PLACES = {
    "cut_bootstrap": "resamples draw places",
    "cut_permutation": "permutations are of places",
    "cross_validation.fold_assignments": "folds are dealt out by place",
    "ridge_logistic.choose_ridge folds": "folds are dealt out by place",
    "resample": "resamples draw places",
    "resample_632.bootstrap_632": "resamples draw places",
    "stratified_bootstrap": "resamples draw places",
    "instability": "resamples draw places",
    "reclassification_interval": "resamples draw places",
    "optimism_interval": "resamples draw places",
    "impute.impute_fast": "donors are drawn by place",
    "impute.chained_imputations": "donors are drawn by place",
    "impute.convergence": "donors are drawn by place",
    "impute.with_auxiliary": "patterns of missing values are listed by place",
    "imputation_data.imputation_data": "patterns of missing values are listed by place",
    "times.survival_times": "holds the sorted places",
    "competing_times.competing_times": "holds the sorted places",
    "competing_times.cause_specific_times": "holds the sorted places",
    "risk_sets.risk_sets": "holds the sorted places",
    "sorted_marker.sorted_marker": "holds the sorted places",
    "cox_design.sorted_design": "holds rows in sorted order, ties by place",
    "risk_set_sums": "holds rows in sorted order, ties by place",
    "start_stop": "rows are numbered by place",
    "landmark_models.window_times": "holds the sorted places",
    "smooth_calibration.smooth_calibration times": "holds the sorted places",
    "cox_residuals.cox_residuals": "events are listed by place",
    "cox_residuals.model_sums": "holds rows in sorted order, ties by place",
}


def exempt(name: str, listed: dict[str, str]) -> bool:
    """A module, a function or one call of it is in the list."""
    function = name.split(maxsplit=1)[0]
    return bool({name, function, function.split(".")[0]} & set(listed))


def leaves(result: object) -> list[tuple[str, np.ndarray]]:
    return [(path, values.astype(np.float64)) for path, values in numbers(result)]


def close(a: np.ndarray, b: np.ndarray) -> bool:
    if a.shape != b.shape:
        return False
    finite = np.abs(b[np.isfinite(b)])
    # beside the largest of the array: a score that is nought but for rounding has no digits
    slack = ATOL * max(1.0, float(finite.max()) if finite.size else 1.0)
    return bool(np.allclose(a, b, rtol=RTOL, atol=slack, equal_nan=True))


@pytest.mark.parametrize("name", [name for name in CALLS if not exempt(name, PLACES)])
def test_order_of_patients_does_not_matter(name: str) -> None:
    order = np.random.default_rng(8).permutation(N)
    first, second = leaves(CALLS[name](sample())), leaves(CALLS[name](sample().of_patients(order)))
    assert [path for path, _ in first] == [path for path, _ in second]
    for (path, one), (_, other) in zip(first, second, strict=True):
        # what belongs to patients moves with them
        axis = next((place for place, size in enumerate(one.shape) if size == N), None)
        moved = one if axis is None else np.take(one, order, axis=axis)
        assert close(moved, other) or close(one, other), path


@pytest.mark.parametrize("name", PLACES)
def test_places_are_of_something(name: str) -> None:
    assert any(exempt(call, {name: ""}) for call in CALLS)


# numbers that are in units of time (1), their square (2) or one over time (-1); others are without
IN_TIME: dict[str, dict[str, int]] = {
    "times.survival_times": {".time": 1, ".block_time": 1},
    "times.distinct_times": {"[0]": 1},
    "survival.kaplan_meier": {".time": 1},
    "survival.kaplan_meier log-log": {".time": 1},
    "survival.kaplan_meier plain": {".time": 1},
    "survival.kaplan_meier .quantile": {".value": 1, ".low": 1, ".high": 1},
    "survival.reverse_kaplan_meier": {".time": 1},
    "nelson_aalen.nelson_aalen": {".time": 1},
    "life_table.life_table": {".time": 1},
    "weighted_survival.weighted_kaplan_meier": {"[0].curve.time": 1},
    "weighted_survival.weighted_kaplan_meier late": {
        "[0].curve.time": 1,
        "[1].curve.time": 1,
    },
    "restricted_mean.restricted_mean": {".value": 1, ".std_error": 1, ".horizon": 1},
    "restricted_mean.restricted_mean .estimate": {".value": 1, ".low": 1, ".high": 1},
    "restricted_mean.restricted_mean_contrast": {
        ".difference.value": 1,
        ".difference.low": 1,
        ".difference.high": 1,
    },
    "reconstruction.reconstruct_times": {
        ".times.time": 1,
        ".times.block_time": 1,
        ".risk_times": 1,
    },
    "start_stop.survival_split": {".start": 1, ".stop": 1},
    "start_stop.split_at_change": {".start": 1, ".stop": 1},
    "start_stop.landmark_rows": {".start": 1, ".stop": 1},
    "risk_sets.risk_sets": {".start": 1, ".stop": 1, ".block_time": 1},
    "cox_baseline.baseline_hazard": {"[0]": 1},
    "cox_prediction.cox_baseline": {"[0]": 1},
    "cox_prediction.cox_curves": {".time": 1},
    "cox_residuals.cox_residuals": {".event_time": 1},
    "uno.uno_concordance": {".tau": 1},
    "time_dependent.time_dependent_auc": {".horizon": 1},
    "time_dependent.time_dependent_auc competing": {".horizon": 1},
    "time_dependent.compare_time_dependent_auc": {".horizon": 1},
    "integrated_brier.brier_with_error": {".horizon": 1},
    "integrated_brier.brier_with_error competing": {".horizon": 1},
    "competing_times.competing_times": {".times.time": 1, ".times.block_time": 1},
    "competing_times.cause_specific_times": {".time": 1, ".block_time": 1},
    "competing.aalen_johansen": {".time": 1},
    "competing.aalen_johansen aalen": {".time": 1},
    "competing.aalen_johansen late": {".time": 1},
    "competing.mean_time_lost": {".value": 1, ".low": 1, ".high": 1},
    "fine_gray.fine_gray": {".time": 1},
    "fine_gray.fine_gray groups": {".time": 1},
    "subdistribution.subdistribution_risk_sets": {".time": 1},
    "smooth_calibration.smooth_calibration times": {
        ".outcome.time": 1,
        ".outcome.block_time": 1,
        ".horizon": 1,
    },
}
# a difference of 1e-8 counts absolutely or beside the mean time: it has no one power of the unit
IGNORED = (".tolerance", ".times.tolerance", ".outcome.tolerance", "[1].tolerance")


def _reads_time(name: str) -> bool:
    base = sample()
    CALLS[name](base)
    return bool(set(base.read) & set(TIME_COLUMNS))


TIMED = [name for name in CALLS if _reads_time(name)]


@pytest.mark.parametrize("name", TIMED)
def test_months_and_days_say_the_same(name: str) -> None:
    months = sample()
    days = months.with_columns(
        **{column: np.multiply(months.column(column), DAYS) for column in TIME_COLUMNS}
    )
    first, second = leaves(CALLS[name](months)), leaves(CALLS[name](days))
    powers = IN_TIME.get(name, {})
    assert set(powers) <= {path for path, _ in first}
    assert [path for path, _ in first] == [path for path, _ in second]
    for (path, one), (_, other) in zip(first, second, strict=True):
        if path not in IGNORED and not (name == "times.distinct_times" and path == "[1]"):
            assert close(one * DAYS ** powers.get(path, 0), other), path


def test_units_are_of_calls_that_read_times() -> None:
    assert set(IN_TIME) <= set(TIMED)


def _counts_patients(name: str) -> bool:
    base = sample()
    CALLS[name](base)
    return "count" in base.read


# what is one a patient cannot agree with what is one a copy
ONE_A_PATIENT = {
    "times.checked_multiplicity": "gives the multiplicities back",
    "times.kernel_counts": "gives the multiplicities back",
    "sorted_marker.checked_presence": "gives the multiplicities back",
    "estimability.checked_arrays": "gives the columns back",
    "cutpoint.best_cut": "takes weights already multiplied: test_cutpoint_properties compares",
    "survival.horizon_weights": "one weight a patient: compared below",
    "impute.chained_imputations": "copies of a patient share one imputed value",
}
COUNTED = [name for name in CALLS if _counts_patients(name) and name not in ONE_A_PATIENT]


@pytest.mark.parametrize("name", COUNTED)
def test_a_multiplicity_is_rows_repeated(name: str) -> None:
    base = sample()
    times = base.column("count").astype(int)
    copied = base.of_patients(np.repeat(np.arange(N), times))
    copied = copied.with_columns(count=np.ones(times.sum()))
    first, second = leaves(CALLS[name](base)), leaves(CALLS[name](copied))
    assert [path for path, _ in first] == [path for path, _ in second]
    for (path, one), (_, other) in zip(first, second, strict=True):
        if one.ndim and one.shape[0] == N and other.shape[0] == times.sum():
            assert close(np.repeat(one, times, axis=0), other), path
        else:
            assert close(one, other), path


def test_horizon_weights_count_patients() -> None:
    base = sample()
    times = base.column("count").astype(int)
    copied = base.of_patients(np.repeat(np.arange(N), times)).with_columns(
        count=np.ones(times.sum())
    )
    name = "survival.horizon_weights"
    for one, other in zip(CALLS[name](base), CALLS[name](copied), strict=True):
        owner = np.repeat(np.arange(N), times)
        np.testing.assert_allclose(one, np.bincount(owner, other, N), rtol=RTOL)


class Weighted(NamedTuple):
    """A call whose weights of two are rows twice, in these fields."""

    column: str
    fields: tuple[str, ...]


# case weights weigh the estimate; numbers of rows and robust errors count rows
WEIGHTED = {
    "weighted_survival.weighted_kaplan_meier": Weighted("weight", ("[0].curve.survival",)),
    "concordance_general.general_concordance": Weighted("weight", (".c",)),
    "roc.weighted_auc": Weighted("case", ("",)),
    "roc.roc_curve weighted": Weighted("case", (".sensitivity", ".specificity")),
    "flic.corrected_intercept": Weighted("weight", ("",)),
    "cutpoint.best_cut corner": Weighted("case", (".cut", ".statistic")),
    "cut_metrics.best_cut_by_metric kappa": Weighted("case", (".cut", ".value")),
}


@pytest.mark.parametrize("name", WEIGHTED)
def test_a_weight_of_two_is_a_row_twice(name: str) -> None:
    column, fields = WEIGHTED[name]
    chosen = np.arange(N) % 3 == 0
    base = sample().with_columns(
        weight=np.ones(N), case=sample().column("y"), control=1.0 - sample().column("y")
    )
    columns = {"case": ("case", "control")}.get(column, (column,))
    weighted = base.with_columns(
        **{one: np.where(chosen, 2.0, 1.0) * base.column(one) for one in columns}
    )
    twice = base.of_patients(np.repeat(np.arange(N), np.where(chosen, 2, 1)))
    first, second = dict(leaves(CALLS[name](weighted))), dict(leaves(CALLS[name](twice)))
    for field in fields:
        assert close(first[field], second[field]), field


# discrimination of the score turned round
MIRRORED = {
    "roc.auc": "",
    "roc.weighted_auc": "",
    "delong.delong": ".auc",
    "concordance.concordance": "",
    "concordance.harrell_concordance": ".c",
    "concordance_general.general_concordance": ".c",
    "concordance_general.general_concordance late": ".c",
    "uno.uno_c": "",
    "uno.uno_concordance": ".c",
    "time_dependent.auc_at": "",
    "time_dependent.time_dependent_auc": ".auc",
    "time_dependent.time_dependent_auc competing": ".auc",
}


@pytest.mark.parametrize("name", MIRRORED)
def test_a_score_turned_round_has_the_rest(name: str) -> None:
    base = sample()
    turned = base.with_columns(score=-base.column("score"))
    one, other = (dict(leaves(CALLS[name](d)))[MIRRORED[name]] for d in (base, turned))
    np.testing.assert_allclose(one + other, 1.0, rtol=1e-12)
    assert (one != 0.5).all()


def test_every_column_is_of_patients_or_not() -> None:
    columns = sample()._columns
    assert set(PATIENT_COLUMNS) | set(TIME_COLUMNS) <= set(columns)
    assert all(len(columns[name]) == N for name in PATIENT_COLUMNS)
