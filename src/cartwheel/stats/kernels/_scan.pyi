"""Signatures of the compiled search for a cut-off."""

import numpy as np
from numpy.typing import NDArray

def best(
    values: NDArray[np.float64],
    order: NDArray[np.int64],
    run_start: NDArray[np.int64],
    multiplicity: NDArray[np.float64] | None,
    first: NDArray[np.float64],
    second: NDArray[np.float64] | None,
    min_fraction: float,
    criterion: int,
) -> tuple[float, float, float, float, int, float]: ...
def best_cut(
    values: NDArray[np.float64],
    order: NDArray[np.int64],
    run_start: NDArray[np.int64],
    multiplicity: NDArray[np.float64] | None,
    first: NDArray[np.float64],
    second: NDArray[np.float64] | None,
    min_fraction: float,
    criterion: int,
) -> float: ...
def exceedances_rank(
    scores: NDArray[np.float64],
    sizes: NDArray[np.int64],
    precision: NDArray[np.float64],
    observed: float,
    permutations: int,
    state: NDArray[np.uint64],
) -> float: ...
def exceedances_roc(
    pairs: NDArray[np.float64],
    sizes: NDArray[np.int64],
    criterion: int,
    observed: float,
    permutations: int,
    state: NDArray[np.uint64],
) -> float: ...
