"""Numbers as they are given, turned into floats without guessing what they mean."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cartwheel.errors import NotEstimable, Refused, refuse

Floats = NDArray[np.float64]

# beyond this a fifth power is no longer a double; no measurement is that large
VAST = 1e60


def raw_array(values: ArrayLike, where: str, kind: type[Refused] = NotEstimable) -> NDArray[Any]:
    """Give values as an array of whatever they are, or refuse rows of different length.

    Parameters
    ----------
    values : array_like
        Numbers or labels.
    where : str
        What to call them in a refusal.
    kind : type of Refused
        Which refusal.

    Returns
    -------
    array
        The same values; masked ones are nan.

    Raises
    ------
    NotEstimable
        ``ragged`` (or of the kind asked for).
    """
    if isinstance(values, np.ma.MaskedArray):
        # the numbers under a mask are not meant
        return np.asarray(np.ma.filled(values.astype(np.float64), np.nan))
    try:
        return np.asarray(values)
    except ValueError:
        raise refuse(kind, "ragged", "rows of different length are no table", where=where) from None


def float_array(values: ArrayLike, where: str, kind: type[Refused] = NotEstimable) -> Floats:
    """Give numbers as floats, or refuse text, dates and complex numbers.

    Parameters
    ----------
    values : array_like
        Numbers, true or false, None where missing; of any shape.
    where : str
        What to call them in a refusal.
    kind : type of Refused
        Which refusal.

    Returns
    -------
    float array of the same shape
        The same numbers, not copied where they are floats already; nan for None.

    Raises
    ------
    NotEstimable
        ``not_a_number`` or ``ragged`` (or of the kind asked for).
    """
    raw = raw_array(values, where, kind)
    if raw.dtype == np.float64:
        return np.asarray(raw, dtype=np.float64)
    if raw.dtype.kind in "biuf":
        return raw.astype(np.float64)
    if raw.dtype.kind == "O" and not any(isinstance(one, str | bytes) for one in raw.flat):
        try:
            return raw.astype(np.float64)
        except (TypeError, ValueError, OverflowError):
            pass
    raise refuse(
        kind,
        "not_a_number",
        "the column holds what is no number",
        where=where,
        mend="text is not read as numbers: convert it, and look at what does not convert",
    )


def refuse_vast(values: Floats, where: str) -> None:
    """Refuse numbers so large that their powers are no longer numbers.

    Parameters
    ----------
    values : float array
        Finite.
    where : str
        What to call them in the refusal.

    Raises
    ------
    NotEstimable
        ``vast``.
    """
    if values.size and not (values.min() >= -VAST and values.max() <= VAST):
        raise refuse(
            NotEstimable,
            "vast",
            f"a value lies beyond {VAST:g}, where arithmetic ends",
            where=where,
            mend="look for a code that stands for a missing value",
        )
