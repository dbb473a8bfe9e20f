import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

def fit(
    y: Floats, v: Floats, x: Floats | None, method: int, crude: float = -1.0
) -> tuple[int, Floats, Floats, Floats, Floats]: ...
def q_falls_to(y: Floats, v: Floats, x: Floats | None, target: float) -> tuple[float, int]: ...
