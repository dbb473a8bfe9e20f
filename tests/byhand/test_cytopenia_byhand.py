"""CTCAE cytopenias, HLH-2004 and IEC-HS: every cell, each boundary, and every gap in the chart."""

from __future__ import annotations

from itertools import combinations, product

import pytest

from cartwheel.clinic.ctcae import CYTOPENIAS, cytopenia_grade
from cartwheel.clinic.hyperinflammation import HLH_2004_INPUTS, SEVERITIES, hlh_2004, iec_hs
from cartwheel.clinic.toxicity.assessment import Grade
from cartwheel.errors import CohortRefused

# 10*9/L: just below and at each limit of grades 2, 3 and 4, and the grade that each gives
LADDERS = {
    "neutrophils": ("2.0", "1.5", "1.0", "0.5"),
    "platelets": ("150", "75", "50", "25"),
    "lymphocytes": ("1.0", "0.8", "0.5", "0.2"),
    "leukocytes": ("4.0", "3", "2", "1"),
}


@pytest.mark.parametrize("name", LADDERS)
def test_every_limit_of_the_counts(name: str) -> None:
    normal, *limits = LADDERS[name]
    lln = {f"{name}_lln": f"{normal} 10*9/L"}
    at_normal = cytopenia_grade(name, {name: f"{normal} 10*9/L", **lln})
    assert at_normal.grade == 0
    for grade, limit in enumerate((normal, *limits), start=1):
        below = f"{float(limit) - 0.001:.3f} 10*9/L"
        assert cytopenia_grade(name, {name: below, **lln}).grade == grade
        if limit != normal:
            at_limit = cytopenia_grade(name, {name: f"{limit} 10*9/L", **lln})
            assert at_limit.grade == grade - 1


@pytest.mark.parametrize(
    ("value", "grade"),
    [("12 g/dL", 0), ("11.9 g/dL", 1), ("10 g/dL", 1), ("99 g/L", 2), ("8 g/dL", 2)],
)
def test_haemoglobin_in_both_units(value: str, grade: int) -> None:
    chart = {"haemoglobin": value, "haemoglobin_lln": "120 g/L"}
    assert cytopenia_grade("haemoglobin", chart).grade == grade


def test_grade_4_anaemia_is_a_judgement() -> None:
    low = {"haemoglobin": "7.9 g/dL"}
    assert cytopenia_grade("haemoglobin", low).possible == (3, 4)
    assert cytopenia_grade("haemoglobin", low).missing == ("life_threatening_anaemia",)
    for word, grade in (("no", 3), ("yes", 4)):
        chart = {**low, "life_threatening_anaemia": word}
        assert cytopenia_grade("haemoglobin", chart).grade == grade


@pytest.mark.parametrize(
    ("value", "grade"), [("499 /uL", 4), ("0.499 K/uL", 4), ("500 /uL", 3), ("0.5 10*9/L", 3)]
)
def test_counts_in_us_and_si_units(value: str, grade: int) -> None:
    assert cytopenia_grade("neutrophils", {"neutrophils": value}).grade == grade


def test_without_the_lower_limit_of_normal() -> None:
    found = cytopenia_grade("platelets", {"platelets": "90 10*9/L"})
    assert (found.grade, found.possible, found.missing) == (None, (0, 1), ("platelets_lln",))


@pytest.mark.parametrize("rule", [each.name for each in CYTOPENIAS])
def test_nothing_charted_is_never_grade_0(rule: str) -> None:
    found = cytopenia_grade(rule, {})
    assert found.possible == (0, 1, 2, 3, 4)
    assert any("not verified" in warning for warning in found.warnings)


YES = {
    "fever": "yes", "splenomegaly": "yes", "haemophagocytosis": "yes", "nk_activity_low": "yes",
    "ferritin": "501 ug/L", "il2r": "2401 U/mL", "triglycerides": "266 mg/dL",
    "fibrinogen": "149 mg/dL", "haemoglobin": "89 g/L", "platelets": "99 10*9/L",
    "neutrophils": "0.99 10*9/L",
}  # fmt: skip
NO = {
    "fever": "no", "splenomegaly": "no", "haemophagocytosis": "no", "nk_activity_low": "no",
    "ferritin": "500 ug/L", "il2r": "2400 U/mL", "triglycerides": "265 mg/dL",
    "fibrinogen": "150 mg/dL", "haemoglobin": "9 g/dL", "platelets": "100 10*9/L",
    "neutrophils": "1 10*9/L",
}  # fmt: skip
SINGLE = ("fever", "splenomegaly", "haemophagocytosis", "nk_activity_low", "ferritin", "il2r")


def met(chart: dict[str, str]) -> int:
    """Count criteria the plain way, each value being either just beyond its limit or at it."""
    yes = {name for name, value in chart.items() if value == YES[name]}
    blood = len(yes & {"haemoglobin", "platelets", "neutrophils"}) >= 2
    lipids = bool(yes & {"triglycerides", "fibrinogen"})
    return sum(name in yes for name in SINGLE) + blood + lipids


def test_five_of_eight_in_every_combination() -> None:
    for pattern in product((YES, NO), repeat=len(YES)):
        chart = {name: side[name] for name, side in zip(YES, pattern, strict=True)}
        found = hlh_2004(chart)
        assert found.grade == int(met(chart) >= 5)
        assert found.warnings[0].startswith(f"{met(chart)} of 8")


def test_the_range_of_a_gap_is_the_set_of_its_completions() -> None:
    names = tuple(YES)
    for start in ({"fever", "ferritin", "il2r"}, {"haemoglobin", "fibrinogen"}, set(SINGLE[:4])):
        full = {name: (YES if name in start else NO)[name] for name in names}
        for gap in (*combinations(names, 1), *combinations(names, 2), *combinations(names, 3)):
            chart: dict[str, object] = {name: full[name] for name in names if name not in gap}
            completions = {
                hlh_2004(
                    chart | {name: side[name] for name, side in zip(gap, fill, strict=True)}
                ).grade
                for fill in product((YES, NO), repeat=len(gap))
            }
            assert set(hlh_2004(chart).possible) == completions, gap


def test_hlh_names_what_is_missing() -> None:
    found = hlh_2004({**NO, "fever": "yes", "splenomegaly": "yes", "haemophagocytosis": "yes",
                      "ferritin": "900 ug/L", "il2r": None})  # fmt: skip
    assert (found.grade, found.missing) == (None, ("il2r",))
    assert {asked.name for asked in HLH_2004_INPUTS} == set(YES)


def test_hlh_refuses_everything_at_once() -> None:
    with pytest.raises(CohortRefused) as caught:
        hlh_2004({"ferritin": "pos", "fever": "maybe", "platelets": "90"})
    codes = {problem.code for problem in caught.value.problems}
    assert codes == {"not_a_number", "not_yes_or_no", "no_unit"}


def iec(**chart: object) -> Grade:
    return iec_hs({"other_explanation": "no", **chart})


@pytest.mark.parametrize("grade", range(1, 6))
def test_iec_hs_severity_is_the_physicians(grade: int) -> None:
    found = iec(
        ferritin="1001 ug/L", ferritin_uln="500 ug/L", iec_hs_severity=SEVERITIES[grade - 1]
    )
    assert found.grade == grade
    assert any("not verified" in warning for warning in found.warnings)


@pytest.mark.parametrize(
    "required",
    [
        {"ferritin": "1001 ug/L", "ferritin_uln": "500 ug/L"},
        {"ferritin": "1001 ug/L", "ferritin_baseline": "500 ug/L"},
        {"ferritin_rising": "yes"},
    ],
)
def test_each_way_of_meeting_the_ferritin_requirement(required: dict[str, str]) -> None:
    assert iec(**required).possible == (1, 2, 3, 4, 5)
    assert iec(**required, iec_hs_severity="severe").grade == 3


def test_without_the_ferritin_requirement_there_is_no_iec_hs() -> None:
    told = {"ferritin": "1000 ug/L", "ferritin_uln": "500 ug/L", "ferritin_baseline": "500 ug/L"}
    assert iec(**told, ferritin_rising="no", iec_hs_severity="severe").grade == 0
    # twice the limit exactly is not above it, but a rise that is not charted stays open
    opened = iec(**told, iec_hs_severity="severe")
    assert (opened.possible, opened.missing) == ((0, 3), ("ferritin_rising",))


def test_another_explanation_rules_it_out_and_silence_leaves_it_open() -> None:
    met_ = {"ferritin_rising": "yes", "iec_hs_severity": "severe"}
    assert iec_hs({**met_, "other_explanation": "yes"}).grade == 0
    assert iec_hs(met_).possible == (0, 3)


def test_manifestations_are_named_not_counted() -> None:
    found = iec(ferritin_rising="yes", iec_hs_severity="severe", haemophagocytosis="yes",
                fibrinogen="1.4 g/L", triglycerides="266 mg/dL")  # fmt: skip
    named = found.warnings[-1]
    assert "haemophagocytosis" in named
    assert "fibrinogen < 150 mg/dL" in named
    assert "triglycerides > 265 mg/dL" in named
