"""Builders of tables: headers, rows and notes, the same way in every paper."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from cartwheel.figures.numbers import measure_format, sentence
from cartwheel.report.document.blocks import Cell, Column, Row, Table
from cartwheel.report.paper.numbers import (
    Numbers,
    count_cell as count_cell,
    estimate_cell as estimate_cell,
    estimate_text as estimate_text,
    p_cell as p_cell,
)
from cartwheel.report.places import places_under
from cartwheel.report.story import estimate_methods
from cartwheel.report.words import Say


def columns(
    labels: Sequence[str],
    widths: Sequence[float] = (),
    align: str = "left",
    words: Sequence[int] = (),
) -> tuple[Column, ...]:
    """Head a table: the first column is words and stands left.

    Parameters
    ----------
    labels : sequence of str
        From left to right.
    widths : sequence of float
        Relative; by default the first is twice as wide as the others.
    align : str
        Of the other columns.
    words : sequence of int
        Positions of further columns of words, which stand left.

    Returns
    -------
    tuple of Column
    """
    given = tuple(widths) or (2.0, *([1.0] * (len(labels) - 1)))
    return tuple(
        Column(label, "left" if place == 0 or place in words else align, width)
        for place, (label, width) in enumerate(zip(labels, given, strict=True))
    )


def row(*cells: Cell | str, indent: int = 0) -> Row:
    """Make a row; a bare string is a cell of words.

    Parameters
    ----------
    *cells : Cell or str
        From left to right.
    indent : int
        Levels by which the first is moved in.

    Returns
    -------
    Row
    """
    return Row(tuple(Cell(cell) if isinstance(cell, str) else cell for cell in cells), indent)


def heading_row(text: str, id: str = "") -> Row:
    """Make a heading inside a table, over all of its columns.

    Parameters
    ----------
    text : str
        Its words.
    id : str
        Their place in the result; empty for words of the catalogue.

    Returns
    -------
    Row
    """
    return Row((Cell(text, id, strong=True),), heading=True)


def method_notes(say: Say, things: Iterable[Any]) -> tuple[str, ...]:
    """List, for the notes under a table, how its estimates were computed, each once.

    Parameters
    ----------
    say : Say
        Words of the language.
    things : iterable
        Parts of the result that hold estimates, to any depth.

    Returns
    -------
    tuple of str
        At most one note; the methods stand in it as the result has them, in English.
    """
    found = [sentence(method).rstrip(".") for method in estimate_methods(list(things))]
    return (say("shared.computed_by", methods=". ".join(found)),) if found else ()


def flow_table(numbers: Numbers, place: str = "result.flow") -> Table | None:
    """Tabulate the patient flow.

    Parameters
    ----------
    numbers : Numbers
        Of the result.
    place : str
        Of the tuple of ``FlowStep``.

    Returns
    -------
    Table or None
        None where the result has no flow.
    """
    say, steps = numbers.say, places_under(numbers.document, place)
    if not steps:
        return None
    rows = tuple(
        row(
            numbers.fixed(f"{step}.label"),
            *(
                numbers.cell(f"{step}.{name}", "count")
                for name in ("patients", "events", "excluded", "excluded_events")
            ),
        )
        for step in steps
    )
    labels = [say(f"shared.flow.{name}") for name in ("step", "patients", "events", "out", "lost")]
    return Table("table-flow", say("shared.flow.caption"), columns(labels, align="right"), rows, ())


def performance_table(
    numbers: Numbers, models: Sequence[str], *, id: str = "table-performance", caption: str
) -> Table | None:
    """Tabulate performance, apparent beside corrected, one block a model.

    Parameters
    ----------
    numbers : Numbers
        Of the result.
    models : sequence of str
        Places of ``Performance``, such as ``result.performance``.
    id, caption : str
        Of the table.

    Returns
    -------
    Table or None
        None where no model has a measure.
    """
    say, rows, measured = numbers.say, list[Row](), list[str]()
    for model in models:
        places = places_under(numbers.document, f"{model}.measures")
        if places:
            rows.append(heading_row(numbers.fixed(f"{model}.model").text, f"{model}.model"))
        rows += [_measure_row(numbers, place) for place in places]
        measured += places
    if not measured:
        return None
    interval = numbers.interval_name([f"{place}.apparent" for place in measured])
    labels = [
        say("shared.performance.measure"),
        say("shared.performance.apparent", interval=interval),
        say("shared.performance.optimism"),
        say("shared.performance.corrected", interval=interval),
    ]
    notes = (
        say("shared.performance.note"),
        *method_notes(say, [numbers.at(place) for place in measured]),
    )
    return Table(id, caption, columns(labels, (1.6, 1.6, 0.9, 1.6)), tuple(rows), notes)


def _measure_row(numbers: Numbers, place: str) -> Row:
    kind = measure_format(str(numbers.at(f"{place}.name")))
    return row(
        numbers.fixed(f"{place}.label"),
        numbers.cell(f"{place}.apparent", kind),
        numbers.cell(f"{place}.optimism.value", kind),
        numbers.cell(f"{place}.corrected", kind),
        indent=1,
    )
