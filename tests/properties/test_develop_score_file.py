"""The score file gives every patient what the development gave: the same total, the same risk."""

from __future__ import annotations

import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from develop_examples import (
    CRP,
    FERRITIN,
    LYMPHOCYTES,
    NEUTROPHILS,
    NLR,
    SURVIVAL,
    Parts,
    fixed,
    parts,
    plan,
    predictor,
)
from hypothesis import HealthCheck, assume, given, settings, strategies as st

import cartwheel as cw
from cartwheel.clinic.score import ScoreSpec, read_score, score_to_toml
from cartwheel.clinic.scoring import Assessment, assess
from cartwheel.development.planning.plan import plan_from_dict
from cartwheel.errors import Refused, ScoreRefused

CASES: dict[str, dict[str, Any]] = {
    "index, searched, high and low": plan(
        "index", predictors=[predictor(CRP), predictor("neg", direction="low")]
    ),
    "index, log-rank": plan(
        "index",
        outcome=SURVIVAL,
        predictors=[
            predictor(CRP, cutoff={"method": "max_log_rank"}),
            predictor(FERRITIN, direction="low", cutoff={"method": "closest_corner"}),
        ],
    ),
    "index, fixed > and >=": plan(
        "index", predictors=[fixed(CRP, 7.5, ">"), fixed(FERRITIN, 400.0, ">=")]
    ),
    "index, fixed < and <=": plan(
        "index",
        outcome={**SURVIVAL, "horizon": 12.0},
        predictors=[
            fixed(CRP, 7.5, "<", direction="low"),
            fixed(FERRITIN, 400.0, "<=", direction="low"),
        ],
    ),
    "index, fixed, default rule, low": plan(
        "index", predictors=[fixed(CRP, 7.5, direction="low"), predictor("ordinal")]
    ),
    "index, groups highest first": plan(
        "index",
        index={
            "permutations": 0,
            "groups": [
                {"name": "high", "totals": [2]},
                {"name": "middle", "totals": [1]},
                {"name": "low", "totals": [0]},
            ],
        },
    ),
    "index, 0/1 and a ratio": plan(
        "index",
        predictors=[fixed("bulky", 1.0), predictor("nlr"), fixed(CRP, 7.5)],
        derived=[{**NLR, "zero": 0.2}],
    ),
    "index, ratio with a fixed cut": plan(
        "index", predictors=[fixed("nlr", 3.0), predictor(CRP)], derived=[NLR]
    ),
    "index, coded": plan(
        "index",
        predictors=[fixed("sex", 1.0), predictor(CRP)],
        columns={"sex": {"coding": {"f": 1.0, "m": 0.0}}},
    ),
    "points": plan(),
    "points, survival, low": plan(
        outcome=SURVIVAL, predictors=[predictor(CRP, direction="low"), predictor("neg")]
    ),
    "points, steps": plan(
        predictors=[
            predictor(CRP, steps=[5.0, 7.5, 20.0]),
            predictor("neg", steps=[0.0]),
            predictor("bulky"),
        ]
    ),
    "points, cut-offs": plan(
        predictors=[
            fixed(CRP, 7.5, ">"),
            predictor(FERRITIN, direction="low", cutoff={"method": "youden"}),
            predictor("ordinal"),
        ]
    ),
    "points, ratio": plan(
        predictors=[predictor("nlr", steps=[2.0, 3.0]), predictor(CRP, transform="log2")],
        derived=[{**NLR, "zero": "missing"}],
    ),
    "points, splines and few points": plan(
        predictors=[predictor(CRP, transform="rcs3"), predictor("neg", transform="rcs4")],
        points={"largest": 3, "bands": ["low", "high"]},
    ),
    "points, coded, survival": plan(
        outcome={**SURVIVAL, "horizon": 12.0},
        predictors=[predictor("sex"), predictor(CRP)],
        columns={"sex": {"coding": {"f": 1.0, "m": 0.0}}},
    ),
    "points, selected": plan(
        predictors=[predictor(CRP), predictor("neg"), predictor("bulky")],
        points={"selection": "backward", "alpha": 0.4},
    ),
}


def rows(n: int, seed: int) -> pd.DataFrame:
    """Draw patients of whom many stand exactly on an edge."""
    draw = np.random.default_rng(seed)
    risk = draw.normal(0, 1, n)
    time, followed = draw.exponential(20 * np.exp(-0.4 * risk)), draw.exponential(30, n)
    return pd.DataFrame(
        {
            CRP: np.where(
                draw.random(n) < 0.2,
                7.5,
                np.round(np.exp(2 + 0.8 * risk + draw.normal(0, 1, n)), 1),
            ),
            FERRITIN: np.where(draw.random(n) < 0.2, 400.0, np.round(np.exp(6 + risk))),
            "neg": np.round(draw.normal(0, 1, n), 1),
            "ordinal": draw.integers(0, 4, n),
            "bulky": (draw.random(n) < 0.3 + 0.1 * (risk > 0)).astype(int),
            "sex": np.where(draw.random(n) < 0.5, "f", "m"),
            # in tenths, so that a ratio such as 1.2 / 0.4 is exactly 3, in decimal arithmetic
            NEUTROPHILS: draw.integers(5, 40, n) / 10,
            LYMPHOCYTES: draw.integers(2, 15, n) / 10,
            "severe": (draw.random(n) < 1 / (1 + np.exp(-risk))).astype(int),
            "pfs_months": np.round(np.minimum(time, followed), 1) + 0.1,
            "progressed": (time <= followed).astype(int),
        }
    )


def inputs_of(spec: ScoreSpec, row: pd.Series) -> dict[str, Any]:
    """Give one row as a person would type it: numbers with the unit of the file."""
    typed: dict[str, Any] = {}
    for item in spec.inputs:
        cell = row[item.name]
        typed[item.name] = f"{cell} {item.unit}" if item.unit not in ("", "1") else cell
        if isinstance(typed[item.name], np.number):
            typed[item.name] = typed[item.name].item()
    return typed


def assessed(spec: ScoreSpec, row: pd.Series) -> Assessment:
    found = assess(spec, inputs_of(spec, row))
    assert isinstance(found, Assessment), found
    return found


def check_the_patients_of_the_development(
    found: Parts, spec: ScoreSpec, frame: pd.DataFrame
) -> None:
    analysed = frame[found.assembled.analysed]
    bands = {row.total: row.band for row in found.made.risk_table}
    pairs = zip(found.made.totals, found.made.fit.risk, strict=True)
    for (_, row), (total, risk) in zip(analysed.iterrows(), pairs, strict=True):
        answer = assessed(spec, row)
        assert answer.value == total, dict(row)
        # the file holds the risk with all its digits; the model's own sum may differ in the last
        assert answer.risk == pytest.approx(risk, abs=1e-12)
        assert answer.band == bands[int(total)]
        group = [group.name for group in found.made.groups if group.lowest <= total]
        assert answer.band in group


@pytest.mark.parametrize("name", CASES)
def test_it_reads_back_as_the_same_score(name: str, tmp_path: Path) -> None:
    spec = cw.develop(rows(120, 5), CASES[name]).score
    (tmp_path / "score.toml").write_text(score_to_toml(spec), encoding="utf-8")
    again = read_score(tmp_path / "score.toml")
    assert again.identity == spec.identity
    assert again == spec


@pytest.mark.parametrize("name", CASES)
def test_two_hundred_patients_of_the_development(name: str) -> None:
    frame = rows(200, 7)
    data = {**CASES[name], "resampling": {"bootstrap": 0}}
    spec = cw.develop(frame, data).score
    check_the_patients_of_the_development(parts(frame, data), spec, frame)


@given(
    name=st.sampled_from(sorted(CASES)),
    seed=st.integers(0, 10_000),
    n=st.integers(30, 90),
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.filter_too_much])
def test_any_cohort(name: str, seed: int, n: int) -> None:
    frame = rows(n, seed)
    data = {**CASES[name], "resampling": {"bootstrap": 0}}
    try:
        spec = cw.develop(frame, data).score
    except ScoreRefused:
        raise  # a file that contradicts the development is a fault of ours, never of the data
    except Refused:
        assume(False)
    check_the_patients_of_the_development(parts(frame, data), spec, frame)


TYPED = {
    CRP: st.decimals(0, 300, places=1),
    FERRITIN: st.decimals(1, 20000, places=0),
    "neg": st.decimals(-4, 4, places=1),
    "ordinal": st.integers(0, 3),
    "bulky": st.integers(0, 1),
    "sex": st.sampled_from(["f", "m"]),
    NEUTROPHILS: st.decimals("0.1", 12, places=1),
    LYMPHOCYTES: st.decimals("0.1", 3, places=1),
}


@pytest.mark.parametrize("name", CASES)
@given(data=st.data())
@settings(max_examples=200)
def test_two_hundred_new_patients(name: str, data: st.DataObject) -> None:
    found, spec = developed(name)
    row = pd.Series({key: data.draw(values, label=key) for key, values in TYPED.items()})
    terms = [term for term in spec.terms if term.input == CRP]
    edges = [band.to for term in terms for band in term.bands if band.to is not None]
    if data.draw(st.booleans(), label="on an edge") and edges:
        row[CRP] = max(Decimal(0), data.draw(st.sampled_from(edges), label="edge"))
    total = sum(give(raw(found, spec, row, key)) for key, give in found.made.points.items())
    answer = assessed(spec, row)
    assert answer.value == total
    risks = {line.total: line.predicted for line in found.made.risk_table}
    assert answer.risk == risks[total]


DEVELOPED: dict[str, tuple[Parts, ScoreSpec]] = {}


def developed(name: str) -> tuple[Parts, ScoreSpec]:
    if name not in DEVELOPED:
        frame, data = rows(120, 3), {**CASES[name], "resampling": {"bootstrap": 0}}
        DEVELOPED[name] = parts(frame, data), cw.develop(frame, data).score
    return DEVELOPED[name]


def raw(found: Parts, spec: ScoreSpec, row: pd.Series, column: str) -> float:
    """Value of a predictor as the development's own code takes it, ratios included."""
    if column == "sex":
        return 1.0 if row["sex"] == "f" else 0.0
    if column != "nlr":
        return float(row[column])
    policy = plan_from_dict(found.assembled.plan.as_dict()).derived[0].zero
    below = row[LYMPHOCYTES]
    if isinstance(policy, float):
        below = max(below, Decimal(repr(policy)))
    return float(row[NEUTROPHILS] / below)


UNITS = {"mg/L": ("crp_mg_l_day0", 1.0), "mg/dL": ("crp_mg_dl_day0", 10.0)}


@pytest.mark.parametrize("method", ["index", "points"])
@pytest.mark.parametrize("unit", UNITS)
def test_a_cut_off_is_written_in_the_unit_of_the_file(method: str, unit: str) -> None:
    name, per = UNITS[unit]
    frame = rows(120, 3).rename(columns={CRP: name})
    frame[name] = (frame[name] / per).round(2)
    cut = 7.5 / per
    item = fixed(name, cut)
    found = cw.develop(frame, plan(method, predictors=[item, predictor(FERRITIN)], bootstrap=0))
    given_points = int((frame[name] >= cut).sum())
    assert found.result.cutoffs[0].points_given == given_points
    for _, row in frame.iterrows():
        answer = assess(found.score, {name: f"{row[name]} {unit}", FERRITIN: "1 ug/L"})
        without = assess(found.score, {name: f"0 {unit}", FERRITIN: "1 ug/L"})
        assert isinstance(answer, Assessment)
        assert isinstance(without, Assessment)
        assert (answer.value != without.value) == (row[name] >= cut)


def test_steps_exclusions_and_floors_are_in_the_unit_of_the_file() -> None:
    frame = rows(120, 3)
    small = frame.rename(columns={CRP: "crp_mg_dl_day0"})
    small["crp_mg_dl_day0"] = (small["crp_mg_dl_day0"] / 10).round(2)

    def wanted(column: str, per: float) -> dict[str, Any]:
        rule = {"column": column, "above": 100.0 / per, "reason": "very high"}
        steps = [5.0 / per, 20.0 / per]
        return plan(
            predictors=[predictor(column, steps=steps), predictor(FERRITIN)],
            cohort={"exclude": [rule]},
        )

    one = cw.develop(frame, wanted(CRP, 1.0)).result
    two = cw.develop(small, wanted("crp_mg_dl_day0", 10.0)).result
    assert one.flow[1].excluded == two.flow[1].excluded
    assert [row.n for row in one.score_card] == [row.n for row in two.score_card]
    assert [row.points for row in one.score_card] == [row.points for row in two.score_card]


def test_a_floor_is_in_the_unit_of_the_file() -> None:
    frame = rows(120, 3)
    big = frame.rename(columns={NEUTROPHILS: "anc_per_ul_day0", LYMPHOCYTES: "alc_per_ul_day0"})
    big[["anc_per_ul_day0", "alc_per_ul_day0"]] = (
        (big[["anc_per_ul_day0", "alc_per_ul_day0"]] * 1000).round().astype(int)
    )
    ratio = {"name": "nlr", "numerator": "anc_per_ul_day0", "denominator": "alc_per_ul_day0"}
    one = cw.develop(
        frame, plan("index", predictors=[predictor("nlr")], derived=[{**NLR, "zero": 0.5}])
    ).result
    two = cw.develop(
        big, plan("index", predictors=[predictor("nlr")], derived=[{**ratio, "zero": 500.0}])
    ).result
    assert one.cutoffs[0].cut == two.cutoffs[0].cut
    assert one.performance == two.performance


def test_a_whole_file_is_scored_as_it_was_developed() -> None:
    frame = rows(100, 11)
    data = plan("index", predictors=[predictor(CRP), predictor(FERRITIN)], bootstrap=0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cohort.csv"
        frame.to_csv(path, index=False)
        found = parts(path, data)
        spec = cw.develop(path, data).score
    check_the_patients_of_the_development(found, spec, frame)
