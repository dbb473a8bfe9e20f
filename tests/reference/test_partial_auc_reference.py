"""Partial areas, fixed specificity and cost-weighted cuts against pROC 1.18 (golden/roc.json)."""

from __future__ import annotations

import numpy as np
import pytest
from golden_columns import binary_columns
from reference_data import golden

from cartwheel.stats.cut_metrics import cost_weighted_cut
from cartwheel.stats.cutpoint import sorted_marker
from cartwheel.stats.partial_auc import partial_auc, sensitivity_at_specificity
from cartwheel.stats.roc import roc_curve

CASES = golden("roc")
MARKERS = [name for name, case in CASES.items() if "partial_auc_auto" in case]

# both sides are double precision sums of the same terms; R prints 15 significant digits
RELATIVE = 1e-8


def columns(case: dict) -> tuple[np.ndarray, np.ndarray]:
    event, x = binary_columns(case["data"], case["positive"], case["marker"])
    return event, (1.0 if case["auto_direction"] == "<" else -1.0) * x


def test_every_marker_has_its_partial_areas():
    assert set(MARKERS) == {name for name, case in CASES.items() if "higher_is_positive" in case}


@pytest.mark.parametrize("name", MARKERS)
def test_partial_area(name):
    case = CASES[name]
    event, x = columns(case)
    curve = roc_curve(x, event)
    asked = 0
    for key, expected in case["partial_auc_auto"].items():
        words = key.split("_")
        axis = {"spec": "specificity", "sens": "sensitivity"}[words[0]]
        assert words[1:3] == ["1", "to"]
        found = partial_auc(curve, low=float(words[3]), axis=axis)
        value = found.corrected if words[-1] == "mcclish" else found.area
        np.testing.assert_allclose(value, expected, rtol=RELATIVE, err_msg=key)
        asked += 1
    assert asked == 5


@pytest.mark.parametrize("name", MARKERS)
def test_sensitivity_at_fixed_specificity(name):
    case = CASES[name]
    event, x = columns(case)
    curve = roc_curve(x, event)
    for specificity, expected in case["sens_at_spec_interpolated"].items():
        found = sensitivity_at_specificity(curve, float(specificity))
        np.testing.assert_allclose(found, expected, rtol=RELATIVE)


@pytest.mark.parametrize("name", MARKERS)
def test_cut_weighted_by_costs(name):
    case = CASES[name]
    event, x = columns(case)
    best = case["best_youden_weighted_cost2_prev0.2"]
    threshold = np.array([float(value) for value in best["threshold"]])
    sign = 1.0 if case["auto_direction"] == "<" else -1.0
    if not np.isfinite(threshold).any():
        # pROC also looks at calling nobody positive, which divides no patients
        np.testing.assert_array_equal(threshold * sign, np.inf)
        found = cost_weighted_cut(sorted_marker(x), event, 1.0 - event, cost=2.0, prevalence=0.2)
        assert found.value <= best["youden"][0]
        return
    found = cost_weighted_cut(sorted_marker(x), event, 1.0 - event, cost=2.0, prevalence=0.2)
    np.testing.assert_allclose(found.equally_good, np.sort(sign * threshold), rtol=RELATIVE)
    place = int(np.argmin(sign * threshold))
    np.testing.assert_allclose(
        [found.value, found.sensitivity, found.specificity],
        [best[key][place] for key in ("youden", "sensitivity", "specificity")],
        rtol=RELATIVE,
        atol=1e-12,
    )
    assert found.patients_above == best["tp"][place] + best["fp"][place]
