from __future__ import annotations

import itertools
from decimal import Decimal

import pytest
from toxicity_charts import Part, check_ranges, explicit_unknown, one_input

from cartwheel.clinic.toxicity.crs import ASTCT_CRS, astct_crs
from cartwheel.errors import CohortRefused
from cartwheel.units import Quantity

# the published table once more, written down from the source and not from the code
DEVICE_GRADES = {
    ("room air", None): 0,
    ("nasal cannula", "0.5 L/min"): 2,
    ("nasal cannula", "6 L/min"): 2,
    ("nasal cannula", "6.1 L/min"): 3,
    ("nasal cannula", "40 L/min"): 3,
    ("low-flow nasal cannula", None): 2,
    ("low-flow nasal cannula", "6 L/min"): 2,
    ("blow-by", None): 2,
    ("high-flow nasal cannula", None): 3,
    ("high-flow nasal cannula", "7 L/min"): 3,
    ("face mask", None): 3,
    ("face mask", "5 L/min"): 3,
    ("non-rebreather mask", "15 L/min"): 3,
    ("Venturi mask", None): 3,
    ("CPAP", None): 4,
    ("BiPAP", None): 4,
    ("non-invasive ventilation", None): 4,
    ("mechanical ventilation", None): 4,
}
AGENTS = ("norepinephrine", "epinephrine", "phenylephrine", "vasopressin")
AGENT_SETS = [
    names for size in range(len(AGENTS) + 1) for names in itertools.combinations(AGENTS, size)
]
WELL = {
    "temperature": "38.4 Cel",
    "hypotension": "no",
    "vasopressors": "none",
    "oxygen_device": "room air",
}


def _pressor_grade(agents: tuple[str, ...], hypotension: bool) -> int:
    counted = len([agent for agent in agents if agent != "vasopressin"])
    if counted >= 2:
        return 4
    if agents:
        return 3
    return 2 if hypotension else 0


@pytest.mark.parametrize("hot", [True, False], ids=["fever", "no fever"])
@pytest.mark.parametrize("exempt", [True, False], ids=["exempt", "not exempt"])
@pytest.mark.parametrize("hypotension", [True, False], ids=["hypotension", "normotension"])
def test_truth_table(hot: bool, exempt: bool, hypotension: bool) -> None:
    for (device, flow), by_device in DEVICE_GRADES.items():
        for agents in AGENT_SETS:
            grade = astct_crs(
                {
                    "temperature": "38.0 Cel" if hot else "37.9 Cel",
                    "crs_before": exempt,
                    "antipyretic": exempt,
                    "anticytokine": "no",
                    "corticosteroid": "no",
                    "hypotension": hypotension,
                    "vasopressors": agents,
                    "oxygen_device": device,
                    "oxygen_flow": flow,
                }
            )
            worst = max(by_device, _pressor_grade(agents, hypotension))
            expected = max(worst, 1) if hot else worst if exempt else 0
            assert grade.grade == expected, (device, flow, agents)
            assert grade.missing == ()
            assert grade.deciding
            assert all(datum.gives == expected for datum in grade.deciding)


@pytest.mark.parametrize("treatment", ["antipyretic", "anticytokine", "corticosteroid"])
@pytest.mark.parametrize(("before", "expected"), [("yes", 2), ("no", 0)])
def test_the_exception_needs_crs_before_and_one_treatment(
    treatment: str, before: str, expected: int
) -> None:
    treatments = dict.fromkeys(("antipyretic", "anticytokine", "corticosteroid"), "no")
    chart = WELL | treatments | {
        "temperature": "37.0 Cel", "crs_before": before, treatment: "yes",
        "oxygen_device": "blow-by",
    }  # fmt: skip
    grade = astct_crs(chart)
    assert grade.grade == expected
    assert any("no fever is needed" in text for text in grade.warnings) is (expected == 2)
    assert astct_crs(chart | treatments).grade == 0


def test_the_errors_of_a_public_grader_are_not_made() -> None:
    # Health-Universe/Cytokine-Release-Syndrome: no grade, 3, 3 and 3
    low_flow = {"oxygen_device": "low-flow nasal cannula", "oxygen_flow": "4 L/min"}
    assert astct_crs(WELL | low_flow).grade == 2
    ventilated = {"vasopressors": "norepinephrine", "oxygen_device": "mechanical ventilation"}
    assert astct_crs(WELL | ventilated).grade == 4
    assert astct_crs(WELL | {"oxygen_device": "CPAP"}).grade == 4
    assert astct_crs(WELL | {"oxygen_device": "BiPAP"}).grade == 4


def test_the_footnotes_example() -> None:
    # PMC8021214: a febrile patient on one vasopressor and low-flow cannula is grade 3
    chart = WELL | {"hypotension": "yes", "vasopressors": "norepinephrine",
                    "oxygen_device": "nasal cannula", "oxygen_flow": "2 L/min"}  # fmt: skip
    grade = astct_crs(chart, at="2026-11-21T08:00")
    assert grade.grade == 3
    assert [datum.name for datum in grade.deciding] == ["vasopressors"]
    assert grade.at == "2026-11-21T08:00"
    assert grade.text.startswith("grade 3 (vasopressors norepinephrine")


def test_vasopressin_alone_is_graded_and_said() -> None:
    grade = astct_crs(WELL | {"hypotension": "yes", "vasopressors": "vasopressin"})
    assert grade.grade == 3
    assert any("vasopressin alone" in text for text in grade.warnings)
    with_one = astct_crs(WELL | {"vasopressors": "norepinephrine + vasopressin"})
    assert with_one.grade == 3
    assert not any("vasopressin alone" in text for text in with_one.warnings)
    assert any("without hypotension" in text for text in with_one.warnings)


def test_names_of_one_agent_count_once() -> None:
    same = "Levophed 0.1 ug/kg/min; noradrenaline, norepi"
    assert astct_crs(WELL | {"vasopressors": same}).grade == 3
    two = "noradrenaline and adrenaline"
    assert astct_crs(WELL | {"vasopressors": two}).grade == 4


@pytest.mark.parametrize(
    ("temperature", "grade"),
    [
        ("38 °C", 1), ("37.99 Cel", 0), ("100.4 °F", 1), ("100.3 °F", 0), ("38,0 C", 1),
        (Quantity(Decimal("38.0"), "Cel"), 1), (Quantity(Decimal("100.4"), "[degF]"), 1),
    ],
)  # fmt: skip
def test_fever_begins_at_38(temperature: object, grade: int) -> None:
    no_exception = {"crs_before": "no"}
    assert astct_crs(WELL | no_exception | {"temperature": temperature}).grade == grade


@pytest.mark.parametrize("sign", ["fever", "hypotension", "hypoxia"])
def test_a_sign_with_another_cause_does_not_count(sign: str) -> None:
    chart = WELL | {"hypotension": "yes", "oxygen_device": "CPAP", "crs_before": "no"}
    expected = {"fever": 0, "hypotension": 4, "hypoxia": 2}[sign]
    assert astct_crs(chart | {"crs_other_cause": sign}).grade == expected


def test_death_is_grade_5_whatever_else() -> None:
    grade = astct_crs({"died_of_crs": "yes"})
    assert grade.grade == 5
    assert "death" in grade.text
    assert astct_crs(WELL | {"died_of_crs": None}).possible == (1, 5)


def test_what_was_taken_is_said() -> None:
    said = " ".join(astct_crs(WELL).warnings)
    assert "crs_other_cause none" in said
    assert "died_of_crs no" in said
    stated = WELL | {"crs_other_cause": "none", "died_of_crs": "no"}
    assert astct_crs(stated).warnings == ()


def test_an_empty_chart_is_never_grade_0() -> None:
    grade = astct_crs({})
    assert grade.grade is None
    assert grade.possible == (0, 1, 2, 3, 4)
    assert {"temperature", "hypotension", "vasopressors", "oxygen_device"} <= set(grade.missing)


def test_every_gap_gives_exactly_the_grades_of_its_completions() -> None:
    devices = (
        {"oxygen_device": "room air"},
        {"oxygen_device": "nasal cannula", "oxygen_flow": "4 L/min"},
        {"oxygen_device": "nasal cannula", "oxygen_flow": "8 L/min"},
        {"oxygen_device": "blow-by", "oxygen_flow": "4 L/min"},
        {"oxygen_device": "face mask", "oxygen_flow": "8 L/min"},
        {"oxygen_device": "CPAP", "oxygen_flow": "4 L/min"},
        {"oxygen_device": "CPAP", "oxygen_flow": "8 L/min"},
        {"oxygen_device": "blow-by", "oxygen_flow": "8 L/min"},
        {"oxygen_device": "face mask", "oxygen_flow": "4 L/min"},
    )
    oxygen = Part(
        devices,
        (
            ({}, tuple(range(9))),
            ({"oxygen_device": "nasal cannula"}, (1, 2)),
            ({"oxygen_flow": "4 L/min"}, (1, 3, 5, 8)),
            ({"oxygen_flow": "8 L/min"}, (2, 4, 6, 7)),
            ({"oxygen_device": "face mask"}, (4, 8)),
        ),
    )
    checked = check_ranges(
        ASTCT_CRS,
        [
            one_input("temperature", "37.0 Cel", "39.0 Cel"),
            one_input("anticytokine", "no", "yes"),
            Part(({"crs_before": "yes", "antipyretic": "no", "corticosteroid": "no"},), ()),
            one_input("hypotension", "no", "yes"),
            one_input(
                "vasopressors", "none", "norepinephrine", "vasopressin",
                "norepinephrine; epinephrine",
            ),
            oxygen,
            explicit_unknown("crs_other_cause", "none", "fever", "hypotension", "hypoxia",
                             "fever; hypotension", "fever; hypoxia", "hypotension; hypoxia",
                             "fever; hypotension; hypoxia"),
        ],
    )  # fmt: skip
    assert checked == 3 * 3 * 3 * 5 * 14 * 9


def test_gaps_in_treatment_and_death() -> None:
    flags = [
        one_input(name, "no", "yes")
        for name in ("crs_before", "antipyretic", "anticytokine", "corticosteroid")
    ]
    signs = {"hypotension": "yes", "vasopressors": "none", "oxygen_device": "room air"}
    for temperature in ("37.0 Cel", "39.0 Cel"):
        fixed = Part((signs | {"temperature": temperature},), ())
        death = explicit_unknown("died_of_crs", "no", "yes")
        assert check_ranges(ASTCT_CRS, [fixed, death, *flags]) == 3**5
    unknown = one_input("temperature", "37.0 Cel", "39.0 Cel")
    assert check_ranges(ASTCT_CRS, [Part((signs,), ()), unknown, *flags]) == 3**5


@pytest.mark.parametrize(("fever", "grade"), [("yes", 2), ("no", 0), (True, 2), (0, 0)])
def test_fever_may_be_charted_without_its_temperature(fever: object, grade: int) -> None:
    chart = {"fever": fever, "crs_before": "no", "hypotension": "yes", "vasopressors": (),
             "oxygen_device": "RA"}  # fmt: skip
    assert astct_crs(chart).grade == grade


@pytest.mark.parametrize(
    ("wrong", "code", "named"),
    [
        ({"temperature": "39.1"}, "no_unit", "temperature"),
        ({"temperature": 39.1}, "no_unit", "temperature"),
        ({"temperature": "102 Cel"}, "implausible", "[degF]"),
        ({"temperature": "39 [degF]"}, "implausible", "39 Cel"),
        ({"temperature": "39 mg/dL"}, "unit_not_accepted", "temperature"),
        ({"temperature": ">39 Cel"}, "detection_limit", "temperature"),
        ({"temperature": "hot"}, "not_a_number", "temperature"),
        ({"fever": "no"}, "contradiction", "fever"),
        ({"hypotension": "pos"}, "not_yes_or_no", "hypotension"),
        ({"hypotension": 2}, "not_yes_or_no", "hypotension"),
        ({"vasopressors": "norepinefrin"}, "vasopressor_unknown", "norepinephrine"),
        ({"vasopressors": "zorblax"}, "vasopressor_unknown", "zorblax"),
        ({"vasopressors": "dobutamine 5 ug/kg/min"}, "not_a_vasopressor", "dobutamine"),
        ({"vasopressors": "terlipressin"}, "not_a_vasopressor", "terlipressin"),
        ({"vasopressors": "none; norepinephrine"}, "none_and_some", "vasopressors"),
        ({"vasopressors": ";"}, "not_names", "vasopressors"),
        ({"vasopressors": 3}, "not_names", "vasopressors"),
        ({"oxygen_device": "snorkel"}, "choice_unknown", "room air"),
        ({"oxygen_device": "lfnc", "oxygen_flow": "8 L/min"}, "contradiction", "8 L/min"),
        ({"oxygen_device": "hfnc", "oxygen_flow": "5 lpm"}, "contradiction", "5 L/min"),
        ({"oxygen_device": "nc", "oxygen_flow": "0 L/min"}, "contradiction", "0 L/min"),
        ({"oxygen_flow": "2 L/min"}, "contradiction", "room air"),
        ({"oxygen_device": "nc", "oxygen_flow": "-2 L/min"}, "implausible", "oxygen_flow"),
        ({"oxygen_device": "nc", "oxygen_flow": "2"}, "no_unit", "L/min"),
        ({"temprature": "39 Cel"}, "input_unknown", "temperature"),
        ({"crs_other_cause": "cough"}, "choice_unknown", "hypoxia"),
    ],
)
def test_bad_input_is_refused_by_name(wrong: dict[str, object], code: str, named: str) -> None:
    with pytest.raises(CohortRefused) as caught:
        astct_crs(WELL | wrong)
    assert [problem.code for problem in caught.value.problems] == [code]
    assert named in str(caught.value)


def test_everything_wrong_is_said_at_once() -> None:
    wrong = {"temperature": "39", "vasopressors": "x, y", "oxygen_device": "z", "hypotension": "?"}
    with pytest.raises(CohortRefused) as caught:
        astct_crs(wrong)
    codes = [problem.code for problem in caught.value.problems]
    assert codes == ["no_unit", "not_yes_or_no", "vasopressor_unknown", "vasopressor_unknown",
                     "choice_unknown"]  # fmt: skip
