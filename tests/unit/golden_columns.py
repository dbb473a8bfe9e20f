"""Columns of the reference data sets as the golden ROC and cut-off cases use them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from reference_data import reference_table


def is_event(frame: pd.DataFrame, rule: str) -> pd.Series:
    """Event by a rule such as ``outcome=='Poor'``, or a column that holds it; nan where missing."""
    if "==" not in rule:
        return frame[rule].astype(float)
    column, value = rule.replace("'", "").split("==")
    return (frame[column].astype(str) == value).astype(float).where(frame[column].notna())


def binary_columns(data: str, rule: str, marker: str) -> tuple[np.ndarray, np.ndarray]:
    """Event (0/1) and marker of the complete rows."""
    frame = reference_table(data)
    table = pd.DataFrame({"e": is_event(frame, rule), "x": frame[marker]}).dropna()
    return table["e"].to_numpy(float), table["x"].to_numpy(float)


def survival_columns(case: dict) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Time, event and marker of the complete rows."""
    frame = reference_table(case["data"])
    table = pd.DataFrame(
        {"t": frame[case["time"]], "e": is_event(frame, case["event"]), "x": frame[case["marker"]]}
    ).dropna()
    return tuple(table[name].to_numpy(dtype=float) for name in "tex")
