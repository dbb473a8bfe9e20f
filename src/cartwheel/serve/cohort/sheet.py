"""A sheet that was checked: every column as the check saw it, and what is asked about it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cartwheel.clinic.dictionary import accepted_units, variables
from cartwheel.errors import FileRefused, Problem, refuse
from cartwheel.provenance import named_simulated
from cartwheel.store.database import Store
from cartwheel.store.kept_files import content_of, files_of
from cartwheel.store.kept_jobs import Job

# a table of more rows than this is not read by a person; a filter finds the others
MOST_SHOWN = 200
FIRST_PLAN = "first-plan.toml"
_COLUMN = "column '"


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """One column as the check saw it.

    Parameters
    ----------
    place : int
        From 0, in the order of the sheet.
    name, what, unit, when, span : str
        In the words of ``cartwheel check``; ``span`` is the range, or how many different values.
    kind : str
        ``number``, ``category``, ``date``, ``id``, ``empty`` or ``text``.
    variable : str or None
        Of the dictionary.
    day : float or None
        After infusion.
    summary : str or None
        Taken over follow-up.
    n, missing : int
        Cells.
    is_yes_no : bool
        Whether it holds 0 and 1 alone.
    notes : tuple of str
        What was done to it.
    problems : tuple of Problem
        What is asked about it.
    """

    place: int
    name: str
    what: str
    unit: str
    when: str
    span: str
    kind: str
    variable: str | None
    day: float | None
    summary: str | None
    n: int
    missing: int
    is_yes_no: bool
    notes: tuple[str, ...]
    problems: tuple[Problem, ...]

    @property
    def units(self) -> tuple[str, ...]:
        """Units that its variable can be measured in."""
        known = variables().get(self.variable or "")
        return accepted_units(known) if known is not None else ()


@dataclass(frozen=True, slots=True)
class CheckedSheet:
    """A sheet that was checked.

    Parameters
    ----------
    name : str
        Of the file.
    rows : int
        Patients.
    columns : tuple of SheetColumn
        In the order of the sheet.
    problems : tuple of Problem
        Of the sheet as a whole.
    notes : tuple of str
        What was done in reading.
    proposal : str
        A first plan, as ``cartwheel plan`` writes it; empty for a sheet of very many columns.
    """

    name: str
    rows: int
    columns: tuple[SheetColumn, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    proposal: str

    @property
    def is_simulated(self) -> bool:
        """Whether the file says so."""
        return named_simulated(self.name)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the columns."""
        return tuple(column.name for column in self.columns)

    @property
    def doubtful(self) -> tuple[SheetColumn, ...]:
        """Columns about which something is asked."""
        return tuple(column for column in self.columns if column.problems)

    def at(self, name: str) -> SheetColumn | None:
        """Find the first column of a name.

        Parameters
        ----------
        name : str
            Of the column.

        Returns
        -------
        SheetColumn or None
        """
        return next((column for column in self.columns if column.name == name), None)


def checked_sheet(store: Store, job: Job) -> CheckedSheet:
    """Read what a check found.

    Parameters
    ----------
    store : Store
        Where it is kept.
    job : Job
        A check that is done.

    Returns
    -------
    CheckedSheet

    Raises
    ------
    FileRefused
        ``no_such_page`` where the job is no check, or not done.
    """
    found = {kept.name: kept.id for kept in files_of(store, None, "output", job.id)}
    if job.kind != "check" or "check.json" not in found:
        raise refuse(
            FileRefused,
            "no_such_page",
            "there is no checked sheet here",
            mend="begin with the sheet: Cohort, and choose a file",
        )
    return _read(store, found["check.json"], found.get(FIRST_PLAN))


@lru_cache(maxsize=8)
def _read(store: Store, check_id: str, plan_id: str | None) -> CheckedSheet:
    """Read the files of a check, which never change; a page of many columns needs them often."""
    report = json.loads(b"".join(content_of(store, check_id)))["result"]
    proposal = b"".join(content_of(store, plan_id)).decode() if plan_id else ""
    names = [column["column"] for column in report["columns"]]
    asked, general = _by_column([Problem(**each) for each in report["problems"]], set(names))
    columns = tuple(
        _column(place, column, asked.get(column["column"], ()))
        for place, column in enumerate(report["columns"])
    )
    return CheckedSheet(
        report["name"], report["rows"], columns, general, tuple(report["notes"]), proposal
    )


def _by_column(
    problems: Sequence[Problem], names: set[str]
) -> tuple[dict[str, tuple[Problem, ...]], tuple[Problem, ...]]:
    """Tell problems of columns from those of the sheet."""
    asked: dict[str, tuple[Problem, ...]] = {}
    general = []
    for problem in problems:
        name = problem.where[len(_COLUMN) : problem.where.rfind("'")]
        if problem.where.startswith(_COLUMN) and name in names:
            asked[name] = (*asked.get(name, ()), problem)
        else:
            general.append(problem)
    return asked, tuple(general)


def _column(place: int, said: Mapping[str, Any], problems: tuple[Problem, ...]) -> SheetColumn:
    day, summary = said["day"], said["summary"]
    return SheetColumn(
        place=place,
        name=said["column"],
        what=said["label"] if said["variable"] else said["kind"],
        unit=said["unit"],
        when=summary or ("" if day is None else f"day {day:g}"),
        span=_span(said),
        kind=said["kind"],
        variable=said["variable"],
        day=day,
        summary=summary,
        n=said["n"],
        missing=said["missing"],
        is_yes_no=said["kind"] == "number"
        and said["distinct"] == 2
        and (said["minimum"], said["maximum"]) == (0, 1),
        notes=tuple(said["notes"]),
        problems=problems,
    )


def _span(said: Mapping[str, Any]) -> str:
    if said["minimum"] is not None and said["maximum"] is not None:
        limits = [
            f"{count} {sign}limit"
            for count, sign in ((said["below_limit"], "<"), (said["above_limit"], ">"))
            if count
        ]
        return ", ".join([f"{said['minimum']:.6g} to {said['maximum']:.6g}", *limits])
    return "" if said["kind"] == "empty" else f"{said['distinct']} different"


def shown_columns(columns: Sequence[SheetColumn], wanted: str) -> tuple[SheetColumn, ...]:
    """Choose the columns that a page shows: those asked about first.

    Parameters
    ----------
    columns : sequence of SheetColumn
        Of the sheet.
    wanted : str
        Part of a name, or of what the column is; empty for all.

    Returns
    -------
    tuple of SheetColumn
        At most `MOST_SHOWN`.
    """
    part = wanted.strip().casefold()
    fits = [
        column
        for column in columns
        if part in f"{column.name} {column.what} {column.when}".casefold()
    ]
    fits.sort(key=lambda column: not column.problems)
    return tuple(fits[:MOST_SHOWN])
