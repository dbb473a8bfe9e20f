from collections.abc import Sequence
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

class Detail(TypedDict):
    status: int
    culprit: int
    coefficients: NDArray[np.float64]
    log_likelihood: float
    log_likelihood_null: float
    iterations: int
    covariance: NDArray[np.float64]
    covariance_augmented: NDArray[np.float64]
    score: NDArray[np.float64]
    mean: NDArray[np.float64]
    sd: NDArray[np.float64]
    profile: NDArray[np.float64]
    total: float
    events: float

def detail(
    x: NDArray[np.float64],
    event: NDArray[np.float64],
    multiplicity: NDArray[np.float64] | None,
    offset: NDArray[np.float64] | None,
    firth: bool,
    tolerance: float,
    z: float = 0.0,
    wanted: Sequence[int] = (),
) -> Detail: ...
