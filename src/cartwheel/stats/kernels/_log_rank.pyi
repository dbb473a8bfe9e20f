import numpy as np
from numpy.typing import NDArray

def differences(
    order: NDArray[np.int64],
    block_start: NDArray[np.int64],
    first: NDArray[np.int8],
    event: NDArray[np.int8],
    member: NDArray[np.int64],
    family: int,
    rho: float,
    gamma: float,
    observed: NDArray[np.float64],
    expected: NDArray[np.float64],
    variance: NDArray[np.float64],
) -> None: ...
