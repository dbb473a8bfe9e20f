"""``cartwheel score``: one patient or a sheet of them, with one score file."""

from __future__ import annotations

from typing import Annotated

import typer


def score(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="Score file (TOML).")],
    values: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help='Such as --set "ldh=280 U/L".'),
    ] = None,
    patient: Annotated[
        str | None, typer.Option(metavar="F.json", help="JSON object: input name to value.")
    ] = None,
    cohort: Annotated[
        str | None, typer.Option(metavar="F.csv", help="Score every row of a CSV file.")
    ] = None,
    units: Annotated[
        list[str] | None,
        typer.Option("--unit", metavar="COLUMN=UNIT", help="Unit of a column (with --cohort)."),
    ] = None,
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="F.csv", help="Where --cohort writes.")
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
    from cartwheel.cli.common import check_folder, refusals_as_exit_code
    from cartwheel.cli.score_answer import answer_cohort, answer_patient, given_inputs, refuse_both

    with refusals_as_exit_code():
        check_folder(json)
        inputs = given_inputs(values or [], context.args, alone=cohort is None and patient is None)
        if cohort is not None:
            refuse_both(bool(inputs) or patient is not None)
            answer_cohort(file, cohort, units, output=output, json=json)
        else:
            answer_patient(file, inputs, patient, at=at, json=json)
