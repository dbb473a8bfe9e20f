"""Non-relapse mortality after CAR-T by ``cartwheel pool``: the whole way from table to proportion.

Numbers as printed by the authors (DMCDS/CART_NRM_Metaanalysis), in ../shared/facts/README.md.
"""

from __future__ import annotations

import pytest
from sources import REPOSITORY

import cartwheel as cw
from cartwheel.pooling.result import Pool

TABLE = REPOSITORY / "examples" / "pool" / "cart_proportions.csv"
# they used glmer's seven nodes and finite differences: the last of seven digits differs
PRINTED = {"abs": 4e-7}


@pytest.fixture(scope="module")
def result() -> Pool:
    return cw.pool(TABLE, group=["nrm"], method="GLMM", subgroups=["disease", "product"]).result


def test_all_cohorts(result: Pool) -> None:
    (nrm,) = result.analyses
    pooled = nrm.main.pooled
    assert (nrm.k, nrm.main.code, nrm.patients) == (52, "GLMM", 7604)
    assert [pooled.value, pooled.low, pooled.high] == pytest.approx(
        [0.0682210, 0.0577821, 0.0803848], **PRINTED
    )


def test_subgroups_come_out_too(result: Pool) -> None:
    disease, product = result.analyses[0].subgroups
    lymphoma = disease.rows[0]
    assert (lymphoma.level, lymphoma.k) == ("LBCL", 31)
    assert [lymphoma.pooled.value, lymphoma.pooled.low, lymphoma.pooled.high] == pytest.approx(
        [0.0610888, 0.0489289, 0.0760291], **PRINTED
    )
    assert sum(row.k for row in disease.rows) == sum(row.k for row in product.rows) == 52
    # a single cohort is not pooled, so has no heterogeneity
    assert all((row.tau2 is None) == (row.k == 1) for row in product.rows)


def test_leaving_cohorts_out_uses_the_same_model(result: Pool) -> None:
    (nrm,) = result.analyses
    assert len(nrm.leave_one_out) == 52
    without = cw.pool(TABLE, group=["nrm"], method="GLMM", leave_out=["Berning_2024"])
    again = without.result.analyses[0].main.pooled.value
    (berning,) = [one for one in nrm.leave_one_out if one.study == "Berning_2024"]
    assert berning.estimate.value == pytest.approx(again, rel=1e-9)
