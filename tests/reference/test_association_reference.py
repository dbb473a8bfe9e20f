"""Tests of association and adjusted p-values against R (roc, dca_nri_mi, km goldens)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from reference_data import golden, reference_table

from cartwheel.stats.association import chi_square_test, kruskal_wallis_test, rank_sum_test
from cartwheel.stats.multiplicity_adjustment import benjamini_hochberg, bonferroni, holm

ROC = golden("roc")
MARKERS = [name for name, case in ROC.items() if "mann_whitney" in case]
KM = golden("km")
PAIRWISE = [name for name, case in KM.items() if "pairwise_logrank" in case]
TABLE_ONE = golden("dca_nri_mi")["tableone"]

# double precision on both sides, 15 digits printed
RELATIVE = 1e-8


@pytest.mark.parametrize("name", MARKERS)
def test_rank_sum(name):
    case = ROC[name]
    frame = reference_table(case["data"]).dropna(subset=[case["marker"]])
    column, value = case["positive"].split("==")
    event = (frame[column].astype(str) == value).to_numpy()
    found = rank_sum_test(frame[case["marker"]], event)
    np.testing.assert_allclose(
        [found.statistic, found.p_value],
        [case["mann_whitney"]["U"], case["mann_whitney"]["p_continuity"]],
        rtol=RELATIVE,
    )
    assert found.n == case["n"]


def test_kruskal_wallis():
    frame = reference_table(TABLE_ONE["data"])
    expected = TABLE_ONE["p_continuous"]
    for column, p in zip(expected["vars"], expected["nonnormal"], strict=True):
        known = frame.dropna(subset=[column])
        groups = known[TABLE_ONE["strata"]].to_numpy()
        found = kruskal_wallis_test(known[column], groups)
        np.testing.assert_allclose(found.p_value, p, rtol=RELATIVE)
        assert found.df == 1.0


def test_chi_square():
    frame = reference_table(TABLE_ONE["data"])
    expected = TABLE_ONE["p_categorical"]
    for column, p in zip(expected["vars"], expected["chisq_corrected"], strict=True):
        counts = pd.crosstab(frame[column], frame[TABLE_ONE["strata"]]).to_numpy()
        found = chi_square_test(counts)
        np.testing.assert_allclose(found.p_value, p, rtol=RELATIVE)
        assert found.df == len(counts) - 1


@pytest.mark.parametrize("name", PAIRWISE)
def test_adjusted_p_values(name):
    golden = KM[name]["pairwise_logrank"]
    for adjust, key in ((bonferroni, "bonferroni"), (holm, "holm"), (benjamini_hochberg, "BH")):
        # products of the same two numbers
        np.testing.assert_allclose(adjust(golden["p"]), golden[key], rtol=1e-13)
