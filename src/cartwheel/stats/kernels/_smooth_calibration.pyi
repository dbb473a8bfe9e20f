import numpy as np
from numpy.typing import NDArray

def spline_basis(
    value: NDArray[np.float64],
    weight: NDArray[np.float64],
    share: NDArray[np.float64],
    further: NDArray[np.float64],
    knots: NDArray[np.float64],
    basis: NDArray[np.float64],
) -> int: ...
def subdistribution_hazard_at(
    order: NDArray[np.int64],
    block_start: NDArray[np.int64],
    block_time: NDArray[np.float64],
    cause: NDArray[np.int64],
    of_interest: int,
    linear_predictor: NDArray[np.float64],
    multiplicity: NDArray[np.float64],
    horizon: float,
) -> float: ...
