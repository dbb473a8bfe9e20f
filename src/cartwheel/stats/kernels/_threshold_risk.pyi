import numpy as np
from numpy.typing import NDArray

def risks_above(
    order: NDArray[np.int64],
    time: NDArray[np.float64],
    cause: NDArray[np.int64],
    of_interest: int,
    competing: bool,
    level: NDArray[np.int64],
    multiplicity: NDArray[np.float64],
    until: float,
    horizon: float,
    treated: NDArray[np.float64],
    risk: NDArray[np.float64],
) -> None: ...
