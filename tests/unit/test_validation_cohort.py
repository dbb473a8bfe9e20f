"""Who is analysed: counted by hand, and everything that stands in the way refused with its cure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from reference_data import reference_table
from score_examples import easix_document
from validation_cohorts import (
    BANDS,
    BINARY,
    SURVIVAL,
    assembled,
    codes,
    cohort,
    frame,
    notes,
    outcome_of,
    refused,
    spec,
)

from cartwheel.clinic.reading import read_table, table_from_frame
from cartwheel.clinic.registry import registry
from cartwheel.clinic.score import read_score, score_from_document
from cartwheel.clinic.scoring import Assessment, assess
from cartwheel.errors import (
    CohortRefused,
    OutcomeRefused,
    PlanRefused,
    Refused,
    TimeTravelRefused,
)

COMPETING = {**SURVIVAL, "kind": "competing"}


def steps(found: Any) -> list[tuple[str, int, int, int, int]]:
    return [
        (step.label, step.patients, step.events, step.excluded, step.excluded_events)
        for step in found.flow
    ]


def test_the_flow_is_counted_by_hand() -> None:
    # 8 rows; f are left out (0, 2, 4, 6: one event); of 1, 3, 5, 7 (three events) row 3 has no
    # outcome (an event less), and row 7 no x
    x = [0.0, 1, 2, 3, 4, 5, 6, np.nan]
    crs = [0, 0, 0, None, 0, 1, 1, 1]
    more = pd.concat([frame(x=x, crs=crs)] * 2, ignore_index=True)
    more.loc[8:, "sex"] = "m"
    found = assembled(
        table_from_frame(more),
        cohort={"exclude": [{"column": "sex", "equals": "f", "reason": "women"}]},
    )
    assert steps(found) == [
        ("rows in the file", 16, 6, 0, 0),
        ("after leaving out: women", 12, 5, 4, 1),
        ("outcome known", 10, 5, 2, 0),
        ("a computed", 8, 3, 2, 2),
    ]
    assert found.eligible.sum() == 10
    assert found.eligible_target.n == 10
    assert found.target.n == found.analysed.sum() == 8
    assert found.predicted[0].value.tolist() == [1, 5, 0, 1, 2, 4, 5, 6]
    assert found.target.event.tolist() == [0, 1, 0, 0, 0, 0, 1, 1]
    assert found.outcome.patients == 8
    assert found.outcome.events == 3
    assert not found.target.event.flags.writeable


def test_two_scores_are_judged_on_the_same_patients() -> None:
    second = spec(
        id="second",
        title="Second",
        inputs=[{"name": "y", "label": "Y"}],
        terms=[{"kind": "linear", "input": "y", "coefficient": 2}],
        examples=[{"inputs": {"y": 1}, "value": 2}],
    )
    table = cohort(x=[np.nan, 1, 2, 3, 4, 5, 6, 7], y=[0, 1, 2, 3, 4, 5, 6, np.nan])
    found = assembled(table, [spec(), second])
    assert [step[:2] for step in steps(found)[-2:]] == [("a computed", 7), ("b computed", 6)]
    assert found.scored == (7, 7)
    assert [item.value.tolist() for item in found.predicted] == [
        [1, 2, 3, 4, 5, 6],
        [2, 4, 6, 8, 10, 12],
    ]
    assert [(item.code, item.patients) for item in found.refusals[0]] == [("missing", 1)]
    assert [(item.column, item.missing) for item in found.score_columns[1]] == [("y", 1)]


def test_units_are_converted_and_the_score_is_the_calculators() -> None:
    table = cohort(
        ldh=np.full(8, 250.0),
        creatinine=np.full(8, 88.4),
        platelets=np.arange(1.0, 9.0) * 100,
    )
    found = assembled(
        table,
        score_from_document(easix_document(outcome=outcome_of()), where="test"),
        columns={
            "ldh": {"unit": "U/L"},
            "creatinine": {"unit": "umol/L"},
            "platelets": {"unit": "G/L"},
        },
    )
    # 250 * 1 / 100, ... ; 88.4 umol/L is 1 mg/dL; to the last digit as a double divides
    assert found.predicted[0].value == pytest.approx(250 / (np.arange(1, 9) * 100.0), rel=1e-12)
    assert [item.unit for item in found.score_columns[0]] == ["U/L", "umol/L", "10*9/L"]


def test_a_missing_unit_is_asked_for_by_score() -> None:
    table = cohort(ldh=np.full(8, 250.0), creatinine=np.full(8, 1.0), platelets=np.full(8, 99.0))
    found = refused(table, score_from_document(easix_document(outcome=outcome_of()), where="test"))
    assert isinstance(found, CohortRefused)
    assert codes(found) == ["unit_missing"] * 3
    assert found.problems[0].where == "score 'a', input 'ldh'"
    assert "--unit" in found.problems[0].mend


def test_inputs_that_are_not_there_are_refused_for_every_score_at_once() -> None:
    other = spec(
        id="other",
        inputs=[{"name": "ferritin", "label": "F", "variable": "ferritin", "unit": "ug/L"}],
        terms=[{"kind": "linear", "input": "ferritin", "coefficient": 1}],
        examples=[{"inputs": {"ferritin": "1 ug/L"}, "value": 1}],
    )
    table = table_from_frame(frame(ferritin_ug_l_day7=np.arange(8.0)).drop(columns="x"))
    found = refused(table, [spec(), other])
    assert codes(found) == ["column", "column"]
    assert [problem.where for problem in found.problems] == [
        "score 'a', input 'x'",
        "score 'b', input 'ferritin'",
    ]
    assert found.problems[1].mend == (
        "is it 'ferritin_ug_l_day7'? say it: --column 'b.ferritin=COLUMN'"
    )


@pytest.mark.parametrize(
    ("parts", "code", "where"),
    [
        ({"outcome": {"event": "CRS"}}, "column_absent", "outcome 'CRS'"),
        ({"centre": "site"}, "column_absent", "centre 'site'"),
        ({"subgroups": [{"column": "sexe"}]}, "column_absent", "subgroup 'sexe'"),
        ({"subgroups": [{"column": "crs"}]}, "role_twice", "subgroup 'crs'"),
        ({"subgroups": [{"column": "age", "cuts": [65, 40]}]}, "cuts_order", "subgroup 'age'"),
        ({"update": {"extend": ["age"]}}, "extend_without_ladder", "update.extend"),
        ({"landmark_day": 3.0}, "landmark_without_onset", "landmark_day"),
        ({"outcome": {"event": "crs", "time": "os_months"}}, "time_with_binary", "outcome.kind"),
        ({"outcome": {"event": "crs", "kind": "survival"}}, "time_missing", "outcome.time"),
        ({"outcome": {**SURVIVAL, "onset": "age"}}, "onset_with_time", "outcome.onset"),
        (
            {"outcome": {**SURVIVAL, "time_unit": "days"}},
            "time_unit_contradicted",
            "outcome.time_unit",
        ),
        (
            {"outcome": {"event": "dead", "kind": "survival", "time": "age", "horizon": 2.0}},
            "time_unit_missing",
            "outcome.time_unit",
        ),
        ({"outcome": COMPETING}, "competing_values_missing", None),
        (
            {"outcome": {**BINARY, "competing_values": ["2"]}},
            "competing_values_unused",
            "outcome.competing_values",
        ),
        (
            {
                "outcome": {
                    **SURVIVAL,
                    "kind": "competing",
                    "event_value": "1",
                    "competing_values": [1],
                }
            },
            "event_is_competing",
            "outcome.competing_values",
        ),
        ({"decision": {"low": 0.5, "high": 0.1}}, "thresholds_turned", "decision"),
        ({"imputation": {"imputations": 5}}, "imputation_not_asked", "imputation"),
        (
            {"cohort": {"exclude": [{"column": "age", "reason": "a"}]}},
            "exclusion_form",
            "cohort.exclude 'age'",
        ),
    ],
)
def test_a_plan_that_cannot_be_followed(parts: Any, code: str, where: str | None) -> None:
    found = refused(**parts)
    assert isinstance(found, PlanRefused)
    (problem,) = [item for item in found.problems if item.code == code]
    assert where in (None, problem.where)
    assert problem.mend


def test_an_event_that_is_not_coded() -> None:
    found = refused(cohort(crs=list("nnnynyyy")))
    assert isinstance(found, OutcomeRefused)
    assert codes(found) == ["outcome_coding"]
    said = assembled(cohort(crs=list("nnnynyyy")), outcome={"event": "crs", "event_value": "y"})
    assert said.read_as_no == ("n",)
    assert "coding_read_as_no" in notes(said, None)


@pytest.mark.parametrize(
    ("crs", "code"),
    [
        ([0] * 8, "no_events"),
        ([1] * 8, "all_events"),
        ([0] * 7 + [1], "few_events"),
        ([1] * 7 + [0], "few_without_event"),
    ],
)
def test_too_few_of_one_kind(crs: list[int], code: str) -> None:
    assert codes(refused(cohort(crs=crs))) == [code]


def test_two_rows_of_one_patient() -> None:
    found = refused(
        cohort(id=["p1", "p2", "p3", "p1", "p5", "p6", "p7", "p8"]), cohort={"id": "id"}
    )
    assert codes(found) == ["duplicate_id"]
    assert "p1" not in str(found)


def test_an_input_that_nobody_has_is_named() -> None:
    found = refused(cohort(x=np.full(8, np.nan)))
    assert codes(found) == ["all_missing"]
    assert found.problems[0].where == "score 'a', input 'x' (column 'x')"


def test_a_score_that_nobody_has_says_why() -> None:
    limited = spec(inputs=[{"name": "x", "label": "X", "minimum": 0, "maximum": 1}])
    found = refused(cohort(x=np.full(8, 417.25)), limited)
    assert codes(found) == ["nobody_scored"]
    assert "not possible (0 to 1)" in found.problems[0].what
    assert "417" not in str(found)


def test_scores_that_nobody_has_all_of() -> None:
    other = spec(
        inputs=[{"name": "y", "label": "Y"}],
        terms=[{"kind": "linear", "input": "y", "coefficient": 1}],
        examples=[{"inputs": {"y": 1}, "value": 1}],
    )
    half = [np.nan] * 4
    found = refused(cohort(x=[*half, 1, 2, 3, 4], y=[1, 2, 3, 4, *half]), [spec(), other])
    assert codes(found) == ["nobody_has_all"]


def test_reasons_are_counted_and_no_cell_is_repeated() -> None:
    x = ["0", "1", "77777", "seventy", "", "5", "6", "88888"]
    limited = spec(inputs=[{"name": "x", "label": "X", "minimum": 0, "maximum": 99}])
    found = assembled(cohort(x=x, crs=[0, 1, 0, 1, 0, 1, 0, 1]), limited)
    assert [(item.code, item.patients) for item in found.refusals[0]] == [
        ("implausible", 2),
        ("missing", 1),
        ("not_a_number", 1),
    ]
    said = json.dumps([[item.what, item.mend] for item in found.refusals[0]])
    assert not any(cell in said for cell in ("77777", "88888", "seventy"))
    assert found.scored == (4,)
    assert found.score_columns[0][0].missing == 1


def test_a_range_is_no_value_and_says_which_input_is_missing() -> None:
    limits = {"minimum": 0, "maximum": 9}
    ranged = spec(
        missing="range",
        inputs=[{"name": "x", "label": "X", **limits}, {"name": "y", "label": "Y", **limits}],
        terms=[{"kind": "linear", "input": name, "coefficient": 1} for name in "xy"],
        examples=[{"inputs": {"x": 1, "y": 1}, "value": 2}],
    )
    found = assembled(cohort(x=[np.nan, 1, 2, 3, 4, 5, 6, 7], y=np.ones(8)), ranged)
    assert found.scored == (7,)
    (reason,) = found.refusals[0]
    assert (reason.code, reason.patients) == ("missing", 1)
    assert reason.what == "input 'x': X is missing, and the score would be a range"
    assert "ranged_missing" in notes(found)


def test_bands_without_patients_are_said() -> None:
    three = [
        *BANDS[:1],
        {"name": "middle", "from": 2, "from_inclusive": True, "to": 50, "to_inclusive": False},
        {"name": "high", "from": 50, "from_inclusive": True},
    ]
    found = assembled(cohort(), spec(bands=three))
    assert notes(found)[0] == "empty_band"
    assert found.predicted[0].band.tolist() == [0, 0, 1, 1, 1, 1, 1, 1]
    alone = assembled(cohort(x=np.arange(8.0) + 60), spec(bands=three))
    assert notes(alone)[0] == "one_band"
    assert "constant_score" in notes(assembled(cohort(x=np.ones(8))))


def test_values_outside_the_range_of_the_development_are_counted() -> None:
    found = assembled(cohort(), spec(inputs=[{"name": "x", "label": "X", "low": 2, "high": 90}]))
    (note,) = [item for item in found.score_notes[0] if item.code == "unusual_values"]
    assert note.severity == "caution"
    assert note.text.endswith("in 2 of 8 scored patients.")


def test_the_same_file_is_no_validation() -> None:
    table = cohort()
    found = assembled(table, spec(population={"text": "these", "data_sha256": table.sha256}))
    assert notes(found)[0] == "same_patients"
    assert "same_patients" not in notes(assembled(table))


@pytest.mark.parametrize("way", ["plan", "file", "score"])
def test_simulated_keeps_its_word(way: str) -> None:
    table = table_from_frame(frame(), name="simulated.csv" if way == "file" else "frame")
    made = spec(simulated=way == "score")
    found = assembled(table, made, simulated=way == "plan")
    assert found.simulated
    assert notes(found, None)[0] == "simulated"
    assert not assembled().simulated


def test_the_guard_refuses_a_day_after_the_event_and_offers_the_landmark(car22: Path) -> None:
    table = read_table(car22)
    il6 = spec(
        inputs=[{"name": "il6", "label": "IL-6", "variable": "il6", "unit": "pg/mL", "day": 7}],
        terms=[{"kind": "linear", "input": "il6", "coefficient": 1}],
        examples=[{"inputs": {"il6": "8 pg/mL"}, "value": 8}],
    )
    outcome = {"event": "carhlh", "onset": "carhlh_day"}
    found = refused(table, il6, outcome=outcome)
    assert isinstance(found, TimeTravelRefused)
    (problem,) = found.problems
    assert problem.code == "time_travel"
    assert problem.where == "predictor 'il6_pg_ml_day7' (day 7)"
    # counted in the file: one patient fell ill by day 7
    shown = pd.read_csv(car22)
    early = int(((shown.carhlh == 1) & (shown.carhlh_day <= 7)).sum())
    left, events = len(shown) - early, int(shown.carhlh.sum()) - early
    assert f"--landmark 7 keeps {left} of {len(shown)} patients and {events} of" in problem.mend
    after = assembled(table, il6, outcome=outcome, landmark_day=7.0)
    assert (after.target.n, int(after.target.event.sum())) == (left, events)
    assert after.guard.checked == ("il6_pg_ml_day7",)
    assert after.guard.cost_patients == early
    assert "landmark_differs" in notes(after)


def test_a_peak_is_refused(car22: Path) -> None:
    il6 = spec(
        inputs=[{"name": "il6", "label": "IL-6", "variable": "il6", "unit": "pg/mL"}],
        terms=[{"kind": "linear", "input": "il6", "coefficient": 1}],
        examples=[{"inputs": {"il6": "8 pg/mL"}, "value": 8}],
    )
    found = refused(
        read_table(car22),
        il6,
        outcome={"event": "carhlh", "onset": "carhlh_day"},
        scores=[{"score": "x", "columns": {"il6": "il6_pg_ml_peak"}}],
    )
    assert codes(found) == ["summary_predictor"]
    assert "--column" in found.problems[0].mend


@pytest.mark.parametrize("day", [5.0, None])
def test_a_column_without_a_day_stands_for_the_day_of_the_score(day: float | None) -> None:
    dated = spec(inputs=[{"name": "x", "label": "X", **({} if day is None else {"day": day})}])
    onset = [np.nan, np.nan, np.nan, 4.0, np.nan, 9.0, 9.0, 9.0]
    found = refused(cohort(onset=onset), dated, outcome={"event": "crs", "onset": "onset"})
    assert codes(found) == ["day_missing" if day is None else "time_travel"]
    said = assembled(
        cohort(onset=onset),
        dated,
        outcome={"event": "crs", "onset": "onset"},
        columns={"x": {"day": 0.0}},
    )
    assert said.guard.checked == ("x",)
    assert said.score_columns[0][0].day == 0.0
    assert ("other_day" in notes(said)) is (day is not None)


def test_competing_events_are_coded_by_declared_values() -> None:
    table = reference_table("mgus2")
    event = np.where(table["pstat"] == 1, "pcm", np.where(table["death"] == 1, "death", "alive"))
    months = np.where(table["pstat"] == 1, table["ptime"], table["futime"])
    made = pd.DataFrame({"event": event, "os_months": months, "x": table["age"]})
    outcome = {
        "event": "event",
        "kind": "competing",
        "event_value": "pcm",
        "competing_values": ["death"],
        "time": "os_months",
        "horizon": 120.0,
    }
    found = assembled(table_from_frame(made), outcome=outcome)
    assert found.target.kind == "competing"
    assert found.target.competing is not None
    assert found.target.event.sum() == (event == "pcm").sum()
    assert found.competing_events == (event == "death").sum()
    assert found.read_as_no == ("alive",)
    assert found.outcome.kind == "competing"
    wrong = {**outcome, "competing_values": ["dead"]}
    assert codes(refused(table_from_frame(made), outcome=wrong)) == ["competing_value_absent"]


def test_nothing_of_a_patient_is_in_a_refusal() -> None:
    secret = 41.7329
    bad: list[Refused] = [
        refused(cohort(os_months=np.full(8, secret)), outcome={**SURVIVAL, "horizon": 99.0}),
        refused(cohort(x=["x41.7329"] * 8)),
        refused(cohort(sex=[f"41.7329{i}" for i in range(8)]), subgroups=[{"column": "sex"}]),
    ]
    assert not any("41.7" in str(found) for found in bad)


def shipped() -> list[str]:
    return [name for name, entry in registry().items() if entry.computable]


@pytest.mark.parametrize("name", shipped())
def test_every_score_that_is_carried_can_be_held_against_a_cohort(name: str) -> None:
    score = read_score(name)
    examples = [score.examples[place % len(score.examples)] for place in range(40)]
    rows = [{key: str(cell) for key, cell in example.inputs.items()} for example in examples]
    made = pd.DataFrame(rows, columns=score.input_names).fillna("").assign(crs=[0, 1] * 20)
    silent = score.risk is None and score.outcome.adverse is None
    said = {"score": name, **({"direction": "high"} if silent else {})}
    default = [assess(score, dict(example.inputs)) for example in examples]
    found = assembled(table_from_frame(made), score, scores=[said])
    values = [one.value if isinstance(one, Assessment) else None for one in default]
    known = [value for value in values if value is not None]
    assert found.predicted[0].value.tolist() == known
    assert found.scored == (len(known),)
    assert all(note.text.endswith((".", "!")) for note in found.score_notes[0])
