import numpy as np
from numpy.typing import NDArray

def chain(
    values: NDArray[np.float64],
    design: NDArray[np.float64],
    multiplicity: NDArray[np.float64] | None,
    order: NDArray[np.int64],
    levels: NDArray[np.int64],
    first: NDArray[np.int64],
    used: NDArray[np.uint8],
    centre: NDArray[np.float64],
    scale: NDArray[np.float64],
    missing: NDArray[np.int64],
    begin: NDArray[np.int64],
    iterations: int,
    donors: int,
    state: NDArray[np.uint64],
    imputed: NDArray[np.float64],
    mean: NDArray[np.float64],
    variance: NDArray[np.float64],
) -> tuple[int, int]: ...
