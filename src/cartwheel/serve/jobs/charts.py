"""Grading a chart, or a file of charts, as ``cartwheel grade`` does."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from cartwheel.clinic.chart import ChartOptions
from cartwheel.clinic.toxicity.course import WhenMissing
from cartwheel.errors import PlanRefused, refuse
from cartwheel.serve.jobs.asked import Asked
from cartwheel.serve.jobs.kinds import Output, Say
from cartwheel.serve.jobs.made import CSV, json_output, text_output
from cartwheel.units import Quantity
from cartwheel.workflows.grade import chosen_rules, grade
from cartwheel.workflows.grade_charts import grade_charts
from cartwheel.workflows.grade_schema import chart_document, file_document
from cartwheel.workflows.grade_summary import SummaryOptions, summaries
from cartwheel.workflows.grade_tables import (
    PATIENT_COLUMNS,
    ROW_COLUMNS,
    graded_rows,
    patient_rows,
)

_OF_FILE = ("map", "units", "sheet", "runs", "by_day", "missing_days", "horizon", "begins")


def run_grade(folder: Path, request: Mapping[str, Any], say: Say) -> tuple[Output, ...]:
    """Grade by published rules.

    Parameters
    ----------
    folder : Path
        Of the job's files.
    request : mapping
        ``rules``, ids; and ``file`` with ``map`` (column to what it is), ``units``, ``sheet``,
        ``runs``, ``by_day``, ``missing_days``, ``horizon``, ``begins``; or ``chart``, input to
        value, with ``at``.
    say : function
        Hears of progress.

    Returns
    -------
    tuple of Output
        ``grades.json``; of a file also ``patients.csv`` and ``rows.csv``.

    Raises
    ------
    Refused
        As of `cartwheel.workflows.grade`.
    """
    asked = Asked(folder, request, ("rules", "file", "chart", "at", *_OF_FILE))
    names = tuple(asked.take("rules", list[str], []))
    if asked.has("file") and asked.has("chart"):
        raise refuse(
            PlanRefused,
            "both_given",
            "a file of charts and a single chart cannot be graded together",
            where="chart",
            mend="give one of them",
        )
    say("grading", 0, 0)
    return _file(asked, names) if asked.has("file") else _chart(asked, names)


def _chart(asked: Asked, names: tuple[str, ...]) -> tuple[Output, ...]:
    rules = chosen_rules(names)
    chart = {name: _given(value) for name, value in asked.take("chart", dict[str, Any], {}).items()}
    grades = grade(names, chart, at=asked.take("at", str))
    return (json_output("grades.json", chart_document(rules, grades)),)


def _file(asked: Asked, names: tuple[str, ...]) -> tuple[Output, ...]:
    options = SummaryOptions(
        asked.take("missing_days", WhenMissing, "censor"),
        asked.take("horizon", int),
        asked.take("begins", int, 0),
    )
    said = ChartOptions(
        mapping=asked.take("map", dict[str, str], {}),
        units=asked.take("units", dict[str, str], {}),
        sheet=asked.take("sheet", str | int),
        runs=asked.take("runs", bool, False),
    )
    graded = grade_charts(
        asked.path(), names, options=said, by_day=asked.take("by_day", bool, False)
    )
    document = file_document(graded, summaries(graded, options), options)
    patients = patient_rows(graded, options.begins)
    return (
        json_output("grades.json", document),
        text_output("patients.csv", CSV, _csv(PATIENT_COLUMNS, patients)),
        text_output("rows.csv", CSV, _csv(ROW_COLUMNS, graded_rows(graded))),
    )


def _given(value: Any) -> object:
    """Turn ``{"value": 39.2, "unit": "Cel"}`` into a quantity, and lists into tuples."""
    if isinstance(value, dict) and set(value) == {"value", "unit"}:
        number = value["value"]
        if isinstance(number, int | float) and not isinstance(number, bool):
            # the shortest digits that give the number: those that were sent
            return Quantity(Decimal(repr(number)), str(value["unit"]))
    if isinstance(value, list):
        return tuple(_given(each) for each in value)
    return value


def _csv(columns: Iterable[str], rows: Iterable[Mapping[str, str]]) -> str:
    table = io.StringIO()
    writer = csv.DictWriter(table, list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return table.getvalue()
