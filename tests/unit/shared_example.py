"""Invented centres, a points score made at one of them, and its validation at the others."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

import cartwheel as cw
from cartwheel.clinic.score import ScoreSpec, read_score
from cartwheel.workflows.validate import Validated, validate

EVENT = {"event": "severe", "label": "severe CRS"}
SURVIVAL = {
    "event": "progressed",
    "kind": "survival",
    "time": "pfs_months",
    "time_unit": "months",
    "horizon": 12.0,
    "label": "PFS",
}


def centre(seed: int, n: int, shift: float = 0.0) -> pd.DataFrame:
    """Simulated patients of one centre."""
    rng = np.random.default_rng(seed)
    ferritin = np.exp(rng.normal(6.5, 1.2, n))
    crp = np.exp(rng.normal(2.5, 1.0, n))
    line = -1.8 + shift + 0.5 * (np.log2(ferritin) - 9.0) + 0.4 * (np.log2(crp) - 3.0)
    time = rng.exponential(14.0 * np.exp(-0.35 * line))
    censored = rng.uniform(3.0, 40.0, n)
    return pd.DataFrame(
        {
            "patient": [f"Z{seed}-{place:04d}" for place in range(n)],
            "ferritin_ug_l_day0": ferritin.round(0),
            "crp_mg_l_day0": crp.round(1),
            "severe": (rng.random(n) < 1.0 / (1.0 + np.exp(-line))).astype(int),
            "pfs_months": np.minimum(time, censored).round(2) + 0.01,
            "progressed": (time <= censored).astype(int),
            "sex": rng.choice(["Femme-Q", "Homme-Q", "rare-Q"], n, p=[0.49, 0.48, 0.03]),
            "site": rng.choice(["Quartier Nord", "Quartier Sud", "Quartier Est"], n),
        }
    )


@cache
def score_of(kind: str = "binary") -> ScoreSpec:
    """A points score, developed at another simulated centre."""
    outcome = EVENT if kind == "binary" else SURVIVAL
    made = cw.develop(
        centre(99, 400),
        {
            "method": "points",
            "title": f"Two markers ({kind})",
            "simulated": True,
            "outcome": outcome,
            "predictors": [
                {"column": "ferritin_ug_l_day0", "direction": "high"},
                {"column": "crp_mg_l_day0", "direction": "high"},
            ],
            "resampling": {"bootstrap": 20},
        },
    )
    return made.score


def table_score(risks: Sequence[float], bands: Sequence[int] = ()) -> ScoreSpec:
    """A score that is its only input, a whole number, with a risk for each value."""
    ends = [*bands, len(risks)]
    named = "".join(
        f"[[bands]]\nname = 'band {place}'\nstatus = 'developed'\n"
        + (f"from = {start}\nfrom_inclusive = true\n" if place else "")
        + (f"to = {end}\nto_inclusive = false\n" if end < len(risks) else "")
        for place, (start, end) in enumerate(pairwise(ends))
    )
    rows = "\n".join(f"  {{ value = {each}, risk = {risk} }}," for each, risk in enumerate(risks))
    last = len(risks) - 1
    points = "\n".join(
        "  { "
        + (f"from = {each - 0.5}, from_inclusive = true, " if each else "")
        + (f"to = {each + 0.5}, to_inclusive = false, " if each < last else "")
        + f"points = {each} }},"
        for each in range(last + 1)
    )
    text = f"""
schema = "cartwheel-score/1"
id = "points"
version = "1"
title = "Points"
status = "developed"
simulated = true
method = "points"
missing = "refuse"
[outcome]
name = "severe"
kind = "binary"
definition = "invented"
[population]
text = "invented"
[citation]
text = "invented"
[[inputs]]
name = "points"
label = "Points"
unit = ""
[[terms]]
kind = "points"
name = "Points"
input = "points"
bands = [
{points}
]
{named}
[risk]
kind = "table"
rows = [
{rows}
]
[[examples]]
inputs = {{ points = "1" }}
value = 1
"""
    with TemporaryDirectory() as folder:
        path = Path(folder, "points.toml")
        path.write_text(text, encoding="utf-8")
        return read_score(path)


def validated(frame: pd.DataFrame, kind: str = "binary", **changes: Any) -> Validated:
    """The score on one centre, with what it shares."""
    plan = {
        "simulated": True,
        "outcome": EVENT if kind == "binary" else SURVIVAL,
        "cohort": {"id": "patient"},
        "scores": [{"score": "it", "name": "two markers"}],
        "subgroups": [{"column": "sex"}],
        "centre": "site",
        "sharing": {"label": "Centre A"},
        "resampling": {"bootstrap": 30},
    }
    return validate(frame, plan | changes, scores={"it": score_of(kind)}, share_too=True)
