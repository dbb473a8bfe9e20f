"""Pooling and appraising what was published, as ``cartwheel pool`` and ``appraise`` do."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cartwheel.canonical import plain
from cartwheel.errors import PlanRefused, refuse
from cartwheel.pooling.appraisal.claim import Beside
from cartwheel.pooling.appraisal.model import ModelClaim
from cartwheel.pooling.appraisal.words import PaperWords
from cartwheel.pooling.plan import pool_plan_from_dict
from cartwheel.pooling.plan_text import pool_plan_to_toml
from cartwheel.report.document.html import document_html
from cartwheel.report.paper import paper
from cartwheel.report.pooling import pool_report_html
from cartwheel.serve.jobs.asked import Asked
from cartwheel.serve.jobs.kinds import Output, Say
from cartwheel.serve.jobs.made import HTML, TOML, R, json_output, text_output
from cartwheel.workflows.appraise import appraise
from cartwheel.workflows.pool import pool

TABLE = "studies.csv"
Cell = str | int | float | None


def run_pool(folder: Path, request: Mapping[str, Any], say: Say) -> tuple[Output, ...]:
    """Pool published effects.

    Parameters
    ----------
    folder : Path
        Of the job's files.
    request : mapping
        ``files``, ids of tables and results; ``table``, rows typed by hand: the text of a CSV, or
        a list of objects, column to value; ``table_name``; ``plan`` or ``plan_toml``, or neither.
        ``prisma`` of a plan is the id of a file.
    say : function
        Hears of progress.

    Returns
    -------
    tuple of Output
        ``result.json``, ``report.html``, ``plan.toml`` and ``program.R``.

    Raises
    ------
    Refused
        As of `cartwheel.workflows.pool.pool`.
    """
    asked = Asked(folder, request, ("files", "table", "table_name", "plan", "plan_toml", "sheet"))
    tables = [
        asked.path_of(file_id, f"files[{place}]")
        for place, file_id in enumerate(asked.take("files", list[str], []), start=1)
    ]
    if asked.has("table"):
        tables.append(_typed(asked))
    if not tables:
        raise refuse(
            PlanRefused,
            "no_file",
            "there are no studies",
            where="table",
            mend="type rows, or upload a table",
        )
    plan = pool_plan_from_dict(asked.pool_plan(), where="plan")
    say("pooling", 0, 0)
    done = pool(tables, plan)
    say("writing the report", 0, 0)
    return (
        json_output("result.json", done),
        text_output("report.html", HTML, pool_report_html(plain(done))),
        text_output("plan.toml", TOML, pool_plan_to_toml(pool_plan_from_dict(done.plan))),
        text_output("program.R", R, done.result.r_script),
    )


def _typed(asked: Asked) -> Path:
    """Write rows typed by hand as the table that they would have been."""
    name = Path(asked.take("table_name", str, TABLE)).name or TABLE
    path = asked.folder / name
    if path.exists():
        raise refuse(
            PlanRefused,
            "given_twice",
            "a file of this name was uploaded",
            where="table_name",
            mend="name the typed table differently",
        )
    table = asked.take("table", str | list[dict[str, Cell]])
    path.write_text(table if isinstance(table, str) else _csv(table), encoding="utf-8")
    return path


def _csv(rows: list[dict[str, Cell]]) -> str:
    columns = dict.fromkeys(column for row in rows for column in row)
    out = io.StringIO()
    writer = csv.DictWriter(out, list(columns), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def run_appraise(folder: Path, request: Mapping[str, Any], say: Say) -> tuple[Output, ...]:
    """Say what published numbers imply.

    Parameters
    ----------
    folder, say
        As of `run_pool`.
    request : mapping
        ``file`` or ``pooled``, with ``beside`` and ``rare``; or ``model`` and ``words``; ``title``.
        As of `cartwheel.workflows.appraise.appraise`.

    Returns
    -------
    tuple of Output
        ``result.json`` and ``report.html``.

    Raises
    ------
    Refused
        As of that function.
    """
    known = ("file", "pooled", "beside", "rare", "model", "words", "title")
    asked = Asked(folder, request, known)
    say("appraising", 0, 0)
    done = appraise(
        asked.path() if asked.has("file") else None,
        pooled=tuple(asked.take("pooled", list[str], [])),
        beside=asked.take("beside", Beside),
        rare=asked.take("rare", bool),
        model=asked.take("model", ModelClaim),
        words=asked.take("words", PaperWords),
        title=asked.take("title", str, ""),
    )
    say("writing the report", 0, 0)
    report = document_html(paper(plain(done), pictures=False))
    return json_output("result.json", done), text_output("report.html", HTML, report)
