"""Instability of a developed score: as recomputed resample by resample, and wherever it is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from develop_examples import CRP, FERRITIN, SURVIVAL, cohort, parts, plan, predictor
from report_example import documents

import cartwheel as cw
from cartwheel.canonical import plain
from cartwheel.cli.summary import summary_lines
from cartwheel.development.account.groups import band_groups
from cartwheel.development.account.instability import FollowedPipeline, followed, parted
from cartwheel.development.made import Resampling
from cartwheel.development.model.card import candidate
from cartwheel.development.model.given import Given
from cartwheel.development.model.index import IndexPipeline, cut_rule
from cartwheel.development.model.points import PointsPipeline
from cartwheel.development.model.selection import Selector
from cartwheel.development.planning.plan import plan_from_dict
from cartwheel.development.result import PredictionInstability
from cartwheel.errors import NotEstimable
from cartwheel.figures.data import figure_csv
from cartwheel.figures.gallery import figure_svgs
from cartwheel.report.html import report_html
from cartwheel.stats.resample import bootstrap_optimism, resample_multiplicities

KINDS = {"binary": {}, "survival": {"outcome": SURVIVAL}}
EVERY = [(method, kind) for method in ("index", "points") for kind in KINDS]
B = 30


def wanted(method: str, kind: str, **said: Any) -> dict[str, Any]:
    return plan(method, **{"bootstrap": B, **KINDS[kind], **said})


def instability(frame: pd.DataFrame, data: dict[str, Any], **said: Any) -> PredictionInstability:
    found = cw.develop(frame, data, **said).result.instability
    assert found is not None
    return found


def holed(n: int = 110) -> pd.DataFrame:
    frame = cohort(n)
    frame[CRP] = frame[CRP].astype(float)
    frame.loc[np.random.default_rng(3).random(n) < 0.15, CRP] = np.nan
    return frame


def pipeline_of(frame: pd.DataFrame, data: dict[str, Any]) -> IndexPipeline | PointsPipeline:
    """Write the plain pipeline of a plan anew."""
    made, asked = parts(frame, data), plan_from_dict(data)
    predictors = made.assembled.predictors
    if asked.method == "index":
        rules = tuple(cut_rule(item) for item in predictors)
        return IndexPipeline(made.target, rules, asked.index.min_fraction)
    candidates = tuple(candidate(item, asked.points) for item in predictors)
    selector = Selector(made.target, asked.points.selection, asked.points.alpha)
    return PointsPipeline(
        made.target, candidates, selector, asked.points.largest, asked.index.min_fraction
    )


@pytest.mark.parametrize(("method", "kind"), EVERY)
def test_it_is_what_each_resamples_score_says_of_all_patients(method: str, kind: str) -> None:
    frame, data = cohort(90), wanted(method, kind)
    found, pipeline = instability(frame, data), pipeline_of(frame, data)
    n = pipeline.target.n
    whole = pipeline.fit(np.ones(n))
    asked = plan_from_dict(data)
    draw, names = resample_multiplicities(n, asked.resampling.seed, B), asked.points.bands

    def group(totals: Any, of: Any) -> Any:
        if method == "index":
            return np.digitize(totals, [0.5, 1.5])
        # the band, by its name, in which a total lies; ends are open
        bands = band_groups(of, names)
        places = np.array([names.index(one.name) for one in bands])
        return places[np.searchsorted([one.highest for one in bands][:-1], totals)]

    distances, moved, risks = [], [], []
    for at in range(B):
        counts = draw(at)
        try:
            one = pipeline.fit(counts)
        except NotEstimable:
            continue
        sample = np.repeat(one.totals, counts.astype(int))
        risks.append(one.fit.risk)
        distances.append(np.abs(one.fit.risk - whole.fit.risk).mean())
        here, there = group(whole.totals, whole.totals), group(one.totals, sample)
        moved.append((here != there).mean())
    assert found.resamples == len(distances)
    # the same sums, in another order
    assert found.mean_absolute_difference.value == pytest.approx(np.mean(distances), rel=1e-12)
    margin = 1.959963984540054 * np.std(distances, ddof=1) / np.sqrt(len(distances))
    assert found.mean_absolute_difference.low == pytest.approx(np.mean(distances) - margin)
    assert found.regrouped is not None
    assert found.regrouped.value == pytest.approx(np.mean(moved), rel=1e-12)
    assert sum(band.n for band in found.bands) == n
    for band in found.bands:
        assert band.n >= 5
        assert 0 <= band.low <= band.median <= band.high <= 1
    lowest = whole.fit.risk <= np.sort(whole.fit.risk)[found.bands[0].n - 1] + 1e-12
    expected = np.quantile(np.array(risks)[:, lowest], [0.025, 0.5, 0.975])
    band = found.bands[0]
    np.testing.assert_allclose([band.low, band.median, band.high], expected, rtol=1e-12)


@pytest.mark.parametrize(("method", "kind"), EVERY)
def test_following_the_patients_changes_nothing_else(method: str, kind: str) -> None:
    frame, data = cohort(90), wanted(method, kind)
    pipeline = pipeline_of(frame, data)
    n = pipeline.target.n
    alone = bootstrap_optimism(pipeline, n=n, resamples=B, seed=1)
    found = Resampling(B, 1, 1, None).repeated(
        pipeline, n, lambda given, _: given.totals.astype(np.int64)
    )
    for name in ("measures", "traced", "resamples", "failures"):
        assert getattr(found.optimism, name) == getattr(alone, name)
    for name in ("apparent", "training", "test", "trace", "choices"):
        one, two = getattr(found.optimism, name), getattr(alone, name)
        assert one.tobytes() == two.tobytes()
        assert one.shape == two.shape
        assert not one.flags.writeable


@pytest.mark.parametrize("method", ["index", "points"])
def test_imputed_developments_have_it_too(method: str) -> None:
    data = wanted(method, "binary", missing="impute", imputation={"imputations": 3})
    found = instability(holed(), data)
    assert sum(band.n for band in found.bands) == 110
    assert min(band.n for band in found.bands) >= 5
    assert found.mean_absolute_difference.value is not None
    assert 0 < found.mean_absolute_difference.value < 0.5


@pytest.mark.parametrize("missing", ["complete", "impute"])
def test_the_same_whatever_the_number_of_threads(missing: str) -> None:
    said = {"imputation": {"imputations": 2}} if missing == "impute" else {}
    data = wanted("points", "survival", missing=missing, **said)
    one, three = (instability(holed(), data, threads=threads) for threads in (1, 3))
    assert plain(one) == plain(three)


def test_without_resamples_there_is_none_and_the_methods_say_so() -> None:
    result = cw.develop(cohort(80), wanted("points", "binary", bootstrap=0)).result
    assert result.instability is None
    assert any("would move with another sample is not known" in said for said in result.methods)
    assert cw.develop(cohort(80), wanted("index", "binary", bootstrap=1)).result.instability is None


def test_fixed_cutoffs_move_nobody_to_another_group() -> None:
    fixed = [
        predictor(column, cutoff={"method": "fixed", "value": value})
        for column, value in ((CRP, 8.0), (FERRITIN, 400.0))
    ]
    found = instability(cohort(90), wanted("index", "binary", predictors=fixed))
    assert found.regrouped is not None
    assert found.regrouped.value == 0.0
    assert found.mean_absolute_difference.value is not None
    assert found.mean_absolute_difference.value > 0


class _Wild:
    """Risks that do not exist in some resamples."""

    measures = ("none",)
    traced = ("first",)

    def fit(self, multiplicity: Any) -> Any:
        return multiplicity

    def measure(self, model: Any, multiplicity: Any) -> Any:  # noqa: ARG002 - a pipeline's form
        return np.zeros(1)

    def trace(self, model: Any) -> Any:
        return model[:1]

    def given(self, model: Any) -> Given:
        risk = np.full(6, 0.5)
        risk[0] = np.nan if model[0] > 1 else 0.5
        return Given(model, model, risk)


def test_a_resample_without_finite_risks_is_left_out() -> None:
    pipeline: FollowedPipeline[Any] = followed(
        _Wild(), 6, lambda given, _: given.totals.astype(np.int64) * 0
    )
    found = parted(bootstrap_optimism(pipeline, n=6, resamples=40, seed=1))
    kept = int((found.optimism.trace[:, 0] <= 1).sum())
    assert 0 < kept < 40
    assert len(found.predictions.resampled) == len(found.moved) == kept
    assert np.isfinite(found.predictions.resampled).all()


def test_the_terminal_says_it_in_one_line() -> None:
    result = cw.develop(cohort(80), wanted("points", "binary")).result
    found = result.instability
    assert found is not None
    assert found.regrouped is not None
    (said,) = [line for line in summary_lines(result) if line.startswith("over resamples a risk")]
    assert f"{100 * (found.mean_absolute_difference.value or 0):.1f} percentage points" in said
    assert f"{100 * (found.regrouped.value or 0):.0f} % change group" in said
    without = replace(result, instability=None)
    assert not [line for line in summary_lines(without) if line.startswith("over resamples")]


def test_figure_table_and_page_have_every_band() -> None:
    document = documents()["points"]
    bands = document["result"]["instability"]["bands"]
    rows = figure_csv(document, "instability").splitlines()
    for place, band in enumerate(bands):
        (row,) = [line for line in rows if f"result.instability.bands[{place}]," in line]
        assert row.endswith(",".join(str(band[key]) for key in ("low", "median", "high"))), row
        assert str(band["predicted"]) in row
    page = report_html(document)
    assert 'id="instability"' in page
    assert "figure-instability" in page
    for band in bands:
        for key in ("predicted", "low", "median", "high"):
            assert f'<data value="{band[key]}">' in page


def test_without_it_there_is_neither_figure_nor_section() -> None:
    document = documents()["index"]
    assert document["result"]["instability"] is None
    assert "instability" not in figure_svgs(document)
    assert 'id="instability"' not in report_html(document)
