"""A typed chart graded as a file of charts, with the files that ``cartwheel grade`` writes."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from tempfile import TemporaryDirectory

from cartwheel.canonical import canonical_json
from cartwheel.errors import CohortRefused, refuse
from cartwheel.serve.charting.chart import TypedChart
from cartwheel.serve.charting.grades import RuleGrades, graded
from cartwheel.workflows.grade_charts import GradedCharts, grade_charts
from cartwheel.workflows.grade_schema import chart_document, file_document
from cartwheel.workflows.grade_summary import SummaryOptions, summaries
from cartwheel.workflows.grade_tables import ROW_COLUMNS, graded_rows


def commanded_json(chart: TypedChart, name: str) -> str:
    """Write what ``cartwheel grade CHART --rule ... --by-day --json`` writes.

    Parameters
    ----------
    chart : TypedChart
        As typed.
    name : str
        Of its file.

    Returns
    -------
    str
        The same bytes, by every rule of which something was charted. Of a single day, what
        ``cartwheel grade --set`` writes: there is no course to be summed up.

    Raises
    ------
    CohortRefused
        ``no_rule`` for an empty chart, and all that is wrong with it.
    """
    if len(chart.csv.splitlines()) == 2:
        told = _told(chart)
        grades = (one.by_day[0][1] if one.by_day else one.whole for one in told)
        rules = tuple(one.rule for one in told)
        return canonical_json(chart_document(rules, tuple(filter(None, grades))))
    options = SummaryOptions()
    found = _graded(chart, name)
    return canonical_json(file_document(found, summaries(found, options), options))


def commanded_rows(chart: TypedChart, name: str) -> str:
    """Write what ``cartwheel grade CHART --rule ... --by-day --rows`` writes.

    Parameters
    ----------
    chart, name
        As of `commanded_json`.

    Returns
    -------
    str
        CSV: a row a grade, with what decided.

    Raises
    ------
    CohortRefused
        As of `commanded_json`.
    """
    out = io.StringIO()
    writer = csv.DictWriter(out, list(ROW_COLUMNS), lineterminator="\n")
    writer.writeheader()
    writer.writerows(graded_rows(_graded(chart, name)))
    return out.getvalue()


def _told(chart: TypedChart) -> tuple[RuleGrades, ...]:
    """Rules of which something was charted; a chart that is wrong is refused."""
    found = graded(chart)
    if found.wrong:
        raise CohortRefused(one.problem for one in found.wrong)
    if not found.graded:
        raise refuse(
            CohortRefused,
            "no_rule",
            "nothing is charted that a rule grades",
            where="chart",
            mend="type values first",
        )
    return found.graded


def _graded(chart: TypedChart, name: str) -> GradedCharts:
    rules = tuple(one.rule.id for one in _told(chart))
    if len(chart.csv.splitlines()) == 2:
        raise refuse(
            CohortRefused,
            "one_day",
            "a single day is no course",
            where="chart",
            mend="chart a second day, or download the grades as JSON",
        )
    with TemporaryDirectory(prefix="cartwheel-") as folder:
        path = Path(folder) / name
        path.write_text(chart.csv, encoding="utf-8")
        return grade_charts(path, rules, by_day="astct-crs" in rules)
