"""Whatever is missing where: a development that imputes is whole, or refused with a reason."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import numpy as np
import pandas as pd
from develop_examples import CRP, FERRITIN, LYMPHOCYTES, NLR, SURVIVAL, cohort, plan
from hypothesis import HealthCheck, given, settings, strategies as st

import cartwheel as cw
from cartwheel.canonical import plain
from cartwheel.report.html import report_html
from cartwheel.workflows.schema import develop_schema

SCHEMA = jsonschema.Draft202012Validator(develop_schema())
COLUMNS = (CRP, FERRITIN, "nlr", "bulky", "rare", "coded", "stage", "age_years")
CURVED = (CRP, FERRITIN, "nlr", "age_years")


def drawn(draw: np.random.Generator) -> tuple[pd.DataFrame, list[str]]:
    """A cohort of any size with any of its columns incomplete, and the predictors chosen."""
    n = int(draw.integers(25, 100))
    frame = cohort(n, seed=int(draw.integers(1_000_000)))
    frame = frame.assign(
        rare=(draw.random(n) < 0.08).astype(float),
        coded=draw.integers(1, 3, n).astype(float),
        stage=draw.integers(1, 4, n).astype(float),
        bulky=frame["bulky"].astype(float),
    )
    chosen = [str(name) for name in draw.choice(COLUMNS, draw.integers(1, 5), replace=False)]
    for name in chosen:
        share = draw.choice([0.0, 0.03, 0.2, 0.45])
        frame.loc[draw.random(n) < share, LYMPHOCYTES if name == "nlr" else name] = np.nan
    return frame, chosen


def wished(draw: np.random.Generator, name: str, method: str, kind: str) -> dict[str, Any]:
    said: dict[str, Any] = {"column": name, "direction": str(draw.choice(["high", "low"]))}
    ways = ["youden", "closest_corner", *(["max_log_rank"] if kind == "survival" else [])]
    if draw.random() < 0.4:
        said["cutoff"] = {"method": str(draw.choice(ways))}
    elif method == "points" and name in CURVED:
        said["transform"] = str(draw.choice(["none", "log2", "sqrt", "rcs3", "rcs4"]))
    return said


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 10_000),
    method=st.sampled_from(["index", "points"]),
    kind=st.sampled_from(["binary", "survival"]),
    selection=st.sampled_from(["none", "univariable", "backward"]),
    penalty=st.sampled_from(["auto", "firth"]),
)
def test_it_is_whole_or_refused(
    seed: int, method: str, kind: str, selection: str, penalty: str
) -> None:
    draw = np.random.default_rng(seed)
    frame, chosen = drawn(draw)
    wanted = plan(
        method,
        bootstrap=int(draw.choice([0, 3])),
        missing="impute",
        imputation={"imputations": int(draw.choice([2, 3]))},
        predictors=[wished(draw, name, method, kind) for name in chosen],
        derived=[{**NLR, "zero": "missing"}],
        points={"selection": selection, "alpha": 0.4, "penalty": penalty},
        associations={"columns": ["sex"]},
        **({} if kind == "binary" else {"outcome": SURVIVAL}),
    )
    try:
        developed = cw.develop(frame, wanted)
    except cw.Refused:
        return  # with a reason: every refusal is one
    document = json.loads(developed.to_json())
    SCHEMA.validate(document)
    result = developed.result
    assert sum(row.n for row in result.risk_table) == result.outcome.patients == len(frame)
    assert sum(row.n for row in result.groups) == len(frame)
    assert "SENTINEL" not in report_html(plain(developed.document))
