"""Searched cut-offs against maxstat 0.7 and cutpointr 1.1 (cutpoint_selection, cutpointr)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from reference_data import golden, reference_table

from cartwheel.stats.cutpoint import (
    best_cut,
    best_cut_fast,
    best_log_rank_cut,
    candidate_cuts,
    lausen_schumacher_improved_p,
    lausen_schumacher_p,
    permutation_p,
    sorted_marker,
)
from cartwheel.stats.roc import auc

SELECTION = golden("cutpoint_selection")
SURVIVAL = [name for name, case in SELECTION.items() if "cuts" in case]
BINARY = [name for name, case in SELECTION.items() if "res" in case]
OPTIMAL = golden("cutpointr")
CUTPOINTR = [name for name, case in OPTIMAL.items() if "metrics" in case]
BOOTSTRAP = [name for name, case in OPTIMAL.items() if "cutpoint_mean" in case]

# the criteria we share with cutpointr; its roc01 is the distance, ours the squared distance
SHARED = {"youden": "youden", "sum_sens_spec": "youden", "roc01": "closest_corner"}
# double precision sums of the same terms
RELATIVE = 1e-8


def is_event(frame: pd.DataFrame, rule: str) -> pd.Series:
    if "==" not in rule:
        return frame[rule].astype(float)
    column, value = rule.replace("'", "").split("==")
    return (frame[column].astype(str) == value).astype(float).where(frame[column].notna())


def survival_columns(case: dict) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    frame = reference_table(case["data"])
    table = pd.DataFrame(
        {"t": frame[case["time"]], "e": is_event(frame, case["event"]), "x": frame[case["marker"]]}
    ).dropna()
    return tuple(table[name].to_numpy(dtype=float) for name in "tex")


def binary_columns(case: dict) -> tuple[np.ndarray, np.ndarray]:
    frame = reference_table(case["data"])
    outcome = {"aSAH": "outcome==Poor", "birthwt": "low==1"}[case["data"]]
    return is_event(frame, outcome).to_numpy(), frame[case["marker"]].to_numpy(dtype=float)


def maxstat_scores(time: np.ndarray, event: np.ndarray) -> np.ndarray:
    """Log-rank scores in maxstat's convention: at tied times the last rank counts for all."""
    last = np.searchsorted(np.sort(time), time, "right")
    increments = event / (time.size - last + 1)
    return np.array([event[i] - increments[time <= time[i]].sum() for i in range(time.size)])


def test_the_golden_cases_are_all_taken_up():
    assert len(SURVIVAL) + len(BINARY) == len(SELECTION)
    assert len(CUTPOINTR) + len(BOOTSTRAP) == len(OPTIMAL)


@pytest.mark.parametrize("name", SURVIVAL)
def test_maximally_selected_statistic(name):
    case = SELECTION[name]
    time, event, x = survival_columns(case)
    scores = maxstat_scores(time, event)
    assert case["maxprop"] == 1.0 - case["minprop"]
    marker = sorted_marker(x)
    looked_at = candidate_cuts(marker, min_fraction=case["minprop"])
    assert np.array_equal(looked_at.below, case["cuts"])
    each = [
        # a marker with two values has one cut: this gives the statistic of that cut alone
        best_log_rank_cut(sorted_marker(x > cut), scores, min_fraction=0.0).statistic
        for cut in looked_at.cuts
    ]
    np.testing.assert_allclose(np.abs(each), case["stats"], rtol=RELATIVE)
    found = best_log_rank_cut(marker, scores, min_fraction=case["minprop"])
    assert found.below == case["cutpoint"]
    assert found.candidates == len(case["cuts"])
    assert found.patients_above == (x > found.cut).sum()
    np.testing.assert_allclose(abs(found.statistic), case["statistic"], rtol=RELATIVE)


@pytest.mark.parametrize("name", SURVIVAL)
def test_p_values_in_closed_form(name):
    case = SELECTION[name]
    _, _, x = survival_columns(case)
    b = case["statistic"]
    np.testing.assert_allclose(
        lausen_schumacher_p(b, case["minprop"], case["maxprop"]), case["p"]["Lau92"], rtol=RELATIVE
    )
    sizes = candidate_cuts(sorted_marker(x), min_fraction=case["minprop"]).group_sizes
    np.testing.assert_allclose(
        lausen_schumacher_improved_p(b, sizes, x.size),
        case["p"]["Lau94"],
        rtol=RELATIVE,
        # maxstat forms the normal tail as 1 - (a number rounded to 2^-53), and loses it below that
        atol=2.3e-16,
    )


@pytest.mark.parametrize("name", SURVIVAL)
def test_permutation_p_value(name):
    case = SELECTION[name]
    time, event, x = survival_columns(case)
    found = permutation_p(
        sorted_marker(x),
        scores=maxstat_scores(time, event),
        criterion="max_log_rank",
        min_fraction=case["minprop"],
        permutations=20_000,
        seed=1,
    )
    # both are Monte Carlo; where R saw none of 10000, its error is that of one more
    theirs = max(case["p"]["condMC_mcse"], 1.0 / 10_000)
    assert abs(found.p_value - case["p"]["condMC_B10000"]) < 4.0 * np.hypot(found.std_error, theirs)


@pytest.mark.parametrize("name", BINARY)
def test_maximally_selected_chi_square(name):
    case = SELECTION[name]
    event, x = binary_columns(case)
    marker = sorted_marker(x)
    found = best_log_rank_cut(marker, event, min_fraction=0.1)
    np.testing.assert_allclose(abs(found.statistic), case["res"]["statistic"], rtol=RELATIVE)
    assert found.below == case["res"]["cutpoint"]
    sizes = candidate_cuts(marker, min_fraction=0.1).group_sizes
    np.testing.assert_allclose(
        lausen_schumacher_improved_p(found.statistic, sizes, x.size),
        case["res"]["p_Lau94"],
        rtol=RELATIVE,
    )


@pytest.mark.parametrize("metric", sorted(SHARED))
@pytest.mark.parametrize("name", CUTPOINTR)
def test_best_on_the_curve(name, metric):
    case = OPTIMAL[name]
    event, x = binary_columns(case)
    golden = next(row for row in case["metrics"] if row["metric"] == metric)
    sign = 1.0 if golden["direction"] == ">=" else -1.0
    found = best_cut(sorted_marker(sign * x), event, 1.0 - event, criterion=SHARED[metric])
    # cutpointr reports the observed value from which on a patient is positive
    assert sign * found.above == golden["cutpoints"][0]
    value = {
        "youden": found.statistic,
        "sum_sens_spec": found.statistic + 1.0,
        "roc01": np.sqrt(found.statistic),
    }[metric]
    np.testing.assert_allclose(value, golden["value"][0], rtol=RELATIVE)
    assert found.patients_above == (sign * x >= sign * golden["cutpoints"][0]).sum()


@pytest.mark.parametrize("name", BOOTSTRAP)
def test_bootstrap_of_the_search(name):
    case = OPTIMAL[name]
    event, x = binary_columns(case)
    metrics = OPTIMAL[name.replace("_boot", "")]["metrics"]
    sign = 1.0 if metrics[0]["direction"] == ">=" else -1.0
    marker = sorted_marker(sign * x)
    rng = np.random.default_rng(7)
    found = {key: np.empty(1000) for key in ("youden_in_bag", "youden_out_of_bag", "auc_b")}
    for b in range(1000):
        times = np.bincount(rng.integers(0, x.size, x.size), minlength=x.size).astype(float)
        weights = times * event, times * (1.0 - event)
        best = best_cut(marker, *weights, criterion="youden", multiplicity=times)
        assert best_cut_fast(marker, *weights, "youden", times) == best.cut
        found["youden_in_bag"][b] = best.statistic
        found["auc_b"][b] = auc(sign * x, event, times)
        left = times == 0
        above = sign * x[left] > best.cut
        found["youden_out_of_bag"][b] = (
            above[event[left] == 1].mean() - above[event[left] == 0].mean()
        )
    for key, values in found.items():
        # two independent bootstraps of 1000 with the same spread
        assert abs(values.mean() - case[key]) < 4.0 * np.sqrt(2.0 / 1000.0) * values.std(), key
