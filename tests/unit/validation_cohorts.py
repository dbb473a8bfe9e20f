"""Cohorts, plans and scores that the tests of a validation's reading build on; all invented."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from score_examples import bare_document

from cartwheel.clinic.reading import RawTable, table_from_frame
from cartwheel.clinic.score import ScoreSpec, score_from_document
from cartwheel.errors import Refused
from cartwheel.validation.cohort.assembly import Assembled, assemble
from cartwheel.validation.plan import plan_from_dict

BANDS = [
    {"name": "low", "to": 2, "to_inclusive": False},
    {"name": "high", "from": 2, "from_inclusive": True},
]
BINARY = {"event": "crs"}
SURVIVAL = {"event": "dead", "kind": "survival", "time": "os_months", "horizon": 12.0}
FERRITIN = {"name": "ferritin", "label": "Ferritin", "variable": "ferritin", "unit": "ug/L"}


def spec(**parts: Any) -> ScoreSpec:
    """value = x; high is adverse unless ``outcome`` says otherwise."""
    outcome = {"name": "crs", "kind": "binary", "definition": "CRS", "adverse": "high"}
    return score_from_document(bare_document(**{"outcome": outcome, **parts}), where="test score")


def outcome_of(**parts: Any) -> dict[str, Any]:
    return {"name": "crs", "kind": "binary", "definition": "CRS", "adverse": "high", **parts}


def frame(**columns: Any) -> pd.DataFrame:
    """Eight patients, four with CRS, whose x is 0, 1, ... 7."""
    rows: dict[str, Any] = {
        "x": np.arange(8.0),
        "crs": [0, 0, 0, 1, 0, 1, 1, 1],
        "dead": [0, 1, 0, 1, 0, 1, 1, 0],
        "os_months": [20.0, 6.0, 14.0, 3.0, 30.0, 9.0, 16.0, 13.0],
        "sex": list("fmfmfmfm"),
        "age": [30.0, 40, 50, 60, 65, 70, 80, np.nan],
    }
    return pd.DataFrame({**rows, **columns})


def cohort(**columns: Any) -> RawTable:
    return table_from_frame(frame(**columns))


def assembled(
    table: RawTable | None = None,
    specs: ScoreSpec | list[ScoreSpec] | None = None,
    **parts: Any,
) -> Assembled:
    """Assemble; ``parts`` go into the plan, whose scores are named a, b, ... by default."""
    listed = specs if isinstance(specs, list) else [specs or spec()]
    scores = [{"score": "file", "name": name} for name, _ in zip("abcdef", listed, strict=False)]
    plan = plan_from_dict({"outcome": BINARY, "scores": scores, **parts})
    return assemble(cohort() if table is None else table, plan, listed)


def refused(*arguments: Any, **parts: Any) -> Refused:
    """Give the refusal that `assembled` meets."""
    try:
        assembled(*arguments, **parts)
    except Refused as found:
        return found
    raise AssertionError("nothing was refused")


def codes(found: Refused) -> list[str]:
    return [problem.code for problem in found.problems]


def notes(found: Assembled, score: int | None = 0) -> list[str]:
    listed = found.notes if score is None else found.score_notes[score]
    return [note.code for note in listed]
