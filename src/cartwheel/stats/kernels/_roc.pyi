"""Signatures of the compiled ROC areas."""

import numpy as np
from numpy.typing import NDArray

def binary_area(
    score: NDArray[np.float64],
    order: NDArray[np.int64],
    event: NDArray[np.float64],
    multiplicity: NDArray[np.float64] | None,
) -> float: ...
def weighted_area(
    score: NDArray[np.float64],
    order: NDArray[np.int64],
    case_weight: NDArray[np.float64],
    control_weight: NDArray[np.float64],
) -> float: ...
