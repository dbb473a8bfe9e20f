"""A score's derived values and terms, for many patients with the same inputs missing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from cartwheel.clinic.batch.cells import cell_of, cells_of, cuts_of, thresholds
from cartwheel.clinic.batch.decimals import as_written
from cartwheel.clinic.batch.lookup import MOST_CELLS, Lookup, lookup_of, needs_lookup, table_size
from cartwheel.clinic.batch.measured import InputColumn, Measured
from cartwheel.clinic.batch.twofold import (
    Floats,
    Twofold,
    add,
    choose,
    constant,
    divide,
    multiply,
    root,
    subtract,
    whole_power,
)
from cartwheel.clinic.score_effect import Interval, derived_interval
from cartwheel.clinic.score_spec import ScoreSpec
from cartwheel.clinic.score_terms import (
    AnyTerm,
    DecisionTerm,
    Factor,
    LinearTerm,
    Product,
    ProductTerm,
    Ratio,
    SplineTerm,
    Transform,
)
from cartwheel.clinic.score_units import missing_limits
from cartwheel.errors import Problem

Rows = NDArray[np.bool_]
Cells = NDArray[np.intp]
_LOGARITHMS = {"log": math.log, "log2": math.log2, "log10": math.log10}


def compilable(spec: ScoreSpec) -> bool:
    """Tell whether a score can be computed by arrays.

    Parameters
    ----------
    spec : ScoreSpec
        Without parameters.

    Returns
    -------
    bool
        False for powers that are no multiples of a quarter, and for decisions with very many cells.
    """
    cuts = {name: cuts_of(ranges) for name, ranges in needs_lookup(spec).items()}
    sizes = [table_size(term, cuts) for term in spec.terms if isinstance(term, DecisionTerm)]
    parts = [
        each for each in (*spec.derived, *spec.terms) if isinstance(each, Product | ProductTerm)
    ]
    powers = [factor.exponent * 4 for part in parts for factor in part.factors]
    return max(sizes, default=0) <= MOST_CELLS and all(power % 1 == 0 for power in powers)


@dataclass(frozen=True, slots=True)
class Span:
    """Everything a value can be, row by row; one object twice where it is known."""

    low: Twofold
    high: Twofold


@dataclass(slots=True)
class Group:
    """Patients with the same inputs missing, while they are scored.

    Parameters
    ----------
    n : int
        How many.
    numbers : mapping of str to float array (n,)
        By input; a missing input is not there.
    fault : int array (n,)
        0, or which of the formula's problems ended the row.
    open : bool array (n,)
        Rows that only the decimal engine can settle.
    """

    n: int
    numbers: Mapping[str, Floats]
    fault: NDArray[np.int16]
    open: Rows
    spans: dict[str, Span] = field(default_factory=dict)

    def ends_at(self, rows: Rows, problem: int, *values: Twofold) -> None:
        """End rows with a problem that their values show; the first one counts."""
        for each in values:
            doubtful = rows & ~np.isfinite(each.error)
            self.open |= doubtful
            rows = rows & ~doubtful
        self.fault[rows & (self.fault == 0)] = problem


class Formula:
    """A score without parameters, made ready for columns in given units.

    Parameters
    ----------
    spec : ScoreSpec
        Without parameters.
    units : mapping of str to str
        Unit of each input's column.
    """

    def __init__(self, spec: ScoreSpec, units: Mapping[str, str]) -> None:
        self.spec = spec
        self.problems: list[Problem] = []
        self._places: dict[tuple[str, str], int] = {}
        self._derived = {part.name: part for part in spec.derived}
        self._cuts = {name: cuts_of(ranges) for name, ranges in needs_lookup(spec).items()}
        self.measured = {
            item.name: Measured(item, units[item.name], self._cuts.get(item.name, ()))
            for item in spec.inputs
        }
        self._limits = {item.name: missing_limits(item) for item in spec.inputs}
        self._lookups: dict[int, Lookup] = {
            number: lookup_of(term, self._cuts)
            for number, term in enumerate(spec.terms)
            if term.kind in ("points", "decision")
        }

    def _undefined(self, where: str, what: str = "it has no value here") -> int:
        """Number a problem, from 1."""
        key = (where, what)
        if key not in self._places:
            mend = "check the value and its unit"
            self.problems.append(Problem("undefined", what, where, mend))
            self._places[key] = len(self.problems)
        return self._places[key]

    def floored(self, name: str, columns: Mapping[str, InputColumn]) -> NDArray[np.intp]:
        """Find the rows whose denominator stands as the floor of a ratio.

        Parameters
        ----------
        name : str
            The ratio.
        columns : mapping of str to InputColumn
            By input.

        Returns
        -------
        int array
            Their places.
        """
        part = self._derived[name]
        assert isinstance(part, Ratio)
        assert isinstance(part.zero, Decimal)
        measured, numbers = self.measured[part.denominator], columns[part.denominator].numbers
        low = self._limits[part.denominator][0]
        below = numbers < thresholds([part.zero], measured.expressed)[0]
        if low is not None and low < part.zero:
            below |= np.isnan(numbers)
        return np.flatnonzero(below)

    def lookups(self, group: Group) -> list[tuple[Lookup, Cells, Cells] | None]:
        """Find for each term the places of its points; None for a term that is computed.

        Parameters
        ----------
        group : Group
            The patients; derived values have to be there.

        Returns
        -------
        list
            In the order of the terms: the table, and the ranks of least and most points.
        """
        cells = {name: self._cells(group, name) for name in self._cuts}
        return [
            (self._lookups[number], *self._lookups[number].ranks(cells, group.n))
            if number in self._lookups
            else None
            for number in range(len(self.spec.terms))
        ]

    def derive(self, group: Group) -> None:
        """Compute the derived values."""
        for part in self.spec.derived:
            if isinstance(part, Ratio):
                group.spans[part.name] = self._ratio(group, part)
            else:
                group.spans[part.name] = self._product(group, part.factors)

    def effect(self, group: Group, term: AnyTerm) -> Span:
        """Compute what a term without points adds.

        Parameters
        ----------
        group : Group
            The patients.
        term : term
            Linear, product or spline.

        Returns
        -------
        Span
            Row by row.
        """
        if isinstance(term, SplineTerm):
            return self._spline(group, term)
        if isinstance(term, LinearTerm):
            return self._line(group, term, self.span(group, term.input), term.input)
        assert isinstance(term, ProductTerm)
        return self._line(group, term, self._product(group, term.factors), term.name)

    def span(self, group: Group, name: str) -> Span:
        """Give an input or derived value in the score's unit."""
        if name in group.spans:
            return group.spans[name]
        if name in group.numbers:
            known = self.measured[name].values(group.numbers[name])
            group.spans[name] = Span(known, known)
        else:
            low, high = self._limits[name]
            group.spans[name] = Span(_filled(low, group.n), _filled(high, group.n))
        return group.spans[name]

    def _cells(self, group: Group, name: str) -> tuple[Cells, Cells]:
        cuts = self._cuts[name]
        if name in self._derived:
            return self._derived_cells(group, name)
        if name in group.numbers:
            known = self.measured[name].cells(group.numbers[name])
            return known, known
        ends = [cell_of(_stated(end), cuts) for end in self._limits[name]]
        return np.full(group.n, ends[0]), np.full(group.n, ends[1])

    def _derived_cells(self, group: Group, name: str) -> tuple[Cells, Cells]:
        """Cells of a derived value; those too near to a cut-off are found with exact numbers."""
        span, cuts = group.spans[name], self._cuts[name]
        low, near = cells_of(span.low, cuts)
        high, near_high = (low, near) if span.high is span.low else cells_of(span.high, cuts)
        if high is not low:
            low, high = low.copy(), high.copy()
        for row in np.flatnonzero((near | near_high) & (group.fault == 0) & ~group.open):
            exact = derived_interval(self._derived[name], self._exact(group, int(row)))
            low[row], high[row] = (cell_of(end, cuts) for end in exact)
        return low, high

    def _exact(self, group: Group, row: int) -> dict[str, Interval]:
        found = {}
        for name, measured in self.measured.items():
            if name in group.numbers:
                number = measured.expressed(Decimal(repr(float(group.numbers[name][row]))))
                found[name] = Interval(number, number)
            else:
                low, high = self._limits[name]
                found[name] = Interval(_stated(low), _stated(high))
        return found

    def _ratio(self, group: Group, part: Ratio) -> Span:
        top, bottom = self.span(group, part.numerator), self.span(group, part.denominator)
        if isinstance(part.zero, Decimal):
            bottom = _raised(bottom, constant(part.zero))
        wrong = np.asarray((bottom.low.high < 0) | (bottom.high.high == 0))
        group.ends_at(wrong, self._undefined(part.name), bottom.low, bottom.high)
        if top.low is top.high and bottom.low is bottom.high:
            known = divide(top.low, bottom.low)
            return Span(known, known)
        least = choose(top.low.high >= 0, bottom.high, bottom.low)
        most = choose(top.high.high >= 0, bottom.low, bottom.high)
        return Span(_quotient(top.low, least), _quotient(top.high, most))

    def _product(self, group: Group, factors: tuple[Factor, ...]) -> Span:
        above: list[Span] = []
        below: list[Span] = []
        for factor in factors:
            at = self.span(group, factor.input)
            wrong = at.low.high < 0
            if factor.exponent < 0:
                wrong = wrong | (at.high.high == 0)
            group.ends_at(wrong, self._undefined(factor.input), at.low, at.high)
            if factor.exponent:
                (below if factor.exponent < 0 else above).append(_power(at, abs(factor.exponent)))
        top, bottom = _times(above), _times(below)
        if top is None or bottom is None:
            one = _filled(Decimal(1), group.n)
            top = top or Span(one, one)
            if bottom is None:
                return top
        if top.low is top.high and bottom.low is bottom.high:
            known = divide(top.low, bottom.low)
            return Span(known, known)
        return Span(divide(top.low, bottom.high), _quotient(top.high, bottom.low))

    def _line(self, group: Group, term: LinearTerm | ProductTerm, at: Span, where: str) -> Span:
        low = self._scaled(group, term, at.low, where)
        if at.high is at.low:
            return Span(low, low)
        high = self._scaled(group, term, at.high, where)
        return Span(low, high) if term.coefficient >= 0 else Span(high, low)

    def _scaled(
        self, group: Group, term: LinearTerm | ProductTerm, at: Twofold, where: str
    ) -> Twofold:
        found = self._transformed(group, at, term.transform, where)
        if term.centre:
            found = subtract(found, constant(term.centre))
        if term.coefficient != 1:
            found = multiply(found, constant(term.coefficient))
        return found

    def _transformed(self, group: Group, at: Twofold, transform: Transform, where: str) -> Twofold:
        if transform == "none":
            return at
        if transform == "sqrt":
            group.ends_at(at.high < 0, self._undefined(where, "sqrt does not exist here"), at)
            return root(at)
        wrong = np.asarray(~(at.high > 0))
        group.ends_at(wrong, self._undefined(where, f"{transform} does not exist here"), at)
        # the engine takes logarithms in double precision, with the same library as this
        group.open |= ~at.certain & ~wrong
        numbers = np.where(wrong, 1.0, at.high).tolist()
        logarithms = np.fromiter(map(_LOGARITHMS[transform], numbers), np.float64, group.n)
        return as_written(logarithms)

    def _spline(self, group: Group, term: SplineTerm) -> Span:
        at = self.span(group, term.input)
        if at.low is not at.high:
            group.open[:] = True  # where it turns within the span is the engine's matter
            return at
        x = self._transformed(group, at.low, term.transform, term.input)
        knots = term.knots
        last, before = knots[-1], knots[-2]
        norm = constant((last - knots[0]) ** 2)
        total = multiply(x, constant(term.coefficients[0]))
        tails = [_cube_above(x, knot) for knot in (before, last)]
        for knot, coefficient in zip(knots[:-2], term.coefficients[1:], strict=True):
            share = [
                divide(constant(weight), constant(last - before))
                for weight in (last - knot, before - knot)
            ]
            cubic = subtract(_cube_above(x, knot), multiply(tails[0], share[0]))
            cubic = add(cubic, multiply(tails[1], share[1]))
            total = add(total, divide(multiply(constant(coefficient), cubic), norm))
        return Span(total, total)


def _stated(end: Decimal | None) -> Decimal:
    assert end is not None  # a score answers in ranges only where every input has limits
    return end


def _filled(number: Decimal | None, n: int) -> Twofold:
    exact = constant(_stated(number))
    return Twofold(*(np.full(n, float(part)) for part in (exact.high, exact.low, exact.error)))


def _raised(at: Span, floor: Twofold) -> Span:
    low = choose(np.asarray(subtract(at.low, floor).high < 0), floor, at.low)
    if at.low is at.high:
        return Span(low, low)
    return Span(low, choose(np.asarray(subtract(at.high, floor).high < 0), floor, at.high))


def _quotient(top: Twofold, bottom: Twofold) -> Twofold:
    """Divide; towards a bottom of 0 the quotient grows without end."""
    zero = np.asarray(bottom.high == 0)
    if not zero.any():
        return divide(top, bottom)
    endless = np.where(top.high == 0, 0.0, np.copysign(np.inf, top.high))
    end = Twofold(endless, np.zeros_like(endless), np.zeros_like(endless))
    return choose(zero, end, divide(top, choose(zero, constant(1), bottom)))


def _power(at: Span, exponent: Decimal) -> Span:
    """Raise to a multiple of a quarter; others are not compiled (`compilable`)."""
    low = _quarters(at.low, int(exponent * 4))
    return Span(low, low if at.high is at.low else _quarters(at.high, int(exponent * 4)))


def _quarters(number: Twofold, quarters: int) -> Twofold:
    while quarters % 4:
        number, quarters = root(number), quarters * 2
    return whole_power(number, quarters // 4)


def _times(factors: list[Span]) -> Span | None:
    if not factors:
        return None
    found = factors[0]
    for factor in factors[1:]:
        low = multiply(found.low, factor.low)
        known = found.low is found.high and factor.low is factor.high
        found = Span(low, low if known else multiply(found.high, factor.high))
    return found


def _cube_above(x: Twofold, knot: Decimal) -> Twofold:
    above = subtract(x, constant(knot))
    cube = whole_power(above, 3)
    return choose(np.asarray(above.high > 0), cube, constant(0))
