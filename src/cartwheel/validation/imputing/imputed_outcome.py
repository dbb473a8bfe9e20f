"""The outcome as columns of the imputation models: without it imputed inputs predict too little."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from cartwheel.stats.competing_times import cause_specific_times
from cartwheel.stats.imputed_optimism import hazard_columns
from cartwheel.validation.analysed import Target

Floats = NDArray[np.float64]

IN_MODEL = {
    "binary": "the event",
    "survival": "the event and the Nelson-Aalen cumulative hazard at each patient's time",
    "competing": "of the event and of the other events each, the event and its Nelson-Aalen "
    "cumulative hazard at each patient's time",
}


def outcome_columns(target: Target) -> Callable[[Floats], Floats]:
    """Make the function that gives the outcome as columns, as estimated in a resample.

    Parameters
    ----------
    target : Target
        Of the patients that are imputed.

    Returns
    -------
    function of multiplicities
        Float array (n, a): the event; for survival also the cumulative hazard; for competing risks
        both for each cause.

    References
    ----------
    White IR, Royston P 2009, doi:10.1002/sim.3618. Moons KGM et al 2006,
    doi:10.1016/j.jclinepi.2006.01.009.
    """
    if target.competing is not None:
        competing = target.competing
        parts = [
            hazard_columns(cause_specific_times(competing, cause)) for cause in competing.causes
        ]
        return lambda multiplicity: np.column_stack([part(multiplicity) for part in parts])
    if target.times is not None:
        return hazard_columns(target.times)
    column = np.ascontiguousarray(target.event[:, None], dtype=np.float64)
    return lambda _: column
