"""The .632 and .632+ bootstrap: models measured on the patients their resample left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.descriptive import coded_column, finite_column, same_length
from cartwheel.stats.distributed import Client, Progress, in_order
from cartwheel.stats.integrated_brier import checked_risk
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

# expected share of different patients in a resample, 1 - 1/e, as published to three digits
SHARE = 0.632


@dataclass(frozen=True, slots=True)
class Bootstrap632:
    """Performance in the patients left out of each resample.

    Parameters
    ----------
    measures : tuple of str
        Names of the k measures.
    apparent : float array (k,)
        Of the model made on all patients, measured on all patients.
    test : float array (B', k)
        Of each usable resample's model, measured on the patients it left out; nan where a measure
        does not exist there.
    weights : float array (B',)
        Of each resample: every patient weighs the same, however often left out. They sum to 1.
    resamples : int
        Drawn (B).
    failures : tuple of (str, int)
        Reasons why resamples could not be developed, with counts.
    """

    measures: tuple[str, ...]
    apparent: Floats
    test: Floats
    weights: Floats
    resamples: int
    failures: tuple[tuple[str, int], ...]

    @property
    def failed(self) -> int:
        """Resamples that could not be developed."""
        return self.resamples - len(self.test)

    def left_out(self, name: str) -> float:
        """Weighted mean performance in the patients left out (the leave-one-out bootstrap).

        Pessimistic: its models are made on two thirds of the patients. nan where the measure exists
        in no resample.
        """
        column = self.test[:, self.measures.index(name)]
        there = np.isfinite(column) & (self.weights > 0.0)
        if not there.any():
            return float("nan")
        weights = self.weights[there]
        return float(weights @ column[there] / weights.sum())

    def corrected(self, name: str) -> float:
        """.632 estimate: 0.368 apparent + 0.632 left out."""
        apparent = float(self.apparent[self.measures.index(name)])
        return (1.0 - SHARE) * apparent + SHARE * self.left_out(name)

    def corrected_plus(self, name: str, no_information: float) -> float:
        """.632+ estimate, which leans on the left out patients the more the model overfits.

        Parameters
        ----------
        name : str
            The measure.
        no_information : float
            Its value where predictors and outcome are unrelated: 0.5 for an AUC or C,
            ``no_information_brier`` for a Brier score, 0 for a slope.

        Returns
        -------
        float
            Between the .632 estimate and the performance left out, the latter held at
            ``no_information`` where it is worse than that.
        """
        apparent = float(self.apparent[self.measures.index(name)])
        fall, furthest = self.left_out(name) - apparent, no_information - apparent
        overfitting = 0.0
        if furthest != 0.0 and fall / furthest > 0.0:
            overfitting = min(1.0, fall / furthest)
            # worse than no information is taken as no information
            fall = overfitting * furthest
        weight = SHARE / (1.0 - (1.0 - SHARE) * overfitting)
        return apparent + weight * fall


def bootstrap_632(
    pipeline: Pipeline[Model],
    *,
    n: int,
    resamples: int,
    seed: int,
    threads: int | None = None,
    progress: Progress | None = None,
    workers: Client | None = None,
) -> Bootstrap632:
    """Estimate the performance of a development by the .632 bootstrap.

    For each resample the pipeline is run on the resample and its model measured on the patients
    left out. Optimism correction (``bootstrap_optimism``) varies less; the .632+ estimate is less
    biased where a model overfits badly (many predictors, few events).

    Parameters
    ----------
    pipeline : Pipeline
        ``fit`` and ``measure``; safe to call from several threads at once.
    n : int
        Patients, >= 2.
    resamples : int
        B >= 1; a few hundred.
    seed : int
        Seed; the same seed gives the same result for any number of threads or workers, and the
        same resamples as ``bootstrap_optimism``.
    threads, progress, workers
        As in ``bootstrap_optimism``.

    Returns
    -------
    Bootstrap632
        Apparent and left-out performance.

    Raises
    ------
    NotEstimable
        When the model cannot be made on all patients, or in none of the resamples; fewer than one
        resample or two patients.

    Notes
    -----
    The weight of resample b is mean over patients i of 1[i left out of b] / (resamples that leave i
    out), as in R ``rms::validate`` (method ".632"); agrees with it within Monte-Carlo error. A
    resample that cannot be developed is counted and has no weight. .632+: with apparent a, left-out
    t and no-information g, R = (t - a) / (g - a) held in [0, 1], weight 0.632 / (1 - 0.368 R).

    References
    ----------
    Efron B 1983, doi 10.1080/01621459.1983.10477973. Efron B, Tibshirani R 1997,
    doi 10.1080/01621459.1997.10474007.
    """
    if n < 2 or resamples < 1:
        raise refuse(NotEstimable, "resamples", "needs two patients and one resample or more")
    everyone = np.ones(n)
    apparent = pipeline.measure(pipeline.fit(everyone), everyone)
    draw = resample_multiplicities(n, seed, resamples)
    outcomes = in_order(
        _left_out(pipeline, draw),
        resamples,
        threads=threads or default_threads(n),
        progress=progress,
        workers=workers,
    )
    done, failures = usable(outcomes)
    made = [index for index, outcome in enumerate(outcomes) if not isinstance(outcome, str)]
    return Bootstrap632(
        measures=tuple(pipeline.measures),
        apparent=sealed(apparent),
        test=stacked(done, len(apparent)),
        weights=sealed(_weights(draw, made, n)),
        resamples=resamples,
        failures=failures,
    )


def _left_out(
    pipeline: Pipeline[Model], draw: Callable[[int], Floats]
) -> Callable[[int], Floats | str]:
    def one(index: int) -> Floats | str:
        multiplicity = draw(index)
        try:
            model = pipeline.fit(multiplicity)
        except NotEstimable as reason:
            return reason.problems[0].code
        others = (multiplicity == 0.0).astype(np.float64)
        if not others.any():
            return "nobody_left_out"
        return pipeline.measure(model, others)

    return one


def _weights(draw: Callable[[int], Floats], made: list[int], n: int) -> Floats:
    """Weight of each usable resample; drawn again rather than kept, so that memory stays n."""
    times_out = np.zeros(n)
    for index in made:
        times_out += draw(index) == 0.0
    share = np.divide(1.0, times_out, out=np.zeros(n), where=times_out > 0.0)
    weights: Floats = np.array([float(share @ (draw(index) == 0.0)) for index in made])
    weights /= weights.sum()
    return weights


def no_information_brier(risk: ArrayLike, event: ArrayLike) -> float:
    """Estimate the Brier score of these predictions if they were unrelated to the outcome.

    Parameters
    ----------
    risk : array_like (n,)
        Predicted probabilities, 0-1.
    event : array_like (n,), bool or 0/1
        1 event.

    Returns
    -------
    float
        Mean of (event_i - risk_j)^2 over all pairs of patients.

    Raises
    ------
    NotEstimable
        Columns of another length, not finite, a risk outside 0 to 1, or an event not 0/1.

    Notes
    -----
    mean(event) - 2 mean(event) mean(risk) + mean(risk^2), the no-information error rate of the
    .632+ estimate.

    References
    ----------
    Efron B, Tibshirani R 1997, doi 10.1080/01621459.1997.10474007.
    """
    predicted, happened = finite_column(risk, "risk"), coded_column(event, "event")
    checked_risk(same_length(risk=predicted, event=happened), predicted)
    rate = float(happened.mean())
    return rate - 2.0 * rate * float(predicted.mean()) + float(np.mean(predicted**2))
