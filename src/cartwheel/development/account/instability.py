"""How far the predicted risks move when the whole development is repeated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from cartwheel.development.model.given import Given
from cartwheel.development.model.target import Target
from cartwheel.development.result import InstabilityBand, PredictionInstability
from cartwheel.estimate import Estimate
from cartwheel.stats.descriptive import normal_quantile
from cartwheel.stats.instability import Instability, prediction_bands
from cartwheel.stats.resample import Optimism, Pipeline, sealed

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Model = TypeVar("Model")
# What a model gives and the sample it was made from, to the risk group of each patient.
Grouping = Callable[[Given, Floats], Integers]

SMALLEST_BAND = 5
# percentiles as Riley and Collins draw them, and the Monte-Carlo intervals
LEVEL = 0.95
_METHOD = (
    "the whole development repeated in bootstrap resamples, each resample's score applied to all "
    "patients (Riley and Collins 2023); bands hold patients of like predicted risk, {smallest} at "
    "least, and the percentiles are of all their resampled predictions together"
)


class GivingPipeline(Pipeline[Model], Protocol[Model]):
    """A development whose models give every patient points and a risk."""

    def given(self, model: Model) -> Given:
        """Points and risk of each of the n patients, whether in the sample or not."""


@dataclass(frozen=True, slots=True)
class Sampled(Generic[Model]):
    """A model and how often each patient counted when it was made."""

    model: Model
    multiplicity: Floats


@dataclass(frozen=True, slots=True)
class FollowedPipeline(Generic[Model]):
    """A development that also records where its models move the patients.

    What its methods take and give, ``Pipeline`` of the resampling engine says.

    Parameters
    ----------
    pipeline : GivingPipeline
        The development.
    grouping : function of (Given, multiplicities)
        Forms the risk groups again.
    groups : int array (n,) or (m, n)
        Of every patient by the score.
    """

    pipeline: GivingPipeline[Model]
    grouping: Grouping
    groups: Integers

    @property
    def measures(self) -> Sequence[str]:
        """Performance measures of the development."""
        return self.pipeline.measures

    @property
    def traced(self) -> Sequence[str]:
        """Choices of the development; what follows them in a trace is not named."""
        return self.pipeline.traced

    def fit(self, multiplicity: Floats) -> Sampled[Model]:
        """Develop, and remember the sample."""
        return Sampled(self.pipeline.fit(multiplicity), multiplicity)

    def measure(self, model: Sampled[Model], multiplicity: Floats) -> Floats:
        """Performance on a sample."""
        return self.pipeline.measure(model.model, multiplicity)

    def trace(self, model: Sampled[Model]) -> Floats:
        """Choices, the share of patients in another group, and every patient's risk."""
        given = self.pipeline.given(model.model)
        moved = float((self.grouping(given, model.multiplicity) != self.groups).mean())
        return np.concatenate([self.pipeline.trace(model.model), (moved,), given.risk])


def followed(
    pipeline: GivingPipeline[Model], n: int, grouping: Grouping
) -> FollowedPipeline[Model]:
    """Make a development that records where its models move the patients.

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
    FollowedPipeline

    Raises
    ------
    NotEstimable
        When the development cannot be made on all patients.
    """
    everyone = np.ones(n)
    given = pipeline.given(pipeline.fit(everyone))
    return FollowedPipeline(pipeline, grouping, grouping(given, everyone))


@dataclass(frozen=True, slots=True)
class Repeated:
    """What repeating a development found: its optimism, and where it moved the patients.

    Parameters
    ----------
    optimism : Optimism
        Of the development.
    predictions : Instability
        Risk of every patient by the score, and by the score of each resample whose risks are all
        finite.
    moved : float array (B',)
        Share of patients whom each of these resamples puts into another group, 0-1.
    """

    optimism: Optimism
    predictions: Instability
    moved: Floats


def parted(found: Optimism) -> Repeated:
    """Part what a followed development traced: its own choices, and the patients' risks.

    Parameters
    ----------
    found : Optimism
        Of a ``FollowedPipeline``.

    Returns
    -------
    Repeated
        Its optimism is that of the development alone.
    """
    own = len(found.traced)
    risks = found.trace[:, own + 1 :]
    finite = np.isfinite(risks).all(axis=1)
    if not finite.all():
        risks = risks[finite]
    return Repeated(
        replace(
            found, trace=sealed(found.trace[:, :own].copy()), choices=sealed(found.choices[:own])
        ),
        Instability(found.choices[own + 1 :], risks, found.resamples, found.failures),
        sealed(found.trace[finite, own]),
    )


def instability(found: Repeated, target: Target, groups: int) -> PredictionInstability | None:
    """Tell how far the predicted risks move from resample to resample.

    Parameters
    ----------
    found : Repeated
        From :func:`parted`.
    target : Target
        The outcome.
    groups : int
        Risk groups that have patients.

    Returns
    -------
    PredictionInstability or None
        None with fewer than two usable resamples.

    References
    ----------
    Riley RD, Collins GS 2023, doi 10.1002/bimj.202200302.
    """
    resamples = len(found.predictions.resampled)
    if resamples < 2:
        return None
    counts = (target.n, int(target.event.sum()))
    said = f"mean over patients and {resamples} resamples"
    return PredictionInstability(
        resamples,
        _mean(
            found.predictions.differences(),
            f"{said} of the distance from the predicted risk, Monte-Carlo interval",
            counts,
        ),
        None
        if groups < 2
        else _mean(
            found.moved,
            f"{said} of being in another risk group, the groups formed again in each resample, "
            "Monte-Carlo interval",
            counts,
        ),
        LEVEL,
        tuple(
            InstabilityBand(band.predicted, band.n, band.low, band.median, band.high)
            for band in prediction_bands(found.predictions, smallest=SMALLEST_BAND, level=LEVEL)
        ),
        _METHOD.format(smallest=SMALLEST_BAND),
    )


def _mean(values: Floats, method: str, counts: tuple[int, int]) -> Estimate:
    mean = float(values.mean())
    margin = normal_quantile(LEVEL) * float(values.std(ddof=1)) / float(np.sqrt(len(values)))
    return Estimate(mean, max(mean - margin, 0.0), min(mean + margin, 1.0), LEVEL, method, *counts)
