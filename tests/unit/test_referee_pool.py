"""The referee on meta-analyses: every rule finds its fault, with the numbers of the run."""

from __future__ import annotations

from typing import Any

import pytest
from pool_example import documents
from referee_examples import answered, estimate, found, pooled, spoiled

from cartwheel.referee.report import referee

ANALYSIS = "result.analyses.0"
STUDY = "result.studies.0"
OVERLAP = {"code": "overlap_pooled", "severity": "caution", "text": "Rows 2, 3 were all pooled."}
BUILT = {"code": "overlap_note", "severity": "caution", "text": "the training cohort"}


def test_nothing_is_found_where_nothing_is_wrong() -> None:
    assert referee(pooled()).findings == ()


# path, value, rule, severity, words of its evidence
SPOILED: tuple[tuple[str, Any, str, str, str], ...] = (
    (f"{ANALYSIS}.k", 8, "few_studies", "minor", "8 studies, 2.00 (1.60 to 2.50)"),
    (f"{ANALYSIS}.k", 3, "few_studies", "major", "3 studies"),
    (f"{ANALYSIS}.main.prediction_low", 0.8, "prediction_crosses", "major", "0.80 to 3.00"),
    (f"{ANALYSIS}.studies.0.weight_percent", 61.0, "one_study_dominates", "major",
     "61 % (Study 0) among 12"),
    (f"{ANALYSIS}.studies.0.weight_percent", 45.0, "one_study_dominates", "minor", "45 %"),
    (f"{ANALYSIS}.leave_one_out.3.estimate", estimate(1.5, 0.9, 2.5), "one_study_decides", "major",
     "without Study 3 1.50 (0.90 to 2.50)"),
    (f"{ANALYSIS}.heterogeneity.i2", estimate(60.0, 20.0, 80.0), "heterogeneity", "minor",
     "I2 60 % (20 to 80 %)"),
    (f"{ANALYSIS}.heterogeneity.i2", estimate(85.0, 70.0, 95.0), "heterogeneity", "major", "85 %"),
    (f"{ANALYSIS}.heterogeneity.i2", estimate(0.0, 0.0, 78.0), "heterogeneity", "information",
     "0 to 78 %"),
    (f"{ANALYSIS}.small_studies.tests.0.p_value", 0.04, "small_studies", "major",
     "egger p = 0.040"),
    (f"{ANALYSIS}.small_studies", {"asked": False}, "small_studies", "information", "12 studies"),
    (f"{ANALYSIS}.subgroups.0.p_value", 0.01, "subgroups_not_planned", "minor",
     "product p = 0.010"),
    ("result.notes", [OVERLAP], "overlap", "major", "Rows 2, 3"),
    (f"{STUDY}.overlap", "the same patients as another row", "overlap", "minor", "Study 0"),
    (f"{STUDY}.moderators.0.text", "no", "mixed_adjustment", "major", "PFS (HR): 1 no; 11 yes"),
    (f"{STUDY}.cutoff", 600.0, "cutoffs_differ", "minor", "2 cut-offs from 500 to 600"),
    (f"{STUDY}.cutoff", 2000.0, "cutoffs_differ", "major", "from 500 to 2000"),
    ("result.notes", [{"code": "mixed_factors", "severity": "caution", "text": "LDH and CRP."}],
     "mixed_questions", "major", "LDH and CRP"),
    ("result.quality", [], "risk_of_bias", "major", "no judgement of 12 studies"),
    ("result.quality.0.studies.0.overall", "high", "risk_of_bias", "minor", "1 of 12"),
    (f"{STUDY}.study", "Someone 2021, training cohort", "development_mixed", "major",
     "beside 11 others"),
    ("result.left_out", [{"study": "Odd 2020", "reason": "outside its interval"}],
     "rows_left_out", "minor", "1 left out, 12 used: Odd 2020: outside its interval"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("path", "value", "code", "severity", "words"),
    SPOILED,
    ids=[f"{place}-{row[2]}" for place, row in enumerate(SPOILED)],
)
def test_a_fault_is_found_with_its_numbers(
    path: str, value: Any, code: str, severity: str, words: str
) -> None:
    assert found(pooled(), code) == []
    ((grade, evidence),) = found(spoiled(pooled(), path, value), code)
    assert grade == severity
    assert words in evidence


def test_a_normal_interval_of_few_studies_stands_beside_the_wider_one() -> None:
    document = spoiled(pooled(), f"{ANALYSIS}.k", 5)
    document["result"]["analyses"][0]["main"]["interval"] = "normal"
    document["result"]["analyses"][0]["models"] = [
        {"interval": "knapp_hartung", "pooled": estimate(2.0, 1.2, 3.3)}
    ]
    ((grade, evidence),) = found(document, "normal_interval")
    assert grade == "minor"
    assert "2.00 (1.60 to 2.50) normal, 2.00 (1.20 to 3.30) by Knapp and Hartung" in evidence


def test_tests_of_fewer_than_ten_studies_are_no_evidence() -> None:
    document = spoiled(pooled(), f"{ANALYSIS}.k", 7)
    assert found(document, "small_studies") == [("minor", "PFS (HR): 7 studies.")]


def test_a_note_on_how_a_score_was_built_is_no_overlap() -> None:
    assert found(spoiled(pooled(), "result.notes", [BUILT]), "overlap") == []


def test_our_own_development_beside_published_cohorts_is_said() -> None:
    document = spoiled(pooled(), f"{STUDY}.file", "ours.json")
    document["result"]["sources"].append({"name": "ours.json", "kind": "develop"})
    assert found(document, "development_mixed")[0][0] == "major"


def test_rules_that_the_table_cannot_feed_say_so() -> None:
    document = pooled()
    for study in document["result"]["studies"]:
        study["moderators"], study["cutoff"] = [], None
    assert not answered(document, "mixed_adjustment")
    assert not answered(document, "cutoffs_differ")


def test_the_judged_domains_are_carried_over() -> None:
    (one,) = referee(pooled()).domains
    assert (one.instrument, one.answer) == ("QUIPS", "yes")
    assert one.because == "judged: 12 low"
    document = pooled()
    for study in document["result"]["quality"][0]["studies"][:7]:
        study["judgements"][0]["level"] = "high"
    (one,) = referee(document).domains
    assert (one.answer, one.because) == ("no", "judged: 7 high, 5 low")


def test_unjudged_studies_leave_quips_blank() -> None:
    domains = referee(spoiled(pooled(), "result.quality", [])).domains
    assert len(domains) == 6
    assert {one.answer for one in domains} == {""}


@pytest.mark.parametrize("name", documents())
def test_a_whole_result_is_read(name: str) -> None:
    report = referee(documents()[name])
    assert report.kind == "pool"
    assert len(report.findings) >= 1
