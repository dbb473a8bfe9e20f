"""Scores with bands, in memory, for tests of what a validation says of one score."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cartwheel.clinic.score import read_score
from cartwheel.clinic.score_spec import Band, Observed, ScoreSpec
from cartwheel.validation.analysed import Predicted


def spec(observed: dict[str, dict[str, Any]] | None = None, names: Sequence[str] = ()) -> ScoreSpec:
    """A score whose bands say what was observed in them."""
    said = observed or {}
    bands = tuple(
        Band(
            name=name,
            status="verified",
            source="here",
            observed=_observed(said[name]) if name in said else None,
        )
        for name in names
    )
    return read_score("gps").but(bands=bands)


def _observed(parts: dict[str, Any]) -> Observed:
    exact = {
        key: Decimal(str(value)) if isinstance(value, float) else value
        for key, value in parts.items()
    }
    return Observed(source="there", **exact)


def banded(
    value: ArrayLike,
    risk: ArrayLike | None,
    cuts: Sequence[float],
    *,
    adverse: str = "high",
    source: str = "risk",
    observed: dict[str, dict[str, Any]] | None = None,
) -> Predicted:
    """A score cut into bands ``b0``, ``b1``, ...; a value at a cut is above it."""
    values = np.array(value, dtype=float)
    names = tuple(f"b{place}" for place in range(len(cuts) + 1))
    risks = None if risk is None else np.array(risk, dtype=float)
    band = np.searchsorted(np.array(cuts, dtype=float), values, side="right").astype(np.intp)
    kind = "value" if risks is None else source
    shown = names if len(cuts) else ()
    return Predicted("score", spec(observed, names), values, adverse, risks, kind, band, shown)
