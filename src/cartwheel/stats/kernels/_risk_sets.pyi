import numpy as np
from numpy.typing import NDArray

def risk_set_sums(
    x: NDArray[np.float64],
    risk: NDArray[np.float64],
    weight: NDArray[np.float64],
    event: NDArray[np.int8],
    block_start: NDArray[np.int64],
    first: NDArray[np.int8],
    entering: NDArray[np.int64] | None,
    entry_start: NDArray[np.int64] | None,
    s0: NDArray[np.float64],
    e0: NDArray[np.float64],
    s1: NDArray[np.float64],
    e1: NDArray[np.float64],
    deaths: NDArray[np.float64],
    death_weight: NDArray[np.float64],
) -> None: ...
def firth_adjustment(
    x: NDArray[np.float64],
    risk: NDArray[np.float64],
    weight: NDArray[np.float64],
    event: NDArray[np.int8],
    block_start: NDArray[np.int64],
    first: NDArray[np.int8],
    entering: NDArray[np.int64] | None,
    entry_start: NDArray[np.int64] | None,
    inverse: NDArray[np.float64],
    adjustment: NDArray[np.float64],
) -> None: ...
