import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bytes = NDArray[np.uint8]
Places = NDArray[np.intp]

def leave_one_out(y: Floats, v: Floats, method: int) -> Floats: ...
def cumulative(y: Floats, v: Floats, order: Places, method: int) -> Floats: ...
def subsets(y: Floats, v: Floats, member: Bytes, method: int) -> Floats: ...
def samples(y: Floats, v: Floats, method: int) -> Floats: ...
def permutations(
    y: Floats,
    v: Floats,
    x: Floats,
    back: Floats,
    index: Places,
    method: int,
    crude: float,
    interval: int,
    intercept: bool,
) -> Floats: ...
