"""Small cohorts, plans and a command line in the same process, for the tests of development."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cartwheel.cli import main
from cartwheel.clinic.reading import read_table, table_from_frame
from cartwheel.development.cohort.assembly import Assembled, assemble
from cartwheel.development.made import Made, Resampling
from cartwheel.development.make_index import index_parameters, make_index
from cartwheel.development.make_points import make_points, points_parameters
from cartwheel.development.make_target import make_target
from cartwheel.development.model.target import Target
from cartwheel.development.planning.plan import plan_from_dict

CRP, FERRITIN = "crp_mg_l_day0", "ferritin_ug_l_day0"
NEUTROPHILS, LYMPHOCYTES = "neutrophils_10_9_l_day0", "lymphocytes_10_9_l_day0"
SURVIVAL: dict[str, Any] = {"event": "progressed", "kind": "survival", "time": "pfs_months"}
NLR = {"name": "nlr", "numerator": NEUTROPHILS, "denominator": LYMPHOCYTES}


def cohort(n: int = 80, seed: int = 1) -> pd.DataFrame:
    """Simulate a cohort in which CRP and ferritin carry some risk; no patient is real."""
    draw = np.random.default_rng(seed)
    crp = np.round(np.exp(draw.normal(2, 1, n)), 1) + 0.1
    ferritin = np.round(np.exp(draw.normal(6, 1, n))) + 1
    risk = 0.6 * np.log(crp) + 0.4 * np.log(ferritin) - 4.5
    severe = (draw.random(n) < 1 / (1 + np.exp(-risk))).astype(int)
    time = draw.exponential(20 * np.exp(-0.4 * risk))
    followed = draw.exponential(30, n)
    return pd.DataFrame(
        {
            "patient": [f"SENTINEL-{row:04d}" for row in range(n)],
            CRP: np.round(crp, 1),
            FERRITIN: ferritin,
            NEUTROPHILS: np.round(np.exp(draw.normal(1, 0.5, n)), 1) + 0.1,
            LYMPHOCYTES: np.round(np.exp(draw.normal(-0.5, 0.5, n)), 1) + 0.1,
            "sex": np.where(draw.random(n) < 0.5, "f", "m"),
            "bulky": (draw.random(n) < 0.4).astype(int),
            "age_years": np.round(draw.normal(60, 9, n)),
            "severe": severe,
            "onset_day": np.where(severe == 1, draw.integers(1, 10, n), np.nan),
            "pfs_months": np.round(np.minimum(time, followed), 1) + 0.1,
            "progressed": (time <= followed).astype(int),
        }
    )


def predictor(column: str, **said: Any) -> dict[str, Any]:
    """Write one predictor of a plan; high is adverse unless it is said otherwise."""
    return {"column": column, "direction": "high", **said}


def fixed(column: str, value: float, rule: str | None = None, **said: Any) -> dict[str, Any]:
    """Write one predictor with a fixed cut-off."""
    cutoff: dict[str, Any] = {"method": "fixed", "value": value}
    return predictor(column, cutoff=cutoff if rule is None else {**cutoff, "rule": rule}, **said)


def plan(method: str = "points", bootstrap: int = 5, **said: Any) -> dict[str, Any]:
    """Write a plan: CRP and ferritin for severe toxicity, few resamples, changed as said."""
    return {
        "method": method,
        "outcome": {"event": "severe"},
        "predictors": [predictor(CRP), predictor(FERRITIN)],
        "resampling": {"bootstrap": bootstrap},
        "index": {"permutations": 19},
        **said,
    }


@dataclass(frozen=True)
class Parts:
    """The inside of a development: what its own code gives every patient."""

    assembled: Assembled
    target: Target
    made: Made


def parts(frame: pd.DataFrame | Path, data: dict[str, Any]) -> Parts:
    """Develop up to the totals and risks of the patients, as ``cartwheel.develop`` does."""
    wanted = plan_from_dict(data)
    table = read_table(frame) if isinstance(frame, Path) else table_from_frame(frame)
    assembled = assemble(table, wanted)
    index = wanted.method == "index"
    parameters = index_parameters(wanted) if index else points_parameters(assembled.predictors)
    target, _ = make_target(assembled, parameters)
    make: Callable[..., Made] = make_index if index else make_points
    resampling = Resampling(wanted.resampling.bootstrap, wanted.resampling.seed, 1, None)
    return Parts(assembled, target, make(wanted, assembled.predictors, target, resampling))


@dataclass(frozen=True)
class Done:
    """What a command did."""

    code: int
    out: str
    err: str


def cartwheel(*arguments: str | Path) -> Done:
    """Run ``cartwheel ARGUMENTS`` in this process, which is quicker than a process of its own."""
    out, err = io.StringIO(), io.StringIO()
    before, sys.argv = sys.argv, ["cartwheel", *map(str, arguments)]
    code: Any = 0
    try:
        with redirect_stdout(out), redirect_stderr(err):
            main()
    except SystemExit as left:
        code = left.code or 0
    finally:
        sys.argv = before
    return Done(int(code), out.getvalue(), err.getvalue())


def saved(frame: pd.DataFrame, folder: Path, name: str = "cohort.csv") -> Path:
    """Write a cohort as a CSV file."""
    path = folder / name
    frame.to_csv(path, index=False)
    return path
