"""Values in rows: a CSV file or a call brings many at once; all that is wrong is said at once."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cartwheel.clinic.dictionary import nearest_names
from cartwheel.errors import CohortRefused, FileRefused, Problem, Refused, refuse
from cartwheel.serve.ward.opened import WardServices
from cartwheel.serve.ward.typing import Typed, observation_of
from cartwheel.store.ward_people import own_identifiers
from cartwheel.watch.intake import OWN, Arrived, Item, Message

COLUMNS = (
    "patient", "system", "name", "taken_at", "value", "unit", "ends_at", "status", "source",
)  # fmt: skip
_NEEDED = ("patient", "name", "taken_at", "value")
_SEPARATORS = ",;\t"
MOST_ROWS, MOST_BYTES = 20_000, 4 << 20
_LONGEST = 255
# a page of problems is enough to see what is wrong with a file
_MOST_PROBLEMS = 200


@dataclass(frozen=True, slots=True)
class SentRow:
    """One value of one patient, as it was sent.

    Parameters
    ----------
    where : str
        Its place, for the refusal.
    patient : str
        Identifier.
    system : str
        Whose identifier it is; empty for the ward's own id.
    typed : Typed
        The value.
    source : str
        What the sender calls the value, so that a correction is known as one; empty: patient, name
        and time are its name.
    """

    where: str
    patient: str
    system: str
    typed: Typed
    source: str = ""


def read_csv(content: bytes) -> tuple[SentRow, ...]:
    """Read a file of values, one a row.

    Parameters
    ----------
    content : bytes
        UTF-8, with a heading: ``patient``, ``name``, ``taken_at`` (with an offset), ``value``, and
        perhaps ``unit``, ``system``, ``ends_at``, ``status``, ``source``. Separated by comma,
        semicolon or tab. Empty rows are left out.

    Returns
    -------
    tuple of SentRow

    Raises
    ------
    FileRefused
        ``csv_text``, ``csv_quote``, ``csv_empty``, ``too_large``, ``rows_many``,
        ``column_unknown``, ``column_missing``, ``column_twice``, ``cells_many``.
    """
    if len(content) > MOST_BYTES:
        raise refuse(FileRefused, "too_large", "the file is larger than 4 MB", where="file",
                     mend="send it in parts")  # fmt: skip
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise refuse(FileRefused, "csv_text", "this is not text in UTF-8", where="file",
                     mend="save it as CSV in UTF-8") from None  # fmt: skip
    heading = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(_SEPARATORS, key=heading.count)
    try:
        read = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        lines = [(read.line_num, row) for row in read if any(cell.strip() for cell in row)]
    except csv.Error:
        raise refuse(FileRefused, "csv_quote", "a quotation mark is not closed", where="file",
                     mend="save it as CSV again") from None  # fmt: skip
    if len(lines) < 2:
        raise refuse(FileRefused, "csv_empty", "there are no rows", where="file",
                     mend="a heading, and a row for each value")  # fmt: skip
    if len(lines) > MOST_ROWS + 1:
        raise refuse(FileRefused, "rows_many", f"there are more than {MOST_ROWS} rows",
                     where="file", mend="send it in parts")  # fmt: skip
    names = [cell.strip().casefold() for cell in lines[0][1]]
    _check_heading(names)
    problems = [
        Problem("cells_many", "more cells than columns", f"line {number}", "quote the cell")
        for number, row in lines[1:]
        if len(row) > len(names)
    ]
    if problems:
        raise FileRefused(problems[:_MOST_PROBLEMS])
    return tuple(_row(f"line {number}", dict(zip(names, row, strict=False)))
                 for number, row in lines[1:])  # fmt: skip


def _check_heading(names: Sequence[str]) -> None:
    problems = [
        Problem("column_unknown", f"'{name[:40]}' is no column", "heading",
                nearest_names(name, COLUMNS))
        for name in names
        if name not in COLUMNS
    ]  # fmt: skip
    problems += [
        Problem("column_missing", f"there is no column '{name}'", "heading", "add it")
        for name in _NEEDED
        if name not in names
    ]
    problems += [
        Problem("column_twice", f"'{name}' stands twice", "heading", "keep one")
        for name in sorted({name for name in names if names.count(name) > 1})
    ]
    if problems:
        raise FileRefused(problems)


def _row(where: str, cells: Mapping[str, str]) -> SentRow:
    said = {name: cells.get(name, "").strip() for name in COLUMNS}
    typed = Typed(said["name"], said["value"], said["unit"], said["taken_at"], said["ends_at"],
                  said["status"].casefold() or "final")  # fmt: skip
    return SentRow(where, said["patient"], said["system"], typed, said["source"])


def items_of(rows: Iterable[SentRow], opened: WardServices, now: datetime) -> tuple[Item, ...]:
    """Read rows.

    Parameters
    ----------
    rows : iterable of SentRow
        As they were sent.
    opened : WardServices
        Open.
    now : datetime
        UTC.

    Returns
    -------
    tuple of Item
        In the same order.

    Raises
    ------
    CohortRefused
        Everything that is wrong with all of them, each with its place; never a value, never a
        patient.
    """
    items: list[Item] = []
    problems: list[Problem] = []
    several = list(rows)
    strangers = _strangers(several, opened)
    for row in several:
        found = list(_patient_problems(row, strangers))
        try:
            source = _source(row)
            one = observation_of(row.typed, opened, now, source, offset=True)
        except Refused as refused:
            found += [
                Problem(each.code, each.what, f"{row.where}, {each.where}", each.mend)
                for each in refused.problems
            ]
        else:
            items.append(Arrived(((row.system or OWN, row.patient),), one))
        problems += found
    if problems:
        more = len(problems) - _MOST_PROBLEMS
        if more > 0:
            problems = problems[:_MOST_PROBLEMS]
            problems.append(Problem("more", f"and {more} more", "", "mend these first"))
        raise CohortRefused(problems)
    return tuple(items)


def _strangers(rows: Sequence[SentRow], opened: WardServices) -> frozenset[str]:
    """Find the ids that the ward would have given, and has not."""
    asked = {row.patient for row in rows if not row.system and row.patient}
    with opened.store.reading() as connection:
        return frozenset(one for one in asked if not own_identifiers(connection, one))


def _patient_problems(row: SentRow, strangers: frozenset[str]) -> Iterable[Problem]:
    where = f"{row.where}, patient"
    if not row.patient:
        yield Problem("patient_missing", "no patient is named", where, "give an identifier")
    elif len(row.patient) > _LONGEST or len(row.system) > _LONGEST or len(row.source) > 200:
        yield Problem("identifier_unusable", "an identifier is too long", where, "shorten it")
    elif "\0" in row.patient + row.system + row.source or row.system == OWN:
        yield Problem("identifier_unusable", "this system or identifier is not taken", where,
                      "leave the system empty for the ward's own id")  # fmt: skip
    elif row.patient in strangers:
        yield Problem(
            "patient_unknown", "the ward has given no patient this id", where,
            "copy it from the patient's page, or name the system of the identifier in 'system'",
        )  # fmt: skip


def _source(row: SentRow) -> str:
    named = row.source or f"{row.typed.name} {row.typed.taken_at}"
    whole = "\0".join((row.system, row.patient, named))
    return "sent:" + hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:40]


def csv_message(content: bytes, opened: WardServices, now: datetime) -> Message:
    """Make a message of a file; the same file again is the same message.

    Parameters
    ----------
    content : bytes
        As of `read_csv`.
    opened : WardServices
        Open.
    now : datetime
        UTC.

    Returns
    -------
    Message

    Raises
    ------
    FileRefused, CohortRefused
        As of `read_csv` and `items_of`.
    """
    items = items_of(read_csv(content), opened, now)
    return Message("csv", "sha256:" + hashlib.sha256(content).hexdigest(), content, items)
