"""The referee on validations: every rule finds its fault, with the numbers of the run."""

from __future__ import annotations

from typing import Any

import pytest
from referee_examples import answered, estimate, found, spoiled, validated

from cartwheel.referee.report import referee

SCORE = "result.scores.0"
SAME = "sha256:" + "ab" * 32
RUNG = {"name": "slope", "measures": [{"name": "auc", "corrected": None}]}
FAIR = {"name": "slope", "measures": [{"name": "auc", "corrected": estimate(0.7)}]}


def noted(code: str, words: str, severity: str = "caution") -> dict[str, str]:
    return {"code": code, "severity": severity, "text": words}


def test_nothing_is_found_where_nothing_is_wrong() -> None:
    assert referee(validated()).findings == ()


# path, value, rule, severity, words of its evidence
SPOILED: tuple[tuple[str, Any, str, str, str], ...] = (
    ("result.outcome.events", 60, "few_events", "major", "800 patients, 60 events"),
    ("result.outcome.events", 12, "few_events", "critical", "AUC 0.08 wide (0.1 wanted"),
    ("result.outcome.events", 790, "few_events", "critical", "790 events"),
    (f"{SCORE}.development_data_sha256", SAME, "same_patients", "critical", "hash of the data"),
    (f"{SCORE}.published.0.published", estimate(0.8, n=800, events=200), "same_patients", "major",
     "800 patients and 200 events there as here"),
    (f"{SCORE}.notes", [noted("same_patients", "This very file.")], "same_patients", "critical",
     "hash of the data"),
    (f"{SCORE}.notes", [noted("horizon_differs", "Made for 12 months.")], "outcome_differs",
     "major", "Score A: Made for 12 months"),
    (f"{SCORE}.notes", [noted("outcome_differs", "It predicts ICANS.", "assumption")],
     "outcome_differs", "minor", "It predicts ICANS"),
    (f"{SCORE}.notes", [noted("censoring_ignored", "Lost count as free.")], "censoring_ignored",
     "major", "Lost count as free"),
    ("plan.outcome.event", "relapsed", "censoring_ignored", "major", "'relapsed'"),
    (f"{SCORE}.discrimination.0.estimate", estimate(0.55, 0.47, 0.63), "discrimination", "major",
     "AUC 0.550 (0.470 to 0.630)"),
    (f"{SCORE}.discrimination.0.estimate", estimate(0.35, 0.27, 0.43), "discrimination",
     "critical", "AUC 0.350 (0.270 to 0.430)"),
    (f"{SCORE}.discrimination.0.estimate", estimate(0.75), "discrimination", "major", "AUC 0.750"),
    (f"{SCORE}.discrimination.0.estimate", estimate(0.5), "discrimination", "major",
     "AUC 0.500"),
    ("result.notes", [noted("onset_without_event", "4 patients had an onset by day 3.")],
     "onset_without_event", "major", "4 patients had an onset by day 3."),
    (f"{SCORE}.calibration", [], "calibration_absent", "major", "Score A"),
    (f"{SCORE}.calibration.1.estimate", estimate(0.6, 0.4, 0.8), "miscalibrated", "major",
     "slope 0.60 (0.40 to 0.80)"),
    (f"{SCORE}.calibration.0.estimate", estimate(1.5, 1.2, 1.8), "miscalibrated", "major",
     "observed/expected 1.50"),
    (f"{SCORE}.bands.0",
     {"band": "low", "patients": 0, "events": 0, "observed": None, "difference": None},
     "bands", "major", "low 0 patients"),
    ("result.decision.curves.0.net_benefit", [0.1, -0.2], "utility", "major",
     "0.1 to 0.3: Score A"),
    ("result.updates", [{"score": "Score A", "chosen": "slope", "rungs": [RUNG]}],
     "updated_uncorrected", "major", "Score A: slope"),
    ("result.subgroups",
     [{"label": "Sex", "rows": [{"events": 12}, {"events": 80}],
       "interactions": [{"p_value": 0.03}]}],
     "subgroup_fishing", "minor", "2 groups, 1 of them with fewer than 20 events"),
    (f"{SCORE}.refusals", [{"patients": 200, "what": "no ferritin"}], "not_scored", "minor",
     "800 scored, at least 200 not (20 %; no ferritin)"),
    (f"{SCORE}.status", "unverified", "unverified_score", "major", "Score A"),
    ("plan.resampling.bootstrap", 0, "resamples", "minor", "0 resamples"),
    ("result.guard.unchecked", ["crp"], "predictor_after_event", "major", "crp"),
    ("result.simulated", True, "simulated", "information", "simulated"),
    ("result.flow.1", {"label": "all inputs measured", "patients": 500, "events": 100,
                       "excluded": 300, "excluded_events": 100},
     "complete_cases", "major", "300 of 800 patients (38 %) and 100 of 200 events (50 %)"),
    ("result.flow.1", {"label": "outcome known", "patients": 300, "events": 100, "excluded": 500,
                       "excluded_events": 100}, "selection_of_patients", "major", "500 of 800"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("path", "value", "code", "severity", "words"),
    SPOILED,
    ids=[f"{place}-{row[2]}" for place, row in enumerate(SPOILED)],
)
def test_a_fault_is_found_with_its_numbers(
    path: str, value: Any, code: str, severity: str, words: str
) -> None:
    document = validated()
    if code == "onset_without_event":
        document["result"]["guard"]["landmark_day"] = 3.0
    assert found(document, code) == []
    ((grade, evidence),) = found(spoiled(document, path, value), code)
    assert grade == severity
    assert words in evidence


def banded(adverse: str | None, *risks: tuple[float, float, float]) -> dict[str, Any]:
    document = validated()
    score = document["result"]["scores"][0]
    score["adverse"] = adverse
    score["bands"] = [
        {"band": f"band {place}", "patients": 50, "events": 10, "observed": estimate(*risk)}
        for place, risk in enumerate(risks)
    ]
    return document


LOW, HIGH, WIDE = (0.15, 0.1, 0.2), (0.6, 0.5, 0.7), (0.5, 0.12, 0.9)


@pytest.mark.parametrize(
    ("adverse", "risks", "severity"),
    [
        ("high", (LOW, HIGH, WIDE), "minor"),
        ("high", (LOW, HIGH, (0.3, 0.2, 0.4)), "major"),
        ("high", (HIGH, LOW), "major"),
        ("low", (LOW, HIGH), "major"),
        (None, (LOW, HIGH, (0.3, 0.2, 0.4)), "major"),
        (None, ((0.15, None, None), HIGH, (0.3, None, None)), "minor"),
    ],
)
def test_a_risk_out_of_the_order_of_the_bands_is_graded_by_intervals(
    adverse: str | None, risks: tuple[tuple[float, float, float], ...], severity: str
) -> None:
    ((grade, evidence),) = found(banded(adverse, *risks), "bands")
    assert grade == severity
    assert f"{risks[-1][0]:.2f}" in evidence


@pytest.mark.parametrize(
    ("adverse", "risks"),
    [("high", (LOW, HIGH)), ("low", (HIGH, LOW)), (None, (LOW, HIGH)), (None, (HIGH, LOW))],
)
def test_a_risk_that_goes_the_way_of_the_score_passes(
    adverse: str | None, risks: tuple[tuple[float, float, float], ...]
) -> None:
    assert answered(banded(adverse, *risks), "bands")


@pytest.mark.parametrize(
    ("place", "numbers", "severity"),
    [
        (0, (1.31, 1.002, 1.71), "major"),
        (0, (1.31, 0.998, 1.71), "minor"),
        (0, (0.7, 0.5, 0.98), "major"),
        (0, (1.1, 1.05, 1.15), "minor"),
        (1, (0.6, 0.3, 1.1), "minor"),
        (1, (0.7, None, None), "minor"),
        (1, (1.5, 1.2, 1.8), "major"),
        (1, (1.2, 0.9, 1.5), ""),
    ],
)
def test_the_fit_of_risks_is_judged_by_intervals_as_the_summary_does(
    place: int, numbers: tuple[float, float | None, float | None], severity: str
) -> None:
    document = spoiled(validated(), f"{SCORE}.calibration.{place}.estimate", estimate(*numbers))
    assert [grade for grade, _ in found(document, "miscalibrated")] == (
        [severity] if severity else []
    )


def test_follow_up_shorter_than_the_horizon_is_found() -> None:
    document = validated()
    document["result"]["outcome"] |= {
        "kind": "survival", "time_unit": "months", "horizon": 24.0,
        "follow_up": estimate(10.0, 9.0, 11.0),
    }  # fmt: skip
    assert "horizon 24 months" in found(document, "follow_up_short")[0][1]


def test_a_corrected_update_and_an_untouched_score_pass() -> None:
    for chosen, rung in (("slope", FAIR), ("as is", {"name": "as is", "measures": []})):
        update = {"score": "Score A", "chosen": chosen, "rungs": [rung]}
        assert answered(spoiled(validated(), "result.updates", [update]), "updated_uncorrected")


def test_without_its_origin_a_score_may_be_of_the_same_patients() -> None:
    document = spoiled(validated(), f"{SCORE}.published", [])
    document["result"]["scores"][0]["development_data_sha256"] = None
    assert not answered(document, "same_patients")


def test_probast_of_an_evaluation_leaves_out_questions_of_development() -> None:
    domains = referee(validated()).domains
    numbers = [one.question.split()[0] for one in domains if one.instrument == "PROBAST"]
    assert len(numbers) == 17
    assert not {"4.5", "4.8", "4.9"} & set(numbers)


def test_the_domains_of_probast_ai_follow_from_the_questions() -> None:
    domains = [one for one in referee(validated()).domains if one.instrument == "PROBAST+AI"]
    judged = [one for one in domains if one.question.startswith("Risk of bias of the evaluation")]
    assert [one.domain for one in judged] == [
        "participants and data sources", "predictors", "outcome", "analysis",
    ]  # fmt: skip
    for one in judged:
        own = [each for each in domains if each.domain == one.domain and each is not one]
        assert all(each.question[0] == "E" for each in own)
        answers = {each.answer for each in own}
        if "no" in answers:
            assert one.answer == "high"
            numbers = [each.question.split()[0] for each in own if each.answer == "no"]
            assert one.because == "answered no: " + ", ".join(numbers)
        elif answers <= {"yes", "probably yes", "not applicable"}:
            assert one.answer == "low"
        else:
            assert (one.answer, one.because) == ("", "")
    # who chose the patients, and how, no run can know
    assert judged[0].answer == ""
