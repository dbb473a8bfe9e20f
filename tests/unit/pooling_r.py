"""What tests/reference/pooling_r/make.R found, as arrays; NA is nan."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

PATH = Path(__file__).resolve().parents[1] / "reference" / "pooling_r" / "numbers.json"
POOLING_R: dict[str, Any] = json.loads(PATH.read_text(encoding="utf-8"))


def numbers(values: Any) -> np.ndarray:
    """An array of what R wrote: a number, a list or rows."""
    if isinstance(values, list):
        return np.array([numbers(value) for value in values], dtype=float)
    return np.array(np.nan if values == "NA" else values, dtype=float)


def vector(values: Any) -> np.ndarray:
    """The same with at least one axis: R writes a vector of one as a number."""
    return np.atleast_1d(numbers(values))
