"""Standardised differences against tableone and intervals against Hmisc."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from reference_data import golden, reference_table

from cartwheel.stats.descriptive import (
    exact_interval,
    standardised_difference,
    standardised_difference_of_categories,
    wilson_interval,
)

CASE = golden("dca_nri_mi")["tableone"]
ROC = golden("roc")
PROPORTIONS = [
    (name, key)
    for name, case in ROC.items()
    if "at_best_youden_first" in case
    for key in ("sens", "spec", "ppv", "npv")
]

# double precision on both sides, 15 digits printed
RELATIVE = 1e-8


def halves(column: str) -> list[pd.Series]:
    frame = reference_table(CASE["data"]).dropna(subset=[column])
    return [part[column] for _, part in frame.groupby(CASE["strata"])]


@pytest.mark.parametrize("column", CASE["continuous"])
def test_difference_of_a_number(column):
    found = standardised_difference(*halves(column))
    np.testing.assert_allclose(found, CASE["smd"][column], rtol=RELATIVE)


@pytest.mark.parametrize("column", CASE["categorical"])
def test_difference_of_a_category(column):
    first, second = halves(column)
    levels = sorted(set(first) | set(second))
    counts = [[int((part == level).sum()) for level in levels] for part in (first, second)]
    found = standardised_difference_of_categories(*counts)
    np.testing.assert_allclose(found, CASE["smd"][column], rtol=RELATIVE)


@pytest.mark.parametrize(("name", "key"), PROPORTIONS)
def test_intervals_of_a_proportion(name, key):
    stored = ROC[name]["at_best_youden_first"][key]
    count, n = stored["x"], stored["n"]
    # Hmisc puts a Poisson limit in Wilson's place at these counts; none is in the golden cases
    assert count not in (1, n - 1)
    # atol: a limit of 0 is 0 here and about 1e-17 in Hmisc
    np.testing.assert_allclose(
        wilson_interval(count, n), stored["wilson"], rtol=RELATIVE, atol=1e-15
    )
    np.testing.assert_allclose(exact_interval(count, n), stored["exact"], rtol=RELATIVE, atol=1e-15)
