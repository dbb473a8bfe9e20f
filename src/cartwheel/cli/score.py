"""``cartwheel score``: one patient or a sheet of them, with one score file."""

from __future__ import annotations

from typing import Annotated

import typer


def score(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="Id of a score, or its file (TOML).")],
    values: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help='Such as --set "ldh=280 U/L".'),
    ] = None,
    patient: Annotated[
        str | None, typer.Option(metavar="F.json", help="JSON object: input name to value.")
    ] = None,
    cohort: Annotated[
        str | None, typer.Option(metavar="F.csv", help="Score every row of a sheet.")
    ] = None,
    units: Annotated[
        list[str] | None,
        typer.Option("--unit", metavar="COLUMN=UNIT", help="Unit of a column (with --cohort)."),
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--column", metavar="INPUT=COLUMN", help="Column of an input (with --cohort)."
        ),
    ] = None,
    days: Annotated[
        list[str] | None,
        typer.Option("--day", metavar="INPUT=DAY", help="Day it was measured; infusion is day 0."),
    ] = None,
    disease: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Compared with the score's population.")
    ] = None,
    product: Annotated[
        str | None, typer.Option(metavar="TEXT", help="CAR-T product, compared likewise.")
    ] = None,
    age: Annotated[
        str | None,
        typer.Option(metavar="AGE", help='Such as "63 years": an input, or compared likewise.'),
    ] = None,
    output: Annotated[
        str,
        typer.Option("--output", "-o", metavar="F.csv", help="Where --cohort writes the sheet."),
    ] = "-",
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="Time of the assessment, kept with it.")
    ] = None,
    json: Annotated[
        str | None, typer.Option(metavar="F", help="Write the result as JSON; - for stdout.")
    ] = None,
) -> None:
    """Score a patient: value, band and risk with every part, or why there is none.

    Inputs can also be written as options of their own, after FILE: --ldh "280 U/L".
    """
    # all commands are loaded together; each loads its own work when it is called
    from cartwheel.cli.score_call import ScoreCall, answer_call

    answer_call(
        ScoreCall(
            file=file,
            values=tuple(values or ()),
            options=tuple(context.args),
            patient=patient,
            cohort=cohort,
            units=tuple(units or ()),
            columns=tuple(columns or ()),
            days=tuple(days or ()),
            disease=disease,
            product=product,
            age=age,
            output=output,
            at=at,
            json=json,
        )
    )
