import numpy as np
from numpy.typing import NDArray

def count_draws(seed: NDArray[np.uint32], index: int, counts: NDArray[np.float64]) -> None: ...
