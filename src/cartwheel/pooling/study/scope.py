"""Which rows the plan asks for, and which it leaves out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from cartwheel.clinic.dictionary import nearest_names
from cartwheel.errors import PlanRefused, Problem
from cartwheel.pooling.plan import PoolPlan
from cartwheel.pooling.study.pools import fold

_ROW = re.compile(r"(?:row\s+|#)(\d+)", re.I)
_FILE_ROW = re.compile(r"(?P<file>.+):(?P<row>\d+)")


def renamed(text: str, names: Mapping[str, str], spellings: dict[str, str]) -> str:
    """Take a name for another where the plan says so; else by its first spelling in the file.

    Parameters
    ----------
    text : str
        Group or outcome as written.
    names : mapping of str to str
        The plan's ``same_outcome`` or ``same_group``.
    spellings : dict
        Folded name to first spelling; filled here.
    """
    folded = fold(text)
    for written, taken in names.items():
        if fold(written) == folded:
            return spellings.setdefault(fold(taken), taken)
    return spellings.setdefault(folded, text)


def check_renaming(plan: PoolPlan, groups: Iterable[str], outcomes: Iterable[str]) -> None:
    """Refuse a plan that takes a name for another and no row has it.

    Parameters
    ----------
    plan : PoolPlan
        With ``same_group`` and ``same_outcome``.
    groups, outcomes : iterable of str
        As written in the files; empty where a row has none.

    Raises
    ------
    PlanRefused
        ``group_unknown``, ``outcome_unknown``.
    """
    problems = []
    for key, names, there in (
        ("group", plan.same_group, groups),
        ("outcome", plan.same_outcome, outcomes),
    ):
        known = list(dict.fromkeys(there))
        folded = set(map(fold, known))
        problems += [
            Problem(
                f"{key}_unknown",
                f"no row has the {key} '{name}', which is to be taken for '{taken}'",
                f"plan: same_{key}",
                nearest_names(name, [text for text in known if text])
                if any(known)
                else f"the table has no column '{key}'",
            )
            for name, taken in names.items()
            if fold(name) not in folded
        ]
    if problems:
        raise PlanRefused(problems)


def not_asked(plan: PoolPlan, group: str, outcome: str, measure: str | None) -> str:
    """Say why a row is not asked for; empty where it is.

    Parameters
    ----------
    plan : PoolPlan
        With its filters.
    group, outcome : str
        Of the row.
    measure : str or None
        Of the row, where it is known.
    """
    for name, value, wanted in (("group", group, plan.group), ("outcome", outcome, plan.outcome)):
        if wanted and fold(value) not in map(fold, wanted):
            return f"{name} '{value}' was not asked for"
    if plan.measure is not None and measure is not None and measure != plan.measure:
        return f"measure {measure} was not asked for"
    return ""


def left_out_by(plan: PoolPlan, file: str, row: int, study: str) -> bool:
    """Whether the plan's ``leave_out`` names a row.

    Parameters
    ----------
    plan : PoolPlan
        With labels, ``row 12``, or ``file.csv:12``.
    file : str
        Of the row.
    row : int
        As its reader sees it.
    study : str
        Its label.
    """
    return any(_is_named(entry, file, row, study) for entry in plan.leave_out)


def _is_named(entry: str, file: str, row: int, study: str) -> bool:
    if fold(entry) == fold(study):
        return True
    alone = _ROW.fullmatch(entry.strip())
    if alone is not None:
        return int(alone[1]) == row
    placed = _FILE_ROW.fullmatch(entry.strip())
    return placed is not None and placed["file"] == file and int(placed["row"]) == row


def check_scope(
    plan: PoolPlan, rows: Sequence[tuple[str, int, str]], groups: Iterable[str],
    outcomes: Iterable[str],
) -> None:  # fmt: skip
    """Refuse a plan that names what is not in the files.

    Parameters
    ----------
    plan : PoolPlan
        With filters and rows to leave out.
    rows : sequence of (str, int, str)
        File, row and label of every row.
    groups, outcomes : iterable of str
        Those that there are, after renaming.

    Raises
    ------
    PlanRefused
        ``group_unknown``, ``outcome_unknown``, ``leave_out_unknown``, ``leave_out_ambiguous``.
    """
    problems: list[Problem] = []
    for key, wanted, there in (("group", plan.group, groups), ("outcome", plan.outcome, outcomes)):
        known = list(dict.fromkeys(name for name in there if name))
        problems += [
            Problem(
                f"{key}_unknown",
                f"no row has the {key} '{name}'",
                f"plan: {key}",
                nearest_names(name, known) if known else f"the table has no column '{key}'",
            )
            for name in wanted
            if fold(name) not in map(fold, known)
        ]
    for entry in plan.leave_out:
        hits = [row for row in rows if _is_named(entry, *row)]
        if not hits:
            labels = list(dict.fromkeys(label for _, _, label in rows))
            numbers = [row for _, row, _ in rows]
            of_row = f"rows run from {min(numbers)} to {max(numbers)}"
            problems.append(
                Problem(
                    "leave_out_unknown",
                    f"no study and no row is called '{entry}'",
                    "plan: leave_out",
                    of_row if _ROW.fullmatch(entry.strip()) else nearest_names(entry, labels),
                )
            )
        elif _ROW.fullmatch(entry.strip()) and len({file for file, _, _ in hits}) > 1:
            problems.append(
                Problem(
                    "leave_out_ambiguous",
                    f"'{entry}' is a row of more than one file",
                    "plan: leave_out",
                    f"name the file: '{hits[0][0]}:{hits[0][1]}'",
                )
            )
    if problems:
        raise PlanRefused(problems)
