"""The updated score as a file: it loads, comes back from TOML, and gives exactly the new risks."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from develop_examples import CRP, FERRITIN, SURVIVAL as DEVELOPED_SURVIVAL, cohort, plan
from hypothesis import given, strategies as st
from score_examples import bare_document, points_document
from score_library import shipped
from score_rows import random_columns
from update_cases import SURVIVAL, binary, extension, ladder_plan, plain, scored, survival

import cartwheel as cw
from cartwheel.clinic.batch.measured import InputColumn
from cartwheel.clinic.score import ScoreSpec, read_score, score_from_document, score_to_toml
from cartwheel.clinic.score_batch import score_columns
from cartwheel.clinic.score_signature import new_key_pair, sign_score, verify_score
from cartwheel.clinic.score_update import (
    AddedInput,
    Evidence,
    re_estimated,
    recalibrated,
    updated_version,
)
from cartwheel.clinic.score_update_risk import certain_totals
from cartwheel.errors import Refused, ScoreRefused
from cartwheel.validation.analysed import Target
from cartwheel.validation.updating.file import Updatable, updated_score
from cartwheel.validation.updating.frame import frame_of
from cartwheel.validation.updating.ladder import ladder_of

N = 240
# of risks; arithmetic in decimals and in doubles differ by the last digits only
EXACT = 1e-9
BINARY = Evidence(
    {"name": "event", "kind": "binary", "definition": "as here", "adverse": "high"},
    {"text": "100 patients", "n": 100, "events": 20},
)
TIMED = Evidence(
    {"name": "event", "kind": "survival", "definition": "as here", "horizon": 6,
     "time_unit": "months"},
    {"text": "100 patients"},
    middle=1.5,
)  # fmt: skip


def developed(outcome: dict[str, Any]) -> tuple[ScoreSpec, dict[str, InputColumn]]:
    """A points score from simulated patients, and other patients."""
    spec = cw.develop(cohort(150, 3), plan(outcome=outcome, bootstrap=3)).score
    others = cohort(N, 4)
    units = {CRP: "mg/L", FERRITIN: "ug/L"}
    columns = {
        name: InputColumn(units[name], others[name].to_numpy(dtype=np.float64), {})
        for name in spec.input_names
    }
    return spec, columns


def logistic() -> tuple[ScoreSpec, dict[str, InputColumn]]:
    document = bare_document(
        inputs=[{"name": name, "label": name} for name in ("x", "y", "w")],
        terms=[
            {"kind": "spline", "input": "x", "knots": [1, 5, 9], "coefficients": [0.3, -0.2]},
            {"kind": "linear", "input": "y", "transform": "log2", "coefficient": -0.4, "centre": 2},
            {"kind": "product", "name": "p", "factors": [{"input": "x"}, {"input": "w"}],
             "transform": "sqrt"},
            {"kind": "decision", "name": "d", "rows": [
                {"name": "old", "points": 1.5,
                 "when": [{"input": "w", "from": 5, "from_inclusive": True}]},
                {"name": "rest", "points": -1}]},
        ],
        intercept=0.25,
        risk={"kind": "logistic", "intercept": -1.5, "slope": 0.5},
        bands=[
            {"name": "low", "to": 2, "to_inclusive": False,
             "observed": {"risk": 0.1, "source": "elsewhere"}},
            {"name": "high", "from": 2, "from_inclusive": True},
        ],
        examples=[{"inputs": {"x": 1, "y": 4, "w": 1}, "value": 0.55}],
    )  # fmt: skip
    document["examples"][0]["tolerance"] = 100
    draw = np.random.default_rng(8)
    columns = plain(**{name: draw.uniform(0.5, 10, N).round(2) for name in ("x", "y", "w")})
    return score_from_document(document), columns


def cox() -> tuple[ScoreSpec, dict[str, InputColumn]]:
    spec, columns = logistic()
    document = spec.document()
    document |= {"outcome": SURVIVAL, "risk": {
        "kind": "cox", "baseline_survival": Decimal("0.7"), "slope": Decimal("0.4"),
        "centre": Decimal("2.5")}}  # fmt: skip
    document.pop("bands")
    document["examples"] = [{"inputs": {"x": 1, "y": 4, "w": 1}, "value": 0, "tolerance": 100}]
    return score_from_document(document), columns


def easix() -> tuple[ScoreSpec, dict[str, InputColumn]]:
    draw = np.random.default_rng(9)
    columns = {
        "ldh": InputColumn("U/L", draw.uniform(100, 900, N).round(), {}),
        "creatinine": InputColumn("umol/L", draw.uniform(40, 200, N).round(), {}),
        "platelets": InputColumn("10*9/L", draw.uniform(15, 300, N).round(), {}),
    }
    return shipped("easix"), columns


def manual() -> tuple[ScoreSpec, dict[str, InputColumn]]:
    spec = score_from_document(points_document())
    columns = random_columns(spec, 6 * N, 2)
    done = np.flatnonzero(~np.isnan(score_columns(spec, columns).value))[:N]
    return spec, {
        name: InputColumn(one.unit, one.numbers[done], {}) for name, one in columns.items()
    }


PARENTS = {
    "logistic": logistic,
    "cox": cox,
    "easix": easix,
    "manual's table": manual,
    "developed points": lambda: developed({"event": "severe"}),
    "developed points, survival": lambda: developed({**DEVELOPED_SURVIVAL, "horizon": 12.0}),
}


def patients(spec: ScoreSpec, value: np.ndarray[Any, Any], timed: bool) -> Target:
    """An outcome that has to do with the value, but not as the score says."""
    draw = np.random.default_rng(10)
    line = 0.7 * (value - value.mean()) / value.std() - 0.4
    if not timed:
        return binary(draw.random(N) < 1 / (1 + np.exp(-line)))
    time, followed = draw.exponential(14 / np.exp(line)), draw.uniform(3, 40, N)
    return survival(np.minimum(time, followed).round(1) + 0.1, time <= followed, 12.0)


@pytest.mark.parametrize("rung", ["intercept", "slope", "re-estimated", "extended"])
@pytest.mark.parametrize("name", PARENTS)
def test_scoring_with_the_new_file_gives_the_updated_risks(name: str, rung: str) -> None:
    spec, columns = PARENTS[name]()
    predicted, terms = scored(spec, columns)
    timed = spec.outcome.kind == "survival"
    target = patients(spec, predicted.value, timed)
    more = np.random.default_rng(11).normal(50, 9, N).round(1)
    about = Updatable(predicted, terms, (extension("albumin 2", more, "g/L"),), spec)
    frame = frame_of(target, predicted, terms, about.extension)
    if rung not in frame.rungs:
        assert rung in frame.reasons
        return
    fit = ladder_of(target, frame).fit(rung, np.ones(N))
    made = ladder_plan("survival" if timed else "binary", extend=["albumin 2"])
    new = updated_score(target, about, frame, fit, (), made)
    again = read_score(score_to_toml(new))
    assert again == new
    assert again.identity == new.identity
    everything = {**columns, "albumin 2": InputColumn("g/L", more, {})}
    found = score_columns(again, {each: everything[each] for each in again.input_names})
    line = fit.predictor
    wanted = -np.expm1(-np.exp(line)) if timed else 1.0 / (1.0 + np.exp(-line))
    np.testing.assert_allclose(found.risk, wanted, rtol=0, atol=EXACT)
    assert (new.parent.id, new.parent.version) == (spec.id, spec.version)
    assert new.parent.sha256 == spec.identity
    assert new.version != spec.version
    assert new.status == "developed"
    assert new.population.n == N
    assert new.simulated == spec.simulated
    same = rung in ("intercept", "slope")
    assert [band.name for band in new.bands] == [band.name for band in spec.bands if same]
    for band in new.bands:
        assert band.observed is None or band.observed.source.startswith("patients of the update")
    if same:
        np.testing.assert_array_equal(found.value, predicted.value)


def test_which_rungs_these_scores_have() -> None:
    found = {}
    for name, parent in PARENTS.items():
        spec, columns = parent()
        predicted, terms = scored(spec, columns)
        target = patients(spec, predicted.value, spec.outcome.kind == "survival")
        found[name] = frame_of(target, predicted, terms, ()).rungs
    everything = ("as is", "intercept", "slope", "re-estimated")
    assert found == {
        "logistic": everything,
        "cox": everything,
        "easix": ("slope",),
        "manual's table": everything[:3],  # its risks are no straight line on the log odds
        "developed points": everything,
        "developed points, survival": everything,
    }


def test_a_second_update_names_the_first_as_its_parent() -> None:
    spec, _ = logistic()
    first = recalibrated(spec, None, intercept=0.3, slope=0.8, evidence=BINARY)
    second = recalibrated(first, None, intercept=-0.1, slope=1.1, evidence=BINARY)
    assert [one.version for one in (first, second)] == ["1+recal.1", "1+recal.2"]
    assert second.parent.sha256 == first.identity
    assert second.title == first.title == "Bare, updated"
    # by hand: -0.1 + 1.1 (0.3 + 0.8 (-1.5 + 0.5 v)) = -1.09 + 0.44 v
    assert float(second.risk.intercept) == pytest.approx(-1.09, abs=1e-12)
    assert float(second.risk.slope) == pytest.approx(0.44, abs=1e-12)


def test_cox_by_hand() -> None:
    spec, _ = cox()
    new = recalibrated(spec, None, intercept=0.5, slope=2.0, evidence=TIMED)
    # log(-log S0)' = 0.5 + 2 log(-log 0.7), so -log S0' = exp(0.5) (log 0.7)^2
    assert float(new.risk.baseline_survival) == pytest.approx(
        np.exp(-np.exp(0.5) * np.log(0.7) ** 2), rel=1e-12
    )
    assert float(new.risk.slope) == pytest.approx(0.8)
    assert new.risk.centre == Decimal("2.5")


def test_a_baseline_that_is_nearly_certain_is_written_at_the_middle() -> None:
    spec, columns = cox()
    new = recalibrated(spec, None, intercept=-30.0, slope=1.0, evidence=TIMED)
    assert new.risk.centre == Decimal("1.50")
    with pytest.raises(ScoreRefused) as refused:
        recalibrated(spec, None, intercept=-60.0, slope=1.0, evidence=TIMED)
    assert refused.value.problems[0].code == "risk_certain"
    assert columns


def test_a_table_is_moved_row_by_row_without_its_old_counts() -> None:
    spec, _ = manual()
    new = recalibrated(spec, None, intercept=np.log(2.0), slope=1.0, evidence=BINARY)
    # odds are doubled: 0.18 becomes 0.36 / 1.18
    risks = {int(row.value): float(row.risk) for row in new.risk.rows}
    assert risks[2] == pytest.approx(0.36 / 1.18, rel=1e-12)
    assert all(row.n is None and row.events is None for row in new.risk.rows)
    assert new.published == ()
    assert new.performance == ()


def test_a_certain_risk_has_no_log_odds() -> None:
    document = points_document()
    rows = document["risk"]["rows"]
    rows[0]["risk"], rows[-1]["risk"] = 0, 1
    document["examples"] = [{**document["examples"][0], "tolerance": 1}]
    spec = score_from_document(document)
    assert certain_totals(spec) == (0, 4)
    with pytest.raises(ScoreRefused) as refused:
        recalibrated(spec, None, intercept=0.1, slope=1.0, evidence=BINARY)
    assert refused.value.problems[0].code == "risk_certain"
    assert certain_totals(logistic()[0]) is None


@pytest.mark.parametrize(("name", "code"), [("easix", "no_risk"), ("logistic", "risk_kind")])
def test_a_risk_that_is_not_there_or_does_not_fit(name: str, code: str) -> None:
    spec, _ = PARENTS[name]()
    with pytest.raises(ScoreRefused) as refused:
        recalibrated(spec, None, intercept=0.1, slope=1.0, evidence=TIMED)
    assert refused.value.problems[0].code == code


def test_parameters_are_settled_and_said() -> None:
    spec = shipped("cipi")
    name = spec.parameters[0].name
    option = spec.parameters[0].options[-1].name
    new = recalibrated(
        spec, {name: option}, intercept=-1.0, slope=0.7, from_value=True,
        evidence=Evidence(TIMED.outcome, TIMED.population, typical={
            each.name: f"1 {each.unit}" for each in spec.inputs}, middle=1.0),
    )  # fmt: skip
    assert new.parameters == ()
    assert f"{name} = {option}" in new.population.text
    assert new.parent.sha256 == spec.identity
    assert new.examples


def test_signed_and_verified_like_any_score() -> None:
    pytest.importorskip("cryptography")
    new = recalibrated(logistic()[0], None, intercept=0.3, slope=0.8, evidence=BINARY)
    private, public = new_key_pair()
    assert verify_score(read_score(score_to_toml(new)), sign_score(new, private), public)


def test_an_added_input_whose_name_is_taken_is_refused() -> None:
    spec, _ = logistic()
    more = AddedInput("x", "X again", "", 0.2, Decimal(3))
    with pytest.raises(Refused):
        re_estimated(
            spec, None, intercept=0.0, factors=[1.0] * 4, added=[more], evidence=BINARY
        )  # fmt: skip


@given(version=st.from_regex(r"[0-9A-Za-z][0-9A-Za-z.+-]{0,49}", fullmatch=True))
def test_a_version_is_always_followed_by_another(version: str) -> None:
    following = updated_version(version)
    assert following != version
    assert len(following) <= 50
    assert score_from_document(bare_document(version=following)).version == following


def test_versions() -> None:
    assert updated_version("1.0.0") == "1.0.0+recal.1"
    assert updated_version("1.0.0+recal.9") == "1.0.0+recal.10"
    assert updated_version("2+site") == "2+site.recal.1"
    assert updated_version("2+site.recal.1") == "2+site.recal.2"
