import numpy as np
from numpy.typing import NDArray

def evaluate(
    x: NDArray[np.float64],
    offset: NDArray[np.float64],
    event: NDArray[np.int8],
    block_start: NDArray[np.int64],
    first: NDArray[np.int8],
    entry: NDArray[np.int64] | None,
    coefficients: NDArray[np.float64],
    score: NDArray[np.float64],
    information: NDArray[np.float64],
) -> float: ...
