"""Knots and basis against rms rcs (Hmisc rcspline.eval)."""

from __future__ import annotations

import re

import numpy as np
import pytest
from logistic_cases import frame
from reference_data import golden

from cartwheel.stats.spline import restricted_cubic_spline, spline_knots

CASES = {name: case for name, case in golden("cox").items() if name.startswith("rcs.")}


def test_there_are_cases_for_3_4_and_5_knots() -> None:
    assert sorted(len(case["knots"]) for case in CASES.values()) == [3, 4, 5]


@pytest.mark.parametrize("name", CASES)
def test_knots(name: str) -> None:
    case = CASES[name]
    variable, count = re.search(r"rcs\((\w+),(\d)\)", case["formula"]).groups()  # type: ignore[union-attr]
    used = set(re.findall(r"[a-z]+", case["formula"])) - {"rcs", "status"}
    table = frame(case)
    rows = table.dropna(subset=[c for c in table.columns if c in used])
    knots = spline_knots(rows[variable].to_numpy(float), int(count))
    # the same arithmetic: rounding only
    np.testing.assert_allclose(knots, case["knots"], rtol=1e-12)


@pytest.mark.parametrize("name", CASES)
def test_basis(name: str) -> None:
    case = CASES[name]
    basis = restricted_cubic_spline(case["basis_at"], case["knots"])
    # cubes are subtracted: 1e-12 of the largest term is what rounding leaves
    np.testing.assert_allclose(basis, case["basis_norm2"], rtol=1e-10, atol=1e-11)
