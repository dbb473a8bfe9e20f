"""A first plan of a sheet, as ``cartwheel plan`` writes it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cartwheel.serve.jobs.asked import Asked
from cartwheel.serve.jobs.kinds import Output, Say
from cartwheel.serve.jobs.made import TOML, text_output
from cartwheel.workflows.plan import suggest_plan


def run_plan(folder: Path, request: Mapping[str, Any], say: Say) -> tuple[Output, ...]:
    """Suggest the plan of a development, to be edited.

    Parameters
    ----------
    folder, say
        As of `run_check`.
    request : mapping
        ``file``; ``method``, ``event``, ``time``, ``sheet`` as of
        `cartwheel.workflows.plan.suggest_plan`.

    Returns
    -------
    tuple of Output
        ``plan.toml``.

    Raises
    ------
    Refused
        As of that function.
    """
    asked = Asked(folder, request, ("file", "method", "event", "time", "sheet"))
    said = {name: asked.take(name, str) for name in ("method", "event", "time")}
    sheet = asked.take("sheet", str | int)
    say("reading the sheet", 0, 0)
    text = suggest_plan(asked.path(), **said, sheet=None if sheet is None else str(sheet))
    return (text_output("plan.toml", TOML, text),)
