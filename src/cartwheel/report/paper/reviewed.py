"""What a reviewer will ask: the findings of the referee by their names, and what was asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from cartwheel.report.document.blocks import Block, Cell, Paragraph, Row, Table
from cartwheel.report.paper.closing import heading
from cartwheel.report.paper.numbers import Numbers
from cartwheel.report.paper.tables import columns, heading_row, row
from cartwheel.report.places import places_under


def referee(numbers: Numbers) -> list[Block]:
    """Show what the referee asks for: mending, what passed, and what PROBAST and QUIPS ask.

    Parameters
    ----------
    numbers : Numbers
        Of the result; ``referee`` is read.

    Returns
    -------
    list of Block
        Empty for a file without a referee.
    """
    if not numbers.at("referee"):
        return []
    tables = [_findings(numbers), _passed(numbers), *_domains(numbers)]
    return [
        heading(numbers.say, "referee"),
        Paragraph(numbers.quoted("referee.summary")),
        *(table for table in tables if table is not None),
    ]


def _findings(numbers: Numbers) -> Table | None:
    say = numbers.say
    places = places_under(numbers.document, "referee.findings")
    if not places:
        return None
    rows = tuple(
        row(
            severity_cell(numbers, f"{place}.severity"),
            *(numbers.words(f"{place}.{part}") for part in ("code", "mend", "source")),
        )
        for place in places
    )
    labels = [say(f"shared.referee.{name}") for name in ("severity", "finding", "mend", "source")]
    head = columns(labels, (0.8, 1.5, 2.4, 2))
    caption = say("shared.referee.named", limitations=say("shared.heading.limitations"))
    return Table("table-referee", caption, head, rows, numbers.english_note())


def severity_cell(numbers: Numbers, place: str) -> Cell:
    """Show how grave a finding is, in the words of the language.

    Parameters
    ----------
    numbers : Numbers
        Of the result.
    place : str
        Of the severity.

    Returns
    -------
    Cell
    """
    key = f"shared.severity.{numbers.at(place)}"
    return Cell(numbers.say(key), place) if key in numbers.say else numbers.words(place)


def _passed(numbers: Numbers) -> Table | None:
    say = numbers.say
    places = places_under(numbers.document, "referee.passed")
    if not places:
        return None
    rows = tuple(
        row(
            numbers.words(f"{place}.code"),
            Cell(say("shared.answered." + ("yes" if numbers.at(f"{place}.answered") else "no"))),
            numbers.words(f"{place}.text"),
        )
        for place in places
    )
    labels = [say(f"shared.referee.{name}") for name in ("question", "answered", "outcome")]
    caption = say("shared.referee.passed")
    return Table(
        "table-referee-passed", caption, columns(labels, (1, 0.8, 2)), rows, numbers.english_note()
    )


def _domains(numbers: Numbers) -> Iterator[Table]:
    say = numbers.say
    places = places_under(numbers.document, "referee.domains")
    names = {
        numbers.at(f"{finding}.evidence"): f"{finding}.code"
        for finding in places_under(numbers.document, "referee.findings")
    }
    for instrument in dict.fromkeys(str(numbers.at(f"{each}.instrument")) for each in places):
        rows: list[Row] = []
        above = ""
        for place in places:
            if numbers.at(f"{place}.instrument") != instrument:
                continue
            if numbers.at(f"{place}.domain") != above:
                above = str(numbers.at(f"{place}.domain"))
                rows.append(heading_row(above, f"{place}.domain"))
            # a finding is not said again: its name leads to it
            because = names.get(numbers.at(f"{place}.because") or None, f"{place}.because")
            rows.append(
                row(
                    numbers.words(f"{place}.question"),
                    _answer(numbers, f"{place}.answer"),
                    numbers.words(because),
                )
            )
        labels = [say(f"shared.domains.{name}") for name in ("question", "answer", "because")]
        yield Table(
            f"table-{instrument.lower().replace('+', '-')}",
            say("shared.domains.caption", instrument=instrument),
            columns(labels, (1.8, 0.8, 1.4)),
            tuple(rows),
            (*_named_reasons(numbers, rows), *numbers.english_note()),
        )


def _named_reasons(numbers: Numbers, rows: Iterable[Row]) -> tuple[str, ...]:
    """Say under a table where the findings are that it names as reasons."""
    named = any(row.cells[-1].id.startswith("referee.findings") for row in rows)
    limitations = numbers.say("shared.heading.limitations")
    return (numbers.say("shared.domains.named", limitations=limitations),) if named else ()


def _answer(numbers: Numbers, place: str) -> Cell:
    cell = numbers.words(place, numbers.say("shared.domains.person"))
    key = f"shared.domain_answer.{cell.text.replace(' ', '_')}"
    return replace(cell, text=numbers.say(key)) if key in numbers.say else cell
