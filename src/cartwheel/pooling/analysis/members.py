"""The studies of one pool, as numbers on the analysis scale and the way back from it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cartwheel.estimate import Estimate
from cartwheel.pooling.result_studies import Study
from cartwheel.pooling.study.pools import pool_name
from cartwheel.pooling.study.scales import null_value, onto_scale
from cartwheel.stats.pooling.effect_sizes import back_transform

Floats = NDArray[np.float64]
# beyond this the exponential function is no number
_LARGEST = 700.0


@dataclass(frozen=True, slots=True, eq=False)
class Members:
    """The studies that are pooled together.

    Parameters
    ----------
    places : tuple of int
        Where they stand in the study table, from 0.
    studies : tuple of Study
        In order of the file.
    effects, variances : float array (k,)
        On the analysis scale.
    level : float
        Coverage of every interval.
    """

    places: tuple[int, ...]
    studies: tuple[Study, ...]
    effects: Floats
    variances: Floats
    level: float

    @property
    def k(self) -> int:
        """Number of studies."""
        return len(self.studies)

    @property
    def name(self) -> str:
        """Name of the pool, for the reader."""
        return pool_name(self.studies[0])

    @property
    def measure(self) -> str:
        """What is pooled."""
        return self.studies[0].measure

    @property
    def scale(self) -> str:
        """Scale of the analysis."""
        return self.studies[0].scale

    @property
    def null(self) -> float | None:
        """No effect, on the scale of the measure."""
        return null_value(self.measure)

    @property
    def null_effect(self) -> float | None:
        """No effect, on the analysis scale."""
        return None if self.null is None else onto_scale(self.null, self.scale)

    def subset(self, kept: Sequence[int]) -> Members:
        """Keep some of the studies.

        Parameters
        ----------
        kept : sequence of int
            Positions in this pool, from 0; at least one.
        """
        chosen = list(kept)
        return Members(
            tuple(self.places[i] for i in chosen),
            tuple(self.studies[i] for i in chosen),
            self.effects[chosen],
            self.variances[chosen],
            self.level,
        )

    def without(self, position: int) -> Members:
        """Leave one study out.

        Parameters
        ----------
        position : int
            In this pool, from 0.
        """
        return self.subset([i for i in range(self.k) if i != position])

    def back(self, effect: float | None) -> float | None:
        """Bring a pooled value back to the scale of the measure.

        Parameters
        ----------
        effect : float or None
            On the analysis scale.

        Returns
        -------
        float or None
            None for None, for what is no number, and for a ratio too large to be written.

        Notes
        -----
        The double arcsine goes back by Miller's inversion at the harmonic mean of the studies' n.
        """
        if effect is None or not math.isfinite(effect):
            return None
        if self.scale == "log":
            return math.exp(effect) if effect < _LARGEST else None
        if self.scale == "logit":
            return 1.0 / (1.0 + math.exp(-effect)) if effect > -_LARGEST else 0.0
        if self.scale == "arcsine":
            return math.sin(min(max(effect, 0.0), math.pi / 2.0)) ** 2
        if self.scale == "double_arcsine":
            return float(
                back_transform([effect], "PFT", [study.n or 1.0 for study in self.studies])[0]
            )
        return float(effect)

    def estimate(
        self, effect: float | None, low: float | None, high: float | None, method: str
    ) -> Estimate:
        """Write a pooled value on the scale of the measure; n holds the studies.

        Parameters
        ----------
        effect, low, high : float or None
            On the analysis scale.
        method : str
            How it was had.
        """
        return Estimate(
            self.back(effect),
            self.back(low),
            self.back(high),
            self.level,
            method,
            n=self.k,
        )


def members_of(placed: Sequence[tuple[int, Study]], level: float) -> Members:
    """Gather the studies of one pool.

    Parameters
    ----------
    placed : sequence of (int, Study)
        As ``pools_of`` gives them; at least one.
    level : float
        Coverage of every interval, in (0, 1).

    Returns
    -------
    Members
    """
    studies = tuple(study for _, study in placed)
    effects = np.array([study.effect for study in studies], dtype=np.float64)
    variances = np.array([study.std_error**2 for study in studies], dtype=np.float64)
    effects.setflags(write=False)
    variances.setflags(write=False)
    return Members(tuple(place for place, _ in placed), studies, effects, variances, level)


def patients_of(members: Members) -> float | None:
    """Add up the patients, rows of one study counted once.

    Parameters
    ----------
    members : Members
        The pool.

    Returns
    -------
    float or None
        None where a study does not say.
    """
    largest: dict[str, float] = {}
    for study in members.studies:
        if study.n is None:
            return None
        one = f"{study.cluster}|{study.year}"
        largest[one] = max(largest.get(one, 0.0), study.n)
    return sum(largest.values())
