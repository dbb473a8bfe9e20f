"""val.prob, Hosmer-Lemeshow and le Cessie's test against R (golden logit.json)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from logistic_cases import design
from reference_data import golden
from scipy.special import expit

from cartwheel.stats.calibration_curves import calibration_curve, observed_expected
from cartwheel.stats.hosmer_lemeshow import hosmer_lemeshow, sum_of_squares_test
from cartwheel.stats.logistic import logistic_fit
from cartwheel.stats.validation_indices import validation_indices

CASES = golden("logit")
FITTED = [name for name, case in CASES.items() if "glm" in case]
R = 1e-8
FIELDS = {
    "Dxy": "dxy",
    "C (ROC)": "c",
    "R2": "r2",
    "D": "d",
    "D:Chi-sq": "d_statistic",
    "U": "u",
    "U:Chi-sq": "u_statistic",
    "U:p": "u_p_value",
    "Q": "q",
    "Brier": "brier",
    "Intercept": "intercept",
    "Slope": "slope",
    "Emax": "e_max",
    "E90": "e90",
    "Eavg": "e_avg",
    "S:z": "spiegelhalter_z",
    "S:p": "spiegelhalter_p_value",
}
# val.prob counts pairs after rounding the risks; its fit leaves 1e-8 to 1e-7
ABSOLUTE = {"Dxy": 4e-4, "C (ROC)": 2e-4, "Intercept": 1e-7, "Slope": 1e-7}


def predicted(name: str, distorted: bool) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    x, event, _ = design(CASES[name])
    linear = logistic_fit(x, event).linear_predictor(x)
    glm = CASES[name]["glm"]
    if distorted:
        assert "0.3 + 0.7*lp" in glm["calibration_of_distorted"]["note"]
        return expit(0.3 + 0.7 * linear), event, glm["calibration_of_distorted"]["val_prob"]
    return expit(linear), event, glm["val_prob_apparent"]


def test_the_grid_is_complete() -> None:
    assert FITTED == ["birthwt", "birthwt_small", "aSAH", "df_binary"]


@pytest.mark.parametrize("distorted", [False, True])
@pytest.mark.parametrize("name", FITTED)
def test_every_index_is_compared(name: str, distorted: bool) -> None:
    assert set(predicted(name, distorted)[2]) == {*FIELDS, "D:p"}


@pytest.mark.parametrize("distorted", [False, True])
@pytest.mark.parametrize("name", FITTED)
def test_val_prob(name: str, distorted: bool) -> None:
    risk, event, stored = predicted(name, distorted)
    found = validation_indices(risk, event)
    for key, field in FIELDS.items():
        # 1e-12: what is left of a difference of two log likelihoods that is 0
        expected = pytest.approx(stored[key], rel=R, abs=ABSOLUTE.get(key, 1e-12))
        assert getattr(found, field) == expected, key
    assert stored["D:p"] == "NA"
    curve = calibration_curve(risk, event, smoother="lowess")
    assert curve.ici == pytest.approx(stored["Eavg"], rel=R)
    assert curve.e_max == pytest.approx(stored["Emax"], rel=R)
    assert curve.e90 == pytest.approx(stored["E90"], rel=R)


@pytest.mark.parametrize("name", FITTED)
def test_observed_expected(name: str) -> None:
    risk, event, _ = predicted(name, True)
    ratio = observed_expected(risk, event)
    assert ratio.value == pytest.approx(CASES[name]["glm"]["calibration_of_distorted"]["oe"], rel=R)


@pytest.mark.parametrize("name", FITTED)
def test_hosmer_lemeshow(name: str) -> None:
    x, event, _ = design(CASES[name])
    risk = logistic_fit(x, event).risk(x)
    tables = CASES[name]["glm"]["hosmer_lemeshow"]
    assert [table["g"] for table in tables] == [5, 8, 10]
    for table in tables:
        found = hosmer_lemeshow(risk, event, table["g"])
        assert found.statistic == pytest.approx(table["chisq"], rel=R)
        assert found.df == table["df"]
        assert found.p_value == pytest.approx(table["p"], rel=R)
        observed = np.column_stack((found.groups.n - found.groups.events, found.groups.events))
        assert observed.tolist() == table["observed"]


def test_le_cessie() -> None:
    case = CASES["lrm_stats"]
    x, event, _ = design(case)
    found = sum_of_squares_test(x, event, logistic_fit(x, event).risk(x))
    stored = case["le_cessie"]
    ours = (
        *(found.sum_of_squares, found.expected, found.std_deviation),
        *(found.z, found.p_value),
    )
    np.testing.assert_allclose(ours, list(stored.values()), rtol=R)
    assert list(stored) == ["Sum of squared errors", "Expected value|H0", "SD", "Z", "P"]
