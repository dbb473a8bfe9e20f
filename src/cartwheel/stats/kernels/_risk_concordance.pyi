import numpy as np
from numpy.typing import NDArray

def pairs_by_row(
    rank: NDArray[np.int64],
    weight: NDArray[np.float64],
    event: NDArray[np.int8],
    block_start: NDArray[np.int64],
    first: NDArray[np.int8],
    entry: NDArray[np.int64] | None,
    entering: NDArray[np.int64] | None,
    entry_start: NDArray[np.int64] | None,
    block_weight: NDArray[np.float64],
    earlier: NDArray[np.float64],
    later: NDArray[np.float64],
) -> None: ...
