"""The price of cut-offs: what the full run says, said again; searches against their definition."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cartwheel.canonical import plain
from cartwheel.clinic.reading import read_table
from cartwheel.demonstration import cohort_path, plan_path
from cartwheel.development.cohort.assembly import Assembled, assemble
from cartwheel.development.model.target import SurvivalTarget
from cartwheel.development.planning.plan import Plan, plan_from_dict, read_plan
from cartwheel.errors import FileRefused, Refused
from cartwheel.serve.honest.chance import rank_statistic
from cartwheel.serve.honest.prepare import prepare, run_prepare
from cartwheel.serve.honest.prepared import Prepared, prepared_bytes, read_prepared
from cartwheel.serve.honest.price import price
from cartwheel.serve.honest.told import Price
from cartwheel.stats.concordance import harrell_concordance
from cartwheel.stats.cox import cox_fit
from cartwheel.stats.cutpoint import best_cut, permutation_p, sorted_marker
from cartwheel.stats.log_rank import log_rank_scores
from cartwheel.stats.resample import resample_multiplicities
from cartwheel.stats.survival import horizon_weights, survival_times
from cartwheel.workflows.develop import develop

RESAMPLES, PERMUTATIONS = 60, 300


def nothing(stage: str, done: int, total: int) -> None:
    """Hear of progress, and do nothing."""


def demo_plan(**index: Any) -> Plan:
    """The plan of the demonstration, repeated less often."""
    data = read_plan(plan_path()).as_dict()
    data["resampling"] = {"bootstrap": RESAMPLES, "seed": 5}
    data["index"] = {**data["index"], "permutations": PERMUTATIONS, **index}  # type: ignore[dict-item]
    return plan_from_dict(data)


def assembled(plan: Plan) -> Assembled:
    return assemble(read_table(cohort_path()), plan)


@pytest.fixture(scope="module")
def result() -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(develop(cohort_path(), demo_plan()).to_json())["result"]
    return found


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    return prepare(assembled(demo_plan()), nothing)


def found_cuts(result: Mapping[str, Any]) -> list[float]:
    return [row["cut"] for row in result["cutoffs"]]


def test_at_the_cuts_found_it_says_what_the_full_run_says(
    prepared: Prepared, result: Mapping[str, Any]
) -> None:
    told = price(prepared, found_cuts(result), result)
    first = result["performance"]["measures"][0]
    # the same functions on the same numbers: the same to the last digit
    assert plain(told.index.discrimination) == first["apparent"]
    assert told.index.discrimination_corrected.value == first["corrected"]["value"]
    assert plain(told.index.uncut_corrected) == result["uncut"]["measures"][0]["corrected"]
    assert plain(told.index.survival) == result["survival"]
    for mine, its in zip(told.index.groups, result["groups"], strict=True):
        assert (mine.name, mine.rule, mine.n, mine.events) == tuple(
            its[key] for key in ("name", "rule", "n", "events")
        )
        assert plain(mine.observed) == its["observed"]
    for marker, row in zip(told.markers, result["cutoffs"], strict=True):
        assert marker.p_fixed == row["p_naive"]
        assert (marker.rule, marker.beyond.n) == (row["rule"], row["points_given"])
        assert marker.wander is not None
        wander = row["wander"]
        assert (marker.wander.low, marker.wander.median, marker.wander.high) == pytest.approx(
            (wander["low"], wander["value"], wander["high"]), rel=1e-12
        )
        assert marker.wander.resamples == sum(count for _, count in row["wander_grid"])
    assert sum(count for *_, count in told.markers[0].wander.bars) == RESAMPLES  # type: ignore[union-attr]


def test_no_apparent_number_stands_alone(prepared: Prepared, result: Mapping[str, Any]) -> None:
    told = price(prepared, found_cuts(result), result)
    for marker in told.markers:
        assert marker.effect_corrected.value is not None
        assert marker.effect_corrected.value < (marker.effect.value or 0.0)
        assert (marker.discrimination_corrected.value or 1.0) < (marker.discrimination.value or 0.0)
        assert marker.p_fixed is not None
        assert marker.p_searched is not None
        assert marker.p_searched > marker.p_fixed
    assert (told.index.p_searched or 0.0) > (told.index.p_fixed or 1.0)


def test_what_a_search_adds_is_what_duplicated_rows_show(
    prepared: Prepared, result: Mapping[str, Any]
) -> None:
    """The first marker's drift, with patients drawn twice standing there twice."""
    time, event, values = prepared.time, prepared.event, prepared.values[0]
    times = survival_times(time, event)
    n = len(time)
    draw = resample_multiplicities(n, 5, RESAMPLES)
    effects, gains, cuts = [], [], []
    for turn in range(RESAMPLES):
        rows = np.repeat(np.arange(n), draw(turn).astype(int))
        again = survival_times(time[rows], event[rows])
        weights = horizon_weights(again, 12.0)
        cut = best_cut(
            sorted_marker(values[rows]), *weights, criterion="youden", min_fraction=0.1
        ).cut
        cuts.append(cut)
        inside, outside = (values[rows] >= cut).astype(float), (values >= cut).astype(float)
        effects.append(
            cox_fit(again, inside[:, None]).coefficients[0]
            - cox_fit(times, outside[:, None]).coefficients[0]
        )
        gains.append(harrell_concordance(again, inside).c - harrell_concordance(times, outside).c)
    assert prepared.cuts[:, 0] == pytest.approx(cuts, rel=1e-12)
    # two Newton iterations that stop at different places
    assert prepared.drift[0] == pytest.approx(
        [np.mean(effects), np.mean(gains), RESAMPLES], rel=1e-7
    )
    told = price(prepared, found_cuts(result), result).markers[0]
    assert told.effect.value is not None
    moved = told.effect.value * np.exp(-np.mean(effects))
    assert told.effect_corrected.value == pytest.approx(moved, rel=1e-7)


def test_p_of_a_search_agrees_with_the_permutation_test(
    prepared: Prepared, result: Mapping[str, Any]
) -> None:
    """At the largest of all statistics, p is that of the maximally selected statistic."""
    times = survival_times(prepared.time, prepared.event)
    scores = log_rank_scores(times)
    for place, values in enumerate(prepared.values):
        marker = sorted_marker(values)
        edges = np.unique(values)
        middle = (edges[1:] + edges[:-1]) / 2
        middle = [cut for cut in middle if 0.1 <= (values >= cut).mean() <= 0.9]
        best = max(middle, key=lambda cut: abs(rank_statistic((values >= cut) * 1.0, scores)))
        cuts = found_cuts(result)
        cuts[place] = float(best)
        mine = price(prepared, cuts, result).markers[place].p_searched
        its = permutation_p(
            marker, criterion="max_log_rank", min_fraction=0.1, seed=1, scores=scores,
            permutations=4000,
        )  # fmt: skip
        # four standard errors of the two Monte-Carlo estimates
        error = np.sqrt(its.p_value * (1 - its.p_value) * (1 / PERMUTATIONS + 1 / 4000))
        assert mine == pytest.approx(its.p_value, abs=4 * error + 2 / PERMUTATIONS)


def test_an_index_of_one_marker_is_its_marker(result: Mapping[str, Any]) -> None:
    """Searched by the rank statistic, the best index of one marker is the best cut-off."""
    data = demo_plan(cutoff="max_log_rank").as_dict()
    data["predictors"] = data["predictors"][:1]  # type: ignore[index]
    data["index"] = {**data["index"], "groups": None}  # type: ignore[dict-item]
    alone = prepare(assembled(plan_from_dict(data)), nothing)
    assert alone.null_index == pytest.approx(alone.null[0], rel=1e-9)
    assert (np.diff(alone.null[0]) >= 0).all()


def test_a_cut_that_was_fixed_beforehand_costs_no_search() -> None:
    data = demo_plan().as_dict()
    fixed = {"method": "fixed", "value": 2.5}
    data["predictors"] = [{**data["predictors"][0], "cutoff": fixed}, *data["predictors"][1:]]  # type: ignore[index]
    plan = plan_from_dict(data)
    made = prepare(assembled(plan), nothing)
    result = json.loads(develop(cohort_path(), plan).to_json())["result"]
    cuts = found_cuts(result)
    assert cuts[0] == 2.5
    there = price(made, cuts, result).markers[0]
    assert there.as_planned
    assert there.p_searched is None
    assert there.wander is None
    assert there.effect_corrected.value == there.effect.value
    assert "fixed beforehand" in there.effect_corrected.method
    moved = price(made, [2.6, *cuts[1:]], result).markers[0]
    # whoever moves it has looked
    assert not moved.as_planned
    assert moved.p_searched is not None
    assert moved.effect_corrected.value is None


def test_a_group_without_event_is_said_to_have_no_ratio(prepared: Prepared) -> None:
    """All events on one side: the hazard ratio runs away, and nothing is invented."""
    values = np.vstack([np.where(prepared.event == 1, 5.0, 1.0), prepared.values[1:]])
    told = _priced(replace(prepared, values=values), [3.0, 0.358, 147.4])
    one = told.markers[0]
    assert one.without.events == 0
    assert one.effect.value is None
    assert one.effect.method.startswith("not estimable")
    assert one.effect_corrected.value is None
    json.dumps(plain(told), allow_nan=False)


def _priced(prepared: Prepared, cuts: list[float]) -> Price:
    nothing_known = {"value": None, "method": "none"}
    measure = {"label": "Harrell's C", "optimism": nothing_known, "corrected": nothing_known}
    outcome = {"label": "event", "horizon": 12.0, "time_unit": "months"}
    return price(
        prepared,
        cuts,
        {
            "simulated": True,
            "outcome": outcome,
            "performance": {"measures": [measure]},
            "uncut": {"measures": [measure]},
        },
    )


@pytest.mark.parametrize(
    ("cuts", "code"),
    [
        ([2.2, 0.36], "cut_count"),
        ([float("nan"), 0.36, 147.0], "cut_not_finite"),
        ([float("inf"), 0.36, 147.0], "cut_not_finite"),
        ([1e9, 0.36, 147.0], "one_side"),
        ([-1.0, 0.36, 147.0], "one_side"),
    ],
)
def test_a_cut_that_is_none_is_refused(prepared: Prepared, cuts: list[float], code: str) -> None:
    with pytest.raises(Refused) as refused:
        _priced(prepared, cuts)
    assert [one.code for one in refused.value.problems] == [code]
    assert refused.value.problems[0].mend


def test_every_bad_cut_is_said_at_once(prepared: Prepared) -> None:
    with pytest.raises(Refused) as refused:
        _priced(prepared, [1e9, float("nan"), 147.0])
    assert [one.where for one in refused.value.problems] == ["cut-1", "cut-2"]


def test_a_small_side_is_flagged(prepared: Prepared) -> None:
    values = np.sort(prepared.values[0])
    assert not _priced(prepared, [float(values[-3]), 0.36, 147.0]).markers[0].within_search
    assert _priced(prepared, [float(np.median(values)), 0.36, 147.0]).markers[0].within_search


def test_low_is_adverse_where_the_plan_says_so(prepared: Prepared) -> None:
    turned = replace(
        prepared,
        markers=(replace(prepared.markers[0], direction="low"), *prepared.markers[1:]),
    )
    high, low = (_priced(one, [2.5, 0.36, 147.0]).markers[0] for one in (prepared, turned))
    assert low.rule == "<="
    assert (low.beyond.n, low.without.n) == (high.without.n, high.beyond.n)
    assert low.uncut.value == pytest.approx(1.0 - (high.uncut.value or 0.0), abs=1e-12)


def test_a_file_of_arrays_comes_back_as_it_went(prepared: Prepared) -> None:
    content = prepared_bytes(prepared)
    again = read_prepared(content)
    assert again.markers == prepared.markers
    assert (again.outcome, again.groups) == (prepared.outcome, prepared.groups)
    for name in ("values", "event", "time", "cuts", "drift", "null", "null_index"):
        array = getattr(again, name)
        assert np.array_equal(array, getattr(prepared, name))
        assert not array.flags.writeable
    assert isinstance(again.target, SurvivalTarget)
    # names of patients, and columns that are no marker, are not in it
    assert b"SIM-001" not in content


def test_a_pickle_in_the_file_is_not_opened() -> None:
    stream = io.BytesIO()
    np.savez(stream, words=np.array([{"form": "cartwheel-prepared/1"}], dtype=object))
    for content in (stream.getvalue(), b"", b"PK\x03\x04 no archive"):
        with pytest.raises(FileRefused) as refused:
            read_prepared(content)
        assert refused.value.problems[0].code == "prepared_unreadable"


@pytest.mark.parametrize(
    ("change", "code"), [({"method": "points"}, "not_an_index"), ({"missing": "impute"}, "imputed")]
)
def test_what_has_no_sliders_says_why(tmp_path: Path, change: dict[str, str], code: str) -> None:
    data = {**demo_plan().as_dict(), **change}
    if change.get("method") == "points":
        data["index"] = {}
    (tmp_path / "sheet.csv").write_bytes(cohort_path().read_bytes())
    request = {"file": "1", "plan": data, "names": {"1": "sheet.csv"}}
    with pytest.raises(Refused) as refused:
        run_prepare(tmp_path, request, nothing)
    assert [one.code for one in refused.value.problems] == [code]


def test_a_large_cohort_is_told_to_have_no_sliders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cartwheel.serve.honest.prepare.MOST_PATIENTS", 100)
    with pytest.raises(Refused) as refused:
        prepare(assembled(demo_plan()), nothing)
    assert refused.value.problems[0].code == "too_many_patients"
    assert "197" in refused.value.problems[0].what


def test_a_binary_outcome_has_odds_ratios_and_no_curves() -> None:
    data = demo_plan().as_dict()
    data["outcome"] = {"kind": "binary", "event": "progression_or_death"}
    plan = plan_from_dict(data)
    made = read_prepared(prepared_bytes(prepare(assembled(plan), nothing)))
    result = json.loads(develop(cohort_path(), plan).to_json())["result"]
    told = price(made, found_cuts(result), result)
    assert (told.effect, told.measure, told.horizon) == ("odds ratio", "AUC", None)
    assert told.index.survival == ()
    assert plain(told.index.discrimination) == result["performance"]["measures"][0]["apparent"]
    for marker, row in zip(told.markers, result["cutoffs"], strict=True):
        assert marker.p_fixed == row["p_naive"]
