"""Elastic-net paths and cross-validation against glmnet 4.1-6 (frozen in glmnet/)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from frozen_numbers import frozen
from numpy.typing import NDArray
from reference_data import reference_table

from cartwheel.stats.elastic_net import cox_elastic_net
from cartwheel.stats.elastic_net_validation import (
    ChosenPenalty,
    cross_validated_elastic_net,
    cross_validated_logistic_elastic_net,
)
from cartwheel.stats.risk_sets import RiskSets, risk_sets

STORED = frozen("glmnet")
CASES = [name for name in STORED if name != "time_unit"]
COLUMNS = {
    "gbsg": ["age", "meno", "size", "grade", "nodes", "pgr", "er", "hormon"],
    "pbc": ["age", "edema", "bili", "albumin", "protime", "copper"],
    "birthwt": ["age", "lwt", "smoke", "ptl", "ht", "ui", "ftv"],
}
FOLDS = {"gbsg": 10, "pbc": 5, "birthwt": 7}
R = 1e-8
# coefficients per standard deviation: glmnet's threshold of 1e-22 leaves 1e-11 of them
STANDARDISED = 1e-10


def table_of(data: str) -> tuple[pd.DataFrame, NDArray[np.float64]]:
    table = reference_table(data)
    needed = COLUMNS[data] + (["time", "status"] if data == "pbc" else [])
    table = table.dropna(subset=needed)
    return table, table[COLUMNS[data]].to_numpy(float)


def sets_of(data: str, table: pd.DataFrame) -> RiskSets:
    if data == "gbsg":
        return risk_sets(table["rfstime"], table["status"])
    return risk_sets(table["time"], table["status"] == 2)


def assessed(name: str) -> tuple[dict[str, Any], ChosenPenalty, NDArray[np.float64]]:
    case = STORED[name]
    table, x = table_of(case["data"])
    assert len(table) == case["n"]
    # rep(1:k, length.out = n) in R
    folds = np.arange(len(table)) % FOLDS[case["data"]] + 1
    options = {"alpha": case["alpha"], "penalties": case["lambda"], "folds": folds}
    if case["family"] == "binomial":
        found = cross_validated_logistic_elastic_net(x, table["low"], **options)
    else:
        grouped = not name.endswith("ungrouped")
        sets = sets_of(case["data"], table)
        found = cross_validated_elastic_net(sets, x, grouped=grouped, **options)
    return case, found, x.std(axis=0)


def test_there_are_cases() -> None:
    kinds = {(STORED[name]["data"], STORED[name]["alpha"]) for name in CASES}
    assert kinds == {(data, alpha) for data in COLUMNS for alpha in (0, 0.5, 1)}


@pytest.mark.parametrize("name", CASES)
def test_cross_validation(name: str) -> None:
    case, found, _ = assessed(name)
    np.testing.assert_allclose(found.deviance, case["cvm"], rtol=R)
    np.testing.assert_allclose(found.std_error, case["cvsd"], rtol=R)
    assert [found.penalty_minimum] == pytest.approx(case["lambda_min"], rel=1e-14)
    assert [found.penalty_one_se] == pytest.approx(case["lambda_1se"], rel=1e-14)


@pytest.mark.parametrize("name", CASES)
def test_path(name: str) -> None:
    case, found, deviation = assessed(name)
    theirs = np.array(case["coef"])
    if case["family"] == "binomial":
        np.testing.assert_allclose(found.path.intercept, theirs[:, 0], rtol=1e-7)
        theirs = theirs[:, 1:]
    off = (found.path.coefficients - theirs) * deviation
    np.testing.assert_allclose(off, 0.0, atol=STANDARDISED)
    assert found.path.nonzero.tolist() == case["nonzero"]
    # where nothing is explained glmnet prints rounding
    np.testing.assert_allclose(found.path.deviance_ratio, case["dev_ratio"], rtol=R, atol=1e-12)


def test_glmnet_depends_on_the_unit_of_time() -> None:
    """It moves censored times on by 2.2e-14, which a time above 256 swallows; ours has no unit."""
    case = STORED["time_unit"]
    table, x = table_of(case["data"])
    found = [
        cox_elastic_net(risk_sets(time, table["status"]), x, penalties=case["lambda"])
        for time in (table["rfstime"], table["rfstime"] / 1000.0)
    ]
    np.testing.assert_array_equal(found[0].coefficients, found[1].coefficients)
    deviation = x.std(axis=0)
    scaled, unscaled = (np.array(case[key]) * deviation for key in ("scaled", "unscaled"))
    ours = found[0].coefficients * deviation
    np.testing.assert_allclose(ours, scaled, atol=STANDARDISED)
    # what it makes of the same patients in days
    assert 1e-4 < np.abs(unscaled - scaled).max() < 4e-4
