"""The steps of a score as expressions, written by a dialect: one walk serves every language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from cartwheel.clinic.score_spec import Band, CoxRisk, LogisticRisk, RiskTable, ScoreSpec
from cartwheel.clinic.score_terms import (
    AnyDerived,
    AnyTerm,
    DecisionTerm,
    Factor,
    LinearTerm,
    PointsTerm,
    Product,
    Range,
    SplineTerm,
)

Case = tuple[str, str]


class Dialect(Protocol):
    """How one language writes what a score needs; ``+ - * /`` and brackets are the same in all."""

    def number(self, value: Decimal) -> str:
        """Write a constant."""

    def text(self, words: str) -> str:
        """Write a text."""

    def name(self, name: str) -> str:
        """Refer to an input, a derived value, a term or ``value`` by its name in the score."""

    def power(self, value: str, exponent: Decimal) -> str:
        """Raise to a power above 0."""

    def transformed(self, value: str, transform: str) -> str:
        """Write ``log``, ``log2``, ``log10`` or ``sqrt``."""

    def at_least(self, value: str, least: str) -> str:
        """Write the larger of the two."""

    def compare(self, value: str, sign: str, number: Decimal) -> str:
        """Write a comparison with a cut-off; ``=`` is equality."""

    def every(self, tests: Sequence[str]) -> str:
        """Write that all tests hold; there is at least one."""

    def chosen(self, parameter: str, option: str) -> str:
        """Write that a parameter is set so."""

    def choose(self, cases: Sequence[Case], otherwise: str) -> str:
        """Write the value of the first case whose test holds."""

    def logistic(self, predictor: str) -> str:
        """Write ``1 / (1 + exp(-predictor))``."""

    def cox(self, predictor: str, baseline: Decimal) -> str:
        """Write ``1 - baseline ** exp(predictor)``."""


@dataclass(frozen=True, slots=True)
class Step:
    """One named expression."""

    name: str
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Recipe:
    """The expressions of a score, in the order in which they are computed.

    Parameters
    ----------
    derived, terms : tuple of Step
        Each may refer to the inputs and to what stands before it.
    value : str
        Sum of the terms.
    band, risk : str
        Refer to ``value``; empty where the score has none.
    """

    derived: tuple[Step, ...]
    terms: tuple[Step, ...]
    value: str
    band: str
    risk: str


def recipe(spec: ScoreSpec, dialect: Dialect) -> Recipe:
    """Write a score in a dialect.

    Parameters
    ----------
    spec : ScoreSpec
        The score.
    dialect : Dialect
        The language.

    Returns
    -------
    Recipe
        Every expression on one line.
    """
    terms = tuple(_steps(spec, dialect))
    summed = [dialect.name(step.name) for step in terms]
    if spec.intercept:
        summed.insert(0, dialect.number(spec.intercept))
    return Recipe(
        derived=tuple(
            Step(part.name, part.label or part.name, _derived(part, dialect))
            for part in spec.derived
        ),
        terms=terms,
        value=" + ".join(summed),
        band=_bands(spec.bands, dialect),
        risk=_risk(spec, dialect),
    )


def term_names(spec: ScoreSpec) -> dict[str, str]:
    """Name the steps of the terms, so that a dialect can refer to them.

    Parameters
    ----------
    spec : ScoreSpec
        The score.

    Returns
    -------
    dict of str to str
        A name that no input has, to a name that Python and R take.
    """
    count = len(_by_label(spec))
    return {_term_name(number): f"part_{number}" for number in range(1, count + 1)}


def _term_name(number: int) -> str:
    return f"\x00term {number}"


def _by_label(spec: ScoreSpec) -> dict[str, list[AnyTerm]]:
    """Gather the terms of one name, of which the parameters choose one."""
    labels = {item.name: item.label for item in spec.inputs}
    labels |= {part.name: part.label or part.name for part in spec.derived}
    found: dict[str, list[AnyTerm]] = {}
    for term in spec.terms:
        found.setdefault(term.name or labels[getattr(term, "input", "")], []).append(term)
    return found


def _steps(spec: ScoreSpec, dialect: Dialect) -> Iterator[Step]:
    """Write the terms; those of one name are one step."""
    for number, (label, terms) in enumerate(_by_label(spec).items(), 1):
        cases = [
            (dialect.every(_options(dialect, term.only)), _term(term, dialect))
            for term in terms
            if term.only
        ]
        always = [_term(term, dialect) for term in terms if not term.only]
        otherwise = always[0] if always else _zero(dialect)
        yield Step(
            _term_name(number), label, dialect.choose(cases, otherwise) if cases else otherwise
        )


def _options(dialect: Dialect, only: Mapping[str, str] | None) -> list[str]:
    return [dialect.chosen(parameter, option) for parameter, option in (only or {}).items()]


def _zero(dialect: Dialect) -> str:
    return dialect.number(Decimal(0))


def _derived(part: AnyDerived, dialect: Dialect) -> str:
    if isinstance(part, Product):
        return _product(part.factors, dialect)
    below = dialect.name(part.denominator)
    if isinstance(part.zero, Decimal):
        below = dialect.at_least(below, dialect.number(part.zero))
    return f"{dialect.name(part.numerator)} / {below}"


def _product(factors: Iterable[Factor], dialect: Dialect) -> str:
    above: list[str] = []
    below: list[str] = []
    for factor in factors:
        size = abs(factor.exponent)
        if size == 0:
            continue
        name = dialect.name(factor.input)
        written = name if size == 1 else dialect.power(name, size)
        (below if factor.exponent < 0 else above).append(written)
    top = " * ".join(above) or dialect.number(Decimal(1))
    if not below:
        return top
    return f"({top}) / ({' * '.join(below)})"


def _term(term: AnyTerm, dialect: Dialect) -> str:
    if isinstance(term, PointsTerm):
        return _points(term, dialect)
    if isinstance(term, DecisionTerm):
        cases = [
            (
                dialect.every(
                    [
                        test
                        for each in row.when
                        for test in _within(each, dialect.name(each.input), dialect)
                    ]
                ),
                dialect.number(row.points),
            )
            for row in term.rows[:-1]
        ]
        return dialect.choose(cases, dialect.number(term.rows[-1].points))
    if isinstance(term, SplineTerm):
        return _spline(term, dialect)
    inside = (
        dialect.name(term.input)
        if isinstance(term, LinearTerm)
        else f"({_product(term.factors, dialect)})"
    )
    if term.transform != "none":
        inside = dialect.transformed(inside, term.transform)
    if term.centre:
        inside = f"({inside} - {dialect.number(term.centre)})"
    return inside if term.coefficient == 1 else f"{dialect.number(term.coefficient)} * {inside}"


def _points(term: PointsTerm, dialect: Dialect) -> str:
    # the ranges stand in rising order and cover the line, so the upper end of each is enough
    value = dialect.name(term.input)
    cases = [
        (_below(band, value, dialect), dialect.number(band.points)) for band in term.bands[:-1]
    ]
    return dialect.choose(cases, dialect.number(term.bands[-1].points))


def _below(stretch: Range, value: str, dialect: Dialect) -> str:
    assert stretch.to is not None
    return dialect.compare(value, "<=" if stretch.to_inclusive else "<", stretch.to)


def _within(stretch: Range, value: str, dialect: Dialect) -> list[str]:
    tests = []
    if stretch.from_ is not None:
        sign = ">=" if stretch.from_inclusive else ">"
        tests.append(dialect.compare(value, sign, stretch.from_))
    if stretch.to is not None:
        tests.append(_below(stretch, value, dialect))
    return tests


def _spline(term: SplineTerm, dialect: Dialect) -> str:
    at = dialect.name(term.input)
    if term.transform != "none":
        at = dialect.transformed(at, term.transform)
    number, knots = dialect.number, term.knots
    last, before = knots[-1], knots[-2]
    norm = f"({number(last)} - {number(knots[0])})"

    def cube(knot: Decimal) -> str:
        above = dialect.at_least(f"({at} - {number(knot)})", _zero(dialect))
        return dialect.power(above, Decimal(3))

    parts = [f"{number(term.coefficients[0])} * {at}"]
    for knot, coefficient in zip(knots[:-2], term.coefficients[1:], strict=True):
        gap = f"({number(last)} - {number(before)})"
        column = (
            f"({cube(knot)} - {cube(before)} * ({number(last)} - {number(knot)}) / {gap}"
            f" + {cube(last)} * ({number(before)} - {number(knot)}) / {gap})"
        )
        parts.append(f"{number(coefficient)} * {column} / {dialect.power(norm, Decimal(2))}")
    return "(" + " + ".join(parts) + ")"


def _bands(bands: Sequence[Band], dialect: Dialect) -> str:
    if not bands:
        return ""
    value = dialect.name("value")
    cases, otherwise = [], dialect.text("")
    for band in bands:
        tests = _options(dialect, band.only)
        if band.to is not None:
            tests.append(_below(band, value, dialect))
        if tests:
            cases.append((dialect.every(tests), dialect.text(band.name)))
        else:
            otherwise = dialect.text(band.name)
    return dialect.choose(cases, otherwise) if cases else otherwise


def _risk(spec: ScoreSpec, dialect: Dialect) -> str:
    risk, value, number = spec.risk, dialect.name("value"), dialect.number
    if isinstance(risk, RiskTable):
        cases = [(dialect.compare(value, "=", row.value), number(row.risk)) for row in risk.rows]
        return dialect.choose(cases[:-1], cases[-1][1]) if len(cases) > 1 else cases[0][1]
    if isinstance(risk, LogisticRisk):
        return dialect.logistic(f"{number(risk.intercept)} + {number(risk.slope)} * {value}")
    if isinstance(risk, CoxRisk):
        predictor = f"{number(risk.slope)} * ({value} - {number(risk.centre)})"
        return dialect.cox(predictor, risk.baseline_survival)
    return ""
