"""Whether a logistic regression can be estimated at all, and if not, which column is why."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.columns import float_array, refuse_vast
from cartwheel.stats.kernels import _logistic_profile

Array = NDArray[np.float64]

# Status of the kernel
_DONE, _COLLINEAR, _CONSTANT = 0, 2, 3


def design_columns(x: ArrayLike) -> Array:
    """View x as a float array (n, p); a single column may come as (n,).

    Parameters
    ----------
    x : array (n,) or (n, p)
        Predictors, without intercept.

    Returns
    -------
    float array (n, p)
    """
    columns = float_array(x, "x")
    return columns if columns.ndim == 2 else columns.reshape(-1, 1)


def float_vector(values: ArrayLike | None) -> Array | None:
    """View values as a contiguous float array, or pass None through.

    Parameters
    ----------
    values : array (n,) or None

    Returns
    -------
    float array (n,) or None
    """
    return None if values is None else np.ascontiguousarray(float_array(values, "column"))


def _refuse_missing(columns: Array) -> None:
    finite = np.isfinite(columns)
    if not finite.all():
        where = ", ".join(str(j) for j in np.flatnonzero(~finite.all(axis=0)))
        raise refuse(
            NotEstimable,
            "missing_value",
            "a predictor holds missing or infinite values",
            where=f"column {where}",
            mend="leave these patients out or impute first",
        )


def checked_arrays(
    x: ArrayLike,
    event: ArrayLike,
    multiplicity: ArrayLike | None = None,
    offset: ArrayLike | None = None,
) -> tuple[Array, Array, Array | None, Array | None]:
    """Validate what a logistic regression is fitted to.

    Parameters
    ----------
    x : float array (n, p) or (n,)
        Predictors without intercept.
    event : array (n,)
        1 event, 0 none.
    multiplicity, offset : array (n,), optional
        How often each row occurs, and what is added to its linear predictor.

    Returns
    -------
    tuple of arrays
        The four as float arrays, x as (n, p).

    Raises
    ------
    NotEstimable
        Lengths differ, a value is missing or infinite, event is not coded 0/1, a multiplicity is
        negative, or only one class occurs.
    """
    columns = design_columns(x)
    y = np.asarray(float_array(event, "event"), order="C")
    m, shift = float_vector(multiplicity), float_vector(offset)
    shapes = {y.shape} | {v.shape for v in (m, shift) if v is not None}
    if shapes != {(len(columns),)}:
        raise refuse(NotEstimable, "lengths_differ", "x, event and weights differ in length")
    _refuse_missing(columns)
    refuse_vast(columns, "x")
    if not np.isin(y, (0.0, 1.0)).all():
        raise refuse(
            NotEstimable,
            "event_coding",
            "the event is not coded 0 and 1 throughout",
            where="event",
            mend="say which value is the event; leave out patients without an outcome",
        )
    if m is not None and not (np.isfinite(m).all() and (m >= 0.0).all()):
        raise refuse(NotEstimable, "multiplicity", "a multiplicity is negative or missing")
    if shift is not None and not np.isfinite(shift).all():
        raise refuse(NotEstimable, "missing_value", "an offset is missing", where="offset")
    present = y if m is None else y[m > 0.0]
    if not 0.0 < present.sum() < len(present):
        raise refuse(
            NotEstimable,
            "one_class",
            "all patients have the event, or none has",
            where="event",
            mend="a logistic regression needs patients with and without the event",
        )
    return columns, y, m, shift


def refuse_failure(
    found: _logistic_profile.Detail,
    x: Array,
    event: Array,
    multiplicity: Array | None,
    penalty: str,
) -> None:
    """Raise the refusal that fits what stopped the kernel; do nothing if it got through.

    Parameters
    ----------
    found : dict
        What the kernel returns.
    x, event, multiplicity : float arrays
        What was fitted.
    penalty : str
        ``none`` or ``firth``.

    Raises
    ------
    NotEstimable
        Whenever the status is not that of a finished fit.
    """
    status, where = found["status"], f"column {found['culprit']}"
    if status == _DONE:
        return
    if status == _CONSTANT:
        raise refuse(
            NotEstimable,
            "constant_column",
            "a predictor has the same value in all patients",
            where=where,
            mend="leave it out",
        )
    if status == _COLLINEAR:
        raise refuse(
            NotEstimable,
            "collinear_column",
            "a predictor is determined by those before it",
            where=where,
            mend="leave one of them out",
        )
    if penalty == "none":
        keep = np.ones(len(event), dtype=bool) if multiplicity is None else multiplicity > 0.0
        guilty = separating_columns(x[keep], event[keep])
        if guilty is not None:
            raise refuse(
                NotEstimable,
                "separation",
                "the predictors tell some patients with and without the event apart without "
                "error, so the largest likelihood lies at infinity",
                where="column " + ", ".join(map(str, guilty)) if guilty else "",
                mend='fit with penalty "firth", or group the categories',
            )
    raise refuse(
        NotEstimable,
        "not_converged",
        "the fit did not converge",
        mend="fewer predictors, or look for extreme values",
    )


def separating_columns(x: ArrayLike, event: ArrayLike) -> tuple[int, ...] | None:
    """Find the predictors whose coefficients run to infinity under maximum likelihood.

    Parameters
    ----------
    x : float array (n, p) or (n,)
        Predictors without intercept, finite.
    event : array (n,)
        1 event, 0 none.

    Returns
    -------
    tuple of int or None
        Columns that separate on their own, if there are any; else those that take part in a
        direction of separation. None if the classes overlap: the estimate exists.

    Notes
    -----
    With rows signed by their class, a direction b separates if x b >= 0 for all rows and > 0 for
    some; found by linear programming within -1 <= b <= 1 on standardised columns.

    References
    ----------
    Albert A, Anderson JA 1984, doi:10.1093/biomet/71.1.1. Konis K 2007, DPhil thesis, Oxford.
    """
    columns = design_columns(x)
    y = float_array(event, "event")
    alone = tuple(
        j for j in range(columns.shape[1]) if _separating_direction(columns[:, [j]], y) is not None
    )
    if alone:
        return alone
    direction = _separating_direction(columns, y)
    if direction is None:
        return None
    return tuple(int(j) for j in np.flatnonzero(np.abs(direction) > 1e-7))


def _separating_direction(columns: Array, y: Array) -> Array | None:
    from scipy.optimize import linprog  # noqa: PLC0415 - slow to import, needed on failure only

    spread = columns.std(axis=0)
    spread[spread == 0.0] = 1.0
    scaled = (columns - columns.mean(axis=0)) / spread
    signed = np.column_stack([np.ones(len(y)), scaled]) * (2.0 * y - 1.0)[:, None]
    found = linprog(
        -signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(y)), bounds=(-1.0, 1.0), method="highs"
    )
    if found.x is None or found.fun is None or -found.fun < 1e-6:
        return None
    return np.asarray(found.x[1:], dtype=np.float64)
