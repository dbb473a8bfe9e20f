"""Every command joined into one application."""

from __future__ import annotations

from typing import Annotated

import typer

from cartwheel import __version__
from cartwheel.cli.appraise import appraise
from cartwheel.cli.check import check
from cartwheel.cli.demo import demo
from cartwheel.cli.develop import develop
from cartwheel.cli.figures import figures
from cartwheel.cli.grade import grade
from cartwheel.cli.landmark import landmark
from cartwheel.cli.monitor import monitor
from cartwheel.cli.plan import plan
from cartwheel.cli.pool import pool
from cartwheel.cli.referee import referee
from cartwheel.cli.report import report
from cartwheel.cli.rerun import rerun
from cartwheel.cli.score import score
from cartwheel.cli.scores import scores
from cartwheel.cli.serve import serve
from cartwheel.cli.trace import trace
from cartwheel.cli.validate import validate

app = typer.Typer(
    name="cartwheel",
    help="CAR-T prognostic scores, full circle: develop, validate, pool, deploy, monitor.",
    epilog="Research and education; not a medical device. Exit codes: 0 done, 2 refused, 1 our "
    "fault.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command()(check)
app.command()(plan)
app.command()(develop)
app.command()(validate)
app.command()(landmark)
app.command()(pool)
app.command()(appraise)
app.command()(report)
app.command()(figures)
app.command()(referee)
app.command()(trace)
app.command()(rerun)
app.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})(score)
app.add_typer(scores, name="scores")
app.command()(grade)
app.command()(demo)
app.add_typer(serve, name="serve")
app.add_typer(monitor, name="monitor")


def _version(wanted: bool) -> None:
    if wanted:
        print(f"cartwheel {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    del version
