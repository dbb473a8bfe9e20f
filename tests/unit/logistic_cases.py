"""Golden logistic regressions of R and the design matrices they were fitted to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

REFERENCE = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "reference"


def golden(name: str) -> dict[str, Any]:
    """Cases of one golden file; skips the module where the folder is absent."""
    path = REFERENCE / "golden" / f"{name}.json"
    if not path.is_file():
        pytest.skip(
            "the folder of reference data is not beside the repository", allow_module_level=True
        )
    cases: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["cases"]
    return cases


def frame(case: dict[str, Any]) -> pd.DataFrame:
    return pd.read_csv(REFERENCE / f"{case['data']}.csv")


def design(
    case: dict[str, Any], without: str = ""
) -> tuple[NDArray[np.float64], NDArray[np.float64], list[str]]:
    """x, event and the term of each column, as R's model.matrix makes them."""
    table = frame(case)
    left, right = (side.strip() for side in case["formula"].split("~"))
    if case.get("prep"):
        assert "outcome=='Poor'" in case["prep"]
        table["y"] = (table["outcome"] == "Poor").astype(float)
    columns, terms = [], []
    for term in (t for t in right.split("+") if t != without):
        if term.startswith("factor("):
            values = table[term[len("factor(") : -1]]
            for level in sorted(values.unique())[1:]:
                columns.append((values == level).astype(float))
                terms.append(f"{term}{level}")
        else:
            columns.append(table[term].astype(float))
            terms.append(term)
    x = np.column_stack(columns)
    complete = np.isfinite(x).all(axis=1)
    return np.ascontiguousarray(x[complete]), table[left].to_numpy(float)[complete], terms
