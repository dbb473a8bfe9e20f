"""The moderators of a meta-regression as columns that are safe to compute with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.pooling.study_inputs import Floats, read_only, refuse_studies

# less of a column is left than this after the columns before it: collinear
_COLLINEAR = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """Columns of a meta-regression, and an orthonormal basis of the space that they span.

    Parameters
    ----------
    columns : float array (k, p)
        As given.
    basis : float array (k, p)
        columns @ back; its columns are orthonormal.
    back : float array (p, p)
        Turns coefficients of the basis into those of the columns.
    intercept : int or None
        Which column is constant, if one is.
    log_determinant : float
        Of columns' columns.
    """

    columns: Floats
    basis: Floats
    back: Floats
    intercept: int | None
    log_determinant: float

    @property
    def alone(self) -> bool:
        """Whether there is nothing but an intercept."""
        return self.intercept is not None and self.columns.shape[1] == 1


def _named(places: Sequence[int], names: Sequence[str] | None) -> str:
    return ", ".join(names[j] if names else f"column {j + 1}" for j in places)


def _shaped(design: ArrayLike, k: int, names: Sequence[str] | None) -> Floats:
    """Give the design as (k, p) floats, finite, with more studies than columns."""
    try:
        x = np.array(design, dtype=np.float64, order="C")
    except (TypeError, ValueError):
        raise refuse(
            NotEstimable, "not_a_number", "a moderator holds what is no number", where="design"
        ) from None
    x = x.reshape(-1, 1) if x.ndim == 1 else x
    if x.ndim != 2 or x.shape[0] != k or not x.shape[1]:
        raise refuse(
            NotEstimable,
            "length_mismatch",
            f"the design is {x.shape}, not one row for each of {k} studies",
            where="design",
        )
    if names is not None and len(names) != x.shape[1]:
        raise refuse(
            NotEstimable,
            "length_mismatch",
            f"{len(names)} names for {x.shape[1]} columns",
            where="names",
        )
    finite = np.isfinite(x)
    if not finite.all():
        refuse_studies(
            "not_finite",
            "a moderator is missing or infinite",
            np.asarray(~finite.all(axis=1)),
            _named(np.flatnonzero(~finite.all(axis=0)).tolist(), names),
            "leave the study out of this regression",
        )
    if x.shape[1] >= k:
        raise refuse(
            NotEstimable,
            "too_few_studies",
            f"{k} studies cannot carry {x.shape[1]} coefficients and a variance between studies",
            where="design",
            mend="fewer moderators",
        )
    return x


def _constant_column(x: Floats, names: Sequence[str] | None) -> int | None:
    """Find the intercept, and refuse a second one or a column of noughts."""
    constant = np.flatnonzero((x == x[0]).all(axis=0))
    useless = [int(j) for j in constant if x[0, j] == 0.0] + [
        int(j) for j in constant[x[0, constant] != 0.0][1:]
    ]
    if useless:
        raise refuse(
            NotEstimable,
            "constant_column",
            "a moderator has the same value in all studies",
            where=_named(useless, names),
            mend="leave it out",
        )
    return int(constant[0]) if constant.size else None


def study_design(design: ArrayLike, k: int, names: Sequence[str] | None = None) -> Design:
    """Check moderators and turn them into an orthonormal basis.

    Parameters
    ----------
    design : float array (k, p) or (k,)
        Columns, that of ones included where an intercept is wanted.
    k : int
        Studies.
    names : sequence of str, optional
        Of the columns, for refusals.

    Returns
    -------
    Design

    Raises
    ------
    NotEstimable
        ``not_a_number``, ``not_finite``, ``length_mismatch``, ``too_few_studies``,
        ``constant_column`` or ``collinear_column``.

    Notes
    -----
    Columns are centred where there is an intercept, and scaled, before the decomposition, so
    calendar years or dates do no harm. A column is collinear if less than 1e-9 of its length is
    left after the columns before it.
    """
    x = _shaped(design, k, names)
    intercept = _constant_column(x, names)
    p = x.shape[1]
    centre = np.eye(p)
    if intercept is not None:
        centre[intercept] = -x.mean(axis=0) / x[0, intercept]
        centre[intercept, intercept] = 1.0
        moved = x - x.mean(axis=0)
        moved[:, intercept] = x[:, intercept]
    else:
        moved = x
    length = np.sqrt((moved * moved).sum(axis=0))
    size = np.abs(x).max(axis=0) * np.sqrt(k)
    q, r = np.linalg.qr(moved / np.where(length > 0.0, length, 1.0))
    lost = (np.abs(np.diag(r)) < _COLLINEAR) | (length < _COLLINEAR * size)
    if lost.any():
        raise refuse(
            NotEstimable,
            "collinear_column",
            "a moderator is determined by those before it",
            where=_named(np.flatnonzero(lost).tolist(), names),
            mend="leave one of them out",
        )
    back = centre @ (np.linalg.solve(r, np.eye(p)) / length[:, None])
    log_determinant = 2.0 * float(np.log(length).sum() + np.log(np.abs(np.diag(r))).sum())
    basis = np.ascontiguousarray(q)
    return Design(read_only(x), read_only(basis), read_only(back), intercept, log_determinant)
