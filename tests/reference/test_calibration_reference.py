"""Recalibration against R glm, val.prob groups against ResourceSelection's Hosmer-Lemeshow."""

from __future__ import annotations

import numpy as np
import pytest
from logistic_cases import design
from reference_data import golden
from scipy.special import expit, ndtri

from cartwheel.estimate import Estimate
from cartwheel.stats.calibration import (
    calibration_groups,
    calibration_in_the_large,
    calibration_line,
    logistic_calibration,
)
from cartwheel.stats.logistic import logistic_fit

CASES = golden("logit")
DISTORTED = [n for n, c in CASES.items() if "calibration_of_distorted" in c.get("glm", {})]
GROUPED = [n for n, c in CASES.items() if "hosmer_lemeshow" in c.get("glm", {})]
R = 1e-8


def distorted(name: str) -> tuple[np.ndarray, np.ndarray]:
    """The linear predictor that R's file calls distorted: 0.3 + 0.7 lp."""
    x, event, _ = design(CASES[name])
    assert "0.3 + 0.7*lp" in CASES[name]["glm"]["calibration_of_distorted"]["note"]
    return 0.3 + 0.7 * logistic_fit(x, event).linear_predictor(x), event


def error(estimate: Estimate) -> float:
    assert estimate.low is not None
    assert estimate.high is not None
    return (estimate.high - estimate.low) / (2.0 * float(ndtri(0.975)))


@pytest.mark.parametrize("name", DISTORTED)
def test_recalibration(name: str) -> None:
    lp, event = distorted(name)
    theirs = CASES[name]["glm"]["calibration_of_distorted"]
    found = logistic_calibration(lp, event)
    ours = {
        "slope": found.slope.value,
        "slope_se": error(found.slope),
        "intercept": found.intercept.value,
        "citl": found.in_the_large.value,
        "citl_se": error(found.in_the_large),
    }
    for key, value in ours.items():
        # glm's standard errors use the weights of the iteration before its last
        tolerance = 1e-6 if key.endswith("_se") else R
        np.testing.assert_allclose(value, theirs[key], rtol=tolerance, err_msg=key)
    # R's file states events / expected
    np.testing.assert_allclose(found.observed_expected, theirs["oe"], rtol=R)


@pytest.mark.parametrize("name", DISTORTED)
def test_fast_recalibration(name: str) -> None:
    lp, event = distorted(name)
    theirs = CASES[name]["glm"]["calibration_of_distorted"]
    intercept, slope, converged = calibration_line(lp, event)
    assert converged
    np.testing.assert_allclose([intercept, slope], [theirs["intercept"], theirs["slope"]], rtol=R)
    large, converged = calibration_in_the_large(lp, event)
    assert converged
    np.testing.assert_allclose(large, theirs["citl"], rtol=R)
    # val.prob's own fit is less tight: 1e-8 to 1e-7 absolute
    prob = theirs["val_prob"]
    np.testing.assert_allclose([intercept, slope], [prob["Intercept"], prob["Slope"]], atol=1e-7)


@pytest.mark.parametrize("name", GROUPED)
def test_groups_of_hosmer_lemeshow(name: str) -> None:
    x, event, _ = design(CASES[name])
    risk = logistic_fit(x, event).risk(x)
    tables = CASES[name]["glm"]["hosmer_lemeshow"]
    assert tables
    for table in tables:
        groups = calibration_groups(risk, event, table["g"])
        observed, expected = np.array(table["observed"]), np.array(table["expected"])
        np.testing.assert_array_equal(groups.n, observed.sum(axis=1))
        np.testing.assert_array_equal(groups.events, observed[:, 1])
        np.testing.assert_allclose(groups.mean_risk * groups.n, expected[:, 1], rtol=R)


def test_expit_is_the_inverse_of_what_is_calibrated() -> None:
    lp, event = distorted(DISTORTED[0])
    intercept, slope, _ = calibration_line(lp, event)
    # a recalibrated prediction is calibrated in the large: the score of the intercept is 0
    np.testing.assert_allclose(expit(intercept + slope * lp).sum(), event.sum(), rtol=1e-9)
