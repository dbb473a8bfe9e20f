import numpy as np
from numpy.typing import NDArray

def log_likelihood(
    order: NDArray[np.int64],
    block_start: NDArray[np.int64],
    event: NDArray[np.int8],
    linear_predictor: NDArray[np.float64],
    multiplicity: NDArray[np.float64] | None,
    efron: bool,
    hazard: NDArray[np.float64] | None,
) -> float: ...
def baseline_hazard_at(
    order: NDArray[np.int64],
    block_start: NDArray[np.int64],
    block_time: NDArray[np.float64],
    event: NDArray[np.int8],
    linear_predictor: NDArray[np.float64],
    multiplicity: NDArray[np.float64] | None,
    horizon: float,
) -> float: ...
