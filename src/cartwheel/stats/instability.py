"""Instability: how much one patient's prediction owes to the sample the model was made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.descriptive import finite_column, normal_quantile, same_length
from cartwheel.stats.distributed import Client, Progress, in_order
from cartwheel.stats.resample import (
    Model,
    Pipeline,
    default_threads,
    resample_multiplicities,
    sealed,
    stacked,
    usable,
)

Floats = NDArray[np.float64]


class PredictingPipeline(Pipeline[Model], Protocol[Model]):
    """A development whose model gives every patient a prediction."""

    def predict(self, model: Model) -> Floats:
        """Risk of each of the n patients, 0-1, whether in the sample or not."""


@dataclass(frozen=True, slots=True)
class Instability:
    """Predictions for the same patients by the models of many resamples.

    Parameters
    ----------
    predicted : float array (n,)
        By the model made on all patients.
    resampled : float array (B', n)
        By the model of each usable resample, in the order of their streams.
    resamples : int
        Drawn (B).
    failures : tuple of (str, int)
        Reasons why resamples could not be developed, with counts.
    """

    predicted: Floats
    resampled: Floats
    resamples: int
    failures: tuple[tuple[str, int], ...]

    def mean_absolute_error(self) -> Floats:
        """Mean absolute difference of each patient's resampled predictions from the prediction."""
        total = np.zeros(self.predicted.size)
        for row in self.resampled:
            total += np.abs(row - self.predicted)
        return sealed(total / len(self.resampled))

    def differences(self) -> Floats:
        """Mean over patients of |resampled - predicted|, for each usable resample.

        Its mean is that of :meth:`mean_absolute_error`; its spread says how many resamples it took.
        """
        rows = [float(np.abs(row - self.predicted).mean()) for row in self.resampled]
        return sealed(np.array(rows, dtype=np.float64))

    def limits(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """Percentiles of each patient's resampled predictions.

        Parameters
        ----------
        level : float
            Coverage, in (0, 1).

        Returns
        -------
        tuple of two float arrays (n,)
        """
        normal_quantile(level)  # refuses a level that is none
        tail = (1.0 - level) / 2.0
        low, high = np.quantile(self.resampled, [tail, 1.0 - tail], axis=0)
        return sealed(low), sealed(high)

    def classification(self, threshold: float) -> Floats:
        """Share of resamples that put each patient on the other side of a threshold.

        Parameters
        ----------
        threshold : float
            Risk at and above which a patient is treated.

        Returns
        -------
        float array (n,), 0-1
        """
        here = self.predicted >= threshold
        return sealed(np.asarray(((self.resampled >= threshold) != here).mean(axis=0)))


@dataclass(frozen=True, slots=True)
class PredictionBand:
    """Patients of like prediction, and what the models of the resamples predict for them.

    Parameters
    ----------
    predicted : float
        Mean of their predictions by the model made on all patients, 0-1.
    n : int
        How many they are.
    low, median, high : float
        Percentiles of all their resampled predictions together, 0-1.
    """

    predicted: float
    n: int
    low: float
    median: float
    high: float


@dataclass(frozen=True, slots=True)
class CalibrationInstability:
    """Calibration, on all patients, of the model of each resample.

    Parameters
    ----------
    predicted, observed : float array (g,)
        Mean predicted and observed risk in groups of rising prediction, of the model made on all
        patients.
    predicted_resampled, observed_resampled : float array (B', g)
        The same of each resample's model, in groups of its own predictions; nan where nobody in a
        group has weight.
    """

    predicted: Floats
    observed: Floats
    predicted_resampled: Floats
    observed_resampled: Floats


def prediction_instability(
    pipeline: PredictingPipeline[Model],
    *,
    n: int,
    resamples: int,
    seed: int,
    threads: int | None = None,
    progress: Progress | None = None,
    workers: Client | None = None,
) -> Instability:
    """Predict every patient by the model of each bootstrap resample.

    A model may look well calibrated on average and yet give one patient 10 or 60 per cent,
    depending on who else happened to be in the sample.

    Parameters
    ----------
    pipeline : PredictingPipeline
        ``fit`` and ``predict``; safe to call from several threads at once.
    n : int
        Patients, >= 2.
    resamples : int
        B >= 1; a few hundred. The result holds B times n numbers.
    seed : int
        Seed; the same resamples as ``bootstrap_optimism`` with it.
    threads, progress, workers
        As in ``bootstrap_optimism``.

    Returns
    -------
    Instability
        Predictions by the model and by the models of the resamples.

    Raises
    ------
    NotEstimable
        When the model cannot be made on all patients, or in none of the resamples; no resample.

    Notes
    -----
    Mean absolute prediction error of patient i: mean over b of |p_bi - p_i|.

    References
    ----------
    Riley RD, Collins GS 2023, doi 10.1002/bimj.202200302.
    """
    if n < 2 or resamples < 1:
        raise refuse(NotEstimable, "resamples", "needs two patients and one resample or more")
    predicted = np.array(pipeline.predict(pipeline.fit(np.ones(n))), dtype=np.float64)
    outcomes = in_order(
        _predicting(pipeline, resample_multiplicities(n, seed, resamples)),
        resamples,
        threads=threads or default_threads(n),
        progress=progress,
        workers=workers,
    )
    done, failures = usable(outcomes)
    return Instability(sealed(predicted), stacked(done, n), resamples, failures)


def _predicting(
    pipeline: PredictingPipeline[Model], draw: Callable[[int], Floats]
) -> Callable[[int], Floats | str]:
    def one(index: int) -> Floats | str:
        try:
            return pipeline.predict(pipeline.fit(draw(index)))
        except NotEstimable as reason:
            return reason.problems[0].code

    return one


def prediction_bands(
    found: Instability, *, smallest: int = 5, most: int = 20, level: float = 0.95
) -> tuple[PredictionBand, ...]:
    """Gather patients of like prediction, so that instability can be shown and nobody is.

    Parameters
    ----------
    found : Instability
        Predictions; none is nan.
    smallest : int
        Patients that a band has at least, >= 1.
    most : int
        Up to so many different predictions, each is a band of its own, or joins its neighbours
        until the band has ``smallest`` patients. Where there are more, a band has a tenth of the
        patients at least.
    level : float
        Coverage of the percentiles, in (0, 1).

    Returns
    -------
    tuple of PredictionBand
        By rising prediction; together they hold every patient. Empty where there are fewer than
        ``smallest`` patients.

    Raises
    ------
    NotEstimable
        ``smallest`` below one; a level that is none; no usable resample.

    Notes
    -----
    Equal predictions (to 12 decimals) are never parted. Percentiles are R's type 7, over patients
    and resamples together.

    References
    ----------
    Riley RD, Collins GS 2023, doi 10.1002/bimj.202200302.
    """
    normal_quantile(level)  # refuses a level that is none
    if smallest < 1:
        raise refuse(NotEstimable, "smallest", f"a band of {smallest} patients is none")
    if not len(found.resampled):
        raise refuse(NotEstimable, "resamples", "needs one usable resample or more")
    n = found.predicted.size
    like, place, counts = np.unique(
        found.predicted.round(12), return_inverse=True, return_counts=True
    )
    least = smallest if len(like) <= most else max(smallest, -(-n // 10))
    band_of = _merged(counts, least)[place]
    tail = (1.0 - level) / 2.0
    bands = []
    for band in range(int(band_of.max()) + 1 if n >= smallest else 0):
        members = band_of == band
        low, middle, high = np.quantile(found.resampled[:, members], [tail, 0.5, 1.0 - tail])
        mean = float(found.predicted[members].mean())
        bands.append(
            PredictionBand(mean, int(members.sum()), float(low), float(middle), float(high))
        )
    return tuple(bands)


def _merged(counts: NDArray[np.int64], least: int) -> NDArray[np.int64]:
    """Number neighbours so that each number has so many patients; a short end joins the last."""
    numbers = np.empty(len(counts), dtype=np.int64)
    number = held = 0
    for at, count in enumerate(counts):
        numbers[at] = number
        held += int(count)
        if held >= least:
            number, held = number + 1, 0
    if held and number:
        numbers[numbers == number] = number - 1
    return numbers


def calibration_instability(
    found: Instability, case_weight: ArrayLike, control_weight: ArrayLike, *, groups: int = 10
) -> CalibrationInstability:
    """Draw the calibration of every resample's model on all patients.

    Parameters
    ----------
    found : Instability
        Predictions.
    case_weight, control_weight : array_like (n,)
        >= 0: the event and its complement, or inverse-probability-of-censoring weights at the
        horizon (``horizon_weights``).
    groups : int
        In 2..n: groups of equal size by rising prediction.

    Returns
    -------
    CalibrationInstability
        A row for each resample.

    Raises
    ------
    NotEstimable
        Columns of another length, negative or not finite; groups outside their range; no case or
        no control.

    References
    ----------
    Riley RD, Collins GS 2023, doi 10.1002/bimj.202200302.
    """
    cases = finite_column(case_weight, "case_weight")
    controls = finite_column(control_weight, "control_weight")
    n = same_length(predicted=found.predicted, case_weight=cases, control_weight=controls)
    if min(cases.min(), controls.min()) < 0.0:
        raise refuse(NotEstimable, "negative_weight", "a weight is negative")
    if min(cases.sum(), controls.sum()) <= 0.0:
        raise refuse(NotEstimable, "one_class", "there is no case, or no control")
    if not 2 <= groups <= n:
        raise refuse(NotEstimable, "groups", f"{groups} groups of {n} patients")
    edges = np.linspace(0, n, groups + 1).astype(np.int64)[:-1]
    curves = [
        _grouped(row, cases, cases + controls, edges) for row in (found.predicted, *found.resampled)
    ]
    return CalibrationInstability(
        predicted=sealed(curves[0][0]),
        observed=sealed(curves[0][1]),
        predicted_resampled=stacked([curve[0] for curve in curves[1:]], groups),
        observed_resampled=stacked([curve[1] for curve in curves[1:]], groups),
    )


def _grouped(
    predicted: Floats, cases: Floats, weights: Floats, edges: NDArray[np.int64]
) -> tuple[Floats, Floats]:
    """Weighted mean prediction and share of cases in groups of rising prediction."""
    order = np.argsort(predicted, kind="stable")
    total = np.add.reduceat(weights[order], edges)
    sums = [np.add.reduceat(part[order], edges) for part in (predicted * weights, cases)]
    empty = np.full(edges.size, np.nan)
    mean, observed = (np.divide(s, total, out=empty.copy(), where=total > 0.0) for s in sums)
    return mean, observed
