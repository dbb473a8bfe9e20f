"""What a table holds, column by column, and everything that is wrong with it, all at once."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cartwheel.clinic.cells import Cells, date_texts, missing_texts, take_apart
from cartwheel.clinic.columns import (
    ColumnDeclaration,
    find_column,
    read_numbers,
    texts_of,
)
from cartwheel.clinic.dictionary import variables
from cartwheel.clinic.faults import ColumnPlace, cells_are
from cartwheel.clinic.naming import read_column_name
from cartwheel.clinic.reading import RawTable
from cartwheel.clinic.values import Fault, parse_cells
from cartwheel.errors import Problem

ID_NAMES = frozenset(
    (
        "patient",
        "patient_id",
        "patientid",
        "id",
        "pid",
        "subject",
        "subject_id",
        "usubjid",
        "record_id",
        "mrn",
    )
)
MOST_CATEGORIES = 20
_SERIAL_DATES = (30000, 60000)  # 1982 to 2064 as Excel counts days


@dataclass(frozen=True, slots=True)
class ColumnCheck:
    """One column as it was understood.

    Parameters
    ----------
    column : str
        Name as written.
    variable : str or None
        Name in the dictionary.
    label : str
        The variable's label, or the column's name.
    unit : str
        Unit of `minimum` and `maximum`: canonical where stated; empty where none is known.
    day : float or None
        Day after infusion.
    summary : str or None
        ``peak`` and the like: taken over follow-up.
    kind : str
        ``number``, ``category``, ``date``, ``id``, ``empty`` or ``text``.
    n, missing : int
        Cells with a value, and without.
    below_limit, above_limit : int
        Values written ``<x`` or ``>x``.
    distinct : int
        Different values.
    minimum, maximum : float or None
        Of a number column.
    notes : tuple of str
        What was done, and what is odd but not wrong.
    """

    column: str
    variable: str | None
    label: str
    unit: str
    day: float | None
    summary: str | None
    kind: str
    n: int
    missing: int
    below_limit: int
    above_limit: int
    distinct: int
    minimum: float | None
    maximum: float | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What was found in a table.

    Parameters
    ----------
    name : str
        File name.
    sha256 : str
        Of the file's bytes.
    rows : int
        Patients.
    columns : tuple of ColumnCheck
        In the order of the file.
    problems : tuple of Problem
        What must be mended or declared.
    notes : tuple of str
        What was done in reading, and problems of columns that are not used.
    """

    name: str
    sha256: str
    rows: int
    columns: tuple[ColumnCheck, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]


def check_table(
    table: RawTable,
    declarations: Iterable[ColumnDeclaration] = (),
    *,
    id_column: str | None = None,
    used: Collection[str] | None = None,
) -> CheckReport:
    """Say what every column is, and list everything that is wrong.

    Parameters
    ----------
    table : RawTable
        Raw cells.
    declarations : iterable of ColumnDeclaration
        What the user says about columns.
    id_column : str, optional
        Column of patient ids. Else the one column named as in `ID_NAMES`, if there is one.
    used : collection of str, optional
        Columns that will be used. Problems of others become notes; a used column that is empty,
        constant or the same as another used one becomes a problem.

    Returns
    -------
    CheckReport

    Notes
    -----
    A column without a declaration is a number if the dictionary knows its name, or if at least
    half of its cells can be read as numbers; a date if half are dates; else a category with up to
    20 values that repeat, or text. Nothing is raised for what the table holds.
    """
    declared = {declaration.column: declaration for declaration in declarations}
    names = [str(name) for name in table.frame.columns]
    general: list[Problem] = [
        problem
        for name in (*declared, *((id_column,) if id_column else ()))
        for problem in find_column(table, name)[1]
        if problem.code == "column_missing"
    ]
    general += _name_problems(names)
    ids = id_column or _id_column(names)
    checks, found, prints = [], [], []
    for place, name in enumerate(names):
        declaration = declared.get(name, ColumnDeclaration(name))
        column = _Examined(table, place, declaration, is_id=name == ids)
        check, problems = column.result()
        checks.append(check)
        found += [(name, problem) for problem in problems]
        prints.append(None if check.distinct < 2 else column.fingerprint())
    twins = _twins(names, prints)
    for place, twin in enumerate(twins):
        if twin is not None:
            note = f"the same as column '{twin}' in every row"
            checks[place] = replace(checks[place], notes=(*checks[place].notes, note))
        found += [(names[place], odd) for odd in _odd_if_used(checks[place], twin, used or ())]
    return _report(table, checks, general, found, used)


def _report(
    table: RawTable,
    checks: list[ColumnCheck],
    general: list[Problem],
    found: list[tuple[str, Problem]],
    used: Collection[str] | None,
) -> CheckReport:
    """Put problems of unused columns among the notes."""
    problems = general + [problem for name, problem in found if used is None or name in used]
    unused = [problem for name, problem in found if used is not None and name not in used]
    notes = table.notes + tuple(f"not used: {problem}" for problem in unused)
    return CheckReport(
        name=table.name,
        sha256=table.sha256,
        rows=len(table.frame),
        columns=tuple(checks),
        problems=tuple(problems),
        notes=notes,
    )


def _name_problems(names: list[str]) -> Iterator[Problem]:
    blank = [place + 1 for place, name in enumerate(names) if not name.strip()]
    if blank:
        numbers = ", ".join(str(place) for place in blank[:10])
        yield Problem(
            "blank_name",
            f"{len(blank)} column{'s' * (len(blank) > 1)} with values but without a name",
            f"column{'s' * (len(blank) > 1)} {numbers} from the left",
            "name them, or delete them",
        )
    for name, count in Counter(names).items():
        if count > 1 and name.strip():
            yield Problem(
                "duplicate_name",
                f"{count} columns have this name",
                f"column '{name}'",
                "give each its own name",
            )


def _id_column(names: list[str]) -> str | None:
    """Find the column that holds patient ids by its name; None where there is none, or several."""
    found = [name for name in names if name.strip().lower().replace(" ", "_") in ID_NAMES]
    return found[0] if len(found) == 1 else None


class _Examined:
    """One column in the course of being examined."""

    def __init__(
        self, table: RawTable, place: int, declaration: ColumnDeclaration, *, is_id: bool
    ) -> None:
        self.table = table
        self.declaration = declaration
        self.name = read_column_name(declaration.column)
        self.place = ColumnPlace(declaration.column, table.first_row)
        self.cells: Cells = take_apart(table.frame.iloc[:, place])
        self.missing = self.cells.rows(missing_texts(self.cells.texts))
        self.is_id = is_id
        self.notes: list[str] = []

    def result(self) -> tuple[ColumnCheck, tuple[Problem, ...]]:
        """Decide the kind and describe the column accordingly."""
        if self.declaration.column != self.declaration.column.strip():
            self.notes.append("white space around the name")
        if self.missing.all():
            return self._described("empty", 0), ()
        if self.is_id:
            return self._described("id", self._distinct_texts()), tuple(self._id_problems())
        if self._is_number():
            return self._number()
        return self._words()

    def _is_number(self) -> bool:
        declared = self.declaration
        if declared.coding or declared.unit:
            return True
        variable = declared.variable or self.name.variable
        if variable in variables():
            return True
        parsed = parse_cells(self.cells, semicolons=self.table.separator == ";")
        numbers = np.isfinite(parsed.values) | (parsed.fault == Fault.DECIMAL_MARK)
        return 2 * int(numbers.sum()) >= int((~self.missing).sum())

    def _number(self) -> tuple[ColumnCheck, tuple[Problem, ...]]:
        column, problems = read_numbers(self.table, self.cells, self.declaration)
        finite = column.values[np.isfinite(column.values)]
        if column.rule:
            self.notes.append(column.rule)
        distinct = len(np.unique(finite))
        check = self._described("number", distinct)
        return (
            replace(
                check,
                variable=column.variable.name if column.variable else None,
                label=column.label,
                unit=column.unit,
                day=column.day,
                n=len(finite),
                missing=int(self.missing.sum()),
                below_limit=int(column.below_limit.sum()),
                above_limit=int(column.above_limit.sum()),
                minimum=float(finite.min()) if len(finite) else None,
                maximum=float(finite.max()) if len(finite) else None,
            ),
            problems,
        )

    def _words(self) -> tuple[ColumnCheck, tuple[Problem, ...]]:
        """Describe dates, categories and text."""
        errors = self.cells.rows(
            np.array([text.startswith("#") and text[1:2].isupper() for text in self.cells.texts])
        )
        problems = []
        if errors.any():
            what = f"{cells_are(errors)} an error of the spreadsheet, such as #N/A or #DIV/0!"
            mend = "mend the formula, or blank the cell if the value is missing"
            problems.append(Problem("error_cell", what, self.place.where(errors), mend))
        dates = self.cells.rows(date_texts(self.cells.texts))
        present = ~self.missing
        distinct = self._distinct_texts()
        if 2 * int(dates.sum()) >= int(present.sum()):
            problems += self._date_problems(present & ~dates & ~errors)
            return self._described("date", distinct), tuple(problems)
        repeats = distinct <= MOST_CATEGORIES and distinct < max(int(present.sum()), 2)
        return self._described("category" if repeats else "text", distinct), tuple(problems)

    def _date_problems(self, rows: NDArray[np.bool_]) -> Iterator[Problem]:
        """List what is no date in a column of dates; Excel's day numbers apart from the rest."""
        values = parse_cells(self.cells).values
        low, high = _SERIAL_DATES
        serial = rows & (values >= low) & (values <= high) & (np.floor(values) == values)
        if serial.any():
            yield Problem(
                "serial_date",
                f"{cells_are(serial)} a number such as Excel keeps for dates, among dates",
                self.place.where(serial),
                "format the whole column as dates before saving",
            )
        other = rows & ~serial
        if other.any():
            what = f"{cells_are(other)} not a date in a column of dates"
            yield Problem("not_a_date", what, self.place.where(other), "correct or blank them")

    def _id_problems(self) -> Iterator[Problem]:
        texts = pd.Series(texts_of(self.cells), dtype=object)
        repeated = texts.duplicated(keep=False).to_numpy() & ~self.missing
        if repeated.any():
            yield Problem(
                "duplicate_id",
                f"{int(repeated.sum())} rows share a patient id with another row",
                self.place.where(repeated),
                "keep one row a patient",
            )
        if self.missing.any():
            yield Problem(
                "missing_id",
                f"{cells_are(self.missing)} without a patient id",
                self.place.where(self.missing),
                "give every patient an id, or name another id column: --id COLUMN",
            )

    def _distinct_texts(self) -> int:
        present = {text for text, gone in self._texts() if not gone}
        numbers = self.cells.numbers[np.isfinite(self.cells.numbers)]
        return len(present) + len(np.unique(numbers))

    def _texts(self) -> Iterator[tuple[str, bool]]:
        return zip(self.cells.texts, missing_texts(self.cells.texts).tolist(), strict=True)

    def _described(self, kind: str, distinct: int) -> ColumnCheck:
        gone = int(self.missing.sum())
        if kind != "empty" and distinct == 1:
            self.notes.append("constant: every patient has the same value")
        known = variables().get(self.declaration.variable or self.name.variable or "")
        return ColumnCheck(
            column=self.declaration.column,
            variable=known.name if known and kind == "empty" else None,
            label=known.label if known and kind == "empty" else self.declaration.column,
            unit="" if kind != "empty" else self.name.unit or "",
            day=self.name.day if self.declaration.day is None else self.declaration.day,
            summary=self.name.summary,
            kind=kind,
            n=len(self.missing) - gone,
            missing=gone,
            below_limit=0,
            above_limit=0,
            distinct=distinct,
            minimum=None,
            maximum=None,
            notes=tuple(self.notes),
        )

    def fingerprint(self) -> bytes:
        """Hash of the cells, for finding columns that are the same in every row."""
        digest = hashlib.blake2b(digest_size=16)
        digest.update(self.cells.codes.tobytes())
        digest.update(self.cells.numbers.tobytes())
        digest.update("\x1f".join(self.cells.texts).encode("utf-8", "surrogatepass"))
        return digest.digest()


def _twins(names: list[str], prints: list[bytes | None]) -> list[str | None]:
    """Name for each column an earlier one whose cells are the same in every row."""
    first: dict[bytes, str] = {}
    twins: list[str | None] = []
    for name, mark in zip(names, prints, strict=True):
        twins.append(None if mark is None else first.get(mark))
        if mark is not None:
            first.setdefault(mark, name)
    return twins


def _odd_if_used(check: ColumnCheck, twin: str | None, used: Collection[str]) -> Iterator[Problem]:
    """Turn what is only odd in a table into a problem where the column is to be used."""
    if check.column not in used:
        return
    where = f"column '{check.column}'"
    if check.kind == "empty":
        yield Problem("empty_column", "the column has no values", where, "leave it out")
    elif check.distinct == 1:
        yield Problem("constant_column", "every patient has the same value", where, "leave it out")
    if twin is not None and twin in used:
        what = f"it is the same as column '{twin}' in every row"
        yield Problem("identical_columns", what, where, "use one of the two")
