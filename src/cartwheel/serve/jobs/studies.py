"""Reading a table of studies, or a result, so that the page of Pool can draw its rows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cartwheel.serve.evidence.file_rows import FILE
from cartwheel.serve.evidence.kept_rows import kept_rows
from cartwheel.serve.jobs.asked import Asked
from cartwheel.serve.jobs.kinds import Output, Say
from cartwheel.serve.jobs.made import JSON


def run_studies(folder: Path, request: Mapping[str, Any], say: Say) -> tuple[Output, ...]:
    """Read the rows of a file that is pooled with the table on the page.

    Parameters
    ----------
    folder, say
        As of `cartwheel.serve.jobs.evidence.run_pool`.
    request : mapping
        ``file``, and ``sheet`` of a workbook.

    Returns
    -------
    tuple of Output
        ``studies.json``.

    Raises
    ------
    Refused
        As reading the file does.
    """
    asked = Asked(folder, request, ("file", "sheet"))
    say("reading", 0, 0)
    return (Output(FILE, JSON, kept_rows(asked.path(), asked.take("sheet", str))),)
