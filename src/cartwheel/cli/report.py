"""``cartwheel report``: from a result's JSON to a paper."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cartwheel.cli.common import refusals_as_exit_code

Many = list[str]


def report(
    result: Annotated[
        Path, typer.Argument(help="Result (JSON) of develop, validate, pool or appraise.")
    ],
    output: Annotated[
        Many | None,
        typer.Option("--output", "-o", help="Paper: .html, .pdf or .docx. Repeat it."),
    ] = None,
    language: Annotated[str, typer.Option(help="Of the words: en, de or zh.")] = "en",
    figures: Annotated[
        Path | None, typer.Option(help="Folder for every figure as SVG, PDF, PNG, and its CSV.")
    ] = None,
    references: Annotated[
        str | None, typer.Option(help="Works cited: .bib (BibTeX) or .json (CSL).")
    ] = None,
    checklist: Annotated[
        Many | None,
        typer.Option(
            help="Reporting checklist, such as tripod-ai, or none; by default those of the kind. "
            "Repeat it."
        ),
    ] = None,
    share: Annotated[
        bool, typer.Option("--share", help="Withhold groups too small to leave the centre.")
    ] = False,
) -> None:
    """Write the paper of a result: methods, results, tables, figures, checklists, references."""
    with refusals_as_exit_code():
        from cartwheel.cli.report_run import Wanted, run_report

        wanted = Wanted(
            papers=tuple(output or ()),
            language=language,
            figures=figures,
            references=references,
            checklists=None if checklist is None else tuple(checklist),
            share=share,
        )
        for line in run_report(result, wanted):
            typer.echo(line)
