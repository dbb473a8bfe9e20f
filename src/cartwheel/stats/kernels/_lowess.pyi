import numpy as np
from numpy.typing import NDArray

def smooth(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    nearest: int,
    delta: float,
    fitted: NDArray[np.float64],
    weight: NDArray[np.float64],
) -> None: ...
