"""Leaving patients out by the rules of a plan, each rule counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cartwheel.clinic.cohort_column import Column
from cartwheel.clinic.columns import missing_cells
from cartwheel.clinic.flow import add_step, first_step
from cartwheel.clinic.outcome import code_event
from cartwheel.clinic.plan_parts import Exclusion
from cartwheel.clinic.reading import RawTable
from cartwheel.errors import Problem
from cartwheel.patients import FlowStep

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


def leave_out(
    table: RawTable, rules: Sequence[Exclusion], columns: Mapping[str, Column], event: Floats
) -> tuple[Mask, list[FlowStep], list[Problem]]:
    """Leave out the patients that the rules name, one rule after the other.

    Parameters
    ----------
    table : RawTable
        The cohort.
    rules : sequence of Exclusion
        Each with exactly one condition.
    columns : mapping of str to Column
        The columns of rules with ``below`` or ``above``, read as numbers.
    event : float array (N,)
        For the counts.

    Returns
    -------
    kept : bool array (N,)
        Who is left.
    flow : list of FlowStep
        From the rows of the file on, a step for each rule.
    problems : list of Problem
        ``exclusion_absent`` where no row holds the value named.
    """
    kept = np.ones(len(event), dtype=bool)
    flow = [first_step(event)]
    found: list[Problem] = []
    for rule in rules:
        if rule.equals is not None:
            hit, problems = code_event(table, rule.column, rule.equals)
            found += [_exclusion_problem(problem) for problem in problems]
            out = np.zeros(len(event), dtype=bool) if hit is None else hit.values == 1
        elif rule.below is not None:
            out = columns[rule.column].values < columns[rule.column].in_unit(rule.below)
        else:
            assert rule.above is not None
            out = columns[rule.column].values > columns[rule.column].in_unit(rule.above)
        kept &= ~out
        label = f"after leaving out: {rule.reason}"
        add_step(flow, label + _not_known(table, rule.column, kept), kept, event)
    return kept, flow, found


def _not_known(table: RawTable, column: str, kept: Mask) -> str:
    """Say how many were kept because the column of an exclusion is missing for them."""
    count = int((missing_cells(table.frame[column]) & kept).sum())
    return f" ({count} kept without a value of {column})" if count else ""


def _exclusion_problem(problem: Problem) -> Problem:
    """Say of an exclusion what reading a declared value found."""
    return replace(problem, code="exclusion_absent", mend="correct equals in [[cohort.exclude]]")
