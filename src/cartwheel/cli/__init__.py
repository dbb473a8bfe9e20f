"""The command line: one thin file a command, and nothing heavy loaded before a command needs it."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from cartwheel import __version__
from cartwheel.cli.check import check
from cartwheel.cli.common import OUR_FAULT
from cartwheel.cli.demo import demo
from cartwheel.cli.develop import develop
from cartwheel.cli.plan import plan
from cartwheel.cli.score import score
from cartwheel.cli.scores import scores

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
app.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})(score)
app.add_typer(scores, name="scores")
app.command()(demo)


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


def main() -> None:
    """Run the command line; an error of ours is named, without a traceback, as exit code 1."""
    try:
        app()
    except Exception as error:
        if os.environ.get("CARTWHEEL_TRACEBACK"):
            raise
        # the message could hold data, so only the kind and the place are said
        place = _innermost(error)
        print(
            f"cartwheel: our fault ({type(error).__name__} at {place}). Nothing was written. "
            "Please "
            "report it; CARTWHEEL_TRACEBACK=1 shows the traceback.",
            file=sys.stderr,
        )
        sys.exit(OUR_FAULT)


def _innermost(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "an unknown place"
    name = os.path.basename(trace.tb_frame.f_code.co_filename)
    return f"{name}:{trace.tb_lineno}"
