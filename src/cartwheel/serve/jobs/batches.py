"""Scoring every row of a sheet, as ``cartwheel score --cohort`` does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cartwheel import __version__
from cartwheel.clinic.score import ScoreSpec
from cartwheel.serve.jobs.asked import Asked
from cartwheel.serve.jobs.kinds import Output, Say
from cartwheel.serve.jobs.made import CSV, json_output, text_output
from cartwheel.workflows.score_cohort import score_cohort


def run_batch(folder: Path, request: Mapping[str, Any], say: Say) -> tuple[Output, ...]:
    """Score every row of a sheet.

    Parameters
    ----------
    folder, say
        As of `run_check`.
    request : mapping
        ``file``; ``score``, an id or ``{"file": ID}``; ``units``, ``columns``, ``choices``,
        ``days`` and ``about`` as of `cartwheel.workflows.score_cohort.score_cohort`.

    Returns
    -------
    tuple of Output
        ``scored.csv`` (the sheet with the answers added) and ``scored.json``.

    Raises
    ------
    Refused
        As of that function.
    """
    known = ("file", "score", "units", "columns", "choices", "days", "about")
    asked = Asked(folder, request, known)
    _, spec = asked.spec(asked.data.get("score"))
    words = {name: asked.take(name, dict[str, str], {}) for name in ("units", "columns", "choices")}
    say("scoring the rows", 0, 0)
    scored = score_cohort(
        spec,
        asked.path(),
        **words,
        days=asked.take("days", dict[str, float], {}),
        about=asked.take("about", dict[str, str], {}),
    )
    rows = [
        {"row": row, "kind": type(found).__name__.lower(), "result": found}
        for row, found in scored.assessments()
    ]
    document = {**_assessed(spec), "result": rows, "counts": scored.counts}
    return text_output("scored.csv", CSV, scored.table()), json_output("scored.json", document)


def _assessed(spec: ScoreSpec) -> dict[str, Any]:
    return {
        "kind": "assessments",
        "schema": "cartwheel-assessments/1",
        "provenance": {
            "cartwheel": __version__,
            "score": spec.id,
            "score_version": spec.version,
            "score_sha256": spec.identity,
        },
        "intended_use": spec.intended_use,
    }
