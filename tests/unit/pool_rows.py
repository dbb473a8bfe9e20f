"""Small invented pools for the tests of the analysis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

import cartwheel as cw
from cartwheel.pooling.result import Pool
from cartwheel.pooling.result_analysis import Analysis

HAZARD = (2.59, 2.10, 1.50, 2.15, 1.20, 3.10)
LOW = (1.29, 1.31, 1.06, 1.31, 0.70, 1.40)
HIGH = (5.21, 3.35, 2.12, 3.54, 2.05, 6.90)


def frame(k: int = 6, **columns: Sequence[Any]) -> pd.DataFrame:
    """Hazard ratios of k invented studies, with further columns."""
    rows = {
        "study": [f"Study {letter}" for letter in "ABCDEF"[:k]],
        "HR": HAZARD[:k],
        "lower": LOW[:k],
        "upper": HIGH[:k],
    }
    return pd.DataFrame({**rows, **{name: list(values)[:k] for name, values in columns.items()}})


def differences(values: Sequence[float], error: float = 0.5) -> pd.DataFrame:
    """Mean differences with one standard error."""
    labels = [f"Study {i + 1}" for i in range(len(values))]
    return pd.DataFrame({"study": labels, "MD": list(values), "SE": [error] * len(values)})


def result(table: pd.DataFrame, **plan: Any) -> Pool:
    """Pool a frame under a plan."""
    return cw.pool(table, {"permutations": 0, **plan}).result


def analysis(table: pd.DataFrame, **plan: Any) -> Analysis:
    """Pool a frame that is one pool."""
    (only,) = result(table, **plan).analyses
    return only


def codes(found: Analysis) -> list[str]:
    """Codes of the notes."""
    return [note.code for note in found.notes]


def said(found: Analysis, code: str) -> str:
    """Text of the notes of one code."""
    return " ".join(note.text for note in found.notes if note.code == code)
