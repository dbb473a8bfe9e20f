import numpy as np
from numpy.typing import NDArray

def exceedances_tested(
    rows: NDArray[np.float64],
    sizes: NDArray[np.int64],
    precision: NDArray[np.float64],
    criterion: int,
    observed: float,
    permutations: int,
    state: NDArray[np.uint64],
) -> float: ...
