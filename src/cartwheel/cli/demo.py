"""``cartwheel demo``: a development, its validation and their papers, on simulated cohorts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cartwheel.cli.common import refusals_as_exit_code


def demo(
    folder: Annotated[
        Path, typer.Option("--folder", help="Where reports, results and scores are written.")
    ] = Path("cartwheel-demo"),
    threads: Annotated[int | None, typer.Option(min=1, help="Threads; same result.")] = None,
) -> None:
    """Develop an index on a simulated cohort, validate it at a second centre, write both papers."""
    from cartwheel.cli.common import make_folder
    from cartwheel.cli.demo_run import develop_first, validate_second, write_papers
    from cartwheel.cli.develop_run import require_report

    with refusals_as_exit_code():
        require_report()
        make_folder(folder)
        develop_first(folder, threads)
        validate_second(folder, threads)
        write_papers(folder)
