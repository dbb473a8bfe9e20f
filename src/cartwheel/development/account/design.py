"""One variable's part in a regression, and the name of what the regression estimates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cartwheel.development.model.target import BinaryTarget, Target

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Block:
    """One variable's columns in a design, and how its effect is said.

    Parameters
    ----------
    term, label : str
        Machine and reader's name.
    columns : float array (n, k) or (m, n, k)
        Design columns of the patients, in each completed copy where values were imputed.
    contrast : float array (k,) or None
        None for a single column (effect per unit); for a spline the difference of the basis between
        the upper and the lower quartile.
    """

    term: str
    label: str
    columns: Floats
    contrast: Floats | None


def measure_name(target: Target) -> str:
    """Name the effect that a regression on this outcome estimates.

    Parameters
    ----------
    target : Target
        The outcome.

    Returns
    -------
    str
        ``odds ratio`` or ``hazard ratio``.
    """
    return "odds ratio" if isinstance(target, BinaryTarget) else "hazard ratio"
