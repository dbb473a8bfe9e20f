"""The table of Wald tests of a model: each variable, its non-linear part, and the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.columns import float_array, refuse_vast
from cartwheel.stats.wald import WaldTest, wald_test


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of a model and its columns.

    Parameters
    ----------
    name : str
        As printed.
    columns : tuple of int
        All its columns: one, a category's indicators, a spline's terms.
    nonlinear : tuple of int
        Those among them that bend: all but the first, of a spline. Empty where there are none.
    """

    name: str
    columns: tuple[int, ...]
    nonlinear: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class WaldRow:
    """A row of the table.

    Parameters
    ----------
    variable : str
        Its name; empty for the two rows on the whole model.
    part : str
        ``all``, ``nonlinear``, ``total nonlinear`` or ``total``.
    test : WaldTest
        Chi-square, degrees of freedom, p-value.
    """

    variable: str
    part: str
    test: WaldTest


def wald_table(
    coefficients: ArrayLike, covariance: ArrayLike, variables: Sequence[Variable]
) -> tuple[WaldRow, ...]:
    """Test each variable of a model, what bends of it, and all together.

    Parameters
    ----------
    coefficients : array (p,)
        Of the model; an intercept may stand among them, and is then named by no variable.
    covariance : array (p, p)
        Theirs.
    variables : sequence of Variable
        In the order of printing.

    Returns
    -------
    tuple of WaldRow
        A row a variable, one for its non-linear part after it; then ``total nonlinear`` where more
        than one variable bends, and ``total``.

    Raises
    ------
    NotEstimable
        No variable, a column in two of them, a non-linear column that its variable has not; shapes
        that do not fit, numbers not finite; what ``wald_test`` refuses.

    Notes
    -----
    A test of non-linearity asks whether the curve is needed. Dropping it because it is not
    significant is selection on the outcome. Agrees with R rms 6.5 ``anova`` as closely as its fits
    converge.

    References
    ----------
    Harrell FE 2015, doi:10.1007/978-3-319-19425-7.
    """
    every = [column for variable in variables for column in variable.columns]
    stray = any(set(variable.nonlinear) - set(variable.columns) for variable in variables)
    if not every or len(set(every)) < len(every) or stray:
        raise refuse(
            NotEstimable,
            "columns_unknown",
            "variables need columns of their own, and bend in columns that they have",
            where="variables",
        )

    b, spread = float_array(coefficients, "coefficients"), float_array(covariance, "covariance")
    if b.ndim != 1 or spread.shape != (b.size, b.size):
        raise refuse(
            NotEstimable,
            "covariance_shape",
            f"coefficients of shape {b.shape} with a covariance of shape {spread.shape}",
            where="covariance",
        )
    if not (np.isfinite(b).all() and np.isfinite(spread).all()):
        raise refuse(NotEstimable, "not_finite", "a coefficient or covariance is missing")
    refuse_vast(b, "coefficients")

    def row(name: str, part: str, columns: Sequence[int]) -> WaldRow:
        test = wald_test(b, spread, columns)
        if not test.statistic >= 0.0:
            raise refuse(
                NotEstimable,
                "covariance_singular",
                "the matrix is no covariance: some combination would have a negative variance",
                where="covariance",
            )
        return WaldRow(name, part, test)

    rows = []
    for variable in variables:
        rows.append(row(variable.name, "all", variable.columns))
        if variable.nonlinear:
            rows.append(row(variable.name, "nonlinear", variable.nonlinear))
    bends = [variable.nonlinear for variable in variables if variable.nonlinear]
    if len(bends) > 1:
        rows.append(row("", "total nonlinear", [column for part in bends for column in part]))
    rows.append(row("", "total", every))
    return tuple(rows)
