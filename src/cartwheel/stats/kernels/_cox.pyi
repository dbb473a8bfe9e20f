import numpy as np
from numpy.typing import NDArray

def newton(
    order: NDArray[np.int64],
    block_start: NDArray[np.int64],
    event: NDArray[np.int8],
    x: NDArray[np.float64],
    multiplicity: NDArray[np.float64] | None,
    start: NDArray[np.float64] | None,
    efron: bool,
    tolerance: float,
    most: int,
    coefficients: NDArray[np.float64],
    last_step: NDArray[np.float64] | None,
    std_error: NDArray[np.float64] | None,
    covariance: NDArray[np.float64] | None,
) -> tuple[int, int, float, float, float, int, float]: ...
