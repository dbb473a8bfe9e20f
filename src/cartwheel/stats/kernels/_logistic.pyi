from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

def fit(
    x: NDArray[np.float64],
    event: NDArray[np.float64],
    multiplicity: NDArray[np.float64] | None,
    offset: NDArray[np.float64] | None,
    firth: bool,
    tolerance: float,
    held: Sequence[int] = (),
) -> tuple[NDArray[np.float64], float, bool]: ...
def ratio_tests(
    x: NDArray[np.float64],
    event: NDArray[np.float64],
    multiplicity: NDArray[np.float64] | None,
    firth: bool,
    groups: Sequence[Sequence[int]],
) -> NDArray[np.float64]: ...
