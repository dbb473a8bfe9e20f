"""What a sheet of patients is, as ``cartwheel check`` tells it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cartwheel.clinic.columns import ColumnDeclaration
from cartwheel.serve.jobs.asked import Asked
from cartwheel.serve.jobs.kinds import Output, Say
from cartwheel.serve.jobs.made import TOML, json_output, text_output
from cartwheel.workflows.check import check
from cartwheel.workflows.plan import suggest_plan

_MOST_PLANNED = 1000


def run_check(folder: Path, request: Mapping[str, Any], say: Say) -> tuple[Output, ...]:
    """Say what every column of a sheet is, and what is wrong with it.

    Parameters
    ----------
    folder : Path
        Of the job's files.
    request : mapping
        ``file``; ``declarations`` (``column`` with ``variable``, ``unit``, ``day``, ``coding``,
        ``decimal``), ``sheet``, ``id``; ``plan`` asks for a first plan too.
    say : function
        Hears of progress.

    Returns
    -------
    tuple of Output
        ``check.json``. What is wrong with the sheet stands in it, and does not end the job. And
        ``first-plan.toml`` where it is asked for, as ``cartwheel plan`` writes it; not for a sheet
        of more than 1000 columns, which would be read again for longer than a person waits.

    Raises
    ------
    FileRefused, CohortRefused
        The file cannot be read.
    PlanRefused
        The request cannot.
    """
    asked = Asked(folder, request, ("file", "declarations", "sheet", "id", "plan"))
    declared = asked.take_each("declarations", ColumnDeclaration)
    sheet = asked.take("sheet", str | int)
    id_column = asked.take("id", str)
    say("reading the sheet", 0, 0)
    report = check(asked.path(), declarations=declared, sheet=sheet, id_column=id_column)
    document = {"kind": "check", "schema": "cartwheel-check/1", "result": report}
    found = json_output("check.json", document)
    if not asked.take("plan", bool, False) or len(report.columns) > _MOST_PLANNED:
        return (found,)
    say("writing a first plan", 0, 0)
    first = suggest_plan(asked.path(), sheet=None if sheet is None else str(sheet))
    return (found, text_output("first-plan.toml", TOML, first))
