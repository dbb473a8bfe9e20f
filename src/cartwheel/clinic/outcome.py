"""The outcome, decided once: coded, timed and checked here, never asked about again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cartwheel.clinic.columns import missing_cells
from cartwheel.clinic.reading import RawTable
from cartwheel.errors import Problem

Floats = NDArray[np.float64]
MOST_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Binary:
    """An event that happened or did not.

    Parameters
    ----------
    event : float array (n,)
        1 event, 0 none, nan not known.
    onset_day : float array (n,) or None
        Day on which the event began, nan where there is none; None where no column gives it.
    """

    event: Floats
    onset_day: Floats | None = None


@dataclass(frozen=True, slots=True)
class Survival:
    """Time to an event or to last contact.

    Parameters
    ----------
    time : float array (n,)
        >= 0, in ``unit``, from day 0; nan not known.
    event : float array (n,)
        1 event, 0 censored, nan not known.
    unit : str
        ``days``, ``weeks``, ``months`` or ``years``.
    """

    time: Floats
    event: Floats
    unit: str


@dataclass(frozen=True, slots=True)
class Coded:
    """A yes/no column as numbers, with the values read as "no" under a declared coding.

    Parameters
    ----------
    values : float array (n,)
        1 yes, 0 no, nan missing; all rows of the table.
    read_as_no : tuple of str
        Words other than the declared one that are present, sorted; empty for a column of 0 and 1.
    """

    values: Floats
    read_as_no: tuple[str, ...]


def code_event(
    table: RawTable, column: str, event_value: str | float | None
) -> tuple[Coded | None, tuple[Problem, ...]]:
    """Read a yes/no column; anything but 0/1 (or true/false) needs a declared value.

    Parameters
    ----------
    table : RawTable
        The cohort.
    column : str
        Column of the event; it exists.
    event_value : str or float or None
        The value that means "yes". Every other value present is then read as "no", and listed.

    Returns
    -------
    tuple of (Coded or None, problems)
        None when the coding cannot be known. Missing cells are nan, never "no".
    """
    cells = table.frame[column]
    missing = missing_cells(cells)
    words = cells.map(_word).to_numpy(dtype=object)
    present = sorted({word for word, gone in zip(words, missing, strict=True) if not gone})
    values = np.full(len(words), np.nan)
    if event_value is not None:
        wanted = _word(event_value)
        if wanted not in present:
            return None, (_value_absent(column, wanted, present),)
        values[~missing] = (words[~missing] == wanted).astype(float)
        return Coded(values, tuple(word for word in present if word != wanted)), ()
    if not set(present) <= {"0", "1"}:
        return None, (_coding_unknown(column, present),)
    values[~missing] = (words[~missing] == "1").astype(float)
    return Coded(values, ()), ()


@dataclass(frozen=True, slots=True)
class CodedCauses:
    """A column of events of several kinds as numbers.

    Parameters
    ----------
    values : float array (n,)
        1 the event asked for, 2 another that makes it impossible, 0 none so far, nan missing; all
        rows of the table.
    read_as_no : tuple of str
        Words that are present and were declared as neither, sorted.
    """

    values: Floats
    read_as_no: tuple[str, ...]


def code_causes(
    table: RawTable, column: str, event_value: str | float, competing: Sequence[str | float]
) -> tuple[CodedCauses | None, tuple[Problem, ...]]:
    """Read a column of events that exclude one another, by declared values.

    Parameters
    ----------
    table : RawTable
        The cohort.
    column : str
        Column of the event; it exists.
    event_value : str or float
        The value that means the event asked for.
    competing : sequence of (str or float)
        The values that mean another event. Every further value present is read as "no event so
        far", and listed.

    Returns
    -------
    tuple of (CodedCauses or None, problems)
        None where a declared value is in no row: ``event_value_absent`` or
        ``competing_value_absent``. Missing cells are nan, never "no event".
    """
    cells = table.frame[column]
    missing = missing_cells(cells)
    words = cells.map(_word).to_numpy(dtype=object)
    present = sorted({word for word, gone in zip(words, missing, strict=True) if not gone})
    wanted, others = _word(event_value), [_word(value) for value in competing]
    problems = [] if wanted in present else [_value_absent(column, wanted, present)]
    problems += [
        Problem(
            "competing_value_absent",
            f"no row has the declared competing value '{word}'; the column holds {_shown(present)}",
            f"column '{column}'",
            "correct --competing-value (competing_values in the plan)",
        )
        for word in others
        if word not in present
    ]
    if problems:
        return None, tuple(problems)
    values = np.zeros(len(words))
    values[words == wanted] = 1.0
    values[np.isin(words.astype(str), others)] = 2.0
    values[missing] = np.nan
    return CodedCauses(values, tuple(word for word in present if word not in (wanted, *others))), ()


def same_value(one: str | float, other: str | float) -> bool:
    """Say whether two declared values are the same word of a column, as 1, "1.0" and true are.

    Parameters
    ----------
    one, other : str or float
        As declared.

    Returns
    -------
    bool
    """
    return _word(one) == _word(other)


def _word(cell: object) -> str:
    """One spelling a value: 1, 1.0, "1", True and " true " are the same word."""
    if isinstance(cell, bool | np.bool_):
        return "1" if cell else "0"
    text = str(cell).strip()
    if text.lower() in ("true", "false"):
        return "1" if text.lower() == "true" else "0"
    try:
        number = float(text.replace(",", ".")) if text.count(",") <= 1 else float(text)
    except ValueError:
        return text
    return str(int(number)) if number.is_integer() else repr(number)


def _shown(present: Sequence[str]) -> str:
    """List the values of a coded column; a column of many values may name patients."""
    if len(present) > MOST_SHOWN:
        return f"{len(present)} different values"
    return ", ".join(f"'{word[:12]}'" for word in present)


def _coding_unknown(column: str, present: Sequence[str]) -> Problem:
    return Problem(
        "outcome_coding",
        f"the event is coded {_shown(present)}: which of them means 'event' is not said",
        f"column '{column}'",
        "say it: --event-value VALUE, or event_value in [outcome] of the plan",
    )


def _value_absent(column: str, wanted: str, present: Sequence[str]) -> Problem:
    return Problem(
        "event_value_absent",
        f"no row has the declared event value '{wanted}'; the column holds {_shown(present)}",
        f"column '{column}'",
        "correct --event-value (event_value in the plan)",
    )


def event_problems(event: Floats, label: str) -> tuple[Problem, ...]:
    """Find out whether there is anything to analyse: patients, events and non-events.

    Parameters
    ----------
    event : float array (n,)
        1, 0 or nan.
    label : str
        Named in the problem.

    Returns
    -------
    tuple of Problem
        Empty when both kinds of patient are there.
    """
    known = event[np.isfinite(event)]
    where = f"outcome '{label}'"
    if len(known) < 2:
        return (
            Problem(
                "too_few_rows",
                f"{len(known)} patients have an outcome",
                where,
                "a score needs many patients; check the column and the exclusions",
            ),
        )
    events = int(known.sum())
    if events == 0:
        return (
            Problem(
                "no_events",
                f"none of {len(known)} patients had the event",
                where,
                "nothing can be learned about an event nobody had; check the coding",
            ),
        )
    if events == len(known):
        return (
            Problem(
                "all_events",
                f"all {len(known)} patients had the event",
                where,
                "with no patient without the event there is nothing to compare; "
                "check the coding, or analyse the time to the event",
            ),
        )
    return ()


def negative_rows(values: Floats, first_row: int) -> str:
    """Name the rows, as numbered in the file, whose value is below zero; empty when none is.

    Parameters
    ----------
    values : float array (n,)
        All rows; nan is not below zero.
    first_row : int
        Number of the first row, as the user sees it.

    Returns
    -------
    str
        At most ten row numbers, and how many more there are.
    """
    rows = np.flatnonzero(values < 0) + first_row
    shown = ", ".join(str(row) for row in rows[:10])
    return shown + (f" and {len(rows) - 10} more" if len(rows) > 10 else "")


def category_words(table: RawTable, column: str) -> pd.Series:
    """Give a column's cells as words, None where missing.

    Parameters
    ----------
    table : RawTable
        The cohort.
    column : str
        A column that exists.

    Returns
    -------
    Series of str or None
        All rows. One spelling a value: 1, 1.0 and true are the word ``1``.
    """
    cells = table.frame[column]
    words = cells.map(_word).astype(object)
    words[missing_cells(cells)] = None
    return words
