"""The pools that ../shared/facts/README.md prints for checking, from the tables as they are.

There: DerSimonian-Laird, or REML where it differs, inverse variances, normal intervals. The tables
are carried in examples/pool.
"""

from __future__ import annotations

from typing import Any

import pytest
from reference_data import BESIDE, REPOSITORY

import cartwheel as cw
from cartwheel.pooling.result_analysis import Analysis

POOL = REPOSITORY / "examples" / "pool"
EFFECTS, PROPORTIONS, TABLES = (
    POOL / f"cart_{name}.csv" for name in ("effects", "proportions", "2x2")
)
# everything is printed with two decimals, a percentage with one or two, I2 without any; one limit
# is cut instead of rounded (36.4651 by metafor 3.8 too, printed 36.46)
RATIO, SHARE, I2 = {"abs": 0.0052}, {"abs": 0.000051}, {"abs": 0.501}
NORMAL = {"interval": "normal"}


def pooled(files: Any, **plan: Any) -> Analysis:
    (found,) = cw.pool(files, plan, permutations=0).result.analyses
    return found


def numbers(analysis: Analysis) -> list[float | None]:
    estimate = analysis.main.pooled
    return [estimate.value, estimate.low, estimate.high]


@pytest.mark.skipif(not (BESIDE / "facts").is_dir(), reason="../shared is absent")
@pytest.mark.parametrize("table", [EFFECTS, PROPORTIONS, TABLES], ids=lambda path: path.name)
def test_the_carried_table_is_the_one_beside_the_repository(table: Any) -> None:
    assert table.read_bytes() == (BESIDE / "facts" / table.name).read_bytes()


@pytest.mark.parametrize(
    ("group", "plan", "k", "expected", "i2"),
    [
        ("emd_pfs", {"method": "DL"}, 4, (1.86, 1.48, 2.34), 0),
        ("emd_pfs", {"method": "REML"}, 4, (1.89, 1.47, 2.43), None),
        ("emd_pfs", {"method": "DL", "leave_out": ["row 2"]}, 3, (1.79, 1.40, 2.28), 0),
        ("emd_pfs", {"method": "REML", "leave_out": ["row 2"]}, 3, (1.80, 1.39, 2.33), None),
        ("emd_os", {"method": "DL"}, 2, (2.68, 1.46, 4.91), 38),
        ("mtv_pfs", {"method": "DL"}, 2, (2.89, 1.60, 5.22), 0),
        ("mtv_os", {"method": "DL"}, 2, (5.16, 2.55, 10.46), 0),
        ("product_pfs", {"method": "DL"}, 2, (1.72, 1.44, 2.07), 0),
        ("ht_icaht_late", {"method": "DL"}, 2, (2.67, 1.54, 4.63), 0),
    ],
)
def test_a_pool_of_printed_ratios(
    group: str, plan: dict[str, Any], k: int, expected: tuple[float, ...], i2: int | None
) -> None:
    found = pooled(EFFECTS, group=[group], **NORMAL, **plan)
    assert found.k == k
    assert numbers(found) == pytest.approx(expected, **RATIO)
    if i2 is not None:
        assert found.heterogeneity.i2.value == pytest.approx(i2, **I2)


HT = {
    "severe": (
        {
            "same_outcome": {"severe (grade >=3) infection, day 0-90": "severe infection"},
            "group": ["ht_severe_infection"],
            "measure": "OR",
        },
        {"DL": (5.63, 1.60, 19.77), "REML": (5.58, 1.68, 18.55)},
        73,
    ),
    "neutropenia": (
        {
            "same_group": {"ht_neutropenia14": "ht_neutropenia"},
            "same_outcome": {
                "clinically significant neutropenia (ANC <500/uL for >=14 days)": "neutropenia",
                "severe neutropenia >=14 days (primary binary end point)": "neutropenia",
            },
            "group": ["ht_neutropenia"],
            "leave_out": ["Rejeski training"],
        },
        {"DL": (8.56, 2.03, 36.06), "REML": (8.59, 2.02, 36.46)},
        70,
    ),
}


@pytest.mark.parametrize("method", ["DL", "REML"])
@pytest.mark.parametrize("name", HT)
def test_ratios_and_counts_together(name: str, method: str) -> None:
    plan, expected, i2 = HT[name]
    found = pooled([EFFECTS, TABLES], method=method, **NORMAL, **plan)
    assert found.k == 3
    assert numbers(found) == pytest.approx(expected[method], **RATIO)
    if method == "DL":
        assert found.heterogeneity.i2.value == pytest.approx(i2, **I2)


@pytest.mark.parametrize(
    ("group", "method", "expected", "i2", "tolerance"),
    [
        ("nrm", "DL", (0.0737, 0.0629, 0.0862), 65, SHARE),
        ("nrm", "REML", (0.0735, 0.0626, 0.0862), None, SHARE),
        ("crs_grade3plus", "DL", (0.121, 0.073, 0.195), 83, {"abs": 0.00051}),
        ("crs_grade3plus", "REML", (0.122, 0.074, 0.194), None, {"abs": 0.00051}),
    ],
)
def test_a_pool_of_proportions(
    group: str,
    method: str,
    expected: tuple[float, ...],
    i2: int | None,
    tolerance: dict[str, float],
) -> None:
    found = pooled(PROPORTIONS, group=[group], method=method, **NORMAL)
    counts = [study.estimate.events for study in found.studies]
    sizes = {"nrm": (52, 574, 7604), "crs_grade3plus": (11, 111, 911)}[group]
    assert (found.k, sum(c for c in counts if c), found.patients) == sizes
    assert numbers(found) == pytest.approx(expected, **tolerance)
    if i2 is not None:
        assert found.heterogeneity.i2.value == pytest.approx(i2, **I2)


def test_the_impossible_row_is_refused_by_number() -> None:
    result = cw.pool(EFFECTS).result
    assert [study.row for study in result.studies if not study.used] == [57]
    assert "row 57 (Mayo Clinic Arizona)" in " ".join(note.text for note in result.notes)
    with pytest.raises(cw.Refused, match="row 57"):
        cw.pool(EFFECTS, group=["printed_impossible"])
    with pytest.raises(cw.Refused, match="row 57"):
        cw.pool(EFFECTS, strict=True)
