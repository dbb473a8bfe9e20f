"""Non-relapse mortality after CAR-T: the pooled proportions that its authors printed.

The numbers stand in ../shared/facts/README.md with their source (DMCDS/CART_NRM_Metaanalysis).
"""

from __future__ import annotations

import csv

import pytest
from reference_data import BESIDE, not_carried
from scipy.special import expit

from cartwheel.stats.pooling.binomial_normal import pool_proportions_glmm

# they used glmer's seven nodes and finite differences: the last of seven digits differs
PRINTED = {"abs": 4e-7}


@pytest.fixture(scope="module")
def cohorts():
    path = BESIDE / "facts" / "cart_proportions.csv"
    if not path.is_file():
        not_carried(path.name)
    with path.open(encoding="utf-8", newline="") as lines:
        return [row for row in csv.DictReader(lines) if row["set"] == "nrm"]


def pooled(rows):
    return pool_proportions_glmm(
        [float(row["events"]) for row in rows], [float(row["n"]) for row in rows]
    )


def test_all_cohorts(cohorts):
    found = pooled(cohorts)
    assert found.k == 52
    assert expit([found.estimate, found.low, found.high]) == pytest.approx(
        [0.0682210, 0.0577821, 0.0803848], **PRINTED
    )


def test_common_effect(cohorts):
    found = pooled(cohorts)
    # closed form; glm takes its errors from the step before the last
    assert expit([found.common_estimate, found.common_low, found.common_high]) == pytest.approx(
        [0.0754866, 0.0697592, 0.0816428], abs=2e-7
    )


def test_lymphoma(cohorts):
    found = pooled([row for row in cohorts if row["disease"] == "LBCL"])
    assert found.k == 31
    assert expit([found.estimate, found.low, found.high]) == pytest.approx(
        [0.0610888, 0.0489289, 0.0760291], **PRINTED
    )
