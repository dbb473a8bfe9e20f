"""What every term of a score added, for many patients at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal, DivisionByZero, InvalidOperation, Overflow, localcontext

import numpy as np
from numpy.typing import NDArray

from cartwheel.clinic.batch.formula import Formula, Group, compilable
from cartwheel.clinic.batch.measured import InputColumn
from cartwheel.clinic.score_checks import term_inputs
from cartwheel.clinic.score_spec import ScoreSpec
from cartwheel.clinic.score_terms import Input, Said
from cartwheel.clinic.scoring import Assessment, assess

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]

_ARITHMETIC = Context(prec=34, traps=[InvalidOperation, DivisionByZero, Overflow])
_BLOCK = 16_384  # patients at a time, as in score_batch
FEW_VALUES = 5


@dataclass(frozen=True, slots=True, eq=False)
class TermColumns:
    """What each term of a score added, patient by patient.

    Parameters
    ----------
    names : tuple of str
        Of the k terms, as an assessment names them, in the order of the file.
    values : float array (n, k)
        On the scale of the score's value; a row adds up to the value less the score's intercept.
        nan in the rows of patients who have no score.
    typical : mapping of str to Said
        By input, in its unit: a round value near the median of the patients, for a worked example.
    """

    names: tuple[str, ...]
    values: Floats
    typical: Mapping[str, Said]


def contributions(
    spec: ScoreSpec, columns: Mapping[str, InputColumn], rows: NDArray[np.integer] | None = None
) -> TermColumns:
    """Compute what each term adds to the value of each patient.

    Parameters
    ----------
    spec : ScoreSpec
        Without parameters (``spec.chosen``).
    columns : mapping of str to InputColumn
        One for every input, of N rows.
    rows : int array (n,), optional
        Places of the patients wanted, each with every input; all N by default.

    Returns
    -------
    TermColumns
        Read-only.

    Notes
    -----
    Equal to ``Assessment.contributions`` of the decimal engine, to the last bit. Rows whose last
    bit the arrays do not settle, and rows with cells that are no plain number, go to that engine.
    """
    n = len(next(iter(columns.values())).numbers)
    wanted = np.arange(n) if rows is None else np.asarray(rows, dtype=np.intp)
    values = np.full((len(wanted), len(spec.terms)), np.nan)
    odd = _odd(columns, n)[wanted]
    with localcontext(_ARITHMETIC), np.errstate(all="ignore"):
        if compilable(spec):
            formula = Formula(spec, {name: column.unit for name, column in columns.items()})
            plain = np.flatnonzero(~odd)
            for start in range(0, len(plain), _BLOCK):
                block = plain[start : start + _BLOCK]
                values[block], odd[block] = _by_arrays(formula, columns, wanted[block])
        else:
            odd[:] = True
    _by_engine(spec, columns, wanted, np.flatnonzero(odd), values)
    values.setflags(write=False)
    typical = {item.name: _typical(item, columns[item.name], wanted) for item in spec.inputs}
    return TermColumns(term_names(spec), values, typical)


def term_names(spec: ScoreSpec) -> tuple[str, ...]:
    """Name the terms as an assessment does.

    Parameters
    ----------
    spec : ScoreSpec
        Any score.

    Returns
    -------
    tuple of str
        The term's own name, else the label of its input.
    """
    known = {item.name: item.label for item in spec.inputs}
    known |= {item.name: item.label or item.name for item in spec.derived}
    return tuple(term.name or known[term_inputs(term)[0]] for term in spec.terms)


def _odd(columns: Mapping[str, InputColumn], n: int) -> NDArray[np.bool_]:
    """Rows that only the engine reads: words, limits of detection, gaps, infinite numbers."""
    odd = np.zeros(n, dtype=np.bool_)
    for column in columns.values():
        odd[list(column.texts)] = True
        odd |= ~np.isfinite(column.numbers)
    return odd


def _by_arrays(
    formula: Formula, columns: Mapping[str, InputColumn], rows: Integers
) -> tuple[Floats, NDArray[np.bool_]]:
    """Values of plain rows, and which of them the arrays do not settle."""
    n = len(rows)
    values = np.empty((n, len(formula.spec.terms)))
    group = Group(
        n=n,
        numbers={name: columns[name].numbers[rows] for name in formula.measured},
        fault=np.zeros(n, dtype=np.int16),
        open=np.zeros(n, dtype=np.bool_),
    )
    for name, measured in formula.measured.items():
        group.open |= measured.impossible(group.numbers[name])  # the engine refuses them
    formula.derive(group)
    parts = formula.lookups(group)
    for place, (term, part) in enumerate(zip(formula.spec.terms, parts, strict=True)):
        if part is not None:
            lookup, ranks, _ = part
            points = np.array([float(each) for each in lookup.points])
            values[:, place] = points[ranks]
            continue
        added = formula.effect(group, term).low
        values[:, place] = added.high
        group.open |= ~added.certain
    return values, np.asarray(group.open | (group.fault > 0))


def _by_engine(
    spec: ScoreSpec,
    columns: Mapping[str, InputColumn],
    rows: Integers,
    places: Integers,
    values: Floats,
) -> None:
    """Fill the values of some places one by one; equal rows once."""
    known: dict[tuple[str, ...], list[float]] = {}
    for place in places.tolist():
        given = {name: column.given(int(rows[place])) for name, column in columns.items()}
        key = tuple(str(value) for value in given.values())
        if key not in known:
            found = assess(spec, given)
            parts = found.contributions if isinstance(found, Assessment) else ()
            effects = [np.nan if one.effect is None else one.effect for one in parts]
            known[key] = effects or [np.nan] * len(spec.terms)
        values[place] = known[key]


def _typical(item: Input, column: InputColumn, rows: Integers) -> Said:
    """A value near the median, as a person would say it: see `round_value`."""
    numbers = column.numbers[rows]
    numbers = numbers[np.isfinite(numbers)]
    if not len(numbers):
        numbers = np.ones(1)
    if item.coding is not None:
        middle = float(np.quantile(numbers, 0.5, method="inverted_cdf"))
        words = [word for word, code in item.coding.items() if float(code) == middle]
        return words[0] if words else Decimal(repr(middle))
    unit = column.unit if column.unit not in ("", "1") else ""
    said = round_value(numbers)
    return f"{said:f} {unit}" if unit else said


def round_value(numbers: Floats, level: float = 0.5) -> Decimal:
    """Quantile in two significant digits, unless rounding would leave the data.

    Parameters
    ----------
    numbers : float array (n,)
        Finite, n >= 1.
    level : float
        Of the quantile, 0-1.

    Returns
    -------
    Decimal
        One of the values themselves where there are at most five different ones: between them
        lies nothing. Not rounded where that would lie outside all values.
    """
    if len(np.unique(numbers)) <= FEW_VALUES:
        return Decimal(repr(float(np.quantile(numbers, level, method="inverted_cdf"))))
    value = float(np.quantile(numbers, level))
    rounded = Decimal(f"{value:.2g}")
    inside = float(numbers.min()) <= float(rounded) <= float(numbers.max())
    return rounded if inside else Decimal(repr(value))
