"""What a finished development holds before it is written down; the same for index and points."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cartwheel.development.account.groups import Group
from cartwheel.development.account.instability import (
    GivingPipeline,
    Grouping,
    Repeated,
    followed,
    parted,
)
from cartwheel.development.model.target import Fit
from cartwheel.development.result import (
    Cutoff,
    PointsRow,
    PredictionInstability,
    RegressionTable,
    RiskRow,
    RoundingLoss,
    SelectionRow,
)
from cartwheel.stats.distributed import Progress
from cartwheel.stats.resample import Optimism, Pipeline, bootstrap_optimism

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Resampling:
    """How the whole development is repeated: how often, from which seed, on how many threads.

    Parameters
    ----------
    resamples : int
        Bootstrap resamples; 0 for none.
    seed : int
        Of the random streams.
    threads : int or None
        None leaves it to the resampling engine. The result does not depend on it.
    progress : function of (int, int) or None
        Called with how many are done and how many will be drawn.
    """

    resamples: int
    seed: int
    threads: int | None
    progress: Progress | None

    def optimism(self, pipeline: Pipeline[Any], n: int) -> Optimism:
        """Repeat a development in the same resamples as every other of this run.

        Parameters
        ----------
        pipeline : Pipeline
            The development.
        n : int
            Patients.

        Returns
        -------
        Optimism

        Raises
        ------
        NotEstimable
            When it cannot be made on all patients, or in none of the resamples.
        """
        return bootstrap_optimism(
            pipeline,
            n=n,
            resamples=self.resamples,
            seed=self.seed,
            threads=self.threads,
            progress=self.progress,
        )

    def repeated(self, pipeline: GivingPipeline[Any], n: int, grouping: Grouping) -> Repeated:
        """Repeat a development, and record where its models move the patients.

        Parameters
        ----------
        pipeline : GivingPipeline
            The development.
        n : int
            Patients.
        grouping : function of (Given, multiplicities)
            Forms the risk groups again.

        Returns
        -------
        Repeated
            Its optimism is that of :meth:`optimism`. While it is made, memory holds twice a
            number for each patient and resample.

        Raises
        ------
        NotEstimable
            As :meth:`optimism`.
        """
        return parted(self.optimism(followed(pipeline, n, grouping), n))


@dataclass(frozen=True, slots=True)
class Made:
    """A score that was made, with everything that is said of it.

    Parameters
    ----------
    name : str
        Of the model, for the reader.
    fit : Fit
        Score, linear predictor and risk of every analysed patient.
    totals : float array (n,) or (m, n)
        Points; a row for each completed copy where predictors were imputed.
    resampled : Optimism
        What repeating it found.
    instability : PredictionInstability or None
        How far the risks move; None with fewer than two usable resamples.
    parameters : int
        Candidate parameters: every coefficient tried, one more for each searched cut-off.
    cutoffs : tuple of Cutoff
        Of the markers or candidates that are cut.
    selection : tuple of SelectionRow
        Of each candidate of a points score; empty for an index.
    score_card : tuple of PointsRow
        Every range with its points.
    risk_table : tuple of RiskRow
        Predicted risk at each possible total.
    rounding : tuple of RoundingLoss
        What whole points cost; empty for an index.
    multivariable : RegressionTable or None
        The regression behind the points; None for an index.
    groups : tuple of Group
        Risk groups of the total.
    groups_assumed : bool
        True where the plan named no groups of an index with several markers.
    bands : mapping of column to ranges with points
        As the score file writes them.
    points : mapping of column to function
        Points of a raw value, for the worked examples.
    wrong_way : tuple of str
        Labels of predictors whose points fall towards the end that the plan calls adverse.
    """

    name: str
    fit: Fit
    totals: Floats
    resampled: Optimism
    instability: PredictionInstability | None
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
    wrong_way: tuple[str, ...]
