"""``cartwheel check``: what the columns of a spreadsheet are, and what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from cartwheel.clinic.checking import CheckReport, ColumnCheck
    from cartwheel.clinic.columns import ColumnDeclaration

LONGEST_NAME = 40


def check(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="The spreadsheet: one row a patient.")
    ],
    sheet: Annotated[
        str | None, typer.Option(help="Sheet of a workbook, by name or number.")
    ] = None,
    id_column: Annotated[
        str | None, typer.Option("--id", metavar="COLUMN", help="Column of patient ids.")
    ] = None,
    unit: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN=UNIT", help="Unit of a column, such as crp=mg/L."),
    ] = None,
    variable: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN=NAME", help="What a column is, such as x1=ferritin, or none."),
    ] = None,
    decimal: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN=MARK", help="Decimal mark of a column: '.' or ','."),
    ] = None,
    json: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write the findings as JSON ('-': stdout).")
    ] = None,
) -> None:
    """Read a spreadsheet, say what every column is, and list everything that is wrong."""
    # libraries of tables load here, so that --help answers at once
    from cartwheel.cli.common import (
        REFUSED,
        check_folder,
        refusals_as_exit_code,
        say_problems,
        write_json,
    )
    from cartwheel.errors import CohortRefused
    from cartwheel.workflows.check import check as check_cohort

    with refusals_as_exit_code():
        check_folder(json)
        report = check_cohort(
            file,
            declarations=_declarations(unit, variable, decimal),
            sheet=sheet,
            id_column=id_column,
        )
        if json is not None:
            write_json(json, {"kind": "check", "schema": "cartwheel-check/1", "result": report})
    if json != "-":
        typer.echo(listing(report))
    if report.problems:
        say_problems(CohortRefused(report.problems))
        raise typer.Exit(REFUSED)


def _declarations(
    unit: list[str] | None, variable: list[str] | None, decimal: list[str] | None
) -> tuple[ColumnDeclaration, ...]:
    from cartwheel.cli.common import pairs
    from cartwheel.clinic.columns import ColumnDeclaration

    units = pairs(unit, "--unit", str)
    names = pairs(variable, "--variable", str)
    marks = pairs(decimal, "--decimal", str)
    return tuple(
        ColumnDeclaration(
            column, variable=names.get(column), unit=units.get(column), decimal=marks.get(column)
        )
        for column in dict.fromkeys((*units, *names, *marks))
    )


def listing(report: CheckReport) -> str:
    """Write the columns of a report as an aligned listing.

    Parameters
    ----------
    report : CheckReport
        From ``cartwheel.check``.

    Returns
    -------
    str
        Heading, one line a column, notes; without a final newline.
    """
    head = ("column", "what it is", "unit", "when", "n", "missing", "range or values")
    rows = [head, *(_line(column) for column in report.columns)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(head))]
    lines = [
        f"{report.name}: {report.rows} patients, {len(report.columns)} columns",
        "",
        *("  ".join(_padded(row, widths)).rstrip() for row in rows),
    ]
    remarks = [
        f"{_short(column.column)}: {note}" for column in report.columns for note in column.notes
    ]
    if remarks or report.notes:
        lines += ["", "Notes", *(f"  {text}" for text in (*report.notes, *remarks))]
    count = len(report.problems)
    verdict = "No problems." if not count else f"{count} problem{'s' * (count > 1)}."
    return "\n".join([*lines, "", verdict])


def _padded(row: tuple[str, ...], widths: list[int]) -> list[str]:
    """Align: counts to the right, all else to the left."""
    return [
        cell.rjust(width) if place in (4, 5) else cell.ljust(width)
        for place, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]


def _line(column: ColumnCheck) -> tuple[str, ...]:
    what = column.label if column.variable else column.kind
    when = column.summary or ("" if column.day is None else f"day {column.day:g}")
    return (
        _short(column.column),
        what,
        column.unit,
        when,
        str(column.n),
        str(column.missing),
        _range(column),
    )


def _range(column: ColumnCheck) -> str:
    if column.minimum is not None and column.maximum is not None:
        limits = [
            f"{count} {sign}limit"
            for count, sign in ((column.below_limit, "<"), (column.above_limit, ">"))
            if count
        ]
        return ", ".join([f"{column.minimum:.6g} to {column.maximum:.6g}", *limits])
    return "" if column.kind == "empty" else f"{column.distinct} different"


def _short(name: str) -> str:
    """Fit a name on the line, line breaks and the like shown as spaces."""
    flat = " ".join(name.split())
    return flat if len(flat) <= LONGEST_NAME else flat[: LONGEST_NAME - 3] + "..."
