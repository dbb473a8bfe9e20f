from __future__ import annotations

import itertools

import pytest
from toxicity_charts import Part, check_ranges, explicit_unknown, one_input

from cartwheel.clinic.toxicity.icans import ASTCT_ICANS, ASTCT_ICANS_CHILD_AT_12, astct_icans
from cartwheel.clinic.toxicity.vocabulary import ICE_ITEMS
from cartwheel.errors import CohortRefused

# the published table once more, from the source
CONSCIOUSNESS = {
    "alert": 0, "awakens spontaneously": 1, "awakens to voice": 2, "awakens only to touch": 3,
    "unarousable": 4,
}  # fmt: skip
SEIZURE = {
    "none": 0, "resolved rapidly": 3, "non-convulsive, resolved with intervention": 3,
    "> 5 min": 4, "repetitive without return to baseline": 4,
}  # fmt: skip
MOTOR = {"none": 0, "tremor": 0, "myoclonus": 0, "hemiparesis": 4, "paraparesis": 4}
OEDEMA = {"none": 0, "not imaged": 0, "intracranial hemorrhage": 0, "focal": 3, "diffuse": 4}
ICP = {
    "none": 0, "decorticate posturing": 4, "CN VI palsy": 4, "papilledema": 4,
    "Cushing's triad": 4,
}  # fmt: skip
ICE = {10: 0, 9: 1, 7: 1, 6: 2, 3: 2, 2: 3, 0: 3}
CAPD = {0: 0, 1: 1, 8: 1, 9: 3, 32: 3}

WELL = {
    "age": "61 years", "ice": 10, "consciousness": "alert", "seizure": "none", "motor": "none",
    "cerebral_oedema": "not imaged", "raised_icp_signs": "none",
}  # fmt: skip
CHILD = {name: value for name, value in WELL.items() if name != "ice"} | {"age": "8 years"}


def test_truth_table_of_adults() -> None:
    for (ice, by_ice), (state, by_state), (fit, by_fit) in itertools.product(
        ICE.items(), CONSCIOUSNESS.items(), SEIZURE.items()
    ):
        for (motor, by_motor), (oedema, by_oedema), (icp, by_icp) in itertools.product(
            MOTOR.items(), OEDEMA.items(), ICP.items()
        ):
            grade = astct_icans(
                {
                    "age": "12 years", "ice": ice, "consciousness": state, "seizure": fit,
                    "motor": motor, "cerebral_oedema": oedema, "raised_icp_signs": icp,
                }
            )  # fmt: skip
            expected = max(by_ice, by_state, by_fit, by_motor, by_oedema, by_icp)
            assert grade.grade == expected
            assert grade.deciding
            assert all(datum.gives == expected for datum in grade.deciding)


def test_every_ice_has_its_grade() -> None:
    found = [astct_icans(WELL | {"ice": points}).grade for points in range(11)]
    assert found == [3, 3, 3, 2, 2, 2, 2, 1, 1, 1, 0]


def test_every_capd_has_its_grade() -> None:
    found = [astct_icans(CHILD | {"capd": points}).grade for points in range(33)]
    assert found == [0, *[1] * 8, *[3] * 24]


def test_truth_table_of_children() -> None:
    for (capd, by_capd), (state, by_state), (fit, by_fit) in itertools.product(
        CAPD.items(), CONSCIOUSNESS.items(), SEIZURE.items()
    ):
        chart = CHILD | {"capd": capd, "consciousness": state, "seizure": fit}
        assert astct_icans(chart).grade == max(by_capd, by_state, by_fit)
    assert astct_icans(CHILD | {"capd_unable": "yes"}).grade == 4


def test_an_ice_of_0_is_3_awake_and_4_unarousable() -> None:
    assert astct_icans(WELL | {"ice": 0}).grade == 3
    assert astct_icans(WELL | {"ice": 0, "consciousness": "coma"}).grade == 4
    open_state = {name: value for name, value in WELL.items() if name != "consciousness"}
    grade = astct_icans(open_state | {"ice": 0})
    assert grade.possible == (3, 4)
    assert grade.missing == ("consciousness",)


def test_the_footnotes_example() -> None:
    # PMC7990806: ICE 3 and a generalised seizure is grade 3
    grade = astct_icans(WELL | {"ice": 3, "seizure": "resolves rapidly"})
    assert grade.grade == 3
    assert [datum.name for datum in grade.deciding] == ["seizure"]


@pytest.mark.parametrize(
    ("age", "delay", "rule", "child"),
    [
        ("11.9 years", "no", ASTCT_ICANS, True),
        ("12 years", "no", ASTCT_ICANS, False),
        ("143 months", "no", ASTCT_ICANS, True),
        ("144 months", "no", ASTCT_ICANS, False),
        ("12 years", "no", ASTCT_ICANS_CHILD_AT_12, True),
        ("12.9 years", "no", ASTCT_ICANS_CHILD_AT_12, True),
        ("13 years", "no", ASTCT_ICANS_CHILD_AT_12, False),
        ("40 years", "yes", ASTCT_ICANS, True),
        (None, "yes", ASTCT_ICANS, True),
    ],
)
def test_who_is_graded_as_a_child(age: object, delay: str, rule: object, child: bool) -> None:
    chart = WELL | {"age": age, "developmental_delay": delay, "ice": 10, "capd": 20}
    grade = rule.function(chart)  # type: ignore[attr-defined]
    assert grade.grade == (3 if child else 0)
    assert grade.rule == rule.id  # type: ignore[attr-defined]


def test_unknown_age_leaves_both_ways_open() -> None:
    chart = WELL | {"age": None, "ice": 10, "capd": 20}
    grade = astct_icans(chart)
    assert grade.possible == (0, 3)
    assert "age" in grade.missing
    assert astct_icans(chart | {"capd": 0}).grade == 0


def test_items_add_up_and_gaps_among_them_give_a_range() -> None:
    whole = {
        "ice_year": 1, "ice_month": 1, "ice_city": 1, "ice_hospital": 1, "ice_naming": 3,
        "ice_commands": 1, "ice_writing": 0, "ice_attention": 1,
    }  # fmt: skip
    assert set(whole) == set(ICE_ITEMS)
    chart = {name: value for name, value in WELL.items() if name != "ice"}
    assert astct_icans(chart | whole).grade == 1
    assert astct_icans(chart | whole | {"ice_writing": 1}).grade == 0
    gap = {name: points for name, points in whole.items() if name != "ice_naming"}
    grade = astct_icans(chart | gap)
    assert grade.possible == (1, 2)
    assert grade.missing == ("ice_naming",)
    assert astct_icans(chart | whole | {"ice": 9}).grade == 1
    with pytest.raises(CohortRefused, match="does not fit its items"):
        astct_icans(chart | whole | {"ice": 10})
    with pytest.raises(CohortRefused, match="does not fit its items"):
        astct_icans(chart | gap | {"ice": 5})


@pytest.mark.parametrize(
    ("finding", "value", "cause"),
    [
        ("ice", 1, "cognition"), ("consciousness", "awakens only to touch", "consciousness"),
        ("seizure", "prolonged", "seizure"), ("motor", "hemiparesis", "motor"),
        ("cerebral_oedema", "diffuse", "intracranial pressure"),
    ],
)  # fmt: skip
def test_a_finding_with_another_cause_does_not_count(
    finding: str, value: object, cause: str
) -> None:
    assert astct_icans(WELL | {finding: value}).lowest >= 3
    assert astct_icans(WELL | {finding: value, "icans_other_cause": cause}).grade == 0


def test_nothing_charted_is_never_grade_0() -> None:
    grade = astct_icans({})
    assert grade.possible == (0, 1, 2, 3, 4)
    for name in ("ice", "consciousness", "seizure", "motor", "cerebral_oedema"):
        left_out = {key: value for key, value in WELL.items() if key != name}
        open_grade = astct_icans(left_out)
        assert open_grade.grade is None
        assert open_grade.lowest == 0
        assert open_grade.missing == (name,)


def test_death_and_warnings() -> None:
    assert astct_icans({"died_of_icans": True}).grade == 5
    spontaneous = astct_icans(WELL | {"consciousness": "awakens spontaneously"})
    assert spontaneous.grade == 1
    assert any("chart 'alert'" in text for text in spontaneous.warnings)
    assert any("CAPD of 0" in text for text in astct_icans(CHILD | {"capd": 0}).warnings)


def test_every_gap_gives_exactly_the_grades_of_its_completions() -> None:
    adult = Part(
        tuple({"age": "40 years", "ice": points} for points in (10, 7, 3, 0)),
        (({"age": "40 years"}, (0, 1, 2, 3)),),
    )
    child = Part(
        (
            *({"age": "4 years", "capd": points} for points in (0, 8, 9)),
            {"age": "4 years", "capd_unable": "yes"},
        ),
        (
            ({"age": "4 years"}, (0, 1, 2)),
            ({"age": "4 years", "capd_unable": None}, (0, 1, 2, 3)),
        ),
    )
    findings = [
        one_input("consciousness", *CONSCIOUSNESS),
        one_input("seizure", "none", "brief", "prolonged"),
        one_input("motor", "none", "hemiparesis"),
        one_input("cerebral_oedema", "not imaged", "focal", "diffuse"),
        one_input("raised_icp_signs", "none", "papilloedema"),
    ]
    size = 6 * 4 * 3 * 4 * 3
    assert check_ranges(ASTCT_ICANS, [adult, *findings]) == 5 * size
    assert check_ranges(ASTCT_ICANS, [child, *findings]) == 6 * size
    causes = explicit_unknown("icans_other_cause", "none", "cognition", "motor", "cognition; motor")
    rest = Part(({"consciousness": "alert", "seizure": "none", "cerebral_oedema": "none",
                  "raised_icp_signs": "none"},), ())  # fmt: skip
    death = explicit_unknown("died_of_icans", "no", "yes")
    assert check_ranges(ASTCT_ICANS, [adult, findings[2], causes, death, rest]) == 5 * 3 * 5 * 3


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"ice": 11}, "implausible"),
        ({"ice": -1}, "implausible"),
        ({"ice": "8.5"}, "implausible"),
        ({"ice": "eight"}, "not_a_number"),
        ({"ice": True}, "not_a_number"),
        ({"ice_naming": 4}, "implausible"),
        ({"capd": 33}, "implausible"),
        ({"age": "8"}, "no_unit"),
        ({"age": "300 years"}, "implausible"),
        ({"seizure": "< 5 min"}, "choice_unknown"),
        ({"seizure": "1"}, "choice_unknown"),
        ({"consciousness": "drowsy"}, "choice_unknown"),
        ({"raised_icp_signs": "headache"}, "choice_unknown"),
    ],
)
def test_bad_input_is_refused_by_name(wrong: dict[str, object], code: str) -> None:
    with pytest.raises(CohortRefused) as caught:
        astct_icans(WELL | wrong)
    assert [problem.code for problem in caught.value.problems] == [code]
    assert next(iter(wrong)) in str(caught.value)


def test_a_capd_that_could_not_be_had_has_no_points() -> None:
    with pytest.raises(CohortRefused, match="none could be had"):
        astct_icans(CHILD | {"capd": 12, "capd_unable": "yes"})
