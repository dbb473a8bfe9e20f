import numpy as np
from numpy.typing import NDArray

def gather_blocks(
    sorted_rows: NDArray[np.int64],
    ascending: NDArray[np.float64],
    event: NDArray[np.int8],
    tolerance: float,
    order: NDArray[np.int64],
    block_start: NDArray[np.int64],
    block_time: NDArray[np.float64],
    fixed: NDArray[np.float64],
    block_of: NDArray[np.int64],
) -> int: ...
