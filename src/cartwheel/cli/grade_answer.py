"""What ``cartwheel grade`` does with a chart and with a file of charts, and what it prints."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from cartwheel.canonical import canonical_json
from cartwheel.cli.common import pairs, write_files, write_json
from cartwheel.cli.grade_text import chart_lines, file_lines, rule_lines, rules_lines
from cartwheel.clinic.grading import GRADING_RULES
from cartwheel.errors import PlanRefused, refuse
from cartwheel.workflows.grade import chosen_rules, grade

if TYPE_CHECKING:
    from cartwheel.workflows.grade_summary import SummaryOptions


@dataclass(frozen=True, slots=True)
class ChartFile:
    """A file of charts and what was said about it.

    Parameters
    ----------
    path : str
        The file.
    mapping, units : list of str
        ``COLUMN=NAME`` and ``COLUMN=UNIT``.
    sheet : str or None
        Of a workbook.
    runs, by_day : bool
        As the options of the command.
    missing_days : str
        As the option of the command.
    horizon : int or None
        As the option of the command.
    begins : int
        As the option of the command.
    output, rows : str or None
        Where patients and grades go.
    """

    path: str
    mapping: list[str]
    units: list[str]
    sheet: str | None
    runs: bool
    by_day: bool
    missing_days: str
    horizon: int | None
    begins: int
    output: str | None
    rows: str | None


def show_rules(names: tuple[str, ...], *, json: str | None) -> None:
    """List the rules, or what some of them ask.

    Parameters
    ----------
    names : tuple of str
        Ids; none for all.
    json : str or None
        Where the JSON goes.
    """
    rules = chosen_rules(names or GRADING_RULES)
    if json is not None:
        from cartwheel.workflows.grade_schema import named

        listed = [{**_plain(one), "inputs": rule.inputs, "words": dict(rule.words)}
                  for one, rule in zip(named(rules), rules, strict=True)]  # fmt: skip
        write_json(json, {"kind": "grading-rules", "schema": "cartwheel-grade/1", "result": listed})
    if json != "-":
        print("\n".join(rule_lines(rules) if names else rules_lines(rules)))


def _plain(thing: Any) -> dict[str, Any]:
    return {name: getattr(thing, name) for name in thing.__dataclass_fields__}


def answer_chart(
    names: tuple[str, ...],
    values: Sequence[str],
    patient: str | None,
    *,
    at: str | None,
    json: str | None,
) -> None:
    """Grade one chart and print it.

    Parameters
    ----------
    names : tuple of str
        Ids of rules.
    values : sequence of str
        ``NAME=VALUE``.
    patient : str or None
        JSON file.
    at : str or None
        Time.
    json : str or None
        Where the JSON goes; with ``-`` nothing else is printed.
    """
    rules = chosen_rules(names)
    grades = grade(names, _inputs(values), patient=patient, at=at)
    if json is not None:
        from cartwheel.workflows.grade_schema import chart_document

        write_json(json, chart_document(rules, grades))
    if json != "-":
        print("\n".join(chart_lines(rules, grades)))


def _inputs(values: Sequence[str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for text in values:
        name, divider, value = text.partition("=")
        name = name.strip().replace("-", "_")
        if not divider or not name:
            what = f"'{text[:40]}' is not NAME=VALUE"
            mend = 'write it as --set "temperature=39.2 Cel"'
            raise refuse(PlanRefused, "flag_form", what, where="--set", mend=mend)
        if name in found:
            what = "this input is given twice"
            raise refuse(PlanRefused, "given_twice", what, where=name, mend="give it once")
        found[name] = value.strip()
    return found


def answer_file(names: tuple[str, ...], asked: ChartFile, *, alone: bool, json: str | None) -> None:
    """Grade a file of charts, write the user's files, and print the summary.

    Parameters
    ----------
    names : tuple of str
        Ids of rules.
    asked : ChartFile
        The file.
    alone : bool
        Whether no single chart was given as well.
    json : str or None
        Where the summary goes as JSON; with ``-`` it is not printed as text.
    """
    if not alone:
        what = "a file of charts and a single chart cannot be graded together"
        raise refuse(PlanRefused, "both_given", what, where="--set", mend="give one of them")
    # the arrays of the incidence, and readers of files, load for files only
    from cartwheel.clinic.chart import ChartOptions
    from cartwheel.workflows.grade_charts import grade_charts
    from cartwheel.workflows.grade_schema import file_document
    from cartwheel.workflows.grade_summary import summaries
    from cartwheel.workflows.grade_tables import (
        PATIENT_COLUMNS,
        ROW_COLUMNS,
        graded_rows,
        patient_rows,
    )

    _refuse_stdout(asked)
    options = _summary_options(asked)
    said = ChartOptions(
        mapping=pairs(asked.mapping, "--map", str),
        units=pairs(asked.units, "--unit", str),
        sheet=int(asked.sheet) if asked.sheet and asked.sheet.isdigit() else asked.sheet,
        runs=asked.runs,
    )
    graded = grade_charts(asked.path, names, options=said, by_day=asked.by_day)
    found = summaries(graded, options)
    files: dict[str, str] = {}
    if json is not None:
        files[json] = canonical_json(file_document(graded, found, options))
    if asked.output is not None:
        files[asked.output] = _csv(PATIENT_COLUMNS, patient_rows(graded, asked.begins))
    if asked.rows is not None:
        files[asked.rows] = _csv(ROW_COLUMNS, graded_rows(graded))
    write_files(files)
    if json != "-":
        print("\n".join(file_lines(graded, found, options)))


def _refuse_stdout(asked: ChartFile) -> None:
    for flag, target in (("--output", asked.output), ("--rows", asked.rows)):
        if target == "-":
            what = "rows of patients are not printed"
            raise refuse(PlanRefused, "patients_on_stdout", what, where=flag, mend="name a file")


def _summary_options(asked: ChartFile) -> SummaryOptions:
    from cartwheel.clinic.toxicity.course import WhenMissing
    from cartwheel.workflows.grade_summary import SummaryOptions

    for word in get_args(WhenMissing):
        if word == asked.missing_days:
            return SummaryOptions(word, asked.horizon, asked.begins)
    mend = "write one of: " + ", ".join(get_args(WhenMissing))
    what = f"'{asked.missing_days[:24]}' is not known"
    raise refuse(PlanRefused, "flag_value", what, where="--missing-days", mend=mend)


def _csv(columns: Iterable[str], rows: Iterator[dict[str, str]]) -> str:
    table = io.StringIO()
    writer = csv.DictWriter(table, list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return table.getvalue()
