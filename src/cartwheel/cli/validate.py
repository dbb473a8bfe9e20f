"""``cartwheel validate``: whether a score works here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cartwheel.cli.common import pairs, refusals_as_exit_code

Many = list[str]


def validate(
    cohort: Annotated[Path, typer.Argument(help="CSV, Excel, SPSS, Stata, SAS or Parquet file.")],
    score: Annotated[
        Many | None,
        typer.Option(help="Score file, or id of a carried score; NAME=... names it. Repeat it."),
    ] = None,
    plan: Annotated[Path | None, typer.Option(help="Plan (TOML); see --save-plan.")] = None,
    event: Annotated[str | None, typer.Option(help="Column of the event.")] = None,
    event_value: Annotated[
        str | None, typer.Option(help="Value that means 'event', where it is not coded 0/1.")
    ] = None,
    competing_value: Annotated[
        Many | None, typer.Option(help="Value of another event that makes this one impossible.")
    ] = None,
    time: Annotated[str | None, typer.Option(help="Column of the time: survival.")] = None,
    time_unit: Annotated[str | None, typer.Option(help="days, weeks, months or years.")] = None,
    horizon: Annotated[
        float | None, typer.Option(help="Time at which risk is read; the score's by default.")
    ] = None,
    onset: Annotated[str | None, typer.Option(help="Column of the day the event began.")] = None,
    landmark: Annotated[
        float | None, typer.Option(help="Day patients had to be event-free.")
    ] = None,
    choice: Annotated[
        Many | None, typer.Option(help="PARAMETER=OPTION of a score, or SCORE.PARAMETER=OPTION.")
    ] = None,
    column: Annotated[
        Many | None, typer.Option(help="INPUT=COLUMN of a score, or SCORE.INPUT=COLUMN.")
    ] = None,
    unit: Annotated[Many | None, typer.Option(help="COLUMN=UNIT, where the name lacks it.")] = None,
    day: Annotated[Many | None, typer.Option(help="COLUMN=DAY of measurement.")] = None,
    direction: Annotated[
        Many | None, typer.Option(help="Adverse end: SCORE=high or low; bare, for all.")
    ] = None,
    subgroup: Annotated[
        Many | None, typer.Option(help="Column, with edges for numbers: sex, or age:40,65.")
    ] = None,
    centre: Annotated[str | None, typer.Option(help="Column of the centre.")] = None,
    thresholds: Annotated[
        str | None, typer.Option(help="Range of the decision curve, such as 0.05-0.50.")
    ] = None,
    missing: Annotated[str | None, typer.Option(help="complete or impute.")] = None,
    imputations: Annotated[int | None, typer.Option(help="Completed copies (20).")] = None,
    auxiliary: Annotated[
        Many | None, typer.Option(help="Further columns that help to impute.")
    ] = None,
    update: Annotated[bool, typer.Option("--update", help="Climb the updating ladder.")] = False,
    extend: Annotated[
        Many | None, typer.Option(help="Columns added on its last rung: A,B.")
    ] = None,
    bootstrap: Annotated[int | None, typer.Option(help="Resamples (1000).")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the random streams.")] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads; same result.")] = None,
    level: Annotated[float | None, typer.Option(help="Coverage of the intervals (0.95).")] = None,
    min_patients: Annotated[
        int | None, typer.Option(help="Smaller subgroups and centres are withheld (20).")
    ] = None,
    min_cell: Annotated[
        int | None, typer.Option(help="Smallest count in a shared file (5).")
    ] = None,
    id_column: Annotated[str | None, typer.Option("--id", help="Column of the patient id.")] = None,
    sheet: Annotated[str | None, typer.Option(help="Sheet of a workbook.")] = None,
    title: Annotated[str | None, typer.Option(help="Title of the validation.")] = None,
    label: Annotated[str | None, typer.Option(help="Name of the centre in a shared file.")] = None,
    outcome_label: Annotated[
        str | None, typer.Option(help="Name of the outcome, the same at every centre.")
    ] = None,
    simulated: Annotated[bool, typer.Option("--simulated", help="The data are simulated.")] = False,
    json: Annotated[str | None, typer.Option(help="Result file; - for stdout.")] = None,
    report: Annotated[str | None, typer.Option(help="HTML report.")] = None,
    share: Annotated[
        str | None, typer.Option(help="File that may leave the centre: aggregates only.")
    ] = None,
    updated_score: Annotated[
        str | None, typer.Option(help="Score file of the chosen update (one score).")
    ] = None,
    r_script: Annotated[str | None, typer.Option(help="The same analysis in R.")] = None,
    save_plan: Annotated[str | None, typer.Option(help="Write the plan that was followed.")] = None,
) -> None:
    """Validate scores on your own patients, and say whether they work here."""
    from cartwheel.cli.validate_run import run_validation
    from cartwheel.development.planning.flags import names
    from cartwheel.validation.flags import Flags

    with refusals_as_exit_code():
        flags = Flags(
            scores=tuple(score or ()),
            choices=tuple(choice or ()),
            event=event,
            event_value=event_value,
            competing_values=tuple(competing_value or ()),
            time=time,
            time_unit=time_unit,
            horizon=horizon,
            onset=onset,
            landmark=landmark,
            units=pairs(unit, "--unit", str),
            days=pairs(day, "--day", float),
            columns=tuple(column or ()),
            directions=tuple(direction or ()),
            subgroups=tuple(subgroup or ()),
            centre=centre,
            thresholds=thresholds,
            missing=missing,
            imputations=imputations,
            auxiliary=names(auxiliary),
            bootstrap=bootstrap,
            seed=seed,
            level=level,
            ladder=update,
            extend=names(extend),
            min_cell=min_cell,
            min_patients=min_patients,
            id_column=id_column,
            sheet=sheet,
            title=title,
            label=label,
            outcome_label=outcome_label,
            simulated=simulated,
        )
        run_validation(
            cohort,
            plan,
            flags,
            threads,
            {
                "json": json,
                "report": report,
                "share": share,
                "updated_score": updated_score,
                "r_script": r_script,
                "save_plan": save_plan,
            },
        )
