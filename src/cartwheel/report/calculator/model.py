"""What the page's engine works from: the score file itself, and how each input may be written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Context, Decimal, localcontext
from typing import Any

from cartwheel.clinic.dictionary import variable
from cartwheel.clinic.score_spec import Example, ScoreSpec
from cartwheel.clinic.score_terms import (
    AnyTerm,
    DecisionTerm,
    Input,
    LinearTerm,
    PointsTerm,
    ProductTerm,
    SplineTerm,
)
from cartwheel.clinic.score_units import NO_UNIT, in_unit_of, missing_limits, plausible_limits
from cartwheel.clinic.scoring import unsettled_constants
from cartwheel.errors import Refused
from cartwheel.report.calculator.spelling import shown_range, shown_unit
from cartwheel.units import Quantity, known_unit, split_quantity

# as in cartwheel.clinic.scoring: limits converted here must be those that a score is read with
_ARITHMETIC = Context(prec=34)


def calculator_model(spec: ScoreSpec) -> dict[str, Any]:
    """Give a score in the form that the page's engine reads.

    Parameters
    ----------
    spec : ScoreSpec
        The score.

    Returns
    -------
    dict
        JSON values only. The keys of the score file with every number as text, its digits kept;
        besides them each input's units with their exact factors, its limits, and the worked
        examples taken apart into number and unit.
    """
    document: dict[str, Any] = _texts(spec.document())
    with localcontext(_ARITHMETIC):
        inputs = [_input(item) for item in spec.inputs]
    model = {
        key: document.get(key)
        for key in ("id", "version", "title", "missing", "intercept", "derived", "risk", "outcome")
    }
    return model | {
        "parameters": document.get("parameters", []),
        "derived": document.get("derived", []),
        "inputs": inputs,
        "terms": [
            entry | _words(spec, term)
            for entry, term in zip(document["terms"], spec.terms, strict=True)
        ],
        "bands": [
            entry | {"words": shown_range(band)}
            for entry, band in zip(document.get("bands", []), spec.bands, strict=True)
        ],
        "warnings": list(_standing_warnings(spec)),
        "doubts": [
            {"picked": dict(picked), "said": list(unsettled_constants(variant))}
            for picked, variant in _by_choice(spec)
        ],
        "examples": [_example(spec, number, each) for number, each in enumerate(spec.examples, 1)],
    }


def _texts(thing: Any) -> Any:
    """Turn tuples into lists and numbers into texts that keep their digits."""
    if isinstance(thing, Mapping):
        return {key: _texts(value) for key, value in thing.items()}
    if isinstance(thing, tuple | list):
        return [_texts(item) for item in thing]
    return str(thing) if isinstance(thing, Decimal) else thing


def _by_choice(spec: ScoreSpec) -> Iterator[tuple[Mapping[str, str], ScoreSpec]]:
    names = [each.name for each in spec.parameters]
    for options, variant in spec.variants.items():
        yield dict(zip(names, options, strict=True)), variant


def _standing_warnings(spec: ScoreSpec) -> Iterator[str]:
    if spec.simulated:
        yield "this score was made from SIMULATED patients: it says nothing about a real one"
    if spec.status == "unverified":
        yield "this score is unverified: its constants were not read in their source"


def _input(item: Input) -> dict[str, Any]:
    limits = missing_limits(item)
    return {
        "name": item.name,
        "label": item.label,
        "shown": shown_unit(known_unit(item.unit) or item.unit) if item.unit else "",
        "units": list(_units(item)),
        "coding": None
        if item.coding is None
        else [[word, str(code)] for word, code in item.coding.items()],
        "plausible": _limits(*plausible_limits(item)),
        "missing": None if None in limits else _limits(*limits),
        "developed": _limits(item.low, item.high),
        "of": item.upper_limit_of,
    }


def _limits(low: Decimal | None, high: Decimal | None) -> list[str | None]:
    return [None if end is None else str(end) for end in (low, high)]


def _units(item: Input) -> Iterator[dict[str, Any]]:
    """List the units an input may be given in, its own first; none where it has no unit."""
    if item.unit in NO_UNIT:
        return
    own = known_unit(item.unit) or item.unit
    factors = {own: Decimal(1)} if item.variable is None else variable(item.variable).units
    for unit in sorted(factors, key=lambda each: each != own):
        yield {
            "unit": unit,
            "shown": shown_unit(unit),
            "factor": str(factors[unit]),
            "own": unit == own,
            "fahrenheit": False,
        }
    if own == "Cel" and _taken(item, "[degF]"):
        # Fahrenheit is not listed among the units because it is more than a factor
        unit = "[degF]"
        yield {
            "unit": unit, "shown": shown_unit(unit), "factor": "", "own": False, "fahrenheit": True
        }  # fmt: skip


def _taken(item: Input, unit: str) -> bool:
    try:
        in_unit_of(item, Quantity(Decimal(100), unit))
    except Refused:
        return False
    return True


def _words(spec: ScoreSpec, term: AnyTerm) -> dict[str, Any]:
    """Name a term, what it reads, and the rule that the page prints beside its effect."""
    labels = {item.name: item.label for item in spec.inputs}
    labels |= {item.name: item.label or item.name for item in spec.derived}
    units = {item.name: item.unit for item in spec.inputs}
    subject = None if isinstance(term, ProductTerm | DecisionTerm) else term.input
    unit = units.get(subject or "", "")
    unit = shown_unit(known_unit(unit) or unit) if unit else ""
    words: dict[str, Any] = {
        "label": term.name or labels[subject or ""],
        "subject": subject,
        "unit": unit,
        "words": _rule(term, labels),
    }
    if isinstance(term, PointsTerm):
        entries = _texts(tuple(band.document() for band in term.bands))
        words["bands"] = [
            entry | {"words": shown_range(band, unit)}
            for entry, band in zip(entries, term.bands, strict=True)
        ]
    return words


def _rule(term: AnyTerm, labels: Mapping[str, str]) -> str:
    if isinstance(term, PointsTerm | DecisionTerm):
        return ""
    if isinstance(term, SplineTerm):
        return f"restricted cubic spline with {len(term.knots)} knots"
    whole = labels[term.input] if isinstance(term, LinearTerm) else _factors(term, labels)
    inside = whole if term.transform == "none" else f"{term.transform}({whole})"
    if term.centre:
        inside = f"({inside} − {term.centre})"
    return inside if term.coefficient == 1 else f"{term.coefficient} × {inside}"


def _factors(term: ProductTerm, labels: Mapping[str, str]) -> str:
    text = ""
    for factor in term.factors:
        power = abs(factor.exponent)
        name = labels[factor.input] + ("" if power == 1 else f"^{power}")
        sign = " / " if factor.exponent < 0 else " × "
        text += f"{sign}{name}" if text else ("1 / " if factor.exponent < 0 else "") + name
    return text


def _example(spec: ScoreSpec, number: int, example: Example) -> dict[str, Any]:
    given = {
        item.name: _given(item, example.inputs[item.name])
        for item in spec.inputs
        if item.name in example.inputs
    }
    stated: dict[str, Any] = _texts(example.document())
    stated["name"] = example.name or f"example {number}"
    return stated | {"given": given, "choices": dict(example.choices or {})}


def _given(item: Input, said: Decimal | str) -> dict[str, str]:
    """Take a value as an example says it apart into what is typed and the unit chosen beside it."""
    if item.coding is not None:
        return {"text": _word(item.coding, said)}
    text = str(said).strip()
    parts = split_quantity(text)
    unit = parts[2] if parts else ""
    number = text[: len(text) - len(unit)].strip() if unit else text
    return {"text": number, "unit": known_unit(unit) or unit}


def _word(coding: Mapping[str, Decimal], said: Decimal | str) -> str:
    text = str(said).strip()
    for word in coding:
        if word.strip().casefold() == text.casefold():
            return word
    number = Decimal(text)
    return next(word for word, code in coding.items() if code == number)
