"""What ``cartwheel grade --json`` writes, and its JSON Schema."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from cartwheel import __version__
from cartwheel.clinic.toxicity.assessment import Grade, Rule
from cartwheel.provenance import library_versions, named_simulated
from cartwheel.workflows.grade_charts import GradedCharts
from cartwheel.workflows.grade_summary import RuleSummary, SummaryOptions

SCHEMA: Literal["cartwheel-grade/1"] = "cartwheel-grade/1"
INTENDED_USE = "Research and education. Not a medical device."


@dataclass(frozen=True, slots=True)
class RuleNamed:
    """A rule as a result names it.

    Parameters
    ----------
    id, title, version, citation, doi, status, source : str
        See `Rule`.
    """

    id: str
    title: str
    version: str
    citation: str
    doi: str
    status: str
    source: str


@dataclass(frozen=True, slots=True)
class GradeProvenance:
    """Where grades come from.

    Parameters
    ----------
    cartwheel : str
        Version.
    data_name, data_sha256 : str or None
        The file; None for one chart given by hand.
    libraries : dict of str to str
        Numerical libraries used; empty where none was.
    """

    cartwheel: str
    data_name: str | None
    data_sha256: str | None
    libraries: dict[str, str]


@dataclass(frozen=True, slots=True)
class ChartGrades:
    """Grades of one chart.

    Parameters
    ----------
    rules : tuple of RuleNamed
        By which rules.
    grades : tuple of Grade
        One for each.
    """

    rules: tuple[RuleNamed, ...]
    grades: tuple[Grade, ...]


@dataclass(frozen=True, slots=True)
class FileGrades:
    """The summary of a file of charts. It holds no patient.

    Parameters
    ----------
    rules : tuple of RuleNamed
        By which rules.
    columns : dict of str to str
        Input, role or rule to the column it was read from.
    simulated : bool
        Whether the file says that it is.
    patients, rows : int
        In the file.
    options : SummaryOptions
        How courses were read.
    by_rule : tuple of RuleSummary
        What each found.
    notes : tuple of str
        What was done in reading.
    """

    rules: tuple[RuleNamed, ...]
    columns: dict[str, str]
    simulated: bool
    patients: int
    rows: int
    options: SummaryOptions
    by_rule: tuple[RuleSummary, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GradeDocument:
    """The JSON file.

    Parameters
    ----------
    kind : {"grade", "grade-summary"}
        One chart, or a file of them.
    schema : str
        ``cartwheel-grade/1``.
    provenance : GradeProvenance
        Software and data.
    intended_use : str
        Stands on every result.
    result : ChartGrades or FileGrades
        By `kind`.
    """

    kind: Literal["grade", "grade-summary"]
    schema: Literal["cartwheel-grade/1"]
    provenance: GradeProvenance
    intended_use: str
    result: ChartGrades | FileGrades


def named(rules: tuple[Rule, ...]) -> tuple[RuleNamed, ...]:
    """Name rules without their inputs.

    Parameters
    ----------
    rules : tuple of Rule

    Returns
    -------
    tuple of RuleNamed
    """
    return tuple(
        RuleNamed(
            rule.id, rule.title, rule.version, rule.citation, rule.doi, rule.status, rule.source
        )
        for rule in rules
    )


def chart_document(rules: tuple[Rule, ...], grades: tuple[Grade, ...]) -> GradeDocument:
    """Put the JSON of one chart together.

    Parameters
    ----------
    rules : tuple of Rule
        By which rules.
    grades : tuple of Grade
        One for each.

    Returns
    -------
    GradeDocument
    """
    provenance = GradeProvenance(__version__, None, None, {})
    result = ChartGrades(named(rules), grades)
    return GradeDocument("grade", SCHEMA, provenance, INTENDED_USE, result)


def file_document(
    graded: GradedCharts, found: tuple[RuleSummary, ...], options: SummaryOptions
) -> GradeDocument:
    """Put the JSON of a file of charts together.

    Parameters
    ----------
    graded : GradedCharts
        The graded file.
    found : tuple of RuleSummary
        From `summaries`.
    options : SummaryOptions
        How courses were read.

    Returns
    -------
    GradeDocument
    """
    charts = graded.charts
    used = library_versions(("numpy", "scipy")) if any(each.incidence for each in found) else {}
    return GradeDocument(
        "grade-summary",
        SCHEMA,
        GradeProvenance(__version__, charts.name, charts.sha256, used),
        INTENDED_USE,
        FileGrades(
            rules=named(graded.rules),
            columns=dict(charts.columns),
            simulated=named_simulated(charts.name),
            patients=len(charts.patients),
            rows=charts.rows,
            options=options,
            by_rule=found,
            notes=charts.notes,
        ),
    )


def grade_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of what ``cartwheel grade --json`` writes.

    Returns
    -------
    dict
        Every object closed to unknown keys.
    """
    # only the schema needs pydantic, and grading one chart must start at once
    from cartwheel.workflows.json_schema import closed_schema  # noqa: PLC0415

    return closed_schema(GradeDocument, "cartwheel/grade/1", "Result of cartwheel grade")
