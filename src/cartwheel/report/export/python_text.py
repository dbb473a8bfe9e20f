"""A score as one Python file that needs nothing but Python."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from cartwheel.clinic.score_spec import ScoreSpec
from cartwheel.clinic.score_terms import Input
from cartwheel.report.export.recipe import Case, recipe, term_names
from cartwheel.report.export.statement import (
    divisors,
    function_name,
    identifiers,
    limits,
    opening,
    plain_examples,
)

_TOOLS = '''\
import math
from decimal import Context, Decimal as D, InvalidOperation, localcontext


def _number(name, given, low, high):
    """Read a number, digits as written; missing or impossible is refused, never guessed."""
    if given is None or isinstance(given, bool):
        raise ValueError(f"{name} is missing, and missing is never taken as normal or as no")
    try:
        value = D(repr(given)) if isinstance(given, float) else D(given)
    except (InvalidOperation, TypeError) as error:
        raise ValueError(f"{name} is not a number") from error
    if not value.is_finite():
        raise ValueError(f"{name} is not a number")
    if (low is not None and value < low) or (high is not None and value > high):
        raise ValueError(f"{name} of {value} is not possible ({low} to {high}): check its unit")
    return value


def _code(name, given, codes):
    """Read a word by its code; nothing else is taken."""
    for word, code in codes.items():
        if isinstance(given, str) and given.strip().casefold() == word.casefold():
            return code
    raise ValueError(f"{name} is missing or not one of: {', '.join(codes)}")


def _option(name, given, options):
    if given not in options:
        raise ValueError(f"{name} is not one of: {', '.join(options)}")
    return given


def _log(value, function):
    if value <= 0:
        raise ValueError(f"there is no logarithm of {value}")
    return D(repr(function(float(value))))


def _logistic(predictor):
    odds = math.exp(-abs(float(predictor)))
    return 1 / (1 + odds) if predictor >= 0 else odds / (1 + odds)


def _cox(predictor, baseline):
    ratio = math.exp(min(float(predictor), 700.0))
    return 1 - baseline if ratio == 1.0 else -math.expm1(ratio * math.log(float(baseline)))
'''

_CHECK = '''\
def check():
    """Compute the worked examples again."""
    for name, inputs, value, band, risk, tolerance in EXAMPLES:
        found = {function}(**inputs)
        assert abs(D(repr(found["value"])) - value) <= tolerance, (name, found["value"], value)
        assert band is None or found["band"] == band, (name, found["band"], band)
        assert risk is None or abs(D(repr(found["risk"])) - risk) <= tolerance, name
    return len(EXAMPLES)


if __name__ == "__main__":
    print(f"{{check()}} worked examples came out")
'''


class _Python:
    def __init__(self, names: dict[str, str]) -> None:
        self._names = names

    def number(self, value: Decimal) -> str:
        return f'D("{value}")'

    def text(self, words: str) -> str:
        return repr(words) if words else "None"

    def name(self, name: str) -> str:
        return self._names[name]

    def power(self, value: str, exponent: Decimal) -> str:
        return f"{value} ** {self.number(exponent)}"

    def transformed(self, value: str, transform: str) -> str:
        return f"{value}.sqrt()" if transform == "sqrt" else f"_log({value}, math.{transform})"

    def at_least(self, value: str, least: str) -> str:
        return f"max({value}, {least})"

    def compare(self, value: str, sign: str, number: Decimal) -> str:
        return f"{value} {'==' if sign == '=' else sign} {self.number(number)}"

    def every(self, tests: Sequence[str]) -> str:
        return " and ".join(tests)

    def chosen(self, parameter: str, option: str) -> str:
        return f"{self._names[parameter]} == {option!r}"

    def choose(self, cases: Sequence[Case], otherwise: str) -> str:
        return "(" + "".join(f"{value} if {test} else " for test, value in cases) + otherwise + ")"

    def logistic(self, predictor: str) -> str:
        return f"_logistic({predictor})"

    def cox(self, predictor: str, baseline: Decimal) -> str:
        return f"_cox({predictor}, {self.number(baseline)})"


def python_text(spec: ScoreSpec) -> str:
    """Write a score as one Python file without dependencies.

    Parameters
    ----------
    spec : ScoreSpec
        The score.

    Returns
    -------
    str
        A function named after the score; its arguments carry their units in their names. It
        computes in decimals of 34 digits, as cartwheel does, and raises ``ValueError`` where a
        value is missing or impossible. ``check()`` computes the worked examples.
    """
    function = function_name(spec)
    lines = [
        '"""' + "\n".join(_safe(line) for line in opening(spec)) + '\n"""',
        "",
        _TOOLS,
        "",
        *_function(spec, function),
        "",
        "",
        "EXAMPLES = [",
        *_examples(spec),
        "]",
        "",
        "",
        _CHECK.format(function=function).rstrip("\n"),
    ]
    return "\n".join(lines) + "\n"


def _safe(line: str) -> str:
    return line.replace("\\", "\\\\").replace('"""', "'''").rstrip('"')


def _function(spec: ScoreSpec, function: str) -> Iterator[str]:
    names = identifiers(spec) | {"value": "value"}
    terms = term_names(spec)
    steps = recipe(spec, _Python(names | terms))
    arguments = [names[item.name] for item in spec.inputs]
    arguments += [f"{names[each.name]}={each.default!r}" for each in spec.parameters]
    yield f"def {function}(*, {', '.join(arguments)}):"
    yield f'    """{_safe(spec.title)}.'
    yield ""
    for item in spec.inputs:
        yield f"    {names[item.name]}: {_safe(_about(item))}"
    for each in spec.parameters:
        options = "; ".join(f"{option.name}: {option.label}" for option in each.options)
        yield f"    {names[each.name]}: not published, {_safe(each.label)} ({_safe(options)})"
    yield '    """'
    yield "    with localcontext(Context(prec=34)):"
    for item in spec.inputs:
        yield f"        {names[item.name]} = {_read(item, names[item.name])}"
    for each in spec.parameters:
        allowed = [option.name for option in each.options]
        yield f'        _option("{names[each.name]}", {names[each.name]}, {allowed!r})'
    for name in divisors(spec):
        yield f"        if {names[name]} <= 0:"
        yield f'            raise ValueError("{names[name]} of 0 cannot be divided by")'
    for step in steps.derived:
        yield f"        {names[step.name]} = {step.text}"
    for step in steps.terms:
        yield f"        {terms[step.name]} = {step.text}  # {_one_line(step.label)}"
    yield f"        value = {steps.value}"
    yield f"        band = {steps.band or None}"
    yield f"        risk = {steps.risk or None}"
    parts = ", ".join(f"{step.label!r}: float({terms[step.name]})" for step in steps.terms)
    yield f"        parts = {{{parts}}}"
    yield "    risk = None if risk is None else float(risk)"
    yield '    return {"value": float(value), "band": band, "risk": risk, "parts": parts}'


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _about(item: Input) -> str:
    if item.coding is not None:
        return f"{item.label}: {', '.join(item.coding)}"
    when = f", {item.window.text}" if item.window is not None else ""
    when = f", day {item.day}" if item.day is not None else when
    return f"{item.label}{f' in {item.unit}' if item.unit not in ('', '1') else ''}{when}"


def _read(item: Input, name: str) -> str:
    if item.coding is not None:
        codes = ", ".join(f'{word!r}: D("{code}")' for word, code in item.coding.items())
        return f'_code("{name}", {name}, {{{codes}}})'
    low, high = ("None" if end is None else f'D("{end}")' for end in limits(item))
    return f'_number("{name}", {name}, {low}, {high})'


def _examples(spec: ScoreSpec) -> Iterator[str]:
    names = identifiers(spec)
    for each in plain_examples(spec):
        inputs = {names[name]: str(value) for name, value in each.inputs.items()}
        inputs |= {names[name]: option for name, option in each.choices.items()}
        risk = "None" if each.risk is None else f'D("{each.risk}")'
        yield (
            f'    ({each.name!r}, {inputs!r}, D("{each.value}"), {each.band!r}, {risk}, '
            f'D("{each.tolerance}")),'
        )
