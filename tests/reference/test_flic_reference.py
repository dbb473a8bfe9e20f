"""FLIC against R logistf 1.26 (golden), FLAC against its printed example."""

from __future__ import annotations

import numpy as np
import pytest
from logistic_cases import design
from reference_data import golden
from scipy.special import ndtri

from cartwheel.stats.flic import flac, flic, flic_coefficients

CASES = golden("logit")
FLIC = [name for name, case in CASES.items() if case.get("firth", {}).get("flic")]
# logistf's fits inside flic() stop at a modified score of 1e-9 or better
R = 1e-8


def test_every_firth_case_has_its_flic() -> None:
    assert set(FLIC) == {name for name, case in CASES.items() if "firth" in case}


@pytest.mark.parametrize("name", FLIC)
def test_flic(name: str) -> None:
    x, event, _ = design(CASES[name])
    theirs = CASES[name]["firth"]["flic"]
    found = flic(x, event)
    np.testing.assert_allclose(found.coefficients, theirs["coef"], rtol=R)
    # logistf takes 1.96 for the intercept, and the profile for the others
    width = 1.96 / float(ndtri(0.975))
    low = found.coefficients[0] + (found.low[0] - found.coefficients[0]) * width
    high = found.coefficients[0] + (found.high[0] - found.coefficients[0]) * width
    np.testing.assert_allclose([low, high], [theirs["ci_lower"][0], theirs["ci_upper"][0]], rtol=R)
    # the profile inside flic() is found by logistf's default rule, to 1e-5 of the limit's drop
    np.testing.assert_allclose(found.low[1:], theirs["ci_lower"][1:], rtol=1e-4)
    np.testing.assert_allclose(found.high[1:], theirs["ci_upper"][1:], rtol=1e-4)
    assert found.risk(x).mean() == pytest.approx(event.mean(), rel=1e-12)
    fast, converged = flic_coefficients(x, event)
    assert converged
    # the fast fit stops at 1e-8 of a standard error
    np.testing.assert_allclose(fast, found.coefficients, atol=1e-7 * found.std_error.max())


def test_flac_example_of_logistf() -> None:
    """Printed by easystats/parameters for logistf::flac(case ~ ..., sex2): two decimals."""
    x, event, terms = design(CASES["sex2"])
    assert terms == ["age", "oc", "vic", "vicl", "vis", "dia"]
    found = flac(x, event)
    half = 0.005 + 1e-9
    wanted = {
        "coefficients": [0.12, -1.10, -0.07, 2.28, -2.11, -0.79, 3.18],
        "std_error": [0.48, 0.42, 0.43, 0.54, 0.53, 0.41, 1.53],
        "low": [-0.81, -1.95, -0.93, 1.29, -3.24, -1.60, 0.87],
        "high": [1.07, -0.31, 0.79, 3.43, -1.13, 0.01, 7.99],
    }
    for name, values in wanted.items():
        np.testing.assert_allclose(getattr(found, name), values, atol=half, err_msg=name)
    assert found.risk(x).mean() == pytest.approx(event.mean(), rel=1e-10)
