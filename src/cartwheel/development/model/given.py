"""What a model gives every patient, whichever sample it was made from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Given:
    """Points and risk of all n patients by one model.

    Parameters
    ----------
    sample_totals : float array (n,) or (m, n)
        Points in the completed copies that the model was made from; ``totals`` where nothing was
        imputed.
    totals : float array (n,) or (m, n)
        Points in the completed copies of all patients.
    risk : float array (n,)
        Probability of the event (by the horizon), 0-1; the mean over the copies.
    """

    sample_totals: Floats
    totals: Floats
    risk: Floats
