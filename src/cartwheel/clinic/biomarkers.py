"""Ratios of blood counts and other derived markers: declared as data, divided with care."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from cartwheel.clinic.dictionary import nearest_names
from cartwheel.clinic.grid import row_list
from cartwheel.errors import CohortRefused, Problem, refuse


@dataclass(frozen=True, slots=True)
class DerivedMarker:
    """A marker made from others: the product of some variables over the product of others.

    Parameters
    ----------
    name, label : str
        Key, and name for the reader.
    numerator, denominator : tuple of str
        Variables of the dictionary, each in its canonical unit.
    unit : str
        Of the result; empty where the units cancel.
    verified : bool
        Whether the definition was seen in a source. Unverified ones are from memory of the
        literature and must not be offered as published.
    """

    name: str
    label: str
    numerator: tuple[str, ...]
    denominator: tuple[str, ...]
    unit: str
    verified: bool


RATIOS: Mapping[str, DerivedMarker] = MappingProxyType(
    {
        marker.name: marker
        for marker in (
            DerivedMarker(
                "nlr",
                "Neutrophil-to-lymphocyte ratio",
                ("neutrophils",),
                ("lymphocytes",),
                "",
                True,
            ),
            DerivedMarker(
                "mlr", "Monocyte-to-lymphocyte ratio", ("monocytes",), ("lymphocytes",), "", True
            ),
            DerivedMarker(
                "plr", "Platelet-to-lymphocyte ratio", ("platelets",), ("lymphocytes",), "", True
            ),
            DerivedMarker(
                "sii",
                "Systemic immune-inflammation index",
                ("platelets", "neutrophils"),
                ("lymphocytes",),
                "10*9/L",
                False,
            ),
            DerivedMarker(
                "siri",
                "Systemic inflammation response index",
                ("neutrophils", "monocytes"),
                ("lymphocytes",),
                "10*9/L",
                False,
            ),
            DerivedMarker(
                "crp_albumin", "CRP-to-albumin ratio", ("crp",), ("albumin",), "mg/g", False
            ),
        )
    }
)


@dataclass(frozen=True, slots=True)
class RatioValues:
    """A ratio, patient by patient.

    Parameters
    ----------
    values : float array (n,), read-only
        NaN where either part is missing, or the denominator is zero and that counts as missing.
    zero_denominators : int
        Patients whose denominator is zero while the numerator is known.
    floored : int
        Patients whose denominator was raised to the floor.
    problems : tuple of Problem
        ``ratio_lengths``, ``ratio_units``, ``ratio_policy``, ``negative_count`` or
        ``zero_denominator``.
    rule : str
        What was done about zeros, as a sentence; empty where nothing was.
    """

    values: NDArray[np.float64]
    zero_denominators: int
    floored: int
    problems: tuple[Problem, ...]
    rule: str


def ratio(
    numerator: NDArray[np.float64],
    denominator: NDArray[np.float64],
    *,
    zero: str | float = "refuse",
    units: tuple[str, str] | None = None,
    first_row: int | None = None,
) -> RatioValues:
    """Divide one marker by another, patient by patient.

    Parameters
    ----------
    numerator, denominator : float arrays (n,)
        In one unit, >= 0; NaN where missing. Counts at a detection limit stand at the limit.
    zero : "refuse", "missing" or float
        What a denominator of zero means: a problem (the default), a missing ratio, or a floor > 0
        to which every smaller denominator is raised, so that order is kept.
    units : tuple of str, optional
        Units of both; they must be stated and equal.
    first_row : int, optional
        Row number of the first patient; with it, problems name rows.

    Returns
    -------
    RatioValues

    Notes
    -----
    ``numerator / max(denominator, floor)``. Nothing is raised; a caller must look at `problems`.
    """
    problems = _ratio_problems(numerator, denominator, zero, units)
    if problems:
        return _result(np.full(len(numerator), np.nan), (0, 0), problems, "")
    known = np.isfinite(numerator) & np.isfinite(denominator)
    negative = known & ((numerator < 0) | (denominator < 0))
    if negative.any():
        what = f"{int(negative.sum())} values below zero cannot enter a ratio"
        problems.append(Problem("negative_count", what, _rows(negative, first_row), "correct them"))
    zeros = known & (denominator == 0)
    count = int(zeros.sum())
    divisor, floored, rule = denominator, 0, ""
    if zero == "refuse" and count:
        what = f"{count} patient{'s have' if count > 1 else ' has'} a denominator of zero"
        mend = 'say what it means: zero = "missing", or a floor such as the assay\'s lowest count'
        problems.append(Problem("zero_denominator", what, _rows(zeros, first_row), mend))
    elif zero == "missing" and count:
        rule = f"{count} ratio{'s' * (count > 1)} with a denominator of zero set to missing"
    elif isinstance(zero, int | float):
        divisor = np.maximum(denominator, float(zero))
        floored = int((known & (denominator < float(zero))).sum())
        if floored:
            rule = f"{floored} denominator{'s' * (floored > 1)} below {zero:g} raised to {zero:g}"
    usable = known & (divisor > 0)
    values = np.full(len(numerator), np.nan)
    values[usable] = _quotients(numerator[usable], divisor[usable])
    return _result(values, (count, floored), problems, rule)


def derived_marker(
    name: str,
    columns: Mapping[str, NDArray[np.float64]],
    *,
    zero: str | float = "refuse",
    first_row: int | None = None,
) -> RatioValues:
    """Compute one of `RATIOS`, patient by patient.

    Parameters
    ----------
    name : str
        Key of `RATIOS`, such as ``nlr``.
    columns : mapping of str to float array (n,)
        The variables it is made of, each in its canonical unit; NaN where missing.
    zero : "refuse", "missing" or float
        What a denominator of zero means, see `ratio`.
    first_row : int, optional
        Row number of the first patient; with it, problems name rows.

    Returns
    -------
    RatioValues
        A part below zero is a ``negative_count``, also where two of them would hide each other.

    Raises
    ------
    CohortRefused
        ``marker_unknown``, or ``column_missing`` for a variable that is not in `columns`.
    """
    if name not in RATIOS:
        mend = nearest_names(name, RATIOS)
        raise refuse(CohortRefused, "marker_unknown", f"'{name[:24]}' is no marker", mend=mend)
    marker = RATIOS[name]
    parts = (*marker.numerator, *marker.denominator)
    absent = [part for part in parts if part not in columns]
    if absent:
        what = f"{marker.label} needs {', '.join(absent)}"
        raise refuse(CohortRefused, "column_missing", what, mend="give every part of it")
    problems = [
        Problem("negative_count", f"{part} below zero", _rows(below, first_row), "correct them")
        for part in parts
        if (below := columns[part] < 0).any()
    ]
    above = _products([columns[part] for part in marker.numerator])
    under = _products([columns[part] for part in marker.denominator])
    if problems:
        return _result(np.full(len(above), np.nan), (0, 0), problems, "")
    return ratio(above, under, zero=zero, first_row=first_row)


def _products(factors: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Multiply the digits as written; the nearest doubles of the products."""
    if len(factors) == 1:
        return factors[0]
    rows = np.column_stack(factors)
    known = np.isfinite(rows).all(axis=1)
    distinct, place = np.unique(rows[known], axis=0, return_inverse=True)
    products = np.full(len(rows), np.nan)
    exact = [float(math.prod(Decimal(repr(x)) for x in row)) for row in distinct.tolist()]
    products[known] = np.array(exact, dtype=np.float64)[place.ravel()]
    return products


def fold_over_limit(
    values: NDArray[np.float64],
    limits: NDArray[np.float64] | float,
    *,
    units: tuple[str, str] | None = None,
    first_row: int | None = None,
) -> RatioValues:
    """Divide values by the laboratory's own limit of normal, patient by patient.

    Parameters
    ----------
    values : float array (n,)
        >= 0; NaN where missing.
    limits : float array (n,) or float
        Limit of normal of the laboratory that measured the value, > 0, in the same unit; one for
        all, or one for each patient. NaN gives a missing fold.
    units : tuple of str, optional
        Units of both; they must be stated and equal.
    first_row : int, optional
        Row number of the first patient; with it, problems name rows.

    Returns
    -------
    RatioValues
        ``limit_not_positive`` among the problems where a limit is zero or below.
    """
    each = np.broadcast_to(np.asarray(limits, dtype=np.float64), values.shape).copy()
    wrong = each <= 0
    if wrong.any():
        what = "a limit of normal must be above zero"
        problem = Problem("limit_not_positive", what, _rows(wrong, first_row), "correct it")
        return _result(np.full(len(values), np.nan), (0, 0), [problem], "")
    return ratio(values, each, units=units, first_row=first_row)


def _quotients(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide the digits as written: 1.2 / 0.4 is 3, and a tie at a cut-off is a tie everywhere.

    Division of the doubles gives 2.9999999999999996, and the calculator, which works in decimals,
    would put that patient on the other side.
    """
    tops, top = np.unique(above, return_inverse=True)
    bottoms, bottom = np.unique(below, return_inverse=True)
    codes, place = np.unique(top * len(bottoms) + bottom, return_inverse=True)
    upper, lower = (part.tolist() for part in (tops, bottoms))
    with localcontext() as context:
        context.prec = 34
        written = [Decimal(repr(one)) for one in upper], [Decimal(repr(one)) for one in lower]
        exact = [
            float(written[0][one] / written[1][other])
            for one, other in (divmod(code, len(lower)) for code in codes.tolist())
        ]
    quotients: NDArray[np.float64] = np.array(exact, dtype=np.float64)[place]
    return quotients


def _ratio_problems(
    numerator: NDArray[np.float64],
    denominator: NDArray[np.float64],
    zero: str | float,
    units: tuple[str, str] | None,
) -> list[Problem]:
    problems = []
    if len(numerator) != len(denominator):
        problems.append(Problem("ratio_lengths", "numerator and denominator differ in length"))
    if wrong := zero_policy_problem(zero):
        problems.append(wrong)
    if units is not None and (units[0] != units[1] or not units[0]):
        stated = [f"'{unit}'" if unit else "no unit" for unit in units]
        problems.append(
            Problem(
                "ratio_units",
                f"numerator in {stated[0]}, denominator in {stated[1]}",
                mend="state the units of both, in one unit",
            )
        )
    return problems


def zero_policy_problem(zero: str | float) -> Problem | None:
    """Say what is wrong with a policy for zeros.

    Parameters
    ----------
    zero : "refuse", "missing" or float
        See `ratio`.

    Returns
    -------
    Problem or None
        ``ratio_policy``.
    """
    if isinstance(zero, str):
        if zero in ("refuse", "missing"):
            return None
        what = f"'{zero[:24]}' does not say what zero means"
        return Problem("ratio_policy", what, mend='say "refuse", "missing" or a floor above 0')
    if isinstance(zero, bool) or not (np.isfinite(zero) and zero > 0):
        return Problem("ratio_policy", "a floor must be a number above 0")
    return None


def _rows(rows: NDArray[np.bool_], first_row: int | None) -> str:
    return "" if first_row is None else row_list(np.flatnonzero(rows) + first_row)


def _result(
    values: NDArray[np.float64], counts: tuple[int, int], problems: list[Problem], rule: str
) -> RatioValues:
    values.setflags(write=False)
    return RatioValues(values, counts[0], counts[1], tuple(problems), rule)
