"""Developing a score, as ``cartwheel develop`` does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cartwheel.canonical import plain
from cartwheel.clinic.score import score_to_toml
from cartwheel.development.planning.plan import plan_from_dict
from cartwheel.development.planning.text import plan_to_toml
from cartwheel.report.html import report_html
from cartwheel.report.r_script import r_script
from cartwheel.serve.jobs.asked import Asked
from cartwheel.serve.jobs.kinds import Output, Say
from cartwheel.serve.jobs.made import HTML, TOML, R, json_output, text_output
from cartwheel.workflows.develop import develop


def run_develop(folder: Path, request: Mapping[str, Any], say: Say) -> tuple[Output, ...]:
    """Develop a score.

    Parameters
    ----------
    folder, say
        As of `run_check`.
    request : mapping
        ``file``; ``plan`` or ``plan_toml``; ``sheet``, which wins over the plan's.

    Returns
    -------
    tuple of Output
        ``result.json``, ``report.html``, ``score.toml``, ``plan.toml`` and ``program.R``.

    Raises
    ------
    Refused
        As of `cartwheel.workflows.develop.develop`.
    """
    asked = Asked(folder, request, ("file", "plan", "plan_toml", "sheet"))
    cohort = asked.path()
    plan = plan_from_dict(asked.cohort_plan(), where="plan")
    done = develop(cohort, plan, say=say)
    say("writing the report", 0, 0)
    document = plain(done.document)
    return (
        json_output("result.json", done.document),
        text_output("report.html", HTML, report_html(document)),
        text_output("score.toml", TOML, score_to_toml(done.score)),
        text_output("plan.toml", TOML, plan_to_toml(plan_from_dict(done.document.plan))),
        text_output("program.R", R, r_script(document)),
    )
