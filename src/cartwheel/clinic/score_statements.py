"""A score said in single statements: for reading it, and for comparing two of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cartwheel.clinic.score_effect import power_words
from cartwheel.clinic.score_record import Record
from cartwheel.clinic.score_spec import ScoreSpec
from cartwheel.clinic.score_terms import AnyDerived, AnyTerm, Input, Sourced


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing that a score says.

    Parameters
    ----------
    group : str
        ``score``, ``outcome``, ``population``, ``citation``, ``parameters``, ``inputs``,
        ``derived``, ``constants``, ``bands``, ``risk``, ``evidence``, ``examples`` or ``sources``.
    about : str
        The part concerned; unique within its group.
    says : str
        What is said, with the digits of the file.
    """

    group: str
    about: str
    says: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One statement in which two scores differ; empty where one of them does not make it."""

    group: str
    about: str
    before: str
    after: str


def differences(before: ScoreSpec, after: ScoreSpec) -> tuple[Difference, ...]:
    """Compare two scores by what they say, not by the layout of their files.

    Parameters
    ----------
    before, after : ScoreSpec
        Any two scores.

    Returns
    -------
    tuple of Difference
        Constants, bands, units, population and the rest; empty where the scores say the same.
    """
    first = {(each.group, each.about): each.says for each in statements(before)}
    second = {(each.group, each.about): each.says for each in statements(after)}
    keys = list(dict.fromkeys([*first, *second]))
    groups = list(dict.fromkeys(group for group, _ in keys))
    return tuple(
        Difference(*key, first.get(key, ""), second.get(key, ""))
        for key in sorted(keys, key=lambda key: groups.index(key[0]))
        if first.get(key) != second.get(key)
    )


def statements(spec: ScoreSpec) -> tuple[Statement, ...]:
    """Say everything that a score says, one statement a constant.

    Parameters
    ----------
    spec : ScoreSpec
        Any score.

    Returns
    -------
    tuple of Statement
        In the order of the file.
    """
    parts = (_head, _parameters, _inputs, _derived, _terms, _bands, _risk, _evidence, _examples)
    return tuple(statement for part in parts for statement in part(spec))


def _head(spec: ScoreSpec) -> Iterator[Statement]:
    for name in ("id", "version", "title", "status", "simulated", "method", "missing"):
        yield Statement("score", name, str(getattr(spec, name)))
    yield Statement("score", "intended_use", spec.intended_use)
    if spec.intercept:
        yield Statement("constants", "intercept", str(spec.intercept))
    for group in ("parent", "outcome", "population", "citation"):
        part = getattr(spec, group)
        for key, value in (part.document() if part else {}).items():
            yield Statement(group, key, _plain(value))


def _parameters(spec: ScoreSpec) -> Iterator[Statement]:
    for each in spec.parameters:
        yield Statement("parameters", each.name, f"{each.label} (default {each.default})")
        for option in each.options:
            yield Statement("parameters", f"{each.name} = {option.name}", option.label)
        yield Statement("parameters", f"{each.name}, why open", each.why)


def _inputs(spec: ScoreSpec) -> Iterator[Statement]:
    for item in spec.inputs:
        yield Statement("inputs", item.name, item.label)
        for key, says in _of_input(item):
            yield Statement("inputs", f"{item.name}, {key}", says)
        yield from _sourced("inputs", item.name, item)


def _of_input(item: Input) -> Iterator[tuple[str, str]]:
    for key in ("variable", "unit", "upper_limit_of", "day", "low", "high", "minimum", "maximum"):
        value = getattr(item, key)
        if value is not None and value != "":
            yield key, str(value)
    if item.coding is not None:
        yield "coding", _plain(item.coding)
    if item.window is not None:
        ends = [
            f"{word} day {end}"
            for word, end in (("from", item.window.from_), ("to", item.window.to))
            if end is not None
        ]
        yield "window", ", ".join([f"{item.window.text} ({item.window.anchor} is day 0)", *ends])


def _derived(spec: ScoreSpec) -> Iterator[Statement]:
    for part in spec.derived:
        yield Statement("derived", part.name, derived_words(part))


def derived_words(part: AnyDerived) -> str:
    """Write how a derived value is made.

    Parameters
    ----------
    part : Ratio or Product
        Any derived value.

    Returns
    -------
    str
        Such as ``neutrophils / lymphocytes (a denominator of 0: refuse)``.
    """
    if part.kind == "product":
        return power_words(part.factors)
    zero = part.zero
    rule = "of 0: refuse" if zero == "refuse" else f"below {zero} stands as {zero}"
    return f"{part.numerator} / {part.denominator} (a denominator {rule})"


def _terms(spec: ScoreSpec) -> Iterator[Statement]:
    for term in spec.terms:
        name = term_name(term) + _only(term.only)
        for about, says in term_lines(term):
            yield Statement("constants", f"{name}, {about}" if about else name, says)
        yield from _sourced("constants", name, term)


def term_name(term: AnyTerm) -> str:
    """Name a term: its own name, or that of its input.

    Parameters
    ----------
    term : term
        Of any kind.

    Returns
    -------
    str
        Never empty.
    """
    return term.name or (term.input if term.kind in ("points", "linear", "spline") else term.kind)


def term_lines(term: AnyTerm) -> Iterator[tuple[str, str]]:
    """Write the constants of a term, one pair a rule.

    Parameters
    ----------
    term : term
        Of any kind.

    Yields
    ------
    pair of str
        What it is about (the range, the row; empty for a formula), and what it gives.
    """
    if term.kind == "points":
        yield "input", term.input
        for band in term.bands:
            yield band.words(), f"{band.points} points"
    elif term.kind == "decision":
        for number, row in enumerate(term.rows, 1):
            when = " and ".join(f"{each.input} {each.words()}" for each in row.when)
            yield f"row {number}", f"{row.name} [{when or 'all others'}]: {row.points} points"
    else:
        used = power_words(term.factors) if term.kind == "product" else term.input
        inside = used if term.transform == "none" else f"{term.transform}({used})"
        if term.kind == "spline":
            yield "", f"restricted cubic spline of {inside}"
            yield "knots", ", ".join(map(str, term.knots))
            yield "coefficients", ", ".join(map(str, term.coefficients))
        else:
            centred = f"({inside} - {term.centre})" if term.centre else inside
            yield "", f"{term.coefficient} * {centred}"


def _bands(spec: ScoreSpec) -> Iterator[Statement]:
    for band in spec.bands:
        name = band.name + _only(band.only)
        yield Statement("bands", name, band.words())
        if band.observed is not None:
            observed = band.observed.document()
            yield Statement("bands", f"{name}, observed", _plain(observed))
        yield from _sourced("bands", name, band)


def _risk(spec: ScoreSpec) -> Iterator[Statement]:
    if spec.risk is None:
        return
    for key, value in spec.risk.document().items():
        if key != "rows":
            yield Statement("risk", key, str(value))
    if spec.risk.kind == "table":
        for row in spec.risk.rows:
            yield Statement("risk", f"total {row.value}", _plain(row.document()))


def _evidence(spec: ScoreSpec) -> Iterator[Statement]:
    for part in (*spec.performance, *spec.published):
        says = _unnamed(part)
        yield Statement("evidence", part.name, _plain(says))


def _examples(spec: ScoreSpec) -> Iterator[Statement]:
    for number, example in enumerate(spec.examples, 1):
        says = _unnamed(example)
        yield Statement("examples", f"{number} {example.name or ''}".strip(), _plain(says))


def _unnamed(part: Record) -> dict[str, Any]:
    return {key: value for key, value in part.document().items() if key != "name"}


def _sourced(group: str, about: str, part: Sourced) -> Iterator[Statement]:
    if part.status is not None or part.source is not None:
        says = ": ".join(word for word in (part.status, part.source) if word)
        yield Statement("sources", f"{group}, {about}", says)


def _only(only: Mapping[str, str] | None) -> str:
    return "".join(f" [{name} = {option}]" for name, option in (only or {}).items())


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} = {_plain(inner)}" for key, inner in value.items())
    if isinstance(value, tuple):
        return " and ".join(map(_plain, value))
    return str(value)
