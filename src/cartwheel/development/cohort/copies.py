"""Complete the analysed patients: the copies on which everything is made and shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cartwheel.development.cohort.assembly import Assembled
from cartwheel.development.model.imputer import Imputer, Table, make_imputer
from cartwheel.stats.imputed_optimism import hazard_columns
from cartwheel.stats.survival import survival_times

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Copies:
    """The predictors of the analysed patients, completed.

    Parameters
    ----------
    imputer : Imputer or None
        Completes a resample; None where nothing is missing.
    tables : tuple of tuple of Predictor
        The m completed copies; the predictors as measured where nothing is missing.
    """

    imputer: Imputer | None
    tables: tuple[Table, ...]

    @property
    def m(self) -> int:
        """Number of copies."""
        return len(self.tables)


def complete_copies(assembled: Assembled) -> Copies:
    """Impute the missing predictors of all analysed patients.

    Parameters
    ----------
    assembled : Assembled
        Who is analysed, by which plan.

    Returns
    -------
    Copies
        One copy, as measured, where no predictor is missing.

    Raises
    ------
    NotEstimable
        When a predictor cannot be imputed from the others and the outcome.
    """
    if not assembled.incomplete.any():
        return Copies(None, (assembled.predictors,))
    plan = assembled.plan
    imputer = make_imputer(
        assembled.predictors,
        [assembled.columns[item.column].skewed for item in assembled.predictors],
        _outcome(assembled),
        imputations=plan.imputation.imputations,
        iterations=plan.imputation.iterations,
        seed=plan.resampling.seed,
    )
    return Copies(imputer, imputer.copies(np.ones(int(assembled.analysed.sum()))))


def _outcome(assembled: Assembled) -> Callable[[Floats], Floats]:
    """Give the outcome as columns: the event, and for survival the Nelson-Aalen hazard."""
    event = assembled.event[assembled.analysed]
    if assembled.time is not None:
        return hazard_columns(survival_times(assembled.time[assembled.analysed], event))
    column = np.ascontiguousarray(event[:, None])
    return lambda _: column
