"""All rows of one table: read, named, converted, with what was found in each."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cartwheel.clinic.dictionary import nearest_names
from cartwheel.clinic.reading import RawTable
from cartwheel.errors import PlanRefused, Problem
from cartwheel.pooling.plan import PoolPlan
from cartwheel.pooling.result_studies import Moderator, Study
from cartwheel.pooling.study.build import Named, build_study, moderators_of
from cartwheel.pooling.study.convert import Ground, has_numbers
from cartwheel.pooling.study.cutoffs import unit_in_cutoff
from cartwheel.pooling.study.findings import RowFindings
from cartwheel.pooling.study.headers import Headers, header_key, read_headers
from cartwheel.pooling.study.printed import Unread, cell_text, read_number
from cartwheel.pooling.study.reading import read_study_table
from cartwheel.pooling.study.row import Row
from cartwheel.pooling.study.scope import left_out_by, not_asked, renamed

_POOLED = re.compile(r"pooled|meta|summary|overall", re.I)
# a line of sums that was copied with the table, such as RevMan's "Total (95% CI)"
_SUM = re.compile(
    r"(?:sub[\s-]?)?totals?|(?:pooled|overall|summary|combined)(?:\s+(?:effect|estimate|result|"
    r"analysis|hr|or|rr))?|(?:random|fixed|common)[\s-]effects?(?:\s+(?:model|estimate))?|"
    r"all\s+studies|meta-?analysis",
    re.I,
)
_YES = frozenset(("yes", "true", "1", "simulated"))


@dataclass(frozen=True, slots=True)
class ReadRow:
    """One row after reading.

    Parameters
    ----------
    number : int
        As its reader sees it.
    file, label, group, outcome : str
        Its words, after renaming.
    measure : str or None
        Where it is known.
    study : Study or None
        None where it has faults, or no numbers.
    findings : RowFindings
        Faults and flags.
    aside : tuple of (str, str) or None
        Code and reason of a row that is no study: without numbers, or itself a pooled result.
    not_asked : str
        Why the plan does not ask for it; empty where it does.
    left_out : bool
        Whether the plan leaves it out by name.
    cut_unit : str
        Stated unit of its cut-off.
    simulated : bool
        As a column says.
    """

    number: int
    file: str
    label: str
    group: str
    outcome: str
    measure: str | None
    study: Study | None
    findings: RowFindings
    aside: tuple[str, str] | None
    not_asked: str
    left_out: bool
    cut_unit: str
    simulated: bool


@dataclass(frozen=True, slots=True, eq=False)
class OpenTable:
    """A table with its columns understood.

    Parameters
    ----------
    raw : RawTable
        As read.
    headers : Headers
        What its columns are.
    folder : str
        Where it lies.
    """

    raw: RawTable
    headers: Headers
    folder: str


def open_table(source: str | os.PathLike[str] | Any, plan: PoolPlan) -> OpenTable:
    """Read a table and understand its columns.

    Parameters
    ----------
    source : path or frame
        A table of studies.
    plan : PoolPlan
        For the sheet and the declared columns.

    Returns
    -------
    OpenTable
    """
    raw = read_study_table(source, sheet=plan.sheet)
    names = [str(name) for name in raw.frame.columns]
    folder = str(Path(source).parent) if isinstance(source, str | os.PathLike) else "."
    return OpenTable(raw, read_headers(names, where=raw.name, said=plan.columns), folder)


def check_columns(tables: Iterable[OpenTable], plan: PoolPlan) -> None:
    """Refuse a plan whose ``columns`` name a column that no table has.

    Parameters
    ----------
    tables : iterable of OpenTable
        Every table.
    plan : PoolPlan
        With its declared columns and cluster.

    Raises
    ------
    PlanRefused
        ``column_unknown``.
    """
    names = [name for table in tables for name in table.headers.names]
    keys = {header_key(name) for name in names}
    wanted = [*plan.columns, *([plan.cluster] if plan.cluster else [])]
    problems = [
        Problem(
            "column_unknown", f"there is no column '{name}'", "plan", nearest_names(name, names)
        )
        for name in wanted
        if header_key(name) not in keys
    ]
    if problems:
        raise PlanRefused(problems)


def read_rows(
    table: OpenTable, plan: PoolPlan, spellings: dict[str, dict[str, str]], *, with_file: bool
) -> list[ReadRow]:
    """Read every row of a table.

    Parameters
    ----------
    table : OpenTable
        One table.
    plan : PoolPlan
        Settings.
    spellings : dict
        Of groups and outcomes, shared by all tables; filled here.
    with_file : bool
        Whether rows are named with their file.

    Returns
    -------
    list of ReadRow
        In order of the file.
    """
    frame, headers = table.raw.frame, table.headers
    columns = [frame.iloc[:, place].tolist() for place in range(len(headers.names))]
    numbers = range(table.raw.first_row, table.raw.first_row + len(frame))
    further = tuple(headers.names[place] for place in headers.further)
    texts = [
        {name: cell_text(columns[at][i]) for name, at in zip(further, headers.further, strict=True)}
        for i in range(len(frame))
    ]
    if "cutoff_unit" in headers.places:
        further = (*further, headers.names[headers.places["cutoff_unit"]])
        for i, text in enumerate(texts):
            text[further[-1]] = cell_text(columns[headers.places["cutoff_unit"]][i])
    moderators = moderators_of(texts, further, plan.decimal)
    several = _several_outcomes(table, columns)
    ground = Ground(headers, plan, table.folder, _fractions(headers, columns, plan.decimal))
    rows = []
    for i, number in enumerate(numbers):
        cells = {role: columns[place][i] for role, place in headers.places.items()}
        row = _row(table, cells, number, plan, with_file)
        cluster = _cluster(plan, headers, columns, i) or row.text("cluster")
        named = _named(row, plan, spellings, moderators[i], cluster)
        rows.append(_read(row, named, ground, several))
    return rows


def _row(
    table: OpenTable, cells: dict[str, Any], number: int, plan: PoolPlan, with_file: bool
) -> Row:
    label = cell_text(cells.get("study"))
    place = f"{table.raw.name}, row {number}" if with_file else f"row {number}"
    where = f"{place} ({label})" if label else place
    return Row(number, table.raw.name, cells, plan.decimal, RowFindings(where))


def _named(
    row: Row,
    plan: PoolPlan,
    spellings: dict[str, dict[str, str]],
    moderators: tuple[Moderator, ...],
    cluster: str,
) -> Named:
    label = row.text("study") or f"row {row.number}"
    return Named(
        study=label,
        group=renamed(row.text("group"), plan.same_group, spellings.setdefault("group", {})),
        outcome=renamed(
            row.text("outcome"), plan.same_outcome, spellings.setdefault("outcome", {})
        ),
        # one author may print two cohorts, in two years
        cluster=cluster or " ".join(text for text in (label, row.text("year")) if text),
        moderators=moderators,
    )


def _read(row: Row, named: Named, ground: Ground, several: bool) -> ReadRow:
    aside = _set_aside(row)
    if "study" in row.cells and not row.text("study"):
        row.findings.flag("no_label", "")
    study: Study | None = None
    measure: str | None = None
    if aside is None:
        _check_row(row, named)
        if several and not named.outcome:
            row.findings.fault(
                "outcome_missing",
                "the outcome is not said, and the table holds outcomes",
                "fill the cell",
            )
        study, measure = build_study(row, named, ground)
        if row.findings.faults and study is not None and study.used:
            study = None
    plan = ground.plan
    unasked = not_asked(plan, named.group, named.outcome, measure)
    out = left_out_by(plan, row.file, row.number, named.study)
    if study is not None and study.used and (unasked or out):
        study = replace(study, used=False, reason=unasked or "left out by the plan")
    return ReadRow(
        number=row.number,
        file=row.file,
        label=named.study,
        group=named.group,
        outcome=named.outcome,
        measure=measure,
        study=study,
        findings=row.findings,
        aside=aside,
        not_asked=unasked,
        left_out=out,
        cut_unit=unit_in_cutoff(row.text("cutoff"))
        or row.text("cutoff_unit")
        or ground.headers.cutoff_unit,
        simulated=row.text("simulated").lower() in _YES,
    )


def _check_row(row: Row, named: Named) -> None:
    """Refuse a row of sums, and more events than patients, whatever the route."""
    label = re.sub(r"\s*[(\[].*$", "", named.study).strip(" :*")
    if _SUM.fullmatch(label) and not row.text("row_type"):
        row.findings.fault(
            "pooled_row",
            f"'{named.study}' names a pooled result or a sum, not a study",
            "delete the row; if it is one cohort, give it its own name",
        )
    if row.has("n", "events"):
        n, events = row.count_of("n"), row.count_of("events")
        if n is not None and events is not None and events > n > 0.0:
            row.findings.fault(
                "events_over_n",
                f"{events:g} events among {n:g} patients",
                "exchange the two, or correct the count",
            )


def _set_aside(row: Row) -> tuple[str, str] | None:
    kind = row.text("row_type")
    if kind and _POOLED.search(kind):
        return "pooled_result", f"itself a pooled result ('{kind}'), not a study"
    if not has_numbers(row):
        return "no_numbers", "no estimate with an error, and no counts, are given"
    return None


def _several_outcomes(table: OpenTable, columns: list[list[Any]]) -> bool:
    place = table.headers.places.get("outcome")
    return place is not None and any(cell_text(cell) for cell in columns[place])


def _fractions(headers: Headers, columns: list[list[Any]], decimal: str | None) -> bool:
    """Whether a column headed as per cent holds nothing above 1, and something above 0."""
    place = headers.places.get("estimate")
    if not headers.percent or place is None:
        return False
    values = []
    for cell in columns[place]:
        if cell_text(cell):
            found = read_number(cell, decimal=decimal)
            if not isinstance(found, Unread):
                values.append(found.value)
    return bool(values) and 0.0 < max(values) <= 1.0


def _cluster(plan: PoolPlan, headers: Headers, columns: list[list[Any]], i: int) -> str:
    if plan.cluster is None:
        return ""
    for place, name in enumerate(headers.names):
        if header_key(name) == header_key(plan.cluster):
            return cell_text(columns[place][i])
    return ""
