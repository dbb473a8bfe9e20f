"""What a finished development holds before it is written down; the same for index and points."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cartwheel.development.groups import Group
from cartwheel.development.result import (
    Cutoff,
    PointsRow,
    RegressionTable,
    RiskRow,
    RoundingLoss,
    SelectionRow,
)
from cartwheel.development.target import Fit
from cartwheel.stats.resample import Optimism, Progress

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Resampling:
    """How the whole development is repeated: how often, from which seed, on how many threads."""

    resamples: int
    seed: int
    threads: int | None
    progress: Progress | None


@dataclass(frozen=True, slots=True)
class Made:
    """A score that was made, with everything that is said of it.

    Parameters
    ----------
    name : str
        Of the model, for the reader.
    fit : Fit
        Score, linear predictor and risk of every analysed patient.
    totals : float array (n,)
        Points.
    resampled : Optimism
        What repeating it found.
    parameters : int
        Candidate parameters: every coefficient tried, one more for each searched cut-off.
    bands : mapping of column to ranges with points
        As the score file writes them.
    points : mapping of column to function
        Points of a raw value, for the worked examples.
    """

    name: str
    fit: Fit
    totals: Floats
    resampled: Optimism
    parameters: int
    cutoffs: tuple[Cutoff, ...]
    selection: tuple[SelectionRow, ...]
    score_card: tuple[PointsRow, ...]
    risk_table: tuple[RiskRow, ...]
    rounding: tuple[RoundingLoss, ...]
    multivariable: RegressionTable | None
    groups: tuple[Group, ...]
    groups_assumed: bool
    bands: Mapping[str, tuple[dict[str, Any], ...]]
    points: Mapping[str, Callable[[float], int]]
    kept: int | None
