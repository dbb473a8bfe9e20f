import numpy as np
from numpy.typing import NDArray

def incidence_at(
    order: NDArray[np.int64],
    block_start: NDArray[np.int64],
    block_time: NDArray[np.float64],
    cause: NDArray[np.int64],
    of_interest: int,
    multiplicity: NDArray[np.float64] | None,
    horizon: float,
) -> float: ...
