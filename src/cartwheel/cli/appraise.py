"""``cartwheel appraise``: what published numbers imply, without the data behind them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cartwheel.cli.common import refusals_as_exit_code

if TYPE_CHECKING:
    from cartwheel.pooling.appraisal.model import ModelClaim
    from cartwheel.pooling.appraisal.words import PaperWords, ValidationAsked

POOLED, MODEL = "A pooled result", "A prediction model"
WORDS = "What its paper says of how it was made"
AHEAD = "An external validation of it"
DAYS = "infusion is day 0"


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
    cutoffs_searched: Annotated[
        int | None,
        typer.Option(help="Cut-offs searched on these patients.", rich_help_panel=WORDS),
    ] = None,
    screened: Annotated[
        str,
        typer.Option(
            help="How predictors were chosen: univariable, backward, stepwise, none.",
            rich_help_panel=WORDS,
        ),
    ] = "",
    dichotomised: Annotated[
        int | None,
        typer.Option(help="Continuous predictors cut in two.", rich_help_panel=WORDS),
    ] = None,
    selected_from: Annotated[
        int | None,
        typer.Option(help="Patients there were, of whom --n are told.", rich_help_panel=WORDS),
    ] = None,
    split: Annotated[
        str,
        typer.Option(
            help="What was called validation: random, temporal, external.", rich_help_panel=WORDS
        ),
    ] = "",
    no_calibration: Annotated[
        bool,
        typer.Option("--no-calibration", help="None was shown.", rich_help_panel=WORDS),
    ] = False,
    missing: Annotated[
        str, typer.Option(help="complete (cases only) or imputed.", rich_help_panel=WORDS)
    ] = "",
    predictor_day: Annotated[
        float | None,
        typer.Option(help=f"Latest day of a predictor; {DAYS}.", rich_help_panel=WORDS),
    ] = None,
    event_day: Annotated[
        float | None,
        typer.Option(help=f"First day on which events occur; {DAYS}.", rich_help_panel=WORDS),
    ] = None,
    competing_risks: Annotated[
        str, typer.Option(help="ignored or respected.", rich_help_panel=WORDS)
    ] = "",
    censoring: Annotated[
        str, typer.Option(help="ignored or respected.", rich_help_panel=WORDS)
    ] = "",
    auc_interval: Annotated[str, typer.Option(help="none or given.", rich_help_panel=WORDS)] = "",
    nri: Annotated[
        bool,
        typer.Option("--nri", help="Net reclassification was reported.", rich_help_panel=WORDS),
    ] = False,
    validation_n: Annotated[
        int | None, typer.Option(help="Its patients.", rich_help_panel=AHEAD)
    ] = None,
    validation_events: Annotated[
        int | None,
        typer.Option(help="Its events; by default the paper's share.", rich_help_panel=AHEAD),
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(help="Risk from which one would act: net benefit.", rich_help_panel=AHEAD),
    ] = None,
    title: Annotated[str, typer.Option(help="Title of the result.")] = "",
    json: Annotated[str | None, typer.Option(help="Result file; - for stdout.")] = None,
) -> None:
    """Say what a published pooled result, or a published model, implies, and what it cannot."""
    with refusals_as_exit_code():
        from cartwheel.canonical import plain
        from cartwheel.cli.appraise_text import appraisal_lines
        from cartwheel.cli.common import check_folder, write_json
        from cartwheel.pooling.appraisal.claim import Beside
        from cartwheel.pooling.appraisal.words import PaperWords, ValidationAsked
        from cartwheel.referee.report import referee
        from cartwheel.workflows.appraise import appraise as run

        check_folder(json)
        not_the_input(file, json)
        numbers = {"events": events, "parameters": parameters, "auc": auc, "r2": r2, "d": d}
        times = {"follow_up": follow_up, "horizon": horizon}
        words = PaperWords(
            n=_patients(n),
            events=events,
            parameters=parameters,
            auc=auc,
            outcome="survival" if survival or d is not None else "binary" if auc else "",
            cutoffs_searched=cutoffs_searched,
            screened=screened,
            dichotomised=dichotomised,
            selected_from=selected_from,
            split=split,
            no_calibration=True if no_calibration else None,
            missing=missing,
            predictor_day=predictor_day,
            event_day=event_day,
            competing_risks=competing_risks,
            censoring=censoring,
            auc_interval=auc_interval,
            nri=True if nri else None,
        )
        ahead = ValidationAsked(validation_n, validation_events, threshold)
        asked = ahead != ValidationAsked() or _asked(numbers, times, words)
        done = run(
            file,
            pooled=pooled or (),
            beside=Beside(k, None if asked or words.said else n, i2, p, level, outcome),
            rare=rare,
            model=_model(n, numbers, times, survival, ahead) if asked else None,
            words=words if words.said else None,
            title=title,
        )
        if json is not None:
            write_json(json, done)
        if json != "-":
            typer.echo("\n".join(appraisal_lines(done.result, referee(plain(done)))))


def _patients(n: str | None) -> int | None:
    return int(n) if n is not None and n.strip().isdecimal() else None


def _asked(
    numbers: dict[str, float | int | None], times: dict[str, float | None], words: PaperWords
) -> bool:
    """Whether a model is to be appraised; beside words only where its numbers are complete."""
    given = [value for value in (*numbers.values(), *times.values()) if value is not None]
    if not words.said:
        return bool(given)
    performance = any(numbers[name] is not None for name in ("auc", "r2", "d"))
    return performance and None not in (words.n, numbers["events"], numbers["parameters"])


def not_the_input(file: Path | None, json: str | None) -> None:
    """Refuse to write the result over the file that was read."""
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
    ahead: ValidationAsked,
) -> ModelClaim:
    """Put the model's numbers together; every one that is missing is named at once."""
    from cartwheel.errors import PlanRefused, Problem
    from cartwheel.pooling.appraisal.model import ModelClaim

    given = {"n": _patients(n), "events": numbers["events"], "parameters": numbers["parameters"]}
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
        validation=None if ahead == type(ahead)() else ahead,
    )
