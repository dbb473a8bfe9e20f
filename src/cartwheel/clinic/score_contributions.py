"""What each term of a score added, in words for the reader."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from cartwheel.clinic.score_checks import term_inputs
from cartwheel.clinic.score_effect import Interval, possible_rows, power_words
from cartwheel.clinic.score_spec import ScoreSpec
from cartwheel.clinic.score_terms import AnyTerm, DecisionTerm, PointsTerm


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one term added.

    Parameters
    ----------
    term : str
        Name of the term.
    input : str
        The input or derived value it uses; for a product, its factors.
    value : float or None
        Of that input, in ``unit``; None where it is missing or a product of several.
    unit : str
        Unit of ``value``.
    rule : str
        What applied, such as ``>= 500 and < 2000 ug/L``.
    effect, effect_low, effect_high : float or None
        Points or amount added; where an input is missing only the two limits.
    """

    term: str
    input: str
    value: float | None
    unit: str
    rule: str
    effect: float | None
    effect_low: float
    effect_high: float


def contributions(
    spec: ScoreSpec, values: Mapping[str, Interval], effects: Iterable[Interval]
) -> Iterator[Contribution]:
    """Tell what each term added, and by which rule.

    Parameters
    ----------
    spec : ScoreSpec
        Without parameters.
    values : mapping of str to Interval
        Inputs and derived values by name.
    effects : iterable of Interval
        What each term adds, in the order of the terms.

    Yields
    ------
    Contribution
        One a term.
    """
    known = {item.name: (item.label, item.unit) for item in spec.inputs}
    known |= {item.name: (item.label or item.name, "") for item in spec.derived}
    for term, added in zip(spec.terms, effects, strict=True):
        name, unit, at = _subject(term, known, values)
        yield Contribution(
            term=term.name or known[name][0],
            input=name,
            value=float(at.low) if at is not None and at.known else None,
            unit=unit,
            rule=_rows(term, values) or _coded(spec, name, at) or _rule(term, name, at, unit),
            effect=float(added.low) if added.known else None,
            effect_low=float(added.low),
            effect_high=float(added.high),
        )


def _subject(
    term: AnyTerm, known: Mapping[str, tuple[str, str]], values: Mapping[str, Interval]
) -> tuple[str, str, Interval | None]:
    if term.kind == "decision":
        names = term_inputs(term)
        if len(names) > 1:
            return ", ".join(names), "", None
        return names[0], known[names[0]][1], values[names[0]]
    if term.kind == "product":
        return power_words(term.factors), "", None
    return term.input, known[term.input][1], values[term.input]


def _rows(term: AnyTerm, values: Mapping[str, Interval]) -> str:
    if term.kind != "decision":
        return ""
    return " or ".join(row.name for row in possible_rows(term, values))


def _coded(spec: ScoreSpec, name: str, at: Interval | None) -> str:
    """Give the words of a coded input that its value (or what it could be) stands for."""
    coding = next((item.coding for item in spec.inputs if item.name == name), None)
    if coding is None or at is None:
        return ""
    return " or ".join(word for word, code in coding.items() if at.low <= code <= at.high)


def _rule(term: AnyTerm, name: str, at: Interval | None, unit: str) -> str:
    if isinstance(term, PointsTerm) and at is not None:
        return " or ".join(band.words(unit) for band in term.bands if band.meets(*at))
    if term.kind == "spline":
        return f"restricted cubic spline with {len(term.knots)} knots"
    if isinstance(term, PointsTerm | DecisionTerm):
        return ""
    inside = name if term.kind == "product" else "value"
    inside = inside if term.transform == "none" else f"{term.transform}({inside})"
    if term.kind == "product" and term.coefficient == 1 and not term.centre:
        return inside
    return f"{term.coefficient} * " + (f"({inside} - {term.centre})" if term.centre else inside)
