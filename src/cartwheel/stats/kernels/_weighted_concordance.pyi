import numpy as np
from numpy.typing import NDArray

def weighted_pairs(
    order: NDArray[np.int64],
    block_start: NDArray[np.int64],
    block_time: NDArray[np.float64],
    event: NDArray[np.int8],
    score: NDArray[np.float64],
    by_score: NDArray[np.int64],
    multiplicity: NDArray[np.float64] | None,
    tau: float,
    gerds: bool,
    weight: NDArray[np.float64],
    earlier: NDArray[np.float64] | None,
    later: NDArray[np.float64] | None,
) -> tuple[float, float]: ...
