"""Ferritin before CAR-T in myeloma (Cheng & Song 2025, doi 10.17305/bb.2025.12129).

The review prints pooled results; its eight rows were not found, so nothing is pooled from its
table, and every row is named. What its numbers imply is by hand.
"""

from __future__ import annotations

from math import log

import pytest
from reference_data import BESIDE, not_carried
from sources import REPOSITORY

import cartwheel as cw
from cartwheel.workflows.appraise import appraise

TEMPLATE = REPOSITORY / "examples" / "ferritin_myeloma_template.csv"


def test_rows_without_numbers_are_named_and_nothing_is_invented() -> None:
    with pytest.raises(cw.Refused) as refused:
        cw.pool(TEMPLATE)
    codes = [problem.code for problem in refused.value.problems]
    assert codes[0] == "no_studies"
    assert codes.count("no_numbers") >= 8
    assert "cartwheel appraise" in refused.value.problems[0].mend


def test_the_printed_pools_are_not_taken_for_studies() -> None:
    table = BESIDE / "facts" / "ferritin_studies.csv"
    if not table.is_file():
        not_carried(table.name)
    with pytest.raises(cw.Refused) as refused:
        cw.pool(table)
    codes = [problem.code for problem in refused.value.problems]
    assert codes.count("pooled_result") == 2
    # PFS 2.15 (1.74-2.66) and OS 2.86 (2.20-3.72): half the width of the log interval over 1.96
    found = appraise(table).result.pooled
    errors = [log(2.66 / 1.74) / (2 * 1.959964), log(3.72 / 2.20) / (2 * 1.959964)]
    assert [one.std_error for one in found] == pytest.approx(errors, rel=1e-6)
