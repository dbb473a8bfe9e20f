"""Signature of the compiled crossing probability."""

import numpy as np
from numpy.typing import NDArray

def crossing(
    nodes: NDArray[np.float64],
    weights: NDArray[np.float64],
    correlation: NDArray[np.float64],
    density: NDArray[np.float64],
    following: NDArray[np.float64],
    b: float,
) -> float: ...
