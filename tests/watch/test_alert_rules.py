"""Alert tables of a ward file: each kind is read, each mistake is told with its place."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from ward_patients import ward

from cartwheel.clinic.score import read_score
from cartwheel.clinic.score_spec import LogisticRisk
from cartwheel.errors import PlanRefused, Refused
from cartwheel.watch.alert_kinds import (
    AtRisk,
    Expected,
    InBand,
    Measured,
    Reached,
    Rising,
    Several,
    in_words,
)
from cartwheel.watch.alert_rules import AlertRule, alert_rules
from cartwheel.watch.scores import score_target

WARD = ward(grades=["astct-crs", "astct-icans"], scores=["car-hematotox", "easix"])
RISK = LogisticRisk(kind="logistic", intercept=Decimal(-2))
MODEL: Any = SimpleNamespace(id="model", kind="landmark", reads=frozenset({"crp"}))
TARGETS = (*WARD.targets, score_target(read_score("easix").but(id="risky", risk=RISK)), MODEL)


def read(*tables: Any) -> tuple[AlertRule, ...]:
    return alert_rules(list(tables), TARGETS, WARD.names)


def one(**table: Any) -> AlertRule:
    return read({"id": "a", "severity": "info", **table})[0]


def mistakes(**table: Any) -> list[tuple[str, str]]:
    """Code and place of everything that is wrong."""
    with pytest.raises(PlanRefused) as caught:
        one(**table)
    return [(each.code, (each.where or "").removeprefix("alert 'a': "))
            for each in caught.value.problems]  # fmt: skip


KINDS: list[tuple[dict[str, Any], Any, str]] = [
    ({"target": "astct-crs", "at_least": 2}, Reached("astct-crs", 2, 2), "astct-crs at least 2"),
    (
        {"target": "astct-crs", "at_least": 3, "clear_below": 2},
        Reached("astct-crs", 3, 2),
        "astct-crs at least 3",
    ),
    ({"target": "easix", "at_least": 4.5}, Reached("easix", 4.5, 4.5, steps=False),
     "easix at least 4.5"),
    ({"target": "car-hematotox", "bands": ["high"]}, InBand("car-hematotox", ("high",)),
     "car-hematotox in high"),
    (
        {"target": "risky", "risk_at_least": 0.25, "clear_below": 0.125},
        AtRisk("risky", 0.25, 0.125),
        "risk by risky at least 25 %",
    ),
    (
        {"name": "fibrinogen", "at_most": "150 mg/dL", "clear_above": "2 g/L"},
        Measured("fibrinogen", "at_most", Decimal("1.5"), Decimal(2)),
        "fibrinogen at most 1.5 g/L",
    ),
    (
        {"name": "temperature", "at_least": "38.5 Cel"},
        Measured("temperature", "at_least", Decimal("38.5"), Decimal("38.5")),
        "temperature at least 38.5 Cel",
    ),
    (
        {"name": "ferritin", "times": 2, "within_hours": 24},
        Rising("ferritin", Decimal(2), True, timedelta(hours=24)),
        "ferritin risen 2 times within 24 h",
    ),
    (
        {"name": "crp", "rise": "5 mg/dL", "within_hours": 12},
        Rising("crp", Decimal(50), False, timedelta(hours=12)),
        "crp risen by 50 mg/L within 12 h",
    ),
    (
        {"name": "crp", "every_hours": 26, "from_day": 1, "to_day": 14},
        Expected("crp", timedelta(hours=26), 1, 14),
        "no crp for 26 h (day 1 to 14)",
    ),
    (
        {"name": "crp", "every_hours": 26, "from_day": 40},
        Expected("crp", timedelta(hours=26), 40, 40),
        "no crp for 26 h (day 40 to 40)",
    ),
    (
        {
            "at_least": 2,
            "any_of": [
                {"target": "astct-crs", "at_least": 1},
                {"name": "crp", "at_least": "100 mg/L"},
            ],
        },
        Several(
            2,
            (
                Reached("astct-crs", 1, 1),
                Measured("crp", "at_least", Decimal(100), Decimal(100)),
            ),
        ),
        "2 of: astct-crs at least 1; crp at least 100 mg/L",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("table", "condition", "words"), KINDS)
def test_each_kind_is_read_and_said(table: dict[str, Any], condition: Any, words: str) -> None:
    rule = one(**table)
    assert rule.condition == condition
    assert rule.text == in_words(condition) == words


def test_what_a_rule_says_beside_its_condition() -> None:
    plain = one(target="astct-crs", at_least=2)
    assert (plain.clear_after, plain.quiet, plain.escalate) == (timedelta(), timedelta(), None)
    assert (plain.late, plain.reason_required) == (timedelta(hours=24), False)
    full = one(
        target="astct-crs", at_least=2, severity="critical", text=" Look ", clear_after_hours=6,
        quiet_hours=0.5, escalate_minutes=15, late_hours=2, reason_required=True,
    )  # fmt: skip
    assert (full.severity, full.text, full.reason_required) == ("critical", "Look", True)
    assert full.clear_after == timedelta(hours=6)
    assert full.quiet == timedelta(minutes=30)
    assert full.escalate == timedelta(minutes=15)
    assert full.late == timedelta(hours=2)


CRS = {"target": "astct-crs", "at_least": 2}
HOT = {"name": "temperature", "at_least": "38.5 Cel"}
WRONG: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({**CRS, "id": None}, [("missing_key", "alert 1: id")]),
    ({**CRS, "id": "two words"}, [("bad_value", "alert 'two words': id")]),
    ({**CRS, "id": "a/../b"}, [("bad_value", "alert 'a/../b': id")]),
    ({**CRS, "id": 7}, [("bad_value", "alert 1: id")]),
    ({**CRS, "severity": "dire"}, [("bad_value", "severity")]),
    ({**CRS, "severity": None}, [("missing_key", "severity")]),
    ({**CRS, "text": ""}, [("bad_value", "text")]),
    ({**CRS, "text": "x" * 201}, [("bad_value", "text")]),
    ({**CRS, "reason_required": "yes"}, [("bad_value", "reason_required")]),
    ({**CRS, "quiet_hours": -1}, [("bad_value", "quiet_hours")]),
    ({**CRS, "late_hours": "all"}, [("bad_value", "late_hours")]),
    ({**CRS, "late_hours": True}, [("bad_value", "late_hours")]),
    ({**CRS, "clear_after_hours": float("nan")}, [("bad_value", "clear_after_hours")]),
    ({**CRS, "escalate_minutes": 0}, [("bad_value", "escalate_minutes")]),
    ({**CRS, "clear_below": 3}, [("bad_value", "clear_below")]),
    ({**CRS, "clear_below": 0}, [("bad_value", "clear_below")]),
    ({**CRS, "worse_by": 1}, [("unknown_key", "worse_by")]),
    ({"target": "astct-crs", "at_least": 0}, [("bad_value", "at_least")]),
    ({"target": "astct-crs", "at_least": 6}, [("bad_value", "at_least")]),
    ({"target": "easix", "at_least": 4, "worse_by": 0}, [("bad_value", "worse_by")]),
    ({"target": "risky", "risk_at_least": 0}, [("bad_value", "risk_at_least")]),
    ({"target": "risky", "risk_at_least": 0.2, "clear_below": 0}, [("bad_value", "clear_below")]),
    ({"target": "risky", "risk_at_least": 0.2, "worse_by": 2}, [("bad_value", "worse_by")]),
    # neither could ever hold: nobody would hear of it
    ({"target": "easix", "risk_at_least": 0.2}, [("bad_value", "risk_at_least")]),
    ({"target": "model", "at_least": 0.2}, [("bad_value", "at_least")]),
    ({"target": "car-hematotox", "bands": ["high"], "worse_by": 1}, [("unknown_key", "worse_by")]),
    ({"name": "crp", "every_hours": 24, "worse_by": "1 mg/L"}, [("unknown_key", "worse_by")]),
    ({**HOT, "worse_by": 0.3}, [("bad_value", "worse_by")]),
    ({**HOT, "worse_by": "0.3 mg/L"}, [("bad_value", "worse_by")]),
    ({**HOT, "worse_by": "0 Cel"}, [("bad_value", "worse_by")]),
    ({**HOT, "worse_by": "7 Cel"}, [("bad_value", "worse_by")]),
    # a second refusal of the same key would say what does not matter any more
    ({"name": "fibrinogen", "at_most": "0.5 g/L", "worse_by": 1}, [("bad_value", "worse_by")]),
    ({"name": "crp", "at_least": "0 mg/L"}, [("bad_value", "at_least")]),
    ({"name": "spo2", "at_most": "100 %"}, [("bad_value", "at_most")]),
    (
        {"name": "crp", "at_least": "9 mg/L", "clear_below": "0 mg/L"},
        [("bad_value", "clear_below")],
    ),
    ({"name": "crp", "times": 2, "within_hours": 9, "worse_by": -1}, [("bad_value", "worse_by")]),
    (
        {"name": "crp", "times": 2, "within_hours": 9, "worse_by": "1 mg/L"},
        [("bad_value", "worse_by")],
    ),
    (
        {"at_least": 1, "worse_by": 1, "any_of": [{**HOT, "worse_by": "1 Cel"}]},
        [("unknown_key", "any_of 1: worse_by"), ("unknown_key", "worse_by")],
    ),
    ({**CRS, "quite_hours": 3}, [("unknown_key", "quite_hours")]),
    ({**CRS, "name": "crp"}, [("unit_missing", "at_least"), ("unknown_key", "target")]),
    ({**CRS, "within_hours": 3}, [("unknown_key", "within_hours")]),
    ({}, [("missing_key", "target"), ("missing_key", "at_least")]),
    ({"target": "astct-crs"}, [("missing_key", "at_least")]),
    ({"target": "astct-crs", "at_least": "two"}, [("bad_value", "at_least")]),
    ({"target": "astct-crz", "at_least": 2}, [("target_unknown", "target")]),
    ({"target": "astct-crs", "bands": ["high"]}, [("bad_value", "bands")]),
    ({"target": "astct-crs", "risk_at_least": 0.5}, [("bad_value", "risk_at_least")]),
    ({"target": "car-hematotox", "bands": ["hihg"]}, [("band_unknown", "bands")]),
    ({"target": "car-hematotox", "bands": "high"}, [("bad_value", "bands")]),
    ({"target": "car-hematotox", "bands": []}, [("bad_value", "bands")]),
    ({"target": "car-hematotox", "bands": ["high", "low"]}, [("bad_value", "bands")]),
    ({"target": "car-hematotox", "bands": ["high", "high"]}, [("bad_value", "bands")]),
    ({"target": "risky", "risk_at_least": 20}, [("bad_value", "risk_at_least")]),
    ({"name": "crq", "at_least": "3 mg/L"}, [("name_unknown", "name")]),
    ({"name": "consciousness", "at_least": "3 mg/L"}, [("bad_value", "name")]),
    ({"name": "crp"}, [("missing_key", "at_least")]),
    ({"name": "crp", "at_most": "1 mg/L", "at_least": "2 mg/L"}, [("unknown_key", "at_least")]),
    ({"name": "crp", "at_least": "<5 mg/L"}, [("bad_value", "at_least")]),
    (
        {"name": "crp", "at_least": "50 mg/L", "clear_below": "60 mg/L"},
        [("bad_value", "clear_below")],
    ),
    (
        {"name": "fibrinogen", "at_most": "2 g/L", "clear_above": "1 g/L"},
        [("bad_value", "clear_above")],
    ),
    ({"name": "crp", "within_hours": 12}, [("missing_key", "rise")]),
    ({"name": "crp", "within_hours": 12, "times": 1}, [("bad_value", "times")]),
    ({"name": "crp", "within_hours": 0, "times": 2}, [("bad_value", "within_hours")]),
    ({"name": "crp", "within_hours": 12, "rise": "0 mg/L"}, [("bad_value", "rise")]),
    ({"name": "crp", "within_hours": 12, "rise": "5 Cel"}, [("bad_value", "rise")]),
    (
        {"name": "crp", "within_hours": 12, "rise": "5 mg/L", "times": 2},
        [("unknown_key", "rise")],
    ),
    ({"name": "crp", "every_hours": "often"}, [("bad_value", "every_hours")]),
    ({"name": "crp", "every_hours": 24, "from_day": -3}, [("bad_value", "from_day")]),
    ({"name": "crp", "every_hours": 24, "from_day": 1.5}, [("bad_value", "from_day")]),
    ({"name": "crp", "every_hours": 24, "from_day": 9, "to_day": 3}, [("bad_value", "to_day")]),
    ({"every_hours": 24}, [("missing_key", "name")]),
    ({"any_of": [], "at_least": 1}, [("bad_value", "any_of")]),
    ({"any_of": [CRS]}, [("missing_key", "at_least")]),
    ({"any_of": [CRS], "at_least": 2}, [("bad_value", "at_least")]),
    ({"any_of": ["crs"], "at_least": 1}, [("bad_value", "any_of")]),
    (
        {"any_of": [CRS, {**CRS, "quiet_hours": 3}], "at_least": 1},
        [("unknown_key", "any_of 2: quiet_hours")],
    ),
    ({"any_of": [CRS], "at_least": 1, "target": "astct-crs"}, [("unknown_key", "target")]),
]


@pytest.mark.parametrize(("table", "found"), WRONG)
def test_each_mistake_is_told_with_its_place(
    table: dict[str, Any], found: list[tuple[str, str]]
) -> None:
    whole = {"id": "a", "severity": "info", **table}
    whole = {key: value for key, value in whole.items() if value is not None}
    with pytest.raises(PlanRefused) as caught:
        read(whole)
    told = [(each.code, (each.where or "").removeprefix("alert 'a': "))
            for each in caught.value.problems]  # fmt: skip
    assert told == found
    # and each says how to mend it
    assert all(each.mend for each in caught.value.problems)


def test_a_value_without_its_unit_is_refused_at_its_place() -> None:
    for key, table in (
        ("at_least", {"name": "crp", "at_least": 5}),
        ("at_most", {"name": "crp", "at_most": "5 Cel"}),
        ("rise", {"name": "crp", "rise": "much", "within_hours": 3}),
    ):
        found = mistakes(**table)
        assert found
        assert all(key in where for _, where in found)


def test_all_mistakes_of_a_file_are_told_at_once() -> None:
    with pytest.raises(PlanRefused) as caught:
        read(
            {"id": "a", "severity": "dire", **CRS},
            {"id": "a", "severity": "info", **CRS},
            {"id": "c", "severity": "info", "target": "astct-crs", "at_least": 2, "x": 1},
        )
    codes = [each.code for each in caught.value.problems]
    assert codes == ["bad_value", "alert_twice", "unknown_key"]


@pytest.mark.parametrize("tables", ["crs", {"id": "a"}, [1], [[]]])
def test_what_is_no_table_is_refused(tables: Any) -> None:
    with pytest.raises(Refused):
        alert_rules(tables, WARD.targets, WARD.names)


@pytest.mark.parametrize(
    ("table", "worse_by"),
    [
        (CRS, "0"),
        ({"target": "car-hematotox", "bands": ["high"]}, "0"),
        ({"target": "risky", "risk_at_least": 0.25}, "0"),
        ({"target": "risky", "risk_at_least": 0.25, "worse_by": 0.05}, "0.05"),
        ({"target": "model", "risk_at_least": 0.25}, "0"),
        ({"target": "easix", "at_least": 4.5}, "0.45"),
        # 45 is the highest plausible temperature, 0 the lowest fibrinogen
        (HOT, "0.65"),
        ({"name": "fibrinogen", "at_most": "1.5 g/L"}, "0.15"),
        ({"name": "crp", "at_least": "100 mg/L"}, "10"),
        # 100 % is nearer than 30 %, 30 mm[Hg] than 350
        ({"name": "spo2", "at_most": "92 %"}, "0.8"),
        ({"name": "systolic_pressure", "at_most": "90 mm[Hg]"}, "6"),
        ({"name": "crp", "at_least": "100 mg/L", "worse_by": "5 mg/dL"}, "50"),
        ({"name": "crp", "times": 2, "within_hours": 9}, "0.2"),
        ({"name": "crp", "rise": "50 mg/L", "within_hours": 9}, "5"),
        ({"name": "crp", "rise": "50 mg/L", "within_hours": 9, "worse_by": "20 mg/L"}, "20"),
        ({"name": "crp", "every_hours": 24}, "0"),
        ({"at_least": 1, "any_of": [HOT]}, "0"),
    ],
)
def test_how_much_more_is_worse(table: dict[str, Any], worse_by: str) -> None:
    assert one(**table).worse_by == Decimal(worse_by)


def test_only_a_rule_that_asks_for_the_last_grade_speaks_of_death() -> None:
    assert not one(**CRS).of_death
    assert one(target="astct-crs", at_least=5).of_death
    assert one(at_least=1, any_of=[{"target": "astct-icans", "at_least": 5}, HOT]).of_death


def test_a_target_that_is_not_followed_is_told_with_what_is() -> None:
    def mend(targets: Any, refused: tuple[str, ...] = ()) -> list[str]:
        try:
            tables = [{"id": "a", "severity": "info", "target": "icans", "at_least": 2}]
            alert_rules(tables, targets, WARD.names, refused)
        except PlanRefused as caught:
            return [each.mend for each in caught.problems]
        return []

    own = "name it under grades or scores too"
    assert mend(()) == [own]
    assert mend(WARD.targets) == [f"did you mean astct-icans? or {own}"]
    assert mend(WARD.targets[:1]) == [f"known: astct-crs; or {own}"]
    # the cause was said where the file names it
    assert mend((), ("icans",)) == []
