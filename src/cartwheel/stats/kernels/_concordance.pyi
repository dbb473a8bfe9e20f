import numpy as np
from numpy.typing import NDArray

def count_pairs(
    order: NDArray[np.int64],
    block_start: NDArray[np.int64],
    event: NDArray[np.int8],
    score: NDArray[np.float64],
    by_score: NDArray[np.int64],
    multiplicity: NDArray[np.float64] | None,
) -> tuple[float, float, float]: ...
def pairs_by_patient(
    order: NDArray[np.int64],
    block_start: NDArray[np.int64],
    event: NDArray[np.int8],
    score: NDArray[np.float64],
    by_score: NDArray[np.int64],
    pairs: NDArray[np.float64],
) -> None: ...
