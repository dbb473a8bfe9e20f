"""``cartwheel appraise``: what published numbers imply, without the data behind them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cartwheel.cli.common import refusals_as_exit_code

if TYPE_CHECKING:
    from cartwheel.pooling.appraisal.model import ModelClaim

POOLED, MODEL = "A pooled result", "A prediction model"


def appraise(
    file: Annotated[
        Path | None, typer.Argument(help="Table of pooled results (row_type pooled_target).")
    ] = None,
    pooled: Annotated[
        list[str] | None,
        typer.Option(
            help="Pooled effect as printed: 'HR 2.15 (1.74-2.66)'.", rich_help_panel=POOLED
        ),
    ] = None,
    k: Annotated[str | None, typer.Option(help="Studies pooled.", rich_help_panel=POOLED)] = None,
    i2: Annotated[
        str | None, typer.Option(help="I2 in per cent, as printed.", rich_help_panel=POOLED)
    ] = None,
    p: Annotated[
        str | None, typer.Option(help="p as printed: 0.02 or '<0.001'.", rich_help_panel=POOLED)
    ] = None,
    level: Annotated[float, typer.Option(help="Of the interval.", rich_help_panel=POOLED)] = 0.95,
    rare: Annotated[
        bool | None,
        typer.Option(
            "--rare/--common", help="Outcome under 15 %, for the E-value.", rich_help_panel=POOLED
        ),
    ] = None,
    outcome: Annotated[
        str, typer.Option(help="Such as PFS; for the text.", rich_help_panel=POOLED)
    ] = "",
    n: Annotated[str | None, typer.Option(help="Patients.")] = None,
    events: Annotated[
        int | None, typer.Option(help="Patients with the event.", rich_help_panel=MODEL)
    ] = None,
    parameters: Annotated[
        int | None,
        typer.Option(
            help="Candidate parameters, those tried and dropped included.", rich_help_panel=MODEL
        ),
    ] = None,
    auc: Annotated[float | None, typer.Option(help="Apparent AUC.", rich_help_panel=MODEL)] = None,
    r2: Annotated[
        float | None, typer.Option(help="Apparent Cox-Snell R2.", rich_help_panel=MODEL)
    ] = None,
    d: Annotated[
        float | None,
        typer.Option(help="Royston and Sauerbrei's D: survival.", rich_help_panel=MODEL),
    ] = None,
    survival: Annotated[
        bool, typer.Option("--survival", help="The outcome is a time.", rich_help_panel=MODEL)
    ] = False,
    follow_up: Annotated[
        float | None, typer.Option(help="Mean follow-up: survival.", rich_help_panel=MODEL)
    ] = None,
    horizon: Annotated[
        float | None,
        typer.Option(help="Time at which risk is read: survival.", rich_help_panel=MODEL),
    ] = None,
    title: Annotated[str, typer.Option(help="Title of the result.")] = "",
    json: Annotated[str | None, typer.Option(help="Result file; - for stdout.")] = None,
) -> None:
    """Say what a published pooled result, or a published model, implies, and what it cannot."""
    with refusals_as_exit_code():
        from cartwheel.cli.appraise_text import appraisal_lines
        from cartwheel.cli.common import check_folder, write_json
        from cartwheel.pooling.appraisal.claim import Beside
        from cartwheel.workflows.appraise import appraise as run

        check_folder(json)
        _not_the_input(file, json)
        numbers = {"events": events, "parameters": parameters, "auc": auc, "r2": r2, "d": d}
        times = {"follow_up": follow_up, "horizon": horizon}
        asked = any(value is not None for value in (*numbers.values(), *times.values()))
        done = run(
            file,
            pooled=pooled or (),
            beside=Beside(k, None if asked else n, i2, p, level, outcome),
            rare=rare,
            model=_model(n, numbers, times, survival) if asked else None,
            title=title,
        )
        if json is not None:
            write_json(json, done)
        if json != "-":
            typer.echo("\n".join(appraisal_lines(done.result)))


def _not_the_input(file: Path | None, json: str | None) -> None:
    from cartwheel.errors import PlanRefused, refuse

    if (
        file is not None
        and json not in (None, "-")
        and Path(json or "").resolve() == file.resolve()
    ):
        raise refuse(
            PlanRefused,
            "output_taken",
            "this file is the table",
            where=str(json),
            mend="name another file",
        )


def _model(
    n: str | None,
    numbers: dict[str, float | int | None],
    times: dict[str, float | None],
    survival: bool,
) -> ModelClaim:
    """Put the model's numbers together; every one that is missing is named at once."""
    from cartwheel.errors import PlanRefused, Problem
    from cartwheel.pooling.appraisal.model import ModelClaim

    patients = int(n) if n is not None and n.strip().isdecimal() else None
    given = {"n": patients, "events": numbers["events"], "parameters": numbers["parameters"]}
    problems = [
        Problem(
            "counts",
            "this is needed to appraise a model, as a whole number",
            f"--{name}",
            f"add --{name} NUMBER",
        )
        for name, value in given.items()
        if value is None
    ]
    if problems:
        raise PlanRefused(problems)
    whole = {name: int(value) for name, value in given.items() if value is not None}
    return ModelClaim(
        **whole,
        auc=numbers["auc"],
        r2=numbers["r2"],
        d=numbers["d"],
        survival=survival,
        follow_up=times["follow_up"],
        horizon=times["horizon"],
    )
