"""ROC areas, curves, tables and comparisons against pROC 1.18 and Hmisc 4.8 (golden/roc.json)."""

from __future__ import annotations

import numpy as np
import pytest
from reference_data import LeftOut, golden, reference_table

from cartwheel.stats.cutpoint import best_cut, sorted_marker
from cartwheel.stats.roc import (
    auc,
    auc_delong,
    delong,
    delong_compare,
    delong_compare_groups,
    roc_curve,
    two_by_two,
    weighted_auc,
)

CASES = golden("roc")
MARKERS = [name for name, case in CASES.items() if "higher_is_positive" in case]
PAIRS = [name for name, case in CASES.items() if "paired" in case]
GROUPS = [name for name, case in CASES.items() if "group" in case]
POSITIVE = {
    case["data"]: case["positive"]
    for case in CASES.values()
    if "positive" in case and not isinstance(case, LeftOut)
}

# both sides are double precision sums of the same terms; R prints 15 significant digits
RELATIVE = 1e-8


def columns(data: str, *names: str) -> tuple[np.ndarray, ...]:
    """Event and markers of the complete rows, as the golden cases use them."""
    frame = reference_table(data)
    column, value = POSITIVE[data].split("==")
    frame = frame.dropna(subset=[column, *names])
    event = frame[column].astype(str).to_numpy() == value
    return event, *(frame[name].to_numpy() for name in names)


def close(found, expected) -> None:
    np.testing.assert_allclose(found, expected, rtol=RELATIVE, atol=1e-13)


def numbers(values) -> np.ndarray:
    return np.array([float(value) for value in values])


def sign_of(case: dict) -> float:
    return 1.0 if case["auto_direction"] == "<" else -1.0


def test_the_golden_cases_are_all_taken_up():
    assert len(MARKERS) + len(PAIRS) + len(GROUPS) + 1 == len(CASES)
    assert "bootstrap_ci_auc" in CASES


@pytest.mark.parametrize("name", MARKERS)
def test_area_and_delong_interval(name):
    case = CASES[name]
    event, x = columns(case["data"], case["marker"])
    expected = case["higher_is_positive"]
    assert (event.size, event.sum()) == (case["n"], case["n_pos"])
    close(auc(x, event), expected["auc"])
    close(weighted_auc(x, event, ~event), expected["auc"])
    found = delong(x, event)
    close([found.auc, found.variance], [expected["auc"], expected["delong_var"]])
    assert (found.n_cases, found.n_controls) == (case["n_pos"], case["n_neg"])
    for level, key in ((0.95, "delong_ci95"), (0.90, "delong_ci90")):
        area = auc_delong(x, event, level=level)
        close([area.low, area.value, area.high], expected[key])
    close(auc(sign_of(case) * x, event), case["auto_auc"])
    close(2.0 * auc(x, event) - 1.0, case["somers_dxy"])


@pytest.mark.parametrize("name", MARKERS)
def test_curve(name):
    case = CASES[name]
    sign = sign_of(case)
    event, x = columns(case["data"], case["marker"])
    points = case["roc_points_auto"]
    curve = roc_curve(sign * x, event)
    assert len(curve.thresholds) == points["n_points"]
    # pROC lists from the threshold at which all are positive
    place = len(curve.thresholds) - np.array(points["index1"])
    table = points["table"]
    found, expected = sign * curve.thresholds[place], numbers(table["threshold"])
    finite = np.isfinite(expected)
    assert np.array_equal(found[~finite], expected[~finite])
    close(found[finite], expected[finite])
    close(curve.sensitivity[place], numbers(table["sensitivity"]))
    close(curve.specificity[place], numbers(table["specificity"]))


@pytest.mark.parametrize("key", ["best_youden", "best_topleft"])
@pytest.mark.parametrize("name", MARKERS)
def test_best_cut(name, key):
    case = CASES[name]
    sign = sign_of(case)
    event, x = columns(case["data"], case["marker"])
    criterion, column, shift = {
        "best_youden": ("youden", "youden", 1.0),
        "best_topleft": ("closest_corner", "closest.topleft", 0.0),
    }[key]
    found = best_cut(sorted_marker(sign * x), event, ~event, criterion=criterion)
    best = case[key]
    # pROC lists all of equally good thresholds; ours is the lowest
    close(found.cut, min(sign * numbers(best["threshold"])))
    close(found.statistic + shift, best[column][0])
    assert found.patients_above == best["tp"][0] + best["fp"][0]


@pytest.mark.parametrize("name", MARKERS)
def test_two_by_two_at_the_best_cut(name):
    case = CASES[name]
    sign = sign_of(case)
    event, x = columns(case["data"], case["marker"])
    threshold = float(case["best_youden"]["threshold"][0])
    expected = case["at_best_youden_first"]
    positive = sign * x > sign * threshold
    for interval in ("wilson", "exact"):
        found = two_by_two(positive, event, 0.95, interval)
        for field, key in (
            ("sensitivity", "sens"),
            ("specificity", "spec"),
            ("ppv", "ppv"),
            ("npv", "npv"),
        ):
            estimate, golden = getattr(found, field), expected[key]
            assert (estimate.events, estimate.n) == (golden["x"], golden["n"])
            close([estimate.value, estimate.low, estimate.high], [golden["est"], *golden[interval]])
        if expected["lr_pos"] != "Inf":
            close(found.lr_positive.value, expected["lr_pos"])
        close(found.lr_negative.value, expected["lr_neg"])


@pytest.mark.parametrize("direction", ["both_higher_is_positive", "auto_direction"])
@pytest.mark.parametrize("name", PAIRS)
def test_paired_comparison(name, direction):
    case = CASES[name]
    event, first, second = columns(case["data"], *case["paired"])
    expected = case[direction]
    a, b = (
        (1.0 if way == "<" else -1.0) * x
        for way, x in zip(expected["direction"], (first, second), strict=True)
    )
    found = delong_compare(a, b, event)
    close([found.auc_a, found.auc_b], [expected["auc1"], expected["auc2"]])
    close([found.z, found.p_value], [expected["z"], expected["p"]])
    close([found.difference.low, found.difference.high], expected["ci_diff95"])
    error = found.difference.value / found.z
    covariance = (delong(a, event).variance + delong(b, event).variance - error**2) / 2.0
    if len(set(expected["direction"])) == 1:
        # the covariance is what is left after taking much larger variances from one another
        np.testing.assert_allclose(covariance, expected["cov"], rtol=1e-8, atol=1e-15)
    else:
        # pROC::cov of curves with opposite directions is not the one in roc.test's own z and
        # interval, which are compared above: the golden numbers contradict one another here
        variances = delong(a, event).variance + delong(b, event).variance
        gap = expected["auc1"] - expected["auc2"]
        implied = (variances - (gap / expected["z"]) ** 2) / 2.0
        np.testing.assert_allclose(covariance, implied, rtol=1e-8, atol=1e-15)
        assert abs(implied / expected["cov"] - 1.0) > 1e-3
    swapped = delong_compare(b, a, event)
    close([swapped.z, swapped.p_value], [-found.z, found.p_value])


@pytest.mark.parametrize("name", GROUPS)
def test_unpaired_comparison(name):
    case = CASES[name]
    event, x, group = columns(case["data"], case["marker"], case["group"])
    first, second = (delong(x[group == level], event[group == level]) for level in case["levels"])
    found = delong_compare_groups(first, second)
    close([found.auc_a, found.auc_b], [case["auc1"], case["auc2"]])
    close([found.z, found.df, found.p_value], [case["D"], case["df"], case["p"]])


def test_bootstrap_interval_with_multiplicities():
    case = CASES["bootstrap_ci_auc"]
    event, x = columns(case["data"], case["marker"])
    rng = np.random.default_rng(20261121)
    cases, controls = np.flatnonzero(event), np.flatnonzero(~event)
    areas = np.empty(4000)
    for b in range(areas.size):
        drawn = np.concatenate((rng.choice(cases, cases.size), rng.choice(controls, controls.size)))
        areas[b] = auc(x, event, np.bincount(drawn, minlength=event.size))
    found = np.quantile(areas, [0.025, 0.5, 0.975])
    # golden: mean of 5 runs of 2000, sd between runs given; ours is one run of 4000
    error = np.array(case["sd_between_runs"]) * np.sqrt(1.0 / 5.0 + 1.0 / 2.0)
    assert (np.abs(found - np.array(case["mean"])) < 4.0 * error).all()
