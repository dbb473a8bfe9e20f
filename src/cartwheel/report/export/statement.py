"""What every export says about its score: names, standing, limits, and its worked examples."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext

from cartwheel.clinic.score_inputs import read_inputs
from cartwheel.clinic.score_spec import Example, ScoreSpec
from cartwheel.clinic.score_terms import Input, Product, ProductTerm, Ratio
from cartwheel.clinic.score_units import plausible_limits
from cartwheel.clinic.scoring import unsettled_constants
from cartwheel.report.export.taken import PYTHON_NAMES, R_NAMES

_ARITHMETIC = Context(prec=34)
_SHORT = Context(prec=12)
_TAKEN = {
    "value", "band", "risk", "parts", "found", "complete", "resource", "context", "questionnaire",
    "ucum", "sct", "loinc", "d", "c", "if", "else", "for", "in", "next", "repeat", "function", "t",
    "f", "true", "false", "math", "max", "min", "sqrt", "log", "exp", "list", "stop", "log2",
    "log10", "float", "localcontext", "settled",
}  # fmt: skip


def identifiers(spec: ScoreSpec) -> dict[str, str]:
    """Name every input, derived value and parameter as a variable, with its unit in the name.

    Parameters
    ----------
    spec : ScoreSpec
        The score.

    Returns
    -------
    dict of str to str
        Name in the score file to a name that Python and R take, each once.
    """
    units = {item.name: item.unit for item in spec.inputs}
    names = [
        *spec.input_names,
        *(part.name for part in spec.derived),
        *(each.name for each in spec.parameters),
    ]
    found: dict[str, str] = {}
    for name in names:
        # what the exports name themselves, and what their languages have
        plain = identifier(name)
        unit = re.sub(r"\W+", "_", units.get(name, "")).strip("_").lower()
        if unit not in ("", "1") and not plain.lower().endswith(unit):
            plain = f"{plain}_{unit}"
        while plain in found.values() or plain in _TAKEN or plain.startswith("part_"):
            plain = f"x_{plain}"
        found[name] = plain
    return found


def identifier(name: str) -> str:
    """Turn any text into a name that Python and R take.

    Parameters
    ----------
    name : str
        Of a score, an input or a term.

    Returns
    -------
    str
        Letters, digits and underscores; begins with a letter.
    """
    plain = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_").lower()
    if not plain or not plain[0].isalpha() or keyword.iskeyword(plain):
        return f"x_{plain}".rstrip("_")
    return plain


def function_name(spec: ScoreSpec) -> str:
    """Name the function of a score, so that it hides no function of R or Python.

    Parameters
    ----------
    spec : ScoreSpec
        The score.

    Returns
    -------
    str
        The score's id as a name; ``score_`` stands before one that R or Python has already.
    """
    plain = identifier(spec.id)
    return f"score_{plain}" if plain in R_NAMES | PYTHON_NAMES else plain


def opening(spec: ScoreSpec) -> Iterator[str]:
    """Say what a score is and how far it can be trusted, one line at a time.

    Parameters
    ----------
    spec : ScoreSpec
        The score.

    Yields
    ------
    str
        Plain text on one line.
    """
    yield spec.title
    if spec.simulated:
        yield "SIMULATED: made from simulated patients. Never use it for a real one."
    if spec.status == "unverified":
        yield "UNVERIFIED: its constants were not read in their source."
    yield f"Score: {spec.id}, version {spec.version}, {spec.status}"
    yield f"Identity of its file: {spec.identity}"
    yield f"Intended use: {_line(spec.intended_use)}"
    yield f"Outcome: {_line(spec.outcome.definition)}"
    yield f"Population: {_line(spec.population.text)}"
    doi = f", doi {spec.citation.doi}" if spec.citation.doi else ""
    yield f"Citation: {_line(spec.citation.text)}{doi}"
    for each in spec.parameters:
        yield f"ASSUMPTION unless chosen: {each.label} ({each.name} = {each.default})"
    for doubt in unsettled_constants(spec.chosen()):
        yield f"Caution: {doubt}"


def _line(text: str) -> str:
    return " ".join(text.split())


def limits(item: Input) -> tuple[Decimal | None, Decimal | None]:
    """Give the limits outside which a value is not scored.

    Parameters
    ----------
    item : Input
        Not coded.

    Returns
    -------
    pair of Decimal or None
        In the unit of the input, to twelve digits.
    """
    with localcontext(_ARITHMETIC):
        low, high = plausible_limits(item)
    # a limit in another unit has 34 digits, and no reader wants them
    return (
        None if low is None else _SHORT.plus(low),
        None if high is None else _SHORT.plus(high),
    )


def divisors(spec: ScoreSpec) -> tuple[str, ...]:
    """Name the inputs and derived values that are divided by, so that 0 is refused.

    Parameters
    ----------
    spec : ScoreSpec
        The score.

    Returns
    -------
    tuple of str
        Each once, in the order of the file; without a denominator that has a floor.
    """
    found = []
    for part in (*spec.derived, *spec.terms):
        if isinstance(part, Ratio):
            found += [part.denominator] * (part.zero == "refuse")
        elif isinstance(part, Product | ProductTerm):
            found += [each.input for each in part.factors if each.exponent < 0]
    return tuple(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class PlainExample:
    """A worked example with each number in the unit of its input, and each code as its word."""

    name: str
    inputs: Mapping[str, Decimal | str]
    choices: Mapping[str, str]
    value: Decimal
    band: str | None
    risk: Decimal | None
    tolerance: Decimal


def plain_examples(spec: ScoreSpec) -> tuple[PlainExample, ...]:
    """Give the worked examples that a language without limits of detection can compute.

    Parameters
    ----------
    spec : ScoreSpec
        The score.

    Returns
    -------
    tuple of PlainExample
        Without those with a missing value or one beyond a limit of detection.
    """
    found = (_plain(spec, number, each) for number, each in enumerate(spec.examples, 1))
    return tuple(each for each in found if each is not None)


def _plain(spec: ScoreSpec, number: int, example: Example) -> PlainExample | None:
    with localcontext(_ARITHMETIC):
        readings, problems = read_inputs(
            spec.chosen(example.choices), example.inputs, assume_units=False
        )
    if problems or any(each.reach or each.used.value is None for each in readings):
        return None
    inputs: dict[str, Decimal | str] = {}
    for item, reading in zip(spec.inputs, readings, strict=True):
        value = reading.interval[0]
        words = [word for word, code in (item.coding or {}).items() if code == value]
        inputs[item.name] = words[0] if words else value
    return PlainExample(
        name=example.name or f"example {number}",
        inputs=inputs,
        choices=spec.default_choices | (example.choices or {}),
        value=example.value,
        band=example.band,
        risk=example.risk,
        tolerance=example.tolerance,
    )
