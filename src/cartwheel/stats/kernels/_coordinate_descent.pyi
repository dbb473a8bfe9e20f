import numpy as np
from numpy.typing import NDArray

def descend(
    quadratic: NDArray[np.float64],
    linear: NDArray[np.float64],
    l1: float,
    l2: float,
    tolerance: float,
    most: int,
    b: NDArray[np.float64],
    gradient: NDArray[np.float64],
) -> bool: ...
