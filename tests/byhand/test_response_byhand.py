"""IMWG and B-ALL response: each class and its boundaries, and what gaps leave open."""

from __future__ import annotations

from itertools import combinations

import pytest

from cartwheel.clinic.response import b_all_mrd, b_all_response, confirmed, imwg_response
from cartwheel.errors import CohortRefused

WORDS = ("sCR", "CR", "VGPR", "PR", "MR", "SD", "PD")

# measurable in serum: 40 g/L before treatment, as low as it is now
SERUM: dict[str, object] = {
    "followed_by": "serum",
    "serum_m_protein": "40 g/L",
    "serum_m_protein_baseline": "40 g/L",
    "serum_m_protein_nadir": "40 g/L",
    "urine_m_protein": "50 mg/24h",
    "urine_m_protein_baseline": "50 mg/24h",
    "urine_m_protein_nadir": "50 mg/24h",
    "serum_immunofixation": "positive",
    "urine_immunofixation": "positive",
    "marrow_plasma_cells": "20 %",
    "marrow_plasma_cells_baseline": "40 %",
    "marrow_plasma_cells_nadir": "20 %",
    "flc_ratio_normal": "no",
    "clonal_marrow_cells": "yes",
    "plasmacytomas": "none ever",
    "new_or_larger_lesions": "no",
}
NEGATIVE = {
    "serum_m_protein": "0 g/L", "serum_m_protein_nadir": "0 g/L", "urine_m_protein": "0 mg/24h",
    "urine_m_protein_nadir": "0 mg/24h", "serum_immunofixation": "negative",
    "urine_immunofixation": "negative", "marrow_plasma_cells": "4.9 %",
    "marrow_plasma_cells_nadir": "4.9 %",
}  # fmt: skip


def word(**changes: object) -> str:
    found = imwg_response({**SERUM, **changes})
    return "?" if found.grade is None else WORDS[found.grade]


def serum(value: str, **changes: object) -> str:
    return word(serum_m_protein=value, serum_m_protein_nadir=value, **changes)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("40 g/L", "SD"), ("30.1 g/L", "SD"), ("30 g/L", "MR"), ("20.1 g/L", "MR"),
        ("20 g/L", "PR"), ("4.1 g/L", "PR"), ("4 g/L", "VGPR"), ("0.4 g/dL", "VGPR"),
    ],
)  # fmt: skip
def test_how_far_serum_m_protein_fell(value: str, found: str) -> None:
    assert serum(value) == found


def test_urine_holds_a_response_back() -> None:
    assert serum("4 g/L", urine_m_protein="99 mg/24h", urine_m_protein_nadir="99 mg/24h") == "VGPR"
    held = {"urine_m_protein": "100 mg/24h", "urine_m_protein_nadir": "100 mg/24h"}
    assert serum("4 g/L", **held) == "PR"
    more = {"urine_m_protein": "200 mg/24h", "urine_m_protein_nadir": "200 mg/24h"}
    assert serum("4 g/L", **more) == "MR"
    fallen = {**more, "urine_m_protein_baseline": "2 g/24h"}
    assert serum("4 g/L", **fallen) == "PR"


def test_complete_and_stringent() -> None:
    assert word(**NEGATIVE) == "CR"
    assert word(**NEGATIVE, flc_ratio_normal="yes", clonal_marrow_cells="no") == "sCR"
    assert word(**NEGATIVE, flc_ratio_normal="yes") == "CR"
    assert word(**{**NEGATIVE, "marrow_plasma_cells": "5 %"}) == "VGPR"
    assert word(**{**NEGATIVE, "serum_immunofixation": "positive"}) == "VGPR"
    assert word(**NEGATIVE, plasmacytomas="half or smaller") == "VGPR"
    assert word(**NEGATIVE, plasmacytomas="more than half") == "MR"


@pytest.mark.parametrize(
    ("nadir", "now", "found"),
    [
        ("20 g/L", "24.9 g/L", "MR"),  # 24.5 percent and 4.9 g/L up
        ("20 g/L", "25 g/L", "PD"),
        ("4 g/L", "8.9 g/L", "PR"),  # more than a quarter, but 4.9 g/L
        ("4 g/L", "9 g/L", "PD"),
        ("30 g/L", "37.4 g/L", "SD"),  # 7.4 g/L, but less than a quarter
        ("50 g/L", "60 g/L", "PD"),  # from 50 g/L on, 10 g/L suffice
        ("50 g/L", "59.9 g/L", "SD"),
    ],
)
def test_progression_of_serum_m_protein(nadir: str, now: str, found: str) -> None:
    assert word(serum_m_protein_nadir=nadir, serum_m_protein=now) == found


def test_other_ways_to_progress() -> None:
    assert word(new_or_larger_lesions="yes") == "PD"
    assert word(marrow_plasma_cells="30 %") == "PD"
    assert word(marrow_plasma_cells="29 %") == "SD"
    urine = {**SERUM, "followed_by": "urine", "urine_m_protein_baseline": "900 mg/24h",
             "urine_m_protein_nadir": "400 mg/24h"}  # fmt: skip
    assert imwg_response({**urine, "urine_m_protein": "600 mg/24h"}).grade == 6
    assert imwg_response({**urine, "urine_m_protein": "599 mg/24h"}).grade != 6


def chains(now: str, baseline: str, nadir: str, **changes: object) -> str:
    return word(
        followed_by="free light chains",
        flc_difference=now,
        flc_difference_baseline=baseline,
        flc_difference_nadir=nadir,
        **changes,
    )


def test_disease_followed_by_light_chains() -> None:
    assert chains("500 mg/L", "1000 mg/L", "500 mg/L") == "PR"
    assert chains("501 mg/L", "1000 mg/L", "501 mg/L") == "SD"
    assert chains("500 mg/L", "500 mg/L", "400 mg/L") == "SD"  # 100 mg/L is not more than 100
    assert chains("501 mg/L", "501 mg/L", "400 mg/L") == "PD"
    # no M-protein was ever there, so its absence is no response
    assert chains("900 mg/L", "1000 mg/L", "900 mg/L", **NEGATIVE) == "SD"
    found = imwg_response({**SERUM, "followed_by": "free light chains"})
    assert any("light chains" in warning for warning in found.warnings)


def test_disease_followed_by_marrow() -> None:
    assert word(followed_by="marrow") == "PR"
    assert word(followed_by="marrow", marrow_plasma_cells_baseline="29 %") == "SD"
    assert word(followed_by="marrow", marrow_plasma_cells="21 %") == "SD"


def test_every_gap_keeps_the_answer_possible() -> None:
    charts = [SERUM, {**SERUM, **NEGATIVE}, {**SERUM, "serum_m_protein": "46 g/L"}]
    for chart in charts:
        answer = imwg_response(chart).grade
        for gap in (*combinations(chart, 1), *combinations(chart, 2)):
            found = imwg_response({name: chart[name] for name in chart if name not in gap})
            assert answer in found.possible, gap
            assert found.grade is not None or found.missing, gap


def test_nothing_charted_settles_nothing() -> None:
    assert imwg_response({}).possible == tuple(range(7))
    assert b_all_response({}).possible == (0, 1, 2, 3)
    assert b_all_mrd({}).possible == (0, 1)


def test_two_consecutive_assessments() -> None:
    found = {name: imwg_response({**SERUM, **change}) for name, change in {
        "PR": {"serum_m_protein": "20 g/L", "serum_m_protein_nadir": "20 g/L"},
        "VGPR": {"serum_m_protein": "4 g/L", "serum_m_protein_nadir": "4 g/L"},
        "SD": {}, "PD": {"new_or_larger_lesions": "yes"},
    }.items()}  # fmt: skip
    assert confirmed([found["PR"]]) == ()
    assert confirmed([found["PR"], found["PR"]]) == (3,)
    assert confirmed([found["PR"], found["VGPR"]]) == (3,)
    assert confirmed([found["SD"], found["VGPR"], found["VGPR"], found["PD"]]) == (2,)
    assert confirmed([found["VGPR"], found["PD"], found["PD"]]) == (6,)
    opened = imwg_response({**SERUM, "new_or_larger_lesions": None})
    assert confirmed([found["PR"], opened]) == (5, 6)


CLEAR = {
    "marrow_blasts": "4.9 %", "circulating_blasts": "no", "extramedullary_disease": "no",
    "neutrophils": "1.1 10*9/L", "platelets": "101 10*9/L",
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "grade"),
    [
        ({}, 0),
        ({"neutrophils": "1 10*9/L"}, 1), ({"platelets": "100 10*9/L"}, 1),
        ({"neutrophils": "500 /uL"}, 2), ({"platelets": "50 10*9/L"}, 2),
        ({"marrow_blasts": "5 %"}, 3), ({"circulating_blasts": "yes"}, 3),
        ({"extramedullary_disease": "yes"}, 3),
        ({"marrow_blasts": "90 %", "platelets": None, "circulating_blasts": None}, 3),
    ],
)  # fmt: skip
def test_b_all_response(change: dict[str, object], grade: int) -> None:
    found = b_all_response({**CLEAR, **change})
    assert found.grade == grade
    assert any("not verified" in warning for warning in found.warnings)


def test_gaps_of_b_all() -> None:
    assert b_all_response({**CLEAR, "platelets": None}).possible == (0, 1, 2)
    assert b_all_response({**CLEAR, "platelets": "60 10*9/L", "neutrophils": None}).possible == (
        1,
        2,
    )
    found = b_all_response({**CLEAR, "extramedullary_disease": None})
    assert (found.possible, found.missing) == ((0, 3), ("extramedullary_disease",))


@pytest.mark.parametrize(
    ("chart", "grade"),
    [
        ({"mrd": "0.0099 %"}, 0), ({"mrd": "0.01 %"}, 1), ({"mrd": "0.0001 1"}, 1),
        ({"mrd": "0.00009 1"}, 0), ({"mrd_result": "negative"}, 0), ({"mrd_result": "positive"}, 1),
        ({"mrd": "0.5 %", "mrd_result": "positive"}, 1),
    ],
)  # fmt: skip
def test_mrd(chart: dict[str, object], grade: int) -> None:
    assert b_all_mrd(chart).grade == grade


def test_mrd_that_contradicts_itself_or_cannot_be_read() -> None:
    with pytest.raises(CohortRefused, match="other side of"):
        b_all_mrd({"mrd": "0.5 %", "mrd_result": "negative"})
    with pytest.raises(CohortRefused, match="not one of the words"):
        b_all_mrd({"mrd_result": "pos"})
    with pytest.raises(CohortRefused, match="detection limit"):
        b_all_mrd({"mrd": "<0.01 %"})
