import numpy as np
from numpy.typing import NDArray

def newton(
    x: NDArray[np.float64],
    weight: NDArray[np.float64],
    offset: NDArray[np.float64],
    event: NDArray[np.int8],
    block_start: NDArray[np.int64],
    first: NDArray[np.int8],
    entry: NDArray[np.int64] | None,
    entering: NDArray[np.int64] | None,
    entry_start: NDArray[np.int64] | None,
    ridge: NDArray[np.float64],
    efron: bool,
    tolerance: float,
    most: int,
    coefficients: NDArray[np.float64],
    last_step: NDArray[np.float64],
    covariance: NDArray[np.float64],
    information: NDArray[np.float64],
) -> tuple[int, int, float, float, float, int]: ...
def evaluate(
    x: NDArray[np.float64],
    weight: NDArray[np.float64],
    offset: NDArray[np.float64],
    event: NDArray[np.int8],
    block_start: NDArray[np.int64],
    first: NDArray[np.int8],
    entry: NDArray[np.int64] | None,
    entering: NDArray[np.int64] | None,
    entry_start: NDArray[np.int64] | None,
    coefficients: NDArray[np.float64],
    efron: bool,
    score: NDArray[np.float64],
    information: NDArray[np.float64],
) -> float: ...
