"""A file that says what became of patients: who had the event, when, and until when it is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from os import PathLike
from pathlib import Path

from cartwheel.clinic.chart_table import ChartTable, read_chart_table
from cartwheel.clinic.dictionary import nearest_names
from cartwheel.errors import CohortRefused, Problem, refuse
from cartwheel.landmarking.labs import KNOWN
from cartwheel.watch.drift_patient import Outcome

NO, YES = frozenset({"0", "no", "false", "n"}), frozenset({"1", "yes", "true", "y"})
_SHOWN_ROWS = 6
# a date written as one number is no day
_MOST_DAYS = Decimal(3650)


@dataclass(slots=True)
class _Faults:
    """Rows of each kind of fault; never whose they are."""

    nobody: list[int]
    twice: list[int]
    unclear: list[int]
    dayless: list[int]
    endless: list[int]


def outcomes_of_patients(
    path: str | PathLike[str], event: str, onset: str, followed: str = ""
) -> dict[str, Outcome]:
    """Read what became of each patient.

    Parameters
    ----------
    path : path
        One row a patient.
    event, onset : str
        Columns: 1 or yes for who had it; the day after infusion.
    followed : str
        Column: last day after the infusion of which it is known; empty where none says so.

    Returns
    -------
    dict of str to Outcome
        By the patient's name in the file.

    Raises
    ------
    FileRefused
        The file cannot be read.
    CohortRefused
        ``column_missing``; ``no_patient``, ``patient_twice``, ``event_unclear``, ``no_onset``,
        ``no_last_day`` with the rows.
    """
    table = read_chart_table(Path(path), None)
    patient = next((one for one in table.names if one.casefold() in KNOWN["patient"]), "patient")
    wanted = [patient, event, onset, *([followed] if followed else [])]
    lacking = [one for one in wanted if one not in table.names]
    if lacking:
        raise CohortRefused(_missing_columns(lacking, table))
    places = [table.names.index(one) for one in wanted]
    found: dict[str, Outcome] = {}
    faults = _Faults([], [], [], [], [])
    for number, cells in enumerate(table.rows, table.first_row):
        who, had, when, *until = (cells[place].strip() for place in places)
        if not who:
            faults.nobody.append(number)
        elif who in found:
            faults.twice.append(number)
        else:
            found[who] = _outcome(number, had, when, until, faults)
    _refuse_rows(table, (event, onset, followed), faults)
    return found


def _outcome(number: int, had: str, when: str, until: list[str], faults: _Faults) -> Outcome:
    word = had.casefold()
    if word not in YES | NO:
        faults.unclear.append(number)
    day = _number(when) if word in YES else None
    if word in YES and day is None:
        faults.dayless.append(number)
    last = _number(until[0]) if until else None
    # who had the event is known until then
    if until and last is None and day is None:
        faults.endless.append(number)
    return Outcome(None if day is None else float(day), None if last is None else float(last))


def _refuse_rows(table: ChartTable, columns: tuple[str, str, str], faults: _Faults) -> None:
    event, onset, followed = (one[:40] for one in columns)
    told = (
        (faults.nobody, "no_patient", "no patient is named", "fill the column in"),
        (faults.twice, "patient_twice", "a patient stands there twice", "one row a patient"),
        (faults.unclear, "event_unclear", f"{event} is neither yes nor no",
         "write 1 or 0; leave out whoever it is not known of, here and there"),
        (faults.dayless, "no_onset", "somebody had the event, and no day says when",
         f"write days since the infusion in the column {onset}"),
        (faults.endless, "no_last_day", "no day says until when it is known",
         f"write days since the infusion in the column {followed}"),
    )  # fmt: skip
    problems = [
        Problem(code, what, f"{table.name}: {_rows(rows)}", mend)
        for rows, code, what, mend in told
        if rows
    ]
    if problems:
        raise CohortRefused(problems)


def _rows(rows: list[int]) -> str:
    shown = ", ".join(str(one) for one in rows[:_SHOWN_ROWS])
    more = f" and {len(rows) - _SHOWN_ROWS} more" if len(rows) > _SHOWN_ROWS else ""
    return f"row {shown}{more}"


def check_everybody(outcomes: Mapping[str, Outcome], names: Iterable[str], file: str) -> None:
    """Refuse outcomes that are not of everybody who is followed: nobody counts as spared unasked.

    Parameters
    ----------
    outcomes : mapping of str to Outcome
        Of `outcomes_of_patients`.
    names : iterable of str
        Everybody, as the files of values name them.
    file : str
        Name of the file of outcomes.

    Raises
    ------
    CohortRefused
        ``outcomes_lacking``: how many are not in it, never who.
    """
    everybody = list(names)
    lacking = sum(one not in outcomes for one in everybody)
    if not lacking:
        return
    if lacking == len(everybody):
        what = "no patient of the files stands in the file of outcomes"
        mend = "call patients the same in both; with --runs ids are followed by #1, #2, ..."
    else:
        what = f"of {lacking} of {len(everybody)} patients the file of outcomes says nothing"
        mend = "add a row for each, or leave them out of the files that are followed"
    raise refuse(CohortRefused, "outcomes_lacking", what, where=file, mend=mend)


def _number(text: str) -> Decimal | None:
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() and abs(found) <= _MOST_DAYS else None


def _missing_columns(lacking: Iterable[str], table: ChartTable) -> list[Problem]:
    return [
        Problem("column_missing", f"there is no column '{one[:40]}'", table.name,
                nearest_names(one, table.names))
        for one in lacking
    ]  # fmt: skip
