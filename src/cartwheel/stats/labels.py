"""Labels of groups, strata and clusters as positions among their distinct values."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.columns import raw_array

Integers = NDArray[np.int64]

# whole-number labels over a range no wider than this are counted, not sorted
_COUNTABLE = 65536


def coded_labels(
    labels: ArrayLike, n: int, where: str, *, unit: str = "patients"
) -> tuple[tuple[object, ...], Integers]:
    """Find the distinct labels, ascending, and each row's position among them.

    Parameters
    ----------
    labels : array (n,)
        Labels of one kind (numbers, text), none missing.
    n : int
        How many there must be.
    where : str
        What the labels are called in a refusal.
    unit : str
        What the rows are, in a refusal.

    Returns
    -------
    labels : tuple
        Distinct, ascending.
    member : int64 array (n,)
        Position of each row's label.

    Raises
    ------
    NotEstimable
        Another length, or a label missing.
    """
    values = raw_array(labels, where)
    if values.shape != (n,):
        raise refuse(
            NotEstimable, "group_shape", f"{values.size} labels for {n} {unit}", where=where
        )
    missing = _missing(values)
    if missing.any():
        raise refuse(
            NotEstimable,
            "group_missing",
            f"{int(np.count_nonzero(missing))} labels are missing or infinite",
            where=where,
            mend="leave these patients out, or give them a group of their own",
        )
    if values.dtype.kind in "iu" and n:
        least = int(values.min())
        if int(values.max()) - least < _COUNTABLE:
            shifted = (values - least).astype(np.int64)
            present = np.flatnonzero(np.bincount(shifted))
            position = np.zeros(int(present[-1]) + 1, dtype=np.int64)
            position[present] = np.arange(present.size)
            return tuple((present + least).tolist()), position[shifted]
    distinct, member = np.unique(values, return_inverse=True)
    return tuple(distinct.tolist()), member.astype(np.int64)


def _missing(values: NDArray[np.generic]) -> NDArray[np.bool_]:
    if values.dtype == object:
        # None, nan, NaT and pandas' NA, which answers no comparison
        gaps = [one is None or str(one) in ("nan", "NaN", "NaT", "<NA>") for one in values]
        return np.array(gaps, dtype=np.bool_)
    if values.dtype.kind == "f":
        return np.asarray(~np.isfinite(values.astype(np.float64)))
    return np.zeros(values.shape, dtype=np.bool_)
