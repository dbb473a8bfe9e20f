"""``cartwheel develop``: a cohort and a plan become a score with its honest performance."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cartwheel.cli.common import (
    pairs,
    refusals_as_exit_code,
)

Many = list[str]
OUTCOME, MODEL, COLUMNS, OUTPUT = "Outcome", "Score", "Columns", "Running and output"


def develop(
    cohort: Annotated[Path, typer.Argument(help="CSV, Excel, SPSS, Stata, SAS or Parquet file.")],
    plan: Annotated[Path | None, typer.Option(help="Plan (TOML); see cartwheel plan.")] = None,
    method: Annotated[str | None, typer.Option(help="index or points.")] = None,
    event: Annotated[str | None, typer.Option(help="Column of the event.")] = None,
    event_value: Annotated[
        str | None, typer.Option(help="Value that means 'event', where it is not coded 0/1.")
    ] = None,
    time: Annotated[str | None, typer.Option(help="Column of the time: survival.")] = None,
    time_unit: Annotated[str | None, typer.Option(help="days, weeks, months or years.")] = None,
    horizon: Annotated[float | None, typer.Option(help="Time at which risk is read.")] = None,
    onset: Annotated[str | None, typer.Option(help="Column of the day the event began.")] = None,
    landmark: Annotated[
        float | None, typer.Option(help="Day patients had to be event-free.")
    ] = None,
    predictors: Annotated[
        Many | None, typer.Option(help="Columns: A,B,C (quote a name with a comma: '\"a, b\",c').")
    ] = None,
    direction: Annotated[
        Many | None, typer.Option(help="Adverse end: COLUMN=high or low; bare, for all.")
    ] = None,
    cutoff: Annotated[
        Many | None,
        typer.Option(help="COLUMN=VALUE, or youden, closest_corner, max_log_rank; bare, for all."),
    ] = None,
    transform: Annotated[
        Many | None, typer.Option(help="COLUMN=log2, sqrt, rcs3, rcs4 or rcs5.")
    ] = None,
    ratio: Annotated[
        Many | None, typer.Option(help="NAME=NUMERATOR/DENOMINATOR, such as nlr=anc/alc.")
    ] = None,
    zero: Annotated[
        str | None, typer.Option(help="Ratio with a denominator of 0: refuse, missing, or a floor.")
    ] = None,
    unit: Annotated[Many | None, typer.Option(help="COLUMN=UNIT, where the name lacks it.")] = None,
    day: Annotated[Many | None, typer.Option(help="COLUMN=DAY of measurement.")] = None,
    variable: Annotated[
        Many | None, typer.Option(help="COLUMN=VARIABLE of the dictionary.")
    ] = None,
    adjust: Annotated[Many | None, typer.Option(help="Columns the score is adjusted for.")] = None,
    associations: Annotated[
        Many | None, typer.Option(help="Further columns to hold it against.")
    ] = None,
    id_column: Annotated[str | None, typer.Option("--id", help="Column of the patient id.")] = None,
    sheet: Annotated[str | None, typer.Option(help="Sheet of a workbook.")] = None,
    select: Annotated[
        str | None, typer.Option(help="Points: none, univariable or backward.")
    ] = None,
    alpha: Annotated[float | None, typer.Option(help="Threshold of the selection.")] = None,
    penalty: Annotated[str | None, typer.Option(help="auto, none or firth.")] = None,
    missing: Annotated[str | None, typer.Option(help="complete or impute.")] = None,
    imputations: Annotated[int | None, typer.Option(help="Completed copies (20).")] = None,
    bootstrap: Annotated[int | None, typer.Option(help="Resamples (1000).")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the random streams.")] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads; same result.")] = None,
    title: Annotated[str | None, typer.Option(help="Title of the score.")] = None,
    simulated: Annotated[bool, typer.Option("--simulated", help="The data are simulated.")] = False,
    json: Annotated[str | None, typer.Option(help="Result file; - for stdout.")] = None,
    report: Annotated[str | None, typer.Option(help="HTML report.")] = None,
    score: Annotated[str | None, typer.Option(help="Score file (TOML).")] = None,
    r_script: Annotated[str | None, typer.Option(help="The same analysis in R.")] = None,
    save_plan: Annotated[str | None, typer.Option(help="Write the plan that was followed.")] = None,
) -> None:
    """Develop a score and tell what of it survives its own repetition."""
    from cartwheel.cli.develop_run import run_development
    from cartwheel.development.planning.flags import Flags, names

    with refusals_as_exit_code():
        flags = Flags(
            method=method,
            event=event,
            event_value=event_value,
            time=time,
            time_unit=time_unit,
            horizon=horizon,
            onset=onset,
            landmark=landmark,
            predictors=names(predictors),
            ratios=pairs(ratio, "--ratio", str),
            zero=zero,
            directions=tuple(direction or ()),
            cutoffs=tuple(cutoff or ()),
            transforms=pairs(transform, "--transform", str),
            units=pairs(unit, "--unit", str),
            days=pairs(day, "--day", float),
            variables=pairs(variable, "--variable", str),
            adjust=names(adjust),
            associations=names(associations),
            id=id_column,
            sheet=sheet,
            select=select,
            alpha=alpha,
            penalty=penalty,
            missing=missing,
            imputations=imputations,
            bootstrap=bootstrap,
            seed=seed,
            title=title,
            simulated=simulated,
        )
        run_development(
            cohort,
            plan,
            flags,
            threads,
            {
                "json": json,
                "report": report,
                "score": score,
                "r_script": r_script,
                "save_plan": save_plan,
            },
        )
