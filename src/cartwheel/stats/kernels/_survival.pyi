import numpy as np
from numpy.typing import NDArray

def survival_at(
    order: NDArray[np.int64],
    block_start: NDArray[np.int64],
    block_time: NDArray[np.float64],
    event: NDArray[np.int8],
    multiplicity: NDArray[np.float64] | None,
    horizon: float,
) -> float: ...
def horizon_weights(
    order: NDArray[np.int64],
    block_start: NDArray[np.int64],
    block_time: NDArray[np.float64],
    event: NDArray[np.int8],
    multiplicity: NDArray[np.float64] | None,
    horizon: float,
    case_weight: NDArray[np.float64],
    control_weight: NDArray[np.float64],
) -> None: ...
def log_rank_scores(
    order: NDArray[np.int64],
    block_start: NDArray[np.int64],
    event: NDArray[np.int8],
    multiplicity: NDArray[np.float64] | None,
    score: NDArray[np.float64],
) -> None: ...
