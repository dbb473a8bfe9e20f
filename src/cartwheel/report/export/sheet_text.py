"""A score as a table of spreadsheet formulas, one step a row: Excel and LibreOffice read it."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from decimal import Decimal

from cartwheel.clinic.score_spec import ScoreSpec
from cartwheel.clinic.score_terms import Input
from cartwheel.report.export.recipe import Case, Recipe, recipe, term_names
from cartwheel.report.export.statement import (
    PlainExample,
    divisors,
    limits,
    opening,
    plain_examples,
)

# stands for the letter of the column until the row is copied to the right
_COLUMN = "\x01"
# Sheets have doubles: what is compared with a cut-off is rounded to this many decimals first.
_DECIMALS = 10


class _Sheet:
    def __init__(self, cells: dict[str, str]) -> None:
        self._cells = cells

    def number(self, value: Decimal) -> str:
        return f"({value})" if value < 0 else str(value)

    def text(self, words: str) -> str:
        return '"' + words.replace('"', '""') + '"'

    def name(self, name: str) -> str:
        return self._cells[name]

    def power(self, value: str, exponent: Decimal) -> str:
        return f"{value}^{exponent}"

    def transformed(self, value: str, transform: str) -> str:
        written = {"log": "LN({})", "log2": "LOG({},2)", "log10": "LOG10({})", "sqrt": "SQRT({})"}
        return written[transform].format(value)

    def at_least(self, value: str, least: str) -> str:
        return f"MAX({value},{least})"

    def compare(self, value: str, sign: str, number: Decimal) -> str:
        return f"ROUND({value},{_DECIMALS}){sign}{self.number(number)}"

    def every(self, tests: Sequence[str]) -> str:
        return tests[0] if len(tests) == 1 else f"AND({','.join(tests)})"

    def chosen(self, parameter: str, option: str) -> str:
        return f"{self._cells[parameter]}={self.text(option)}"

    def choose(self, cases: Sequence[Case], otherwise: str) -> str:
        closing = ")" * len(cases)
        return "".join(f"IF({test},{value}," for test, value in cases) + otherwise + closing

    def logistic(self, predictor: str) -> str:
        return f"1/(1+EXP(-({predictor})))"

    def cox(self, predictor: str, baseline: Decimal) -> str:
        return f"1-{baseline}^EXP({predictor})"


def sheet_text(spec: ScoreSpec) -> str:
    """Write a score as comma-separated text with formulas: open it with a spreadsheet program.

    Parameters
    ----------
    spec : ScoreSpec
        The score.

    Returns
    -------
    str
        One row for each input, derived value and term, then value, band and risk. Column C is the
        patient's; each further column is a worked example with its check. Functions have their
        English names and commas between arguments, and there is no LET.

    Notes
    -----
    Sheets have doubles, not decimals: what is compared with a cut-off is rounded to ten decimals.
    """
    examples = plain_examples(spec)
    opened = [[line] for line in opening(spec)]
    head = ["Input", "Unit or words", "Patient", *(each.name for each in examples)]
    first = len(opened) + 2
    rows = [*opened, head, *_body(spec, examples, first)]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([*map(_inert, row)] for row in rows)
    return text.getvalue()


class _Formula(str):
    """A cell that is meant to begin with ``=``."""

    __slots__ = ()


def _inert(cell: str) -> str:
    """Keep a text of the score file from being taken as a formula."""
    if isinstance(cell, _Formula) or not cell.startswith(("=", "+", "-", "@")):
        return cell
    return cell if _is_number(cell) else f"'{cell}"


def _is_number(cell: str) -> bool:
    return cell.lstrip("-").replace(".", "", 1).isdigit()


def _body(spec: ScoreSpec, examples: Sequence[PlainExample], first: int) -> list[list[str]]:
    rows = []
    for item in spec.inputs:
        about = item.unit if item.coding is None else " or ".join(item.coding)
        given = [str(each.inputs[item.name]) for each in examples]
        rows.append([item.label, about, "", *given])
    for each in spec.parameters:
        options = " or ".join(f"{option.name} ({option.label})" for option in each.options)
        chosen = [example.choices[each.name] for example in examples]
        rows.append([f"Not published: {each.label}", options, each.default, *chosen])
    cells = _cells(spec, first)
    width = 1 + len(examples)
    complete = cells["complete"]
    rows.append(["All values given", "", *_across(_complete(spec, cells), width)])
    steps = recipe(spec, _Sheet(cells))
    for label, text in _steps(steps):
        rows.append([label, "", *_across(f'IF({complete}="yes",{text},"")', width)])
    return [*rows, *_checks(examples, cells)]


def _cells(spec: ScoreSpec, first: int) -> dict[str, str]:
    """Give each name its cell; a coded input stands for the code of its word."""
    names = [
        *spec.input_names,
        *(each.name for each in spec.parameters),
        "complete",
        *(part.name for part in spec.derived),
        *term_names(spec),
        "value",
        "band",
        "risk",
    ]
    cells = {name: f"{_COLUMN}{first + place}" for place, name in enumerate(names)}
    for item in spec.inputs:
        if item.coding is not None:
            cell = cells[item.name]
            *most, last = [(_is_word(cell, word), str(code)) for word, code in item.coding.items()]
            cells[f"cell of {item.name}"] = cell
            cells[item.name] = _Sheet(cells).choose(most, last[1])
    return cells


def _is_word(cell: str, word: str) -> str:
    # a sheet turns the word "1" into the number 1; joined to nothing it is a text again
    return f'{cell}&""={_Sheet({}).text(word)}'


def _across(formula: str, width: int) -> list[str]:
    return [_Formula("=" + formula.replace(_COLUMN, _letter(place))) for place in range(width)]


def _letter(place: int) -> str:
    """Letter of the column, the patient's being C."""
    number, letters = place + 2, ""
    while number >= 0:
        letters = chr(65 + number % 26) + letters
        number = number // 26 - 1
    return letters


def _complete(spec: ScoreSpec, cells: dict[str, str]) -> str:
    present, possible = [], []
    for item in spec.inputs:
        if item.coding is not None:
            cell = cells[f"cell of {item.name}"]
            present.append(f"OR({','.join(_is_word(cell, word) for word in item.coding)})")
            continue
        present.append(f"ISNUMBER({cells[item.name]})")
        possible += _possible(item, cells[item.name])
    possible += [f"{cells[name]}>0" for name in divisors(spec) if name in spec.input_names]
    for each in spec.parameters:
        options = ",".join(f'{cells[each.name]}="{option.name}"' for option in each.options)
        present.append(f"OR({options})")
    inside = f'IF(AND({",".join(possible)}),"yes","not possible: check units")'
    return f'IF(AND({",".join(present)}),{inside if possible else _YES},"a value is missing")'


_YES = '"yes"'


def _possible(item: Input, cell: str) -> list[str]:
    low, high = limits(item)
    return [f"{cell}>={low}"] * (low is not None) + [f"{cell}<={high}"] * (high is not None)


def _steps(steps: Recipe) -> list[tuple[str, str]]:
    none = '"not stated"'
    return [
        *((step.label, step.text) for step in steps.derived),
        *((step.label, step.text) for step in steps.terms),
        ("VALUE", steps.value),
        ("BAND", steps.band or none),
        ("RISK", steps.risk or none),
    ]


def _checks(examples: Sequence[PlainExample], cells: dict[str, str]) -> list[list[str]]:
    checks = []
    for place, each in enumerate(examples, 1):
        # a double cannot be held to a tolerance of nought
        tolerance = max(each.tolerance, abs(each.value) * Decimal("1E-12"), Decimal("1E-12"))
        tests = [f"ABS({cells['value']}-({each.value}))<={tolerance:.3g}"]
        if each.band is not None:
            tests.append(f"{cells['band']}={_Sheet({}).text(each.band)}")
        if each.risk is not None:
            tests.append(f"ABS({cells['risk']}-{each.risk})<={tolerance:.3g}")
        formula = f'IF(AND({",".join(tests)}),"passed","FAILED")'
        checks.append(_Formula("=" + formula.replace(_COLUMN, _letter(place))))
    return [
        ["Printed value", "", "", *(str(each.value) for each in examples)],
        ["Printed band", "", "", *(each.band or "" for each in examples)],
        ["Worked example", "", "", *checks],
    ]
