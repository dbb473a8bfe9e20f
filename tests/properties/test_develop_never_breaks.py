"""Whatever the cohort and the plan: an answer that fits the schema, or a refusal in words."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import numpy as np
import pandas as pd
from develop_examples import CRP, FERRITIN, LYMPHOCYTES, NEUTROPHILS, NLR, SURVIVAL
from hypothesis import given, settings, strategies as st

import cartwheel as cw
from cartwheel.errors import Refused, ScoreRefused
from cartwheel.workflows.schema import develop_schema

SCHEMA = jsonschema.Draft202012Validator(develop_schema())
STEPS = {CRP: [5.0, 10.0], FERRITIN: [400.0], "few": [1.0, 2.0], "rare": [0.5], "neg": [0.0]}
CUTS = {CRP: 7.4, FERRITIN: 400.0, "few": 2.0, "rare": 1.0, "neg": 0.0, "nlr": 3.0}


def rows(seed: int, n: int, event: float, gaps: float) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            CRP: np.round(np.exp(draw.normal(2, 1, n)), 1) + 0.1,
            FERRITIN: np.round(np.exp(draw.normal(6, 1, n))) + 1,
            "few": draw.integers(0, 4, n).astype(float),
            "rare": (draw.random(n) < 0.07).astype(float),
            "neg": np.round(draw.normal(0, 2, n), 1),
            LYMPHOCYTES: np.round(np.exp(draw.normal(-0.5, 0.5, n)), 1) + 0.1,
            NEUTROPHILS: np.round(np.exp(draw.normal(1, 0.5, n)), 1),
        }
    )
    frame = frame.mask(draw.random(frame.shape) < gaps)
    frame["severe"] = (draw.random(n) < event).astype(int)
    frame["progressed"] = (draw.random(n) < event).astype(int)
    frame["pfs_months"] = np.round(draw.exponential(10, n), 0) + 1  # whole months: many ties
    return frame


@st.composite
def predictors(draw: st.DrawFn, method: str, kind: str) -> list[dict[str, Any]]:
    names = draw(st.lists(st.sampled_from(sorted(CUTS)), min_size=1, max_size=3, unique=True))
    ways = ["youden", "closest_corner", "fixed"] + ["max_log_rank"] * (kind == "survival")
    items = []
    for name in names:
        end = draw(st.sampled_from(["high", "low"]))
        item: dict[str, Any] = {"column": name, "direction": end}
        way = draw(st.sampled_from([None, *ways]))
        if way == "fixed":
            rules = [">", ">="] if end == "high" else ["<", "<="]
            rule = draw(st.sampled_from(rules))
            item["cutoff"] = {"method": "fixed", "value": CUTS[name], "rule": rule}
        elif way is not None:
            item["cutoff"] = {"method": way}
        elif method == "points" and name in STEPS and draw(st.booleans()):
            item["steps"] = STEPS[name]
        if name in (CRP, FERRITIN):
            item["transform"] = draw(st.sampled_from(["none", "log2", "sqrt", "rcs3", "rcs5"]))
        items.append(item)
    return items


@st.composite
def plans(draw: st.DrawFn) -> dict[str, Any]:
    method = draw(st.sampled_from(["index", "points"]))
    kind = draw(st.sampled_from(["binary", "survival"]))
    outcome: dict[str, Any] = {"event": "severe"} if kind == "binary" else dict(SURVIVAL)
    if kind == "survival":
        outcome["horizon"] = draw(st.sampled_from([None, 3.0, 12.0]))
    items = draw(predictors(method, kind))
    used = {item["column"] for item in items}
    selection = draw(st.sampled_from(["none", "univariable", "backward"]))
    return {
        "method": method,
        "outcome": outcome,
        "predictors": items,
        "derived": [NLR] if "nlr" in used else [],
        "landmark_day": draw(st.sampled_from([None, 30.0])) if kind == "survival" else None,
        "adjust": draw(st.sampled_from([[], [LYMPHOCYTES]])),
        "associations": {"columns": draw(st.sampled_from([[], ["few", "rare", "neg"]]))},
        "index": {"permutations": draw(st.sampled_from([0, 9]))},
        "points": {
            "selection": selection,
            "alpha": draw(st.sampled_from([0.001, 0.3])),
            "penalty": draw(st.sampled_from(["auto", "firth", "none"])),
            "largest": draw(st.sampled_from([1, 10])),
        },
        "resampling": {"bootstrap": draw(st.sampled_from([0, 1, 4]))},
    }


@given(
    wanted=plans(),
    seed=st.integers(0, 100_000),
    n=st.sampled_from([3, 8, 20, 45, 80]),
    event=st.sampled_from([0.05, 0.2, 0.5, 0.9]),
    gaps=st.sampled_from([0.0, 0.1]),
)
@settings(max_examples=250)
def test_an_answer_or_a_refusal(
    wanted: dict[str, Any], seed: int, n: int, event: float, gaps: float
) -> None:
    frame = rows(seed, n, event, gaps)
    try:
        developed = cw.develop(frame, wanted)
    except ScoreRefused:
        raise  # the user wrote no score file: this is a fault of ours
    except Refused:
        return
    text = developed.to_json()
    SCHEMA.validate(json.loads(text))
    assert "NaN" not in text
    result = developed.result
    assert sum(group.n for group in result.groups) == result.outcome.patients
    assert sum(row.n for row in result.risk_table) == result.outcome.patients
    for measure in result.performance.measures:
        for estimate in (measure.apparent, measure.optimism, measure.corrected):
            held = (estimate.value, estimate.low, estimate.high)
            assert all(value is None or np.isfinite(value) for value in held), measure
