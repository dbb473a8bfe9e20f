"""Signature of the compiled placements."""

import numpy as np
from numpy.typing import NDArray

def doubled_placements(
    score: NDArray[np.float64],
    order: NDArray[np.int64],
    case: NDArray[np.uint8],
    doubled: NDArray[np.int64],
) -> None: ...
