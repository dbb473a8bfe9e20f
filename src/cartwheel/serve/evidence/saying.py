"""What is said beside each row and column of the table, in the words of ``cartwheel pool``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cartwheel.errors import Problem
from cartwheel.pooling.result_studies import Study
from cartwheel.pooling.study.findings import notes_of_flags
from cartwheel.pooling.study.headers import Headers
from cartwheel.pooling.study.rows import ReadRow
from cartwheel.serve.evidence.forest import estimate_text
from cartwheel.serve.evidence.splitting import Divided

# a row of which more will be typed
_NOT_YET = {
    "no_numbers", "no_error", "missing_measure", "outcome_missing", "no_estimate",
    "at_risk_missing", "log_rank_events", "needs_counts",
}  # fmt: skip
_BEGUN = re.compile(r"[\d\s.,;:()\[\]\-–%=CIciHORhor]*(?:to)?\s*")
_OPEN = re.compile(r"[\d.,·]+\s*[(\[][^)\]]*")
_OF_LIMITS = ("low", "high", "interval", "both")
_CELLS = {
    "swapped_bounds": _OF_LIMITS,
    "impossible_interval": ("estimate", *_OF_LIMITS),
    "zero_width": _OF_LIMITS,
    "non_positive_bound": _OF_LIMITS,
    "not_positive": ("estimate", "both"),
    "outside_range": ("estimate", "both"),
    "implausible": ("estimate", "both"),
    "p_range": ("p",),
    "p_without_error": ("p",),
    "unknown_measure": ("measure",),
    "missing_measure": ("measure",),
    "measure_contradicts": ("measure",),
    "outcome_missing": ("outcome",),
    "events_over_n": ("events", "n"),
    "level_range": ("level",),
    "pooled_row": ("study",),
}


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of one row, beside it.

    Parameters
    ----------
    key : str
        Of the row.
    state : {"read", "not yet", "wrong", "aside"}
        Whether it is pooled; and where it is not, whether anything has to be corrected.
    text : str
        As it was read, or why it stands aside.
    problems : tuple of Problem
        In the words of ``cartwheel pool``.
    cells : tuple of int
        Columns that the problems are about.
    flags : tuple of str
        What a reader must know of a row that is pooled.
    written : mapping of int to str
        Cells that hold what was divided out of another.
    """

    key: str
    state: str
    text: str
    problems: tuple[Problem, ...] = ()
    cells: tuple[int, ...] = ()
    flags: tuple[str, ...] = ()
    written: Mapping[int, str] | None = None


@dataclass(frozen=True, slots=True)
class FileSaid:
    """What is said of a file that is pooled together with the table.

    Parameters
    ----------
    name : str
        Of the file.
    state : {"read", "being read", "wrong"}
        Whether its rows are in the drawing.
    studies : int
        Of it that are pooled.
    problems : tuple of Problem
        Of the file, or of its rows.
    left_out : tuple of str
        Rows that are wrong, as a plan names them.
    """

    name: str
    state: str
    studies: int = 0
    problems: tuple[Problem, ...] = ()
    left_out: tuple[str, ...] = ()


def said_of(key: str, row: ReadRow, study: Study | None, ready: Divided) -> Said:
    """Say what is said of a row.

    Parameters
    ----------
    key : str
        Of the row on the page.
    row : ReadRow
        As it was read.
    study : Study or None
        As it is pooled; None where nothing could be.
    ready : Divided
        The table.

    Returns
    -------
    Said
    """
    written = ready.changed.get(key)
    faults = tuple(row.findings.faults)
    if faults:
        waits = all(_not_yet(fault, row, ready) for fault in faults)
        cells = () if waits or ready.headers is None else _cells(faults, ready.headers)
        return Said(key, "not yet" if waits else "wrong", "", faults, cells, (), written)
    if row.aside is not None:
        state = "not yet" if row.aside[0] in _NOT_YET else "aside"
        return Said(key, state, row.aside[1], written=written)
    flags = tuple(note.text for note in notes_of_flags(row.findings.flags))
    found = study or row.study
    if found is None or not found.used:
        return Said(key, "aside", row.not_asked or (found.reason if found else ""), written=written)
    told = f"{found.measure} {estimate_text(found.measure, found.estimate)}"
    return Said(key, "read", told, flags=_short(flags, row), written=written)


def _short(texts: Sequence[str], row: ReadRow) -> tuple[str, ...]:
    """Leave out the name of the row: it stands beside."""
    where = row.findings.where
    return tuple(
        text.replace(f" {where}: ", " ").replace(f" {where}.", "").strip() for text in texts
    )


def _not_yet(fault: Problem, row: ReadRow, ready: Divided) -> bool:
    if fault.code in _NOT_YET:
        return True
    if fault.code != "text_number" or ready.headers is None:
        return False
    cells = ready.table.filled[row.number - 2].cells
    texts = [
        cells[place]
        for role, place in ready.headers.places.items()
        if role in ("both", "interval", "estimate")
    ]
    # "1.85 (1.20" will be an interval; "about two" will not
    return ("not an interval" in fault.what and all(map(_BEGUN.fullmatch, texts))) or any(
        _OPEN.fullmatch(text) for text in texts
    )


def _cells(faults: Sequence[Problem], headers: Headers) -> tuple[int, ...]:
    found: dict[int, None] = {}
    for fault in faults:
        for role, place in headers.places.items():
            spoken = role.replace("_", " ")
            named = fault.what.startswith((f"{spoken}:", f"{spoken} is ")) or fault.what.endswith(
                f"({spoken})"
            )
            in_two = fault.code == "text_number" and "not an interval" in fault.what
            about = _CELLS.get(fault.code, ())
            if named or role in about or (in_two and role in ("both", "interval")):
                found[place] = None
    return tuple(sorted(found))


def meanings(ready: Divided) -> tuple[str, ...]:
    """Say what each column was taken for.

    Parameters
    ----------
    ready : Divided
        The table.

    Returns
    -------
    tuple of str
        One a column; empty where two say the same.
    """
    headers = ready.headers
    if headers is None:
        return ()
    roles = {place: role for role, place in headers.places.items()}
    told = []
    for place, name in enumerate(ready.table.columns):
        role = roles.get(place)
        if not name:
            told.append("no name yet")
        elif role is None:
            told.append("kept as written" if place in headers.further else "risk of bias")
        elif role in ("estimate", "both") and headers.measure:
            told.append(headers.measure + (" with its interval" if role == "both" else ""))
        else:
            told.append(_ROLES.get(role, role.replace("_", " ")))
    return tuple(told)


_ROLES = {
    "group": "set: pooled apart",
    "low": "lower limit",
    "high": "upper limit",
    "both": "estimate with its interval",
    "p": "p-value",
    "n": "patients",
    "level": "level of the interval",
    "std_error": "standard error",
}
