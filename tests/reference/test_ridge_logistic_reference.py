"""Ridge logistic regression against R glmnet 4.1-6 (mice/make.R)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cartwheel.stats.ridge_logistic import ridge_logistic

CASES = json.loads((Path(__file__).parent / "mice" / "mice.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES["ridge_birthwt"], ids=lambda case: str(case["lambda"]))
def test_as_glmnet(case: dict, shared: Path) -> None:
    table = pd.read_csv(shared / "data/reference/birthwt.csv")
    x = table[["age", "lwt", "smoke", "ht", "ui"]].to_numpy(float)
    found = ridge_logistic(x, table["low"], case["lambda"] * len(table))
    np.testing.assert_allclose(found.coefficients, case["coef"], rtol=1e-8)
    assert -2.0 * found.log_likelihood == pytest.approx(case["deviance"][0], rel=1e-10)
