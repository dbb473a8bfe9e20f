"""Validating scores, as ``cartwheel validate`` does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cartwheel.canonical import plain
from cartwheel.clinic.score import score_to_toml
from cartwheel.report.r_script import r_script
from cartwheel.report.validation import validation_report_html
from cartwheel.serve.jobs.asked import Asked, read_source
from cartwheel.serve.jobs.kinds import Output, Say
from cartwheel.serve.jobs.made import HTML, TOML, R, json_output, text_output
from cartwheel.validation.plan import plan_from_dict
from cartwheel.validation.plan_text import plan_to_toml
from cartwheel.workflows.validate import validate


def run_validate(folder: Path, request: Mapping[str, Any], say: Say) -> tuple[Output, ...]:
    """Validate scores on a sheet of patients.

    Parameters
    ----------
    folder, say
        As of `run_check`.
    request : mapping
        ``file``; ``plan`` or ``plan_toml``; ``sheet``. Each of the plan's scores is the id of one
        that cartwheel carries, or ``{"file": ID}``, or the name of one of the job's files.

    Returns
    -------
    tuple of Output
        ``result.json``, ``report.html``, ``share.json``, ``plan.toml``, ``program.R``; and for
        each score that was updated ``updated-score.toml``, numbered from the second.

    Raises
    ------
    Refused
        As of `cartwheel.workflows.validate.validate`.
    """
    asked = Asked(folder, request, ("file", "plan", "plan_toml", "sheet"))
    cohort = asked.path()
    data, sources = asked.scores_of(asked.cohort_plan())
    scores = {name: read_source(source) for name, source in sources.items()}
    plan = plan_from_dict(data, where="plan")
    done = validate(cohort, plan, scores=scores, share_too=True, say=say)
    say("writing the report", 0, 0)
    document = plain(done.document)
    updated = [spec for spec in done.updated if spec is not None]
    return (
        json_output("result.json", done.document),
        text_output("report.html", HTML, validation_report_html(document)),
        *([] if done.shared is None else [json_output("share.json", done.shared)]),
        *(
            text_output(_numbered("updated-score", place, ".toml"), TOML, score_to_toml(spec))
            for place, spec in enumerate(updated)
        ),
        text_output("plan.toml", TOML, plan_to_toml(plan)),
        text_output("program.R", R, r_script(document, done.specs)),
    )


def _numbered(stem: str, place: int, ending: str) -> str:
    return f"{stem}{ending}" if place == 0 else f"{stem}-{place + 1}{ending}"
