"""The updating ladder as a whole: which rungs, which choice, what is told, what is refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from score_examples import bare_document, points_document
from score_library import shipped
from score_rows import random_columns
from update_cases import (
    SURVIVAL,
    binary,
    competing,
    extension,
    ladder_plan,
    linear_score,
    plain,
    scored,
    simulated_case,
    survival,
)

from cartwheel.canonical import canonical_json
from cartwheel.clinic.score import score_from_document
from cartwheel.clinic.score_batch import score_columns
from cartwheel.validation.analysed import Predicted, Target
from cartwheel.validation.result_update import Update
from cartwheel.validation.updating.file import Updatable
from cartwheel.validation.updating.frame import frame_of
from cartwheel.validation.updating.ladder import climb, ladder_of
from cartwheel.validation.updating.models import closed_test

KINDS = ("binary", "survival", "competing")
LOGISTIC: dict[str, Any] = {"risk": {"kind": "logistic", "intercept": Decimal("-1")}}


def rung(update: Update, name: str) -> Any:
    return next(one for one in update.rungs if one.name == name)


@pytest.mark.parametrize("kind", KINDS)
def test_the_whole_ladder(kind: str) -> None:
    target, about = simulated_case(kind, 200)
    update, spec = climb(target, about, ladder_plan(kind, extend=["z"], bootstrap=40))
    assert [one.name for one in update.rungs] == [
        "as is", "intercept", "slope", "re-estimated", "extended",
    ]  # fmt: skip
    assert [one.parameters for one in update.rungs] == [0, 1, 2, 3, 4]
    assert update.chosen == "extended"
    assert spec is not None
    assert (update.new_id, update.new_version, update.new_sha256) == (
        spec.id, "1+recal.1", spec.identity,
    )  # fmt: skip
    assert sum(share for _, share in update.chosen_share) == pytest.approx(1.0)
    likelihoods = [one.log_likelihood for one in update.rungs]
    assert likelihoods == sorted(likelihoods)
    for one in update.rungs:
        assert one.measures
        for measure in one.measures:
            assert measure.corrected is not None
            if one.name == "as is":
                assert measure.corrected == measure.apparent
    ranked = "auc" if kind == "binary" else "auc_at_horizon"
    best = next(each for each in rung(update, "extended").measures if each.name == ranked)
    assert best.corrected.value < best.apparent.value
    assert "whole ladder and its choice" in best.corrected.method
    wandered = dict(update.chosen_share)["extended"] < 1.0
    assert ("allow for the choice" in update.text) is wandered
    other = next(each for each in rung(update, "slope").measures if each.name == ranked)
    assert "optimism of the update" in other.corrected.method
    assert {row.name for row in spec.performance} == {each.name for each in
        rung(update, "extended").measures if each.apparent.value is not None}  # fmt: skip
    assert all(row.corrected is not None for row in spec.performance)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_bytes_for_any_number_of_threads(kind: str) -> None:
    target, about = simulated_case(kind, 90)
    wanted = ladder_plan(kind, extend=["z"], bootstrap=60)
    told = [climb(target, about, wanted, threads=threads) for threads in (1, 2)]
    assert canonical_json(told[0][0]) == canonical_json(told[1][0])
    assert told[0][1] == told[1][1]


def test_progress_is_told() -> None:
    target, about = simulated_case("binary", 80)
    seen: list[tuple[int, int]] = []
    climb(target, about, ladder_plan("binary", bootstrap=30), say=lambda *at: seen.append(at))
    assert seen[-1] == (30, 30)


def _drawn_from_the_score(kind: str, n: int, seed: int) -> tuple[Target, Updatable]:
    """Patients whose outcomes are drawn from the very risks that the score predicts."""
    draw = np.random.default_rng(seed)
    x, y = draw.normal(size=(2, n)).round(2)
    parts = LOGISTIC
    if kind != "binary":
        parts = {"outcome": SURVIVAL, "risk": {"kind": "cox", "baseline_survival": Decimal("0.8")}}
    predicted, terms = scored(linear_score({"x": "0.8", "y": "0.5"}, **parts), plain(x=x, y=y))
    line = 0.8 * x + 0.5 * y
    about = Updatable(predicted, terms)
    if kind == "binary":
        return binary(draw.random(n) < 1 / (1 + np.exp(1 - line))), about
    time = draw.exponential(12 / (-np.log(0.8) * np.exp(line)))
    followed = draw.uniform(6, 30, n)
    # who would have the event only after 30 months may have another one before
    other = (time > 30) & (draw.random(n) < 0.5) & (kind == "competing")
    first = np.where(other, draw.uniform(0, 30, n), time)
    cause = np.where(first <= followed, np.where(other, 2, 1), 0)
    shown = np.minimum(first, followed)
    if kind == "survival":
        return survival(shown, cause, 12.0), about
    return competing(shown, cause, 12.0), about


@pytest.mark.parametrize("kind", KINDS)
def test_a_score_that_is_right_is_kept_as_often_as_the_level_says(kind: str) -> None:
    repeats = 200
    kept = 0
    for seed in range(repeats):
        target, about = _drawn_from_the_score(kind, 250, seed)
        frame = frame_of(target, about.predicted, about.terms, ())
        ladder, everyone = ladder_of(target, frame), np.ones(target.n)
        fits = [ladder.fit(name, everyone) for name in frame.rungs]
        place, _ = closed_test(ladder, fits, everyone, 0.05)
        kept += place == 0
    # four standard errors of a share of 0.95, and half a percent for tests that hold asymptotically
    assert kept / repeats == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / repeats) + 0.005)


def test_nothing_to_write_where_the_score_is_kept() -> None:
    target, about = _drawn_from_the_score("binary", 250, 2)
    update, spec = climb(target, about, ladder_plan("binary", bootstrap=10))
    assert update.chosen == "as is"
    assert spec is None
    assert (update.new_id, update.new_version, update.new_sha256) == ("", "", "")
    assert len(update.tests) == 1
    assert update.tests[0].p_value > 0.05


def test_a_new_intercept_says_why_its_ranking_is_corrected() -> None:
    draw = np.random.default_rng(4)
    x, y = draw.normal(size=(2, 150)).round(2)
    risk = {"kind": "logistic", "intercept": Decimal("-2")}
    predicted, terms = scored(linear_score({"x": "0.8", "y": "0.5"}, risk=risk), plain(x=x, y=y))
    target = binary(draw.random(150) < 1 / (1 + np.exp(0.5 - 0.8 * x - 0.5 * y)))
    update, _ = climb(target, Updatable(predicted, terms, ()), ladder_plan("binary", bootstrap=60))
    assert update.chosen == "intercept"
    assert dict(update.chosen_share)["intercept"] < 1.0
    area = rung(update, "intercept").measures[0]
    assert area.corrected.value != area.apparent.value
    assert "its ranking is corrected too" in update.text


def test_a_new_intercept_that_every_resample_chooses_has_the_ranking_it_had() -> None:
    draw = np.random.default_rng(3)
    x, y = draw.normal(size=(2, 60)).round(2)
    risk = {"kind": "logistic", "intercept": Decimal(3)}
    predicted, terms = scored(linear_score({"x": "0.2", "y": "0.1"}, risk=risk), plain(x=x, y=y))
    event = np.zeros(60)
    event[draw.choice(60, 3, replace=False)] = 1.0
    plan = ladder_plan("binary", bootstrap=20, alpha=1e-6)
    update, _ = climb(binary(event), Updatable(predicted, terms, ()), plan)
    assert update.chosen == "intercept"
    assert dict(update.chosen_share)["intercept"] == 1.0
    area = rung(update, "intercept").measures[0]
    assert (area.corrected.value, area.corrected.low) == (area.apparent.value, area.apparent.low)
    assert "allow for the choice" not in update.text


def test_no_resample_apart_is_no_interval() -> None:
    x = np.tile([0.0, 1.0, 2.0, 3.0], 20)
    predicted, terms = scored(linear_score({"x": "1"}, **LOGISTIC), plain(x=x))
    update, _ = climb(
        binary(x > 1.5), Updatable(predicted, terms, ()), ladder_plan("binary", bootstrap=20)
    )
    area = rung(update, "slope").measures[0]
    assert area.corrected.value == 1.0
    assert area.corrected.low is area.corrected.high is area.corrected.level is None
    assert "every resample gives the same" in area.corrected.method


def test_a_risk_of_exactly_0_is_named_as_the_reason_for_a_new_one() -> None:
    bands = [
        {"to": 0, "to_inclusive": False, "points": 0},
        {"from": 0, "from_inclusive": True, "points": 1},
    ]
    spec = score_from_document(
        bare_document(
            method="points",
            terms=[{"kind": "points", "input": "x", "bands": bands}],
            risk={"kind": "table", "rows": [
                {"value": 0, "risk": Decimal(0)}, {"value": 1, "risk": Decimal("0.6")},
            ]},
            examples=[{"inputs": {"x": 1}, "value": 1}],
        )
    )  # fmt: skip
    draw = np.random.default_rng(1)
    x = draw.normal(size=100)
    predicted, terms = scored(spec, plain(x=x))
    target = binary(draw.random(100) < np.where(x < 0, 0.1, 0.5))
    update, made = climb(target, Updatable(predicted, terms, ()), ladder_plan("binary"))
    assert update.chosen == "slope"
    assert "A predicted risk is exactly 0 or 1" in update.text
    assert "gives no risk" not in update.text
    assert "Whether the score's own risks would do was not asked" in update.text
    assert made is not None


def test_a_score_that_is_too_low_throughout_gets_a_new_intercept() -> None:
    draw = np.random.default_rng(3)
    x, y = draw.normal(size=(2, 1500)).round(2)
    predicted, terms = scored(linear_score({"x": "0.8", "y": "0.5"}, **LOGISTIC), plain(x=x, y=y))
    event = draw.random(1500) < 1 / (1 + np.exp(-(0.5 + 0.8 * x + 0.5 * y)))
    update, spec = climb(binary(event), Updatable(predicted, terms), ladder_plan("binary"))
    assert update.chosen == "intercept"
    assert [test.against for test in update.tests] == ["as is", "intercept"]
    assert spec is not None
    assert "Nothing was resampled" in update.text
    assert all(one.corrected is None for one in rung(update, "intercept").measures)
    assert spec.performance == ()  # never an apparent value without a corrected one


def test_a_value_without_a_risk_is_calibrated_for_the_first_time() -> None:
    spec = shipped("easix")
    columns = random_columns(spec, 600, 4)
    done = np.flatnonzero(~np.isnan(score_columns(spec, columns).value))[:200]
    kept = {name: type(one)(one.unit, one.numbers[done], {}) for name, one in columns.items()}
    predicted, terms = scored(spec, kept)
    order = predicted.value.argsort().argsort()
    event = np.random.default_rng(5).random(len(done)) < 0.1 + 0.5 * order / len(done)
    update, new = climb(binary(event), Updatable(predicted, terms), ladder_plan("binary"))
    assert update.chosen == "slope"
    assert update.tests == ()
    assert "for the first time" in rung(update, "slope").text
    assert rung(update, "intercept").log_likelihood is None
    assert "no risk" in rung(update, "intercept").text
    assert [one.name for one in rung(update, "as is").measures] == ["auc"]
    assert "only one term" in rung(update, "re-estimated").text
    assert new is not None
    assert new.risk.kind == "logistic"


def test_a_reversed_score_is_said() -> None:
    draw = np.random.default_rng(6)
    x, y = draw.normal(size=(2, 400)).round(2)
    predicted, terms = scored(linear_score({"x": "1", "y": "1"}, **LOGISTIC), plain(x=x, y=y))
    event = draw.random(400) < 1 / (1 + np.exp(x + y))
    update, new = climb(binary(event), Updatable(predicted, terms), ladder_plan("binary"))
    assert update.chosen == "slope"
    assert "wrong sign" in update.text
    assert new is not None
    assert new.outcome.adverse == "low"


def test_few_events_take_the_penalty_and_say_it() -> None:
    target, about = simulated_case("binary", 50, seed=4)
    update, _ = climb(target, about, ladder_plan("binary", extend=["z"], bootstrap=20))
    assert min(target.event.sum(), 50 - target.event.sum()) < 30
    assert "Firth" in rung(update, "extended").text
    assert "Firth" not in rung(update, "slope").text
    assert "penalised" in update.text
    # average risk is the proportion observed all the same
    frame = frame_of(target, about.predicted, about.terms, about.extension)
    fit = ladder_of(target, frame).fit("extended", np.ones(50))
    assert float((1 / (1 + np.exp(-fit.predictor))).mean()) == pytest.approx(
        target.event.mean(), rel=1e-9
    )


def test_a_term_that_nobody_has_keeps_its_coefficient_and_is_said() -> None:
    draw = np.random.default_rng(7)
    x, y = draw.normal(size=(2, 300)).round(2)
    spec = linear_score({"x": "0.8", "y": "0.5", "w": "2"}, **LOGISTIC)
    columns = plain(x=x, y=y, w=np.ones(300))
    predicted, terms = scored(spec, columns)
    event = draw.random(300) < 1 / (1 + np.exp(0.2 - 1.6 * x + 0.4 * y))
    update, new = climb(binary(event), Updatable(predicted, terms), ladder_plan("binary"))
    assert update.chosen == "re-estimated"
    assert [term.term for term in rung(update, "re-estimated").terms] == ["intercept", "X", "Y"]
    assert "Left as they are" in rung(update, "re-estimated").text
    assert new is not None
    assert float(new.terms[2].coefficient) == 2.0
    risks = score_columns(new, columns).risk
    assert float(risks.mean()) == pytest.approx(event.mean(), abs=1e-9)


def test_a_value_that_tells_nothing_is_said_to_tell_nothing() -> None:
    draw = np.random.default_rng(12)
    predicted, terms = scored(linear_score({"x": "1"}), plain(x=draw.normal(size=100).round(2)))
    about = Updatable(predicted, terms)
    update, new = climb(binary(np.arange(100) % 3 == 0), about, ladder_plan("binary"))
    assert update.chosen == "slope"
    assert "cannot be told from 0" in update.text
    assert new is not None


def test_the_file_for_competing_events_gives_the_updated_risks() -> None:
    target, about = simulated_case("competing", 200)
    update, new = climb(target, about, ladder_plan("competing", extend=["z"]))
    assert update.chosen == "extended"
    assert new is not None
    assert new.outcome.kind == "survival"
    assert "cumulative incidence" in new.outcome.definition
    x, y = about.terms.values[:, 0] / 0.8, about.terms.values[:, 1] / 0.5
    columns = plain(x=x.round(2), y=y.round(2), z=about.extension[0].values)
    frame = frame_of(target, about.predicted, about.terms, about.extension)
    fit = ladder_of(target, frame).fit("extended", np.ones(200))
    # decimals against doubles
    np.testing.assert_allclose(
        score_columns(new, columns).risk, -np.expm1(-np.exp(fit.predictor)), rtol=0, atol=1e-9
    )


def test_gaps_in_an_added_column_close_its_rung() -> None:
    target, about = simulated_case("binary", 100)
    values = np.where(np.arange(100) < 7, np.nan, 1.0 * np.arange(100))
    about = Updatable(about.predicted, about.terms, (extension("z", values),))
    update, _ = climb(target, about, ladder_plan("binary", extend=["z"]))
    assert "7 values of the added columns are missing" in rung(update, "extended").text
    assert update.chosen != "extended"


def test_everybody_the_same_leaves_only_the_intercept() -> None:
    predicted, terms = scored(
        linear_score({"x": "1", "y": "1"}, **LOGISTIC), plain(x=np.ones(60), y=np.ones(60))
    )
    event = np.arange(60) < 10
    update, new = climb(binary(event), Updatable(predicted, terms), ladder_plan("binary"))
    # by hand: log odds are 1 by the score, and log(10 / 50) here
    assert rung(update, "intercept").terms[0].coefficient == pytest.approx(np.log(0.2) - 1.0)
    assert "same prediction" in rung(update, "slope").text
    assert update.chosen == "intercept"
    assert new is not None


def test_terms_that_follow_from_one_another_are_said() -> None:
    draw = np.random.default_rng(8)
    x = draw.normal(size=100).round(2)
    predicted, terms = scored(
        linear_score({"x": "1", "y": "1"}, **LOGISTIC), plain(x=x, y=2 * x)
    )  # fmt: skip
    event = draw.random(100) < 0.4
    update, _ = climb(binary(event), Updatable(predicted, terms), ladder_plan("binary"))
    assert rung(update, "re-estimated").log_likelihood is None
    assert "cannot be fitted" in rung(update, "re-estimated").text


def test_nobody_with_the_event_leaves_the_score_as_it_is() -> None:
    target, about = simulated_case("binary", 60)
    update, new = climb(
        binary(np.zeros(target.n)), about, ladder_plan("binary", bootstrap=10)
    )  # fmt: skip
    assert update.chosen == "as is"
    assert new is None
    assert "everybody or nobody" in rung(update, "intercept").text


def test_bands_hold_the_risk_observed_here_where_there_are_enough() -> None:
    spec = score_from_document(points_document())
    columns = random_columns(spec, 1500, 2)
    done = np.flatnonzero(~np.isnan(score_columns(spec, columns).value))[:200]
    kept = {name: type(one)(one.unit, one.numbers[done], {}) for name, one in columns.items()}
    predicted, terms = scored(spec, kept)
    few = np.flatnonzero(predicted.band == 1)[:3]
    rows = np.concatenate((np.flatnonzero(predicted.band == 0), few))
    part: Predicted = predicted.subset(rows)
    event = np.arange(len(rows)) % 2 == 0
    about = Updatable(part, type(terms)(terms.names, terms.values[rows], terms.typical))
    update, new = climb(binary(event), about, ladder_plan("binary"))
    assert update.chosen in ("intercept", "slope")
    assert new is not None
    low, high = new.bands
    n = int((part.band == 0).sum())
    assert (low.observed.n, low.observed.events) == (n, int(event[part.band == 0].sum()))
    assert high.observed is None  # three patients are fewer than may be told


def test_a_risk_for_another_kind_of_outcome_is_not_moved() -> None:
    target, _ = simulated_case("survival", 150)
    _, about = simulated_case("binary", 150)
    update, new = climb(target, about, ladder_plan("survival"))
    assert "another kind of outcome" in rung(update, "intercept").text
    assert update.chosen == "extended"
    assert new is not None
    assert new.outcome.kind == "survival"
    assert new.outcome.horizon == 12
