"""The referee on papers: what their printed numbers, and their readers, say."""

from __future__ import annotations

import math
from typing import Any

import pytest
from develop_examples import cartwheel
from referee_examples import answered, appraised, estimate, found, spoiled

from cartwheel.canonical import plain
from cartwheel.errors import PlanRefused
from cartwheel.pooling.appraisal.claim import Beside
from cartwheel.pooling.appraisal.model import ModelClaim
from cartwheel.pooling.appraisal.words import PaperWords, ValidationAsked
from cartwheel.referee.report import referee
from cartwheel.stats.samplesize_validation import (
    linear_predictor_from_auc,
    validation_n_auc,
    validation_n_observed_expected,
    validation_n_slope,
)
from cartwheel.workflows.appraise import appraise

SEVERE = ModelClaim(125, 17, 7, auc=0.875)


def test_nothing_is_found_in_a_large_model_of_which_nothing_is_said() -> None:
    assert referee(appraised()).findings == ()


# what is said, rule, severity, words of its evidence
SAID: tuple[tuple[dict[str, Any], str, str, str], ...] = (
    ({"cutoffs_searched": 1}, "cutoff_searched", "major", "really about 0.49"),
    ({"cutoffs_searched": 3, "parameters": 7}, "cutoff_searched", "critical", "7 may be 10"),
    ({"screened": "univariable"}, "univariable_screening", "major", "univariable"),
    ({"screened": "stepwise"}, "univariable_screening", "minor", "stepwise"),
    ({"dichotomised": 2, "n": 100}, "dichotomised", "major", "36 of 100 patients"),
    ({"n": 125, "events": 17, "selected_from": 500}, "selection_of_patients", "major",
     "3.4 % to 78 %"),
    ({"split": "random", "n": 120, "events": 30}, "random_split", "major", "about 10 events"),
    ({"no_calibration": True}, "calibration_absent", "major", "as said"),
    ({"missing": "complete"}, "complete_cases", "major", "as said"),
    ({"predictor_day": 7.0, "event_day": 3.0}, "predictor_after_event", "critical",
     "predictors up to day 7, events from day 3 on"),
    ({"predictor_day": 7.0}, "predictor_after_event", "major", "up to day 7"),
    ({"competing_risks": "ignored"}, "competing_risks", "major", "as said"),
    ({"censoring": "ignored"}, "censoring_ignored", "major", "as said"),
    ({"auc_interval": "none"}, "auc_without_interval", "major",
     "2000 patients and 600 events alone it is 0.800 (0.780 to 0.820)"),
    ({"nri": True}, "nri_without_caveats", "major", "as said"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("words", "code", "severity", "evidence"),
    SAID,
    ids=[f"{place}-{row[1]}" for place, row in enumerate(SAID)],
)
def test_what_is_said_becomes_a_finding(
    words: dict[str, Any], code: str, severity: str, evidence: str
) -> None:
    assert found(appraised(), code) == []
    ((grade, told),) = found(appraised(**words), code)
    assert grade == severity
    assert evidence in told


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"cutoffs_searched": 0}, "cutoff_searched"),
        ({"dichotomised": 0}, "dichotomised"),
        ({"screened": "none"}, "univariable_screening"),
        ({"n": 95, "selected_from": 100}, "selection_of_patients"),
        ({"split": "external"}, "random_split"),
        ({"missing": "imputed"}, "complete_cases"),
        ({"predictor_day": 0.0, "event_day": 1.0}, "predictor_after_event"),
        ({"competing_risks": "respected"}, "competing_risks"),
        ({"censoring": "respected"}, "censoring_ignored"),
    ],
)
def test_what_is_said_to_be_right_passes(words: dict[str, Any], code: str) -> None:
    assert answered(appraised(**words), code)


def test_immortal_time_of_a_survival_paper() -> None:
    document = appraised(outcome="survival", predictor_day=7.0)
    document["result"]["model"] = None
    assert found(document, "immortal_time")[0][0] == "critical"


def test_an_optimistic_auc_is_said() -> None:
    document = spoiled(appraised(), "result.model.auc_corrected", 0.75)
    assert found(document, "auc_optimistic") == [
        ("major", "0.800 printed, 0.750 expected in new patients: 0.050 less.")
    ]


def test_a_validation_of_given_size_has_the_intervals_of_the_formulas() -> None:
    claim = ModelClaim(125, 17, 7, auc=0.875, validation=ValidationAsked(100, 14, 0.15))
    external = appraise(model=claim).result.external
    assert external is not None
    rows = {row.criterion: row for row in external.rows}
    share, auc = 14 / 100, external.auc
    # patients needed are those of the published criteria, rounded up
    risks = linear_predictor_from_auc(auc, share)
    assert rows["c_statistic"].patients_needed == validation_n_auc(auc, share)
    assert rows["observed_expected"].patients_needed == validation_n_observed_expected(share)
    assert rows["calibration_slope"].patients_needed == validation_n_slope(risks)
    # by hand: se of the log ratio is sqrt((1 - f) / events)
    error = math.sqrt((1 - share) / 14)
    assert rows["observed_expected"].low == pytest.approx(math.exp(-1.96 * error), rel=1e-12)
    assert rows["observed_expected"].high == pytest.approx(math.exp(1.96 * error), rel=1e-12)
    # the width shrinks with the root of n; the whole number of patients rounds it by 1 in n
    slope = rows["calibration_slope"]
    assert slope.width == pytest.approx(0.2 * math.sqrt(slope.patients_needed / 100), rel=1e-3)
    assert rows["net_benefit"].low < rows["net_benefit"].expected < rows["net_benefit"].high


def test_without_a_size_the_size_for_usual_widths_is_told() -> None:
    document = plain(appraise(model=SEVERE))
    ((grade, evidence),) = found(document, "external_validation")
    assert grade == "information"
    assert "calibration slope 2880" in evidence
    document = plain(appraise(model=ModelClaim(125, 17, 7, auc=0.875,
                                               validation=ValidationAsked(100))))  # fmt: skip
    ((grade, evidence),) = found(document, "external_validation")
    assert grade == "major"
    assert "100 patients, 14 events" in evidence


def test_a_large_validation_can_answer() -> None:
    claim = ModelClaim(2000, 600, 5, auc=0.8, validation=ValidationAsked(20000))
    ((grade, _),) = found(plain(appraise(model=claim)), "external_validation")
    assert grade == "information"


@pytest.mark.parametrize(
    ("asked", "auc"),
    [
        (ValidationAsked(5), 0.875),
        (ValidationAsked(100, 0), 0.875),
        (ValidationAsked(None, 10), 0.875),
        (ValidationAsked(100, 100), 0.875),
        (ValidationAsked(threshold=1.0), 0.875),
        # seven parameters on 17 events give an AUC of 0.55 by chance alone
        (ValidationAsked(100), 0.55),
    ],
)
def test_an_impossible_validation_is_refused(asked: ValidationAsked, auc: float) -> None:
    with pytest.raises(PlanRefused, match=r"validation|event|threshold|AUC"):
        appraise(model=ModelClaim(125, 17, 7, auc=auc, validation=asked))


def test_a_model_of_chance_has_no_validation_to_tell_of() -> None:
    assert appraise(model=ModelClaim(125, 17, 7, auc=0.55)).result.external is None


def test_words_alone_are_enough() -> None:
    done = appraise(words=PaperWords(n=197, outcome="survival", cutoffs_searched=3))
    assert done.result.model is None
    assert done.result.title == "Appraisal of a model"
    codes = [one.code for one in referee(plain(done)).findings]
    assert codes == ["cutoff_searched"]


@pytest.mark.parametrize(
    "words",
    [
        PaperWords(split="halves"),
        PaperWords(missing="some"),
        PaperWords(cutoffs_searched=-1),
        PaperWords(selected_from=500),
        PaperWords(n=600, selected_from=500),
        PaperWords(event_day=3.0),
    ],
)
def test_words_that_cannot_be_are_refused(words: PaperWords) -> None:
    with pytest.raises(PlanRefused):
        appraise(words=words)


def test_words_belong_to_a_model() -> None:
    with pytest.raises(PlanRefused, match="two questions"):
        appraise(pooled=["HR 2.15 (1.74-2.66)"], words=PaperWords(nri=True))


def test_a_printed_pool_is_refereed() -> None:
    done = appraise(pooled=["HR 2.15 (1.74-2.66)"], beside=Beside("8", "1077", "9", None, 0.95, ""))
    document = plain(done)
    ((grade, told),) = found(document, "heterogeneity")
    assert (grade, "I2 9 % (0 to 78 %)" in told) == ("minor", True)
    ((grade, told),) = found(document, "prediction_crosses")
    assert (grade, "0.53 to 8.74" in told) == ("minor", True)
    assert found(document, "few_studies")[0][0] == "minor"
    assert found(document, "printed_disagree") == []
    assert referee(document).domains == ()


POOL = plain(
    appraise(pooled=["HR 2.15 (1.74-2.66)"], beside=Beside("12", None, "9", None, 0.95, ""))
)


@pytest.mark.parametrize(
    ("path", "value", "code", "severity"),
    [
        ("k", 4, "few_studies", "major"),
        ("checks", [{"agrees": False, "text": "limits"}], "printed_disagree", "critical"),
        ("prediction", estimate(2.1, 0.9, 4.0), "prediction_crosses", "major"),
        ("heterogeneity.i2", estimate(70.0, 40.0, 85.0), "heterogeneity", "major"),
        ("knapp_hartung", estimate(2.15, 0.98, 4.7), "normal_interval", "major"),
        ("unknown", ["weights"], "rows_unknown", "information"),
    ],
)
def test_a_fault_of_a_printed_pool_is_found(
    path: str, value: Any, code: str, severity: str
) -> None:
    ((grade, _),) = found(spoiled(POOL, f"result.pooled.0.{path}", value), code)
    assert grade == severity


def test_the_command_prints_the_report() -> None:
    done = cartwheel(
        "appraise", "--n", "125", "--events", "17", "--parameters", "7", "--auc", "0.875",
        "--selected-from", "500", "--predictor-day", "7", "--event-day", "3", "--nri",
        "--no-calibration", "--validation-n", "100", "--threshold", "0.15",
    )  # fmt: skip
    assert done.code == 0, done.err
    for code in ("selection_of_patients", "predictor_after_event", "nri_without_caveats",
                 "calibration_absent", "external_validation", "events_per_parameter"):  # fmt: skip
        assert f"  {code}\n" in done.out
    assert max(len(line) for line in done.out.splitlines()) <= 80


def test_words_without_the_models_numbers_are_told_apart() -> None:
    done = cartwheel("appraise", "--n", "197", "--survival", "--cutoffs-searched", "3")
    assert done.code == 0, done.err
    assert "--events, --parameters, --auc not given" in done.out
    assert "CRITICAL  cutoff_searched" in done.out


def test_a_validation_without_a_model_is_refused() -> None:
    done = cartwheel("appraise", "--n", "197", "--validation-n", "100")
    assert done.code == 2
    assert "--events" in done.err
