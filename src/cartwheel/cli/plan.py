"""``cartwheel plan``: a first plan from a cohort, to be edited."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cartwheel.cli.common import refusals_as_exit_code, write_text


def plan(
    cohort: Annotated[Path, typer.Argument(help="CSV, Excel, SPSS, Stata, SAS or Parquet file.")],
    method: Annotated[str | None, typer.Option(help="index or points.")] = None,
    event: Annotated[str | None, typer.Option(help="Column of the event.")] = None,
    time: Annotated[str | None, typer.Option(help="Column of the time: survival.")] = None,
    sheet: Annotated[str | None, typer.Option(help="Sheet of a workbook.")] = None,
    output: Annotated[str, typer.Option("--output", "-o", help="Plan file; - for stdout.")] = "-",
) -> None:
    """Write a first plan (TOML) for a cohort; edit it, then run develop with it."""
    from cartwheel.workflows.plan import suggest_plan

    with refusals_as_exit_code():
        write_text(output, suggest_plan(cohort, method=method, event=event, time=time, sheet=sheet))
