"""One group of patients: counted always, told where it is large enough, else withheld."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cartwheel.validation.analysed import Integers, Predicted, Target
from cartwheel.validation.judging.measures import core_measures
from cartwheel.validation.judging.observed import moment_said
from cartwheel.validation.plan import WithholdPlan
from cartwheel.validation.result_groups import GroupRow, GroupScore

Flags = NDArray[np.bool_]

_NAMES_OF_UNKNOWN = ("not known", "no value", "no value in this column")


def unknown_name(levels: Sequence[str]) -> str:
    """Name the group of patients without a value, so that no group of the column is called alike.

    Parameters
    ----------
    levels : sequence of str
        Names that are taken.

    Returns
    -------
    str
    """
    free = [name for name in _NAMES_OF_UNKNOWN if name not in levels]
    return free[0] if free else " / ".join((*_NAMES_OF_UNKNOWN, "other"))


def too_few(target: Target, counted: Flags, rows: Integers, least: WithholdPlan) -> str:
    """Say why a group is too small to be told.

    Parameters
    ----------
    target : Target
        The outcome of all n patients.
    counted : bool array (n,)
        As ``event_by_horizon`` gives it.
    rows : int array (m,)
        The group.
    least : WithholdPlan
        Fewest patients and events.

    Returns
    -------
    str
        Empty where it is large enough. The limits are named, the group's own numbers are not.
    """
    patients, events = len(rows), int(counted[rows].sum())
    if patients == 0:
        return "no patients"
    said = []
    if patients < least.patients:
        said.append(f"fewer than {least.patients} patients")
    if events < least.events:
        said.append(f"fewer than {least.events} events{moment_said(target)}")
    if target.kind == "binary" and patients - events < least.events:
        said.append(f"fewer than {least.events} patients without the event")
    return "; ".join(said)


def group_scores(
    target: Target, predicted: Sequence[Predicted], level: float
) -> tuple[GroupScore, ...]:
    """Measure every score in a group that is large enough.

    Parameters
    ----------
    target : Target
        The outcome of the group.
    predicted : sequence of Predicted
        The scores of the same patients.
    level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    tuple of GroupScore
    """
    return tuple(GroupScore(each.name, core_measures(target, each, level)) for each in predicted)


def group_row(
    group: str,
    target: Target,
    predicted: Sequence[Predicted],
    counted: Flags,
    rows: Integers,
    withheld: str,
    level: float,
) -> GroupRow:
    """Tell of a group, or count it only.

    Parameters
    ----------
    group : str
        Its name.
    target : Target
        The outcome of all n patients.
    predicted : sequence of Predicted
        The scores of the same patients.
    counted : bool array (n,)
        As ``event_by_horizon`` gives it.
    rows : int array (m,)
        The group.
    withheld : str
        Why it is only counted; empty where it is told.
    level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    GroupRow
        Events are those by the horizon, where there is one.
    """
    scores: tuple[GroupScore, ...] = ()
    if not withheld:
        scores = group_scores(target.subset(rows), [each.subset(rows) for each in predicted], level)
    return GroupRow(group, len(rows), int(counted[rows].sum()), withheld, scores)
