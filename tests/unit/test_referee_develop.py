"""The referee on developments: every rule finds its fault, with the numbers of the run."""

from __future__ import annotations

from typing import Any

import pytest
from referee_examples import (
    answered,
    developed,
    estimate,
    found,
    measure,
    performance,
    searched,
    spoiled,
    survival,
)

from cartwheel.referee.report import referee, referee_plan

SIZE = "result.sample_size"
OUTCOME = "result.outcome"
WIDE = {**searched(), "wander": estimate(600.0, 200.0, 800.0)}


@pytest.mark.parametrize("document", [developed(), survival()], ids=["binary", "survival"])
def test_nothing_is_found_where_nothing_is_wrong(document: dict[str, Any]) -> None:
    report = referee(document)
    assert report.findings == ()
    assert report.summary.startswith("The referee has no findings")


# path, value, rule, severity, words of its evidence
SPOILED: tuple[tuple[str, Any, str, str, str], ...] = (
    (f"{SIZE}.candidate_parameters", 100, "events_per_parameter", "critical", "3.0 each"),
    (f"{SIZE}.candidate_parameters", 40, "events_per_parameter", "major", "7.5 each"),
    (f"{SIZE}.candidate_parameters", 20, "events_per_parameter", "minor", "15.0 each"),
    (f"{SIZE}.expected_shrinkage", 0.85, "expected_shrinkage", "minor", "shrinkage 0.85"),
    (f"{SIZE}.expected_shrinkage", 0.6, "expected_shrinkage", "major", "shrinkage 0.60"),
    (f"{SIZE}.expected_shrinkage", -0.1, "expected_shrinkage", "critical", "shrinkage -0.10"),
    (f"{OUTCOME}.events", 7, "very_few_events", "critical", "7 events"),
    (f"{OUTCOME}.events", 995, "very_few_events", "critical", "5 patients without the event"),
    ("result.cutoffs", [searched()], "cutoff_searched", "minor", "p = 0.010 after the search"),
    ("result.cutoffs", [searched(0.06)], "cutoff_searched", "major", "p = 0.060 after the search"),
    ("result.cutoffs", [searched(None)], "cutoff_searched", "major", "Ferritin >= 700"),
    ("result.cutoffs", [WIDE], "cutoff_wanders", "minor", "60 % of the patients"),
    ("result.cutoffs", [WIDE, WIDE], "cutoff_wanders", "major", "200 to 800"),
    ("plan.predictors.0.cutoff", {"method": "fixed", "value": 500.0}, "dichotomised", "minor",
     "0.790 cut, 0.790 uncut: +0.000"),
    ("plan.points.bands", ["low", "high"], "bands_after_looking", "minor", "quantiles"),
    ("plan.points.selection", "univariable", "univariable_screening", "major", "p < 0.05"),
    ("plan.points.selection", "backward", "univariable_screening", "minor", "backward"),
    ("result.selection", [{"label": "CRP", "selected": True, "frequency": 0.41}],
     "selection_unstable", "major", "CRP chosen here, chosen in 41 %"),
    ("result.selection", [{"label": "LDH", "selected": False, "frequency": 0.7}],
     "selection_unstable", "major", "LDH left out here, chosen in 70 %"),
    ("result.guard.unchecked", ["ferritin"], "predictor_after_event", "major", "not checked 1"),
    ("result.guard.unchecked", ["age"], "adjustment_without_day", "minor", "not checked 1: age"),
    ("result.associations", [{"p_value": 0.03, "p_adjusted": 0.09}], "multiplicity", "major",
     "1 have p < 0.05 alone and 0 after"),
    ("result.associations", [{"p_value": 0.3, "p_adjusted": 0.9}] * 9, "multiplicity", "minor",
     "11 looks"),
    ("result.columns.1.variable", None, "unit_unknown", "minor", "1 of 2: CRP"),
    ("result.adjusted_model",
     {"rows": [{"label": "Score", "effect": estimate(1.1, 0.8, 1.5), "p_value": 0.5}, {}]},
     "adjusted_effect", "major", "adjusted for 1 columns: 1.10 (0.80 to 1.50), p = 0.500"),
    ("plan.outcome.event", "died_within_year", "censoring_ignored", "major", "'died'"),
    ("result.performance.resamples", 0, "optimism_not_corrected", "critical", "0 resamples"),
    ("result.performance.resamples", 50, "optimism_not_corrected", "minor", "50 resamples"),
    ("result.performance.failed", 80, "optimism_not_corrected", "major", "80 of 1000"),
    ("result.performance.measures.0", measure("auc", "AUC", 0.8, None), "optimism_not_corrected",
     "critical", "0.800 (0.750 to 0.850) apparent"),
    ("result.performance.measures.0", measure("auc", "AUC", 0.6, 0.53), "no_better_than_chance",
     "critical", "0.530 (0.480 to 0.580) corrected; 0.5 is inside"),
    ("result.performance.measures.0.apparent", estimate(0.8), "auc_without_interval", "major",
     "AUC 0.800 apparent"),
    ("result.performance.measures.1", measure("calibration_slope", "Slope", 1.0, 0.7, 0.2),
     "miscalibrated", "major", "0.70 (0.50 to 0.90)"),
    ("result.instability", {"resamples": 990, "mean_absolute_difference": estimate(0.083),
     "regrouped": estimate(0.21)}, "predictions_unstable", "minor",
     "8.3 percentage points on average over 990 resamples; 21 %"),
    ("result.nri", {"value": 0.2}, "nri_without_caveats", "minor", "nri"),
    ("result.methods", ["Patients were divided at random into a training set."], "random_split",
     "major", "'training set'"),
    ("result.flow.2", {"label": "all predictors measured", "patients": 920, "events": 280,
                       "excluded": 80, "excluded_events": 20},
     "complete_cases", "minor", "80 of 1000 patients (8.0 %) and 20 of 300 events (6.7 %)"),
    ("result.flow.2", {"label": "all predictors measured", "patients": 800, "events": 290,
                       "excluded": 200, "excluded_events": 10}, "complete_cases", "major", "20 %"),
    ("result.flow.1", {"label": "not assessed", "patients": 250, "events": 100, "excluded": 750,
                       "excluded_events": 200}, "selection_of_patients", "major",
     "750 of 1000 patients left out (75 %): not assessed: 750 (200 events)"),
    ("result.flow.1", {"label": "too young", "patients": 700, "events": 100, "excluded": 300,
                       "excluded_events": 0}, "selection_of_patients", "minor", "30 %"),
    ("result.imputation", {"percent": 60.0}, "imputation", "minor", "60 %"),
    ("result.simulated", True, "simulated", "information", "simulated"),
    ("plan.predictors.0.direction", "low", "direction_against_literature", "major",
     "here low is adverse"),
    ("result.cutoffs", [{**searched(), "method": "fixed", "cut": 0.7}],
     "cutoff_against_literature", "major", "FERRITIN 0.7 ug/L, published 650, 2000 ug/L"),
    ("result.cutoffs", [{**searched(), "method": "fixed", "cut": 200.0}],
     "cutoff_against_literature", "minor", "FERRITIN 200 ug/L"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("path", "value", "code", "severity", "words"),
    SPOILED,
    ids=[f"{place}-{row[2]}" for place, row in enumerate(SPOILED)],
)
def test_a_fault_is_found_with_its_numbers(
    path: str, value: Any, code: str, severity: str, words: str
) -> None:
    clean, bad = developed(), spoiled(developed(), path, value)
    assert found(clean, code) == []
    ((grade, evidence),) = found(bad, code)
    assert grade == severity
    assert words in evidence


# path, value, rule, severity, words of its evidence
TIMED: tuple[tuple[str, Any, str, str, str], ...] = (
    ("result.columns.0.day", 7.0, "immortal_time", "critical", "FERRITIN (day 7)"),
    ("plan.outcome.event", "relapse", "competing_risks", "major", "'relapse'"),
    ("result.proportional_hazards.global_p_value", 0.004, "proportional_hazards", "major",
     "p = 0.004"),
    ("result.proportional_hazards.terms", [{"label": "CRP", "p_value": 0.02}],
     "proportional_hazards", "minor", "CRP (p = 0.020)"),
    ("result.outcome.follow_up", estimate(9.0, 8.0, 10.0), "follow_up_short", "major",
     "horizon 12 months, median follow-up 9.0 (8.0 to 10.0) months"),
    ("plan.outcome.horizon", None, "horizon_not_declared", "minor", "12, the median"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("path", "value", "code", "severity", "words"), TIMED, ids=[row[2] for row in TIMED]
)
def test_a_fault_of_time_is_found(
    path: str, value: Any, code: str, severity: str, words: str
) -> None:
    document = survival()
    if code == "competing_risks":
        # death is part of none of the names
        document["plan"]["outcome"] |= {"time": "months"}
        document["result"]["outcome"]["label"] = "relapse"
    assert found(survival(), code) == []
    ((grade, evidence),) = found(spoiled(document, path, value), code)
    assert grade == severity
    assert words in evidence


def test_riley_needs_more_patients_for_a_weak_model() -> None:
    document = developed()
    document["result"]["sample_size"] |= {"n": 125, "events": 17, "candidate_parameters": 7}
    document["result"]["uncut"] = performance(0.875, 0.836)
    ((grade, evidence),) = found(document, "riley_criteria")
    # the same model appraised from its paper needs 315 at an AUC of 0.836 before rounding
    assert grade == "major"
    assert "for a corrected AUC of 0.836), 125 there" in evidence
    needed = int(evidence.split()[0])
    assert needed == pytest.approx(315, abs=2)


def test_a_searched_cut_without_resamples_is_critical() -> None:
    document = spoiled(developed(), "result.cutoffs", [searched()])
    document["result"]["performance"] = performance(0.8, None, resamples=0)
    assert found(document, "cutoff_searched")[0][0] == "critical"


def test_dichotomising_that_costs_is_major() -> None:
    document = developed()
    document["plan"]["predictors"][0]["cutoff"] = {"method": "fixed", "value": 500.0}
    document["result"]["uncut"] = performance(0.85, 0.84)
    ((grade, evidence),) = found(document, "dichotomised")
    assert grade == "major"
    assert "0.790 cut, 0.840 uncut: +0.050" in evidence


def test_a_landmark_ends_immortal_time_and_tells_its_cost() -> None:
    document = spoiled(survival(), "result.columns.0.day", 7.0)
    document["plan"]["landmark_day"] = 7.0
    document["result"]["guard"] |= {"landmark_day": 7.0, "cost_patients": 9, "cost_events": 301}
    assert found(document, "immortal_time") == []
    assert found(document, "landmark_cost")[0][1].endswith("50 % of all events.")


def test_both_directions_of_the_platelet_ratio_are_told() -> None:
    document = developed()
    document["plan"]["predictors"][0]["column"] = "plr"
    document["result"]["columns"][0] |= {"column": "plr", "variable": "plr", "kind": "ratio"}
    for direction in ("high", "low"):
        document["plan"]["predictors"][0]["direction"] = direction
        ((grade, evidence),) = found(document, "direction_against_literature")
        assert grade == "information"
        assert "high adverse" in evidence
        assert "low adverse" in evidence


def test_a_welcome_event_turns_directions_round() -> None:
    document = spoiled(developed(), "plan.outcome.event", "complete_response")
    document["plan"]["predictors"][0]["direction"] = "low"
    assert not answered(document, "direction_against_literature")


def test_without_a_test_of_hazards_the_rule_is_silent() -> None:
    document = survival()
    del document["result"]["proportional_hazards"]
    assert not answered(document, "proportional_hazards")
    assert answered(developed(), "proportional_hazards")


PLAN = developed()["plan"]


def test_a_good_plan_is_told_only_what_it_will_cost() -> None:
    report = referee_plan(PLAN)
    assert report.kind == "plan"
    assert [one.code for one in report.findings] == ["parameters_planned"]
    assert "2 predictors, 0 searched cut-offs: at least 2" in report.findings[0].evidence


@pytest.mark.parametrize(
    ("path", "value", "code", "severity"),
    [
        ("method", "index", "cutoff_searched", "minor"),
        ("method", "index", "dichotomised", "minor"),
        ("resampling.bootstrap", 0, "optimism_not_corrected", "critical"),
        ("points.selection", "univariable", "univariable_screening", "major"),
        ("predictors.0.direction", "low", "direction_against_literature", "major"),
        (
            "predictors.0.cutoff",
            {"method": "fixed", "value": 5.0},
            "cutoff_against_literature",
            None,
        ),
        ("outcome.event", "death", "censoring_ignored", "major"),
    ],
)
def test_a_plan_is_judged_before_data(path: str, value: Any, code: str, severity: str) -> None:
    report = referee_plan(spoiled(PLAN, path, value))
    grades = [one.severity for one in report.findings if one.code == code]
    assert grades == ([severity] if severity else [])
    assert code not in [one.code for one in referee_plan(PLAN).findings]


def test_a_fixed_cut_of_a_plan_is_held_against_published_ones() -> None:
    plan = spoiled(PLAN, "predictors.0", {
        "column": "ferritin_ug_l_day0", "direction": "high",
        "cutoff": {"method": "fixed", "value": 5.0},
    })  # fmt: skip
    (one,) = [one for one in referee_plan(plan).findings if one.code == "cutoff_against_literature"]
    assert one.severity == "major"
    assert "5 ug/L, published 650, 2000 ug/L" in one.evidence


def test_late_predictors_of_a_plan_without_onset_are_found() -> None:
    plan = spoiled(PLAN, "columns", {"crp": {"day": 7.0}})
    assert "predictor_after_event" not in [one.code for one in referee_plan(plan).findings]
    plan["outcome"]["onset"] = None
    (one,) = [one for one in referee_plan(plan).findings if one.code == "predictor_after_event"]
    assert "crp" in one.evidence
