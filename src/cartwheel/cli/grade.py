"""``cartwheel grade``: grade a chart, or a file of charts, by published rules."""

from __future__ import annotations

from typing import Annotated

import typer


def grade(
    file: Annotated[
        str | None,
        typer.Argument(metavar="FILE", help="Chart: one row a time, or one row a value."),
    ] = None,
    rules: Annotated[
        list[str] | None,
        typer.Option("--rule", metavar="ID", help="Rule, such as astct-crs. May be repeated."),
    ] = None,
    list_rules: Annotated[
        bool, typer.Option("--list", help="List the rules; with --rule, what they ask.")
    ] = False,
    values: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help='Such as --set "temperature=39.2 Cel".'),
    ] = None,
    patient: Annotated[
        str | None, typer.Option(metavar="F.json", help="JSON object: input name to value.")
    ] = None,
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="Time of the chart, kept with the grade.")
    ] = None,
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="COLUMN=NAME",
            help="What a column is: patient, day, time, infusion, variable, value, unit, "
            "death_day, an input, a rule (grades already given by it) or none.",
        ),
    ] = None,
    units: Annotated[
        list[str] | None,
        typer.Option("--unit", metavar="COLUMN=UNIT", help="Unit of a column, such as temp=Cel."),
    ] = None,
    sheet: Annotated[
        str | None, typer.Option(help="Sheet of a workbook, by name or number.")
    ] = None,
    runs: Annotated[
        bool,
        typer.Option("--runs", help="Ids repeat: a new patient begins where the day falls back."),
    ] = False,
    by_day: Annotated[
        bool,
        typer.Option(
            "--by-day", help="astct-crs: treatments are charted by day; carry them forward."
        ),
    ] = False,
    missing_days: Annotated[
        str,
        typer.Option(
            metavar="censor|ignore|refuse", help="What a missing day does to the time to a grade."
        ),
    ] = "censor",
    horizon: Annotated[
        int | None, typer.Option(metavar="DAY", help="Day of the cumulative incidence.")
    ] = None,
    begins: Annotated[int, typer.Option(metavar="DAY", help="First day of observation.")] = 0,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="F.csv", help="One row a patient: maximum, onset."),
    ] = None,
    rows: Annotated[
        str | None, typer.Option("--rows", metavar="F.csv", help="One row a grade.")
    ] = None,
    json: Annotated[
        str | None, typer.Option(metavar="F", help="Write the result as JSON; - for stdout.")
    ] = None,
) -> None:
    """Grade toxicity or response, with what decided; what is not charted stays open.

    One chart: --set or --patient. A file: its summary; patients go to --output and --rows only.
    """
    # all commands are loaded together; each loads its own work when it is called
    from cartwheel.cli.common import check_folder, refusals_as_exit_code
    from cartwheel.cli.grade_answer import ChartFile, answer_chart, answer_file, show_rules

    with refusals_as_exit_code():
        for target in (json, output, rows):
            check_folder(target)
        chosen = tuple(rules or ())
        if list_rules:
            show_rules(chosen, json=json)
        elif file is None:
            answer_chart(chosen, values or [], patient, at=at, json=json)
        else:
            asked = ChartFile(
                file, mapping or [], units or [], sheet, runs, by_day,
                missing_days, horizon, begins, output, rows,
            )  # fmt: skip
            answer_file(chosen, asked, alone=not values and patient is None, json=json)
