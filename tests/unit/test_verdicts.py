"""What few events, separation, ties and an empty selection are made of: answered, and said."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import numpy as np
import pandas as pd
import pytest
from develop_examples import (
    CRP,
    FERRITIN,
    SURVIVAL,
    cohort,
    fixed,
    plan,
    predictor,
)

import cartwheel as cw
from cartwheel.development.result import Development
from cartwheel.workflows.schema import develop_schema

SCHEMA = jsonschema.Draft202012Validator(develop_schema())


def answered(frame: pd.DataFrame, wanted: dict[str, Any]) -> Development:
    """Develop, hold the result against its schema, and look for numbers that are none."""
    developed = cw.develop(frame, wanted)
    text = developed.to_json()
    SCHEMA.validate(json.loads(text))
    for measure in developed.result.performance.measures:
        for estimate in (measure.apparent, measure.optimism, measure.corrected):
            for value in (estimate.value, estimate.low, estimate.high):
                assert value is None or np.isfinite(value), measure
    return developed.result


def codes(result: Development) -> list[str]:
    return [note.code for note in result.notes]


def separated(n: int = 60) -> pd.DataFrame:
    frame = cohort(n)
    frame["severe"] = (np.arange(n) % 2 == 0).astype(int)
    frame[CRP] = np.where(frame["severe"] == 1, 100.0 + np.arange(n), 1.0 + np.arange(n) / 10)
    return frame


@pytest.mark.parametrize("penalty", ["auto", "firth"])
@pytest.mark.parametrize(
    ("method", "item"),
    [
        ("points", predictor(CRP)),
        ("index", predictor(CRP)),
        ("index", fixed(CRP, 50.0)),
        ("points", fixed(CRP, 50.0)),
    ],
)
def test_perfect_separation_is_answered_by_firth(
    method: str, item: dict[str, Any], penalty: str
) -> None:
    wanted = plan(method, predictors=[item], points={"penalty": penalty})
    result = answered(separated(), wanted)
    auc = result.performance.measures[0].apparent.value
    assert auc == pytest.approx(1.0) or method == "points"
    coefficients = [row.coefficient for row in result.univariable.rows]
    assert all(np.isfinite(value) for value in coefficients)


def test_separation_without_a_penalty_is_refused_in_words() -> None:
    wanted = plan(predictors=[predictor(CRP)], points={"penalty": "none"})
    with pytest.raises(cw.Refused) as refused:
        cw.develop(separated(), wanted)
    assert "firth" in str(refused.value).lower()


@pytest.mark.parametrize("method", ["index", "points"])
@pytest.mark.parametrize("events", [1, 2, 5, 9, 10])
def test_few_events_say_what_they_cannot_show(method: str, events: int) -> None:
    frame = cohort().assign(severe=0)
    frame.loc[np.arange(events) * 7, "severe"] = 1
    result = answered(frame, plan(method, bootstrap=10))
    note = next(note for note in result.notes if note.code == "few_events")
    assert note.severity == "caution"
    assert ("fewer than 10 events" in note.text) == (events < 10)
    assert result.sample_size.events == events


@pytest.mark.parametrize("outcome", [{"event": "severe"}, SURVIVAL])
@pytest.mark.parametrize("selection", ["univariable", "backward"])
@pytest.mark.parametrize("bootstrap", [0, 10])
def test_a_selection_that_keeps_nothing_is_answered(
    selection: str, outcome: dict[str, Any], bootstrap: int
) -> None:
    frame = cohort().assign(noise=np.tile([0, 1], 40), other=np.arange(80) % 3)
    wanted = plan(
        outcome=outcome,
        bootstrap=bootstrap,
        predictors=[predictor("noise"), predictor("other")],
        points={"selection": selection, "alpha": 1e-9},
    )
    try:
        result = answered(frame, wanted)
    except cw.Refused as refused:
        # a refusal is an answer too, if it speaks of the selection and not of a score file
        said = str(refused)
    else:
        said = " ".join(note.text for note in result.notes if note.code == "nothing_kept")
    assert "selection" in said
    assert "score file" not in said
    assert "developed score" not in said


def test_ties_exactly_at_the_cut_off() -> None:
    frame = cohort()
    frame[CRP] = np.where(np.arange(80) % 3 == 0, 7.5, frame[CRP])
    for rule, mask in (
        (">=", frame[CRP] >= 7.5),
        (">", frame[CRP] > 7.5),
    ):
        result = answered(frame, plan("index", predictors=[fixed(CRP, 7.5, rule)]))
        assert result.cutoffs[0].points_given == int(mask.sum())
        assert result.groups[1].n == int(mask.sum())
        assert result.groups[1].events == int(frame.loc[mask, "severe"].sum())


@pytest.mark.parametrize("direction", ["high", "low"])
@pytest.mark.parametrize("outcome", [{"event": "severe"}, SURVIVAL])
@pytest.mark.parametrize("way", ["youden", "closest_corner"])
def test_what_is_printed_makes_the_groups(
    way: str, outcome: dict[str, Any], direction: str
) -> None:
    frame = cohort()
    item = predictor(CRP, direction=direction, cutoff={"method": way})
    result = answered(frame, plan("index", outcome=outcome, predictors=[item, predictor(FERRITIN)]))
    cut = result.cutoffs[0]
    mask = frame[CRP] >= cut.cut if direction == "high" else frame[CRP] <= cut.cut
    assert cut.rule == (">=" if direction == "high" else "<=")
    assert cut.points_given == int(mask.sum())
    assert cut.gap_low is not None
    assert cut.gap_high is not None
    assert cut.gap_low < cut.cut < cut.gap_high
    assert not ((frame[CRP] > cut.gap_low) & (frame[CRP] < cut.gap_high)).any()


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0], [1, 0, 2]])
def test_groups_in_any_order_hold_the_same_patients(order: list[int]) -> None:
    groups = [
        {"name": "low", "totals": [0]},
        {"name": "middle", "totals": [1]},
        {"name": "high", "totals": [2]},
    ]
    wanted = plan("index", index={"groups": [groups[place] for place in order], "permutations": 0})
    result = answered(cohort(), wanted)
    assert [(row.total, row.band) for row in result.risk_table] == [
        (0, "low"),
        (1, "middle"),
        (2, "high"),
    ]
    counts = {row.total: row.n for row in result.risk_table}
    assert {row.name: row.n for row in result.groups} == {
        "low": counts[0],
        "middle": counts[1],
        "high": counts[2],
    }


def test_a_coded_column_of_two_halves() -> None:
    frame = cohort().assign(sex=["f", "m"] * 40)
    wanted = plan(
        predictors=[predictor("sex"), predictor(CRP)],
        columns={"sex": {"coding": {"f": 1.0, "m": 0.0}}},
    )
    result = answered(frame, wanted)
    assert [row.n for row in result.score_card[:2]] == [40, 40]


def test_two_steps_of_a_yes_no_column() -> None:
    wanted = plan(predictors=[predictor("bulky", steps=[0.3, 0.6]), predictor(CRP)])
    try:
        answered(cohort(), wanted)
    except cw.Refused as refused:
        said = str(refused)
        assert "bulky" in said


def test_adjusting_for_a_column_that_no_analysed_patient_has() -> None:
    frame = cohort()
    frame[CRP] = frame[CRP].mask(frame.index == 0)
    frame["rare_test"] = np.where(frame.index == 0, 1.0, np.nan)
    for outcome in ({"event": "severe"}, SURVIVAL):
        result = answered(frame, plan("index", outcome=outcome, adjust=["rare_test"]))
        assert result.adjusted_model is None
        assert "adjusted" in " ".join(n.text for n in result.notes if n.code == "not_fitted")


@pytest.mark.parametrize(("without", "with_it"), [((9, 3), (12, 4)), ((30, 10), (15, 5))])
@pytest.mark.parametrize("method", ["index", "points"])
def test_a_marker_that_says_nothing(
    method: str, without: tuple[int, int], with_it: tuple[int, int]
) -> None:
    # the same share of events on both sides: the risks differ by rounding error only
    rows = [
        {"x": float(side), "severe": int(place < events)}
        for side, (patients, events) in enumerate((without, with_it))
        for place in range(patients)
    ]
    item = fixed("x", 1.0) if method == "index" else predictor("x")
    wanted = plan(method, bootstrap=0, predictors=[item], points={"penalty": "none"})
    result = answered(pd.DataFrame(rows), wanted)
    assert result.performance.measures[0].apparent.value == pytest.approx(0.5)


def test_an_adjusted_p_is_never_smaller_than_the_naive_one() -> None:
    # the search can only flatter; a p-value that falls when the search is paid for confuses
    for seed in range(6):
        wanted = plan("index", outcome=SURVIVAL, bootstrap=0, index={"permutations": 499})
        for cut in answered(cohort(80, seed), wanted).cutoffs:
            assert cut.p_naive is not None
            assert cut.p_adjusted is not None
            # 499 permutations: two standard errors of a p-value are at most 0.045
            assert cut.p_adjusted >= cut.p_naive - 0.045


def test_declared_event_values_are_listed_in_full() -> None:
    frame = cohort()
    frame["severe"] = np.where(frame["severe"] == 1, "yes", np.where(frame.index % 2, "no", "?"))
    wanted = plan(outcome={"event": "severe", "event_value": "yes"})
    note = next(n for n in answered(frame, wanted).notes if n.code == "read_as_no")
    assert "?" in note.text
    assert "no" in note.text
