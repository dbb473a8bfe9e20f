"""Fine-Gray regression against R cmprsk::crr and survival::finegray (competing_risks.json)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from prediction_cases import RTOL, competing_frame, ranked
from reference_data import golden

from cartwheel.stats.competing import CompetingTimes, competing_times
from cartwheel.stats.fine_gray import fine_gray, fine_gray_coefficients

CASES = golden("competing_risks")
GRID = [(name, cause) for name in CASES for cause in (1, 2)]
# crr stops at a relative gradient of 1e-6: up to 1e-9 of a coefficient is left, and 1e-8 of a
# standard error. On paquid crr keeps times apart that its call of survfit takes for tied, which no
# other program does: 1e-4 of a standard error.
LEFT = {"mgus2": 1e-7, "df_surv": 1e-7, "paquid": 1e-4}
RELATIVE = {"mgus2": RTOL, "df_surv": RTOL, "paquid": 4e-6}


def sample(name: str, covariates: list[str]) -> tuple[CompetingTimes, np.ndarray, pd.DataFrame]:
    frame = competing_frame(name).dropna(subset=covariates)
    time = ranked(frame["time"])[0] if name == "paquid" else frame["time"]
    design = np.ascontiguousarray(frame[covariates].to_numpy(float))
    return competing_times(time, frame["cause"]), design, frame


@pytest.mark.parametrize(("name", "cause"), GRID)
def test_crr(name: str, cause: int) -> None:
    stored = CASES[name]["fine_gray"][f"cause{cause}"]
    assert stored["converged"] is True
    times, x, frame = sample(name, stored["covariates"])
    assert times.n == stored["n"]
    fit = fine_gray(times, x, cause=cause)
    distance = np.abs(fit.coefficients - stored["coef"]) / stored["se"]
    assert distance.max() < LEFT[name]
    rtol = RELATIVE[name]
    np.testing.assert_allclose(fit.std_error, stored["se"], rtol=rtol)
    np.testing.assert_allclose(fit.covariance, stored["robust_vcov"], rtol=rtol)
    np.testing.assert_allclose(fit.inverse_information, stored["inv_information"], rtol=rtol)
    assert fit.log_likelihood == pytest.approx(stored["loglik"], rel=rtol)
    assert fit.log_likelihood_null == pytest.approx(stored["loglik_null"], rel=rtol)
    happened = np.unique(frame["time"][frame["cause"] == cause])
    place = np.searchsorted(happened, np.array(stored["baseline"]["time"]) * (1.0 - 1e-13))
    np.testing.assert_allclose(happened[place], stored["baseline"]["time"], rtol=1e-12)
    np.testing.assert_allclose(fit.baseline_jump[place], stored["baseline"]["jump"], rtol=rtol)
    at = stored["predicted_cif"]
    points = np.vstack((x.mean(axis=0), x[0], x[1]))
    predicted = fit.incidence(points, fit.time[place])
    np.testing.assert_allclose(predicted.T, at["cif"], rtol=10.0 * rtol)
    coefficients, converged = fine_gray_coefficients(times, x, cause)
    assert converged
    # the fast form stops at 1e-10 squared standard errors before its last step
    assert (np.abs(coefficients - fit.coefficients) < 1e-8 * fit.std_error).all()


@pytest.mark.parametrize("name", CASES)
def test_grouped_censoring(name: str) -> None:
    stored = CASES[name]["fine_gray_grouped_censoring"]
    times, x, frame = sample(name, CASES[name]["fine_gray"]["cause1"]["covariates"])
    fit = fine_gray(times, x, censoring_group=frame[stored["cengroup"]].to_numpy())
    distance = np.abs(fit.coefficients - stored["coef"]) / stored["se"]
    assert distance.max() < LEFT[name]
    np.testing.assert_allclose(fit.std_error, stored["se"], rtol=RELATIVE[name])
    assert fit.log_likelihood == pytest.approx(stored["loglik"], rel=RELATIVE[name])


@pytest.mark.parametrize("name", CASES)
def test_finegray_of_survival(name: str) -> None:
    stored = CASES[name]["finegray_survival"]
    frame = competing_frame(name).dropna(subset=CASES[name]["fine_gray"]["cause1"]["covariates"])
    x = frame[CASES[name]["fine_gray"]["cause1"]["covariates"]].to_numpy(float)
    fit = fine_gray(competing_times(frame["time"], frame["cause"]), x, convention="finegray")
    np.testing.assert_allclose(fit.coefficients, stored["coef_breslow"], rtol=RTOL)
    np.testing.assert_allclose(fit.std_error, stored["robust_se"], rtol=RTOL)
