"""Optimism with missing predictors: impute inside every resample, then develop, then measure.

Imputing once and then resampling lets every resample see values that were imputed from all
patients and their outcomes, so optimism comes out too small (Wahl 2016). Here the whole chain is
repeated: each resample is imputed m times by models learned from itself alone, the m completed
copies give m models, and the prediction is the average of their linear predictors.

Two performances can be asked for (Wood 2015), and they differ:

``ideal``
    Among future patients whose predictors are all known. The outcome is among the imputation
    models' columns, so that a completed copy relates to the outcome as known values would. The
    measure is taken in each completed copy and averaged; averaging the predictions first would
    let imputed values hand the outcome to the prediction. A resample is measured on its own
    imputations, all patients on imputations learned from all patients (Wahl's Val-MI), since
    completing the test patients by the resample's models would carry its overfitting into them.
``pragmatic``
    Among future patients some of whose predictors are missing as they were here. Predictors are
    completed by models learned in the resample without the outcome, which is not known when a
    score is used (Janssen 2009, Sisk 2023), also for patients outside the resample; linear
    predictors are averaged over imputations and measured once. It is the lower of the two.

The development uses the outcome to impute in either case.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar, cast

import numpy as np
from numpy.random import SeedSequence
from numpy.typing import ArrayLike, NDArray

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.columns import float_array
from cartwheel.stats.imputation_data import ImputationData, imputation_data
from cartwheel.stats.impute import imputation_streams, impute_fast, with_auxiliary
from cartwheel.stats.times import SurvivalTimes

Floats = NDArray[np.float64]
Fitted = TypeVar("Fitted")


class Learner(Protocol[Fitted]):
    """A model of complete predictors: what ``ImputedPipeline`` needs to know of it."""

    @property
    def measures(self) -> Sequence[str]:
        """Names of the performance measures."""

    @property
    def traced(self) -> Sequence[str]:
        """Names of the numbers recorded of a fit; they are averaged over imputations."""

    def fit(self, x: Floats, multiplicity: Floats) -> Fitted:
        """Fit on a complete table and a resample; raise NotEstimable where that cannot be done."""

    def linear_predictor(self, fitted: Fitted, x: Floats) -> Floats:
        """Linear predictor of every patient."""

    def performance(self, linear_predictor: Floats, multiplicity: Floats) -> Floats:
        """Measure a linear predictor on a sample; nan for a measure it has none of."""

    def trace(self, fitted: Fitted) -> Floats:
        """Numbers recorded of a fit."""


@dataclass(frozen=True, slots=True, eq=False)
class ImputedModel(Generic[Fitted]):
    """Models of the completed copies of one resample.

    Parameters
    ----------
    models : tuple
        One for each imputation.
    multiplicity : float array (n,)
        The resample.
    tables : tuple of float array (n, p)
        Its completed copies, on which it is measured; made without the outcome if pragmatic.
    """

    models: tuple[Fitted, ...]
    multiplicity: Floats
    tables: tuple[Floats, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ImputedPipeline(Generic[Fitted]):
    """A development with imputation inside, for ``bootstrap_optimism``; see ``imputed_pipeline``.

    Parameters
    ----------
    learner : Learner
        Fits and measures on complete predictors.
    data : ImputationData
        Predictors with missing values, and the outcome as auxiliary columns.
    outcome : function of multiplicities, optional
        Gives the auxiliary columns (n, a) as estimated in the resample.
    whole : tuple of float array (n, p)
        Completed copies learned from all patients.
    imputations, iterations, donors : int
        Of the chained equations in each resample.
    seed : int
        Of the imputations. A resample's streams are spawned from it and from the resample itself,
        so that the same resample is imputed alike in whichever thread.
    pragmatic : bool
        Which performance is measured.
    """

    learner: Learner[Fitted]
    data: ImputationData
    outcome: Callable[[Floats], Floats] | None
    whole: tuple[Floats, ...] = ()
    imputations: int = 20
    iterations: int = 5
    donors: int = 5
    seed: int = 0
    pragmatic: bool = False

    @property
    def measures(self) -> tuple[str, ...]:
        """Performance measures of the learner."""
        return tuple(self.learner.measures)

    @property
    def traced(self) -> tuple[str, ...]:
        """What the learner records."""
        return tuple(self.learner.traced)

    def completed(self, multiplicity: Floats, *, blind: bool = False) -> tuple[Floats, ...]:
        """Impute a resample m times; absent patients are completed by what the others taught.

        Parameters
        ----------
        multiplicity : float array (n,)
            The resample.
        blind : bool
            Without the outcome.

        Returns
        -------
        tuple of float array (n, p)
        """
        streams = imputation_streams(_sequence(self.seed, multiplicity), 2 * self.imputations)
        data = self.data
        if blind:
            data = _without_outcome(data)
        elif self.outcome is not None:
            data = with_auxiliary(data, self.outcome(multiplicity))
        imputed, _, _ = impute_fast(
            data,
            multiplicity,
            streams[self.imputations :] if blind else streams[: self.imputations],
            iterations=self.iterations,
            donors=self.donors,
        )
        return tuple(data.completed(values) for values in imputed)

    def fit(self, multiplicity: Floats) -> ImputedModel[Fitted]:
        """Impute the resample and fit every completed copy."""
        tables = self.completed(multiplicity)
        models = tuple(self.learner.fit(table, multiplicity) for table in tables)
        if self.pragmatic:
            tables = self.completed(multiplicity, blind=True)
        return ImputedModel(models, multiplicity, tables)

    def predicted(self, model: ImputedModel[Fitted], table: Floats) -> Floats:
        """Average over the models of their linear predictors on one completed copy: (n,)."""
        total = np.zeros(len(table))
        for fitted in model.models:
            total += self.learner.linear_predictor(fitted, table)
        return total / len(model.models)

    def measure(self, model: ImputedModel[Fitted], multiplicity: Floats) -> Floats:
        """Performance on the sample: ideal or pragmatic."""
        if self.pragmatic:
            predictions = [self.predicted(model, table) for table in model.tables]
            return self.learner.performance(np.mean(predictions, axis=0), multiplicity)
        if np.array_equal(multiplicity, model.multiplicity):
            tables = model.tables
        elif self.whole and bool((multiplicity == 1.0).all()):
            tables = self.whole
        else:
            tables = self.completed(multiplicity)
        measured = [
            self.learner.performance(self.predicted(model, table), multiplicity) for table in tables
        ]
        return np.asarray(np.mean(measured, axis=0), dtype=np.float64)

    def trace(self, model: ImputedModel[Fitted]) -> Floats:
        """Average of what the learner records, over imputations."""
        recorded = [self.learner.trace(fitted) for fitted in model.models]
        return np.asarray(np.mean(recorded, axis=0), dtype=np.float64)


def imputed_pipeline(  # noqa: PLR0913 - what is developed, what is missing, and how it is imputed
    learner: Learner[Fitted],
    x: ArrayLike,
    *,
    outcome: ArrayLike | Callable[[Floats], Floats],
    kinds: Sequence[str] | None = None,
    imputations: int = 20,
    iterations: int = 5,
    seed: int = 0,
    pragmatic: bool = False,
) -> ImputedPipeline[Fitted]:
    """Prepare a development with imputation inside, for ``bootstrap_optimism``.

    Parameters
    ----------
    learner : Learner
        Fits and measures on complete predictors; ``LogisticLearner`` and ``CoxLearner`` are two.
    x : float array (n, p)
        Predictors, nan where missing.
    outcome : float array (n, a), or function of multiplicities that gives one
        Complete columns that stand for the outcome in the imputation models: the event, and for
        survival also the Nelson-Aalen hazard (``hazard_columns``).
    kinds : sequence of str (p,), optional
        As in ``imputation_data``.
    imputations, iterations : int
        >= 1.
    seed : int
        Of the imputations.
    pragmatic : bool
        Estimate the performance among patients with missing predictors instead of the ideal one.

    Returns
    -------
    ImputedPipeline

    Raises
    ------
    NotEstimable
        ``imputations`` for a number below 1, and what ``imputation_data`` and ``impute_fast``
        refuse.

    Notes
    -----
    All copies of a patient share one imputed value within an imputation.

    References
    ----------
    Wahl S et al 2016, doi:10.1186/s12874-016-0239-7. Musoro JZ et al 2014,
    doi:10.1186/1471-2288-14-116. Wood AM, Royston P, White IR 2015, doi:10.1002/bimj.201400004.
    Janssen KJM et al 2009, doi:10.1373/clinchem.2008.115345. Sisk R et al 2023,
    doi:10.1177/09622802231165001.
    """
    if min(imputations, iterations) < 1:
        raise refuse(NotEstimable, "imputations", "imputations and iterations start at 1")
    table = float_array(x, "x")
    everyone = np.ones(len(table) if table.ndim else 0)
    function = outcome if callable(outcome) else None
    given = cast(ArrayLike, outcome) if function is None else function(everyone)
    columns = float_array(given, "outcome")
    pipeline = ImputedPipeline(
        learner,
        imputation_data(table, kinds=kinds, auxiliary=columns),
        function,
        imputations=imputations,
        iterations=iterations,
        seed=seed,
        pragmatic=pragmatic,
    )
    return pipeline if pragmatic else replace(pipeline, whole=pipeline.completed(everyone))


def _sequence(seed: int, multiplicity: Floats) -> SeedSequence:
    digest = hashlib.sha256(np.ascontiguousarray(multiplicity, dtype=np.float64).tobytes()).digest()
    return SeedSequence([seed, *np.frombuffer(digest, dtype="<u4").tolist()])


def _without_outcome(data: ImputationData) -> ImputationData:
    """Withhold the auxiliary columns from every imputation model."""
    used = data.used.copy()
    used[:, int(data.first[-1]) :] = 0
    used.setflags(write=False)
    return ImputationData(
        data.values,
        data.design,
        data.kinds,
        data.codes,
        data.levels,
        data.first,
        used,
        data.centre,
        data.scale,
        data.missing,
        data.begin,
        data.order,
    )


def hazard_columns(times: SurvivalTimes) -> Callable[[Floats], Floats]:
    """Make the function that gives a survival outcome as columns for imputation models.

    Parameters
    ----------
    times : SurvivalTimes
        The sample.

    Returns
    -------
    function of multiplicities
        Float array (n, 2): the event, and the Nelson-Aalen cumulative hazard, estimated in the
        resample, at each patient's own time.

    References
    ----------
    White IR, Royston P 2009, doi:10.1002/sim.3618.
    """
    event = times.event.astype(np.float64)
    block = np.empty(times.n, dtype=np.int64)
    block[times.order] = np.repeat(np.arange(times.block_time.size), np.diff(times.block_start))
    blocks = times.block_time.size

    def columns(multiplicity: Floats) -> Floats:
        present = np.bincount(block, weights=multiplicity, minlength=blocks)
        events = np.bincount(block, weights=multiplicity * event, minlength=blocks)
        at_risk = present[::-1].cumsum()[::-1]
        rise = np.divide(events, at_risk, out=np.zeros(blocks), where=at_risk > 0.0)
        return np.column_stack([event, rise.cumsum()[block]])

    return columns
