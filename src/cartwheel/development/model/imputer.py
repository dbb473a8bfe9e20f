"""Completed copies of the predictors, learned from a sample alone: what each resample does first.

The outcome is among the columns of the imputation models, because without it imputed values would
be too weakly related to it. It is never imputed itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np
from numpy.random import SeedSequence
from numpy.typing import NDArray

from cartwheel.development.model.predictor import Predictor
from cartwheel.errors import NotEstimable, Refused, refuse
from cartwheel.stats.imputation_data import ImputationData, imputation_data
from cartwheel.stats.impute import imputation_streams, impute_fast, with_auxiliary
from cartwheel.stats.imputed_scale import ImputedScale as ImputedScale, scale_of

Floats = NDArray[np.float64]
Part = TypeVar("Part")
Table = tuple[Predictor, ...]

DONORS = 5


def imputed_scale(predictor: Predictor, *, skewed: bool) -> ImputedScale:
    """Choose how a predictor is imputed from its values.

    Parameters
    ----------
    predictor : Predictor
        With two different values at least.
    skewed : bool
        Whether the variable dictionary calls it skewed, or it is a ratio.

    Returns
    -------
    ImputedScale
        Two different values are a category; a number stands on the log2 scale where it is skewed
        and positive, or transformed so by the plan, on that of the square root where the plan says.
    """
    known = predictor.distinct_values
    transform = predictor.transform
    if skewed and known[0] > 0 and transform != "sqrt":
        transform = "log2"
    return scale_of(known, transform=transform)


@dataclass(frozen=True, slots=True, eq=False)
class Imputer:
    """Imputes the predictors of any sample, the same sample always alike.

    Parameters
    ----------
    predictors : tuple of Predictor
        As measured, nan where missing.
    scales : tuple of ImputedScale
        Of each predictor.
    data : ImputationData
        All predictors, and the outcome as auxiliary columns.
    outcome : function of multiplicities
        Gives the auxiliary columns (n, a) as estimated in a sample.
    imputations, iterations : int
        Completed copies, and rounds of the chained equations.
    seed : int
        A sample's random streams are spawned from it and from the sample itself, so that they do
        not depend on thread or order.
    """

    predictors: Table
    scales: tuple[ImputedScale, ...]
    data: ImputationData
    outcome: Callable[[Floats], Floats]
    imputations: int
    iterations: int
    seed: int

    def copies(self, multiplicity: Floats) -> tuple[Table, ...]:
        """Complete the predictors m times by what the sample teaches.

        Parameters
        ----------
        multiplicity : float array (n,)
            How often each patient counts; who is absent is completed and teaches nothing.

        Returns
        -------
        tuple of tuple of Predictor
            For each copy the predictors in their order; those without missing values are the same
            objects throughout.

        Raises
        ------
        NotEstimable
            When the sample cannot teach a model, with the predictor.
        """
        try:
            imputed, _, _ = impute_fast(
                with_auxiliary(self.data, self.outcome(multiplicity)),
                multiplicity,
                imputation_streams(_sequence(self.seed, multiplicity), self.imputations),
                iterations=self.iterations,
                donors=DONORS,
            )
        except NotEstimable as reason:
            raise self._named(reason) from None
        tables = [list(self.predictors) for _ in range(self.imputations)]
        for place in self.data.order:
            item = self.predictors[place]
            span = slice(self.data.begin[place], self.data.begin[place + 1])
            values = np.tile(item.values, (self.imputations, 1))
            drawn = self.scales[place].original(imputed[:, span])
            values[:, self.data.missing[span]] = drawn
            for table, row in zip(tables, values, strict=True):
                table[place] = replace(item, values=row)
        return tuple(tuple(table) for table in tables)

    def _named(self, reason: NotEstimable) -> Refused:
        problem = reason.problems[0]
        place = int(problem.where.rpartition(" ")[2])
        return refuse(
            NotEstimable,
            problem.code,
            problem.what,
            where=f"predictor '{self.predictors[place].column}'",
            mend="leave it out, or use --missing complete",
        )


def make_imputer(
    predictors: Table,
    skewed: Sequence[bool],
    outcome: Callable[[Floats], Floats],
    *,
    imputations: int,
    iterations: int,
    seed: int,
) -> Imputer:
    """Prepare the imputation of predictors.

    Parameters
    ----------
    predictors : tuple of Predictor
        nan where missing; at least one of them is incomplete.
    skewed : sequence of bool
        Of each predictor.
    outcome : function of multiplicities
        As in ``Imputer``.
    imputations, iterations, seed : int
        As in ``Imputer``.

    Returns
    -------
    Imputer

    Raises
    ------
    NotEstimable
        What ``imputation_data`` refuses.
    """
    scales = tuple(
        imputed_scale(item, skewed=one) for item, one in zip(predictors, skewed, strict=True)
    )
    columns = []
    for item, scale in zip(predictors, scales, strict=True):
        columns.append(scale.code(item.values))
    everyone = np.ones(len(predictors[0].values))
    data = imputation_data(
        np.column_stack(columns),
        kinds=[scale.kind for scale in scales],
        auxiliary=outcome(everyone),
    )
    return Imputer(predictors, scales, data, outcome, imputations, iterations, seed)


def _sequence(seed: int, multiplicity: Floats) -> SeedSequence:
    digest = hashlib.sha256(np.ascontiguousarray(multiplicity).tobytes()).digest()
    return SeedSequence([seed, *np.frombuffer(digest, dtype="<u4").tolist()])


@dataclass(frozen=True, slots=True, eq=False)
class Completed(Generic[Part]):
    """Copies prepared for a pipeline: cut rules, candidates or scaled predictors of each.

    Parameters
    ----------
    imputer : Imputer
        Makes the copies.
    prepare : function of Predictor
        Prepares one predictor.
    ready : tuple of (Part or None)
        Predictors without missing values, prepared once; None for the others.
    whole : tuple of tuple of Part
        The copies made from all patients, on which every model is measured.
    """

    imputer: Imputer
    prepare: Callable[[Predictor], Part]
    ready: tuple[Part | None, ...]
    whole: tuple[tuple[Part, ...], ...]

    def copies(self, multiplicity: Floats) -> tuple[tuple[Part, ...], ...]:
        """Prepare the copies of a sample.

        Parameters
        ----------
        multiplicity : float array (n,)
            How often each patient counts.

        Returns
        -------
        tuple of tuple of Part
            For each copy the parts in the order of the predictors.

        Raises
        ------
        NotEstimable
            As ``Imputer.copies``.
        """
        if bool((multiplicity == 1.0).all()):
            return self.whole
        return _prepared(self.imputer.copies(multiplicity), self.prepare, self.ready)


def completed(
    imputer: Imputer, whole: tuple[Table, ...], prepare: Callable[[Predictor], Part]
) -> Completed[Part]:
    """Prepare the copies for a pipeline.

    Parameters
    ----------
    imputer : Imputer
        Makes the copies.
    whole : tuple of tuple of Predictor
        What it made of all patients.
    prepare : function of Predictor
        Prepares one predictor.

    Returns
    -------
    Completed
    """
    ready = tuple(prepare(item) if item.known.all() else None for item in imputer.predictors)
    return Completed(imputer, prepare, ready, _prepared(whole, prepare, ready))


def _prepared(
    tables: tuple[Table, ...],
    prepare: Callable[[Predictor], Part],
    ready: tuple[Part | None, ...],
) -> tuple[tuple[Part, ...], ...]:
    return tuple(
        tuple(
            prepare(item) if part is None else part for item, part in zip(table, ready, strict=True)
        )
        for table in tables
    )
