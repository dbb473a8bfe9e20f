"""Patients divided by a column of the cohort: by its words, or at edges that the plan names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cartwheel.clinic.cohort_column import MOST_LEVELS, column_as_read, declared
from cartwheel.clinic.columns import numeric_column
from cartwheel.clinic.findings import Findings
from cartwheel.clinic.outcome import category_words
from cartwheel.clinic.plan_parts import ColumnPlan
from cartwheel.clinic.reading import RawTable
from cartwheel.errors import CohortRefused, Problem
from cartwheel.note import Note
from cartwheel.validation.grouping import Grouping
from cartwheel.validation.plan import SubgroupPlan, ValidationPlan

Integers = NDArray[np.intp]
Mask = NDArray[np.bool_]

MOST_CENTRES = 200


@dataclass(frozen=True, slots=True, eq=False)
class Divided:
    """A column as groups, of all rows of the table.

    Parameters
    ----------
    column, label : str
        Which; for the reader.
    levels : tuple of str
        Names of the groups, in their order.
    code : int array (N,)
        Place in ``levels``; -1 for no value.
    """

    column: str
    label: str
    levels: tuple[str, ...]
    code: Integers

    def among(self, eligible: Mask, analysed: Mask) -> Grouping:
        """Give the groups that any eligible patient is in, and those of the patients analysed.

        Parameters
        ----------
        eligible, analysed : bool array (N,)
            The second are some of the first.

        Returns
        -------
        Grouping
            Of the patients analysed; a group may be empty there.
        """
        there = np.unique(self.code[eligible & (self.code >= 0)])
        place = np.full(len(self.levels) + 1, -1, dtype=np.intp)
        place[there] = np.arange(len(there))
        code = place[self.code[analysed]]
        code.setflags(write=False)
        levels = tuple(self.levels[each] for each in there.tolist())
        return Grouping(self.column, self.label, levels, code)


def divided(
    table: RawTable, plan: ValidationPlan, findings: Findings
) -> tuple[tuple[Divided, ...], Divided | None]:
    """Read the columns of the subgroups and of the centre.

    Parameters
    ----------
    table : RawTable
        The cohort; the columns are there.
    plan : ValidationPlan
        Names them.
    findings : Findings
        Takes what is wrong with them: ``too_many_categories``, ``too_many_centres``, and what
        `numeric_column` finds in a column with edges.

    Returns
    -------
    pair of (tuple of Divided, Divided or None)
        Subgroups in the order of the plan, without those that could not be read; the centre.
    """
    found = []
    for item in plan.subgroups:
        one = (
            _at_edges(table, plan, item, findings)
            if item.cuts
            else _by_words(table, plan, item, findings, MOST_LEVELS)
        )
        if one is not None:
            found.append(one)
    centre = None
    if plan.centre is not None:
        item = SubgroupPlan(column=plan.centre)
        centre = _by_words(table, plan, item, findings, MOST_CENTRES)
    return tuple(found), centre


def _label(plan: ValidationPlan, item: SubgroupPlan) -> str:
    return item.label or plan.columns.get(item.column, ColumnPlan()).label or item.column


def _by_words(
    table: RawTable, plan: ValidationPlan, item: SubgroupPlan, findings: Findings, most: int
) -> Divided | None:
    words = category_words(table, item.column)
    present = words.dropna()
    own = sorted(set(present.tolist()), key=_numbers_first)
    levels = tuple(dict.fromkeys(item.names.get(word, word) for word in own))
    if len(levels) > most or (len(levels) > 2 and len(levels) == len(present)):
        # so many words may name patients, and a table of them would carry the names out
        findings.add(CohortRefused, [_too_many(item.column, len(levels), most)])
        return None
    places = {word: place for place, word in enumerate(levels)}
    placed = words.map({word: places[item.names.get(word, word)] for word in own})
    code = placed.fillna(-1).to_numpy(dtype=np.intp)
    return Divided(item.column, _label(plan, item), levels, code)


def _numbers_first(word: str) -> tuple[float, str]:
    try:
        return float(word), word
    except ValueError:
        return np.inf, word


def _too_many(column: str, levels: int, most: int) -> Problem:
    if most == MOST_CENTRES:
        return Problem(
            "too_many_centres",
            f"{levels} different words are no centres",
            f"centre '{column}'",
            "name the column of the centre, not of the patient",
        )
    return Problem(
        "too_many_categories",
        f"{levels} different values are no groups",
        f"subgroup '{column}'",
        f"say edges for a column of numbers (--subgroup '{column}:EDGE,EDGE'), or write at most "
        f"{most} categories",
    )


def _at_edges(
    table: RawTable, plan: ValidationPlan, item: SubgroupPlan, findings: Findings
) -> Divided | None:
    read, problems = numeric_column(table, declared(plan.columns, item.column), need_unit=False)
    findings.add(CohortRefused, problems)
    if read is None:
        return None
    column = column_as_read(plan.columns, read)
    edges = [column.in_unit(cut) for cut in item.cuts]
    code = np.searchsorted(edges, column.values, side="right").astype(np.intp)
    code[~np.isfinite(column.values)] = -1
    unit = f" {read.source_unit}" if read.source_unit not in ("", "1") else ""
    shown = [f"{cut:g}" for cut in item.cuts]
    levels = (
        f"below {shown[0]}{unit}",
        *(f"{low} to below {high}{unit}" for low, high in pairwise(shown)),
        f"{shown[-1]}{unit} or more",
    )
    return Divided(item.column, _label(plan, item), levels, code)


def group_notes(groupings: tuple[Grouping, ...], centre: Grouping | None) -> Iterator[Note]:
    """Say which columns divide nobody, and how many patients have no group.

    Parameters
    ----------
    groupings : tuple of Grouping
        Subgroups.
    centre : Grouping or None
        The centre.

    Yields
    ------
    Note
        ``one_group``, ``one_centre``, ``centre_unknown``.
    """
    for item in groupings:
        if len(np.unique(item.code[item.code >= 0])) < 2:
            yield Note(
                "one_group",
                "caution",
                f"Subgroup '{item.label}': all patients analysed are in one group. Edges are "
                "written in the unit of the file; check them.",
            )
    if centre is None:
        return
    if len(np.unique(centre.code[centre.code >= 0])) < 2:
        yield Note(
            "one_centre",
            "caution",
            f"Column '{centre.column}' names one centre: nothing can be said of differences "
            "between centres.",
        )
    unknown = int((centre.code < 0).sum())
    if unknown:
        yield Note(
            "centre_unknown",
            "information",
            f"{unknown} of {len(centre.code)} patients analysed have no centre, and are in none "
            "of its rows.",
        )
