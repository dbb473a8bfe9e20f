from __future__ import annotations

import itertools

import pytest
from toxicity_charts import Part, check_ranges, explicit_unknown, one_input

from cartwheel.clinic.toxicity.older_crs import CARTOX, LEE_2014, MSKCC, PENN
from cartwheel.clinic.toxicity.rules import CRS_RULES, RULES, questions, rule_named
from cartwheel.errors import CohortRefused

WELL = {
    "temperature": "37.0 Cel", "constitutional_symptoms": "no", "hypotension": "no",
    "vasopressors": "none", "oxygen_device": "room air", "creatinine_ctcae": 0,
    "transaminase_ctcae": 0, "organ_ctcae": 0, "life_threatening_hypotension": "no",
    "refractory_hypotension": "no", "fluids_for_hypotension": "no", "coagulopathy_products": "no",
    "admitted_for_crs": "no",
}  # fmt: skip
ONE, TWO = "norepinephrine", "norepinephrine; vasopressin"

# one row a finding: chart, then the grade by Lee 2014, Penn, MSKCC and CARTOX (PMC7006459 table 2)
CELLS: tuple[tuple[dict[str, object], int, int, int, int], ...] = (
    ({}, 0, 0, 0, 0),
    ({"temperature": "38.0 Cel"}, 1, 1, 1, 1),
    ({"temperature": "37.9 Cel"}, 0, 0, 0, 0),
    ({"constitutional_symptoms": "yes"}, 1, 1, 1, 0),
    ({"hypotension": "yes"}, 2, 1, 1, 2),
    ({"hypotension": "yes", "fluids_for_hypotension": "yes"}, 2, 3, 1, 2),
    ({"vasopressors": ONE, "vasopressor_dose": "low", "vasopressor_hours": "23 hours"}, 2, 3, 2, 2),
    ({"vasopressors": ONE, "vasopressor_dose": "low", "vasopressor_hours": "1 day"}, 2, 3, 3, 2),
    ({"vasopressors": ONE, "vasopressor_dose": "high", "vasopressor_hours": "23 h"}, 3, 4, 2, 3),
    ({"vasopressors": TWO, "vasopressor_dose": "low", "vasopressor_hours": "23 h"}, 3, 3, 2, 3),
    ({"vasopressors": TWO, "vasopressor_dose": "high", "vasopressor_hours": "30 h"}, 3, 4, 3, 3),
    (
        {"vasopressors": TWO, "vasopressor_dose": "high", "vasopressor_hours": "30 h",
         "refractory_hypotension": "yes", "life_threatening_hypotension": "yes"}, 3, 4, 4, 4,
    ),
    ({"hypotension": "yes", "life_threatening_hypotension": "yes"}, 2, 1, 1, 4),
    ({"oxygen_device": "nasal cannula", "fio2": "28 %"}, 2, 3, 2, 2),
    ({"oxygen_device": "Venturi mask", "fio2": "39.9 %"}, 2, 3, 2, 2),
    ({"oxygen_device": "Venturi mask", "fio2": "40 %"}, 3, 3, 3, 3),
    ({"oxygen_device": "Venturi mask", "fio2": "0.4 1"}, 3, 3, 3, 3),
    ({"oxygen_device": "CPAP", "fio2": "30 %", "noninvasive_counts_as": "oxygen"}, 2, 3, 2, 2),
    ({"oxygen_device": "BiPAP", "fio2": "50 %", "noninvasive_counts_as": "oxygen"}, 3, 3, 3, 3),
    ({"oxygen_device": "CPAP", "fio2": "30 %", "noninvasive_counts_as": "ventilation"}, 4, 3, 4, 4),
    ({"oxygen_device": "mechanical ventilation"}, 4, 4, 4, 4),
    ({"creatinine_ctcae": 1}, 0, 1, 0, 1),
    ({"creatinine_ctcae": 2}, 2, 2, 0, 2),
    ({"creatinine_ctcae": 3}, 3, 3, 0, 3),
    ({"creatinine_ctcae": 4}, 4, 3, 0, 4),
    ({"transaminase_ctcae": 1}, 0, 1, 0, 1),
    ({"transaminase_ctcae": 2}, 2, 1, 0, 2),
    ({"transaminase_ctcae": 3}, 3, 2, 0, 3),
    ({"transaminase_ctcae": 4}, 3, 3, 0, 3),
    ({"organ_ctcae": 1}, 0, 0, 0, 1),
    ({"organ_ctcae": 2}, 2, 0, 0, 2),
    ({"organ_ctcae": 3}, 3, 0, 0, 3),
    ({"organ_ctcae": 4}, 4, 0, 0, 4),
    ({"coagulopathy_products": "yes"}, 0, 3, 0, 0),
    ({"admitted_for_crs": "yes"}, 0, 2, 0, 0),
    ({"died_of_crs": "yes"}, 5, 5, 5, 5),
)  # fmt: skip
OLDER = (LEE_2014, PENN, MSKCC, CARTOX)


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: str(cell[0]) or "well")
def test_every_cell(cell: tuple[dict[str, object], int, int, int, int]) -> None:
    chart = WELL | cell[0]
    found = tuple(rule.function(chart).grade for rule in OLDER)
    assert found == cell[1:]


def test_the_worst_of_two_findings_decides() -> None:
    for first, second in itertools.combinations(CELLS, 2):
        if set(first[0]) & set(second[0]) or _interact(first[0], second[0]):
            continue
        chart = WELL | first[0] | second[0]
        found = tuple(rule.function(chart).grade for rule in OLDER)
        assert found == tuple(map(max, first[1:], second[1:])), chart


def _interact(first: dict[str, object], second: dict[str, object]) -> bool:
    blood_pressure = {"hypotension", "vasopressors", "fluids_for_hypotension"}
    return bool(blood_pressure & set(first)) and bool(blood_pressure & set(second))


@pytest.mark.parametrize("rule", OLDER, ids=lambda rule: rule.id)
def test_a_sign_with_another_cause_does_not_count(rule: object) -> None:
    signs = {"temperature": "39 Cel", "hypotension": "yes", "oxygen_device": "intubated"}
    grade = rule.function  # type: ignore[attr-defined]
    assert grade(WELL | signs).grade == 4
    everything = "fever; hypotension; hypoxia"
    assert grade(WELL | signs | {"crs_other_cause": everything}).grade == 0
    assert grade(WELL | signs | {"crs_other_cause": "hypotension; hypoxia"}).grade == 1


@pytest.mark.parametrize("rule", OLDER, ids=lambda rule: rule.id)
def test_an_empty_chart_is_never_grade_0(rule: object) -> None:
    found = rule.function({})  # type: ignore[attr-defined]
    assert found.grade is None
    assert (found.lowest, found.highest) == (0, 4)
    assert {"vasopressors", "oxygen_device"} <= set(found.missing)


PRESSURE = Part(
    tuple(
        {"hypotension": low, "vasopressors": agents, "vasopressor_dose": dose}
        for low in ("no", "yes")
        for agents in ("none", ONE, TWO)
        for dose in ("low", "high")
    ),
    (
        ({}, tuple(range(12))),
        ({"hypotension": "no"}, tuple(range(6))),
        ({"hypotension": "yes"}, tuple(range(6, 12))),
        ({"vasopressors": "none"}, (0, 1, 6, 7)),
        ({"vasopressors": ONE}, (2, 3, 8, 9)),
        ({"vasopressors": TWO}, (4, 5, 10, 11)),
        ({"vasopressor_dose": "low"}, (0, 2, 4, 6, 8, 10)),
        ({"hypotension": "yes", "vasopressor_dose": "high"}, (7, 9, 11)),
    ),
)
OXYGEN = Part(
    (
        {"oxygen_device": "room air", "noninvasive_counts_as": "oxygen"},
        {"oxygen_device": "face mask", "fio2": "30 %", "noninvasive_counts_as": "oxygen"},
        {"oxygen_device": "face mask", "fio2": "60 %", "noninvasive_counts_as": "oxygen"},
        {"oxygen_device": "CPAP", "fio2": "30 %", "noninvasive_counts_as": "oxygen"},
        {"oxygen_device": "CPAP", "fio2": "60 %", "noninvasive_counts_as": "oxygen"},
        {"oxygen_device": "CPAP", "fio2": "30 %", "noninvasive_counts_as": "ventilation"},
        {"oxygen_device": "intubated", "fio2": "30 %", "noninvasive_counts_as": "oxygen"},
        {"oxygen_device": "intubated", "fio2": "60 %", "noninvasive_counts_as": "oxygen"},
    ),
    (
        ({}, tuple(range(8))),
        ({"oxygen_device": "face mask"}, (1, 2)),
        ({"oxygen_device": "CPAP"}, (3, 4, 5)),
        ({"oxygen_device": "CPAP", "noninvasive_counts_as": "oxygen"}, (3, 4)),
        ({"oxygen_device": "CPAP", "fio2": "30 %"}, (3, 5)),
        ({"fio2": "60 %"}, (2, 4, 7)),
        ({"oxygen_device": "intubated"}, (6, 7)),
    ),
)


@pytest.mark.parametrize("rule", OLDER, ids=lambda rule: rule.id)
def test_every_gap_gives_exactly_the_grades_of_its_completions(rule: object) -> None:
    rest = {
        "constitutional_symptoms": "no", "organ_ctcae": 0, "transaminase_ctcae": 0,
        "coagulopathy_products": "no", "admitted_for_crs": "no", "temperature": "38.5 Cel",
        "creatinine_ctcae": 0,
    }  # fmt: skip
    gaps = [
        Part((rest,), ()),
        PRESSURE,
        OXYGEN,
        one_input("fluids_for_hypotension", "no", "yes"),
        one_input("life_threatening_hypotension", "no", "yes"),
    ]
    times = [
        one_input("vasopressor_hours", "10 hours", "2 days"),
        one_input("refractory_hypotension", "no", "yes"),
    ]
    assert check_ranges(rule, gaps if rule is not MSKCC else [*gaps[:3], *times]) > 1000  # type: ignore[arg-type]


@pytest.mark.parametrize("rule", OLDER, ids=lambda rule: rule.id)
def test_gaps_in_organs_fever_and_causes(rule: object) -> None:
    rest = {
        "vasopressors": "none", "coagulopathy_products": "no",
        "life_threatening_hypotension": "no", "refractory_hypotension": "no",
        "fluids_for_hypotension": "yes", "fio2": "50 %", "noninvasive_counts_as": "oxygen",
    }  # fmt: skip
    fixed = [
        Part((rest,), ()),
        one_input("temperature", "37.0 Cel", "39.0 Cel"),
        one_input("hypotension", "no", "yes"),
        Part(({"oxygen_device": "face mask"},), ()),
    ]
    causes = tuple(
        "; ".join(names) or "none"
        for size in range(4)
        for names in itertools.combinations(("fever", "hypotension", "hypoxia"), size)
    )
    organs = [
        one_input("creatinine_ctcae", *range(5)),
        one_input("transaminase_ctcae", *range(5)),
        one_input("organ_ctcae", *range(5)),
        one_input("admitted_for_crs", "no", "yes"),
    ]
    spared = [Part(({"organ_ctcae": 0, "creatinine_ctcae": 0, "transaminase_ctcae": 0,
                     "admitted_for_crs": "no", "constitutional_symptoms": "no"},), ())]  # fmt: skip
    some = [*fixed, explicit_unknown("crs_other_cause", *causes), *spared]
    assert check_ranges(rule, some) == 3 * 3 * 9  # type: ignore[arg-type]
    signs = Part(({"temperature": "37 Cel", "hypotension": "no", "oxygen_device": "room air",
                   "vasopressors": "none", "coagulopathy_products": "no"},), ())  # fmt: skip
    symptoms = one_input("constitutional_symptoms", "no", "yes")
    death = explicit_unknown("died_of_crs", "no", "yes")
    assert check_ranges(rule, [signs, *organs, symptoms, death]) == 6**3 * 27  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"fio2": "0.4"}, "no_unit"),
        ({"oxygen_device": "face mask", "fio2": "0.4 %"}, "implausible"),
        ({"oxygen_device": "face mask", "fio2": "40 1"}, "implausible"),
        ({"fio2": "40 %"}, "contradiction"),
        ({"organ_ctcae": 5}, "implausible"),
        ({"vasopressors": "warfarin"}, "vasopressor_unknown"),
    ],
)
def test_bad_input_is_refused_by_name(wrong: dict[str, object], code: str) -> None:
    for rule in (LEE_2014, CARTOX):
        with pytest.raises(CohortRefused) as caught:
            rule.function(WELL | wrong)
        assert [problem.code for problem in caught.value.problems] == [code]


def test_each_rule_says_what_it_asks_and_where_it_is_from() -> None:
    for name, rule in RULES.items():
        assert rule.id == name
        assert rule.doi.startswith("10.")
        assert rule.status == "verified"
        assert rule.source
        names = [asked.name for asked in rule.inputs]
        assert len(set(names)) == len(names)
        assert rule.function({}).rule == name
        assert rule.function({}).version == rule.version
    assert all(asked.note or asked.label for asked, _ in questions())
    asked_by = {asked.name: rules for asked, rules in questions()}
    assert asked_by["temperature"] == CRS_RULES
    assert asked_by["crs_before"] == ("astct-crs",)
    assert asked_by["coagulopathy_products"] == ("penn",)
    with pytest.raises(CohortRefused, match="did you mean astct-crs"):
        rule_named("astct-csr")
