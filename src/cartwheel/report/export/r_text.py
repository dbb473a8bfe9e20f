"""A score as one R file that needs nothing but base R."""

from __future__ import annotations

import json
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

# R computes in doubles, where 0.7 * 2.55 / 0.7 need not be 2.55, nor 0.1 + 0.2 - 0.3 be 0. What is
# compared with a cut-off is therefore rounded first, to 14 digits of the largest number that it
# was made of; no laboratory value has as many.
_TOOLS = """\
.settled <- function(x, parts = x) {
  largest <- max(abs(parts))
  if (largest == 0) return(0)
  as.numeric(sprintf("%.*f", max(0, 13 - floor(log10(largest))), x))
}

.number <- function(name, given, low, high) {
  if (length(given) != 1 || is.na(given))
    stop(name, " is missing, and missing is never taken as normal or as no")
  if (!is.numeric(given) || !is.finite(given)) stop(name, " is not a number")
  if (given < low || given > high)
    stop(name, " of ", given, " is not possible (", low, " to ", high, "): check its unit")
  given
}

.code <- function(name, given, codes) {
  at <- match(tolower(trimws(as.character(given))), tolower(names(codes)))
  if (length(at) != 1 || is.na(at))
    stop(name, " is missing or not one of: ", paste(names(codes), collapse = ", "))
  codes[[at]]
}

.logarithm <- function(x, f) if (x > 0) f(x) else stop("there is no logarithm of ", x)

.divisor <- function(name, x) if (x <= 0) stop(name, " of 0 cannot be divided by")

# at the baseline the risk is what is printed: 1 - 0.9 in doubles would miss a threshold of 0.1
.cox <- function(predictor, survival, risk)
  if (abs(predictor) < 1e-14) risk else -expm1(exp(predictor) * log(survival))
"""

_VALUE = "value"


class _R:
    def __init__(self, names: dict[str, str]) -> None:
        self._names = names

    def number(self, value: Decimal) -> str:
        return f"({value})" if value < 0 else str(value)

    def text(self, words: str) -> str:
        return json.dumps(words, ensure_ascii=True) if words else "NA_character_"

    def name(self, name: str) -> str:
        return self._names[name]

    def power(self, value: str, exponent: Decimal) -> str:
        return f"{value}^{exponent}"

    def transformed(self, value: str, transform: str) -> str:
        return f"sqrt({value})" if transform == "sqrt" else f".logarithm({value}, {transform})"

    def at_least(self, value: str, least: str) -> str:
        return f"max({value}, {least})"

    def compare(self, value: str, sign: str, number: Decimal) -> str:
        # the sum is settled once, by the largest of its parts
        left = "settled" if value == _VALUE else f".settled({value})"
        return f"{left} {'==' if sign == '=' else sign} {self.number(number)}"

    def every(self, tests: Sequence[str]) -> str:
        return " && ".join(tests)

    def chosen(self, parameter: str, option: str) -> str:
        return f"{self._names[parameter]} == {self.text(option)}"

    def choose(self, cases: Sequence[Case], otherwise: str) -> str:
        return (
            "(" + "".join(f"if ({test}) {value} else " for test, value in cases) + otherwise + ")"
        )

    def logistic(self, predictor: str) -> str:
        return f"plogis({predictor})"

    def cox(self, predictor: str, baseline: Decimal) -> str:
        return f".cox({predictor}, {baseline}, {1 - baseline})"


def r_text(spec: ScoreSpec) -> str:
    """Write a score as one R file without packages.

    Parameters
    ----------
    spec : ScoreSpec
        The score.

    Returns
    -------
    str
        A function named after the score that gives a list of value, band, risk and parts, and
        stops where a value is missing or impossible. The worked examples are computed when the
        file is sourced.

    Notes
    -----
    R has doubles, not decimals: what is compared with a cut-off is rounded first, to 14 digits of
    the largest number that it was made of, so that a sum that cancels meets a cut-off of 0.
    """
    function = function_name(spec)
    lines = [
        *(f"# {_ascii(line)}" for line in opening(spec)),
        "",
        _TOOLS,
        *_function(spec, function),
        "",
        "# The worked examples of the score file, computed whenever this file is sourced.",
        *_examples(spec, function),
    ]
    return "\n".join(lines) + "\n"


def _ascii(line: str) -> str:
    # R on Windows may read a file in another encoding; comments are kept readable in any
    return line.encode("ascii", "replace").decode()


def _function(spec: ScoreSpec, function: str) -> Iterator[str]:
    names = identifiers(spec) | {"value": _VALUE}
    terms = term_names(spec)
    dialect = _R(names | terms)
    steps = recipe(spec, dialect)
    for item in spec.inputs:
        yield f"# {names[item.name]}: {_ascii(_about(item))}"
    for each in spec.parameters:
        options = "; ".join(f"{option.name}: {option.label}" for option in each.options)
        yield f"# {names[each.name]}: not published, {_ascii(each.label)} ({_ascii(options)})"
    arguments = [names[item.name] for item in spec.inputs]
    for each in spec.parameters:
        allowed = [each.default, *(o.name for o in each.options if o.name != each.default)]
        arguments.append(f"{names[each.name]} = c({', '.join(map(dialect.text, allowed))})")
    yield f"{function} <- function({', '.join(arguments)}) {{"
    for item in spec.inputs:
        yield f"  {names[item.name]} <- {_read(item, names[item.name], dialect)}"
    for each in spec.parameters:
        yield f"  {names[each.name]} <- match.arg({names[each.name]})"
    for name in divisors(spec):
        yield f'  .divisor("{names[name]}", {names[name]})'
    for step in steps.derived:
        yield f"  {names[step.name]} <- {step.text}"
    for step in steps.terms:
        yield f"  {terms[step.name]} <- {step.text}"
    yield f"  value <- {steps.value}"
    parts = ", ".join(terms[step.name] for step in steps.terms)
    made_of = f"{dialect.number(spec.intercept)}, {parts}" if spec.intercept else parts
    yield f"  settled <- .settled({_VALUE}, c({made_of}))"
    yield f"  band <- {steps.band or 'NA_character_'}"
    yield f"  risk <- {steps.risk or 'NA_real_'}"
    labels = ", ".join(dialect.text(step.label) for step in steps.terms)
    yield f"  parts <- setNames(c({parts}), c({labels}))"
    yield "  list(value = value, band = band, risk = risk, parts = parts)"
    yield "}"


def _about(item: Input) -> str:
    if item.coding is not None:
        return f"{item.label}: {', '.join(item.coding)}"
    return f"{item.label}{f' in {item.unit}' if item.unit not in ('', '1') else ''}"


def _read(item: Input, name: str, dialect: _R) -> str:
    if item.coding is not None:
        codes = ", ".join(f"{dialect.text(word)} = {code}" for word, code in item.coding.items())
        return f'.code("{name}", {name}, c({codes}))'
    low, high = limits(item)
    ends = ("-Inf" if low is None else str(low), "Inf" if high is None else str(high))
    return f'.number("{name}", {name}, {", ".join(ends)})'


def _examples(spec: ScoreSpec, function: str) -> Iterator[str]:
    names = identifiers(spec)
    dialect = _R(names)
    yield "local({"
    for each in plain_examples(spec):
        said = [
            f"{names[name]} = {value if isinstance(value, Decimal) else dialect.text(value)}"
            for name, value in each.inputs.items()
        ]
        said += [f"{names[name]} = {dialect.text(to)}" for name, to in each.choices.items()]
        # a double cannot be held to a tolerance of nought
        tolerance = max(each.tolerance, abs(each.value) * Decimal("1E-12"), Decimal("1E-12"))
        tests = [f"abs(found$value - {dialect.number(each.value)}) <= {tolerance:.3g}"]
        if each.band is not None:
            tests.append(f"identical(found$band, {dialect.text(each.band)})")
        if each.risk is not None:
            tests.append(f"abs(found$risk - {each.risk}) <= {tolerance:.3g}")
        yield f"  found <- {function}({', '.join(said)})"
        yield f"  stopifnot({dialect.text(each.name)} = {' && '.join(tests)})"
    yield "})"
