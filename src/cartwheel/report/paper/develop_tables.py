"""Tables of a development about its patients and its models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cartwheel.figures.numbers import measure_format, sentence
from cartwheel.report.document.blocks import Cell, Row, Table
from cartwheel.report.paper.numbers import Numbers, number_text
from cartwheel.report.paper.tables import columns, heading_row, method_notes, row
from cartwheel.report.places import places_under

RULES = {">=": "≥", "<=": "≤"}
_SUMMARIES = ("overall", "with_event", "without_event")
# a term of the univariable table and one of the multivariable: places, or None
Pair = tuple[str | None, str | None]


def with_unit(numbers: Numbers, place: str) -> Cell:
    """Name a variable with its unit, unless its label already says it.

    Parameters
    ----------
    numbers : Numbers
        Of the result.
    place : str
        Of something with ``label`` and ``unit``.

    Returns
    -------
    Cell
    """
    label, unit = str(numbers.at(f"{place}.label") or ""), numbers.at(f"{place}.unit")
    if unit and f"({unit})" not in label:
        label = f"{label} ({unit})"
    return Cell(label, f"{place}.label")


def columns_table(numbers: Numbers) -> Table | None:
    """Tabulate every column used: unit, day, what it does in the plan, what is missing.

    Parameters
    ----------
    numbers : Numbers
        Of the result; ``result.columns`` and ``plan.predictors`` are read.

    Returns
    -------
    Table or None
        None where the result does not say.
    """
    say = numbers.say
    planned = {
        str(numbers.at(f"{place}.column")): place
        for place in places_under(numbers.document, "plan.predictors")
    }
    rows = tuple(
        _column_row(numbers, place, planned.get(str(numbers.at(f"{place}.column"))))
        for place in places_under(numbers.document, "result.columns")
    )
    if not rows:
        return None
    names = ("column", "unit", "day", "end", "form", "n", "missing", "rule")
    labels = [say(f"develop.columns.{name}") for name in names]
    head = columns(labels, (2.2, 0.9, 0.7, 0.9, 0.8, 0.9, 0.8, 1.6))
    notes = (say("develop.columns.note"), *numbers.english_note())
    return Table("table-columns", say("develop.columns.caption"), head, rows, notes)


def _column_row(numbers: Numbers, place: str, planned: str | None) -> Row:
    say = numbers.say
    direction = numbers.at(f"{planned}.direction") if planned else None
    form = numbers.at(f"{planned}.transform") if planned else None
    end = Cell("")
    if planned:
        key = f"develop.direction.{direction}" if direction else "develop.direction.unstated"
        end = Cell(say(key), f"{planned}.direction" if direction else "")
    day = numbers.cell(f"{place}.day", "exact", "develop.columns.no_day")
    return row(
        numbers.words(f"{place}.label"),
        numbers.words(f"{place}.unit"),
        day,
        end,
        Cell(say(f"develop.form.{form}"), f"{planned}.transform") if form else "",
        numbers.cell(f"{place}.n", "count"),
        numbers.cell(f"{place}.missing", "count"),
        numbers.words(f"{place}.rule"),
    )


def table_one(numbers: Numbers) -> Table | None:
    """Tabulate the patients by outcome, with standardised differences and missing counts.

    Parameters
    ----------
    numbers : Numbers
        Of the result; ``result.table_one`` is read.

    Returns
    -------
    Table or None
        None where the result has none.
    """
    say = numbers.say
    blocks = _by_column(numbers, "result.table_one")
    if not blocks:
        return None
    rows: list[Row] = []
    totals = _patients_row(numbers)
    if totals is not None:
        rows.append(totals)
    for block in blocks:
        rows += _variable_rows(numbers, block)
    names = ("variable", *_SUMMARIES, "smd", "missing")
    labels = [say(f"develop.table_one.{name}") for name in names]
    head = columns(labels, (2.2, 1.4, 1.4, 1.4, 0.8, 0.8), "right")
    notes = (say("develop.table_one.note"),)
    return Table("table-1", say("develop.table_one.caption"), head, tuple(rows), notes)


def _by_column(numbers: Numbers, place: str) -> list[list[str]]:
    """Gather neighbouring rows that belong to one column."""
    blocks: list[list[str]] = []
    for each in places_under(numbers.document, place):
        same = blocks and numbers.at(f"{blocks[-1][0]}.column") == numbers.at(f"{each}.column")
        if same:
            blocks[-1].append(each)
        else:
            blocks.append([each])
    return blocks


def _patients_row(numbers: Numbers) -> Row | None:
    # a variable without missing values counts everybody, so its n is the number of patients
    cells: list[Cell | str] = []
    for name in _SUMMARIES:
        whole = [
            f"{place}.{name}.n"
            for place in places_under(numbers.document, "result.table_one")
            if numbers.at(f"{place}.{name}.missing") == 0
        ]
        if not whole:
            return None
        cells.append(numbers.cell(whole[0], "count"))
    return row(numbers.say("develop.table_one.patients"), *cells, "", "")


def _variable_rows(numbers: Numbers, block: Sequence[str]) -> list[Row]:
    say, first = numbers.say, block[0]
    label = with_unit(numbers, first)
    if numbers.at(f"{first}.kind") == "number":
        named = Cell(say("develop.table_one.number", label=label.text), label.id)
        return [_summary_row(numbers, named, place) for place in block]
    if len(block) == 1:
        text = say(
            "develop.table_one.single", label=label.text, level=str(numbers.at(f"{first}.level"))
        )
        return [_summary_row(numbers, Cell(text, f"{first}.level"), first)]
    rows = [heading_row(say("develop.table_one.levels", label=label.text), label.id)]
    for at, place in enumerate(block):
        level = numbers.words(f"{place}.level")
        rows.append(_summary_row(numbers, level, place, indent=1, rest=at > 0))
    return rows


def _summary_row(
    numbers: Numbers, name: Cell, place: str, *, indent: int = 0, rest: bool = False
) -> Row:
    # levels of one variable share its difference and its missing values: said once
    smd = numbers.cell(f"{place}.smd", "two", "shared.not_estimable")
    missing = numbers.cell(f"{place}.overall.missing", "count")
    summaries = (numbers.cell(f"{place}.{part}", "quantity") for part in _SUMMARIES)
    last: tuple[Cell | str, ...] = ("", "") if rest else (smd, missing)
    return row(name, *summaries, *last, indent=indent)


def regression_table(
    numbers: Numbers, first: str, second: str, *, id: str, keys: tuple[str, str, str]
) -> Table | None:
    """Tabulate two regressions beside each other, matched by term.

    Parameters
    ----------
    numbers : Numbers
        Of the result.
    first, second : str
        Places of two ``RegressionTable``; the second may be absent.
    id : str
        Of the table.
    keys : (str, str, str)
        Keys of the caption, and of the names of the two.

    Returns
    -------
    Table or None
        None where neither has a row.
    """
    say = numbers.say
    present = [model for model in (first, second) if numbers.at(f"{model}.rows")]
    if not present:
        return None
    rows = []
    for pair in _pairs(numbers, first, second):
        label = numbers.words(f"{pair[0] or pair[1]}.label")
        cells: list[Cell] = []
        for model, place in zip((first, second), pair, strict=True):
            if model in present:
                cells += _effect_cells(numbers, model, place)
        rows.append(row(label, *cells))
    names = {first: keys[1], second: keys[2]}
    labels, widths = [say("develop.regression.term")], [2.2]
    for model in present:
        more, wide = _effect_heads(numbers, model, say(names[model]))
        labels += more
        widths += wide
    caption = say(keys[0])
    notes = _regression_notes(numbers, present)
    return Table(id, caption, columns(labels, widths, "right"), tuple(rows), notes)


def _pairs(numbers: Numbers, first: str, second: str) -> list[Pair]:
    left, right = (
        {
            str(numbers.at(f"{place}.term")): place
            for place in places_under(numbers.document, f"{model}.rows")
        }
        for model in (first, second)
    )
    return [(left.get(term), right.get(term)) for term in {**left, **right}]


def _missing_information(numbers: Numbers, model: str) -> bool:
    return any(
        numbers.at(f"{place}.missing_information") is not None
        for place in places_under(numbers.document, f"{model}.rows")
    )


def _effect_heads(numbers: Numbers, model: str, name: str) -> tuple[list[str], list[float]]:
    say = numbers.say
    interval = numbers.interval_name(
        [f"{place}.effect" for place in places_under(numbers.document, f"{model}.rows")]
    )
    key = f"develop.measure.{str(numbers.at(f'{model}.measure')).replace(' ', '_')}"
    measure = say(key if key in say else "develop.measure.effect")
    effect = say("develop.regression.effect", name=name, measure=measure, interval=interval)
    labels, widths = [effect, say("develop.regression.p")], [1.8, 0.7]
    if _missing_information(numbers, model):
        labels.append(say("develop.regression.information"))
        widths.append(0.8)
    return labels, widths


def _effect_cells(numbers: Numbers, model: str, place: str | None) -> list[Cell]:
    more = _missing_information(numbers, model)
    if place is None:
        return [Cell("")] * (3 if more else 2)
    cells = [numbers.cell(f"{place}.effect", "ratio"), numbers.cell(f"{place}.p_value", "p")]
    if more:
        cells.append(numbers.cell(f"{place}.missing_information", "two", "develop.none"))
    return cells


def _regression_notes(numbers: Numbers, models: Sequence[str]) -> tuple[str, ...]:
    say, notes = numbers.say, []
    for model in models:
        tests = dict.fromkeys(
            str(numbers.at(f"{place}.test"))
            for place in places_under(numbers.document, f"{model}.rows")
        )
        key = f"develop.model.{str(numbers.at(f'{model}.name')).replace(' ', '_')}"
        notes.append(
            say(
                "develop.regression.note",
                name=sentence(say(key)) if key in say else str(numbers.at(f"{model}.name")),
                method=str(numbers.at(f"{model}.method")),
                n=numbers.text(f"{model}.n", "count"),
                events=numbers.text(f"{model}.events", "count"),
                tests=", ".join(tests),
            )
        )
    return (*notes, *method_notes(say, [numbers.at(f"{model}.rows") for model in models]))


def cutoff_table(numbers: Numbers) -> Table | None:
    """Tabulate the cut-offs, how far each wanders, and p before and after the search.

    Parameters
    ----------
    numbers : Numbers
        Of the result; ``result.cutoffs`` is read.

    Returns
    -------
    Table or None
        None where nothing is cut.
    """
    say, places = numbers.say, places_under(numbers.document, "result.cutoffs")
    if not places:
        return None
    level = next(
        (level for place in places if (level := numbers.at(f"{place}.wander.level")) is not None),
        None,
    )
    names = ("marker", "cut", "how", "given", "wander", "p_naive", "p_adjusted")
    labels = [say(f"develop.cutoffs.{name}") for name in names]
    if level is not None:
        labels[4] = say("develop.cutoffs.wander_range", level=number_text(say, level, "level"))
    rows = tuple(_cutoff_row(numbers, place) for place in places)
    head = columns(labels, (1.9, 0.9, 1.6, 0.9, 1.7, 0.8, 0.9), "right", (2,))
    notes = (
        say("develop.cutoffs.note"),
        *method_notes(say, [numbers.at(place) for place in places]),
    )
    return Table("table-cutoffs", say("develop.cutoffs.caption"), head, rows, notes)


def _cutoff_row(numbers: Numbers, place: str) -> Row:
    say = numbers.say
    rule = str(numbers.at(f"{place}.rule"))
    method = str(numbers.at(f"{place}.method"))
    key = f"develop.cut_method.{method}"
    wander = Cell(say("develop.none"))
    if numbers.at(f"{place}.wander") is not None:
        wander = numbers.cell(f"{place}.wander", "significant")
    return row(
        with_unit(numbers, place),
        Cell(f"{RULES.get(rule, rule)} {numbers.cut_text(place)}", f"{place}.cut", strong=True),
        Cell(say(key), f"{place}.method") if key in say else numbers.words(f"{place}.method"),
        numbers.cell(f"{place}.points_given", "count"),
        wander,
        numbers.cell(f"{place}.p_naive", "p", "develop.none"),
        numbers.cell(f"{place}.p_adjusted", "p", "develop.none"),
    )


def rounding_table(numbers: Numbers) -> Table | None:
    """Tabulate what rounding to whole points costs.

    Parameters
    ----------
    numbers : Numbers
        Of the result; ``result.rounding`` is read.

    Returns
    -------
    Table or None
        None for an index, which has nothing to round.
    """
    return _measures(numbers, "result.rounding", "rounding", ("exact", "points"))


def monte_carlo_table(numbers: Numbers) -> Table | None:
    """Tabulate how far other random numbers in the imputation would move each measure.

    Parameters
    ----------
    numbers : Numbers
        Of the result; ``result.imputation.monte_carlo`` is read.

    Returns
    -------
    Table or None
        None where nothing was imputed.
    """
    return _measures(numbers, "result.imputation.monte_carlo", "monte_carlo", ("error",))


def _measures(numbers: Numbers, place: str, name: str, parts: tuple[str, ...]) -> Table | None:
    say = numbers.say

    def kind(at: str) -> str:
        # an error is smaller than what it is the error of
        return "significant" if parts == ("error",) else measure_format(str(numbers.at(at)))

    rows: tuple[Row, ...] = tuple(
        row(
            numbers.fixed(f"{each}.label"),
            *(numbers.cell(f"{each}.{part}", kind(f"{each}.name")) for part in parts),
        )
        for each in places_under(numbers.document, place)
    )
    if not rows:
        return None
    labels = [say(f"develop.{name}.{part}") for part in ("measure", *parts)]
    caption, id = say(f"develop.{name}.caption"), f"table-{name.replace('_', '-')}"
    return Table(id, caption, columns(labels, align="right"), rows)


def imputed_table(numbers: Numbers) -> Table | None:
    """Tabulate what was missing and how it was imputed.

    Parameters
    ----------
    numbers : Numbers
        Of the result; ``result.imputation.variables`` is read.

    Returns
    -------
    Table or None
        None where nothing was.
    """
    say = numbers.say
    rows: list[Any] = [
        row(
            numbers.words(f"{place}.label"),
            numbers.cell(f"{place}.missing", "count"),
            numbers.cell(f"{place}.percent", "percentage"),
            numbers.words(f"{place}.method"),
        )
        for place in places_under(numbers.document, "result.imputation.variables")
    ]
    if not rows:
        return None
    labels = [
        say(f"develop.imputed.{name}") for name in ("predictor", "missing", "percent", "method")
    ]
    head = columns(labels, (1.6, 0.7, 0.7, 2))
    caption = say("develop.imputed.caption")
    return Table("table-imputed", caption, head, tuple(rows), numbers.english_note())
