"""Cuts by every metric, and their bootstrap, against cutpointr 1.1 (golden/cutpointr.json)."""

from __future__ import annotations

import numpy as np
import pytest
from golden_columns import binary_columns
from reference_data import golden

from cartwheel.stats.cut_bootstrap import bootstrap_cut
from cartwheel.stats.cut_metrics import METRICS, best_cut_by_metric, chi_square_p
from cartwheel.stats.cutpoint import sorted_marker
from cartwheel.stats.resample import resample_multiplicities
from cartwheel.stats.roc import auc

CASES = golden("cutpointr")
SEARCHES = [(name, row) for name, case in CASES.items() for row in case.get("metrics", ())]
BOOTSTRAPS = [name for name, case in CASES.items() if "cutpoint_mean" in case]
OURS = {
    "youden": "youden",
    "sum_sens_spec": "youden",
    "accuracy": "accuracy",
    "F1_score": "f1",
    "prod_sens_spec": "sensitivity_times_specificity",
    "odds_ratio": "odds_ratio",
    "cohens_kappa": "kappa",
    "abs_d_sens_spec": "sensitivity_specificity_gap",
    "abs_d_ppv_npv": "predictive_value_gap",
    "roc01": "corner_distance",
    "p_chisquared": "chi_square",
}
# double precision sums of the same terms; R prints 15 significant digits
RELATIVE = 1e-8


def test_every_metric_is_compared():
    assert {row["metric"] for _, row in SEARCHES} == set(OURS)
    assert set(OURS.values()) == set(METRICS)


@pytest.mark.parametrize(("name", "row"), SEARCHES, ids=lambda part: str(part)[:40])
def test_best_cut(name, row):
    case = CASES[name]
    event, x = binary_columns(case["data"], case["outcome"], case["marker"])
    sign = 1.0 if row["direction"] == ">=" else -1.0
    marker = sorted_marker(sign * x)
    found = best_cut_by_metric(marker, event, 1.0 - event, metric=OURS[row["metric"]])
    theirs = np.sort(sign * np.array(row["cutpoints"], dtype=float))
    # cutpointr reports the observed value from which on a patient is positive
    assert found.above == theirs[0]
    values = np.unique(sign * x)
    above = values[np.searchsorted(values, found.equally_good, side="right")]
    np.testing.assert_array_equal(above, theirs)
    value = {
        "sum_sens_spec": found.value + 1.0,
        "p_chisquared": chi_square_p(found.value),
    }.get(row["metric"], found.value)
    np.testing.assert_allclose(value, row["value"][0], rtol=RELATIVE)
    first = int(np.argmin(sign * np.array(row["cutpoints"], dtype=float)))
    np.testing.assert_allclose(found.sensitivity, row["sens"][first], rtol=RELATIVE)
    np.testing.assert_allclose(found.specificity, row["spec"][first], rtol=RELATIVE)


@pytest.mark.parametrize("name", BOOTSTRAPS)
def test_distribution_of_the_cut(name):
    case = CASES[name]
    searched = CASES[name.replace("_boot", "")]
    event, x = binary_columns(case["data"], searched["outcome"], case["marker"])
    sign = 1.0 if searched["metrics"][0]["direction"] == ">=" else -1.0
    found = bootstrap_cut(
        sorted_marker(sign * x), event, 1.0 - event, criterion="youden", resamples=4000, seed=7
    )
    above = sign * found.above
    assert found.failed == 0
    # ours of 4000 and theirs of 1000 resamples, each with its Monte-Carlo error
    share = np.sqrt(1.0 / 4000.0 + 1.0 / 1000.0)
    assert abs(above.mean() - case["cutpoint_mean"]) < 4.0 * share * above.std()
    centred = above - above.mean()
    spread = np.sqrt((centred**4).mean() / above.var() ** 2 - 1.0) / 2.0 * above.std()
    assert abs(above.std(ddof=1) - case["cutpoint_sd"]) < 4.0 * share * spread
    assert abs(found.statistics.mean() - case["youden_in_bag"]) < (
        4.0 * share * found.statistics.std()
    )
    # a quantile of so few values jumps: theirs lies between ours four errors to either side
    for tail, theirs in zip((0.025, 0.5, 0.975), case["cutpoint_quantiles"], strict=True):
        error = 4.0 * np.sqrt(tail * (1.0 - tail)) * share
        low, high = np.quantile(above, np.clip([tail - error, tail + error], 0.0, 1.0))
        assert low <= theirs <= high


@pytest.mark.parametrize("name", BOOTSTRAPS)
def test_area_and_cut_in_those_left_out(name):
    case = CASES[name]
    searched = CASES[name.replace("_boot", "")]
    event, x = binary_columns(case["data"], searched["outcome"], case["marker"])
    score = (1.0 if searched["metrics"][0]["direction"] == ">=" else -1.0) * x
    found = bootstrap_cut(
        sorted_marker(score), event, 1.0 - event, criterion="youden", resamples=1000, seed=11
    )
    draw = resample_multiplicities(x.size, 11, 1000)
    values = {key: np.empty(1000) for key in ("auc_b", "auc_oob", "youden_out_of_bag")}
    for b, cut in enumerate(found.cuts):
        out = draw(b) == 0
        above = score[out] > cut
        values["auc_b"][b] = auc(score, event, draw(b))
        values["auc_oob"][b] = auc(score, event, out)
        values["youden_out_of_bag"][b] = (
            above[event[out] == 1].mean() - above[event[out] == 0].mean()
        )
    for key, column in values.items():
        # two independent bootstraps of 1000 with the same spread
        assert abs(column.mean() - case[key]) < 4.0 * np.sqrt(2.0 / 1000.0) * column.std(), key
