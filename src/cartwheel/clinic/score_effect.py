"""What each term adds to the score, for a value or for everything between two values.

A known value is an interval of width zero, so one path serves both. Arithmetic is decimal, so a
ratio of 7.65 to 3 is 2.55 and a boundary falls where it is printed; logarithms are taken in
double precision.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import pairwise, product
from typing import NamedTuple

from cartwheel.clinic.score_terms import (
    AnyDerived,
    AnyTerm,
    DecisionRow,
    DecisionTerm,
    Factor,
    LinearTerm,
    PointsTerm,
    Product,
    SplineTerm,
    Transform,
)
from cartwheel.errors import NotEstimable, Refused, refuse

ZERO = Decimal(0)
ONE = Decimal(1)
ENDLESS = Decimal("Infinity")


class Interval(NamedTuple):
    """All values from ``low`` to ``high``, both included; equal for a known value."""

    low: Decimal
    high: Decimal

    @property
    def known(self) -> bool:
        """Whether it is one value."""
        return self.low == self.high


def _hull(values: Iterable[Decimal]) -> Interval:
    listed = list(values)
    return Interval(min(listed), max(listed))


def transformed(value: Decimal, transform: Transform, where: str) -> Decimal:
    """Apply a transform.

    Parameters
    ----------
    value : Decimal
        On the input's own scale.
    transform : str
        ``none``, ``log`` (natural), ``log2``, ``log10`` or ``sqrt``.
    where : str
        Name of the input, for the refusal.

    Returns
    -------
    Decimal
        The transformed value.

    Raises
    ------
    NotEstimable
        For the logarithm of a value that is not positive, or the root of a negative one.
    """
    if transform == "none":
        return value
    # a positive decimal can be too small for a double
    if value < 0 or (transform != "sqrt" and float(value) <= 0.0):
        raise _undefined(f"{transform} of {value} does not exist", where)
    if transform == "sqrt":
        return value.sqrt()
    logarithm = {"log": math.log, "log2": math.log2, "log10": math.log10}[transform]
    return Decimal(repr(logarithm(float(value))))


def derived_interval(part: AnyDerived, values: Mapping[str, Interval]) -> Interval:
    """Compute a derived value from the inputs.

    Parameters
    ----------
    part : Ratio or Product
        How it is derived.
    values : mapping of str to Interval
        The inputs by name.

    Returns
    -------
    Interval
        Encloses every value it can have; without end where a missing denominator could be 0.

    Raises
    ------
    NotEstimable
        For a known denominator of 0 under the policy ``refuse``, or one below 0.
    """
    if isinstance(part, Product):
        return _product(part.factors, values)
    top, bottom = values[part.numerator], values[part.denominator]
    if isinstance(part.zero, Decimal):
        floor = part.zero
        bottom = Interval(max(bottom.low, floor), max(bottom.high, floor))
    if bottom.low < 0 or bottom.high == 0:
        raise _undefined(f"{part.denominator} of {bottom.low} cannot be divided by", part.name)
    return _hull(_quotient(end, by) for end in top for by in bottom)


def _quotient(top: Decimal, bottom: Decimal) -> Decimal:
    # 0 ends an interval here, and the ratio grows without end on the way to it
    if bottom:
        return top / bottom
    return ENDLESS.copy_sign(top) if top else ZERO


def effect(term: AnyTerm, values: Mapping[str, Interval]) -> Interval:
    """Compute what a term adds to the score's value.

    Parameters
    ----------
    term : term
        Of any kind.
    values : mapping of str to Interval
        Inputs and derived values by name.

    Returns
    -------
    Interval
        Encloses every effect the term can have; exact for one input.

    Raises
    ------
    NotEstimable
        Where a transform or power does not exist.
    """
    if isinstance(term, PointsTerm):
        at = values[term.input]
        return _hull(band.points for band in term.bands if band.meets(at.low, at.high))
    if isinstance(term, LinearTerm):
        ends = (transformed(end, term.transform, term.input) for end in values[term.input])
        return _hull(term.coefficient * (end - term.centre) for end in ends)
    if isinstance(term, SplineTerm):
        low, high = (transformed(end, term.transform, term.input) for end in values[term.input])
        return _hull(_spline(term, at) for at in (low, high, *_turning_points(term, low, high)))
    if isinstance(term, DecisionTerm):
        return _hull(row.points for row in possible_rows(term, values))
    whole = _product(term.factors, values)
    ends = (transformed(end, term.transform, term.name) for end in whole)
    return _hull(term.coefficient * (end - term.centre) for end in ends)


def possible_rows(term: DecisionTerm, values: Mapping[str, Interval]) -> list[DecisionRow]:
    """Find the rows of a decision that can be the first whose conditions all hold.

    Parameters
    ----------
    term : DecisionTerm
        The last row has no conditions.
    values : mapping of str to Interval
        Inputs and derived values by name.

    Returns
    -------
    list of DecisionRow
        In their order; one where every value is known. Exact, because the cut-offs divide each
        interval into stretches on which nothing changes, and one value of each is tried; inputs
        that act twice (also in a derived value) are taken as free of each other.
    """
    names = list(dict.fromkeys(each.input for row in term.rows for each in row.when))
    tried = [_representatives(term, name, values[name]) for name in names]
    reached = set()
    for combination in product(*tried):
        at = dict(zip(names, combination, strict=True))
        reached.add(
            next(
                number
                for number, row in enumerate(term.rows)
                if all(each.meets(at[each.input], at[each.input]) for each in row.when)
            )
        )
    return [term.rows[number] for number in sorted(reached)]


def _representatives(term: DecisionTerm, name: str, at: Interval) -> list[Decimal]:
    """Take the ends of the interval, the cut-offs in it, and a value between each two of them."""
    if at.known:
        return [at.low]
    cuts = {
        end
        for row in term.rows
        for each in row.when
        if each.input == name
        for end in (each.from_, each.to)
        if end is not None and at.low < end < at.high
    }
    stops = [at.low, *sorted(cuts), at.high]
    return [*stops, *((before + after) / 2 for before, after in pairwise(stops))]


def _product(factors: Iterable[Factor], values: Mapping[str, Interval]) -> Interval:
    # divided once at the end: 14.01 / 3 is 4.67, 14.01 times a rounded third is not
    top, bottom = Interval(ONE, ONE), Interval(ONE, ONE)
    for factor in factors:
        at = values[factor.input]
        if at.low < 0 or (at.high == 0 and factor.exponent < 0):
            raise _undefined(f"{at.low} cannot be a factor", factor.input)
        low, high = (_power(end, abs(factor.exponent)) for end in at)
        if factor.exponent < 0:
            bottom = Interval(bottom.low * low, bottom.high * high)
        else:
            top = Interval(top.low * low, top.high * high)
    return Interval(top.low / bottom.high, _quotient(top.high, bottom.low))


def power_words(factors: Iterable[Factor]) -> str:
    """Write a product for the reader: ``ldh * creatinine / platelets``.

    Parameters
    ----------
    factors : iterable of Factor
        Inputs with their exponents.

    Returns
    -------
    str
        Divisors behind a ``/``; other exponents as ``^2``.
    """
    listed = list(factors)

    def written(parts: list[Factor], joined: str) -> str:
        return joined.join(
            part.input if abs(part.exponent) == 1 else f"{part.input}^{abs(part.exponent)}"
            for part in parts
        )

    above = written([part for part in listed if part.exponent >= 0], " * ") or "1"
    below = written([part for part in listed if part.exponent < 0], " / ")
    return f"{above} / {below}" if below else above


def _power(value: Decimal, exponent: Decimal) -> Decimal:
    # Decimal leaves 0 ** 0 undefined; a factor to the power 0 is 1
    return value**exponent if exponent else ONE


def _spline(term: SplineTerm, at: Decimal) -> Decimal:
    """Harrell's basis, cubic columns divided by the squared distance of the outer knots."""
    knots = term.knots
    last, before = knots[-1], knots[-2]
    norm = (last - knots[0]) ** 2
    total = term.coefficients[0] * at
    for knot, coefficient in zip(knots[:-2], term.coefficients[1:], strict=True):
        cubic = (
            max(at - knot, ZERO) ** 3
            - max(at - before, ZERO) ** 3 * (last - knot) / (last - before)
            + max(at - last, ZERO) ** 3 * (before - knot) / (last - before)
        )
        total += coefficient * cubic / norm
    return total


def _turning_points(term: SplineTerm, low: Decimal, high: Decimal) -> Iterator[Decimal]:
    """Where the curve turns between two values: its slope is a quadratic between two knots."""
    if low == high:
        return
    knots = [float(knot) for knot in term.knots]
    last, before = knots[-1], knots[-2]
    norm = (last - knots[0]) ** 2
    for start, end in pairwise(knots):
        a = b = 0.0
        c = float(term.coefficients[0])
        for knot, given in zip(knots[:-2], term.coefficients[1:], strict=True):
            weight = 3 * float(given) / norm
            bend = weight * (last - knot) / (last - before) if start >= before else 0.0
            opened = weight if start >= knot else 0.0
            a += opened - bend
            b += -2 * (opened * knot - bend * before)
            c += opened * knot**2 - bend * before**2
        for root in _roots(a, b, c):
            if start <= root <= end and low < (at := Decimal(repr(root))) < high:
                yield at


def _roots(a: float, b: float, c: float) -> tuple[float, ...]:
    """Real roots of a x^2 + b x + c, by the form that does not cancel."""
    discriminant = b * b - 4 * a * c
    if discriminant < 0:
        return ()
    half = -(b + math.copysign(math.sqrt(discriminant), b)) / 2
    return tuple(over / under for over, under in ((half, a), (c, half)) if under)


def _undefined(what: str, where: str) -> Refused:
    return refuse(NotEstimable, "undefined", what, where=where, mend="check the value and its unit")
