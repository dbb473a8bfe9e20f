"""A table with missing values, prepared once for every imputation and resample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.columns import float_array, refuse_vast

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

KINDS = ("number", "binary", "category")
# beyond this a multinomial model is no longer sensible
MOST_LEVELS = 20


@dataclass(frozen=True, slots=True, eq=False)
class ImputationData:
    """A table with missing values, in the form the imputation kernel reads.

    Parameters
    ----------
    values : float array (n, c)
        The columns; categories coded 0, 1, ... in the order of ``codes``; 0 where missing.
    design : float array (n, d)
        Standardised: a column a number, an indicator for each level but the first of a category,
        then the auxiliary columns. 0 where missing.
    kinds : tuple of str
        ``number``, ``binary`` or ``category``, a column.
    codes : tuple of float array
        For each column the codes of its levels as handed over; empty for a number.
    levels : int64 array (c,)
        Number of levels; 0 for a number.
    first : int64 array (c + 1,)
        Where the design columns of each column begin; the last entry is where auxiliary ones do.
    used : uint8 array (c, d)
        1 where a design column predicts a column.
    centre, scale : float array (d,)
        Of the standardisation.
    missing, begin : int64 arrays (t,), (c + 1,)
        Rows that are missing, column after column, and where each column's begin.
    order : int64 array
        Incomplete columns, from the fewest to the most missing.
    """

    values: Floats
    design: Floats
    kinds: tuple[str, ...]
    codes: tuple[Floats, ...]
    levels: Integers
    first: Integers
    used: NDArray[np.uint8]
    centre: Floats
    scale: Floats
    missing: Integers
    begin: Integers
    order: Integers

    @property
    def n(self) -> int:
        """Number of patients."""
        return len(self.values)

    @property
    def incomplete_patients(self) -> int:
        """Patients with at least one missing value."""
        return int(np.unique(self.missing).size)

    def completed(self, imputed: Floats) -> Floats:
        """Fill one vector of imputed values (t,) in: float array (n, c), codes as handed over."""
        table = self.values.copy()
        for column in self.order:
            span = slice(self.begin[column], self.begin[column + 1])
            table[self.missing[span], column] = imputed[span]
        for column, codes in enumerate(self.codes):
            if codes.size:
                table[:, column] = codes[table[:, column].astype(np.intp)]
        return table

    def take(self, rows: ArrayLike) -> ImputationData:
        """Prepare a resample given as row numbers, in which every copy is imputed on its own.

        Parameters
        ----------
        rows : int array (k,)
            Row numbers, repeated at will.

        Returns
        -------
        ImputationData
            Of k rows, standardised as the original.
        """
        chosen = np.asarray(rows, dtype=np.int64)
        absent = np.zeros(self.values.shape, dtype=np.bool_)
        for column in self.order:
            absent[self.missing[self.begin[column] : self.begin[column + 1]], column] = True
        missing, begin, order = _pattern(absent[chosen])
        return ImputationData(
            values=_sealed(np.ascontiguousarray(self.values[chosen])),
            design=_sealed(np.ascontiguousarray(self.design[chosen])),
            kinds=self.kinds,
            codes=self.codes,
            levels=self.levels,
            first=self.first,
            used=self.used,
            centre=self.centre,
            scale=self.scale,
            missing=missing,
            begin=begin,
            order=order,
        )


def imputation_data(
    columns: ArrayLike,
    *,
    kinds: Sequence[str] | None = None,
    auxiliary: ArrayLike | None = None,
    predictors: ArrayLike | None = None,
) -> ImputationData:
    """Prepare a table with missing values for imputation.

    Parameters
    ----------
    columns : float array (n, c)
        nan where missing.
    kinds : sequence of str (c,), optional
        ``number`` (imputed by matching; the default), ``binary`` (0/1, logistic model) or
        ``category`` (any codes without order, multinomial model).
    auxiliary : float array (n, a), optional
        Complete columns that only help to impute, such as the event and the Nelson-Aalen hazard.
    predictors : bool array (c, c + a), optional
        Which columns, then auxiliary ones, predict each column; all others by default.

    Returns
    -------
    ImputationData

    Raises
    ------
    NotEstimable
        ``imputation_shape``, ``not_finite``, ``imputation_kind``, ``coding``, ``constant_column``
        (a column to impute that does not vary), ``nobody_observed``, ``too_few_observed`` or
        ``auxiliary``.

    Notes
    -----
    Standardisation by mean and standard deviation of the observed values only steadies the
    arithmetic; it is not re-estimated in resamples.
    """
    table = np.array(float_array(columns, "columns"), order="C")
    if table.ndim != 2 or min(table.shape) < 1:
        raise refuse(NotEstimable, "imputation_shape", "imputation needs a table of n rows")
    kind = ("number",) * table.shape[1] if kinds is None else tuple(kinds)
    if len(kind) != table.shape[1] or not set(kind) <= set(KINDS):
        raise refuse(
            NotEstimable,
            "imputation_kind",
            "each column is a number, binary or a category",
            mend=f"name one of {', '.join(KINDS)} a column",
        )
    if np.isinf(table).any():
        raise refuse(NotEstimable, "not_finite", "a column holds infinite values")
    refuse_vast(table[~np.isnan(table)], "columns")
    extra = _auxiliary(auxiliary, len(table))
    absent = np.isnan(table)
    codes = tuple(
        _codes(table[:, j], absent[:, j], kind[j], j) if kind[j] != "number" else np.empty(0)
        for j in range(table.shape[1])
    )
    for j, known in enumerate(codes):
        if known.size:
            table[:, j] = np.searchsorted(known, np.where(absent[:, j], known[0], table[:, j]))
    table[absent] = 0.0
    design, first, centre, scale = _design(table, absent, codes, extra)
    used = _used(predictors, first, extra.shape[1])
    missing, begin, order = _pattern(absent)
    _check_observed(table, absent, order, used)
    levels = np.array([known.size for known in codes], dtype=np.int64)
    for array in (table, design, centre, scale, *codes):
        array.setflags(write=False)
    for whole in (first, used, levels):
        whole.setflags(write=False)
    return ImputationData(
        table, design, kind, codes, levels, first, used, centre, scale, missing, begin, order
    )


def _auxiliary(auxiliary: ArrayLike | None, n: int) -> Floats:
    if auxiliary is None:
        return np.empty((n, 0))
    extra = float_array(auxiliary, "auxiliary")
    extra = extra.reshape(-1, 1) if extra.ndim == 1 else extra
    if extra.ndim != 2 or len(extra) != n or not np.isfinite(extra).all():
        raise refuse(
            NotEstimable,
            "auxiliary",
            "auxiliary columns are complete, a row for each patient",
            mend="put an incomplete column among those to impute",
        )
    refuse_vast(extra, "auxiliary")
    return extra


def _codes(column: Floats, absent: NDArray[np.bool_], kind: str, place: int) -> Floats:
    found = np.unique(column[~absent])
    if kind == "binary":
        if not np.isin(found, (0.0, 1.0)).all():
            raise refuse(
                NotEstimable,
                "coding",
                "values other than 0 and 1",
                where=f"column {place}",
                mend="code yes as 1 and no as 0, or call the column a category",
            )
        return np.array([0.0, 1.0])
    if found.size > MOST_LEVELS:
        raise refuse(
            NotEstimable,
            "coding",
            f"{found.size} categories are too many to impute",
            where=f"column {place}",
            mend="group the categories, or call the column a number",
        )
    return found if found.size else np.zeros(1)


def _design(
    table: Floats, absent: NDArray[np.bool_], codes: tuple[Floats, ...], extra: Floats
) -> tuple[Floats, Integers, Floats, Floats]:
    parts: list[Floats] = []
    holes: list[NDArray[np.bool_]] = []
    first = [0]
    for j, known in enumerate(codes):
        shown = [table[:, j]] if not known.size else []
        shown += [(table[:, j] == level).astype(np.float64) for level in range(1, known.size)]
        parts.extend(shown)
        holes.extend([absent[:, j]] * len(shown))
        first.append(len(parts))
    parts.extend(extra.T)
    holes.extend([np.zeros(len(table), dtype=np.bool_)] * extra.shape[1])
    design = np.empty((len(table), len(parts)))
    centre, scale = np.zeros(len(parts)), np.ones(len(parts))
    for place, (part, hole) in enumerate(zip(parts, holes, strict=True)):
        observed = part[~hole]
        if observed.size:
            centre[place] = observed.mean()
            spread = float(observed.std())
            # a column that is constant to rounding is not blown up to noise
            scale[place] = spread if spread > 1e-12 * abs(centre[place]) else 1.0
        design[:, place] = np.where(hole, 0.0, (part - centre[place]) / scale[place])
    return design, np.array(first, dtype=np.int64), centre, scale


def _used(predictors: ArrayLike | None, first: Integers, extra: int) -> NDArray[np.uint8]:
    columns = first.size - 1
    sizes = [*np.diff(first), *([1] * extra)]
    if predictors is None:
        wanted = np.ones((columns, columns + extra), dtype=np.bool_)
    else:
        wanted = np.array(predictors, dtype=np.bool_)
        if wanted.shape != (columns, columns + extra):
            raise refuse(
                NotEstimable,
                "imputation_shape",
                "predictors needs a row a column, and a column for each column and auxiliary one",
            )
    np.fill_diagonal(wanted[:, :columns], val=False)
    return np.ascontiguousarray(np.repeat(wanted, sizes, axis=1).astype(np.uint8))


def _pattern(absent: NDArray[np.bool_]) -> tuple[Integers, Integers, Integers]:
    counts = absent.sum(axis=0)
    missing = np.ascontiguousarray(np.nonzero(absent.T)[1], dtype=np.int64)
    begin = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    order = np.array(
        [j for j in np.argsort(counts, kind="stable") if counts[j] > 0], dtype=np.int64
    )
    for array in (missing, begin, order):
        array.setflags(write=False)
    return missing, begin, order


def _check_observed(
    table: Floats, absent: NDArray[np.bool_], order: Integers, used: NDArray[np.uint8]
) -> None:
    for j in order:
        observed = table[~absent[:, j], j]
        where = f"column {j}"
        if not observed.size:
            raise refuse(NotEstimable, "nobody_observed", "no value is observed", where=where)
        if np.ptp(observed) == 0.0:
            raise refuse(
                NotEstimable,
                "constant_column",
                "all observed values are the same, so missing ones cannot be imputed",
                where=where,
                mend="leave the column out",
            )
        terms = int(used[j].sum()) + 1
        if observed.size <= terms:
            raise refuse(
                NotEstimable,
                "too_few_observed",
                f"{observed.size} observed values cannot carry a model of {terms} terms",
                where=where,
                mend="impute from fewer columns (predictors), or leave this one out",
            )


def _sealed(array: Floats) -> Floats:
    array.setflags(write=False)
    return array
