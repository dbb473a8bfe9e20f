"""The columns a plan uses, read from the table: numbers in one unit, ratios made of them.

Categories.
"""

from __future__ import annotations

import numpy as np

from cartwheel.clinic.biomarkers import ratio
from cartwheel.clinic.cohort_column import (
    MOST_LEVELS,
    Column as Column,
    column_as_read,
    declared,
)
from cartwheel.clinic.columns import missing_cells, numeric_column
from cartwheel.clinic.findings import Findings
from cartwheel.clinic.reading import RawTable
from cartwheel.development.planning.plan import ColumnPlan, Plan
from cartwheel.errors import CohortRefused, Problem


def read_columns(table: RawTable, plan: Plan, findings: Findings) -> dict[str, Column]:
    """Read every column the plan uses as a number, then the ratios made from them.

    Parameters
    ----------
    table : RawTable
        The cohort; every column named by the plan is there.
    plan : Plan
        Names the columns, and says of them what their names do not.
    findings : Findings
        Takes every problem found; nothing is raised here.

    Returns
    -------
    dict of str to Column
        By name. A column that could not be read, or a ratio with a part that could not, is absent.
        A column for associations that does not hold numbers is read as a category.
    """
    derived = {item.name for item in plan.derived}
    parts = [part for item in plan.derived for part in (item.numerator, item.denominator)]
    numeric = [item.column for item in plan.predictors] + list(plan.adjust) + parts
    numeric += [rule.column for rule in plan.cohort.exclude if rule.equals is None]
    columns: dict[str, Column] = {}
    for name in dict.fromkeys(name for name in numeric if name not in derived):
        read, problems = numeric_column(table, declared(plan.columns, name))
        findings.add(CohortRefused, problems)
        if read is not None:
            columns[name] = column_as_read(plan.columns, read)
            if not np.isfinite(read.values).any() and not problems:
                findings.add(
                    CohortRefused,
                    [
                        Problem(
                            "all_missing",
                            "no patient has a value",
                            f"column '{name}'",
                            "leave the column out",
                        )
                    ],
                )
    _ratios(plan, columns, findings)
    for name in plan.associations.columns:
        if name not in columns:
            columns[name] = _further(table, plan, name, findings)
    return columns


def _ratios(plan: Plan, columns: dict[str, Column], findings: Findings) -> None:
    for item in plan.derived:
        above, below = columns.get(item.numerator), columns.get(item.denominator)
        if above is None or below is None:
            continue
        where = f"ratio '{item.name}'"
        if above.unit != below.unit:
            findings.add(
                CohortRefused,
                [
                    Problem(
                        "ratio_units",
                        f"numerator in '{above.unit}', denominator in '{below.unit}'",
                        where,
                        "state the units of both columns, in one unit",
                    )
                ],
            )
            continue
        if above.day != below.day:
            findings.add(
                CohortRefused,
                [
                    Problem(
                        "ratio_days",
                        "numerator and denominator were measured on different days",
                        where,
                        "use counts of one day",
                    )
                ],
            )
            continue
        zero = below.in_unit(item.zero) if isinstance(item.zero, float) else item.zero
        made = ratio(above.values, below.values, zero=zero)
        findings.add(
            CohortRefused,
            [Problem(found.code, found.what, where, found.mend) for found in made.problems],
        )
        label = item.label or item.name + (f", day {above.day:g}" if above.day is not None else "")
        columns[item.name] = Column(
            item.name,
            label,
            "",
            item.name,
            above.day,
            above.summary or below.summary,
            made.values,
            0,
            0,
            made.rule,
            skewed=True,
            ratio=(item.numerator, item.denominator),
        )


def _further(table: RawTable, plan: Plan, name: str, findings: Findings) -> Column:
    """Read a column for associations: a number where its cells are numbers, else categories."""
    read, problems = numeric_column(table, declared(plan.columns, name), need_unit=False)
    if read is not None and not problems:
        return column_as_read(plan.columns, read)
    words = table.frame[name].astype(object).map(str).str.strip().to_numpy(dtype=object)
    missing = missing_cells(table.frame[name])
    levels = tuple(sorted({str(word) for word in words[~missing]}))
    if len(levels) > MOST_LEVELS or (len(levels) > 2 and len(levels) == (~missing).sum()):
        # so many words may name patients, and a table of them would carry the names out
        findings.add(
            CohortRefused,
            [
                Problem(
                    "too_many_categories",
                    f"{len(levels)} different words are free text, not categories",
                    f"associations '{name}'",
                    f"leave it out, or write at most {MOST_LEVELS} categories",
                )
            ],
        )
    codes = np.array(
        [
            np.nan if gone else float(levels.index(word))
            for word, gone in zip(words, missing, strict=True)
        ]
    )
    said = plan.columns.get(name, ColumnPlan())
    return Column(
        name,
        said.label or name,
        "",
        None,
        None,
        None,
        codes,
        0,
        0,
        "",
        kind="category",
        levels=levels,
    )
