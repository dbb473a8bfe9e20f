"""Golden logistic regressions of R and the design matrices they were fitted to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from reference_data import reference_table


def frame(case: dict[str, Any]) -> pd.DataFrame:
    return reference_table(case["data"])


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
