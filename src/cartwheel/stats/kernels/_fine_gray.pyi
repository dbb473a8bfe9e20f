import numpy as np
from numpy.typing import NDArray

def newton(
    order: NDArray[np.int64],
    block_start: NDArray[np.int64],
    cause: NDArray[np.int64],
    of_interest: int,
    x: NDArray[np.float64],
    multiplicity: NDArray[np.float64] | None,
    group: NDArray[np.int64] | None,
    groups: int,
    events_first: bool,
    own_group: bool,
    tolerance: float,
    most: int,
    coefficients: NDArray[np.float64],
    hazard: NDArray[np.float64] | None,
    covariance: NDArray[np.float64] | None,
    influence: NDArray[np.float64] | None,
) -> tuple[int, int, float, float, int, float]: ...
