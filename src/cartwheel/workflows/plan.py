"""Write a first plan from a cohort, to be edited: what can be seen is filled in.

The rest is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from cartwheel.clinic.checking import CheckReport, ColumnCheck, check_table
from cartwheel.clinic.columns import ColumnDeclaration, numeric_column
from cartwheel.clinic.reading import RawTable, read_table, table_from_frame
from cartwheel.development.planning.plan import DAYS_PER
from cartwheel.errors import PlanRefused, Problem
from cartwheel.provenance import named_simulated
from cartwheel.toml_text import toml_key, toml_pair, toml_string, toml_value

RATIO_PARTS = (
    ("nlr", "neutrophils", "lymphocytes"),
    ("mlr", "monocytes", "lymphocytes"),
    ("plr", "platelets", "lymphocytes"),
)
SKEWED = 1.0


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the caller already knows; None leaves the question in the plan."""

    method: str | None
    event: str | None
    time: str | None
    sheet: str | None


def suggest_plan(
    cohort: str | PathLike[str] | Any,
    *,
    method: str | None = None,
    event: str | None = None,
    time: str | None = None,
    sheet: str | None = None,
) -> str:
    """Write a first plan for a cohort.

    Parameters
    ----------
    cohort : path or data frame
        The cohort.
    method : "index" or "points", optional
        How the score is to be made; left as a question when not given.
    event, time : str, optional
        Columns of the outcome; left as questions when not given.
    sheet : str, optional
        Sheet of a workbook.

    Returns
    -------
    str
        TOML with comments. Every number column that the variable dictionary knows, unless it is a
        summary over follow-up, is proposed as a predictor, with log2 or sqrt where it is skewed;
        direction is always left to be said, and so are units and days that its name does not say.

    Raises
    ------
    FileRefused
        When the file cannot be read.
    CohortRefused
        When ``cohort`` is neither a path nor a data frame.
    """
    if isinstance(cohort, str | PathLike):
        table = read_table(Path(cohort), sheet=sheet)
    else:
        table = table_from_frame(cohort)
    report = check_table(table)
    _refuse_absent([column.column for column in report.columns], {"--event": event, "--time": time})
    return "\n".join(_lines(table, report, _Asked(method, event, time, sheet))) + "\n"


def _lines(table: RawTable, report: CheckReport, asked: _Asked) -> Iterator[str]:
    yield f"# First plan for {table.name}, to be edited. Lines that begin with # are not read."
    yield "# What cartwheel cannot know is asked for: look for CHANGE."
    yield 'schema = "cartwheel-plan/1"'
    yield 'title = ""'
    yield toml_pair("method", asked.method or "CHANGE to index or points")
    if named_simulated(table.name):
        yield "simulated = true"
    yield 'missing = "complete"'
    yield "# landmark_day = 7   # only patients still event-free after this day"
    yield from _cohort(report, asked)
    yield from _outcome(report, asked)
    taken = {asked.event, asked.time}
    predictors = [c for c in report.columns if _is_predictor(c) and c.column not in taken]
    yield from _predictors(table, predictors)
    yield from _ratios(predictors)
    yield from _undeclared(report, predictors)
    yield from _settings()


def _refuse_absent(there: list[str], wanted: dict[str, str | None]) -> None:
    """Refuse a column that the caller names and the cohort does not have."""
    problems = []
    for flag, name in wanted.items():
        if name is None or name in there:
            continue
        close = get_close_matches(name, there, n=1, cutoff=0.5)
        mend = f"did you mean '{close[0]}'?" if close else "see them with: cartwheel check COHORT"
        what = "there is no such column in the cohort"
        problems.append(Problem("column_absent", what, f"{flag} '{name}'", mend))
    if problems:
        raise PlanRefused(problems)


def _cohort(report: CheckReport, asked: _Asked) -> Iterator[str]:
    ids = [column.column for column in report.columns if column.kind == "id"]
    yield ""
    yield "[cohort]"
    yield toml_pair("id", ids[0]) if ids else '# id = "CHANGE"   # column that names the patient'
    if asked.sheet is not None:
        yield toml_pair("sheet", asked.sheet)
    yield "# [[cohort.exclude]]"
    yield '# column = "age_years"'
    yield "# below = 18"
    yield '# reason = "under 18"'


def _outcome(report: CheckReport, asked: _Asked) -> Iterator[str]:
    yes_no = [
        c.column
        for c in report.columns
        if c.kind == "number" and c.distinct == 2 and (c.minimum, c.maximum) == (0, 1)
    ]
    times = [c.column for c in report.columns if c.unit in DAYS_PER and c.variable is None]
    onsets = [c.column for c in report.columns if "onset" in c.column.lower()]
    yield ""
    yield "[outcome]"
    yield toml_pair("event", asked.event or "CHANGE")
    if yes_no:
        yield "# columns of 0 and 1: " + ", ".join(map(toml_string, yes_no))
    yield "# event_value = 2   # where the event is not coded 0/1"
    if asked.time:
        yield 'kind = "survival"'
        yield toml_pair("time", asked.time)
        unit = next((c.unit for c in report.columns if c.column == asked.time), "")
        yield toml_pair("time_unit", unit if unit in DAYS_PER else "CHANGE to days or months")
        yield "# horizon = 12   # time at which risk is read"
        return
    yield 'kind = "binary"   # or "survival", with time, time_unit and horizon'
    if times:
        yield "# columns of times: " + ", ".join(map(toml_string, times))
    if onsets:
        yield "# onset: day on which the event began; then no predictor may come later"
        yield from (f"# {toml_pair('onset', name)}" for name in onsets)


def _is_predictor(column: ColumnCheck) -> bool:
    return column.kind == "number" and column.variable is not None and column.summary is None


def _predictors(table: RawTable, columns: Sequence[ColumnCheck]) -> Iterator[str]:
    yield ""
    yield "# Candidates: every laboratory value and finding of one day."
    yield "# Keep few: each costs events."
    if not columns:
        yield "[[predictors]]"
        yield 'column = "CHANGE"'
        return
    for column in columns:
        yield ""
        yield "[[predictors]]"
        yield toml_pair("column", column.column)
        yield '# direction = "high"   # CHANGE: which end is adverse; needed for every cut-off'
        transform = suggested_transform(table, column)
        if transform != "none":
            yield toml_pair("transform", transform)
    yield from _open_questions(columns)


def suggested_transform(table: RawTable, column: ColumnCheck) -> str:
    """Propose log2 for a skewed positive value, sqrt for a skewed value with zeros, else none.

    Parameters
    ----------
    table : RawTable
        The cohort.
    column : ColumnCheck
        One of its columns.

    Returns
    -------
    str
        Skewed is a skewness of at least 1. Always ``none`` for up to five different values, and for
        a column that does not hold numbers.
    """
    declaration = ColumnDeclaration(column=column.column)
    read, _ = numeric_column(table, declaration, need_unit=False)
    if read is None:
        return "none"
    values = read.values[np.isfinite(read.values)]
    if len(np.unique(values)) <= 5:
        return "none"
    centred = values - values.mean()
    skewness = float((centred**3).mean() / (centred**2).mean() ** 1.5)
    if skewness < SKEWED:
        return "none"
    if values.min() > 0:
        return "log2"
    return "sqrt" if values.min() == 0 else "none"


def _open_questions(columns: Sequence[ColumnCheck]) -> Iterator[str]:
    undated = [c.column for c in columns if c.day is None]
    unitless = [c for c in columns if not c.unit]
    for name in undated:
        yield ""
        yield f"# [columns.{toml_key(name)}]"
        yield "# day = 0   # CHANGE: its name does not say when it was measured"
    for column in unitless:
        yield ""
        yield f"[columns.{toml_key(column.column)}]"
        yield 'unit = "CHANGE"   # its name does not say the unit'


def _ratios(columns: Sequence[ColumnCheck]) -> Iterator[str]:
    found = {(c.variable, c.day): c.column for c in columns}
    days = sorted({c.day for c in columns}, key=lambda day: (day is None, day))
    for name, above, below in RATIO_PARTS:
        for day in days:
            if (above, day) in found and (below, day) in found:
                suffix = "" if day is None else f"_day{day:g}"
                yield ""
                yield "# A ratio of two counts; name it in [[predictors]] to use it."
                yield "[[derived]]"
                yield toml_pair("name", f"{name}{suffix}")
                yield toml_pair("numerator", found[above, day])
                yield toml_pair("denominator", found[below, day])
                yield 'zero = "refuse"   # or "missing", or the smallest count'


def _undeclared(report: CheckReport, used: Sequence[ColumnCheck]) -> Iterator[str]:
    names = {column.column for column in used}
    rest = [
        c.column
        for c in report.columns
        if c.column not in names and c.kind in ("number", "category")
    ]
    if rest:
        yield ""
        yield "# Not proposed, but there: " + ", ".join(map(toml_string, rest))


def _settings() -> Iterator[str]:
    yield ""
    yield "[index]"
    yield 'cutoff = "youden"   # closest_corner, max_log_rank (survival), or fixed (in a predictor)'
    yield ""
    yield "[points]"
    yield 'selection = "none"   # univariable or backward, repeated in every resample'
    yield ""
    yield "[associations]"
    yield "columns = []   # response, expansion, peaks, grades: held against the finished score"
    yield ""
    yield "[resampling]"
    yield "bootstrap = 1000"
    yield toml_pair("seed", 20260101)
    yield f"# level of intervals: {toml_value(0.95)}"
