"""``cartwheel referee``: what a statistical reviewer will ask of a result or a plan."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cartwheel.cli.common import REFUSED, refusals_as_exit_code


def referee(
    file: Annotated[
        Path,
        typer.Argument(
            help="Result of develop, validate, pool or appraise; shared file; or plan (TOML)."
        ),
    ],
    json: Annotated[str | None, typer.Option(help="Report as a file; - for stdout.")] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit code 2 with a critical or major finding.")
    ] = False,
) -> None:
    """Say what a statistical reviewer will ask of a result, or of a plan before any data."""
    with refusals_as_exit_code():
        from cartwheel.cli.appraise import not_the_input
        from cartwheel.cli.common import check_folder, write_json
        from cartwheel.cli.referee_text import GRAVE, report_lines
        from cartwheel.workflows.referee import referee_file

        check_folder(json)
        not_the_input(file, json)
        done = referee_file(file)
        if json is not None:
            write_json(json, done)
        if json != "-":
            typer.echo("\n".join(report_lines(done.result)))
        if strict and any(one.severity in GRAVE for one in done.result.findings):
            raise SystemExit(REFUSED)
