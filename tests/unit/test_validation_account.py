"""What a validation says in words: cautions fire where they should, and only there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from faultless_validation import (
    BINARY,
    SURVIVAL,
    estimate,
    measure,
    plan,
    score,
    validation,
)

from cartwheel.estimate import Estimate
from cartwheel.note import Note
from cartwheel.patients import FlowStep, GuardReport, OutcomeSummary
from cartwheel.validation.account.methods import methods
from cartwheel.validation.account.notes import notes
from cartwheel.validation.account.said import (
    joined,
    number,
    ordered,
    percent,
    question,
    share_with_interval,
    verdict,
    with_interval,
)
from cartwheel.validation.account.score_notes import score_notes
from cartwheel.validation.plan import ValidationPlan
from cartwheel.validation.result import (
    Comparison,
    Decision,
    ImputedInput,
    ImputedMeasure,
    ImputedValidation,
    Validation,
)
from cartwheel.validation.result_groups import Centres, GroupRow, Subgroup
from cartwheel.validation.result_score import BandRow, PublishedFigure, ScoreResult


def found(what: ScoreResult, outcome: OutcomeSummary = BINARY) -> dict[str, Note]:
    return {note.code: note for note in score_notes(what, outcome)}


def told(what: Validation, asked: ValidationPlan | None = None) -> dict[str, Note]:
    return {note.code: note for note in notes(what, asked or plan())}


def calibrated(ratio: tuple[float, float, float], slope: tuple[float, float, float]) -> ScoreResult:
    return score(
        calibration=(measure("observed_expected", *ratio), measure("calibration_slope", *slope))
    )


def test_a_sound_score_gets_no_caution() -> None:
    assert found(score()) == {}
    assert told(validation()) == {}


@pytest.mark.parametrize(
    ("numbers", "code", "words"),
    [
        ((0.3, 0.2, 0.45), "ranks_wrong", "wrong way round"),
        ((0.45, 0.35, 0.55), "ranks_wrong", "may be chance"),
        ((0.55, 0.45, 0.65), "discrimination_not_shown", "includes 0.5"),
        ((0.5, None, None), "discrimination_not_shown", "does not rank the patients at all"),
        ((1.0, None, None), "discrimination_no_interval", "not to be read as certain"),
        ((None, None, None), "discrimination_unknown", "as told"),
    ],
)
def test_discrimination(numbers: tuple[float | None, ...], code: str, words: str) -> None:
    note = found(score(discrimination=(measure("auc", *numbers),)))[code]
    assert note.severity == "caution"
    assert words in note.text


def test_only_a_certain_reversal_goes_without_doubt() -> None:
    sure = found(score(discrimination=(measure("auc", 0.3, 0.2, 0.45),)))["ranks_wrong"]
    assert "may be chance" not in sure.text
    assert "AUC 0.30, 95 % interval 0.20 to 0.45" in sure.text


@pytest.mark.parametrize(
    ("ratio", "slope", "codes", "words"),
    [
        ((0.6, 0.5, 0.72), (1, 0.8, 1.2), {"risk_too_high"}, "for every 100 events predicted 60"),
        ((1.6, 1.4, 1.83), (1, 0.8, 1.2), {"risk_too_low"}, "Risks are predicted too low"),
        ((1, 0.85, 1.18), (0.5, 0.3, 0.7), {"risk_too_extreme"}, "too extreme"),
        ((1, 0.85, 1.18), (1.6, 1.2, 2.0), {"risk_too_moderate"}, "too close together"),
        ((1, 0.6, 1.7), (1, 0.8, 1.2), {"risk_level_unclear"}, "no sign of good calibration"),
        ((1, 0.85, 1.18), (1, 0.4, 1.6), {"slope_unclear"}, "cannot be told"),
        ((0.6, 0.5, 0.72), (0.5, 0.3, 0.7), {"risk_too_high", "risk_too_extreme"}, "100"),
    ],
)
def test_calibration(
    ratio: tuple[float, float, float],
    slope: tuple[float, float, float],
    codes: set[str],
    words: str,
) -> None:
    given = found(calibrated(ratio, slope))
    assert set(given) == codes
    assert any(words in note.text for note in given.values())
    assert all(note.severity == "caution" for note in given.values())


def test_calibration_index_is_told_in_percentage_points() -> None:
    parts = (*score().calibration, measure("ici", 0.052, 0.03, 0.08), measure("e90", 0.11))
    note = found(score(calibration=parts))["calibration_index"]
    assert "by 5.2 percentage points on average" in note.text
    assert "more than 11.0" in note.text


def test_without_a_risk_calibration_cannot_be_judged() -> None:
    given = found(score(predicts="value", calibration=(), overall=()), SURVIVAL)
    assert set(given) == {"no_risk"}
    assert "death within 12 months" in given["no_risk"].text
    assert set(found(score(predicts="band risk"))) == {"band_risk"}


def band(name: str, risk: float | None, published: float | None = None) -> BandRow:
    seen = None if risk is None else estimate(risk, risk - 0.05, risk + 0.05)
    said = None if published is None else estimate(published)
    return BandRow(name, 0 if risk is None else 100, 10, seen, None, said, None)


@pytest.mark.parametrize(
    ("adverse", "risks", "wrong"),
    [
        ("high", (0.1, 0.2, 0.3), False),
        ("high", (0.1, None, 0.3), False),
        ("high", (0.2, 0.1, 0.3), True),
        ("high", (0.2, None, 0.1), True),
        ("low", (0.3, 0.2, 0.1), False),
        ("low", (0.1, 0.2, 0.3), True),
    ],
)
def test_bands_in_order(adverse: str, risks: tuple[float | None, ...], wrong: bool) -> None:
    rows = tuple(band(name, risk) for name, risk in zip("abc", risks, strict=True))
    assert ("bands_out_of_order" in found(score(bands=rows, adverse=adverse))) is wrong


def test_band_order_names_the_bands() -> None:
    rows = (band("low", 0.2), band("high", 0.1))
    note = found(score(bands=rows))["bands_out_of_order"]
    assert "low 20 % (15 % to 25 %), then high 10 % (5.0 % to 15 %)" in note.text


def test_published_risk_of_a_band_outside_the_interval() -> None:
    rows = (band("low", 0.1, 0.12), band("high", 0.3, 0.5))
    note = found(score(bands=rows))["band_risk_differs"]
    assert "1 of 2 bands" in note.text
    assert "high 30 % (25 % to 35 %) against 50 %" in note.text


def figure(name: str, published: float, *here: float) -> PublishedFigure:
    return PublishedFigure("the first cohort", name, estimate(published), estimate(*here))


def test_published_figures() -> None:
    worse = found(score(published=(figure("AUC", 0.88, 0.7, 0.6, 0.8),)))
    assert "AUC 0.70, 95 % interval 0.60 to 0.80, published 0.88" in worse["below_published"].text
    better = found(score(published=(figure("Harrell's C", 0.6, 0.7, 0.65, 0.8),)))
    assert better["above_published"].severity == "information"
    assert found(score(published=(figure("AUC", 0.75, 0.7, 0.6, 0.8),))) == {}
    # of a Brier score or a slope more is not better
    assert found(score(published=(figure("brier", 0.2, 0.1, 0.08, 0.12),))) == {}


def test_status_and_direction() -> None:
    given = found(score(status="unverified", adverse_source="plan"))
    assert given["unverified_score"].severity == "caution"
    assert given["direction_from_plan"].severity == "assumption"


def test_few_events_counts_the_rarer_class() -> None:
    few = told(validation(outcome=replace(BINARY, events=17)))["few_events"]
    assert few.text.startswith("17 events")
    rare = told(validation(outcome=replace(BINARY, events=390)))["few_events"]
    assert rare.text.startswith("10 patients without the event")
    # of survival only events count
    assert "few_events" not in told(validation(outcome=replace(SURVIVAL, events=390)))


def flow(*lost: int) -> tuple[FlowStep, ...]:
    steps = [FlowStep("rows in the file", 400 + sum(lost), 150, 0, 0)]
    for place, one in enumerate(lost):
        left = 400 + sum(lost[place + 1 :])
        steps.append(FlowStep(f"score {place} computed", left, 150, one, 1))
    return tuple(steps)


def test_complete_case_loss_is_added_over_the_scores() -> None:
    two = (score(), score(name="Other"))
    note = told(validation(flow=flow(60, 40), scores=two))["complete_cases"]
    assert note.severity == "caution"
    assert "100 eligible patients (20 %), 2 of them with the event" in note.text
    small = told(validation(flow=flow(4)))["complete_cases"]
    assert small.severity == "information"


def test_short_follow_up() -> None:
    assert "follow_up_short" not in told(validation(outcome=SURVIVAL))
    short = replace(SURVIVAL, follow_up=Estimate(7.0))
    assert "7.0 months" in told(validation(outcome=short))["follow_up_short"].text


def imputation(**parts: Any) -> ImputedValidation:
    row = ImputedMeasure(
        "Good", "auc", "AUC", estimate(0.8, 0.7, 0.9), estimate(0.79, 0.7, 0.88), 0.001, 0.1
    )
    plain = ImputedValidation(
        imputations=20,
        iterations=5,
        resamples=500,
        patients=400,
        events=150,
        complete_patients=350,
        complete_events=140,
        inputs=(ImputedInput("crp_mg_l", "CRP", 50, 12.5, 1.01),),
        outcome_in_model="the event",
        measures=(row,),
        failed=0,
        text="as told",
    )
    return replace(plain, **parts)


def test_imputation() -> None:
    given = told(validation(imputation=imputation()))
    assert set(given) == {"imputed"}
    assert "50 patients (12 %)" in given["imputed"].text
    assert set(told(validation(imputation=imputation(inputs=())))) == {"nothing_missing"}
    bad = imputation(
        imputations=5,
        failed=12,
        inputs=(ImputedInput("crp_mg_l", "CRP", 50, 12.5, 1.6),),
        measures=(
            ImputedMeasure(
                "Good", "auc", "AUC", estimate(0.9, 0.8, 1), estimate(0.7, 0.6, 0.8), 0, None
            ),
        ),
    )
    given = told(validation(imputation=bad))
    assert set(given) == {
        "imputed",
        "few_imputations",
        "chains_apart",
        "resamples_failed",
        "imputed_differs",
    }
    assert "here 13" in given["few_imputations"].text
    assert "0.90 complete, 0.70 imputed" in given["imputed_differs"].text


def test_what_was_not_done_or_only_assumed() -> None:
    none = plan(resampling={"bootstrap": 0})
    assert set(told(validation(), none)) == {"no_resamples"}
    assert told(validation(scores=(score(predicts="value"),)), none) == {}
    guard = GuardReport(None, (), ("crp", "ferritin"), 0, 0, "")
    assert "crp and ferritin" in told(validation(guard=guard))["days_not_checked"].text
    decision = Decision(0.05, 0.5, (0.05, 0.5), (), (), (), "")
    assert set(told(validation(decision=decision))) == {"thresholds_default"}
    asked = plan(decision={"low": 0.1, "high": 0.3, "step": 0.01})
    assert told(validation(decision=decision), asked) == {}


def test_groups_and_comparisons() -> None:
    rows = (GroupRow("a", 100, 40, "", ()), GroupRow("b", 5, 1, "fewer than 20 patients", ()))
    centres = Centres("site", rows, (), (), ())
    given = told(validation(centres=centres, subgroups=(Subgroup("sex", "Sex", rows, ()),)))
    assert set(given) == {"groups_withheld", "centres_few"}
    assert given["groups_withheld"].text.startswith("2 of 4")
    pair = Comparison("auc", "AUC", "Good", "Other", estimate(0.1, 0.0, 0.2), 0.05)
    assert set(told(validation(comparisons=(pair, pair)))) == {"many_comparisons"}


def test_cautions_come_first_and_nothing_twice() -> None:
    given = score_notes(
        score(
            predicts="band risk",
            status="unverified",
            adverse_source="plan",
            published=(figure("AUC", 0.6, 0.7, 0.65, 0.8),),
        ),
        BINARY,
    )
    assert [note.severity for note in given] == [
        "caution",
        "assumption",
        "assumption",
        "information",
    ]
    assert ordered((*given, *given)) == given


@pytest.mark.parametrize(
    ("what", "words"),
    [
        (score(), "ranks patients better than chance (AUC 0.80, 95 % interval 0.75 to 0.84)"),
        (score(discrimination=(measure("auc", 0.3, 0.2, 0.4),)), "the wrong way round (AUC 0.30"),
        (score(discrimination=()), "cannot be judged as to how it ranks"),
        (calibrated((0.6, 0.5, 0.7), (0.5, 0.3, 0.7)), "its risks are too high"),
        (calibrated((0.6, 0.5, 0.7), (0.5, 0.3, 0.7)), "too extreme (calibration slope 0.50"),
        (calibrated((1.6, 1.5, 1.7), (1.5, 1.3, 1.7)), "its risks are too low"),
        (score(), "not shown to be too high or too low"),
        (score(predicts="value", calibration=()), "neither calibration nor utility"),
        (score(calibration=()), "its calibration could not be estimated"),
    ],
)
def test_verdict(what: ScoreResult, words: str) -> None:
    said = verdict(what, BINARY)
    assert words in said
    assert said.startswith("In 400 patients with 150 events Good ")
    assert said.endswith(".")
    assert said.count(". ") == 0  # one sentence


def test_question() -> None:
    two = plan(scores=({"score": "folder/easix.toml"}, {"score": "hscore", "name": "HScore"}))
    assert question(two, SURVIVAL) == (
        "How well do easix.toml and HScore predict death within 12 months in these patients, still "
        "event-free and under observation after day 3?"
    )
    assert question(plan(), BINARY) == (
        "How well does good predict severe CRS in these patients?"
    )  # fmt: skip


def test_methods_name_every_choice() -> None:
    full = validation(
        outcome=SURVIVAL,
        imputation=imputation(),
        comparisons=(Comparison("auc", "AUC", "a", "b", estimate(0.1, 0, 0.2), None),),
        decision=Decision(0.1, 0.3, (0.1, 0.3), (), (), (), "Band risks stand for patients."),
        scores=(score(bands=(band("low", 0.1), band("high", 0.2)), choices={"age": "old"}),),
    )
    asked = plan(
        imputation={"auxiliary": ("ferritin",)},
        decision={"low": 0.1, "high": 0.3, "step": 0.05},
        resampling={"bootstrap": 200, "seed": 4711},
        level=0.9,
    )
    text = "\n".join(methods(full, asked, "9.9"))
    for words in (
        "A good score (good version 1, published) with age = old, high values adverse by its file",
        "in 400 patients with 150 events; risks were read at 12 months",
        "imputed 20 times by chained equations (5 rounds",
        "seed 4711",
        "ferritin, and the event",
        "percentiles of 500 bootstrap resamples",
        "Discrimination. AUC: as told.",
        "Risks of bands: as told.",
        "thresholds from 0.1 to 0.3 by 0.05",
        "Band risks stand for patients.",
        "200 bootstrap resamples of the patients (percentiles; seed 4711)",
        "Intervals cover 90 %",
        "cartwheel 9.9",
    ):
        assert words in text, words
    bare = "\n".join(methods(validation(), plan(resampling={"bootstrap": 0}), "9.9"))
    assert "nothing was imputed" in bare
    assert "Nothing was resampled" in bare
    assert "Net benefit" not in bare


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "not estimable"), (0.0, "0 %"), (0.034, "3.4 %"), (0.0996, "10 %"), (1.0, "100 %")],
)
def test_percent(value: float | None, said: str) -> None:
    assert percent(value) == said


def test_numbers_in_sentences() -> None:
    assert number(-0.5) == "\N{MINUS SIGN}0.50"
    assert number(None) == "not estimable"
    assert with_interval(estimate(0.5)) == "0.50, without an interval"
    assert with_interval(estimate(None)) == "not estimable"
    assert share_with_interval(estimate(0.5)) == "50 %"
    assert joined(["a"]) == "a"
    assert joined(["a", "b", "c"]) == "a, b and c"
