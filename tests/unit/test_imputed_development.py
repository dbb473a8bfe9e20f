"""A development with missing predictors imputed: one recipe, one score, numbers that agree."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any

import jsonschema
import numpy as np
import pandas as pd
import pytest
from develop_examples import CRP, FERRITIN, SURVIVAL, cohort, plan, predictor
from numpy.typing import NDArray

import cartwheel as cw
from cartwheel.clinic.reading import table_from_frame
from cartwheel.development.account.imputation import imputation_summary
from cartwheel.development.cohort.assembly import Assembled, assemble
from cartwheel.development.cohort.copies import Copies, complete_copies
from cartwheel.development.make_target import make_target
from cartwheel.development.model.card import Candidate, candidate
from cartwheel.development.model.imputed_index import ImputedIndexPipeline
from cartwheel.development.model.imputed_points import ImputedPointsPipeline
from cartwheel.development.model.imputer import Imputer, completed
from cartwheel.development.model.index import cut_rule
from cartwheel.development.model.selection import Selector
from cartwheel.development.model.target import SurvivalTarget, Target
from cartwheel.development.planning.plan import plan_from_dict
from cartwheel.stats.cox import cox_fit
from cartwheel.stats.rubin import pool_estimates
from cartwheel.workflows.schema import develop_schema

Floats = NDArray[np.float64]
SCHEMA = jsonschema.Draft202012Validator(develop_schema())
KINDS = {"binary": {}, "survival": {"outcome": SURVIVAL}}
EVERY = [(method, kind) for method in ("index", "points") for kind in KINDS]


def holed(
    n: int = 120, columns: tuple[str, ...] = (CRP, FERRITIN), share: float = 0.15, seed: int = 1
) -> pd.DataFrame:
    """Simulate a cohort with values missing completely at random."""
    frame = cohort(n)
    draw = np.random.default_rng(seed)
    for column in columns:
        frame[column] = frame[column].astype(float)
        frame.loc[draw.random(n) < share, column] = np.nan
    return frame


def wanted(method: str, kind: str = "binary", **said: Any) -> dict[str, Any]:
    """Write a plan that imputes, five times."""
    return plan(method, missing="impute", imputation={"imputations": 5}, **{**KINDS[kind], **said})


def prepared(frame: pd.DataFrame, data: dict[str, Any]) -> tuple[Assembled, Copies, Target]:
    assembled = assemble(table_from_frame(frame), plan_from_dict(data))
    copies = complete_copies(assembled)
    target, _ = make_target(assembled, 4, copies.tables)
    return assembled, copies, target


def imputer_of(copies: Copies) -> Imputer:
    assert copies.imputer is not None
    return copies.imputer


@pytest.mark.parametrize(("method", "kind"), EVERY)
def test_with_nothing_missing_it_is_the_complete_analysis(method: str, kind: str) -> None:
    frame = cohort(90)
    one = cw.develop(frame, wanted(method, kind)).result
    two = cw.develop(frame, plan(method, **KINDS[kind])).result
    for part in fields(one):
        if part.name not in ("notes", "methods", "imputation"):
            assert getattr(one, part.name) == getattr(two, part.name), part.name
    assert one.imputation is not None
    assert one.imputation.imputations == 0
    assert two.imputation is None
    said = {note.code: note.text for note in one.notes}
    assert "none was missing" in said.pop("nothing_missing")
    assert said == {note.code: note.text for note in two.notes}


@pytest.mark.parametrize(("method", "kind"), EVERY)
def test_the_same_bytes_for_any_number_of_threads(method: str, kind: str) -> None:
    # more resamples than one chunk of work, so that several threads do share them
    data = wanted(method, kind, resampling={"bootstrap": 30})
    frame = holed(80)
    texts = {cw.develop(frame, data, threads=threads).to_json() for threads in (1, 2, 3, None)}
    assert len(texts) == 1
    SCHEMA.validate(json.loads(texts.pop()))


def test_measured_values_stay_and_imputed_ones_are_donors() -> None:
    frame = holed().assign(bulky=lambda rows: rows["bulky"].where(rows.index % 9 != 0))
    data = wanted("points", predictors=[predictor(CRP), predictor(FERRITIN), predictor("bulky")])
    assembled, copies, _ = prepared(frame, data)
    assert copies.m == 5
    for table in copies.tables:
        for before, after in zip(assembled.predictors, table, strict=True):
            known = before.known
            assert np.array_equal(before.values[known], after.values[known])
            assert after.known.all()
            assert set(after.values) == set(before.values[known])
    differ = [table[0].values for table in copies.tables]
    assert not np.array_equal(differ[0], differ[1])


def test_a_sample_is_imputed_alike_whenever_it_is_asked() -> None:
    _, copies, target = prepared(holed(), wanted("index"))
    imputer = imputer_of(copies)
    draw = np.random.default_rng(3)
    samples = [draw.multinomial(target.n, np.full(target.n, 1 / target.n)) for _ in range(2)]
    first, second = ([imputer.copies(sample.astype(float)) for sample in samples] for _ in "ab")
    for one, two in zip(first, second, strict=True):
        for left, right in zip(one, two, strict=True):
            assert all(np.array_equal(a.values, b.values) for a, b in zip(left, right, strict=True))
    assert not np.array_equal(first[0][0][0].values, first[1][0][0].values)


@pytest.mark.parametrize("kind", KINDS)
def test_a_resample_knows_nothing_of_those_who_are_not_in_it(kind: str) -> None:
    frame = holed()
    sample = np.random.default_rng(5).multinomial(120, np.full(120, 1 / 120)).astype(float)
    absent = sample == 0
    other = frame.copy()
    # other patients, with the same cells missing: scale and centre of the columns stay the same
    for column in (CRP, FERRITIN):
        cells = absent & frame[column].notna().to_numpy()
        other.loc[cells, column] = frame.loc[cells, column].to_numpy()[::-1]
    found = []
    for one in (frame, other):
        _, copies, target = prepared(one, wanted("index", kind))
        source = completed(imputer_of(copies), copies.tables, cut_rule)
        found.append(ImputedIndexPipeline(target, source, 0.1).fit(sample))
    assert np.array_equal(found[0].searched, found[1].searched)
    first, second = (model.index.fit for model in found)
    # the same models; sums over present patients run over other zeros
    np.testing.assert_allclose(first.coefficients, second.coefficients, rtol=1e-12)
    assert first.intercept == pytest.approx(second.intercept, rel=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_an_index_is_medians_and_averages_of_its_copies(kind: str) -> None:
    _, copies, target = prepared(holed(), wanted("index", kind))
    source = completed(imputer_of(copies), copies.tables, cut_rule)
    model = ImputedIndexPipeline(target, source, 0.1).fit(np.ones(target.n))
    np.testing.assert_array_equal(model.index.cuts, np.median(model.searched, axis=0))
    everyone = np.ones(target.n)
    fits = [target.fit(row, everyone) for row in model.index.totals]
    slope = np.mean([fit.coefficients[0] for fit in fits])
    # averages of five numbers, summed in another order
    assert model.index.fit.coefficients[0] == pytest.approx(slope, rel=1e-13)
    intercept = np.mean([fit.intercept for fit in fits])
    assert model.index.fit.intercept == pytest.approx(intercept, rel=1e-13)


def points_pipeline(
    frame: pd.DataFrame, data: dict[str, Any]
) -> tuple[ImputedPointsPipeline, Target]:
    assembled, copies, target = prepared(frame, data)
    settings = assembled.plan.points

    def prepare(item: Any) -> Candidate:
        return candidate(item, settings)

    source = completed(imputer_of(copies), copies.tables, prepare)
    selector = Selector(target, settings.selection, settings.alpha)
    return ImputedPointsPipeline(target, source, selector, settings.largest, 0.1), target


@pytest.mark.parametrize("kind", KINDS)
def test_points_round_the_average_coefficients(kind: str) -> None:
    pipeline, target = points_pipeline(holed(), wanted("points", kind))
    model = pipeline.fit(np.ones(target.n)).points
    everyone = np.ones(target.n)
    by_copy = []
    for items in pipeline.source.whole:
        x = np.column_stack([item.predictor.values for item in items])
        by_copy.append(target.fit(x, everyone).coefficients)
    np.testing.assert_allclose(model.exact.coefficients, np.mean(by_copy, axis=0), rtol=1e-12)
    for card in model.cards:
        assert card is not None
        exact = (card.exact - card.exact.min()) / model.unit
        assert np.array_equal(card.points, np.rint(exact))
        assert card.place.shape == (5, target.n)
    total = sum(card.points[card.place] for card in model.cards if card is not None)
    assert np.array_equal(model.totals, total)


@pytest.mark.parametrize("selection", ["none", "univariable", "backward"])
@pytest.mark.parametrize("kind", KINDS)
def test_candidates_that_are_complete_are_selected_as_ever(kind: str, selection: str) -> None:
    chosen = [predictor(FERRITIN), predictor("bulky"), predictor(CRP, transform="rcs3")]
    data = wanted(
        "points",
        kind,
        predictors=chosen,
        points={"selection": selection, "alpha": 0.4},
    )
    developed = cw.develop(holed(columns=(CRP,)), data)
    kept = {row.column for row in developed.result.selection if row.selected}
    table = developed.result.univariable.rows
    if selection == "univariable" and kind == "survival":
        # a complete candidate is tested by its likelihood ratio, which agrees with Wald's here
        expected = {row.term for row in table if row.p_value < 0.4}
        assert kept == expected
    assert kept
    by_term = {row.term: row for row in table}
    assert "Rubin" not in by_term[FERRITIN].test
    assert by_term[FERRITIN].missing_information is None
    assert by_term[CRP].test == "Wald, D1, 2 df"


def test_the_pooled_table_is_rubins_rules() -> None:
    data = wanted("index", "survival")
    _, copies, target = prepared(holed(), data)
    assert isinstance(target, SurvivalTarget)
    row = cw.develop(holed(), data).result.univariable.rows[0]
    fits = [cox_fit(target.times, np.log2(table[0].values)[:, None]) for table in copies.tables]
    pooled = pool_estimates(
        [fit.coefficients[0] for fit in fits],
        [fit.covariance[0, 0] for fit in fits],
        complete_df=target.event.sum() - 1,
    )
    # the same sums; the program multiplies by a contrast of one
    assert row.coefficient == pytest.approx(pooled.estimate[0], rel=1e-12)
    assert row.std_error == pytest.approx(pooled.std_error[0], rel=1e-12)
    assert row.effect.low == pytest.approx(np.exp(pooled.low[0]), rel=1e-12)
    assert row.p_value == pytest.approx(pooled.p_values[0], rel=1e-12)
    assert row.missing_information == pytest.approx(pooled.missing_information[0], rel=1e-12)


@pytest.mark.parametrize(("method", "kind"), EVERY)
def test_every_number_of_the_report_is_of_all_copies(method: str, kind: str) -> None:
    result = cw.develop(holed(), wanted(method, kind)).result
    area = "auc" if kind == "binary" else "auc_at_horizon"
    measure = next(row for row in result.performance.measures if row.name == area)
    assert result.roc[0].auc == measure.apparent
    assert result.roc[0].corrected == measure.corrected
    events = result.outcome.events
    by_horizon = sum(row.events for row in result.risk_table)
    assert by_horizon == (events if kind == "binary" else by_horizon)
    assert by_horizon == sum(row.events for row in result.groups)
    for counts in (
        [row.n for row in result.risk_table],
        [row.n for row in result.groups],
        [curve.n for curve in result.survival] or [120],
        [count for _, count in result.calibration.histogram] if result.calibration else [120],
    ):
        assert sum(counts) == result.outcome.patients == 120
    assert all(row.events <= row.n for row in (*result.risk_table, *result.groups))
    for curve in result.survival:
        assert curve.at_risk[0] == curve.n
        assert sorted(curve.at_risk, reverse=True) == list(curve.at_risk)
        assert sorted(curve.survival, reverse=True) == list(curve.survival)
    for column in {row.column for row in result.score_card}:
        assert sum(row.n for row in result.score_card if row.column == column) == 120


def test_who_has_no_outcome_is_left_out_and_nobody_else() -> None:
    frame = holed().astype({"severe": float})
    frame.loc[[0, 7, 40], "severe"] = np.nan
    frame.loc[11, [CRP, FERRITIN]] = np.nan
    result = cw.develop(frame, wanted("points")).result
    steps = {step.label: step for step in result.flow}
    assert steps["outcome known"].excluded == 3
    last = result.flow[-1]
    lacking = int(frame.loc[frame["severe"].notna(), [CRP, FERRITIN]].isna().any(axis=1).sum())
    assert last.label == f"missing predictors imputed ({lacking} patients)"
    assert (last.patients, last.excluded) == (117, 0)
    found = result.imputation
    assert found is not None
    assert (found.patients, found.imputations) == (lacking, 5)
    unmeasured = frame.loc[frame["severe"].notna(), [CRP, FERRITIN]].isna().all(axis=1).sum()
    assert found.unmeasured == unmeasured >= 1
    codes = {note.code for note in result.notes}
    assert {"imputed", "few_imputations", "nothing_measured", "complete_cases"} <= codes
    assert "complete_case" not in codes
    assert [row.missing for row in found.variables] == sorted(
        (int(frame.loc[frame["severe"].notna(), c].isna().sum()) for c in (CRP, FERRITIN)),
        reverse=True,
    )


def test_complete_cases_stand_beside_it() -> None:
    frame = holed()
    data = wanted("index", "survival")
    found = cw.develop(frame, data).result.imputation
    horizon = cw.develop(frame, data).result.outcome.horizon
    complete = plan("index", outcome={**SURVIVAL, "horizon": horizon})
    alone = cw.develop(frame, complete).result
    assert found is not None
    assert found.complete_cases is not None
    assert found.complete_cases.performance == alone.performance
    assert found.complete_cases.patients == alone.outcome.patients


def test_without_complete_cases_the_reason_is_said() -> None:
    frame = holed()
    frame.loc[: len(frame) // 2, CRP] = frame.loc[: len(frame) // 2, CRP].mask(
        frame.loc[: len(frame) // 2, FERRITIN].notna()
    )
    frame.loc[len(frame) // 2 + 1 :, FERRITIN] = np.nan
    frame.loc[: len(frame) // 2, FERRITIN] = 100.0 + np.arange(len(frame) // 2 + 1)
    frame.loc[: len(frame) // 2, CRP] = np.nan
    frame.loc[len(frame) // 2 + 1 :, CRP] = 1.0 + np.arange(len(frame) - len(frame) // 2 - 1)
    frame.loc[:9, CRP] = 5.0 + np.arange(10)
    frame.loc[:9, "severe"] = 0
    found = cw.develop(frame, wanted("points")).result.imputation
    assert found is not None
    assert found.complete_cases is not None
    assert found.complete_cases.performance is None
    assert found.complete_cases.reason


def test_the_score_file_imputes_nothing_and_says_what_was_done() -> None:
    frame = holed()
    imputed = cw.develop(frame, wanted("index")).score
    plain = cw.develop(frame, plan("index")).score
    assert imputed.missing == plain.missing
    lacking = int(frame[[CRP, FERRITIN]].isna().any(axis=1).sum())
    assert f"missing predictors of {lacking} imputed 5 times" in imputed.population.text
    assert imputed.population.n == 120
    ranges = {item.name: (item.low, item.high) for item in imputed.inputs}
    known = frame[CRP].dropna()
    low, high = np.quantile(known, [0.025, 0.975])
    # written in two digits
    assert [float(value) for value in ranges[CRP] if value is not None] == [
        float(f"{low:.2g}"),
        float(f"{high:.2g}"),
    ]


@pytest.mark.parametrize(
    ("share", "code"), [(0.6, "mostly_missing"), (1.0, "all_missing")], ids=str
)
def test_what_cannot_be_imputed_is_refused(share: float, code: str) -> None:
    frame = cohort(80)
    frame[CRP] = frame[CRP].where(np.arange(80) >= share * 80)
    with pytest.raises(cw.Refused) as caught:
        cw.develop(frame, wanted("points"))
    assert code in [problem.code for problem in caught.value.problems]


def test_too_few_observed_values_are_refused() -> None:
    frame = cohort(16, seed=3).assign(severe=[0, 1] * 8)
    frame.loc[:6, CRP] = np.nan
    with pytest.raises(cw.Refused, match="9 observed values cannot teach"):
        cw.develop(frame, wanted("points"))


def test_another_seed_imputes_otherwise() -> None:
    frame = holed()
    found = [
        cw.develop(frame, wanted("points", resampling={"bootstrap": 0, "seed": seed})).result
        for seed in (1, 2)
    ]
    assert found[0].performance != found[1].performance


def test_the_monte_carlo_error_is_that_of_the_copies() -> None:
    data = wanted("index")
    assembled, copies, target = prepared(holed(), data)
    source = completed(imputer_of(copies), copies.tables, cut_rule)
    fit = ImputedIndexPipeline(target, source, 0.1).fit(np.ones(target.n)).index.fit
    summary = imputation_summary(assembled, copies, target, fit, (), None)
    areas = [target.measure(one, np.ones(target.n))[0] for one in fit.copies]
    wanted_error = np.std(areas, ddof=1) / np.sqrt(5)
    assert summary.monte_carlo[0].error == pytest.approx(wanted_error, rel=1e-12)
    assert summary.missing_information is None
    one = replace(fit.copies[0])
    assert one.copies == (one,)
