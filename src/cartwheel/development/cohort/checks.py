"""What is wrong with a cohort in the light of its plan: absent, doubled, constant.

Unusable columns.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cartwheel.clinic.cohort_checks import absent_names, doubled_patients
from cartwheel.clinic.reading import RawTable
from cartwheel.development.cohort.columns import Column
from cartwheel.development.planning.plan import Plan, PredictorPlan
from cartwheel.errors import Problem

Mask = NDArray[np.bool_]

MOST_MISSING = 0.5
FEWEST_OBSERVED = 10
COMPARE = {">": np.greater, ">=": np.greater_equal, "<": np.less, "<=": np.less_equal}


def absent_columns(table: RawTable, plan: Plan) -> list[Problem]:
    """Find names of the plan that are not in the cohort, with the nearest column.

    Parameters
    ----------
    table : RawTable
        The cohort.
    plan : Plan
        Its predictors, ratios, adjustment, associations, exclusions, outcome and patient id are
        looked for.

    Returns
    -------
    list of Problem
        One for each absent name, and one for each ratio that has the name of a column.
    """
    derived = {item.name for item in plan.derived}
    wanted: dict[str, str] = {}
    for role, names in (
        ("predictor", [item.column for item in plan.predictors if item.column not in derived]),
        ("ratio", [part for item in plan.derived for part in (item.numerator, item.denominator)]),
        ("adjust", list(plan.adjust)),
        ("associations", list(plan.associations.columns)),
        ("exclusion", [rule.column for rule in plan.cohort.exclude]),
        ("columns", [name for name in plan.columns if name not in derived]),
        ("outcome", [plan.outcome.event, plan.outcome.time, plan.outcome.onset]),
        ("patient id", [plan.cohort.id]),
    ):
        wanted.update({name: role for name in names if name is not None})
    problems = absent_names(table, wanted)
    clash = derived & {str(name) for name in table.frame.columns}
    problems += [
        Problem(
            "derived_exists",
            "a derived ratio has the name of a column that is there",
            f"ratio '{name}'",
            "give the ratio another name",
        )
        for name in sorted(clash)
    ]
    return problems


def identical_columns(columns: dict[str, Column], plan: Plan) -> list[Problem]:
    """Find predictors that hold the same values as another in every row.

    Parameters
    ----------
    columns : dict of str to Column
        As read; names that could not be read are left aside.
    plan : Plan
        Its predictors and adjustment columns are compared.

    Returns
    -------
    list of Problem
        One for each column that repeats an earlier one. All rows of the file count, and missing
        values must be in the same rows; a column without any value repeats nothing.
    """
    problems = []
    seen: dict[bytes, str] = {}
    for name in [item.column for item in plan.predictors] + list(plan.adjust):
        if name not in columns:
            continue
        key = columns[name].values.tobytes()
        if key in seen and np.isfinite(columns[name].values).any():
            problems.append(
                Problem(
                    "identical_predictors",
                    f"holds the same values as '{seen[key]}' in every row",
                    f"predictor '{name}'",
                    "keep one of the two",
                )
            )
        seen.setdefault(key, name)
    return problems


def duplicate_patients(table: RawTable, plan: Plan) -> list[Problem]:
    """Find rows that share a patient id; the rows are named, not the id.

    Parameters
    ----------
    table : RawTable
        The cohort.
    plan : Plan
        Names the column of patient ids.

    Returns
    -------
    list of Problem
        Empty, or one with at most ten row numbers; missing ids do not repeat. Nothing is looked at
        where the plan names no id.
    """
    return doubled_patients(table, plan.cohort.id)


def unusable_columns(columns: dict[str, Column], plan: Plan, analysed: Mask) -> list[Problem]:
    """Find predictors that cannot be used as planned in the analysed patients.

    Parameters
    ----------
    columns : dict of str to Column
        Every predictor is among them.
    plan : Plan
        Predictors, their transforms and their fixed cut-offs.
    analysed : bool array (n,)
        Rows that are analysed; missing values in them, which are to be imputed, are left aside.

    Returns
    -------
    list of Problem
        ``constant_predictor``; ``cut_outside``, where a fixed cut-off leaves everyone on one side;
        ``log_of_zero``; ``root_of_negative``.
    """
    problems = []
    for item in plan.predictors:
        values = columns[item.column].values[analysed]
        values = values[np.isfinite(values)]
        where = f"predictor '{item.column}'"
        if not len(values):
            continue  # nothing is known of it, which is said elsewhere
        if len(np.unique(values)) < 2:
            problems.append(
                Problem(
                    "constant_predictor",
                    "every analysed patient has the same value",
                    where,
                    "leave it out",
                )
            )
        problems += _cut_outside(columns[item.column], item, values, where)
        problems += _steps_outside(columns[item.column], item, values, where)
        if item.transform == "log2" and np.any(values <= 0):
            problems.append(
                Problem(
                    "log_of_zero",
                    f"{int((values <= 0).sum())} values are zero or below, and have no logarithm",
                    where,
                    'use transform = "sqrt" or "rcs3"',
                )
            )
        if item.transform == "sqrt" and np.any(values < 0):
            problems.append(
                Problem(
                    "root_of_negative",
                    "values below zero have no square root",
                    where,
                    'use transform = "none" or "rcs3"',
                )
            )
    return problems


def not_imputable(columns: dict[str, Column], plan: Plan, analysed: Mask) -> list[Problem]:
    """Find predictors of which too little is known to impute the rest.

    Parameters
    ----------
    columns : dict of str to Column
        Every predictor is among them.
    plan : Plan
        Its predictors.
    analysed : bool array (n,)
        Rows that are analysed.

    Returns
    -------
    list of Problem
        ``mostly_missing`` above half of the patients; ``too_few_observed`` below ten values, or no
        more than twice as many as the imputation model has terms.
    """
    problems = []
    terms = len(plan.predictors) + 1 + (plan.outcome.kind == "survival")
    patients = int(analysed.sum())
    for item in plan.predictors:
        observed = int(np.isfinite(columns[item.column].values[analysed]).sum())
        where = f"predictor '{item.column}'"
        gone = patients - observed
        mend = "leave it out, or use --missing complete"
        if gone > MOST_MISSING * patients:
            problems.append(
                Problem(
                    "mostly_missing",
                    f"missing in {gone} of {patients} patients ({100 * gone / patients:.0f} %): "
                    f"above {100 * MOST_MISSING:.0f} % it would be made up rather than imputed",
                    where,
                    mend,
                )
            )
        elif gone and observed < max(FEWEST_OBSERVED, 2 * terms):
            problems.append(
                Problem(
                    "too_few_observed",
                    f"{observed} observed values cannot teach an imputation model of {terms} terms",
                    where,
                    mend,
                )
            )
    return problems


def _cut_outside(
    column: Column, item: PredictorPlan, values: NDArray[np.float64], where: str
) -> list[Problem]:
    """Find a fixed cut-off that leaves everyone on one side."""
    if item.cutoff is None or item.cutoff.value is None or len(np.unique(values)) < 2:
        return []
    cut = column.in_unit(item.cutoff.value)
    rule = item.cutoff.rule or (">=" if item.direction == "high" else "<=")
    beyond = COMPARE[rule](values, cut)
    if beyond.any() and not beyond.all():
        return []
    unit = f" {column.unit}" if column.unit not in ("", "1") else ""
    return [
        Problem(
            "cut_outside",
            f"the cut-off is {cut:.4g}{unit}, and every analysed patient lies on one side of it "
            f"({values.min():.4g} to {values.max():.4g}{unit})",
            where,
            "cut-offs are written in the unit of the file's column; check the number",
        )
    ]


def _steps_outside(
    column: Column, item: PredictorPlan, values: NDArray[np.float64], where: str
) -> list[Problem]:
    """Find edges of a score card beyond which, or below which, there is nobody."""
    outside = [
        step for step in item.steps or () if not values.min() < column.in_unit(step) <= values.max()
    ]
    if not outside:
        return []
    unit = f" {column.unit}" if column.unit not in ("", "1") else ""
    listed = ", ".join(f"{column.in_unit(step):.4g}" for step in outside)
    return [
        Problem(
            "steps_outside",
            f"no analysed patient lies beyond, or below, the edge {listed}{unit} "
            f"({values.min():.4g} to {values.max():.4g}{unit})",
            where,
            "steps are written in the unit of the file's column; check the numbers",
        )
    ]
